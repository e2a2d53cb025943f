// A log whose every line somebody else's program put a head in front of: a scheduler (Airflow, Azkaban), a system's
// journal, a site that numbers lines. Which head it is shows in front of the lines of stack traces, where nothing
// belongs; from there on it is taken off wherever a trace or a line with its own date stands behind. Called by read.ts;
// pure.
import { classifyLine, type LineClass } from '../../../flink/bytes/line.js';
import { skipWrapper } from '../../../flink/bytes/wrapper.js';

/** Behind a head: a frame, a cause, a frame of Python. */
const TRACE =
  /(?<=\s|^)(?:at (?:[\w.-]+\/)?[\w$]+(?:\.[\w$<>-]+)+\([^)\n]{0,300}\)|Caused by: [\w$]+\.|\.\.\. \d+ (?:more|common frames)|File "[^"\n]{1,500}", line \d+)/;
/** A head is seldom longer. */
const MAX_HEAD = 200;
/** Fewer lines may look alike by chance. */
const LEAST_LINES = 3;
const LEAST_SHARE = 0.8;
/** The first trace seldom comes later. */
export const PREFIX_LOOK_BYTES = 65_536;

export function looksPrefixed(head: string): boolean {
  return findPrefix(head) !== undefined;
}

export function cleanPrefix(text: string): string {
  const prefix = findPrefix(text.slice(0, PREFIX_LOOK_BYTES));
  if (prefix === undefined) return text;
  return text
    .split('\n')
    .map((line) => takeOff(line, prefix))
    .join('\n');
}

/**
 * The shape that most lines of traces have in front, undefined when they stand bare or behind what wrapper.ts knows.
 */
function findPrefix(text: string): RegExp | undefined {
  const counts = new Map<string, number>();
  let lines = 0;
  for (const line of text.split('\n')) {
    const at = TRACE.exec(line)?.index ?? -1;
    if (at < 0 || at > MAX_HEAD) continue;
    lines++;
    const head = line.slice(0, at).trimEnd();
    if (head === '' || isKnown(line)) continue;
    const shape = shapeOf(head);
    counts.set(shape, (counts.get(shape) ?? 0) + 1);
  }
  const [shape, count] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? ['', 0];
  return count < LEAST_LINES || count < LEAST_SHARE * lines ? undefined : new RegExp(`^${shape}(?: -)?[ \\t]?`);
}

function isKnown(line: string): boolean {
  const bytes = Buffer.from(line);
  return skipWrapper(bytes, 0, bytes.length) > 0;
}

/** Numbers differ from line to line, and so does the width of a level. */
function shapeOf(head: string): string {
  return head
    .replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
    .replace(/\d+/g, '\\d+')
    .replace(/\b(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\b/g, '[A-Z]+')
    .replace(/\s+/g, '\\s+');
}

/** A head with a time stays in front of a line that has none of its own and is no part of a trace. */
function takeOff(line: string, prefix: RegExp): string {
  const head = prefix.exec(line)?.[0];
  if (head === undefined) return line;
  const rest = line.slice(head.length);
  const kind = classify(rest);
  if (kind !== 'plain' && kind !== 'level' && kind !== 'exception') return rest;
  const whole = classify(line);
  return whole === 'dated' || whole === 'clock' ? line : rest;
}

function classify(line: string): LineClass {
  const bytes = Buffer.from(line);
  return classifyLine(bytes, 0, bytes.length);
}
