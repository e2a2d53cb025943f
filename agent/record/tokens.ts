// Lists secrets that are recognised by their beginning: tokens of services, and the addresses of their webhooks. Each
// row has texts of which one is in the secret, which are searched in bytes before anything else is done, and the
// pattern of the whole.

export interface KnownToken {
  /** Lower-case texts of which one is in each secret of this kind. */
  readonly hints: readonly string[];
  /**
   * Source of the pattern, with at most one group, which is the secret; without a group, all of it is. Case matters.
   */
  readonly pattern: string;
}

/** Characters that may stand before a token whose beginning is also a part of usual words. */
const SEPARATORS = [' ', '"', "'", '=', ':', ','];
const alone = (prefix: string): readonly string[] => SEPARATORS.map((separator) => separator + prefix);

const NOT_IN_WORD = String.raw`(?<![A-Za-z0-9_-])`;

export const KNOWN_TOKENS: readonly KnownToken[] = [
  // GitHub, GitLab
  { hints: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], pattern: String.raw`${NOT_IN_WORD}gh[pousr]_[A-Za-z0-9]{20,255}` },
  { hints: ['github_pat_'], pattern: String.raw`${NOT_IN_WORD}github_pat_\w{20,255}` },
  {
    hints: ['glpat-', 'gldt-', 'glrt-', 'glptt-', 'glcbt-', 'glsoat-', 'glft-'],
    pattern: String.raw`${NOT_IN_WORD}gl(?:pat|dt|rt|ptt|cbt|soat|ft)-[\w.-]{16,255}`,
  },
  // Slack, and the webhook addresses of chats
  {
    hints: ['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxe-', 'xoxo-', 'xoxe.'],
    pattern: String.raw`${NOT_IN_WORD}xox[abeoprs][.-][\w.-]{10,255}`,
  },
  { hints: ['xapp-'], pattern: String.raw`${NOT_IN_WORD}xapp-[\w-]{10,255}` },
  {
    hints: ['hooks.slack.com'],
    pattern: String.raw`hooks\.slack(?:-gov)?\.com\/(?:services|workflows|triggers)\/([\w/-]{10,255})`,
  },
  { hints: ['/api/webhooks/'], pattern: String.raw`discord(?:app)?\.com\/api\/webhooks\/([\w/-]{10,255})` },
  { hints: ['webhookb2/'], pattern: String.raw`\/webhookb2\/([\w@/.-]{10,400})` },
  { hints: ['/bot/v2/hook/', '/bot/hook/'], pattern: String.raw`\/open-apis\/bot\/(?:v2\/)?hook\/([\w-]{8,255})` },
  { hints: ['api.telegram.org'], pattern: String.raw`api\.telegram\.org\/bot(\d{5,20}:[\w-]{20,100})` },
  // Stripe and other payments
  { hints: ['k_live_', 'k_test_'], pattern: String.raw`${NOT_IN_WORD}[srp]k_(?:live|test)_[A-Za-z0-9]{16,255}` },
  { hints: ['whsec_'], pattern: String.raw`${NOT_IN_WORD}whsec_[\w+/=]{16,255}` },
  // AI models and their data
  {
    hints: alone('sk-'),
    pattern: String.raw`(?<=[ "'=:,])sk-(?:proj-|ant-|svcacct-|or-)?(?=[\w-]{0,60}\d)[\w-]{20,300}`,
  },
  { hints: alone('hf_'), pattern: String.raw`(?<=[ "'=:,])hf_[A-Za-z0-9]{30,100}` },
  // Clouds and their tools
  { hints: ['akia', 'asia'], pattern: String.raw`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b` },
  {
    hints: ['ltai', 'akid', 'aiza', 'ya29.'],
    pattern: String.raw`\b(?:LTAI[A-Za-z0-9]{12,26}|AKID[A-Za-z0-9]{13,40}|AIza[\w-]{30,60}|ya29\.[\w.-]{20,})`,
  },
  { hints: ['gocspx-'], pattern: String.raw`${NOT_IN_WORD}GOCSPX-[\w-]{20,60}` },
  { hints: ['hvs.', 'hvb.', 'hvr.'], pattern: String.raw`${NOT_IN_WORD}hv[sbr]\.[\w-]{20,300}` },
  { hints: ['dapi'], pattern: String.raw`${NOT_IN_WORD}dapi[0-9a-f]{32}(?:-\d)?` },
  { hints: ['dop_v1_', 'doo_v1_', 'dor_v1_'], pattern: String.raw`${NOT_IN_WORD}do[opr]_v1_[0-9a-f]{40,80}` },
  { hints: ['glsa_', 'glc_ey'], pattern: String.raw`${NOT_IN_WORD}(?:glsa_\w{20,100}|glc_eyJ[\w+/=-]{20,400})` },
  { hints: ['cfut_', 'cfat_'], pattern: String.raw`${NOT_IN_WORD}cf[ua]t_\w{20,100}` },
  { hints: ['nrak-'], pattern: String.raw`${NOT_IN_WORD}NRAK-[A-Z0-9]{20,40}` },
  // Package and image registries
  { hints: ['npm_'], pattern: String.raw`${NOT_IN_WORD}npm_[A-Za-z0-9]{30,60}` },
  { hints: ['pypi-ageichlwa'], pattern: String.raw`${NOT_IN_WORD}pypi-AgEIcHlwa[\w-]{20,400}` },
  { hints: ['dckr_pat_', 'dckr_oat_'], pattern: String.raw`${NOT_IN_WORD}dckr_[po]at_[\w-]{20,100}` },
  { hints: ['rubygems_'], pattern: String.raw`${NOT_IN_WORD}rubygems_[0-9a-f]{40,60}` },
  // Mail, shops, tickets, others
  { hints: alone('sg.'), pattern: String.raw`(?<=[ "'=:,])SG\.[\w-]{16,64}\.[\w-]{16,100}` },
  {
    hints: ['shpat_', 'shpss_', 'shpca_', 'shppa_'],
    pattern: String.raw`${NOT_IN_WORD}shp(?:at|ss|ca|pa)_[0-9a-fA-F]{32}`,
  },
  { hints: ['lin_api_'], pattern: String.raw`${NOT_IN_WORD}lin_api_\w{20,100}` },
  { hints: ['atatt3x', 'atctt3x'], pattern: String.raw`${NOT_IN_WORD}AT[AC]TT3x[\w=-]{20,400}` },
  { hints: ['pmak-'], pattern: String.raw`${NOT_IN_WORD}PMAK-[0-9a-f-]{24,100}` },
  { hints: ['sbp_'], pattern: String.raw`${NOT_IN_WORD}sbp_[0-9a-f]{40}` },
  { hints: ['age-secret-key-'], pattern: String.raw`AGE-SECRET-KEY-1[A-Z0-9]{20,80}` },
  // JSON Web Tokens
  { hints: ['eyj'], pattern: String.raw`(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*` },
];
