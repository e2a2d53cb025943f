// Merges file, environment and flags into the settings of this run and checks them as a whole. Order of precedence:
// default < file < environment < flag. cli/settings.ts passes the values in; this file reads no file, no environment
// variable and no command line.
import { parseDocument, type DocumentProblem } from '../document.js';
import { createError } from '../errors.js';
import { isObject } from '../json.js';
import { REMOVED_SETTINGS } from './removed.js';
import type { ObjectRow, SettingRow } from './row.js';
import { includedSchema, settingsSchema } from './schema.js';
import {
  checkedSettings,
  isObjects,
  OBJECTS,
  SETTINGS,
  type LoadedSettings,
  type SettingOrigin,
  type Settings,
} from './settings.js';
import { findTeamProblems, spreadTeams, type PlacedTeam } from './teams.js';

/** Settings file, or a file that it includes. */
export interface SettingsFile {
  readonly path: string;
  readonly text: string;
  /** Resolves a path in the file against the file's folder. */
  readonly resolvePath: (path: string) => string;
}

export interface SettingsInput {
  readonly file?: SettingsFile | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly flags: Readonly<Record<string, unknown>>;
  /**
   * Reads the files that a pattern of `include` matches, sorted by name; throws JT_CONFIG_NOT_FOUND,
   * JT_FILE_UNREADABLE.
   */
  readonly readIncluded: (pattern: string) => readonly SettingsFile[];
  /** Returns the trimmed content of a secret's file; throws JT_FILE_UNREADABLE. */
  readonly readSecret: (path: string) => string;
  /**
   * False for a secret that the process does not use: a setting (`api.oidc.clientSecret`), or a list of objects that
   * hold secrets (`api.tokens`, `teams.receivers`). Such a list is left out. Absent: all secrets are used.
   */
  readonly usesSecret?: ((name: string) => boolean) | undefined;
}

/** Merges the sources and checks the whole. Throws JT_CONFIG_INVALID with every problem, or JT_CONFIG_SECRET_TWICE. */
export function loadSettings(input: SettingsInput): LoadedSettings {
  const origins: Record<string, SettingOrigin> = {};
  const merged: Record<string, unknown> = {};
  checkFormer(input.environment);
  const fromFile = readFileValues(input);
  const rows: readonly SettingRow[] = SETTINGS;
  for (const row of rows) {
    const sources: [SettingOrigin, unknown][] = [
      ['flag', input.flags[row.name]],
      ['environment', readEnvironment(row, input.environment)],
      ['file', fromFile.get(row.name)],
    ];
    const ordered = row.isOfMachine === true ? [...sources].reverse() : sources;
    const given = ordered.filter(([, value]) => value !== undefined);
    const places = given.map(([origin]) => origin).filter((origin) => origin !== 'flag');
    if (row.type === 'secret' && row.isOfMachine !== true && places.length > 1)
      throw createError('JT_CONFIG_SECRET_TWICE', { name: row.name, places: places.join(' and ') });
    const [origin, value] = given[0] ?? ['default', row.default];
    merged[row.name] = value;
    origins[row.name] = origin;
  }
  return { settings: joinTeams(checkedSettings(merged), input), origins };
}

/** Adds the teams of the settings file and of its included files to the settings that the stages read. */
function joinTeams(settings: Settings, input: SettingsInput): Settings {
  const main = settings.teams.map((team) => ({ team, file: input.file?.path ?? '' }));
  const files = settings.include.flatMap(input.readIncluded);
  const schema = files.length === 0 ? {} : includedSchema();
  const included = files.map((file) => readTeams(file, schema, input));
  const problems = included.flatMap((read) => read.problems);
  if (problems.length > 0) throw invalid(problems);
  const placed = [...main, ...included.flatMap(({ teams }) => teams)];
  const found = findTeamProblems(settings, placed);
  if (found.length > 0) throw invalid(found);
  const teams = placed.map(({ team }) => team);
  return checkedSettings({ ...settings, teams, ...spreadTeams(settings, teams) });
}

function readTeams(
  file: SettingsFile,
  schema: object,
  input: SettingsInput,
): { readonly teams: readonly PlacedTeam[]; readonly problems: readonly string[] } {
  const { value, problems } = parseDocument(file.text, file.path, schema);
  const list = pick(value, 'teams');
  if (problems.length > 0 || !Array.isArray(list))
    return { teams: [], problems: problems.map((problem) => formatProblem(file.path, problem)) };
  const teams = list.map((item) => ({ team: readObject(item, OBJECTS.teamDefinitions, file, input), file: file.path }));
  return { teams: teams.filter(isPlaced), problems: [] };
}

/** True for every definition, because the schema has accepted it. */
function isPlaced(item: { readonly team: unknown; readonly file: string }): item is PlacedTeam {
  return isObject(item.team);
}

