// Describes the settings for people: as "jobtrace config print" shows them, with secrets hidden, and as the table of
// docs/config.md. core/text/secrets.ts decides which names and addresses hold secrets.
import { isObject } from '../json.js';
import { hideAddress, isSecretName } from '../text/secrets.js';
import type { SettingRow } from './row.js';
import { isObjects, SETTINGS, type LoadedSettings, type SettingOrigin } from './settings.js';

/** Lists the settings for "jobtrace config print": name, value (secrets hidden) and origin. */
export function describeSettings(
  loaded: LoadedSettings,
): readonly { readonly name: string; readonly value: unknown; readonly origin: SettingOrigin }[] {
  return SETTINGS.map((row) => ({
    name: row.name,
    value: hideRowSecrets(row, loaded.settings[row.name]),
    origin: loaded.origins[row.name] ?? 'default',
  }));
}

function hideRowSecrets(row: SettingRow, value: unknown): unknown {
  if (row.type === 'secret') return value === '' ? '' : '***';
  if (isObjects(row.type)) return hideInner(value);
  if (Array.isArray(value)) return value.map((item: unknown) => (typeof item === 'string' ? hideAddress(item) : item));
  return typeof value === 'string' ? hideAddress(value) : value;
}

/** Hides values whose name marks a secret, at any depth, because a team has receivers and tokens. */
function hideInner(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hideInner);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      !Array.isArray(inner) && (key === 'url' || key === 'proxy' || isSecretName(key)) ? '***' : hideInner(inner),
    ]),
  );
}

/** Renders the table as Markdown, for docs/config.md (a test compares). */
export function renderSettingsTable(): string {
  const rows = SETTINGS.map((row: SettingRow) => {
    const value = JSON.stringify(row.default);
    const allowed = row.values === undefined ? '' : ` One of ${row.values.map((item) => `\`${item}\``).join(', ')}.`;
    return `| \`${row.name}\` | ${row.type} | \`${value}\` | ${row.env === undefined ? '' : `\`${row.env}\``} | ${row.isAdvanced === true ? 'Advanced. ' : ''}${row.help}${allowed} |`;
  });
  return ['| setting | type | default | environment | what it does |', '|---|---|---|---|---|', ...rows].join('\n');
}
