// Defines a tail: one generation of one file, in three parts with one owner each. `file` says which generation it is
// (settled by adopt.ts, followed by lifecycle.ts), `reading` how far it was read (read.ts), `acks` what the store has
// of it (acks.ts). The functions here concern more than one of them.
import { NO_PROCESS_CONTEXT } from '../../flink/facts/process-context.js';
import { createFormSplitter } from '../../flink/layout/form.js';
import type { FileState, Guard } from '../checkpoint/checkpoint.js';
import type { Captures } from '../discovery/pattern.js';
import { type Commit, createReading, peekBefore, openReading, type ReadingStart, type TailReading } from './read.js';
import { createGuard, EMPTY_GUARD } from './identity.js';
import type { RecordOrigin } from '../record/parse.js';
import { TailAcks } from './acks.js';
import { hasOpenEntry } from './open-entry.js';

export interface Tail {
  readonly file: TailFile;
  readonly reading: TailReading;
  readonly acks: TailAcks;
}

/** Generation of a file, its path, and whether it is still there. */
export interface TailFile {
  /** Fixed part of the record ids; '' until it is settled. */
  key: string;
  path: string;
  /** Values that the pattern captured from the path. */
  readonly captures: Captures;
  /** Properties from the path and from the labels of a pod; final when the file is settled. */
  origin: RecordOrigin;
  readonly inode: string;
  readonly device: string;
  /** Creation time in milliseconds; 0 if the system does not keep it. */
  readonly birthMs: number;
  /** Guard of the file's first bytes, as far as they were read. */
  startGuard: Guard;
  /** False until adopt.ts knows which generation this is; nothing is read before. */
  isSettled: boolean;
  /** Set for an unpacked archive: size of the `.gz` at `path`. The descriptor belongs to the unpacked bytes. */
  archiveSize: number | undefined;
  /** Time of the last write to the known file that an archive continues, whenever it was compressed. */
  writtenMs: number | undefined;
  /** Size of an archive when the last attempt to unpack it was made. */
  archiveTriedSize: number | undefined;
  /** Time at which it is tried again even if it has not changed. */
  archiveAgainAt: number;
  readonly openedAt: number;
  /** Time at which it was last seen on disk. */
  seen: number;
  /** Time at which the path was first seen to be gone. */
  goneSince: number | undefined;
  /** Tail whose file had this path before; it is read to its end first. */
  predecessor: Tail | undefined;
  /**
   * Time at which its file vanished or was truncated. Nothing more is read; what is in flight is still acknowledged.
   */
  endedAt: number | undefined;
}

export type TailStart = Omit<ReadingStart, 'kind'> &
  Pick<TailFile, 'path' | 'captures' | 'origin' | 'inode' | 'device' | 'birthMs' | 'predecessor'>;

/** Time without growth, in milliseconds, after which only the scan checks a file, open or closed. */
export const COLD_MS = 60_000;

/** Creates a tail at the beginning of a file of which nothing is known yet. */
export function createTail(start: TailStart): Tail {
  const { origin, maxEntryBytes, fd, now } = start;
  return {
    // Fields are copied one by one: for each object made by a rest pattern, V8 keeps a shape of its own, of a kilobyte.
    file: {
      path: start.path,
      captures: start.captures,
      origin,
      inode: start.inode,
      device: start.device,
      birthMs: start.birthMs,
      predecessor: start.predecessor,
      key: '',
      startGuard: EMPTY_GUARD,
      isSettled: false,
      archiveSize: undefined,
      writtenMs: undefined,
      archiveTriedSize: undefined,
      archiveAgainAt: Number.POSITIVE_INFINITY,
      openedAt: now,
      seen: now,
      goneSince: undefined,
      endedAt: undefined,
    },
    reading: createReading({ kind: origin.kind, maxEntryBytes, fd, now }),
    acks: new TailAcks(),
  };
}

/**
 * Opens the file of a tail. Throws file system errors. Returns false if another file is at the path now, and for
 * archives.
 */
export function openTail({ file, reading }: Tail): boolean {
  if (reading.fd !== undefined) return true;
  return file.archiveSize === undefined && openReading(reading, file.path, file.inode);
}

