// Recognises lines of a stack trace, on bytes: frames, causes, the exception's own line. The text of a trace is parsed
// in flink/trace/.
import { at, isDigit, isNameByte, startsWith, startsWithAny } from './byte.js';

const SPACE = 32;
const OPEN_PAREN = 40;
const CLOSE_PAREN = 41;
const DOT = 46;
const COLON = 58;
const OPEN_BRACE = 123;
const PYTHON_FRAME = Buffer.from('File "');
const PYTHON_LINE = Buffer.from('", line ');
const TRACEBACK_HEADER = Buffer.from('Traceback (most recent call last)');
const TRACE_PREFIXES = ['Caused by: ', 'Suppressed: ', 'Wrapped by: ', 'Caused by:', 'Suppressed:'].map((text) =>
  Buffer.from(text),
);

export function traceClass(bytes: Buffer, start: number, end: number): 'trace' | 'cause' | undefined {
  const first = at(bytes, start);
  if (first === 97 && at(bytes, start + 1) === 116 && at(bytes, start + 2) === SPACE)
    return isFrame(bytes, start + 3, end) ? 'trace' : undefined;
  if (first === DOT) return isMore(bytes, start, end) ? 'trace' : undefined;
  if ((first === 67 || first === 83 || first === 87) && startsWithAny(bytes, start, end, TRACE_PREFIXES))
    return 'cause';
  return isBareFrame(bytes, start, end) ? 'trace' : undefined;
}

/** Returns true for `File "a.py", line 12, in f`, as in a Python traceback. */
export function isPythonFrame(bytes: Buffer, start: number, end: number): boolean {
  return startsWith(bytes, start, end, PYTHON_FRAME) && bytes.subarray(start, end).includes(PYTHON_LINE);
}

export function isTracebackHeader(bytes: Buffer, start: number, end: number): boolean {
  return startsWith(bytes, start, end, TRACEBACK_HEADER);
}

export function isMore(bytes: Buffer, start: number, end: number): boolean {
  return (
    end - start > 4 &&
    at(bytes, start) === DOT &&
    at(bytes, start + 1) === DOT &&
    at(bytes, start + 2) === DOT &&
    at(bytes, start + 3) === SPACE &&
    isDigit(at(bytes, start + 4))
  );
}

/**
 * Returns true for what follows `at ` in a frame: a dotted name and a parenthesis without a blank between them. Module
 * names such as `java.base/` may come first.
 */
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

/** Returns true for `a.b.C.method(C.java:12)` without `at`, as Flink prints the stack of a stuck task. */
export function isBareFrame(bytes: Buffer, start: number, end: number): boolean {
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

/**
 * Returns true for `java.io.IOException: text` or `a.b.CError`: a dotted name that ends like a throwable, then a colon,
 * a brace or the end.
 */
export function isExceptionHeader(bytes: Buffer, start: number, end: number): boolean {
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
  return (
    tail.endsWith('Exception') ||
    tail.endsWith('Error') ||
    tail.endsWith('Throwable') ||
    tail.endsWith('Failure') ||
    tail.includes('Exception$') ||
    tail.endsWith('Exit')
  );
}
