// Wraps CEL; no other file uses it. A rule's expressions (let, when) are compiled when the catalog is loaded, and are
// evaluated for one failure over its captures, the job's options and the memory model. Numbers are whole numbers (CEL
// int, bigint here); sizes are bytes and times milliseconds. A missing value, an unknown option or a division by zero
// gives `undefined`, so that the let, reason or fix is absent; evaluation never throws. A mistake that no log can
// correct (a text plus a number) is reported to the caller. `matches()` is refused because its patterns would not be
// RE2's, and so is an expression that may take too long (budget.ts).
import { Environment, EvaluationError } from '@marcbachmann/cel-js';
import { findExcess, MAX_CHARACTERS, MAX_NESTING, MAX_NODES } from './budget.js';
import { errorText } from '../../core/fault.js';
import { findNearest } from '../../core/text/nearest.js';

export type Value = string | number | bigint | boolean | readonly Value[] | { readonly [name: string]: Value };
export type Values = Readonly<Record<string, Value>>;

/**
 * Evaluation context: what expressions may ask about the job and its cluster. Results are undefined if nobody knows
 * them.
 */
export interface EvaluationContext {
  /** Returns the effective value of an option, under its current name or any older one. */
  option(key: string): string | undefined;
  /** Returns the name of the only option with this value; undefined if none or several have it. */
  optionNamed(value: string): string | undefined;
  /** Returns "class: message" of each exception of the chain, the outermost first. */
  links(): readonly string[];
  /** True if the version of the job is at least this, or is unknown. */
  versionAtLeast(version: string): boolean;
  /** Returns the bytes of a part of the TaskManager's memory, named as in flink/memory/memory.ts. */
  memory(part: string): number | undefined;
  /**
   * Returns options (option → value) with which the TaskManager has at least this number of bytes for the network and
   * still starts.
   */
  fitNetwork(neededBytes: number): Readonly<Record<string, string>> | undefined;
  /**
   * Returns options with which one part of the TaskManager's memory has at least this size and the others keep theirs.
   */
  growMemory(part: string, bytes: number): Readonly<Record<string, string>> | undefined;
  parseSize(text: string): number | undefined;
  parseDuration(text: string): number | undefined;
}

export interface Expression {
  readonly source: string;
  /**
   * Evaluates the expression. `onFault` gets what is wrong with the expression itself; a value that is missing in this
   * log is no fault.
   */
  evaluate(values: Values, context: EvaluationContext, onFault?: (problem: string) => void): Value | undefined;
}

/** Expression with the names of the variables that it reads, or what is wrong with it. */
export type CompiledExpression =
  { readonly expression: Expression; readonly names: readonly string[] } | { readonly problem: string };

/** Compiles a text into an expression, or returns what is wrong with it in plain words. */
export function compileExpression(source: string): CompiledExpression {
  if (source.length > MAX_CHARACTERS)
    return { problem: `is ${source.length} characters long, but at most ${MAX_CHARACTERS} are allowed` };
  let program: ReturnType<typeof environment.parse>;
  try {
    program = environment.parse(source);
  } catch (error) {
    return { problem: `is not a valid expression: ${explainLimit(firstLine(error))}` };
  }
  const excess = findExcess(program.ast);
  if (excess !== undefined) return { problem: excess };
  const found = inspect(program.ast);
  if (found.calls.has('matches'))
    return { problem: 'uses matches(), which is not allowed; capture the text with `regex` (RE2) and compare it here' };
  if (found.dividesByZero) return { problem: 'divides by zero, so it never has a value' };
  const checked = program.check();
  if (!checked.valid)
    return { problem: `is not a valid expression: ${explainCheck(firstLine(checked.error), found.calls)}` };
  return {
    expression: { source, evaluate: (values, context, onFault) => evaluate(program, values, context, onFault) },
    names: [...found.names],
  };
}

/** Returns an expression that was found valid before. It is compiled when it is evaluated for the first time. */
export function deferExpression(source: string): Expression {
  let compiled: CompiledExpression | undefined;
  return {
    source,
    evaluate: (values, context, onFault) => {
      compiled ??= compileExpression(source);
      if (!('problem' in compiled)) return compiled.expression.evaluate(values, context, onFault);
      onFault?.(compiled.problem);
      return undefined;
    },
  };
}

/** Evaluates one expression in its context. Nested use is not needed, because evaluation is synchronous. */
function evaluate(
  program: (values: Record<string, unknown>) => unknown,
  values: Values,
  context: EvaluationContext,
  onFault?: (problem: string) => void,
): Value | undefined {
  current = { context, values };
  try {
    const value = toValue(program({ ...values }));
    return value !== undefined && isSmall(value) ? value : undefined;
  } catch (error) {
    // The let, reason or fix that needs the value is left out, whatever the reason.
    if (!isAbsence(error)) onFault?.(firstLine(error));
    return undefined;
  } finally {
    current = undefined;
  }
}

