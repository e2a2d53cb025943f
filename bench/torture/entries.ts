// Renders what the writers write: entries as processes of Flink log them. Each has its own name in its first line, by
// which the ledger finds it in the store. The text is easy to break: multi-byte characters, quotes, tabs.
import type { Dice } from './dice.js';

/** Name of an entry in its first line, e.g. `entry plain-1-7`. */
export const NAME = /\bentry ([a-z]+-\d+-\d+)\b/;
const DAY_MS = 86_400_000;
const WORDS = [
  'checkpoint',
  'of',
  'job',
  '"orders"',
  'C:\\temp',
  'took\t12 ms',
  '磁盘空间不足',
  'größer',
  '😀',
  '{"a":[1,2]}',
  'slot',
  'released',
  '100%',
  'vertex',
  "don't",
  '<html>',
];
const LOGGERS = ['org.example.shop.Orders', 'org.apache.flink.runtime.taskmanager.Task', 'org.example.Writer'];
/**
 * Share of entries with a stack trace. All traces have the same class, so that Elasticsearch can be made to accept only
 * numbers.
 */
const TRACE_SHARE = 0.1;
const LONG_SHARE = 0.002;
const LONG_UNITS = [20_000, 200_000] as const;

export interface EntryText {
  readonly name: string;
  /** Text without the last line break. */
  readonly text: string;
}

/** Renders an entry. `daysAgo` moves it to an earlier day. */
export function renderEntry(dice: Dice, name: string, daysAgo = 0): EntryText {
  const stamp = new Date(Date.now() - daysAgo * DAY_MS).toISOString().replace('T', ' ').replace('.', ',').slice(0, 23);
  const isFailure = dice.chance(TRACE_SHARE);
  const head = `${stamp} ${isFailure ? 'WARN ' : 'INFO '} ${dice.pick(LOGGERS).padEnd(60)} [] - ${renderMessage(dice, name)}`;
  return { name, text: isFailure ? [head, ...renderTrace(dice)].join('\n') : head };
}

/** Renders a line that a program prints. */
export function renderPrinted(dice: Dice, name: string): EntryText {
  return { name, text: renderMessage(dice, name) };
}

function renderMessage(dice: Dice, name: string): string {
  const words = Array.from({ length: dice.between([1, 20]) }, () => dice.pick(WORDS)).join(' ');
  return `entry ${name} ${dice.chance(LONG_SHARE) ? 'x'.repeat(dice.between(LONG_UNITS)) : ''}${words}`;
}

function renderTrace(dice: Dice): string[] {
  const frames = (count: number): string[] =>
    Array.from({ length: count }, (_, at) => `\tat org.example.shop.Orders.lambda$map$${at}(Orders.java:${at + 40})`);
  return [
    `java.lang.IllegalStateException: state ${dice.pick(WORDS)}`,
    ...frames(dice.between([1, 12])),
    ...(dice.chance(0.5) ? ['Caused by: java.io.IOException: No space left on device', ...frames(3)] : []),
    '\t... 42 more',
  ];
}
