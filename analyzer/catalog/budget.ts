// Estimates the cost of an expression before anything runs: the maximum number of steps of its evaluation, and the
// maximum size of its value. The estimate is an upper bound, computed from the tree of the parsed expression. A list
// that is walked inside the walk of another list multiplies the cost; so does a name bound to a value that holds
// another name twice. expression.ts refuses an expression above the limit. Pure functions.

/** Maximum length of the text, checked before it is parsed. */
export const MAX_CHARACTERS = 20_000;
/** Maximum number of nodes. `a + b + …` nests as often as it has terms, and more would not fit on the stack. */
export const MAX_NODES = 2_000;
export const MAX_NESTING = 150;
/** Maximum number of steps of an evaluation, and of elements or texts in a value. */
const MAX_WORK = 100_000;
/** Assumed size of a variable, because nobody knows its value in advance. */
const VARIABLE_SIZE = 100;
/** Assumed size of the result of `split`: a text falls into as many pieces as it has characters. */
const SPLIT_SIZE = 1_000;

/** Macros that walk over a list; the value of `map` holds the result of each step. */
const WALKS = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);

interface Cost {
  readonly steps: number;
  readonly size: number;
}

type Bound = ReadonlyMap<string, number>;

/** Returns the reason why the expression is refused, in plain words; undefined if it may run. */
export function findExcess(tree: unknown): string | undefined {
  const { steps, size } = estimate(tree, new Map());
  if (Math.max(steps, size) <= MAX_WORK) return undefined;
  return `may take ${printCount(Math.max(steps, size))} steps, but at most ${MAX_WORK} are allowed; nest fewer map(), filter(), exists(), all() or bind(), or walk over shorter lists`;
}

function printCount(count: number): string {
  return count < 1e9 ? String(Math.round(count)) : 'more than 1000000000';
}

function estimate(node: unknown, bound: Bound): Cost {
  if (Array.isArray(node)) return sum(node.map((item) => estimate(item, bound)));
  if (!isNode(node)) return { steps: 0, size: 0 };
  const { op, args } = node;
  if (op === 'id') return { steps: 1, size: (typeof args === 'string' ? bound.get(args) : undefined) ?? VARIABLE_SIZE };
  if (op === 'value') return { steps: 1, size: 1 };
  if (op === 'rcall' && Array.isArray(args)) return estimateCall(String(args[0]), args[1], toList(args[2]), bound);
  const inner = estimate(args, bound);
  return { steps: inner.steps + 1, size: Math.max(1, inner.size) };
}

function estimateCall(name: string, receiver: unknown, args: readonly unknown[], bound: Bound): Cost {
  const [first, ...rest] = args;
  const variable = isNode(first) && first.op === 'id' && typeof first.args === 'string' ? first.args : undefined;
  if (variable !== undefined && name === 'bind') {
    const value = estimate(rest[0], bound);
    const body = estimate(rest[1], new Map([...bound, [variable, value.size]]));
    return { steps: value.steps + body.steps + 1, size: body.size };
  }
  const whole = estimate(receiver, bound);
  if (variable !== undefined && WALKS.has(name)) {
    const step = estimate(rest, new Map([...bound, [variable, whole.size]]));
    return {
      steps: whole.steps + whole.size * (step.steps + 1),
      size: name === 'map' ? whole.size * Math.max(1, step.size) : whole.size,
    };
  }
  const others = estimate(args, bound);
  const steps = whole.steps + others.steps + 1;
  if (name === 'split') return { steps, size: Math.max(SPLIT_SIZE, whole.size) };
  if (name === 'join') return { steps, size: whole.size * Math.max(1, others.size) };
  return { steps, size: Math.max(1, whole.size + others.size) };
}

function sum(costs: readonly Cost[]): Cost {
  return costs.reduce((all, { steps, size }) => ({ steps: all.steps + steps, size: all.size + size }), {
    steps: 0,
    size: 0,
  });
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isNode(value: unknown): value is { readonly op: string; readonly args: unknown } {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}
