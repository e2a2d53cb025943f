// Decides which generation a newly opened file is and where reading begins: a remembered one (at its offset), a copy in
// which a truncated or vanished one continues, or a new one. It reads bytes and decides by the pure rules of
// identity.ts. After "wait", the next step asks again.
import { fstatSync } from 'node:fs';
import { basename } from 'node:path';
import { findForm } from '../../flink/layout/form.js';
import { isBinary } from '../../flink/bytes/binary.js';
import { findLastLine, findUtf16, isUtf16 } from '../../flink/bytes/utf16.js';
import { isIncompletePrefix } from '../../flink/bytes/wrapper.js';
import { findArchive, type ArchiveForm } from '../discovery/archive.js';
import { type Commit, peekAt, peekBefore, readAt, readPrefixCrc, type TailReading } from './read.js';
import type { FileState } from '../checkpoint/checkpoint.js';
import { describeStat } from '../discovery/discover.js';
import {
  createGuard,
  createKey,
  decideCopy,
  decideResume,
  findKeyBytes,
  fitsGuard,
  GUARD_BYTES,
  FIRST_BYTES,
  mayBeSameBirth,
  type CopyReason,
} from './identity.js';
import type { Known } from '../checkpoint/known.js';
import { familyName } from '../discovery/pattern.js';
import type { AgentSettings } from '../settings.js';
import type { OpenRange } from './acks.js';
import { openTail, seekTail, type Tail } from './tail.js';

export type Adoption =
  /** `abandoned`: remembered generations that this file held earlier and does not hold now. */
  | { readonly kind: 'resumed' | 'begun'; readonly abandoned: readonly FileState[] }
  | { readonly kind: 'continued'; readonly from: FileState; readonly abandoned: readonly FileState[] }
  /** There are too few bytes, or the file may be a copy that is still being made. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'archive'; readonly form: ArchiveForm }
  | { readonly kind: 'binary' };

export interface AdoptParts {
  readonly settings: Pick<AgentSettings, 'host' | 'copyWaitMs' | 'startFromEndAfterMs' | 'undecidedFlushMs'>;
  readonly known: Known;
  /** Returns the tail that reads a generation now, if any. */
  readonly findLive: (key: string) => Tail | undefined;
  /** True if nothing was remembered when the agent started and this is its first scan. */
  readonly isFirstStart: boolean;
  readonly now: number;
}

const BACK_BYTES = 65_536;

/**
 * Identifies the generation of an open tail, unless the answer is "wait", "archive" or "binary". Throws file system
 * errors.
 */
export function adoptTail(tail: Tail, fd: number, parts: AdoptParts): Adoption {
  const { size, mtimeMs } = describeStat(fstatSync(fd, { bigint: true }));
  noteGrowth(tail, size, mtimeMs, parts.now);
  // readAt makes a copy, which peekAt does not: the search for the original may adopt another file meanwhile.
  const firstBytes = readAt(fd, 0, FIRST_BYTES);
  if (firstBytes.length === 0) return { kind: 'wait' };
  const own = parts.known.findByInode(tail.file.inode).filter((state) => parts.findLive(state.key) === undefined);
  const fitting = own.find((state) => isSame(state, tail, fd, size, firstBytes));
  if (fitting !== undefined) {
    resume(tail, fitting, firstBytes);
    tail.acks.shipped = findShipped(fitting, fd);
    return { kind: 'resumed', abandoned: [] };
  }
  const form = tail.file.archiveSize === undefined ? findArchive(firstBytes) : undefined;
  if (form !== undefined) return { kind: 'archive', form };
  if (findUtf16(firstBytes) === undefined && isBinary(firstBytes)) return { kind: 'binary' };
  const abandoned = own.filter((state) => state.archive === undefined);
  const copy = findOriginal(tail, fd, size, firstBytes, parts);
  if (copy === 'wait') return { kind: 'wait' };
  if (copy !== undefined) {
    resume(tail, copy, firstBytes);
    return { kind: 'continued', from: copy, abandoned };
  }
  return beginTail(tail, fd, firstBytes, parts) ? { kind: 'begun', abandoned } : { kind: 'wait' };
}