function checkFormer(environment: SettingsInput['environment']): void {
  const given = REMOVED_SETTINGS.filter(({ env }) => (environment[env] ?? '') !== '');
  if (given.length > 0) throw invalid(given.map(({ env, advice }) => `${env} was removed: ${advice}`));
}

function readFileValues(input: SettingsInput): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  if (input.file === undefined) return values;
  const { file } = input;
  const { value, problems } = parseDocument(file.text, file.path, settingsSchema());
  if (problems.length > 0) throw invalid(problems.map((problem) => formatProblem(file.path, problem)));
  for (const row of SETTINGS) {
    const given = pick(value, row.name);
    const fromSecretFile = row.type === 'secret' ? pick(value, `${row.name}File`) : undefined;
    if (given !== undefined && fromSecretFile !== undefined)
      throw createError('JT_CONFIG_SECRET_TWICE', { name: row.name, places: `${row.name} and ${row.name}File` });
    if (hasSecrets(row) && input.usesSecret?.(row.name) === false) continue;
    if (typeof fromSecretFile === 'string') values.set(row.name, input.readSecret(file.resolvePath(fromSecretFile)));
    else if (given !== undefined) values.set(row.name, readRowValue(row, given, file, input));
  }
  return values;
}

function hasSecrets({ type }: SettingRow): boolean {
  return type === 'secret' || (isObjects(type) && Object.keys(OBJECTS[type].secrets).length > 0);
}

function readRowValue({ type }: SettingRow, given: unknown, file: SettingsFile, input: SettingsInput): unknown {
  if (type === 'path' && typeof given === 'string' && given !== '') return file.resolvePath(given);
  if (type === 'paths' && Array.isArray(given)) return given.map((path) => file.resolvePath(String(path)));
  if (isObjects(type) && Array.isArray(given)) return given.map((item) => readObject(item, OBJECTS[type], file, input));
  return given;
}

function readObject(item: unknown, row: ObjectRow, place: SettingsFile, input: SettingsInput): unknown {
  if (!isObject(item)) return item;
  const secrets = Object.entries(row.secrets);
  const files = secrets.map(([secret]) => `${secret}File`);
  const result: Record<string, unknown> = {
    ...row.defaults,
    ...Object.fromEntries(Object.entries(item).filter(([key]) => !files.includes(key))),
  };
  for (const [secret, findProblem] of secrets) {
    const file = item[`${secret}File`];
    if (typeof file !== 'string') continue;
    if (result[secret] !== undefined)
      throw createError('JT_CONFIG_SECRET_TWICE', { name: secret, places: `${secret} and ${secret}File` });
    const path = place.resolvePath(file);
    const content = input.readSecret(path);
    const problem = findProblem(content);
    if (problem !== undefined) throw invalid([`${path}: the ${secret} in this file ${problem}`]);
    result[secret] = content;
  }
  for (const name of row.paths ?? []) {
    const path = result[name];
    if (typeof path === 'string') result[name] = place.resolvePath(path);
  }
  for (const [name, inner] of Object.entries(row.lists ?? {})) {
    const list = result[name];
    if (input.usesSecret?.(`teams.${name}`) === false) result[name] = [];
    else if (Array.isArray(list)) result[name] = list.map((element) => readObject(element, inner, place, input));
  }
  return result;
}

function readEnvironment(row: SettingRow, environment: Readonly<Record<string, string | undefined>>): unknown {
  const names = row.env === undefined ? [] : [row.env, ...(row.isOfMachine === true ? [row.env.toLowerCase()] : [])];
  const text = names.map((name) => environment[name]).find((value) => value !== undefined && value !== '');
  if (text === undefined || text === '') return undefined;
  const problem =
    row.values !== undefined && !row.values.includes(text)
      ? `is "${text}", but must be one of ${row.values.join(', ')}`
      : undefined;
  if (problem !== undefined) throw invalid([`${row.env ?? ''}: ${problem}`]);
  return row.type === 'strings' ? text.split(',').map((part) => part.trim()) : text;
}

function formatProblem(path: string, problem: DocumentProblem): string {
  const former = REMOVED_SETTINGS.find(({ name }) => {
    const [group, key] = name.split('.');
    return [group, name].includes(problem.path) && problem.message.includes(`\`${key ?? ''}\``);
  });
  const message = former === undefined ? problem.message : `${former.name} was removed: ${former.advice}`;
  return `${path}:${problem.line}:${problem.column} ${message}`;
}

function invalid(problems: readonly string[]): Error {
  return createError('JT_CONFIG_INVALID', { problems: problems.map((problem) => `  ${problem}`).join('\n') });
}

function pick(value: unknown, name: string): unknown {
  return name.split('.').reduce<unknown>((node, key) => (isObject(node) ? node[key] : undefined), value);
}
