// Joins the tables of rows/ into the table of all settings. From this table come the types and the defaults (here), the
// checks (schema.ts, load.ts), docs/config.md and "jobtrace config print" (describe.ts).
import { isObject } from '../json.js';
import { AGENT } from './agent.js';
import { GENERAL } from './general.js';
import { RECEIVER, type ReceiverSettings } from './receiver.js';
import type { ObjectRow, SettingType } from './row.js';
import { TEAM, TIME_INTERVAL, type RouteSettings, type TeamSettings, type TimeIntervalSettings } from './route.js';
import { SERVICE } from './service.js';
import { TEAM_DEFINITION, type TeamDefinition } from './team.js';
import { GRANT, TOKEN, type GrantSettings, type TokenSettings } from './token.js';

export const SETTINGS = [...GENERAL, ...AGENT, ...SERVICE] as const;

/** Object rows of the settings that are lists of objects, by the type of the setting. */
export const OBJECTS = {
  receivers: RECEIVER,
  tokens: TOKEN,
  grants: GRANT,
  timeIntervals: TIME_INTERVAL,
  teams: TEAM,
  teamDefinitions: TEAM_DEFINITION,
} as const satisfies Readonly<Record<string, ObjectRow>>;

/** True for a list of objects. */
export function isObjects(type: SettingType): type is keyof typeof OBJECTS {
  return type in OBJECTS;
}

type Row = (typeof SETTINGS)[number];
type Name = Row['name'];
interface ValueByType {
  string: string;
  path: string;
  secret: string;
  integer: number;
  number: number;
  boolean: boolean;
  strings: readonly string[];
  paths: readonly string[];
  receivers: readonly ReceiverSettings[];
  tokens: readonly TokenSettings[];
  grants: readonly GrantSettings[];
  timeIntervals: readonly TimeIntervalSettings[];
  teams: readonly TeamSettings[];
  teamDefinitions: readonly TeamDefinition[];
  route: RouteSettings;
}
/** Settings by their dotted names, loaded once and frozen. A stage gets the part that it needs. */
export type Settings = { readonly [R in Row as R['name']]: ValueByType[R['type']] };
export type SettingOrigin = 'default' | 'file' | 'environment' | 'flag';
export interface LoadedSettings {
  readonly settings: Settings;
  readonly origins: Readonly<Record<string, SettingOrigin>>;
}

/** Returns the settings without any file, environment variable or flag. */
export function defaultSettings(): Settings {
  return checkedSettings(Object.fromEntries(SETTINGS.map((row) => [row.name, row.default])));
}

/** Checks the types of all values and freezes them. */
export function checkedSettings(values: Record<string, unknown>): Settings {
  if (!isSettings(values)) throw new Error('the settings table and its defaults disagree');
  return Object.freeze(values);
}

function isSettings(value: Record<string, unknown>): value is Settings & Record<Name, unknown> {
  return SETTINGS.every((row) => matchesType(row.type, value[row.name]));
}

function matchesType(type: SettingType, value: unknown): boolean {
  if (type === 'integer' || type === 'number') return typeof value === 'number';
  if (type === 'boolean') return typeof value === 'boolean';
  if (type === 'route') return isObject(value);
  return type === 'strings' || type === 'paths' || isObjects(type) ? Array.isArray(value) : typeof value === 'string';
}
