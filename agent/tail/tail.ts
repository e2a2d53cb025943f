// One generation of one file: bytes from the frontier → framed entries with their ids and where each ends. Every read
// takes the bytes before the frontier along and compares them, so a file that was truncated and filled again between
// two looks is noticed by content, not by size. An open last entry is looked at when the file rests (the splitter keeps
// it open); offsets stay at its start. Called by read.ts; what a new or vanished file means is adopt.ts.
import { closeSync, fstatSync, openSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { FileKind } from '../../core/types.js';
import { createSplitter, type SplitEntry, type Splitter } from '../../flink/layout/split.js';
import { READ_BLOCK_BYTES, readAt, readBefore } from '../identity/bytes.js';
import type { FileState, Guard } from '../checkpoint/checkpoint.js';
import { describeStat } from '../files/discover.js';
import { createGuard, EMPTY_GUARD, fitsGuard, GUARD_BYTES, HEAD_BYTES, renderRecordId } from '../identity/identity.js';

/** Where acknowledged reading stands. */
export interface Commit {
  readonly offset: number;
  /** CRC32 of the bytes before; undefined until somebody needs it (files that are read from their end). */
  readonly crc: number | undefined;
  /** Time of the entry before the offset. */
  readonly time: number | undefined;
}

/** A piece that was handed to the shipper and is not acknowledged as a contiguous prefix yet. */
export interface Span {
  readonly end: Commit;
  /** The open last entry: its acknowledgement does not move the offset, since it may grow. */
  readonly isOpen: boolean;
  /** Bytes of the file from the commit's offset that are in the store when this is acknowledged. */
  readonly openBytes: number;
  isDone: boolean;
}

/** An entry with its place: what parse.ts and ship.ts need. */
export interface TailEntry {
  readonly entry: SplitEntry;
  readonly id: string;
  readonly end: Commit;
  readonly isOpen: boolean;
}

export interface Tail {
  key: string;
  path: string;
  readonly kind: FileKind;
  readonly maxEntryBytes: number;
  inode: string;
  device: string;
  birthMs: number;
  fd: number | undefined;
  /** As last seen. */
  size: number;
  mtimeMs: number;
  head: Guard;
  /** Next byte to read. */
  readOffset: number;
  /** The bytes before `readOffset`. */
  recent: Buffer;
  splitter: Splitter;
  /** The last entry boundary whose CRC is known; boundaries only grow. */
  cursor: { offset: number; crc: number };
  /** Time of the last complete entry. */
  time: number | undefined;
  /** The frontier up to which the open entry was shipped when the file rested. */
  flushedTo: number;
  committed: Commit;
  openBytes: number;
  spans: Span[];
  isDirty: boolean;
  lastGrowth: number;
  deficitBytes: number;
  /** False until adopt.ts knows which generation this is; nothing is read before. */
  isSettled: boolean;
  /** The open entry that the store has; its complete self is not sent again when it did not grow. */
  shipped: { readonly offset: number; readonly length: number } | undefined;
  /** Set for an unpacked archive: size of the `.gz` at `path`. The descriptor belongs to the unpacked bytes. */
  archiveSize: number | undefined;
  /** Size of an archive when it was last tried to unpack. */
  archiveTriedSize: number | undefined;
  /** Nothing was read yet, so its first lines may belong to the file before it. */
  mayJoin: boolean;
  readonly openedAt: number;
  /** The tail whose file stood at this path before: it is read to its end first. */
  after: Tail | undefined;
  /** When it ended. */
  endedAt: number;
  /** Set when its file vanished or was truncated: nothing more is read; what is in flight is still acknowledged. */
  isEnded: boolean;
  /** When the path was first seen gone. */
  goneSince: number | undefined;
  seen: number;
}

export interface TailStart {
  readonly path: string;
  readonly kind: FileKind;
  readonly maxEntryBytes: number;
  readonly inode: string;
  readonly device: string;
  readonly birthMs: number;
  readonly fd: number | undefined;
  readonly now: number;
}

/** A tail at the beginning of a file of which nothing is known yet. */
export function createTail(start: TailStart): Tail {
  return {
    ...start,
    key: '',
    size: 0,
    mtimeMs: 0,
    head: EMPTY_GUARD,
    readOffset: 0,
    recent: Buffer.alloc(0),
    splitter: createSplitter({ kind: start.kind, maxEntryBytes: start.maxEntryBytes }),
    cursor: { offset: 0, crc: 0 },
    time: undefined,
    flushedTo: 0,
    committed: { offset: 0, crc: 0, time: undefined },
    openBytes: 0,
    spans: [],
    isDirty: false,
    lastGrowth: start.now,
    deficitBytes: 0,
    isSettled: false,
    shipped: undefined,
    archiveSize: undefined,
    archiveTriedSize: undefined,
    mayJoin: false,
    openedAt: start.now,
    after: undefined,
    endedAt: 0,
    isEnded: false,
    goneSince: undefined,
    seen: start.now,
  };
}

export type ReadResult =
  | { readonly kind: 'read'; readonly pieces: readonly TailEntry[]; readonly bytes: number }
  | { readonly kind: 'nothing' }
  /** Another generation has taken the place: end this tail. `lostBytes` were written, seen and never read. */
  | { readonly kind: 'truncated'; readonly lostBytes: number };

/** Throws what the system throws (EACCES, EMFILE, …). Returns false when another file stands at the path now. */
export function openTail(tail: Tail): boolean {
  if (tail.fd !== undefined) return true;
  const fd = openSync(tail.path, 'r');
  if (tail.archiveSize !== undefined || describeStat(fstatSync(fd, { bigint: true })).inode !== tail.inode) {
    closeSync(fd);
    return false;
  }
  tail.fd = fd;
  return true;
}

export function closeTail(tail: Tail): void {
  if (tail.fd !== undefined) closeSync(tail.fd);
  tail.fd = undefined;
}

/** Looks at size and time, and at the bytes before the frontier when they changed. */
export function checkTail(tail: Tail, fd: number): 'same' | 'grown' | 'truncated' {
  const { size, mtimeMs } = describeStat(fstatSync(fd, { bigint: true }));
  if (size < tail.readOffset) return 'truncated';
  if (size === tail.size && mtimeMs === tail.mtimeMs) return size > tail.readOffset ? 'grown' : 'same';
  const now = readAt(fd, tail.readOffset - tail.recent.length, tail.recent.length);
  if (!now.equals(tail.recent)) return 'truncated';
  if (!fitsGuard(tail.head, readAt(fd, 0, tail.head.length))) return 'truncated';
  tail.size = size;
  tail.mtimeMs = mtimeMs;
  return size > tail.readOffset ? 'grown' : 'same';
}

/** Reads at most `maxBytes`. Throws what the system throws. */
export function readTail(tail: Tail, maxBytes: number): ReadResult {
  const fd = tail.fd;
  if (fd === undefined || tail.isEnded) return { kind: 'nothing' };
  const seenSize = tail.size;
  const state = checkTail(tail, fd);
  if (state === 'truncated') return { kind: 'truncated', lostBytes: Math.max(0, seenSize - tail.readOffset) };
  if (state === 'same') return { kind: 'nothing' };
  const before = tail.recent.length;
  const base = tail.readOffset - before;
  const window = readAt(fd, base, before + Math.min(maxBytes, tail.size - tail.readOffset));
  if (!window.subarray(0, before).equals(tail.recent))
    return { kind: 'truncated', lostBytes: Math.max(0, seenSize - tail.readOffset) };
  const chunk = window.subarray(before);
  const entries = tail.splitter.push(chunk);
  tail.readOffset += chunk.length;
  tail.recent = Buffer.from(window.subarray(Math.max(0, window.length - GUARD_BYTES)));
  growHead(tail, fd);
  return { kind: 'read', pieces: placeEntries(tail, entries, { bytes: window, base }), bytes: chunk.length };
}

/** Reading starts at the offset of a commit, with nothing in flight. */
export function seekTail(tail: Tail, commit: Commit): void {
  tail.committed = commit;
  tail.readOffset = commit.offset;
  tail.cursor = commit.crc === undefined ? { offset: 0, crc: 0 } : { offset: commit.offset, crc: commit.crc };
  tail.time = commit.time;
  tail.splitter = createSplitter({ kind: tail.kind, maxEntryBytes: tail.maxEntryBytes, offset: commit.offset });
  tail.flushedTo = commit.offset + tail.openBytes;
  tail.spans = [];
  tail.recent = tail.fd === undefined ? Buffer.alloc(0) : readBefore(tail.fd, commit.offset);
}

/** Moves the offset over the done prefix. True when something changed. */
export function advanceTail(tail: Tail): boolean {
  let count = 0;
  for (const span of tail.spans) {
    if (!span.isDone) break;
    count += 1;
    if (span.isOpen) tail.openBytes = Math.max(tail.openBytes, span.openBytes);
    else {
      tail.committed = span.end;
      tail.openBytes = 0;
    }
  }
  if (count === 0) return false;
  tail.spans.splice(0, count);
  tail.isDirty = true;
  return true;
}

/**
 * What the checkpoint remembers. The guard is taken from the file as it is; a file that is gone keeps the CRC alone.
 */
export function describeTail(tail: Tail): FileState {
  const { offset, crc, time } = tail.committed;
  const guard = tail.fd === undefined || tail.isEnded ? EMPTY_GUARD : createGuard(readBefore(tail.fd, offset));
  return {
    key: tail.key,
    inode: tail.inode,
    device: tail.device,
    birthMs: tail.birthMs,
    path: tail.path,
    offset,
    crc,
    time,
    openBytes: tail.openBytes,
    head: tail.head,
    guard,
    size: tail.size,
    mtimeMs: tail.mtimeMs,
    seen: tail.seen,
    archive: tail.archiveSize === undefined ? undefined : { size: tail.archiveSize, isRead: tail.isEnded },
  };
}

/** Bytes that are not in the store yet. */
export function lagBytes(tail: Tail): number {
  return Math.max(0, tail.size - tail.committed.offset - tail.openBytes);
}

interface Window {
  readonly bytes: Buffer;
  readonly base: number;
}

/** Entries that the splitter closed → where each ends: where the next one starts. */
function placeEntries(tail: Tail, entries: readonly SplitEntry[], window: Window): readonly TailEntry[] {
  return entries.map((entry, index) => {
    const id = renderRecordId(tail.key, entry.offset, crcUpTo(tail, tail.cursor, entry.offset, window));
    const end = entries[index + 1]?.offset ?? tail.splitter.openOffset;
    return {
      entry,
      id,
      end: { offset: end, crc: crcUpTo(tail, tail.cursor, end, window), time: undefined },
      isOpen: false,
    };
  });
}

/**
 * CRC32 of the file's bytes before `offset`: from what was just read, else from the file. Moves the cursor, never back.
 */
export function crcUpTo(tail: Tail, cursor: { offset: number; crc: number }, offset: number, window?: Window): number {
  while (cursor.offset < offset) {
    const isInWindow = window !== undefined && cursor.offset >= window.base;
    const bytes = isInWindow
      ? window.bytes.subarray(cursor.offset - window.base, offset - window.base)
      : readOwn(tail, cursor.offset, Math.min(READ_BLOCK_BYTES, offset - cursor.offset));
    if (bytes.length === 0) break;
    cursor.crc = crc32(bytes, cursor.crc);
    cursor.offset += bytes.length;
  }
  return cursor.crc;
}

export function readOwn(tail: Tail, offset: number, length: number): Buffer {
  return tail.fd === undefined ? Buffer.alloc(0) : readAt(tail.fd, offset, length);
}

function growHead(tail: Tail, fd: number): void {
  const length = Math.min(HEAD_BYTES, tail.readOffset);
  if (length > tail.head.length) tail.head = createGuard(readAt(fd, 0, length));
}
