// Reads the time stamp at the beginning of an entry into milliseconds. A stamp without an offset is read by the given
// clock; a time of day without a date, or without its year, has no time. Pure functions.
import { findAheadMs, type LocalClock } from './local-time.js';

export interface Stamp {
  /** Index after the stamp (and its closing bracket). */
  readonly end: number;
  readonly time?: number;
}

const DATE =
  /(\d{4})[-/.](\d\d)[-/.](\d\d)[ T_:-](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d(?::?\d\d)?| [+-]\d\d:?\d\d| (?:UTC|GMT)(?= ))?/y;
/** `20260302T101501,123`: ISO 8601 without separators. */
const BASIC_DATE = /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d(?::?\d\d)?| [+-]\d\d:?\d\d)?/y;
/** Day first: `02 Mar 2026 10:15:01,123` of log4j's DATE, `02/Mar/2026:10:15:01 +0000`, `02.03.2026 10:15:01`. */
const DAY_FIRST =
  /(\d\d)([ /.-])(\d\d|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\2(\d{4})[ :](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d(?::?\d\d)?| [+-]\d\d:?\d\d)?/y;
/** Short dates: `22/05/03 …` of Hadoop (year first) and `05/03/2022 …` of Flink's old client (month first). */
const SHORT_DATE = /(\d\d)\/(\d\d)\/(\d{4}|\d\d) (\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?/y;
/** `20260302101501123` (COMPACT) and `1772446501123` (UNIX_MILLIS) of log4j, which must come before a level. */
const COMPACT_DATE = /(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})(?=[ \t]+\[?[A-Za-z]{4,8}\b)/y;
const UNIX_MILLIS = /\d{13}(?=[ \t]+\[?[A-Za-z]{4,8}\b)/y;
/** Time of day, or month and day before it. */
const CLOCK = /(?:\d\d[-/]\d\d )?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?/y;
const MONTH_FIRST =
  /(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}(\d{1,2}), (\d{4}) (\d{1,2}):(\d\d):(\d\d) (AM|PM)/y;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Reads the stamp at `start`, in brackets or not; undefined if there is none. */
export function readTimestamp(text: string, start: number, clock: LocalClock): Stamp | undefined {
  const bracket = text[start] === '[';
  const at = bracket ? start + 1 : start;
  const stamp =
    readDate(text, at, clock, DATE) ??
    readShortDate(text, at, clock) ??
    readMonthFirst(text, at, clock) ??
    readDayFirst(text, at, clock) ??
    readDate(text, at, clock, BASIC_DATE) ??
    readDate(text, at, clock, COMPACT_DATE) ??
    readUnixMillis(text, at) ??
    readClock(text, at);
  if (stamp === undefined || !bracket) return stamp;
  return text[stamp.end] === ']' ? { ...stamp, end: stamp.end + 1 } : stamp;
}

function readDate(text: string, at: number, clock: LocalClock, form: RegExp): Stamp | undefined {
  form.lastIndex = at;
  const match = form.exec(text);
  if (match === null) return undefined;
  const [whole, year, month, day, hour, minute, second, fraction, offset] = match;
  const local = readDigits(Number(year), Number(month) - 1, [day, hour, minute, second], fraction);
  return { end: at + whole.length, time: local - readAheadMs(offset, clock, local) };
}

function readShortDate(text: string, at: number, clock: LocalClock): Stamp | undefined {
  SHORT_DATE.lastIndex = at;
  const match = SHORT_DATE.exec(text);
  if (match === null) return undefined;
  const [whole, first, second, third, hour, minute, seconds, fraction] = match;
  const [year, month, day] =
    third?.length === 4 ? [Number(third), first, second] : [2000 + Number(first), second, third];
  const local = readDigits(year, Number(month) - 1, [day, hour, minute, seconds], fraction);
  return { end: at + whole.length, time: local - findAheadMs(clock, local) };
}

/** Reads `Mar 05, 2024 10:11:12 AM`, from java.util.logging. */
function readMonthFirst(text: string, at: number, clock: LocalClock): Stamp | undefined {
  MONTH_FIRST.lastIndex = at;
  const match = MONTH_FIRST.exec(text);
  if (match === null) return undefined;
  const [whole, month, day, year, hour, minute, second, half] = match;
  const hours = (Number(hour) % 12) + (half === 'PM' ? 12 : 0);
  const local = Date.UTC(Number(year), MONTHS.indexOf(month ?? ''), Number(day), hours, Number(minute), Number(second));
  return { end: at + whole.length, time: local - findAheadMs(clock, local) };
}

function readDayFirst(text: string, at: number, clock: LocalClock): Stamp | undefined {
  DAY_FIRST.lastIndex = at;
  const match = DAY_FIRST.exec(text);
  if (match === null) return undefined;
  const [whole, day, separator, month = '', year, hour, minute, second, fraction, offset] = match;
  const index = MONTHS.indexOf(month);
  // Numbers between strokes may be month first.
  if (index < 0 && separator !== '.') return undefined;
  const monthIndex = index < 0 ? Number(month) - 1 : index;
  const local = readDigits(Number(year), monthIndex, [day, hour, minute, second], fraction);
  return { end: at + whole.length, time: local - readAheadMs(offset, clock, local) };
}

function readUnixMillis(text: string, at: number): Stamp | undefined {
  UNIX_MILLIS.lastIndex = at;
  const digits = UNIX_MILLIS.exec(text)?.[0];
  return digits === undefined ? undefined : { end: at + digits.length, time: Number(digits) };
}

function readClock(text: string, at: number): Stamp | undefined {
  CLOCK.lastIndex = at;
  const match = CLOCK.exec(text);
  return match === null ? undefined : { end: at + match[0].length };
}

type Digits = string | undefined;

/** Returns the milliseconds of a date's digits, as if they were UTC. The month counts from 0. */
function readDigits(
  year: number,
  month: number,
  [day, hour, minute, second]: readonly [Digits, Digits, Digits, Digits],
  fraction: Digits,
): number {
  return Date.UTC(year, month, Number(day), Number(hour), Number(minute), Number(second), readMillis(fraction));
}

/** Returns how far the clock was ahead of UTC: as the stamp says, otherwise by the clock's offset at that time. */
function readAheadMs(offset: string | undefined, clock: LocalClock, local: number): number {
  return offset === undefined ? findAheadMs(clock, local) : readOffsetMs(offset.trim());
}

function readMillis(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Math.trunc(Number(fraction.slice(0, 3).padEnd(3, '0')));
}

/** Reads `Z`, `UTC`, `GMT`, `+02`, `+0200`, `+02:00`. */
function readOffsetMs(offset: string): number {
  if (offset === 'Z' || offset === 'UTC' || offset === 'GMT') return 0;
  const digits = offset.slice(1).replace(':', '').padEnd(4, '0');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2, 4));
  return (offset.startsWith('-') ? -minutes : minutes) * 60_000;
}