let current: { readonly context: EvaluationContext; readonly values: Values } | undefined;

class Missing extends Error {}

/** Error codes that a log may cause: a missing value, a zero, a number beyond all bounds. */
const ABSENCES: ReadonlySet<string> = new Set([
  'unknown_variable',
  'no_such_key',
  'index_out_of_bounds',
  'index_out_of_range',
  'division_by_zero',
  'modulo_by_zero',
  'numeric_overflow',
]);

function isAbsence(error: unknown): boolean {
  if (error instanceof Missing) return true;
  return error instanceof EvaluationError && (ABSENCES.has(error.code) || error.code.endsWith('_conversion_error'));
}

function context(): EvaluationContext {
  if (current === undefined) throw new Missing('no world');
  return current.context;
}

function need<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Missing(what);
  return value;
}

function needSize(text: string): bigint {
  return toInt(need(context().parseSize(text), `size ${text}`));
}

function needDuration(text: string): bigint {
  return toInt(need(context().parseDuration(text), `duration ${text}`));
}

/** Reads a whole number. Returns undefined if a log holds "-," or digits without end instead. */
export function readWhole(digits: string): bigint | undefined {
  return /^-?\d{1,40}$/.test(digits) ? BigInt(digits) : undefined;
}

function toInt(value: number): bigint {
  if (!Number.isFinite(value)) throw new Missing('beyond all bounds');
  return BigInt(Math.trunc(value));
}

function roundUp(value: bigint, step: bigint): bigint {
  if (step <= 0n) throw new Missing('step');
  return ((value + step - 1n) / step) * step;
}

/** Functions that a rule may call, each with its help text; rules/README.md lists the same. */
const FUNCTIONS: readonly (readonly [signature: string, handler: (...args: never[]) => unknown, help: string])[] = [
  ['kib(int): int', (n: bigint) => n * 1024n, 'KiB in bytes'],
  ['mib(int): int', (n: bigint) => n * 1048576n, 'MiB in bytes'],
  ['gib(int): int', (n: bigint) => n * 1073741824n, 'GiB in bytes'],
  ['parseSize(string): int', needSize, 'a size as Flink writes it ("64 mb", "1g", "4096") in bytes'],
  ['parseDuration(string): int', needDuration, 'a time as Flink writes it ("50 s", "10 min") in milliseconds'],
  ['roundUp(int, int): int', roundUp, 'the next multiple of the second number'],
  ['least(int, int): int', (a: bigint, b: bigint) => (a < b ? a : b), 'the smaller one'],
  ['greatest(int, int): int', (a: bigint, b: bigint) => (a > b ? a : b), 'the greater one'],
  [
    'percent(int, int): int',
    (part: bigint, whole: bigint) => (part * 100n) / whole,
    'the share of the second number, in per cent',
  ],
  [
    'known(string): bool',
    (name: string) => current?.values[name] !== undefined,
    'true when a capture or let value exists',
  ],
  [
    'hasOption(string): bool',
    (key: string) => context().option(key) !== undefined,
    "true when the job's configuration sets the option",
  ],
  [
    'option(string): string',
    (key: string) => need(context().option(key), key),
    "the job's value of an option, under today's name or an older one",
  ],
  [
    'option(string, string): string',
    (key: string, fallback: string) => context().option(key) ?? fallback,
    'the same, with a default',
  ],
  [
    'optionSize(string, string): int',
    (key: string, fallback: string) => needSize(context().option(key) ?? fallback),
    'an option that is a size, in bytes',
  ],
  [
    'optionDuration(string, string): int',
    (key: string, fallback: string) => needDuration(context().option(key) ?? fallback),
    'an option that is a time, in milliseconds',
  ],
  [
    'optionInt(string, int): int',
    (key: string, fallback: bigint) => {
      const text = context().option(key);
      return text === undefined ? fallback : need(readWhole(text.trim()), key);
    },
    'an option that is a whole number',
  ],
  [
    'optionNamed(int): string',
    (value: bigint) => need(context().optionNamed(String(value)), String(value)),
    'the name of the only option of the job that has this value, such as a port',
  ],
  ['optionNamed(string): string', (value: string) => need(context().optionNamed(value), value), 'the same, for a text'],
  [
    'links(): list<string>',
    () => [...context().links()],
    '"class: message" of each exception of the chain, the outermost first',
  ],
  [
    'versionAtLeast(string): bool',
    (version: string) => context().versionAtLeast(version),
    'true from this Flink version on, and when the version is unknown',
  ],
  [
    'memory(string): int',
    (part: string) => toInt(need(context().memory(part), part)),
    "bytes of a part of the TaskManager's memory, such as network, taskHeap, managed",
  ],
  [
    'fitNetwork(int): map<string, string>',
    (bytes: bigint) => need(context().fitNetwork(Number(bytes)), 'network memory'),
    'options that give the network so many bytes and still let the TaskManager start',
  ],
  [
    'growMemory(string, int): map<string, string>',
    (part: string, bytes: bigint) => need(context().growMemory(part, Number(bytes)), part),
    'options that make one part of the memory so large and keep the others',
  ],
];

