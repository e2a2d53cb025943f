// Handles option names by version, versions, sizes and durations as Flink writes them, for rules (patches with the
// names of the job's release) and for the facts of a job. The memory model is in memory.ts. Pure functions.
import { OPTION_CHANGES, PREFIX_CHANGES, type OptionChange } from './option-names.js';

export type RenamedOption =
  { readonly key: string; readonly hint?: string } | { readonly gone: true; readonly hint: string };

/**
 * Returns the name of an option in this version, from any of its names, or that it does not exist there. Unknown
 * options stay as they are.
 */
export function renameOption(key: string, version: string): RenamedOption {
  const change = changesOf(key).find((row) => row.old === key);
  if (change !== undefined) return renameOld(change, key, version);
  const earlier = changesOf(key).find(
    (row) => row.key === key && row.otherValue === undefined && compareVersions(version, row.since) < 0,
  );
  return earlier === undefined ? { key } : { key: earlier.old };
}

/** Releases with which a range of versions is tried. */
const RELEASES = [...Array.from({ length: 17 }, (_, index) => `1.${index + 4}`), '2.0', '2.1', '2.2', '2.3'];

/**
 * Returns why an option cannot be set in a release within the range; undefined if it can, or if nothing is known about
 * it.
 */
export function findOptionProblem(key: string, range: string): string | undefined {
  for (const version of RELEASES.filter((release) => inRange(release, range))) {
    const renamed = renameOption(key, version);
    if ('gone' in renamed) return `does not exist in Flink ${version}: ${renamed.hint}`;
    const rows = changesOf(key).filter((row) => row.key === key);
    const first =
      rows.length > 0 && rows.every((row) => row.otherValue === true)
        ? rows.map((row) => row.since).sort(compareVersions)[0]
        : undefined;
    if (first !== undefined && compareVersions(version, first) < 0)
      return `does not exist in Flink ${version}: it came with ${first}`;
  }
  return undefined;
}

