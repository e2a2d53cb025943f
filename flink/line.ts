// Bytes of one line → what kind of line it is. A state machine over bytes: no string is made for a line, because every
// line of every file comes by here. At most LINE_LOOK_BYTES of a line are looked at, so that the answer is the same
// however the line was cut into chunks. Called by layout.ts (isEntryStart) and frame.ts; what a line says is not its task.

/** More of a line is never looked at. */
export const LINE_LOOK_BYTES = 512;

/**
 * blank · indented · trace (`at …`, `... 3 more`) · cause (`Caused by:`, `Suppressed:`) · dated (full date) · clock (time of day only) ·
 * json · exception (`a.b.CException: …`) · thread (`Exception in thread "…"`) · note (a line that the JVM prints) ·
 * crash (`# There is insufficient memory …`) · hash (another line `# …`) · plain.
 */
export type LineClass = 'blank' | 'indented' | 'trace' | 'cause' | 'dated' | 'clock' | 'json' | 'exception' | 'thread' | 'note' | 'crash' | 'hash' | 'plain';

const TAB = 9;
const ESCAPE = 27;
const SPACE = 32;
const QUOTE = 34;
const HASH = 35;
const OPEN_PAREN = 40;
const CLOSE_PAREN = 41;
const COMMA = 44;
const DASH = 45;
const DOT = 46;
const SLASH = 47;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const PIPE = 124;

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARNING', 'WARN', 'ERROR', 'FATAL', 'SEVERE'].map((level) => Buffer.from(level));
const TRACE_HEADS = ['Caused by: ', 'Suppressed: ', 'Wrapped by: ', 'Caused by:', 'Suppressed:'].map((head) => Buffer.from(head));
const THREAD_HEADS = ['Exception in thread "'].map((head) => Buffer.from(head));
const NOTE_HEADS = ['Exception: java.lang.', 'Terminating due to java.lang.', 'Aborting due to java.lang.', 'OpenJDK 64-Bit Server VM warning', 'Java HotSpot(TM) 64-Bit Server VM warning'].map((head) => Buffer.from(head));
const CRASH_HEADS = ['# There is insufficient memory', '# A fatal error has been detected', '# java.lang.OutOfMemoryError'].map((head) => Buffer.from(head));
const JSON_KEYS = ['"@timestamp"', '"timestamp"', '"level"', '"log.level"', '"instant"', '"time"', '"ts"'].map((key) => Buffer.from(key));
const MONTHS = ['Jan ', 'Feb ', 'Mar ', 'Apr ', 'May ', 'Jun ', 'Jul ', 'Aug ', 'Sep ', 'Oct ', 'Nov ', 'Dec '].map((month) => Buffer.from(month));
const DOCKER_HEAD = Buffer.from('{"log":"');
const STDOUT = Buffer.from(' stdout ');
const STDERR = Buffer.from(' stderr ');

export function classifyLine(bytes: Buffer, lineStart: number, lineEnd: number): LineClass {
  const limit = Math.min(lineEnd, lineStart + LINE_LOOK_BYTES);
  const inner = skipWrapper(bytes, lineStart, limit);
  const end = limit === lineEnd ? trimEnd(bytes, inner, limit) : limit;
  const start = skipColors(bytes, inner, end);
  if (start >= end) return 'blank';
  const first = at(bytes, start);
  if (first === TAB || first === SPACE || (first === BACKSLASH && at(bytes, start + 1) === 116)) return classifyIndented(bytes, start, end);
  if (first >= 48 && first <= 57) return classifyAfterTime(bytes, start, end);
  if (first === OPEN_BRACKET) return classifyBracket(bytes, start, end);
  if (first === OPEN_BRACE) return isJsonEntry(bytes, start, end) ? 'json' : 'plain';
  if (first === HASH) return startsWithAny(bytes, start, end, CRASH_HEADS) ? 'crash' : 'hash';
  if (first === DOT) return isMore(bytes, start, end) ? 'trace' : 'plain';
  return classifyWord(bytes, start, end);
}

