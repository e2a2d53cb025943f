// Reads a file. The bytes after the frontier (the offset up to which the file was read) come as a chunk, in the buffer
// of the reader. Every read includes the bytes before the frontier and compares them, so that a file that was truncated
// and filled again between two reads is detected by content, not by size. Keeps the frontier and the checksums up to
// it; acks.ts keeps what the store has.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { FileKind } from '../../core/types.js';
import { NO_PROCESS_CONTEXT, type ProcessContext } from '../../flink/facts/process-context.js';
import { createFormSplitter, type FileForm } from '../../flink/layout/form.js';
import type { SplitEntry, Splitter } from '../../flink/layout/split.js';
import type { PlainReader } from '../../flink/layout/plain-entries.js';
import type { Guard } from '../checkpoint/checkpoint.js';
import type { Skew } from './skew.js';
import { describeStat, readWritten } from '../discovery/discover.js';
import { createGuard, fitsGuard, GUARD_BYTES, FIRST_BYTES } from './identity.js';

const NOTHING = Buffer.alloc(0);
const PEEK_BYTES = 65_536;
/** Buffer that all peeks share: with many files, most reads check a few bytes and keep none of them. */
const PEEK_BUFFER = Buffer.allocUnsafeSlow(PEEK_BYTES);

/** State of reading a file: how far it was read, and what is needed to continue. */
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
   * Bytes before `readOffset`. They are a Latin-1 string, because a small Buffer for each file would keep a whole slab
   * of Node's pool in memory.
   */
  recent: string;
  splitter: Splitter;
  /** Last entry boundary whose CRC is known. It only moves forward. */
  cursor: CrcCursor;
  /**
   * CRC32s of the bytes before the entries that the splitter has not returned yet, by offset; undefined if the cursor
   * is enough.
   */
  crcs: Map<number, number> | undefined;
  /** Time of the last complete entry. */
  time: number | undefined;
  /** Time of the entry that was read last, complete or open. */
  lastTime: number | undefined;
  /** Difference between the file's lines and the clock; see skew.ts. */
  skew: Skew | undefined;
  /** Process context from the complete entries. */
  processContext: ProcessContext;
  /** Frontier up to which the open entry was shipped when the file was idle. */
  flushedTo: number;
  /** Time at which bytes were last added. */
  lastGrowth: number;
  deficitBytes: number;
  /** True if a watch observed a write since the file was last checked. */
  isReported: boolean;
  /** True if nothing was read yet, so that the first lines may continue the last entry of the predecessor. */
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
  readonly processContext?: ProcessContext;
}

/** Entry with its id and its end in the file, as the encoder needs it. */
export interface TailEntry {
  readonly entry: SplitEntry;
  readonly id: string;
  readonly end: Commit;
  /** True for an open last entry, which may grow. */
  readonly isOpen: boolean;
}

/** Bytes that were read, with those before the frontier. They lie in the buffer of the reader until the next read. */
export interface Chunk {
  readonly kind: 'read';
  readonly window: Window;
  /** Index of the first byte that was not read before. */
  readonly first: number;
  /** Number of bytes that were not read before. */
  readonly bytes: number;
  /** Guard of the file's first bytes, as far as they are known now. */
  readonly startGuard: Guard;
}

/** Bytes of the file from `base` on. */
export interface Window {
  readonly bytes: Buffer;
  readonly base: number;
}

export type ReadResult =
  | Chunk
  | { readonly kind: 'nothing' }
  /** Another generation has taken the place of this one, so the tail must end. `lostBytes` were seen and never read. */
  | { readonly kind: 'truncated'; readonly lostBytes: number };

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
    crcs: undefined,
    time: undefined,
    lastTime: undefined,
    skew: undefined,
    processContext: NO_PROCESS_CONTEXT,
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
  const fd = openFile(path);
  if (describeStat(fstatSync(fd, { bigint: true })).inode !== inode) {
    closeSync(fd);
    return false;
  }
  reading.fd = fd;
  return true;
}

