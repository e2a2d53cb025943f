// The usual entry, read where it stands: one line that begins with `2026-11-24 10:00:00,000 INFO  a.b.C [] - `. Where
// its message begins, its time and the parts of its preamble come from bytes; no string is made but once for each
// preamble. What looks otherwise is left to layout.ts, which reads everything, and the same. Called by stretch.ts.
import { digits, isLetter } from '../bytes/byte.js';
import { readPreamble, type PreambleParts } from './preamble.js';
import { zoneOffsetMs } from './timestamp.js';

/** Filled anew for each line: many come by here. */
export interface PlainHead {
  parts: PreambleParts;
  /** Index of the message's first byte. */
  messageStart: number;
  /** Milliseconds since 1970, and by how many the clock that wrote the time was ahead of UTC. */
  time: number;
  aheadMs: number;
}

interface KnownPreamble {
  readonly bytes: Buffer;
  readonly parts: PreambleParts;
}

const NO_PARTS: PreambleParts = { layout: 'timestamp' };
const SPACE = 32;
const COMMA = 44;
const DASH = 45;
const DOT = 46;
const COLON = 58;
/** `2026-11-24 10:00:00,000`. */
const STAMP_BYTES = 23;
const MAX_PREAMBLE_BYTES = 300;
const MAX_PREAMBLES = 4000;
/** By a hash of the bytes; a file has few of them, each many times. */
const preambles = new Map<number, KnownPreamble>();
const lastDay = { year: 0, month: 0, day: 0, time: 0 };

export function createPlainHead(): PlainHead {
  return { parts: NO_PARTS, messageStart: 0, time: 0, aheadMs: 0 };
}

/** Of the line from `start` up to `end`; `zone` is an IANA name. False: not of this look, and nothing is filled. */
export function readPlainHead(bytes: Buffer, start: number, end: number, zone: string, head: PlainHead): boolean {
  const local = readStamp(bytes, start, end);
  if (Number.isNaN(local)) return false;
  const first = start + STAMP_BYTES;
  const last = Math.min(end - 1, first + MAX_PREAMBLE_BYTES);
  let hash = 0;
  for (let at = first; at < last; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === DASH && bytes[at - 1] === SPACE && bytes[at + 1] === SPACE && at > first) {
      const parts = readParts(bytes, first, at + 2, hash);
      if (parts === undefined) return false;
      head.parts = parts;
      head.messageStart = at + 2;
      head.aheadMs = zoneOffsetMs(zone, local);
      head.time = local - head.aheadMs;
      return true;
    }
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  return false;
}

/** Milliseconds of its digits, as if they were UTC; NaN where it is no time. */
function readStamp(bytes: Buffer, start: number, end: number): number {
  const fits =
    end - start > STAMP_BYTES + 1 &&
    bytes[start + 4] === DASH &&
    bytes[start + 7] === DASH &&
    bytes[start + 10] === SPACE &&
    bytes[start + 13] === COLON &&
    bytes[start + 16] === COLON &&
    (bytes[start + 19] === COMMA || bytes[start + 19] === DOT) &&
    bytes[start + STAMP_BYTES] === SPACE &&
    // A sign here would begin a zone.
    isLetter(bytes[start + STAMP_BYTES + 1] ?? 0) &&
    digits(bytes, start, 4) &&
    digits(bytes, start + 5, 2) &&
    digits(bytes, start + 8, 2) &&
    digits(bytes, start + 11, 2) &&
    digits(bytes, start + 14, 2) &&
    digits(bytes, start + 17, 2) &&
    digits(bytes, start + 20, 3);
  if (!fits) return NaN;
  const hour = number(bytes, start + 11, 2);
  const minute = number(bytes, start + 14, 2);
  const second = number(bytes, start + 17, 2);
  if (hour > 23 || minute > 59 || second > 59) return NaN;
  return readDay(bytes, start) + 1000 * ((hour * 60 + minute) * 60 + second) + number(bytes, start + 20, 3);
}

/** NaN for a day that no calendar has. */
function readDay(bytes: Buffer, start: number): number {
  const year = number(bytes, start, 4);
  const month = number(bytes, start + 5, 2);
  const day = number(bytes, start + 8, 2);
  if (year !== lastDay.year || month !== lastDay.month || day !== lastDay.day)
    Object.assign(lastDay, { year, month, day, time: findDay(year, month, day) });
  return lastDay.time;
}

function findDay(year: number, month: number, day: number): number {
  const time = Date.UTC(year, month - 1, day);
  return year >= 1000 && new Date(time).getUTCMonth() === month - 1 && day > 0 ? time : NaN;
}

function number(bytes: Buffer, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at += 1) value = 10 * value + (bytes[at] ?? 0) - 48;
  return value;
}

/** Undefined when this preamble says nothing without what stands behind it. */
function readParts(bytes: Buffer, first: number, messageStart: number, hash: number): PreambleParts | undefined {
  const known = preambles.get(hash);
  const length = messageStart - first;
  if (known?.bytes.length === length && isEqual(known.bytes, bytes, first)) return known.parts;
  const text = bytes.toString('latin1', first, messageStart);
  if (/[^\x20-\x7e]/.test(text)) return undefined;
  const preamble = readPreamble(text, 0);
  if (preamble.messageStart !== text.length || preamble.parts.level === undefined) return undefined;
  if (preambles.size >= MAX_PREAMBLES) preambles.clear();
  preambles.set(hash, { bytes: Buffer.from(bytes.subarray(first, messageStart)), parts: preamble.parts });
  return preamble.parts;
}

function isEqual(known: Buffer, bytes: Buffer, first: number): boolean {
  for (let at = 0; at < known.length; at += 1) if (known[at] !== bytes[first + at]) return false;
  return true;
}
