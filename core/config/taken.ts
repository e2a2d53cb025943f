// Which settings a running service takes at once; the others wait for a restart, and the log names them. In: the name
// of a setting. Out: true or false.
const TAKEN_AT_ONCE: readonly string[] = [
  'teams',
  'include',
  'notify.',
  'api.tokens',
  'api.oidc.grants',
  'analyzer.rulesDirs',
  'store.retentionDays',
  'store.infoRetentionDays',
];

export function isTakenAtOnce(name: string): boolean {
  return TAKEN_AT_ONCE.some((taken) => name === taken || (taken.endsWith('.') && name.startsWith(taken)));
}
