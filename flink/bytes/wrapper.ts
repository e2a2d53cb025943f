// Skips prefixes that container runtimes, their tools and people put before each line, on bytes: Docker's json-file,
// CRI, `docker compose logs`, `kubectl logs` with `--timestamps` or `--prefix`, stern, Beam's Python client (which
// prints the output of the job server that it started), and the `> ` of a mail or a chat.
import { at, isDigit, isNameByte, skipBlanks, startsWith, startsWithAny } from './byte.js';
import { skipLevelBracket } from './level.js';
import { scanFraction, scanTime, scanTimestamp, scanZone } from './stamp.js';
import { isExceptionHeader, traceClass } from './trace.js';

/** Limit of bytes of a line that are ever examined. */
export const LINE_PROBE_BYTES = 512;

const SPACE = 32;
const DOT = 46;
const MORE = 62;
const OPEN_BRACKET = 91;
const QUOTE = 39;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const PIPE = 124;
const DOCKER_PREFIX = Buffer.from('{"log":"');
const STREAM = '"stream":"';
const TIME = Buffer.from('"time":"');
const STDOUT = Buffer.from(' stdout ');
const STDERR = Buffer.from(' stderr ');
const POD_PREFIX = Buffer.from('[pod/');
/** Names of Flink's containers, which stern puts after the name of the pod. */
const CONTAINERS = ['flink-main-container ', 'flink-kubernetes-operator ', 'jobmanager ', 'taskmanager '].map((name) =>
  Buffer.from(name),
);
/** Text after the level. A Python client that did not decode the text puts `b'…'` around it. */
const BEAM = Buffer.from(':apache_beam.utils.subprocess_server:');
const BEAM_LEVELS = ['INFO', 'ERROR', 'DEBUG', 'WARNING'].map((name) => Buffer.from(name));
const COLON = 58;
/** Limit of bytes of a prefix. */
const PREFIX_BYTES = 160;
/** Prefix of CRI, up to the fraction of a second and after it; 0 stands for a digit. */
const CRI_STAMP = Buffer.from('0000-00-00T00:00:00');
const CRI_TAILS = ['Z', '+00:00', '-00:00'].flatMap((zone) =>
  ['stdout F ', 'stdout P ', 'stderr F ', 'stderr P '].map((tail) => Buffer.from(`${zone} ${tail}`)),
);
const ZERO = 48;

/** Returns the index of the first byte after the prefix; `start` if there is none. */
export function skipWrapper(bytes: Buffer, start: number, end: number): number {
  const first = at(bytes, start);
  if (first === OPEN_BRACE) return startsWith(bytes, start, end, DOCKER_PREFIX) ? start + DOCKER_PREFIX.length : start;
  if (first === MORE) return skipQuote(bytes, start, end);
  if (first === OPEN_BRACKET) return skipPod(bytes, start, end);
  if (first === 50) {
    const content = skipCri(bytes, start, end);
    if (content > start) return content;
  }
  if (!isNameByte(first)) return start;
  const content = skipBeam(bytes, start, end);
  return content > start ? content : skipName(bytes, start, end);
}

/** Returns true for a line that continues in the next line: a `P` line of CRI, a piece of a Docker json-file. */
export function isPartialLine(bytes: Buffer, start: number, end: number): boolean {
  if (at(bytes, start) === OPEN_BRACE) {
    if (!startsWith(bytes, start, end, DOCKER_PREFIX)) return false;
    const stream = bytes.subarray(start, end).lastIndexOf('","stream":"');
    return (
      stream > DOCKER_PREFIX.length &&
      !(at(bytes, start + stream - 1) === 110 && at(bytes, start + stream - 2) === BACKSLASH)
    );
  }
  const content = criContent(bytes, start, Math.min(end, start + LINE_PROBE_BYTES));
  return content > start && at(bytes, content - 2) === 80;
}

/** Returns `stdout` or `stderr` for a line of CRI or of a Docker json-file. */
export function readStream(bytes: Buffer, start: number, end: number): string | undefined {
  if (startsWith(bytes, start, end, DOCKER_PREFIX)) {
    const tail = bytes.toString('latin1', Math.max(start, end - LINE_PROBE_BYTES), end);
    const [name, ...behind] = tail.slice(tail.lastIndexOf(STREAM) + STREAM.length).split('"', 2);
    return tail.includes(STREAM) && behind.length > 0 ? name : undefined;
  }
  const content = criContent(bytes, start, Math.min(end, start + LINE_PROBE_BYTES));
  return content > start ? bytes.toString('latin1', content - 9, content - 3) : undefined;
}

