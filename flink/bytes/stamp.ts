// Finds the end of time stamps at the beginning of a line. In: bytes and a range. Out: the index after the stamp.
// timestamp.ts reads their values.
import { at, digits, isDigit, skipBlanks, startsWithAny } from './byte.js';
import { skipLevelBracket } from './level.js';

const SPACE = 32;
const COMMA = 44;
const DASH = 45;
const DOT = 46;
const SLASH = 47;
const COLON = 58;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const LETTER_T = 84;
const NAMES = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH_NAMES = NAMES.map((name) => Buffer.from(name));
const MONTHS = NAMES.map((name) => Buffer.from(`${name} `));

/**
 * Returns the index after the time stamp that begins at `start`, or undefined. `full` is true for a date, and false for
 * a time of day alone.
 */
export function scanTimestamp(
  bytes: Buffer,
  start: number,
  end: number,
): { readonly end: number; readonly full: boolean } | undefined {
  const bracket = at(bytes, start) === OPEN_BRACKET;
  const p = bracket ? start + 1 : start;
  const date = scanDate(bytes, p, end);
  const time = scanTime(bytes, date, end);
  if (time < 0) return date === p ? scanOtherDate(bytes, p, end) : undefined;
  return { end: scanZone(bytes, scanFraction(bytes, time, end), end), full: date > p };
}

/**
 * Scans `20260302T101501,123`, `02 Mar 2026 10:15:01,123`, `02/Mar/2026:10:15:01` and `02.03.2026 10:15:01`; before a
 * level also `20260302101501123` and milliseconds since 1970.
 */
function scanOtherDate(
  bytes: Buffer,
  start: number,
  end: number,
): { readonly end: number; readonly full: boolean } | undefined {
  if (end - start < 15 || !digits(bytes, start, 2)) return undefined;
  const number = scanNumber(bytes, start, end);
  if (number > 0) return { end: number, full: true };
  const time = at(bytes, start + 8) === LETTER_T ? scanBasic(bytes, start) : scanDayFirst(bytes, start, end);
  return time < 0 ? undefined : { end: scanZone(bytes, scanFraction(bytes, time, end), end), full: true };
}

function scanNumber(bytes: Buffer, start: number, end: number): number {
  if (!digits(bytes, start, 13)) return -1;
  const behind = digits(bytes, start + 13, 4) ? start + 17 : start + 13;
  const level = skipBlanks(bytes, behind, end);
  return level > behind && skipLevelBracket(bytes, level, end) > level ? behind : -1;
}

function scanBasic(bytes: Buffer, start: number): number {
  return digits(bytes, start, 8) && digits(bytes, start + 9, 6) ? start + 15 : -1;
}

/** Returns the index after the time of day, or -1. */
function scanDayFirst(bytes: Buffer, start: number, end: number): number {
  const separator = at(bytes, start + 2);
  const month =
    separator === DOT
      ? skipDigits(bytes, start + 3)
      : separator === SPACE || separator === DASH || separator === SLASH
        ? skipMonth(bytes, start + 3, end)
        : -1;
  if (month < 0 || at(bytes, month) !== separator || !digits(bytes, month + 1, 4)) return -1;
  const between = at(bytes, month + 5);
  return between === SPACE || between === COLON ? scanTime(bytes, month + 6, end) : -1;
}

function skipDigits(bytes: Buffer, start: number): number {
  return digits(bytes, start, 2) ? start + 2 : -1;
}

function skipMonth(bytes: Buffer, start: number, end: number): number {
  return startsWithAny(bytes, start, end, MONTH_NAMES) ? start + 3 : -1;
}

/** Returns true for `E0512 12:00:00.123456 1 reflector.go:125]`, from Kubernetes' own logger. */
export function isKlog(bytes: Buffer, start: number, end: number): boolean {
  const level = at(bytes, start);
  if (level !== 73 && level !== 87 && level !== 69 && level !== 70) return false;
  return digits(bytes, start + 1, 4) && at(bytes, start + 5) === SPACE && scanTime(bytes, start + 6, end) > 0;
}

/** Returns true for `Mar 05, 2024 10:11:12 AM …` (java.util.logging) and `Mar  5 10:11:12 …` (syslog). */
export function isMonthFirst(bytes: Buffer, start: number, end: number): boolean {
  if (!startsWithAny(bytes, start, end, MONTHS)) return false;
  const day = skipBlanks(bytes, start + 4, end);
  let p = day;
  while (isDigit(at(bytes, p)) && p < day + 2) p += 1;
  if (p === day) return false;
  if (at(bytes, p) === COMMA && at(bytes, p + 1) === SPACE && digits(bytes, p + 2, 4)) p += 6;
  return (
    at(bytes, p) === SPACE && isDigit(at(bytes, p + 1)) && (at(bytes, p + 2) === COLON || at(bytes, p + 3) === COLON)
  );
}

/** Returns true for `[0.123s]`, as in a GC log. */
export function isUptime(bytes: Buffer, start: number, end: number): boolean {
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
  const between = at(bytes, start + 2);
  if ((between !== SLASH && between !== DASH) || !digits(bytes, start + 3, 2)) return start;
  // Month and day without a year are a date, although it is unknown which.
  if (at(bytes, start + 5) === SPACE) return start + 6;
  if (between !== SLASH || at(bytes, start + 5) !== SLASH || !digits(bytes, start + 6, 2)) return start;
  if (at(bytes, start + 8) === SPACE) return start + 9;
  return digits(bytes, start + 8, 2) && at(bytes, start + 10) === SPACE ? start + 11 : start;
}

/** Returns the index after `HH:MM:SS`, or -1. */
export function scanTime(bytes: Buffer, start: number, end: number): number {
  const fits =
    end - start >= 8 &&
    digits(bytes, start, 2) &&
    at(bytes, start + 2) === COLON &&
    digits(bytes, start + 3, 2) &&
    at(bytes, start + 5) === COLON &&
    digits(bytes, start + 6, 2);
  return fits ? start + 8 : -1;
}

export function scanFraction(bytes: Buffer, start: number, end: number): number {
  const point = at(bytes, start);
  if ((point !== COMMA && point !== DOT) || !isDigit(at(bytes, start + 1))) return start;
  let p = start + 1;
  while (p < end && isDigit(at(bytes, p))) p += 1;
  return p;
}

export function scanZone(bytes: Buffer, start: number, end: number): number {
  const p =
    at(bytes, start) === SPACE && (at(bytes, start + 1) === 43 || at(bytes, start + 1) === DASH) ? start + 1 : start;
  const sign = at(bytes, p);
  if (p < end && sign === 90) return p + 1;
  if ((sign !== 43 && sign !== DASH) || !digits(bytes, p + 1, 2)) return start;
  if (at(bytes, p + 3) === COLON) return digits(bytes, p + 4, 2) ? p + 6 : start;
  return digits(bytes, p + 3, 2) ? p + 5 : p + 3;
}

function isBetweenDateAndTime(byte: number): boolean {
  return byte === SPACE || byte === 84 || byte === 95 || byte === DASH || byte === COLON;
}