/** The first byte behind a Docker, CRI, `docker compose` or `kubectl logs --timestamps` prefix; `start` when there is none. */
export function skipWrapper(bytes: Buffer, start: number, end: number): number {
  const first = at(bytes, start);
  if (first === OPEN_BRACE) return startsWith(bytes, start, end, DOCKER_HEAD) ? start + DOCKER_HEAD.length : start;
  if (first === 50) {
    const content = skipCri(bytes, start, end);
    if (content > start) return content;
  }
  return isNameByte(first) ? skipCompose(bytes, start, end) : start;
}

/** True for a line that goes on in the next line: a `P` line of CRI, a piece of a Docker json-file. */
export function isPartialLine(bytes: Buffer, start: number, end: number): boolean {
  if (at(bytes, start) === OPEN_BRACE) {
    if (!startsWith(bytes, start, end, DOCKER_HEAD)) return false;
    const stream = bytes.subarray(start, end).lastIndexOf('","stream":"');
    return stream > DOCKER_HEAD.length && !(at(bytes, start + stream - 1) === 110 && at(bytes, start + stream - 2) === BACKSLASH);
  }
  const content = criContent(bytes, start, Math.min(end, start + LINE_LOOK_BYTES));
  return content > start && at(bytes, content - 2) === 80;
}

/** Index behind the time stamp that begins at `start`, or -1. `full` is set by a date, not by a time of day alone. */
export function scanTimestamp(bytes: Buffer, start: number, end: number): { readonly end: number; readonly full: boolean } | undefined {
  const bracket = at(bytes, start) === OPEN_BRACKET;
  const p = bracket ? start + 1 : start;
  const date = scanDate(bytes, p, end);
  const time = scanTime(bytes, date, end);
  if (time < 0) return undefined;
  return { end: scanZone(bytes, scanFraction(bytes, time, end), end), full: date > p };
}

function classifyIndented(bytes: Buffer, start: number, end: number): LineClass {
  return traceClass(bytes, skipBlanks(bytes, start, end), end) ?? 'indented';
}

function classifyAfterTime(bytes: Buffer, start: number, end: number): LineClass {
  const stamp = scanTimestamp(bytes, start, end);
  if (stamp === undefined) return isBareFrame(bytes, start, end) ? 'trace' : 'plain';
  if (stamp.end < end && !isAfterTime(at(bytes, stamp.end))) return 'plain';
  const rest = skipLevelBracket(bytes, skipBlanks(bytes, stamp.end, end), end);
  return traceClass(bytes, rest, end) ?? (stamp.full ? 'dated' : 'clock');
}

function classifyBracket(bytes: Buffer, start: number, end: number): LineClass {
  const stamp = scanTimestamp(bytes, start, end);
  if (stamp !== undefined) return stamp.full ? 'dated' : 'clock';
  if (isUptime(bytes, start + 1, end)) return 'dated';
  const inner = skipLevelBracket(bytes, start, end);
  if (inner === start) return 'plain';
  const trace = traceClass(bytes, inner, end);
  if (trace !== undefined) return trace;
  const dated = scanTimestamp(bytes, inner, end);
  if (dated !== undefined) return dated.full ? 'dated' : 'clock';
  return 'plain';
}

function classifyWord(bytes: Buffer, start: number, end: number): LineClass {
  const trace = traceClass(bytes, start, end);
  if (trace !== undefined) return trace;
  if (startsWithAny(bytes, start, end, THREAD_HEADS)) return 'thread';
  if (startsWithAny(bytes, start, end, NOTE_HEADS)) return 'note';
  const afterLevel = skipLevel(bytes, start, end);
  if (afterLevel > start) {
    const stamp = scanTimestamp(bytes, skipBlanks(bytes, skipByte(bytes, afterLevel, COLON), end), end);
    return stamp === undefined ? 'plain' : stamp.full ? 'dated' : 'clock';
  }
  if (isKlog(bytes, start, end) || isMonthFirst(bytes, start, end)) return 'dated';
  return isExceptionHeader(bytes, start, end) ? 'exception' : 'plain';
}

/** `java.io.IOException: text`, `a.b.CError`: a dotted name that ends like a throwable, then a colon, a brace or the end. */
function isExceptionHeader(bytes: Buffer, start: number, end: number): boolean {
  let dots = 0;
  let p = start;
  for (; p < end; p += 1) {
    const byte = at(bytes, p);
    if (byte === DOT) dots += 1;
    else if (!isNameByte(byte) && byte !== 36) break;
  }
  if (dots < 1 || p - start < 9) return false;
  const next = at(bytes, p);
  if (p < end && next !== COLON && next !== OPEN_BRACE && next !== SPACE) return false;
  if (next === SPACE && p + 1 < end) return false;
  return endsWithThrowable(bytes, start, p);
}

