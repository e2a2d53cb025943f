// Removes the prefixes that another program put in front of every line of a log: a scheduler (Airflow, Azkaban), a
// system's journal, a site that numbers lines. The prefix is visible in front of the lines of stack traces, where
// nothing belongs. It is removed wherever a trace or a line with its own date stands behind it. Pure functions.
import { classifyLine, type LineClass } from '../../flink/bytes/line.js';
import { skipWrapper } from '../../flink/bytes/wrapper.js';

/** Text after a prefix: a frame, a cause, a frame of Python. */
const TRACE =
  /(?<=\s|^)(?:at (?:[\w.-]+\/)?[\w$]+(?:\.[\w$<>-]+)+\([^)\n]{0,300}\)|Caused by: [\w$]+\.|\.\.\. \d+ (?:more|common frames)|File "[^"\n]{1,500}", line \d+)/;
/** Maximum length of a prefix; a longer one is rare. */
const MAX_PREFIX = 200;
/** Minimum number of lines with the same prefix. Fewer lines may be alike by chance. */
const LEAST_LINES = 3;
const MIN_SHARE = 0.8;
/** Number of bytes that are searched for a prefix. The first trace seldom comes later. */
export const PREFIX_PROBE_BYTES = 65_536;

export function mayHavePrefix(start: string): boolean {
  return findPrefix(start) !== undefined;
}

export function cleanPrefix(text: string): string {
  const prefix = findPrefix(text.slice(0, PREFIX_PROBE_BYTES));
  if (prefix === undefined) return text;
  return text
    .split('\n')
    .map((line) => takeOff(line, prefix))
    .join('\n');
}

/**
 * Returns the shape that most lines of traces have in front; undefined if they have no prefix or one that
 * wrapper.ts knows.
 */
function findPrefix(text: string): RegExp | undefined {
  const counts = new Map<string, number>();
  let lines = 0;
  for (const line of text.split('\n')) {
    const at = TRACE.exec(line)?.index ?? -1;
    if (at < 0 || at > MAX_PREFIX) continue;
    lines++;
    const prefix = line.slice(0, at).trimEnd();
    if (prefix === '' || isKnown(line)) continue;
    const shape = shapeOf(prefix);
    counts.set(shape, (counts.get(shape) ?? 0) + 1);
  }
  const [shape, count] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? ['', 0];
  return count < LEAST_LINES || count < MIN_SHARE * lines ? undefined : new RegExp(`^${shape}(?: -)?[ \\t]?`);
}

function isKnown(line: string): boolean {
  const bytes = Buffer.from(line);
  return skipWrapper(bytes, 0, bytes.length) > 0;
}

/** Returns the shape of a prefix. Numbers differ from line to line, and so does the width of a level. */
function shapeOf(start: string): string {
  return start
    .replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
    .replace(/\d+/g, '\\d+')
    .replace(/\b(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\b/g, '[A-Z]+')
    .replace(/\s+/g, '\\s+');
}

/**
 * Removes the prefix of a line. A prefix with a time stays if the line has no time of its own and is no part of a
 * trace.
 */
function takeOff(line: string, prefix: RegExp): string {
  const start = prefix.exec(line)?.[0];
  if (start === undefined) return line;
  const rest = line.slice(start.length);
  const kind = classify(rest);
  if (kind !== 'plain' && kind !== 'level' && kind !== 'exception') return rest;
  const whole = classify(line);
  return whole === 'dated' || whole === 'clock' ? line : rest;
}

function classify(line: string): LineClass {
  const bytes = Buffer.from(line);
  return classifyLine(bytes, 0, bytes.length);
}
