// Reads a tail: bytes from its frontier become entries with their ids and ends. Consecutive usual entries become a
// stretch, without an object for each. Every read includes the bytes before the frontier and compares them, so that a
// file that was truncated and filled again between two looks is detected by content, not by size. Nothing here knows
// what the store has.
import { closeSync, fstatSync, openSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { FileKind } from '../../core/types.js';
import { NO_NOTES, type ProcessNotes } from '../../flink/facts/notes.js';
import { createFormSplitter, type FileForm } from '../../flink/form/form.js';
import type { SplitEntry, Splitter } from '../../flink/layout/split.js';
import { findUsualStart, readStretch, type StretchReader } from '../../flink/layout/stretch.js';
import type { Guard } from '../checkpoint/checkpoint.js';
import type { Skew } from './skew.js';
import { describeStat, readWritten } from '../files/discover.js';
import { LOOK_BYTES, lookAt, readAt, readInto } from '../identity/bytes.js';
import { createGuard, fitsGuard, GUARD_BYTES, HEAD_BYTES, renderRecordId } from '../identity/identity.js';

const NEWLINE = 10;
const NOTHING = Buffer.alloc(0);

/** Position up to which a file was read, and what is needed to read on. */
export interface TailReading {
  readonly kind: FileKind;
  readonly maxEntryBytes: number;
  /** Form of the file, which is settled together with the file. */
  form: FileForm;
  fd: number | undefined;
  /** Size and time of the last change, as last seen. */
  size: number;
  mtimeMs: number;
  /** Frontier: offset of the next byte to read. */
  readOffset: number;
  /**
   * Bytes before `readOffset`, as Latin-1, because a small Buffer for each file would keep its whole slab of the pool.
   */
  recent: string;
  splitter: Splitter;
  /** Last entry boundary whose CRC is known. It only moves forward. */
  cursor: CrcCursor;
  /** CRC32s of the bytes before entries that were not given yet; undefined if the cursor is enough. */
  sums: Map<number, number> | undefined;
  /** Time of the last complete entry. */
  time: number | undefined;
  /** Time of the entry that was read last, complete or open. */
  lastTime: number | undefined;
  /** Difference between the file's lines and the clock; see skew.ts. */
  skew: Skew | undefined;
  /** Process context from the complete entries. */
  processContext: ProcessNotes;
  /** Frontier up to which the open entry was shipped when the file was idle. */
  flushedTo: number;
  /** Time at which bytes were last added. */
  lastGrowth: number;
  deficitBytes: number;
  /** True if a watch observed a write since the file was last looked at. */
  isReported: boolean;
  /** True if nothing was read yet, so that the first lines may belong to the file before it. */
  mayJoin: boolean;
}

/** CRC32 of a file's bytes before `offset`. */
export interface CrcCursor {
  offset: number;
  crc: number;
}

/** Boundary between entries. */
export interface Commit {
  readonly offset: number;
  /** CRC32 of the bytes before; undefined until it is needed (files that are read from their end). */
  readonly crc: number | undefined;
  /** Time of the entry before the offset. */
  readonly time: number | undefined;
  /** Process context from the file's entries before the offset; absent if they give none. */
  readonly processContext?: ProcessNotes;
}

/** Entry with its place, as parse.ts and ship.ts need it. */
export interface TailEntry {
  readonly entry: SplitEntry;
  readonly id: string;
  readonly end: Commit;
  /** True for an open last entry, which may grow. */
  readonly isOpen: boolean;
}

/** Buffer of one reader, into which chunks are read. */
export type ReadRoom = StretchReader;

/** Part of what was read, in the order of the file. */
export type ReadPart =
  | { readonly kind: 'entries'; readonly entries: readonly TailEntry[] }
  /** Entries in the reader's stretch, whose bytes lie in its buffer; `end` is the end of the last one. */
  | { readonly kind: 'stretch'; readonly window: Window; readonly end: number };

export type ReadResult =
  | {
      readonly kind: 'read';
      readonly bytes: number;
      /** Guard of the file's first bytes, as far as they are known now. */
      readonly head: Guard;
    }
  | { readonly kind: 'nothing' }
  /** Another generation has taken the place of this one, so the tail must end. `lostBytes` were seen and never read. */
  | { readonly kind: 'truncated'; readonly lostBytes: number };

/** File that is read. The reading does not change it. */
export interface ReadFile {
  readonly key: string;
  readonly head: Guard;
}

export interface ReadingStart {
  readonly kind: FileKind;
  readonly maxEntryBytes: number;
  readonly fd: number | undefined;
  readonly now: number;
}

/** Creates a reading at the beginning of a file. */
export function createReading({ kind, maxEntryBytes, fd, now }: ReadingStart): TailReading {
  return {
    kind,
    maxEntryBytes,
    form: 'lines',
    fd,
    size: 0,
    mtimeMs: 0,
    readOffset: 0,
    recent: '',
    splitter: createFormSplitter({ kind, maxEntryBytes, form: 'lines' }),
    cursor: { offset: 0, crc: 0 },
    sums: undefined,
    time: undefined,
    lastTime: undefined,
    skew: undefined,
    processContext: NO_NOTES,
    flushedTo: 0,
    lastGrowth: now,
    deficitBytes: 0,
    isReported: false,
    mayJoin: false,
  };
}

/**
 * Opens the file of a reading. Throws file system errors (EACCES, EMFILE, …). Returns false if another file is at the
 * path now.
 */
export function openReading(reading: TailReading, path: string, inode: string): boolean {
  if (reading.fd !== undefined) return true;
  const fd = openSync(path, 'r');
  if (describeStat(fstatSync(fd, { bigint: true })).inode !== inode) {
    closeSync(fd);
    return false;
  }
  reading.fd = fd;
  return true;
}

export function closeReading(reading: TailReading): void {
  if (reading.fd !== undefined) closeSync(reading.fd);
  reading.fd = undefined;
}

/** Returns true if these are the bytes that were kept. */
export function holds(bytes: Buffer, recent: string): boolean {
  return bytes.toString('latin1') === recent;
}

/** Checks size and time of a file, and if they changed, the bytes before the frontier and the first ones. */
export function checkReading(reading: TailReading, fd: number, head: Guard): 'same' | 'grown' | 'truncated' {
  const stat = fstatSync(fd, { bigint: true });
  const size = Number(stat.size);
  const mtimeMs = readWritten(stat);
  if (size < reading.readOffset) return 'truncated';
  if (size === reading.size && mtimeMs === reading.mtimeMs) return size > reading.readOffset ? 'grown' : 'same';
  const now = lookAt(fd, reading.readOffset - reading.recent.length, reading.recent.length);
  if (!holds(now, reading.recent)) return 'truncated';
  if (!fitsGuard(head, lookAt(fd, 0, head.length))) return 'truncated';
  reading.size = size;
  reading.mtimeMs = mtimeMs;
  return size > reading.readOffset ? 'grown' : 'same';
}

/** Reads at most `maxBytes`. A part is given before the next one is read. Throws file system errors. */
export function readChunk(
  reading: TailReading,
  file: ReadFile,
  maxBytes: number,
  room: ReadRoom,
  give: (part: ReadPart) => void,
): ReadResult {
  const { fd } = reading;
  if (fd === undefined) return { kind: 'nothing' };
  const lostBytes = unreadBytes(reading);
  const state = checkReading(reading, fd, file.head);
  if (state === 'truncated') return { kind: 'truncated', lostBytes };
  if (state === 'same') return { kind: 'nothing' };
  const before = reading.recent.length;
  const base = reading.readOffset - before;
  const wanted = before + Math.min(maxBytes, reading.size - reading.readOffset);
  const window = readInto(room.marker.room.subarray(0, wanted), fd, base);
  if (!holds(window.subarray(0, before), reading.recent)) return { kind: 'truncated', lostBytes };
  const isLineStart = before === 0 || window[before - 1] === NEWLINE;
  reading.readOffset += window.length - before;
  reading.recent = window.toString('latin1', Math.max(0, window.length - GUARD_BYTES));
  splitChunk({ reading, key: file.key, window: { bytes: window, base }, room, give }, before, isLineStart);
  return { kind: 'read', bytes: window.length - before, head: growHead(reading, fd, file.head) };
}

interface Split {
  readonly reading: TailReading;
  readonly key: string;
  readonly window: Window;
  readonly room: ReadRoom;
  readonly give: (part: ReadPart) => void;
}

/** Splits a chunk. Stretches of usual entries go past the splitter, which keeps the bytes between them. */
function splitChunk(split: Split, first: number, isLineStart: boolean): void {
  const { reading, window, room } = split;
  const { splitter } = reading;
  const end = window.bytes.length;
  room.marker.look(end);
  let at = first;
  let look = isLineStart ? first : nextLine(room, first, end);
  for (;;) {
    const start = reading.kind === 'log' ? findUsualStart(room, look, end) : end;
    giveEntries(split, splitter.push(window.bytes.subarray(at, start)));
    if (start === end) return;
    at = start;
    if (splitter.isDated) {
      giveEntries(split, splitter.flush());
      at = readStretch(room, start, end, reading.time ?? NaN);
      splitter.skip(at - start, room.stretch.lines);
      if (room.stretch.count > 0) split.give({ kind: 'stretch', window, end: window.base + at });
    }
    look = nextLine(room, at, end);
  }
}

function nextLine({ marker }: ReadRoom, from: number, end: number): number {
  return Math.min(end, marker.nextBreak(from, end) + 1);
}

/** Bytes of the file from `base` on. */
export interface Window {
  readonly bytes: Buffer;
  readonly base: number;
}

function giveEntries({ reading, key, window, give }: Split, entries: readonly SplitEntry[]): void {
  if (entries.length > 0) give({ kind: 'entries', entries: locateEntries(reading, key, entries, window) });
  keepSums(reading, window);
}

/** Locates the entries that the splitter closed. Each ends where the next one starts. */
function locateEntries(
  reading: TailReading,
  key: string,
  entries: readonly SplitEntry[],
  window: Window,
): readonly TailEntry[] {
  const { splitter } = reading;
  return entries.map((entry, index) => {
    const id = renderRecordId(key, entry.offset, sumAt(reading, entry.offset, window));
    const end = entry.resume ?? entries[index + 1]?.offset ?? splitter.openOffset;
    return { entry, id, end: { offset: end, crc: sumAt(reading, end, window), time: undefined }, isOpen: false };
  });
}

/**
 * Returns the CRC32 of the bytes before an entry. The cursor only moves forward, so sums that may be needed again are
 * kept.
 */
export function sumAt(reading: TailReading, offset: number, window?: Window): number {
  const known = reading.sums?.get(offset);
  if (known !== undefined) return known;
  const isBehind = offset < reading.cursor.offset;
  const sum = crcUpTo(reading, isBehind ? { offset: 0, crc: 0 } : reading.cursor, offset, window);
  reading.sums?.set(offset, sum);
  return sum;
}

/**
 * Keeps the sums of entries that were not given yet, because their bytes are in the chunk now and may be in no file
 * later.
 */
function keepSums(reading: TailReading, window: Window): void {
  const { splitter, sums } = reading;
  if (sums === undefined) return;
  const { resumeOffset } = splitter;
  for (const start of splitter.starts) sumAt(reading, start, window);
  for (const offset of sums.keys()) if (offset < resumeOffset) sums.delete(offset);
}

/**
 * Returns the CRC32 up to an offset, from the bytes that were just read, else from the file. Moves the cursor forward.
 */
export function crcUpTo(reading: TailReading, cursor: CrcCursor, offset: number, window?: Window): number {
  while (cursor.offset < offset) {
    const isInWindow = window !== undefined && cursor.offset >= window.base;
    const bytes = isInWindow
      ? window.bytes.subarray(cursor.offset - window.base, offset - window.base)
      : lookOwn(reading, cursor.offset, Math.min(LOOK_BYTES, offset - cursor.offset));
    if (bytes.length === 0) break;
    cursor.crc = crc32(bytes, cursor.crc);
    cursor.offset += bytes.length;
  }
  return cursor.crc;
}

/** Returns the CRC32 up to an offset, from bytes in the buffer of the reader. Moves the cursor forward. */
export function sumUpTo({ cursor }: TailReading, { marker }: ReadRoom, offset: number, base: number): number {
  if (cursor.offset < offset) {
    cursor.crc = marker.sum(cursor.offset - base, offset - base, cursor.crc);
    cursor.offset = offset;
  }
  return cursor.crc;
}

export function readOwn(reading: TailReading, offset: number, length: number): Buffer {
  return reading.fd === undefined ? NOTHING : readAt(reading.fd, offset, length);
}

/** Reads at most LOOK_BYTES of the file into the shared buffer. */
export function lookOwn(reading: TailReading, offset: number, length: number): Buffer {
  return reading.fd === undefined ? NOTHING : lookAt(reading.fd, offset, length);
}

function growHead(reading: TailReading, fd: number, head: Guard): Guard {
  const length = Math.min(HEAD_BYTES, reading.readOffset);
  return length > head.length ? createGuard(lookAt(fd, 0, length)) : head;
}

/** Returns the number of bytes that were seen in the file and not read. */
export function unreadBytes({ size, readOffset }: TailReading): number {
  return Math.max(0, size - readOffset);
}
