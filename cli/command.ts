// What a command of the front door is. The table of all commands stands in main.ts; help is written from it. The
// options that several commands have stand here too.
import { omitMissing } from '../core/json.js';
import { LANGUAGES } from '../core/types.js';
import type { ParseArgsConfig } from 'node:util';

export interface OptionRow {
  readonly name: string;
  readonly short?: string;
  /** Word shown for the value, e.g. DIR; none = a switch. */
  readonly value?: string;
  readonly values?: readonly string[];
  readonly multiple?: boolean;
  readonly help: string;
}

/** What a command writes to; a file or a pipe is no terminal. */
export interface Output extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Everything a command may touch of the world outside. */
export interface Terminal {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: NodeJS.ReadStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Calls back at each SIGHUP, which ends a process that does not ask for it. */
  readonly onHangup: (listener: () => void) => void;
}

export interface Invocation {
  readonly operands: readonly string[];
  readonly option: (name: string) => string | undefined;
  readonly options: (name: string) => readonly string[];
  readonly has: (name: string) => boolean;
  readonly terminal: Terminal;
}

export interface Command {
  /** Words after "jobtrace", e.g. "rules check". */
  readonly name: string;
  readonly operands: string;
  readonly summary: string;
  readonly options: readonly OptionRow[];
  /** What a FILE may be, in lines. */
  readonly inputs?: readonly string[];
  /** Lines shown under "Examples". */
  readonly examples?: readonly string[];
  /** Resolves to the exit code. */
  readonly run: (invocation: Invocation) => Promise<number>;
}

/** For node:util parseArgs. */
export function optionsConfig(rows: readonly OptionRow[]): NonNullable<ParseArgsConfig['options']> {
  return Object.fromEntries(
    rows.map((row) => [
      row.name,
      {
        type: row.value === undefined ? ('boolean' as const) : ('string' as const),
        multiple: row.multiple ?? false,
        ...omitMissing({ short: row.short }),
      },
    ]),
  );
}

export const HELP_OPTION: OptionRow = { name: 'help', short: 'h', help: 'Show this help.' };
export const CONFIG_OPTION: OptionRow = { name: 'config', value: 'FILE', help: 'Settings file (docs/config.md).' };
export const DATA_OPTION: OptionRow = {
  name: 'data',
  value: 'DIR',
  help: 'Folder of the embedded store (default .jobtrace).',
};
export const STORE_OPTION: OptionRow = {
  name: 'store',
  value: 'URL',
  help: 'Elasticsearch address, instead of the embedded store.',
};
export const LOG_LEVEL_OPTION: OptionRow = {
  name: 'log-level',
  value: 'LEVEL',
  values: ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
  help: 'How much Jobtrace says about itself on standard error.',
};
export const LANG_OPTION: OptionRow = {
  name: 'lang',
  value: 'LANG',
  values: LANGUAGES,
  help: 'Language of the diagnosis.',
};
export const RULES_OPTION: OptionRow = {
  name: 'rules',
  value: 'DIR',
  multiple: true,
  help: 'Folder with rules of your own, beside the built-in ones; may be repeated.',
};