function endsWithThrowable(bytes: Buffer, start: number, end: number): boolean {
  const last = Math.max(start, end - 24);
  const tail = bytes.toString('latin1', last, end);
  return tail.endsWith('Exception') || tail.endsWith('Error') || tail.endsWith('Throwable') || tail.endsWith('Failure') || tail.includes('Exception$') || tail.endsWith('Exit');
}

function traceClass(bytes: Buffer, start: number, end: number): 'trace' | 'cause' | undefined {
  const first = at(bytes, start);
  if (first === 97 && at(bytes, start + 1) === 116 && at(bytes, start + 2) === SPACE) return isFrame(bytes, start + 3, end) ? 'trace' : undefined;
  if (first === DOT) return isMore(bytes, start, end) ? 'trace' : undefined;
  if ((first === 67 || first === 83 || first === 87) && startsWithAny(bytes, start, end, TRACE_HEADS)) return 'cause';
  return isBareFrame(bytes, start, end) ? 'trace' : undefined;
}

/** Behind `at `: a dotted name and a parenthesis, with no blank between (module names such as `java.base/` may stand in front). */
function isFrame(bytes: Buffer, start: number, end: number): boolean {
  let dots = 0;
  for (let p = start; p < end; p += 1) {
    const byte = at(bytes, p);
    if (byte === OPEN_PAREN) return dots > 0;
    if (byte === SPACE && p > start) return false;
    if (byte === DOT) dots += 1;
  }
  return false;
}

/** `a.b.C.method(C.java:12)` without `at`, as Flink prints the stack of a stuck task. */
function isBareFrame(bytes: Buffer, start: number, end: number): boolean {
  if (at(bytes, end - 1) !== CLOSE_PAREN || end - start < 8) return false;
  let dots = 0;
  let p = start;
  for (; p < end && at(bytes, p) !== OPEN_PAREN; p += 1) {
    if (at(bytes, p) === SPACE) return false;
    if (at(bytes, p) === DOT) dots += 1;
  }
  if (dots < 2 || p >= end) return false;
  const place = bytes.toString('latin1', p + 1, end - 1);
  return place === 'Native Method' || place === 'Unknown Source' || place.includes('.java') || place.includes('.scala');
}

function isMore(bytes: Buffer, start: number, end: number): boolean {
  return end - start > 4 && at(bytes, start) === DOT && at(bytes, start + 1) === DOT && at(bytes, start + 2) === DOT && at(bytes, start + 3) === SPACE && isDigit(at(bytes, start + 4));
}

function isJsonEntry(bytes: Buffer, start: number, end: number): boolean {
  if (at(bytes, skipBlanks(bytes, start + 1, end)) !== QUOTE) return false;
  const head = bytes.subarray(start, end);
  return JSON_KEYS.some((key) => head.includes(key));
}

/** `E0512 12:00:00.123456 1 reflector.go:125]` of Kubernetes' own logger. */
function isKlog(bytes: Buffer, start: number, end: number): boolean {
  const level = at(bytes, start);
  if (level !== 73 && level !== 87 && level !== 69 && level !== 70) return false;
  return digits(bytes, start + 1, 4) && at(bytes, start + 5) === SPACE && scanTime(bytes, start + 6, end) > 0;
}

/** `Mar 05, 2024 10:11:12 AM …` (java.util.logging) and `Mar  5 10:11:12 …` (syslog). */
function isMonthFirst(bytes: Buffer, start: number, end: number): boolean {
  if (!startsWithAny(bytes, start, end, MONTHS)) return false;
  const day = skipBlanks(bytes, start + 4, end);
  let p = day;
  while (isDigit(at(bytes, p)) && p < day + 2) p += 1;
  if (p === day) return false;
  if (at(bytes, p) === COMMA && at(bytes, p + 1) === SPACE && digits(bytes, p + 2, 4)) p += 6;
  return at(bytes, p) === SPACE && isDigit(at(bytes, p + 1)) && (at(bytes, p + 2) === COLON || at(bytes, p + 3) === COLON);
}

