// Page of results, shared by both adapters: the position at which the next page begins, the width of a histogram's
// bars, and the condition under which a record counts as undated. Pure functions.
import { toIso } from '../core/time/iso.js';
import { createError } from '../core/errors.js';
import type { LogRecord } from '../core/types.js';
import { parseJson } from './stored.js';

/**
 * Position of a record in the search order: time, file, offset, and a value that separates equal ones (the id, or in
 * Elasticsearch the host and a number). A text of more than 1,024 characters is null, because Elasticsearch does not
 * sort by it.
 */
export type Position = readonly [time: number, file: string | null, offset: number, id: string | null];

/** Number of records per page if the caller wants all of them (limit 0). */
export const PAGE_RECORDS = 1_000;
const BAR_MS = [
  1, 10, 100, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000,
  3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000,
] as const;
const DAY_MS = 86_400_000;

export function encodePosition(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** Decodes a position. Throws JT_REQUEST_INVALID for a text that no page returned. */
export function decodePosition(text: string): Position {
  const value = parseJson(Buffer.from(text, 'base64url').toString('utf8'));
  if (Array.isArray(value)) {
    const [time, file, offset, id]: readonly unknown[] = value;
    if (
      typeof time === 'number' &&
      (typeof file === 'string' || file === null) &&
      typeof offset === 'number' &&
      (typeof id === 'string' || id === null)
    )
      return [time, file, offset, id];
  }
  throw createError('JT_REQUEST_INVALID', { problems: '"after" is not the "next" of a page' });
}

/** Returns the milliseconds of an ISO time. Throws JT_REQUEST_INVALID if the text is none. */
export function parseTime(name: string, text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw createError('JT_REQUEST_INVALID', { problems: `"${name}" is "${text}", which is not an ISO 8601 time` });
  return time;
}

/**
 * Returns the smallest round width, in milliseconds, with which at most `buckets` bars cover [from, to). Bars begin at
 * multiples of the width since 1970.
 */
export function fillBarMs(fromMs: number, toMs: number, buckets: number): number {
  const wanted = Math.max(1, toMs - fromMs) / Math.max(1, Math.min(buckets, 2_000));
  const round = BAR_MS.find((barMs) => barMs >= wanted) ?? Math.ceil(wanted / DAY_MS) * DAY_MS;
  return round;
}

/** Returns every bar from the first to the last, including empty ones. */
export function fillBars<Counts>(
  fromMs: number,
  toMs: number,
  barMs: number,
  found: ReadonlyMap<number, Counts>,
  empty: Counts,
): { time: string; counts: Counts }[] {
  const bars: { time: string; counts: Counts }[] = [];
  for (let at = Math.floor(fromMs / barMs) * barMs; at < toMs; at += barMs)
    bars.push({ time: formatTime(at), counts: found.get(at) ?? empty });
  return bars;
}

export function formatTime(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? toIso(ms) : toIso(0);
}

/**
 * Returns the UTC day of a record ("2026-11-20"), or undefined if its time is not plausible. It depends only on the
 * record.
 */
export function readDay(record: LogRecord): string | undefined {
  if (record['jobtrace.flags']?.includes('undated') === true) return undefined;
  const text = record['@timestamp'];
  const time = Date.parse(text);
  if (!(time >= FIRST_DAY && time < LAST_DAY)) return undefined;
  return text.endsWith('Z') && text.charAt(10) === 'T' ? text.slice(0, 10) : toIso(time).slice(0, 10);
}

const FIRST_TIME = Date.parse('0001-01-01T00:00:00Z');
const LAST_TIME = Date.parse('9999-12-31T00:00:00Z');
const FIRST_DAY = Date.parse('2000-01-01T00:00:00Z');
const LAST_DAY = Date.parse('2100-01-01T00:00:00Z');

/**
 * Returns the milliseconds by which a record is sorted and found, or 0 if its time is invalid or not every store can
 * hold it.
 */
export function readTime(record: LogRecord): number {
  const time = Date.parse(record['@timestamp']);
  return time >= FIRST_TIME && time < LAST_TIME ? time : 0;
}

/** Returns the start of the UTC day of a time. */
export function startOfDay(time: number): number {
  return Math.floor(time / DAY_MS) * DAY_MS;
}
