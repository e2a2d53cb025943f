// Decides which settings a running service applies at once. All others wait for a restart, and the log names them.
// Takes the name of a setting.
const RELOADABLE: readonly string[] = [
  'teams',
  'include',
  'notify.',
  'api.tokens',
  'api.oidc.grants',
  'analyzer.rulesDirs',
  'store.retentionDays',
  'store.infoRetentionDays',
];

export function isReloadable(name: string): boolean {
  return RELOADABLE.some(
    (reloadable) => name === reloadable || (reloadable.endsWith('.') && name.startsWith(reloadable)),
  );
}