/** `[0.123s]` of a GC log. */
function isUptime(bytes: Buffer, start: number, end: number): boolean {
  let p = start;
  while (p < end && isDigit(at(bytes, p))) p += 1;
  if (p === start || at(bytes, p) !== DOT) return false;
  p += 1;
  while (p < end && isDigit(at(bytes, p))) p += 1;
  return at(bytes, p) === 115 && at(bytes, p + 1) === CLOSE_BRACKET;
}

function scanDate(bytes: Buffer, start: number, end: number): number {
  if (end - start < 16 || !digits(bytes, start, 2)) return start;
  const separator = at(bytes, start + 4);
  if (digits(bytes, start + 2, 2) && (separator === DASH || separator === SLASH || separator === DOT)) {
    const date = digits(bytes, start + 5, 2) && at(bytes, start + 7) === separator && digits(bytes, start + 8, 2);
    return date && isBetweenDateAndTime(at(bytes, start + 10)) ? start + 11 : start;
  }
  const short = at(bytes, start + 2) === SLASH && digits(bytes, start + 3, 2) && at(bytes, start + 5) === SLASH && digits(bytes, start + 6, 2);
  if (!short) return start;
  if (at(bytes, start + 8) === SPACE) return start + 9;
  return digits(bytes, start + 8, 2) && at(bytes, start + 10) === SPACE ? start + 11 : start;
}

/** Index behind `HH:MM:SS`, or -1. */
function scanTime(bytes: Buffer, start: number, end: number): number {
  const fits = end - start >= 8 && digits(bytes, start, 2) && at(bytes, start + 2) === COLON && digits(bytes, start + 3, 2) && at(bytes, start + 5) === COLON && digits(bytes, start + 6, 2);
  return fits ? start + 8 : -1;
}

function scanFraction(bytes: Buffer, start: number, end: number): number {
  const point = at(bytes, start);
  if ((point !== COMMA && point !== DOT) || !isDigit(at(bytes, start + 1))) return start;
  let p = start + 1;
  while (p < end && isDigit(at(bytes, p))) p += 1;
  return p;
}

function scanZone(bytes: Buffer, start: number, end: number): number {
  const p = at(bytes, start) === SPACE && (at(bytes, start + 1) === 43 || at(bytes, start + 1) === DASH) ? start + 1 : start;
  const sign = at(bytes, p);
  if (p < end && sign === 90) return p + 1;
  if ((sign !== 43 && sign !== DASH) || !digits(bytes, p + 1, 2)) return start;
  if (at(bytes, p + 3) === COLON) return digits(bytes, p + 4, 2) ? p + 6 : start;
  return digits(bytes, p + 3, 2) ? p + 5 : p + 3;
}

/** CRI (`… stdout F `), or a time of nanoseconds as `kubectl logs --timestamps` puts in front. */
function skipCri(bytes: Buffer, start: number, end: number): number {
  const content = criContent(bytes, start, end);
  if (content > start) return content;
  if (at(bytes, start + 10) !== 84 || at(bytes, start + 19) !== DOT) return start;
  let p = start + 20;
  while (p < end && isDigit(at(bytes, p))) p += 1;
  const zone = scanZone(bytes, p, end);
  if (p - start < 27 || zone === p || at(bytes, zone) !== SPACE) return start;
  const inner = zone + 1;
  return skipLevelBracket(bytes, inner, end) > inner ? start : inner;
}

function criContent(bytes: Buffer, start: number, end: number): number {
  if (at(bytes, start + 10) !== 84) return start;
  const time = scanTime(bytes, start + 11, end);
  if (time < 0) return start;
  const stamp = scanZone(bytes, scanFraction(bytes, time, end), end);
  if (!startsWith(bytes, stamp, end, STDOUT) && !startsWith(bytes, stamp, end, STDERR)) return start;
  const tag = at(bytes, stamp + 8);
  const blank = stamp + 9 >= end || at(bytes, stamp + 9) === SPACE;
  return (tag === 70 || tag === 80) && blank ? stamp + 10 : start;
}

