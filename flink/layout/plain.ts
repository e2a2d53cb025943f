// Reads a plain entry in place: one line that begins with `2026-11-24 10:00:00,000 INFO  a.b.C [] - `. The start of
// its message, its time and the parts of its preamble come from bytes, four at a time if a line before had the same
// minute or the same preamble; one string is created per preamble. Other lines are left to layout.ts, which reads every
// entry, with the same result for these.
import { BoundedMap } from '../../core/cache.js';
import { digits, isLetter } from '../bytes/byte.js';
import { readPreamble, type PreambleParts } from './preamble.js';
import { zoneOffsetMs } from './local-time.js';

/** Result that is refilled for each line, because there are many. */
export interface PlainPrefix {
  parts: PreambleParts;
  /** Index of the message's first byte. */
  messageStart: number;
  /** Milliseconds since 1970, and how far the clock that wrote the time was ahead of UTC. */
  time: number;
  aheadMs: number;
}

interface KnownPreamble {
  readonly parts: PreambleParts;
  /** Number of bytes, and the bytes by fours; the last four may overlap those before. */
  readonly length: number;
  readonly words: Int32Array;
}

const NO_PARTS: PreambleParts = { layout: 'timestamp' };
const SPACE = 32;
const COMMA = 44;
const DASH = 45;
const DOT = 46;
const COLON = 58;
/** Length of `2026-11-24 10:00:00,000`. */
const STAMP_BYTES = 23;
/** Length of `2026-11-24 10:00`. */
const MINUTE_BYTES = 16;
const MAX_PREAMBLE_BYTES = 300;
const WORD_BYTES = 4;
/** Least length of a preamble that is guessed, so that the bytes for the guess are not a part of the message. */
const GUESSED_BYTES = 64;
const SLOT_BITS = 10;
const SLOT_SHIFT = 32 - SLOT_BITS;
const HASH = 0x9e3779b1;
/** Preambles by a hash of their bytes. A file has few of them, each many times. */
const preambles = new BoundedMap<number, KnownPreamble>(4000);
/** Preambles by some of the first bytes: the one with which a line may begin. */
const guesses: (KnownPreamble | undefined)[] = new Array<undefined>(2 ** SLOT_BITS).fill(undefined);
/** Minute of the previous line: `2026-11-24 10:00` by fours, and its time; NaN if none was read. */
const lastMinute = { words: new Int32Array(MINUTE_BYTES / WORD_BYTES), time: NaN };

/** Bytes of lines, to be read one by one and four at a time. */
export interface LineBytes {
  readonly bytes: Buffer;
  readonly view: DataView;
}

export function openLineBytes(bytes: Buffer): LineBytes {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

export function createPlainPrefix(): PlainPrefix {
  return { parts: NO_PARTS, messageStart: 0, time: 0, aheadMs: 0 };
}

/**
 * Reads the line from `start` up to `end`; `zone` is an IANA name, `previous` the time of the previous line or NaN.
 * Returns false if the line has another form; then nothing is filled.
 */
export function readPlainPrefix(
  line: LineBytes,
  start: number,
  end: number,
  zone: string,
  prefix: PlainPrefix,
  previous = NaN,
): boolean {
  const local = readStamp(line, start, end);
  if (Number.isNaN(local)) return false;
  const first = start + STAMP_BYTES;
  const preamble = guessPreamble(line, first, end) ?? findPreamble(line, first, end);
  if (preamble === undefined) return false;
  prefix.parts = preamble.parts;
  prefix.messageStart = first + preamble.length;
  prefix.aheadMs = zoneOffsetMs(zone, local, previous);
  prefix.time = local - prefix.aheadMs;
  return true;
}

/** Returns the milliseconds of the digits, as if they were UTC; NaN if they are no time. */
function readStamp({ bytes, view }: LineBytes, start: number, end: number): number {
  const fits =
    end - start > STAMP_BYTES + 1 &&
    bytes[start + 16] === COLON &&
    (bytes[start + 19] === COMMA || bytes[start + 19] === DOT) &&
    bytes[start + STAMP_BYTES] === SPACE &&
    // A sign here would begin a zone.
    isLetter(bytes[start + STAMP_BYTES + 1] ?? 0) &&
    digits(bytes, start + 17, 2) &&
    digits(bytes, start + 20, 3);
  if (!fits) return NaN;
  const second = number(bytes, start + 17, 2);
  if (second > 59) return NaN;
  if (!isEqual(lastMinute.words, view, start, MINUTE_BYTES)) cacheMinute(bytes, view, start);
  return lastMinute.time + 1000 * second + number(bytes, start + 20, 3);
}

function cacheMinute(bytes: Buffer, view: DataView, start: number): void {
  fillWords(lastMinute.words, view, start, MINUTE_BYTES);
  lastMinute.time = readMinute(bytes, start);
}

/** Returns the minute, or NaN if there is none. */
function readMinute(bytes: Buffer, start: number): number {
  const fits =
    bytes[start + 4] === DASH &&
    bytes[start + 7] === DASH &&
    bytes[start + 10] === SPACE &&
    bytes[start + 13] === COLON &&
    digits(bytes, start, 4) &&
    digits(bytes, start + 5, 2) &&
    digits(bytes, start + 8, 2) &&
    digits(bytes, start + 11, 2) &&
    digits(bytes, start + 14, 2);
  if (!fits) return NaN;
  const hour = number(bytes, start + 11, 2);
  const minute = number(bytes, start + 14, 2);
  if (hour > 23 || minute > 59) return NaN;
  return findDay(bytes, start) + 60_000 * (hour * 60 + minute);
}

/** Returns the day, or NaN for a day that no calendar has. */
function findDay(bytes: Buffer, start: number): number {
  const year = number(bytes, start, 4);
  const month = number(bytes, start + 5, 2);
  const day = number(bytes, start + 8, 2);
  const time = Date.UTC(year, month - 1, day);
  return year >= 1000 && new Date(time).getUTCMonth() === month - 1 && day > 0 ? time : NaN;
}

function number(bytes: Buffer, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at += 1) value = 10 * value + (bytes[at] ?? 0) - 48;
  return value;
}