function noteGrowth(tail: Tail, size: number, mtimeMs: number, now: number): void {
  if (size !== tail.reading.size) tail.reading.lastGrowth = now;
  tail.reading.size = size;
  tail.reading.mtimeMs = mtimeMs;
}

function isSame(state: FileState, tail: Tail, fd: number, size: number, firstBytes: Buffer): boolean {
  if ((state.archive === undefined) !== (tail.file.archiveSize === undefined)) return false;
  if (!mayBeSameBirth(state.birthMs, tail.file.birthMs)) return false;
  return decideResume(state, size, fitsFirstBytes(state, firstBytes), fitsFrontier(state, fd, size)) === 'resume';
}

function fitsFirstBytes(state: FileState, firstBytes: Buffer): boolean {
  return fitsGuard(state.head, firstBytes.subarray(0, state.head.length));
}

/**
 * Returns true if the file still has the bytes before the offset. A generation that ended without its file has no
 * guard; then all bytes before the offset are compared.
 */
function fitsFrontier(state: FileState, fd: number, size: number): boolean {
  if (size < state.offset) return false;
  if (state.guard.length > 0 || state.offset === 0) return fitsGuard(state.guard, peekBefore(fd, state.offset));
  return state.crc === undefined || readPrefixCrc(fd, state.offset) === state.crc;
}

function resume(tail: Tail, state: FileState, firstBytes: Buffer): void {
  // A file keeps the form with which it was begun, or its entries would differ from those that the store has.
  const isBegun = state.offset > 0 || state.openBytes > 0;
  tail.reading.form = state.form ?? (isBegun ? 'lines' : findForm(firstBytes));
  tail.file.key = state.key;
  tail.file.startGuard = state.head;
  tail.file.writtenMs = tail.file.archiveSize === undefined ? undefined : state.mtimeMs;
  // Records that are sent again go to the same cluster as before, whatever Kubernetes says now.
  if (state.cluster !== undefined && tail.file.origin.pod?.isClusterOpen === true)
    tail.file.origin = { ...tail.file.origin, cluster: state.cluster };
  tail.acks.openBytes = state.openBytes;
  const commit: Commit = { offset: state.offset, crc: state.crc, time: state.time, processContext: state.notes };
  seekTail(tail, commit);
  tail.reading.mayJoin = canJoin(tail);
  tail.file.isSettled = true;
  tail.acks.isDirty = true;
}

/** Returns the place of the open entry that the store has. The complete entry is not sent again if it has not grown. */
function findShipped({ form, offset, openBytes }: FileState, fd: number): readonly OpenRange[] {
  if (form !== undefined || openBytes === 0) return [];
  const end = peekBefore(fd, offset + openBytes).toString('latin1');
  const length = openBytes - (/\r?\n$/.exec(end)?.[0].length ?? 0);
  return [{ offset, length }];
}

/** Returns the generation that continues in this file, or "wait" while that is undecided. */
function findOriginal(
  tail: Tail,
  fd: number,
  size: number,
  firstBytes: Buffer,
  parts: AdoptParts,
): FileState | 'wait' | undefined {
  const name = basename(tail.file.path);
  const hasPlainName = tail.file.archiveSize === undefined && familyName(name) === name;
  if (hasPlainName) return undefined;
  let waiting: FileState | undefined;
  const family = [...parts.known.findFamily(tail.file.path)].sort((a, b) => b.head.length - a.head.length);
  for (const state of family) {
    if (state.archive !== undefined || state.head.length === 0) continue;
    // Many files begin with the few bytes of a line that was cut away; a longer beginning is better evidence.
    if (waiting !== undefined && state.head.length < waiting.head.length) break;
    const reason = compareCopy(state, { tail, fd, size, firstBytes }, parts);
    if (reason === 'continues') return state;
    if (reason === 'copy-in-the-making') waiting ??= state;
  }
  return waiting === undefined ? undefined : 'wait';
}

interface Candidate {
  readonly tail: Tail;
  readonly fd: number;
  readonly size: number;
  readonly firstBytes: Buffer;
}