/** Moves reading to the offset of a commit, with nothing in flight. */
export function seekTail({ reading, acks }: Tail, commit: Commit): void {
  acks.reset(commit);
  reading.readOffset = commit.offset;
  reading.cursor = commit.crc === undefined ? { offset: 0, crc: 0 } : { offset: commit.offset, crc: commit.crc };
  reading.time = commit.time;
  reading.processContext = commit.processContext ?? NO_PROCESS_CONTEXT;
  const { kind, maxEntryBytes, form } = reading;
  reading.crcs = form === 'lines' ? undefined : new Map(commit.crc === undefined ? [] : [[commit.offset, commit.crc]]);
  reading.splitter = createFormSplitter({ kind, maxEntryBytes, form, offset: commit.offset });
  reading.flushedTo = commit.offset + acks.openBytes;
  reading.recent = reading.fd === undefined ? '' : peekBefore(reading.fd, commit.offset).toString('latin1');
}

/**
 * Describes the state for the checkpoint. The guard is taken from the file as it is; a file that is gone keeps only the
 * CRC.
 */
export function describeTail({ file, reading, acks }: Tail): FileState {
  const { offset, crc, time, processContext } = acks.committed;
  const { fd } = reading;
  return {
    key: file.key,
    inode: file.inode,
    device: file.device,
    birthMs: file.birthMs,
    path: file.path,
    form: reading.form === 'lines' ? undefined : reading.form,
    offset,
    crc,
    time,
    notes: processContext,
    cluster: file.origin.pod?.isClusterOpen === true ? file.origin.cluster : undefined,
    openBytes: acks.openBytes,
    head: file.startGuard,
    guard: fd === undefined || file.endedAt !== undefined ? EMPTY_GUARD : createGuard(peekBefore(fd, offset)),
    size: reading.size,
    mtimeMs: file.writtenMs ?? reading.mtimeMs,
    seen: file.seen,
    archive:
      file.archiveSize === undefined ? undefined : { size: file.archiveSize, isRead: file.endedAt !== undefined },
  };
}

/** Describes a tail for the checkpoint, so that the next agent does not report the losses of an ended file again. */
export function describeOnce(tail: Tail, before: FileState | undefined): FileState {
  const state = describeTail(tail);
  if (before === undefined) return state;
  if (tail.file.endedAt !== undefined) return { ...state, size: Math.min(state.size, before.size) };
  // The bytes before the offset of a closed file have not changed, so their guard is kept.
  return tail.reading.fd === undefined && before.offset === state.offset ? { ...state, guard: before.guard } : state;
}

/** Identifies a file as long as it exists, by device and inode. */
export function idOf(file: { readonly device: string; readonly inode: string }): string {
  return `${file.device}:${file.inode}`;
}

/** Returns true if the file is closed and can be opened again. An unpacked archive cannot. */
export function isClosed({ file, reading }: Tail): boolean {
  return reading.fd === undefined && file.archiveSize === undefined;
}

/** Returns true if nothing was written yet. Flink creates a file for printed output that often stays empty. */
export function isEmpty({ file, reading }: Tail): boolean {
  return !file.isSettled && reading.size === 0 && file.predecessor === undefined;
}

/** Returns true if the store has all of the file, no entry is open, and no cycle would change that. */
export function isIdle(tail: Tail, now: number): boolean {
  const { file, reading, acks } = tail;
  const isWhole = file.isSettled && file.archiveSize === undefined && file.goneSince === undefined;
  if (!isWhole || file.predecessor !== undefined || acks.isDirty || hasOpenEntry(reading)) return false;
  return isDrained(tail) && (reading.fd === undefined || now - reading.lastGrowth > COLD_MS);
}

/** Returns true if the file was read to the end of what was seen and the store has all of it but an open last entry. */
export function isDrained({ reading, acks }: Tail): boolean {
  return reading.size <= reading.readOffset && acks.waiting === 0;
}

/**
 * Returns the number of bytes that are not in the store yet and in no file now: they are lost when the process ends.
 */
export function atRiskBytes(tail: Tail): number {
  const { file, reading, acks } = tail;
  if (file.endedAt !== undefined) return Math.max(0, reading.readOffset - acks.committed.offset - acks.openBytes);
  return file.goneSince === undefined ? 0 : lagBytes(tail);
}

/** Returns the number of bytes that are not in the store yet. */
export function lagBytes({ reading, acks }: Tail): number {
  return Math.max(0, reading.size - acks.committed.offset - acks.openBytes);
}
