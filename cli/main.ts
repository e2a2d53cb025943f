// Defines the table of commands, and parses arguments and environment, which no other file does. The commands are in
// the files beside this one. An error becomes one message with its fix, and an exit code (docs/cli.md).
import { setMaxListeners } from 'node:events';
import { parseArgs } from 'node:util';
import { SESSIONS_END, SESSIONS_LIST } from './operate/sessions.js';
import { TOKENS_CREATE, TOKENS_LIST, TOKENS_REVOKE } from './operate/tokens.js';
import { USERS_ADD, USERS_LIST, USERS_REMOVE } from './operate/users.js';
import { AGENT, ANALYZER, API } from './operate/parts.js';
import { HELP_OPTION, optionsConfig, type Command, type Invocation, type Terminal } from './command.js';
import { BUNDLE } from './inspect/bundle.js';
import { CONFIG_CHECK, CONFIG_PRINT } from './operate/config.js';
import { DELETE } from './operate/delete.js';
import { DIAGNOSE } from './inspect/diagnose.js';
import { renderCommandHelp, renderOverview } from './terminal/help.js';
import { INCIDENTS } from './inspect/incidents.js';
import { SEARCH } from './inspect/search.js';
import { DEAD_LETTERS_LIST, DEAD_LETTERS_SEND } from './operate/dead-letters.js';
import { RECEIVERS_LOG } from './operate/receivers-log.js';
import { RECEIVERS_ROUTE } from './operate/receivers-route.js';
import { RECEIVERS_TEST } from './operate/receivers-test.js';
import { SILENCES_ADD, SILENCES_EXPIRE, SILENCES_LIST } from './operate/silences.js';
import { TRIAGE } from './inspect/triage.js';
import { RULES_CHECK, RULES_LIST, RULES_TEST } from './inspect/rules.js';
import { FEEDBACK } from './inspect/feedback.js';
import { RULES_BACKTEST } from './inspect/rules-backtest.js';
import { RULES_CONVERT } from './inspect/rules-convert.js';
import { RULES_EXPLAIN } from './inspect/rules-explain.js';
import { RULES_NEW } from './inspect/rules-new.js';
import { MCP } from './operate/mcp.js';
import { UP } from './operate/up.js';
import { SETUP } from './operate/setup.js';
import { VERSION } from './version.js';
import { write, writeNote } from './terminal/write.js';
import { REMOVED_SETTINGS } from '../core/config/removed.js';
import { createError, JobtraceError } from '../core/errors.js';
import { openEngine } from '../core/regex.js';
import { errorTrace, errorText } from '../core/fault.js';

export const COMMANDS: readonly Command[] = [
  UP,
  DIAGNOSE,
  SEARCH,
  INCIDENTS,
  FEEDBACK,
  DELETE,
  BUNDLE,
  AGENT,
  ANALYZER,
  API,
  MCP,
  SETUP,
  DEAD_LETTERS_LIST,
  DEAD_LETTERS_SEND,
  RECEIVERS_ROUTE,
  RECEIVERS_LOG,
  RECEIVERS_TEST,
  SILENCES_ADD,
  SILENCES_LIST,
  SILENCES_EXPIRE,
  TRIAGE,
  RULES_LIST,
  RULES_NEW,
  RULES_CHECK,
  RULES_TEST,
  RULES_EXPLAIN,
  RULES_BACKTEST,
  RULES_CONVERT,
  TOKENS_CREATE,
  TOKENS_LIST,
  TOKENS_REVOKE,
  USERS_ADD,
  USERS_LIST,
  USERS_REMOVE,
  SESSIONS_LIST,
  SESSIONS_END,
  CONFIG_PRINT,
  CONFIG_CHECK,
];

const INTERRUPTED = 130;

/** Runs one command line and resolves to the exit code. Never throws. */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(args, terminal);
  } catch (error) {
    if (terminal.signal.aborted) return INTERRUPTED;
    return reportError(error, terminal);
  }
}

