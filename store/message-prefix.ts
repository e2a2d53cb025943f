// Converts the text before the message of an entry to a pattern, and back. If it repeats the record's time, level,
// logger or thread, the pattern has a letter instead, as in log4j's own patterns, so that no text of an entry is stored
// twice. The text that Flink prints by default has no pattern at all. Pure functions.
import { toIso } from '../core/time/iso.js';
import type { LogRecord } from '../core/types.js';

/** Text before the message of an entry, as a document stores it. */
export interface MessagePrefix {
  /** Value of `jobtrace.head`; undefined for the text that Flink prints by default. */
  readonly pattern: string | undefined;
  /** Value of `jobtrace.zone`, the minutes by which the clock of the line was ahead of UTC; undefined for none. */
  readonly zone: number | undefined;
}

/** Fields that a pattern refers to. A value that is not a text counts as missing. */
type Parts = Readonly<Partial<Record<'log.level' | 'log.logger' | 'process.thread.name', unknown>>>;

/** Length of `2026-11-24 10:00:00,000`. */
export const STAMP_UNITS = 23;
const STAMP = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[,.]\d{3}/;
/** Unit of time zones. A zone is a number of quarters of an hour, and none is more than 14 hours from UTC. */
const QUARTER_MS = 900_000;
const MAX_MS = 56 * QUARTER_MS;
const MINUTE_MS = 60_000;
/** Width of the logger in Flink's `%-60c`. */
const LOGGER_UNITS = 60;
/** Letters of a pattern, as in log4j. The values are searched in this order. */
const LETTERS = [
  ['p', 'log.level'],
  ['t', 'process.thread.name'],
  ['c', 'log.logger'],
] as const;
const NO_PREFIX: MessagePrefix = { pattern: undefined, zone: undefined };

/**
 * Returns the message prefix of an entry, or undefined if message and stack trace are not the rest of its text, so that
 * the text must be kept whole.
 */
export function splitMessagePrefix(record: LogRecord): MessagePrefix | undefined {
  const { message, 'event.original': original, 'error.stack_trace': stack } = record;
  const rest = joinRest(message, stack);
  if (!original.endsWith(rest)) return undefined;
  return encodeMessagePrefix(
    original.slice(0, original.length - rest.length),
    Date.parse(record['@timestamp']),
    record,
  );
}

/** Returns the text after the message prefix of an entry. */
export function joinRest(message: string, stack: string | undefined): string {
  return stack === undefined ? message : `${message}\n${stack}`;
}

/** Encodes `text`, which is before the message of a record of this time (in milliseconds). */
function encodeMessagePrefix(text: string, time: number, parts: Parts): MessagePrefix {
  const stamp = STAMP.exec(text)?.[0];
  const ahead = stamp === undefined ? NaN : readStamp(stamp) - time;
  if (stamp === undefined || !isZone(ahead)) return { ...NO_PREFIX, pattern: escape(text) };
  const pattern = encodePattern(stamp.charAt(19), text.slice(STAMP_UNITS), parts);
  return { pattern, zone: ahead === 0 ? undefined : ahead / MINUTE_MS };
}

/**
 * Encodes `rest`, which is between a time stamp with this separator and the message. Returns undefined for the default
 * of Flink.
 */
export function encodePattern(separator: string, rest: string, parts: Parts): string | undefined {
  if (separator === ',' && rest === renderUsual(parts)) return undefined;
  let pattern = escape(rest);
  for (const [letter, name] of LETTERS) {
    const value = readPart(parts, name);
    const at = value === '' || value.includes('%') ? -1 : pattern.indexOf(value);
    if (at >= 0) pattern = `${pattern.slice(0, at)}%${letter}${pattern.slice(at + value.length)}`;
  }
  // A thread that is named like one of the letters may have replaced that letter.
  if (renderPattern(pattern, parts) !== rest) pattern = escape(rest);
  return `${separator === ',' ? '%d' : '%D'}${pattern}`;
}

/** Renders the text of a message prefix. Returns undefined if the pattern needs a time and there is none. */
export function renderMessagePrefix({ pattern, zone }: MessagePrefix, time: number, parts: Parts): string | undefined {
  const clock = time + (zone ?? 0) * MINUTE_MS;
  const isStamped = pattern === undefined || /^%[dD]/.test(pattern);
  if (isStamped && Number.isNaN(clock)) return undefined;
  if (pattern === undefined) return `${renderStamp(clock, ',')}${renderUsual(parts)}`;
  const rest = renderPattern(pattern.replace(/^%[dD]/, ''), parts);
  if (pattern.startsWith('%d')) return `${renderStamp(clock, ',')}${rest}`;
  return pattern.startsWith('%D') ? `${renderStamp(clock, '.')}${rest}` : rest;
}

function renderStamp(clock: number, separator: string): string {
  const iso = toIso(clock);
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}${separator}${iso.slice(20, 23)}`;
}

/** Renders ` %-5p %-60c [] - `, as in Flink's own configuration. */
function renderUsual(parts: Parts): string {
  return ` ${readPart(parts, 'log.level').padEnd(5)} ${readPart(parts, 'log.logger').padEnd(LOGGER_UNITS)} [] - `;
}

function renderPattern(pattern: string, parts: Parts): string {
  return pattern.replace(/%(.)/g, (_all, letter: string) => {
    const name = LETTERS.find(([known]) => known === letter)?.[1];
    return name === undefined ? letter : readPart(parts, name);
  });
}

function readPart(parts: Parts, name: keyof Parts): string {
  const value = parts[name];
  return typeof value === 'string' ? value : '';
}

function escape(text: string): string {
  return text.replaceAll('%', '%%');
}

/** Returns the milliseconds of the digits as if they were UTC, or NaN for a day or an hour that no clock shows. */
function readStamp(stamp: string): number {
  const iso = `${stamp.slice(0, 10)}T${stamp.slice(11, 19)}.${stamp.slice(20)}Z`;
  const time = Date.parse(iso);
  return Number.isNaN(time) || toIso(time) !== iso ? NaN : time;
}

/** True if a clock that is ahead by so many milliseconds shows the time of some zone. */
function isZone(aheadMs: number): boolean {
  return aheadMs % QUARTER_MS === 0 && Math.abs(aheadMs) <= MAX_MS;
}