/** Returns true if these are the first bytes of a line of CRI or of a Docker json-file. */
export function isContainerLine(bytes: Buffer, start: number, end: number): boolean {
  return startsWith(bytes, start, end, DOCKER_PREFIX) || criContent(bytes, start, end) > start;
}

/** Returns true if the bytes may be the beginning of a container runtime's prefix, and hold nothing else. */
export function isIncompletePrefix(bytes: Buffer, start: number, end: number): boolean {
  if (fitsShape(bytes, start, end, DOCKER_PREFIX)) return true;
  let p = Math.min(end, start + CRI_STAMP.length);
  if (!fitsShape(bytes, start, p, CRI_STAMP)) return false;
  if (p < end && at(bytes, p) === DOT) p += 1;
  while (p < end && isDigit(at(bytes, p))) p += 1;
  return CRI_TAILS.some((tail) => fitsShape(bytes, p, end, tail));
}

function fitsShape(bytes: Buffer, start: number, end: number, shape: Buffer): boolean {
  if (end - start > shape.length) return false;
  for (let p = start; p < end; p += 1) {
    const wanted = at(shape, p - start);
    if (wanted === ZERO ? !isDigit(at(bytes, p)) : at(bytes, p) !== wanted) return false;
  }
  return true;
}

/** Returns where the runtime's time stamp is in such a line. */
export function findStamp(bytes: Buffer, start: number, end: number): number {
  if (!startsWith(bytes, start, end, DOCKER_PREFIX)) return start;
  const from = Math.max(start, end - LINE_PROBE_BYTES);
  const time = bytes.subarray(from, end).lastIndexOf(TIME);
  return time < 0 ? end : from + time + TIME.length;
}

/** Skips the prefix of CRI (`… stdout F `), or the time in nanoseconds that `kubectl logs --timestamps` adds. */
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

/** Skips `taskmanager-1  | ` of docker compose and `pod container ` of stern; their names contain no blank. */
function skipName(bytes: Buffer, start: number, end: number): number {
  const last = Math.min(end, start + PREFIX_BYTES);
  let p = start;
  while (p < last && isNameByte(at(bytes, p))) p += 1;
  if (p === start || at(bytes, p) !== SPACE) return start;
  if (startsWithAny(bytes, p + 1, end, CONTAINERS)) return bytes.indexOf(SPACE, p + 1) + 1;
  while (p < last && at(bytes, p) === SPACE) p += 1;
  if (at(bytes, p) !== PIPE) return start;
  return at(bytes, p + 1) === SPACE ? Math.min(p + 2, end) : p + 1;
}

/**
 * Skips the prefix of `INFO:apache_beam.utils.subprocess_server:text`, and of `…:b'\\tat a.b.C.d(C.java:1)'` with the
 * tab as two characters.
 */
function skipBeam(bytes: Buffer, start: number, end: number): number {
  const level = BEAM_LEVELS.find(
    (name) =>
      at(bytes, start + name.length) === COLON &&
      startsWith(bytes, start + name.length, end, BEAM) &&
      startsWith(bytes, start, end, name),
  );
  if (level === undefined) return start;
  const content = start + level.length + BEAM.length;
  if (at(bytes, content) !== 98 || at(bytes, content + 1) !== QUOTE) return content;
  return at(bytes, content + 2) === BACKSLASH && at(bytes, content + 3) === 116 ? content + 4 : content + 2;
}

/** Skips the prefix of `[pod/name/container] text`. */
function skipPod(bytes: Buffer, start: number, end: number): number {
  if (!startsWith(bytes, start, end, POD_PREFIX)) return start;
  const last = Math.min(end, start + PREFIX_BYTES);
  let p = start + POD_PREFIX.length;
  while (p < last && at(bytes, p) !== CLOSE_BRACKET) p += 1;
  if (p >= last) return start;
  return at(bytes, p + 1) === SPACE ? Math.min(p + 2, end) : p + 1;
}

/**
 * Skips the prefix of `> text` and `> > text` if a line of a log or of a trace follows, because shells and the SQL
 * client begin their lines with it, too.
 */
function skipQuote(bytes: Buffer, start: number, end: number): number {
  let p = start;
  while (at(bytes, p) === MORE || (at(bytes, p) === SPACE && at(bytes, p - 1) === MORE)) p += 1;
  const text = skipBlanks(bytes, p, end);
  const known =
    traceClass(bytes, text, end) !== undefined ||
    scanTimestamp(bytes, p, end) !== undefined ||
    isExceptionHeader(bytes, p, end);
  return known ? p : start;
}