/** Returns the value under this name or any of its other names. The newest name wins, as in Flink. */
export function optionValue(options: ReadonlyMap<string, string>, key: string): string | undefined {
  for (const name of optionNames(key)) {
    const value = options.get(name);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Returns all names with the same meaning, the newest first. */
function optionNames(key: string): string[] {
  const own = changesOf(key).find((row) => row.old === key && row.key !== undefined && row.otherValue === undefined);
  const newest = own?.key ?? key;
  const older = changesOf(newest).filter((row) => row.key === newest && row.otherValue === undefined);
  return [...new Set([newest, ...older.map((row) => row.old), key])];
}

/** Compares two versions: negative, 0 or positive. Text after the numbers (`-SNAPSHOT`) does not count. */
export function compareVersions(a: string, b: string): number {
  return compareNumbers(versionNumbers(a), versionNumbers(b));
}

/**
 * Returns true if the version is in a range: `>=1.10 <2.0`, `<=1.12`, `1.20`, `>=1.13 <1.15 || >=1.18`. A bound
 * includes all its patch releases: 1.12.5 is `<=1.12` and not `>1.12`. An empty range and `*` contain every version.
 */
export function inRange(version: string, range: string): boolean {
  return range.split('||').some((part) => part.split(/[\s,]+/).every((bound) => isWithin(version, bound)));
}

/**
 * Parses `112m`, `64 mb`, `1gb`, `1073741824` or `1.688gb (1811939328 bytes)` into bytes; undefined if it is no size.
 */
export function parseBytes(text: string): number | undefined {
  const exact = /\((\d+) bytes\)/.exec(text);
  if (exact !== null) return Number(exact[1]);
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const factor = match === null ? undefined : BYTE_UNITS.get((match[2] ?? '').toLowerCase());
  return match === null || factor === undefined ? undefined : Math.trunc(Number(match[1]) * factor);
}

/**
 * Parses `10 s`, `500ms`, `1 min`, `PT5M` or `60000` (milliseconds) into milliseconds; undefined if it is no duration.
 */
export function parseDuration(text: string): number | undefined {
  const iso = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?$/.exec(text.trim());
  if (iso !== null && text.trim().length > 2)
    return Number(iso[1] ?? 0) * 3_600_000 + Number(iso[2] ?? 0) * 60_000 + Math.round(Number(iso[3] ?? 0) * 1000);
  const match = /^(\d+)\s*([a-zµ]*)$/i.exec(text.trim());
  const factor = match === null ? undefined : TIME_UNITS.get((match[2] ?? '').toLowerCase());
  return match === null || factor === undefined ? undefined : Number(match[1]) * factor;
}

const BYTE_UNITS: ReadonlyMap<string, number> = new Map([
  ...['', 'b', 'byte', 'bytes'].map((unit) => [unit, 1] as const),
  ...['k', 'kb', 'kib', 'kibibytes'].map((unit) => [unit, 1024] as const),
  ...['m', 'mb', 'mib', 'mebibytes'].map((unit) => [unit, 1024 ** 2] as const),
  ...['g', 'gb', 'gib', 'gibibytes'].map((unit) => [unit, 1024 ** 3] as const),
  ...['t', 'tb', 'tib', 'tebibytes'].map((unit) => [unit, 1024 ** 4] as const),
]);

const TIME_UNITS: ReadonlyMap<string, number> = new Map([
  ...['d', 'day', 'days'].map((unit) => [unit, 86_400_000] as const),
  ...['h', 'hour', 'hours'].map((unit) => [unit, 3_600_000] as const),
  ...['m', 'min', 'minute', 'minutes'].map((unit) => [unit, 60_000] as const),
  ...['s', 'sec', 'secs', 'second', 'seconds'].map((unit) => [unit, 1000] as const),
  ...['', 'ms', 'milli', 'millis', 'millisecond', 'milliseconds'].map((unit) => [unit, 1] as const),
]);

function changesOf(key: string): OptionChange[] {
  const families = PREFIX_CHANGES.flatMap((row) => expandPrefix(row, key));
  return [...OPTION_CHANGES, ...families];
}

function expandPrefix(row: OptionChange, key: string): OptionChange[] {
  if (row.key === undefined) return [];
  const rest = key.startsWith(row.old)
    ? key.slice(row.old.length)
    : key.startsWith(row.key)
      ? key.slice(row.key.length)
      : undefined;
  return rest === undefined ? [] : [{ ...row, old: row.old + rest, key: row.key + rest }];
}

function renameOld(change: OptionChange, key: string, version: string): RenamedOption {
  const hint = { hint: change.hint };
  if (change.key === undefined || change.otherValue !== undefined) {
    const gone = change.removed !== undefined && compareVersions(version, change.removed) >= 0;
    return gone ? { gone: true, hint: change.hint ?? `use ${change.key ?? 'nothing'} instead` } : { key, ...hint };
  }
  return compareVersions(version, change.since) >= 0 ? { key: change.key, ...hint } : { key };
}

function isWithin(version: string, bound: string): boolean {
  if (bound === '' || bound === '*') return true;
  const match = /^(>=|<=|>|<|=)?(\d.*)$/.exec(bound);
  if (match === null) return false;
  const wanted = versionNumbers(match[2] ?? '');
  const order = compareNumbers(versionNumbers(version).slice(0, wanted.length), wanted);
  switch (match[1]) {
    case '>=':
      return order >= 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '<':
      return order < 0;
    default:
      return order === 0;
  }
}

function versionNumbers(version: string): number[] {
  const match = /\d+(?:\.\d+)*/.exec(version);
  return match === null ? [] : match[0].split('.').map(Number);
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (let part = 0; part < Math.max(a.length, b.length); part += 1) {
    const order = (a[part] ?? 0) - (b[part] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}
