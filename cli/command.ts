// Defines a command of the command line, and the options that several commands share. main.ts has the table of all
// commands, from which the help is written.
import { omitMissing } from '../core/json.js';
import { LANGUAGES } from '../core/types.js';
import type { ParseArgsConfig } from 'node:util';

export interface OptionRow {
  readonly name: string;
  readonly short?: string;
  /** Placeholder of the value in the help, such as DIR; without it the option is a switch. */
  readonly value?: string;
  readonly values?: readonly string[];
  readonly multiple?: boolean;
  readonly help: string;
}

/** Output stream of a command; a file or a pipe is not a terminal. */
export interface Output extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Everything outside the program that a command may use. */
export interface Terminal {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: NodeJS.ReadStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Signal that aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Calls back at each SIGHUP. Without a listener SIGHUP ends the process. */
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
  /** Words after "jobtrace", such as "rules check". */
  readonly name: string;
  /** Name in the previous release, which still works. It has as many words. */
  readonly formerName?: string;
  readonly operands: string;
  readonly summary: string;
  readonly options: readonly OptionRow[];
  /** Lines that describe the possible forms of a FILE. */
  readonly inputs?: readonly string[];
  /** Lines under "Examples". */
  readonly examples?: readonly string[];
  /** Runs the command and resolves to the exit code. */
  readonly run: (invocation: Invocation) => Promise<number>;
}

/** Converts options to the form of node:util parseArgs. */
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
  help: 'Log level of Jobtrace itself, on standard error.',
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
  help: 'Folder with your own rules, in addition to the built-in ones; may be repeated.',
};