/** Returns a known preamble if the line begins with it. Like any preamble, it ends at the first dash between blanks. */
function guessPreamble({ view }: LineBytes, first: number, end: number): KnownPreamble | undefined {
  if (first + GUESSED_BYTES > end) return undefined;
  const guess = guesses[findSlot(view, first)];
  if (guess === undefined || first + guess.length > end) return undefined;
  return isEqual(guess.words, view, first, guess.length) ? guess : undefined;
}

/** Returns the slot for a guess, from bytes in which Flink's own classes differ. */
function findSlot(view: DataView, first: number): number {
  let hash = view.getInt32(first + 1, true);
  for (let at = first + 24; at < first + GUESSED_BYTES; at += 8) hash = Math.imul(hash, 31) + view.getInt32(at, true);
  return Math.imul(hash, HASH) >>> SLOT_SHIFT;
}

/**
 * Finds the preamble by examining each byte up to the dash; undefined if it cannot be read without the text after it.
 */
function findPreamble(line: LineBytes, first: number, end: number): KnownPreamble | undefined {
  const { bytes, view } = line;
  const last = Math.min(end - 1, first + MAX_PREAMBLE_BYTES);
  let hash = 0;
  for (let at = first; at < last; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === DASH && bytes[at - 1] === SPACE && bytes[at + 1] === SPACE && at > first) {
      const preamble = readKnown(line, first, at + 2, hash);
      if (preamble !== undefined && preamble.length >= GUESSED_BYTES) guesses[findSlot(view, first)] = preamble;
      return preamble;
    }
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  return undefined;
}

function readKnown({ bytes, view }: LineBytes, first: number, end: number, hash: number): KnownPreamble | undefined {
  const known = preambles.get(hash);
  const length = end - first;
  if (known?.length === length && isEqual(known.words, view, first, length)) return known;
  const text = bytes.toString('latin1', first, end);
  if (/[^ -~]/.test(text)) return undefined;
  const { messageStart, parts } = readPreamble(text, 0);
  if (messageStart !== text.length || parts.level === undefined) return undefined;
  const words = new Int32Array(Math.ceil(length / WORD_BYTES));
  fillWords(words, view, first, length);
  const preamble = { parts, length, words };
  preambles.set(hash, preamble);
  return preamble;
}

/** Fills in `length` bytes, at least four. The last four overlap those before if the length is no multiple of four. */
function fillWords(words: Int32Array, view: DataView, first: number, length: number): void {
  const last = first + length - WORD_BYTES;
  for (let index = 0; index < words.length; index += 1)
    words[index] = view.getInt32(Math.min(last, first + WORD_BYTES * index), true);
}

function isEqual(words: Int32Array, view: DataView, first: number, length: number): boolean {
  const last = words.length - 1;
  for (let index = 0; index < last; index += 1)
    if (words[index] !== view.getInt32(first + WORD_BYTES * index, true)) return false;
  return words[last] === view.getInt32(first + length - WORD_BYTES, true);
}