/** Opens a file for reading. A pipe that was put there must not block the agent until somebody writes to it. */
export function openFile(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

export function closeReading(reading: TailReading): void {
  if (reading.fd !== undefined) closeSync(reading.fd);
  reading.fd = undefined;
}

/** Returns true if these are the bytes of the Latin-1 string. */
export function equalsLatin1(bytes: Buffer, recent: string): boolean {
  return bytes.toString('latin1') === recent;
}

/** Checks size and time of a file, and if they changed, the bytes before the frontier and the first ones. */
export function checkReading(reading: TailReading, fd: number, startGuard: Guard): 'same' | 'grown' | 'truncated' {
  const stat = fstatSync(fd, { bigint: true });
  const size = Number(stat.size);
  const mtimeMs = readWritten(stat);
  if (size < reading.readOffset) return 'truncated';
  if (size === reading.size && mtimeMs === reading.mtimeMs) return size > reading.readOffset ? 'grown' : 'same';
  const now = peekAt(fd, reading.readOffset - reading.recent.length, reading.recent.length);
  if (!equalsLatin1(now, reading.recent)) return 'truncated';
  if (!fitsGuard(startGuard, peekAt(fd, 0, startGuard.length))) return 'truncated';
  reading.size = size;
  reading.mtimeMs = mtimeMs;
  return size > reading.readOffset ? 'grown' : 'same';
}

/**
 * Reads at most `maxBytes` into the buffer. `startGuard` is that of the file's first bytes. Throws file system errors.
 */
export function readChunk(reading: TailReading, startGuard: Guard, maxBytes: number, buffer: Buffer): ReadResult {
  const { fd } = reading;
  if (fd === undefined) return { kind: 'nothing' };
  const lostBytes = unreadBytes(reading);
  const state = checkReading(reading, fd, startGuard);
  if (state === 'truncated') return { kind: 'truncated', lostBytes };
  if (state === 'same') return { kind: 'nothing' };
  const first = reading.recent.length;
  const base = reading.readOffset - first;
  const wanted = first + Math.min(maxBytes, reading.size - reading.readOffset);
  const window = readInto(buffer.subarray(0, wanted), fd, base);
  if (!equalsLatin1(window.subarray(0, first), reading.recent)) return { kind: 'truncated', lostBytes };
  const bytes = window.length - first;
  reading.readOffset += bytes;
  reading.recent = window.toString('latin1', Math.max(0, window.length - GUARD_BYTES));
  return {
    kind: 'read',
    window: { bytes: window, base },
    first,
    bytes,
    startGuard: growStartGuard(reading, fd, startGuard),
  };
}

/**
 * Returns the CRC32 of the bytes before an entry. The cursor only moves forward, so checksums that may be needed again
 * are kept.
 */
export function crcAt(reading: TailReading, offset: number, window?: Window): number {
  const known = reading.crcs?.get(offset);
  if (known !== undefined) return known;
  const isBehind = offset < reading.cursor.offset;
  const crc = crcUpTo(reading, isBehind ? { offset: 0, crc: 0 } : reading.cursor, offset, window);
  reading.crcs?.set(offset, crc);
  return crc;
}

/**
 * Returns the CRC32 up to an offset, from the bytes that were just read, else from the file. Moves the cursor forward.
 */
export function crcUpTo(reading: TailReading, cursor: CrcCursor, offset: number, window?: Window): number {
  while (cursor.offset < offset) {
    const isInWindow = window !== undefined && cursor.offset >= window.base;
    const bytes = isInWindow
      ? window.bytes.subarray(cursor.offset - window.base, offset - window.base)
      : peekFileBytes(reading, cursor.offset, Math.min(PEEK_BYTES, offset - cursor.offset));
    if (bytes.length === 0) break;
    cursor.crc = crc32(bytes, cursor.crc);
    cursor.offset += bytes.length;
  }
  return cursor.crc;
}

/** Returns the CRC32 up to an offset, from bytes in the buffer of the reader. Moves the cursor forward. */
export function crcUpToInBuffer({ cursor }: TailReading, { index }: PlainReader, offset: number, base: number): number {
  if (cursor.offset < offset) {
    cursor.crc = index.sum(cursor.offset - base, offset - base, cursor.crc);
    cursor.offset = offset;
  }
  return cursor.crc;
}

export function readFileBytes(reading: TailReading, offset: number, length: number): Buffer {
  return reading.fd === undefined ? NOTHING : readAt(reading.fd, offset, length);
}

/** Reads at most PEEK_BYTES of the file into the shared buffer. */
export function peekFileBytes(reading: TailReading, offset: number, length: number): Buffer {
  return reading.fd === undefined ? NOTHING : peekAt(reading.fd, offset, length);
}

function growStartGuard(reading: TailReading, fd: number, startGuard: Guard): Guard {
  const length = Math.min(FIRST_BYTES, reading.readOffset);
  return length > startGuard.length ? createGuard(peekAt(fd, 0, length)) : startGuard;
}

/** Returns the number of bytes that were seen in the file and not read. */
export function unreadBytes({ size, readOffset }: TailReading): number {
  return Math.max(0, size - readOffset);
}

/** Reads up to `length` bytes, which is at most PEEK_BYTES, into the shared buffer. The next peek overwrites them. */
export function peekAt(fd: number, offset: number, length: number): Buffer {
  return readInto(PEEK_BUFFER.subarray(0, Math.max(0, length)), fd, offset);
}

/** Reads the bytes before `offset` that a guard covers, into the shared buffer. */
export function peekBefore(fd: number, offset: number): Buffer {
  const length = Math.min(GUARD_BYTES, offset);
  return peekAt(fd, offset - length, length);
}

/** Reads up to `length` bytes into a new buffer. */
export function readAt(fd: number, offset: number, length: number): Buffer {
  return readInto(Buffer.allocUnsafe(Math.max(0, length)), fd, offset);
}

/** Reads as many bytes as exist, up to the length of the buffer, and returns its filled beginning. */
function readInto(buffer: Buffer, fd: number, offset: number): Buffer {
  let filled = 0;
  while (filled < buffer.length) {
    const count = readSync(fd, buffer, filled, buffer.length - filled, offset + filled);
    if (count === 0) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}

/** Returns the CRC32 of the first `length` bytes; undefined if there are fewer. */
export function readPrefixCrc(fd: number, length: number): number | undefined {
  let crc = 0;
  for (let offset = 0; offset < length;) {
    const bytes = peekAt(fd, offset, Math.min(PEEK_BYTES, length - offset));
    if (bytes.length === 0) return undefined;
    crc = crc32(bytes, crc);
    offset += bytes.length;
  }
  return crc;
}