function compareCopy(state: FileState, { tail, fd, size, firstBytes }: Candidate, parts: AdoptParts): CopyReason {
  const live = parts.findLive(state.key);
  const compared = Math.min(state.head.length, firstBytes.length);
  const firstBytesFit =
    compared === state.head.length
      ? fitsFirstBytes(state, firstBytes)
      : live !== undefined && hasSameBytes(live, fd, 0, compared);
  if (!firstBytesFit) return 'not-a-copy';
  return decideCopy({
    originalLives: live !== undefined,
    hasPlainName: false,
    firstBytesFit,
    prefixFits:
      size >= state.offset &&
      (state.offset === 0
        ? size >= state.openBytes
        : state.crc !== undefined && readPrefixCrc(fd, state.offset) === state.crc),
    endFits: live !== undefined && hasSameBytes(live, fd, Math.max(0, size - GUARD_BYTES), Math.min(GUARD_BYTES, size)),
    // An original that is gone is only read to its end; its copy waits for that, however long it takes. The time for
    // other originals ends when they were last seen, because nobody knows whether they still exist.
    quietMs: live?.file.goneSince === undefined ? (live?.file.seen ?? parts.now) - tail.reading.lastGrowth : 0,
    waitMs: Math.max(1, parts.settings.copyWaitMs),
  });
}

function hasSameBytes(live: Tail, fd: number, offset: number, length: number): boolean {
  if (!openTail(live) || live.reading.fd === undefined) return false;
  return readAt(live.reading.fd, offset, length).equals(readAt(fd, offset, length));
}

/**
 * Begins a new generation: from the beginning, or from the last line if this is the first start and the file has not
 * changed lately.
 */
function beginTail(tail: Tail, fd: number, firstBytes: Buffer, parts: AdoptParts): boolean {
  if (isUndecided(tail, firstBytes, parts)) return false;
  // The key of a line that grows after it was shipped is only in the checkpoint, which may not be writable.
  const { undecidedFlushMs } = parts.settings;
  const isIdleFile =
    parts.now - tail.reading.lastGrowth >= undecidedFlushMs || parts.now - tail.reading.mtimeMs >= undecidedFlushMs;
  const keyBytes = findKeyBytes(firstBytes, isIdleFile || tail.file.archiveSize !== undefined);
  if (keyBytes === undefined) return false;
  const isTaken = (key: string): boolean => parts.known.has(key) || parts.findLive(key) !== undefined;
  tail.file.key = createKey(
    { host: parts.settings.host, inode: tail.file.inode, birthMs: tail.file.birthMs, keyBytes },
    isTaken,
  );
  tail.file.startGuard = createGuard(firstBytes);
  tail.reading.form = findForm(firstBytes);
  const fromEnd = parts.isFirstStart && parts.now - tail.reading.mtimeMs > parts.settings.startFromEndAfterMs;
  seekTail(
    tail,
    fromEnd
      ? { offset: findLast(fd, tail.reading), crc: undefined, time: undefined }
      : { offset: 0, crc: 0, time: undefined },
  );
  tail.reading.mayJoin = canJoin(tail);
  tail.file.isSettled = true;
  tail.acks.isDirty = true;
  return true;
}

/**
 * True if too little of the first line is there to decide whether a container runtime writes it. The form is kept for
 * the whole life of the file.
 */
function isUndecided({ file, reading }: Tail, firstBytes: Buffer, { settings, now }: AdoptParts): boolean {
  if (reading.kind !== 'log' || file.archiveSize !== undefined || !isIncompletePrefix(firstBytes, 0, firstBytes.length))
    return false;
  return now - reading.lastGrowth < settings.undecidedFlushMs;
}

/**
 * True if the file may continue an entry of its predecessor. Printed output has no entries that a rotation could cut,
 * and UTF-16 begins with a byte order mark in each file.
 */
function canJoin(tail: Tail): boolean {
  const { readOffset, kind, form } = tail.reading;
  return readOffset === 0 && kind === 'log' && tail.file.archiveSize === undefined && !isUtf16(form);
}

/**
 * Returns the offset after the last line break in the last 64 KiB. Without one there, returns 0 for a file of at most
 * that size, else the end of the file.
 */
function findLast(fd: number, { size, form }: TailReading): number {
  const from = Math.max(0, size - BACK_BYTES);
  const bytes = peekAt(fd, from, size - from);
  const line = isUtf16(form) ? findLastLine(bytes, from, form) : bytes.lastIndexOf(10) + 1;
  return line > 0 || from === 0 ? from + line : size - (isUtf16(form) ? size % 2 : 0);
}
