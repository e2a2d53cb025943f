// Classifies the bytes of one line. It is a state machine over bytes that creates no string, because every line of
// every file is classified. At most LINE_PROBE_BYTES of a line are examined, so that the result is the same however
// the line was cut into chunks. The content of a line is not interpreted here.
import { at, digits, isDigit, isNameByte, skipBlanks, skipByte, startsWithAny } from './byte.js';
import { skipColors, skipLevel, skipLevelBracket } from './level.js';
import { isKlog, isMonthFirst, isUptime, scanTimestamp } from './stamp.js';
import { isBareFrame, isExceptionHeader, isMore, isPythonFrame, isTracebackHeader, traceClass } from './trace.js';
import { LINE_PROBE_BYTES, skipWrapper } from './wrapper.js';

/**
 * Kinds of lines: blank · indented · trace (`at …`, `... 3 more`) · cause (`Caused by:`, `Suppressed:`) · python
 * (`File "…", line 3`) · dated (full date) · clock (time of day only) · level (`WARN  a.b.C …`, `[main] WARN a.b.C …`:
 * no date) · json (with a field that events have) · brace (another object, or the first line of one) · list (brackets
 * and commas around objects) · xml (an event) · inside (of an object over several lines, by the lines before) ·
 * exception (`a.b.CException: …`, `Traceback …`) · thread (`Exception in thread "…"`) · note (a line that the JVM
 * prints) · crash (`# There is insufficient memory …`) · hash (another line `# …`) · plain.
 */
export type LineClass =
  | 'blank'
  | 'indented'
  | 'trace'
  | 'cause'
  | 'python'
  | 'dated'
  | 'clock'
  | 'level'
  | 'json'
  | 'brace'
  | 'list'
  | 'xml'
  | 'inside'
  | 'exception'
  | 'thread'
  | 'note'
  | 'crash'
  | 'hash'
  | 'plain';

const TAB = 9;
const ESCAPE = 27;
const SPACE = 32;
const QUOTE = 34;
const HASH = 35;
const COMMA = 44;
const DASH = 45;
const DOT = 46;
const COLON = 58;
const LESS = 60;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const PIPE = 124;
const DOCKER_ESCAPES = Buffer.from('n"');
const LEVEL_LETTERS = Buffer.from('TDIWEF');
const THREAD_PREFIXES = ['Exception in thread "'].map((text) => Buffer.from(text));
const NOTE_PREFIXES = [
  'Exception: java.lang.',
  'Terminating due to java.lang.',
  'Aborting due to java.lang.',
  'OpenJDK 64-Bit Server VM warning',
  'Java HotSpot(TM) 64-Bit Server VM warning',
].map((text) => Buffer.from(text));
const CRASH_PREFIXES = [
  '# There is insufficient memory',
  '# A fatal error has been detected',
  '# java.lang.OutOfMemoryError',
].map((text) => Buffer.from(text));
const XML_PREFIXES = ['<Event ', '<log4j:event ', '<record>'].map((text) => Buffer.from(text));
/** Texts around all events of a file. */
const XML_FRAMES = ['<?xml ', '<!DOCTYPE log', '<Events', '</Events>', '<log>', '</log>'].map((text) =>
  Buffer.from(text),
);
const JSON_KEYS = [
  '"@timestamp"',
  '"timestamp"',
  '"level"',
  '"log.level"',
  '"instant"',
  '"time"',
  '"ts"',
  '"applicationARN"',
  // Templates of log4j that put a long message, or the trace, before time and level.
  '"short_message"',
  '"timestampSeconds"',
  '"exception_class"',
  '"@version"',
  // Exports of log stores, which wrap what was logged.
  '"severity"',
  '"jsonPayload"',
  '"textPayload"',
  '"insertId"',
  '"_source"',
  '"loggerName"',
].map((key) => Buffer.from(key));