async function dispatch(args: readonly string[], terminal: Terminal): Promise<number> {
  const [first = 'help'] = args;
  if (first === '--version' || first === '-v') return say(terminal, `${VERSION}\n`);
  if (['help', '--help', '-h'].includes(first)) return say(terminal, renderOverview(COMMANDS, VERSION));
  const command = findCommand(args);
  if (command === undefined) {
    const family = COMMANDS.filter(({ name, formerName = '' }) =>
      [name, formerName].some((words) => words.startsWith(`${first} `)),
    );
    if (family.length > 0 && (args[1] === undefined || args[1] === '--help' || args[1] === '-h'))
      return say(terminal, renderOverview(family, VERSION));
    throw createError('JT_USAGE', {
      problem: `There is no command "${[first, family.length > 0 ? args[1] : ''].join(' ').trim()}".`,
      command: family.length > 0 ? first : 'help',
    });
  }
  const rest = args.slice(command.name.split(' ').length);
  const rows = [...command.options, HELP_OPTION];
  const { values, positionals } = parseCommandLine(command, rest);
  if (values['help'] === true) return say(terminal, renderCommandHelp({ ...command, options: rows }));
  for (const row of rows) checkValue(command, row, values[row.name]);
  if (command.operands === '' && positionals[0] !== undefined)
    throw createError('JT_USAGE', {
      problem: `"${command.name}" takes options only, but was given "${positionals[0]}".`,
      command: command.name,
    });
  openEngine();
  return command.run(createInvocation(values, positionals, terminal));
}

function findCommand(args: readonly string[]): Command | undefined {
  const isAsked = (name: string): boolean => name.split(' ').every((word, index) => args[index] === word);
  const longestFirst = [...COMMANDS].sort((a, b) => b.name.length - a.name.length);
  return longestFirst.find(
    ({ name, formerName }) => isAsked(name) || (formerName !== undefined && isAsked(formerName)),
  );
}

function parseCommandLine(
  command: Command,
  args: readonly string[],
): { values: Record<string, unknown>; positionals: string[] } {
  try {
    return parseArgs({
      args: [...args],
      options: optionsConfig([...command.options, HELP_OPTION]),
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    const problem = explainFormer(command, args) ?? errorText(error).split('. ')[0] ?? '';
    throw createError('JT_USAGE', { problem: `${problem}.`, command: command.name });
  }
}

/** Explains an option that was removed. */
function explainFormer({ options }: Command, args: readonly string[]): string | undefined {
  const former = REMOVED_SETTINGS.find(({ option }) =>
    args.some((arg) => arg === `--${option}` || arg.startsWith(`--${option}=`)),
  );
  if (former === undefined || options.some(({ name }) => name === former.option)) return undefined;
  return `--${former.option} was removed: ${former.advice}`;
}

function checkValue(command: Command, row: Command['options'][number], value: unknown): void {
  if (row.values === undefined || value === undefined) return;
  for (const item of Array.isArray(value) ? value : [value]) {
    if (!row.values.includes(String(item))) {
      throw createError('JT_USAGE', {
        problem: `--${row.name} is "${String(item)}", but must be one of ${row.values.join(', ')}.`,
        command: command.name,
      });
    }
  }
}

function createInvocation(
  values: Readonly<Record<string, unknown>>,
  operands: readonly string[],
  terminal: Terminal,
): Invocation {
  const options = (name: string): readonly string[] => {
    const value = values[name];
    return value === undefined ? [] : (Array.isArray(value) ? value : [value]).map(String);
  };
  return { operands, terminal, options, option: (name) => options(name).at(-1), has: (name) => values[name] === true };
}

function reportError(error: unknown, terminal: Terminal): number {
  if (error instanceof JobtraceError) {
    writeNote(terminal, `jobtrace: ${error.message}\n${error.fix === '' ? '' : `${error.fix}\n`}`);
    return error.exitCode;
  }
  const text = errorTrace(error);
  writeNote(terminal, `jobtrace: this is a defect in Jobtrace, please report it with these lines:\n${text}\n`);
  return 4;
}

async function say(terminal: Terminal, text: string): Promise<number> {
  await write(terminal, text);
  return 0;
}

/** Runs the command line of the process. */
export async function runProcess(): Promise<void> {
  const stop = new AbortController();
  // Each receiver has a loop that listens to the signal, so there is no limit of listeners.
  setMaxListeners(0, stop.signal);
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort());
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader of the pipe (head, less) has exited, so no more output is needed.
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const { stdout, stderr, stdin, env, argv } = process;
  process.exitCode = await main(argv.slice(2), {
    stdout,
    stderr,
    stdin,
    environment: env,
    signal: stop.signal,
    onHangup: (listener) => void process.on('SIGHUP', listener),
  });
}
