// What both adapters share around a page of results: the mark where the next page begins, the width of a
// histogram's bars, and when a record counts as undated. Pure.
import { createError } from '../core/errors.js';
import type { LogRecord } from '../core/types.js';
import { parseJson } from './stored.js';

/**
 * Where a record stands in search order: time, file, offset, id (the same for both adapters). Elasticsearch does not
 * sort by a value of more than 1,024 characters: null.
 */
export type Position = readonly [time: number, file: string | null, offset: number, id: string | null];

/** Records per page when the caller wants all of them (limit 0). */
export const PAGE_RECORDS = 1_000;
const BAR_MS = [
  1, 10, 100, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000,
  3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000,
] as const;
const DAY_MS = 86_400_000;

export function encodePosition(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** Throws JT_REQUEST_INVALID for anything that no page gave out. */
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

/** Milliseconds of an ISO time. Throws JT_REQUEST_INVALID when it is none. */
export function parseTime(name: string, text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw createError('JT_REQUEST_INVALID', { problems: `"${name}" is "${text}", which is not an ISO 8601 time` });
  return time;
}

/**
 * The narrowest round bar that covers [from, to) with at most `buckets` bars; bars begin at multiples of it since 1970.
 */
export function fillBarMs(fromMs: number, toMs: number, buckets: number): number {
  const wanted = Math.max(1, toMs - fromMs) / Math.max(1, Math.min(buckets, 2_000));
  const round = BAR_MS.find((barMs) => barMs >= wanted) ?? Math.ceil(wanted / DAY_MS) * DAY_MS;
  return round;
}

/** Every bar from the first to the last, empty ones too. */
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
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : new Date(0).toISOString();
}

/**
 * The UTC day "2026-11-20" of a record, or undefined when its time cannot be believed. A function of the record alone.
 */
export function readDay(record: LogRecord): string | undefined {
  if (record['jobtrace.flags']?.includes('undated') === true) return undefined;
  const text = record['@timestamp'];
  const time = Date.parse(text);
  if (!(time >= FIRST_DAY && time < LAST_DAY)) return undefined;
  return text.endsWith('Z') && text.charAt(10) === 'T' ? text.slice(0, 10) : new Date(time).toISOString().slice(0, 10);
}

const FIRST_TIME = Date.parse('0001-01-01T00:00:00Z');
const LAST_TIME = Date.parse('9999-12-31T00:00:00Z');
const FIRST_DAY = Date.parse('2000-01-01T00:00:00Z');
const LAST_DAY = Date.parse('2100-01-01T00:00:00Z');

/** Milliseconds by which a record is sorted and found; 0 when its time is none, or none that every store can hold. */
export function readTime(record: LogRecord): number {
  const time = Date.parse(record['@timestamp']);
  return time >= FIRST_TIME && time < LAST_TIME ? time : 0;
}

/** The start of the UTC day that a time lies in. */
export function startOfDay(time: number): number {
  return Math.floor(time / DAY_MS) * DAY_MS;
}
