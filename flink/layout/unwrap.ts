// Removes the prefixes that container runtimes, their tools and people put before the lines of an entry (wrapper.ts).
// split.ts has decided before which bytes are one entry.
import { isPartialLine, skipWrapper } from '../bytes/wrapper.js';
import { UTC_CLOCK } from './local-time.js';
import { readTimestamp } from './timestamp.js';

const MORE = 62;

export interface Unwrapped {
  readonly wrapper?: 'docker' | 'cri' | 'compose' | 'stamped' | 'kubectl' | 'beam' | 'quoted';
  readonly text: string;
  /** Time at which the runtime took the line. */
  readonly taken?: number;
}

/** Unwraps an entry. Bytes that are no valid UTF-8 become U+FFFD; colours and carriage returns are dropped. */
export function unwrapEntry(bytes: Buffer): Unwrapped {
  if (skipWrapper(bytes, 0, lineEnd(bytes, 0)) === 0) return { text: plainText(bytes.toString('utf8')) };
  if (bytes[0] === MORE)
    return { wrapper: 'quoted', text: plainText(bytes.toString('utf8')).replace(/^(?:> ?)+/gm, '') };
  const lines: string[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = lineEnd(bytes, start);
    const content = isDocker(bytes, start)
      ? dockerText(bytes.toString('utf8', start, end))
      : bytes.toString('utf8', skipWrapper(bytes, start, end), end);
    lines.push(content, isPartialLine(bytes, start, end) ? '' : '\n');
    start = end + 1;
  }
  const first = bytes.toString('utf8', 0, lineEnd(bytes, 0));
  const wrapper = wrapperOf(bytes, first);
  const text = plainText(lines.join('')).trimEnd();
  return { wrapper, text: wrapper === 'compose' ? joinBroken(text) : text, taken: wrapperTime(first) };
}

/**
 * Joins `taskmanager-1` in one line and `| text` in the next: a web page broke the lines of docker compose after the
 * name.
 */
function joinBroken(text: string): string {
  return text.includes('\n | ') ? text.replace(/^[\w.-]+[ \t]*\n \| /gm, '') : text;
}

function wrapperOf(bytes: Buffer, first: string): 'docker' | 'cri' | 'compose' | 'stamped' | 'kubectl' | 'beam' {
  if (isDocker(bytes, 0)) return 'docker';
  if (/^\S+ std(?:out|err) [FP]/.test(first)) return 'cri';
  if (/^\d{4}-/.test(first)) return 'stamped';
  if (first.includes(':apache_beam.utils.')) return 'beam';
  return /^[\w.-]+ +\|/.test(first) ? 'compose' : 'kubectl';
}

function isDocker(bytes: Buffer, start: number): boolean {
  return bytes.toString('latin1', start, start + 8) === '{"log":"';
}

/** Returns the `log` of one line, or the line itself if it was cut and is not valid JSON. */
function dockerText(line: string): string {
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed !== 'object' || parsed === null || !('log' in parsed) || typeof parsed.log !== 'string')
      return line;
    return parsed.log.replace(/\r?\n$/, '');
  } catch (error) {
    if (error instanceof SyntaxError) return line;
    throw error;
  }
}

function wrapperTime(line: string): number | undefined {
  const docker = line.lastIndexOf('"time":"');
  return readTimestamp(line, docker === -1 ? 0 : docker + 8, UTC_CLOCK)?.time;
}

function plainText(text: string): string {
  const unix = text.includes('\r') ? text.replaceAll('\r\n', '\n').replace(/\r$/, '') : text;
  // eslint-disable-next-line no-control-regex -- colours are control characters
  return unix.includes('\u001b') ? unix.replace(/\u001b\[[\d;]*m/g, '') : unix;
}

function lineEnd(bytes: Buffer, start: number): number {
  const end = bytes.indexOf(10, start);
  return end === -1 ? bytes.length : end;
}
