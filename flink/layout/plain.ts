// The usual entry, read where it stands: one line that begins with `2026-11-24 10:00:00,000 INFO  a.b.C [] - `. Where
// its message begins, its time and the parts of its preamble come from bytes; no string is made but once for each
// preamble. What looks otherwise is left to layout.ts, which reads everything, and the same. Called by the agent.
import { digits, isLetter } from '../bytes/byte.js';
import { readPreamble, type PreambleParts } from './preamble.js';
import { zoneOffsetMs } from './timestamp.js';

export interface PlainHead {
  readonly parts: PreambleParts;
  /** Index of the message's first byte. */
  readonly messageStart: number;
  /** Milliseconds since 1970, and by how many the clock that wrote the time was ahead of UTC. */
  readonly time: number;
  readonly aheadMs: number;
}

interface KnownPreamble {
  readonly bytes: Buffer;
  readonly parts: PreambleParts;
}

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

/** `zone` is an IANA name. Undefined: not of this look. */
export function readPlainHead(bytes: Buffer, zone: string): PlainHead | undefined {
  const local = readStamp(bytes);
  if (local === undefined) return undefined;
  let hash = 0;
  const last = Math.min(bytes.length, STAMP_BYTES + MAX_PREAMBLE_BYTES);
  for (let at = STAMP_BYTES; at < last; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === DASH && bytes[at - 1] === SPACE && bytes[at + 1] === SPACE && at > STAMP_BYTES) {
      const parts = readParts(bytes, at + 2, hash);
      if (parts === undefined) return undefined;
      const aheadMs = zoneOffsetMs(zone, local);
      return { parts, messageStart: at + 2, time: local - aheadMs, aheadMs };
    }
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  return undefined;
}

/** Milliseconds of its digits, as if they were UTC. */
function readStamp(bytes: Buffer): number | undefined {
  const fits =
    bytes.length > STAMP_BYTES + 1 &&
    bytes[4] === DASH &&
    bytes[7] === DASH &&
    bytes[10] === SPACE &&
    bytes[13] === COLON &&
    bytes[16] === COLON &&
    (bytes[19] === COMMA || bytes[19] === DOT) &&
    bytes[STAMP_BYTES] === SPACE &&
    // A sign here would begin a zone.
    isLetter(bytes[STAMP_BYTES + 1] ?? 0) &&
    digits(bytes, 0, 4) &&
    digits(bytes, 5, 2) &&
    digits(bytes, 8, 2) &&
    digits(bytes, 11, 2) &&
    digits(bytes, 14, 2) &&
    digits(bytes, 17, 2) &&
    digits(bytes, 20, 3);
  if (!fits) return undefined;
  const [hour, minute, second] = [number(bytes, 11, 2), number(bytes, 14, 2), number(bytes, 17, 2)];
  const time = readDay(bytes) + 1000 * ((hour * 60 + minute) * 60 + second) + number(bytes, 20, 3);
  return hour > 23 || minute > 59 || second > 59 || Number.isNaN(time) ? undefined : time;
}

/** NaN for a day that no calendar has. */
function readDay(bytes: Buffer): number {
  const [year, month, day] = [number(bytes, 0, 4), number(bytes, 5, 2), number(bytes, 8, 2)];
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
function readParts(bytes: Buffer, messageStart: number, hash: number): PreambleParts | undefined {
  const known = preambles.get(hash);
  const length = messageStart - STAMP_BYTES;
  if (known?.bytes.length === length && known.bytes.compare(bytes, STAMP_BYTES, messageStart) === 0) return known.parts;
  const text = bytes.toString('latin1', STAMP_BYTES, messageStart);
  if (/[^\x20-\x7e]/.test(text)) return undefined;
  const preamble = readPreamble(text, 0);
  if (preamble.messageStart !== text.length || preamble.parts.level === undefined) return undefined;
  if (preambles.size >= MAX_PREAMBLES) preambles.clear();
  preambles.set(hash, { bytes: Buffer.from(bytes.subarray(STAMP_BYTES, messageStart)), parts: preamble.parts });
  return preamble.parts;
}