export function classifyLine(bytes: Buffer, lineStart: number, lineEnd: number): LineClass {
  const limit = Math.min(lineEnd, lineStart + LINE_PROBE_BYTES);
  const inner = skipWrapper(bytes, lineStart, limit);
  const end = limit === lineEnd ? trimEnd(bytes, inner, limit) : limit;
  const start = skipColors(bytes, inner, end);
  if (start >= end) return 'blank';
  const first = at(bytes, start);
  if (first === TAB || first === SPACE || (first === BACKSLASH && at(bytes, start + 1) === 116))
    return classifyIndented(bytes, start, end);
  if (first >= 48 && first <= 57) return classifyAfterTime(bytes, start, end);
  if (first === OPEN_BRACKET || first === CLOSE_BRACKET || first === COMMA) return classifyList(bytes, start, end);
  if (first === OPEN_BRACE) return classifyObject(bytes, start, end);
  if (first === LESS) return classifyElement(bytes, start, end);
  if (first === HASH) return startsWithAny(bytes, start, end, CRASH_PREFIXES) ? 'crash' : 'hash';
  if (first === DOT) return isMore(bytes, start, end) ? 'trace' : 'plain';
  return classifyWord(bytes, start, end);
}

function classifyElement(bytes: Buffer, start: number, end: number): LineClass {
  if (startsWithAny(bytes, start, end, XML_PREFIXES)) return 'xml';
  if (!startsWithAny(bytes, start, end, XML_FRAMES)) return classifyWord(bytes, start, end);
  const line = bytes.subarray(start, end);
  return XML_PREFIXES.some((event) => line.includes(event)) ? 'xml' : 'list';
}

/** Classifies a line that begins with the punctuation around the objects of a list: `[`, `]`, `, {`. */
function classifyList(bytes: Buffer, start: number, end: number): LineClass {
  const object = skipListPunctuation(bytes, start, end);
  if (object === end) return 'list';
  if (at(bytes, object) === OPEN_BRACE) {
    const line = classifyObject(bytes, object, end);
    if (line !== 'plain') return line;
  }
  return at(bytes, start) === OPEN_BRACKET ? classifyBracket(bytes, start, end) : 'plain';
}

function skipListPunctuation(bytes: Buffer, start: number, end: number): number {
  let p = start;
  for (; p < end; p += 1) {
    const byte = at(bytes, p);
    if (byte !== OPEN_BRACKET && byte !== CLOSE_BRACKET && byte !== COMMA && byte !== SPACE && byte !== TAB) break;
  }
  return p;
}

function classifyObject(bytes: Buffer, start: number, end: number): LineClass {
  const inner = skipBlanks(bytes, start + 1, end);
  // Docker keeps the text as a JSON string, so a line break or a quote has a backslash before it.
  if (inner === end || (at(bytes, inner) === BACKSLASH && DOCKER_ESCAPES.includes(at(bytes, inner + 1))))
    return 'brace';
  if (at(bytes, inner) !== QUOTE) return 'plain';
  return holdsEventField(bytes, start, end) ? 'json' : 'brace';
}

function classifyIndented(bytes: Buffer, start: number, end: number): LineClass {
  const text = skipBlanks(bytes, start, end);
  return traceClass(bytes, text, end) ?? (isPythonFrame(bytes, text, end) ? 'python' : 'indented');
}

function classifyAfterTime(bytes: Buffer, start: number, end: number): LineClass {
  const stamp = scanTimestamp(bytes, start, end);
  if (stamp === undefined)
    return isBareFrame(bytes, start, end)
      ? 'trace'
      : isThreaded(bytes, skipCount(bytes, start, end), end)
        ? 'level'
        : 'plain';
  if (stamp.end < end && !isAfterTime(at(bytes, stamp.end))) return 'plain';
  const rest = skipLevelBracket(bytes, skipBlanks(bytes, stamp.end, end), end);
  return traceClass(bytes, rest, end) ?? (stamp.full ? 'dated' : 'clock');
}

function classifyBracket(bytes: Buffer, start: number, end: number): LineClass {
  const stamp = scanTimestamp(bytes, start, end);
  if (stamp !== undefined) return stamp.full ? 'dated' : 'clock';
  if (isUptime(bytes, start + 1, end)) return 'dated';
  const inner = skipLevelBracket(bytes, start, end);
  if (inner === start) return isThreaded(bytes, start, end) ? 'level' : 'plain';
  const trace = traceClass(bytes, inner, end);
  if (trace !== undefined) return trace;
  const dated = scanTimestamp(bytes, inner, end);
  if (dated !== undefined) return dated.full ? 'dated' : 'clock';
  return 'plain';
}