export const EXPRESSION_FUNCTIONS: readonly { readonly signature: string; readonly help: string }[] = FUNCTIONS.map(
  ([signature, , help]) => ({ signature, help }),
);

const environment = createEnvironment();

function createEnvironment(): Environment {
  const made = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: MAX_NODES, maxDepth: MAX_NESTING },
  });
  for (const [signature, handler, help] of FUNCTIONS) made.registerFunction(signature, handler, { description: help });
  return made;
}

const MACROS = new Set(['all', 'exists', 'exists_one', 'map', 'filter', 'bind']);

interface Inspection {
  /** Names that are read, without those that a macro binds. */
  readonly names: ReadonlySet<string>;
  /** Functions that are called. */
  readonly calls: ReadonlySet<string>;
  /** True if it divides by the number 0. A value that turns out to be 0 shows only when the expression is evaluated. */
  readonly dividesByZero: boolean;
}

function inspect(ast: unknown): Inspection {
  let dividesByZero = false;
  const names = new Set<string>();
  const calls = new Set<string>();
  const bound = new Set<string>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== 'object' || node === null || !('op' in node) || !('args' in node)) return;
    const args: unknown = node.args;
    if ((node.op === '/' || node.op === '%') && Array.isArray(args) && isZero(args[1])) dividesByZero = true;
    if (node.op === 'id' && typeof args === 'string') names.add(args);
    if ((node.op === 'call' || node.op === 'rcall') && Array.isArray(args) && typeof args[0] === 'string') {
      calls.add(args[0]);
      if (node.op === 'rcall' && MACROS.has(args[0])) bindVariable(args[2], bound);
    }
    visit(args);
  };
  visit(ast);
  for (const name of [...bound, 'cel']) names.delete(name);
  return { names, calls, dividesByZero };
}

function isZero(node: unknown): boolean {
  return (
    typeof node === 'object' &&
    node !== null &&
    'op' in node &&
    node.op === 'value' &&
    'args' in node &&
    (node.args === 0n || node.args === 0)
  );
}

function bindVariable(args: unknown, bound: Set<string>): void {
  const first: unknown = Array.isArray(args) ? args[0] : undefined;
  if (
    typeof first === 'object' &&
    first !== null &&
    'op' in first &&
    first.op === 'id' &&
    'args' in first &&
    typeof first.args === 'string'
  )
    bound.add(first.args);
}

function explainCheck(message: string, calls: ReadonlySet<string>): string {
  const known = FUNCTIONS.map(([signature]) => signature.slice(0, signature.indexOf('(')));
  const strange = [...calls].find((name) => message.includes(name) && !known.includes(name));
  const nearest = strange === undefined ? undefined : findNearest(strange, known);
  return nearest === undefined ? message : `${message}; did you mean ${nearest}()?`;
}

/** Explains a limit in words of the rule, because cel-js names its own settings. */
function explainLimit(message: string): string {
  if (message.includes('maxAstNodes')) return `it has more than ${MAX_NODES} terms; split it into several \`let\``;
  if (message.includes('maxDepth')) return `it nests more than ${MAX_NESTING} deep; split it into several \`let\``;
  return message;
}

function firstLine(error: unknown): string {
  return errorText(error).split('\n')[0]?.trim() ?? 'unknown error';
}

/**
 * Maximum length of a text in UTF-16 units, and maximum number of elements. A `let` that doubles the one before it,
 * again and again, would soon fill the memory.
 */
const MAX_TEXT = 1 << 16;
const MAX_ELEMENTS = 10_000;

function isSmall(value: Value): boolean {
  if (typeof value === 'string') return value.length <= MAX_TEXT;
  if (typeof value !== 'object') return true;
  const items = Object.values(value);
  return items.length <= MAX_ELEMENTS && items.every(isSmall);
}

function toValue(result: unknown): Value | undefined {
  if (typeof result === 'string' || typeof result === 'bigint' || typeof result === 'boolean') return result;
  if (typeof result === 'number') return Number.isFinite(result) ? result : undefined;
  if (Array.isArray(result)) return result.flatMap((item) => toValue(item) ?? []);
  if (result instanceof Map) return toValue(Object.fromEntries(result));
  if (typeof result !== 'object' || result === null) return undefined;
  const entries = Object.entries(result).flatMap(([name, item]): [string, Value][] => {
    const value = toValue(item);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(entries);
}
