// Reads the command line of a measurement. Takes a table of options and returns the given values as numbers, texts and
// switches. `--help` prints the table. An option that is not in the table, or a value that is no number, ends the
// script with one sentence. All scripts of the lab and of bench/ that are run by hand and measure something use it.
import { parseArgs } from 'node:util';
import { findNearest } from '../core/text/nearest.js';

/** Type of the parsed value by kind. The plural kinds accept several values, separated by commas. */
interface ValueByKind {
  number: number;
  numbers: readonly number[];
  text: string;
  texts: readonly string[];
  switch: boolean;
}

export interface BenchOption {
  readonly kind: keyof ValueByKind;
  /** Placeholder shown for the value; a switch has none. */
  readonly value?: string;
  /** Default value, as written on the command line. */
  readonly default?: string;
  /** Smallest number allowed; 0 by default. */
  readonly least?: number;
  /** Texts that are allowed. */
  readonly values?: readonly string[];
  readonly help: string;
}

export interface BenchScript {
  /** Path of the script, e.g. `bench/agent.ts`. */
  readonly name: string;
  readonly summary: string;
  /** Operands that may follow the options, e.g. `[FOLDER…]`; absent: none. */
  readonly operands?: string;
  readonly options: Readonly<Record<string, BenchOption>>;
}

export type BenchValues<Script extends BenchScript> = {
  readonly [Name in keyof Script['options']]:
    | ValueByKind[Script['options'][Name]['kind']]
    | (Script['options'][Name] extends { readonly default: string } | { readonly kind: 'switch' } ? never : undefined);
};

export interface BenchCommand<Script extends BenchScript> {
  readonly values: BenchValues<Script>;
  readonly operands: readonly string[];
}

/** Error in a command line. */
class UsageError extends Error {}

const WRONG_USAGE = 2;

/** Reads the command line. Ends the process after `--help`, or when the arguments are wrong. */
export function readCommandLine<Script extends BenchScript>(
  script: Script,
  args: readonly string[] = process.argv.slice(2),
): BenchCommand<Script> {
  if (args.some((arg) => arg === '--help' || arg === '-h')) {
    console.log(renderHelp(script));
    process.exit(0);
  }
  try {
    return parseCommandLine(script, args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${script.name}: ${error.message}\nnpx tsx ${script.name} --help lists its options.`);
    process.exit(WRONG_USAGE);
  }
}

/** Parses the arguments. Throws a UsageError with one sentence. */
export function parseCommandLine<Script extends BenchScript>(
  script: Script,
  args: readonly string[],
): BenchCommand<Script> {
  const types = Object.entries(script.options).map(
    ([name, { kind }]) => [name, { type: kind === 'switch' ? ('boolean' as const) : ('string' as const) }] as const,
  );
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: Object.fromEntries(types),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const given = new Map<string, string | undefined>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    requireOption(script, token.rawName, token.name, token.value);
    given.set(token.name, token.value);
  }
  if (script.operands === undefined && positionals[0] !== undefined)
    throw new UsageError(`it takes options only, but was given "${positionals[0]}".`);
  const values = Object.entries(script.options).map(([name, option]) => [name, readOption(name, option, given)]);
  return { values: Object.fromEntries(values) as BenchValues<Script>, operands: positionals };
}

function requireOption({ options }: BenchScript, raw: string, name: string, value: string | undefined): void {
  const option = raw === `--${name}` ? options[name] : undefined;
  if (option === undefined) {
    const nearest = findNearest(name, Object.keys(options));
    throw new UsageError(`there is no option ${raw}${nearest === undefined ? '.' : `; did you mean --${nearest}?`}`);
  }
  if (option.kind === 'switch' && value !== undefined) throw new UsageError(`--${name} takes no value.`);
  if (option.kind !== 'switch' && value === undefined) throw new UsageError(`--${name} needs a value.`);
}

function readOption(name: string, option: BenchOption, given: ReadonlyMap<string, string | undefined>): unknown {
  if (option.kind === 'switch') return given.has(name);
  const text = given.get(name) ?? option.default;
  if (text === undefined) return undefined;
  const parts = option.kind === 'numbers' || option.kind === 'texts' ? text.split(',') : [text];
  const read = parts.map((part) => (option.kind.startsWith('number') ? readNumber(name, option, part) : part));
  for (const part of parts) requireKnown(name, option, part);
  return option.kind === 'numbers' || option.kind === 'texts' ? read : read[0];
}

function readNumber(name: string, { least = 0 }: BenchOption, text: string): number {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(number) && number >= least) return number;
  throw new UsageError(`--${name} is "${text}", but must be a number of at least ${least}.`);
}

function requireKnown(name: string, { values }: BenchOption, text: string): void {
  if (values === undefined || values.includes(text)) return;
  throw new UsageError(`--${name} is "${text}", but must be one of ${values.join(', ')}.`);
}

export function renderHelp({ name, summary, operands, options }: BenchScript): string {
  const rows = Object.entries({ ...options, help: HELP }).map(
    ([option, row]) => [`--${option}${labelValue(row)}`, `${row.help}${describeValue(row)}`] as const,
  );
  const width = rows.reduce((max, [label]) => Math.max(max, label.length), 0);
  return [
    summary,
    '',
    `npx tsx ${name} [OPTION…]${operands === undefined ? '' : ` ${operands}`}`,
    '',
    ...rows.map(([label, help]) => `  ${label.padEnd(width)}  ${help}`),
  ].join('\n');
}

const HELP: BenchOption = { kind: 'switch', help: 'Say this.' };

function labelValue({ kind, value = 'N' }: BenchOption): string {
  if (kind === 'switch') return '';
  return kind === 'numbers' || kind === 'texts' ? ` ${value},…` : ` ${value}`;
}

function describeValue({ values, default: usual }: BenchOption): string {
  const parts = [
    ...(values === undefined ? [] : [`of ${values.join(', ')}`]),
    ...(usual === undefined ? [] : [`default ${usual}`]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`;
}

/** Option of every measurement that saves its results. */
export const JSON_OPTION = {
  kind: 'text',
  value: 'FILE',
  help: 'Also append what was measured to this file; those of bench/results become docs/benchmarks.md.',
} as const satisfies BenchOption;
