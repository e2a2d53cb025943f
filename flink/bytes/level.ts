// Skips levels and colours at the beginning of a line. In: bytes and a range. Out: the index after them. Everything is
// compared as bytes; no string is created.
import { at, isDigit, isLetter, skipBlanks, startsWithFolded } from './byte.js';

const ESCAPE = 27;
const SPACE = 32;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARNING', 'WARN', 'ERROR', 'FATAL', 'SEVERE'].map((level) =>
  Buffer.from(level),
);

/** Returns the index after `INFO `, `[INFO ] ` or `[error] `; `start` if there is no level. */
export function skipLevelBracket(bytes: Buffer, start: number, end: number): number {
  if (at(bytes, start) !== OPEN_BRACKET) {
    const plain = skipLevel(bytes, start, end);
    return plain > start && at(bytes, plain) === SPACE ? skipBlanks(bytes, plain, end) : start;
  }
  const level = skipLevel(bytes, start + 1, end);
  if (level === start + 1) return start;
  const close = skipBlanks(bytes, level, end);
  return at(bytes, close) === CLOSE_BRACKET ? skipBlanks(bytes, close + 1, end) : start;
}

export function skipLevel(bytes: Buffer, start: number, end: number): number {
  const first = at(bytes, start) & 0xdf;
  if (first !== 84 && first !== 68 && first !== 73 && first !== 87 && first !== 69 && first !== 70 && first !== 83)
    return start;
  for (const level of LEVELS) {
    if (startsWithFolded(bytes, start, end, level) && !isLetter(at(bytes, start + level.length)))
      return start + level.length;
  }
  return start;
}

export function skipColors(bytes: Buffer, start: number, end: number): number {
  let p = start;
  while (at(bytes, p) === ESCAPE && at(bytes, p + 1) === OPEN_BRACKET) {
    let q = p + 2;
    while (q < end && (isDigit(at(bytes, q)) || at(bytes, q) === 59)) q += 1;
    if (at(bytes, q) !== 109) return p;
    p = q + 1;
  }
  return Math.min(p, end);
}
