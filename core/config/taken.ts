// Decides which settings a running service applies at once. All others wait for a restart, and the log names them.
// Takes the name of a setting.
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