/** `taskmanager-1  | text`: the name has no blank; only blanks stand before the bar. */
function skipCompose(bytes: Buffer, start: number, end: number): number {
  const last = Math.min(end, start + 80);
  let p = start;
  while (p < last && isNameByte(at(bytes, p))) p += 1;
  if (p === start || at(bytes, p) !== SPACE) return start;
  while (p < last && at(bytes, p) === SPACE) p += 1;
  if (at(bytes, p) !== PIPE) return start;
  return at(bytes, p + 1) === SPACE ? Math.min(p + 2, end) : p + 1;
}

/** Behind `INFO `, `[INFO ] `, `[error] `; `start` when no level stands there. */
function skipLevelBracket(bytes: Buffer, start: number, end: number): number {
  if (at(bytes, start) !== OPEN_BRACKET) {
    const plain = skipLevel(bytes, start, end);
    return plain > start && at(bytes, plain) === SPACE ? skipBlanks(bytes, plain, end) : start;
  }
  const level = skipLevel(bytes, start + 1, end);
  if (level === start + 1) return start;
  const close = skipBlanks(bytes, level, end);
  return at(bytes, close) === CLOSE_BRACKET ? skipBlanks(bytes, close + 1, end) : start;
}

function skipLevel(bytes: Buffer, start: number, end: number): number {
  const first = at(bytes, start) & 0xdf;
  if (first !== 84 && first !== 68 && first !== 73 && first !== 87 && first !== 69 && first !== 70 && first !== 83) return start;
  for (const level of LEVELS) {
    if (startsWithFolded(bytes, start, end, level) && !isLetter(at(bytes, start + level.length))) return start + level.length;
  }
  return start;
}

function skipColors(bytes: Buffer, start: number, end: number): number {
  let p = start;
  while (at(bytes, p) === ESCAPE && at(bytes, p + 1) === OPEN_BRACKET) {
    let q = p + 2;
    while (q < end && (isDigit(at(bytes, q)) || at(bytes, q) === 59)) q += 1;
    if (at(bytes, q) !== 109) return p;
    p = q + 1;
  }
  return Math.min(p, end);
}

function skipBlanks(bytes: Buffer, start: number, end: number): number {
  let p = start;
  for (; p < end; p += 1) {
    const byte = at(bytes, p);
    if (byte === BACKSLASH && at(bytes, p + 1) === 116) p += 1;
    else if (byte !== SPACE && byte !== TAB) break;
  }
  return p;
}

function skipByte(bytes: Buffer, p: number, byte: number): number {
  return at(bytes, p) === byte ? p + 1 : p;
}

function trimEnd(bytes: Buffer, start: number, end: number): number {
  let p = end;
  while (p > start && (at(bytes, p - 1) === SPACE || at(bytes, p - 1) === TAB || at(bytes, p - 1) === 13)) p -= 1;
  return p;
}

function startsWithAny(bytes: Buffer, start: number, end: number, heads: readonly Buffer[]): boolean {
  for (const head of heads) if (startsWith(bytes, start, end, head)) return true;
  return false;
}

function startsWith(bytes: Buffer, start: number, end: number, head: Buffer): boolean {
  if (end - start < head.length) return false;
  for (let i = 0; i < head.length; i += 1) if (bytes[start + i] !== head[i]) return false;
  return true;
}

function startsWithFolded(bytes: Buffer, start: number, end: number, head: Buffer): boolean {
  if (end - start < head.length) return false;
  for (let i = 0; i < head.length; i += 1) if ((at(bytes, start + i) & 0xdf) !== head[i]) return false;
  return true;
}

function isAfterTime(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === COLON || byte === CLOSE_BRACKET || byte === OPEN_BRACKET || byte === PIPE || byte === DASH || byte === COMMA || byte === BACKSLASH;
}

function isBetweenDateAndTime(byte: number): boolean {
  return byte === SPACE || byte === 84 || byte === 95 || byte === DASH || byte === COLON;
}

function digits(bytes: Buffer, start: number, count: number): boolean {
  for (let i = 0; i < count; i += 1) if (!isDigit(at(bytes, start + i))) return false;
  return true;
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

function isLetter(byte: number): boolean {
  return (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122);
}

function isNameByte(byte: number): boolean {
  return isLetter(byte) || isDigit(byte) || byte === DASH || byte === 95 || byte === DOT;
}

function at(bytes: Buffer, index: number): number {
  return bytes[index] ?? 0;
}