function classifyWord(bytes: Buffer, start: number, end: number): LineClass {
  const trace = traceClass(bytes, start, end);
  if (trace !== undefined) return trace;
  if (startsWithAny(bytes, start, end, THREAD_PREFIXES)) return 'thread';
  if (startsWithAny(bytes, start, end, NOTE_PREFIXES)) return 'note';
  const afterLevel = skipLevel(bytes, start, end);
  if (afterLevel > start) {
    const stamp = scanTimestamp(bytes, skipBlanks(bytes, skipByte(bytes, afterLevel, COLON), end), end);
    return stamp === undefined
      ? isLogger(bytes, skipBlanks(bytes, afterLevel, end), end)
        ? 'level'
        : 'plain'
      : stamp.full
        ? 'dated'
        : 'clock';
  }
  if (isKlog(bytes, start, end) || isMonthFirst(bytes, start, end) || isLettered(bytes, start, end)) return 'dated';
  if (isPythonFrame(bytes, start, end)) return 'python';
  return isExceptionHeader(bytes, start, end) || isTracebackHeader(bytes, start, end) ? 'exception' : 'plain';
}

/** Returns true for `W 2018-08-07 05:43:13,867 …`, where the level is a letter. */
function isLettered(bytes: Buffer, start: number, end: number): boolean {
  if (at(bytes, start + 1) !== SPACE || !LEVEL_LETTERS.includes(at(bytes, start))) return false;
  const stamp = skipBlanks(bytes, start + 1, end);
  return digits(bytes, stamp, 4) && scanTimestamp(bytes, stamp, end)?.full === true;
}

/** Skips milliseconds and a blank. */
function skipCount(bytes: Buffer, start: number, end: number): number {
  let p = start;
  while (p < end && isDigit(at(bytes, p))) p += 1;
  return skipByte(bytes, p, SPACE);
}

/** Returns true for `[main] WARN a.b.C …`, which SLF4J's simple logger writes, and log4j 1 after its milliseconds. */
function isThreaded(bytes: Buffer, start: number, end: number): boolean {
  if (at(bytes, start) !== OPEN_BRACKET) return false;
  for (let p = start + 1; p < end; p += 1) {
    if (at(bytes, p) !== CLOSE_BRACKET || at(bytes, p + 1) !== SPACE) continue;
    const level = p + 2;
    const after = skipLevel(bytes, level, end);
    if (after > level && isLogger(bytes, skipBlanks(bytes, after, end), end)) return true;
  }
  return false;
}

/** Returns true for `org.apache.A` or `o.a.A` and a blank. */
function isLogger(bytes: Buffer, start: number, end: number): boolean {
  let p = start;
  let dots = 0;
  while (p < end && isNameByte(at(bytes, p))) {
    if (at(bytes, p) === DOT) dots += 1;
    p += 1;
  }
  return dots > 0 && p < end && at(bytes, p) === SPACE && at(bytes, p - 1) !== DOT;
}

/** Returns true if at most LINE_PROBE_BYTES of the line hold a field that events have. */
export function holdsEventField(bytes: Buffer, start: number, end: number): boolean {
  const probe = bytes.subarray(start, Math.min(end, start + LINE_PROBE_BYTES));
  return JSON_KEYS.some((key) => probe.includes(key));
}

function trimEnd(bytes: Buffer, start: number, end: number): number {
  let p = end;
  while (p > start && (at(bytes, p - 1) === SPACE || at(bytes, p - 1) === TAB || at(bytes, p - 1) === 13)) p -= 1;
  return p;
}

function isAfterTime(byte: number): boolean {
  return (
    byte === SPACE ||
    byte === TAB ||
    byte === COLON ||
    byte === CLOSE_BRACKET ||
    byte === OPEN_BRACKET ||
    byte === PIPE ||
    byte === DASH ||
    byte === COMMA ||
    byte === BACKSLASH ||
    byte === ESCAPE
  );
}
