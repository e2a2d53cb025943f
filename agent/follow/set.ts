// Keeps the tails and the descriptors that they may hold, for all files of this folder. A new file that may not be
// opened yet waits for a descriptor; the next scan finds a closed file that has grown. Files without unread bytes are
// closed to make room.
import { constants, openSync } from 'node:fs';
import type { Log } from '../../core/log.js';
import type { FoundFile } from '../files/discover.js';
import type { PodDirectory } from '../files/pods.js';
import type { Known } from '../identity/known.js';
import type { AgentSettings } from '../settings.js';
import type { Board } from '../status.js';
import { closeReading } from '../tail/read.js';
import type { EntryEncoder } from '../tail/encode.js';
import { hasOpenEntry } from '../tail/open-entry.js';
import { isDrained, type Tail } from '../tail/tail.js';
import type { Losses } from './loss.js';
import { errorCode, describeFault } from '../../core/fault.js';

export interface TailsParts {
  readonly settings: AgentSettings;
  readonly known: Known;
  readonly isFirstStart: boolean;
  readonly hasBirthTimes: boolean;
  readonly board: Board;
  /** Undefined if there is no Kubernetes API server to ask. */
  readonly pods: PodDirectory | undefined;
  readonly log: Log;
  readonly now: () => number;
  /** Takes an open entry that will not grow further in its tail. */
  readonly encoder: Pick<EntryEncoder, 'send'>;
}

export interface TailSet extends TailsParts {
  /** Tails by device and inode. */
  readonly live: Map<string, Tail>;
  readonly byKey: Map<string, Tail>;
  /** Tails by the path at which their file was last seen. */
  readonly byPath: Map<string, Tail>;
  /**
   * Idle files without a tail, by path, as they were last seen: the store has all of them, and the checkpoint is enough
   * to continue. A file that changes is begun like a new one, and resumes.
   */
  readonly idle: Map<string, FoundFile>;
  /** New files that are to be begun, by path, in the order of the scan. */
  readonly waiting: Map<string, NewFile>;
  /** Tails that a cycle may have work for. The others are idle, and only a scan looks at them. */
  readonly busy: Set<Tail>;
  /** Closed tails whose file has grown. They are opened as far as there is room. */
  readonly grown: Set<Tail>;
  /** Tails without a file whose last records are not acknowledged yet. */
  readonly ended: Set<Tail>;
  /** Files that are not read, with the size at which that was decided. */
  readonly ignored: Map<string, number>;
  readonly losses: Losses;
  /** Generations that were remembered at the start and have not been met since. */
  readonly unmet: Set<string>;
  hasScanned: boolean;
  /** True as long as only files of the first scan were begun. */
  isFirstScan: boolean;
  /** Number of descriptors in use or requested since they were counted. */
  openFiles: number;
  /** Archive that is being unpacked. */
  unpacking: Promise<void> | undefined;
  /** Folders and files that the last scan could not read. */
  unreadable: ReadonlySet<string>;
}

/** New file. `before` is the tail whose file had this path earlier. */
export interface NewFile {
  readonly file: FoundFile;
  readonly before: Tail | undefined;
}

export function createSet(parts: TailsParts, losses: Losses): TailSet {
  return {
    ...parts,
    losses,
    unmet: new Set([...parts.known.values()].map(({ key }) => key)),
    live: new Map(),
    byKey: new Map(),
    byPath: new Map(),
    idle: new Map(),
    waiting: new Map(),
    busy: new Set(),
    grown: new Set(),
    ended: new Set(),
    ignored: new Map(),
    hasScanned: false,
    isFirstScan: true,
    openFiles: 0,
    unpacking: undefined,
    unreadable: new Set(),
  };
}

export function idOf(file: { readonly device: string; readonly inode: string }): string {
  return `${file.device}:${file.inode}`;
}

/**
 * Returns true if the generation has ended and its last records are on their way. Its end has already noted what was
 * not read.
 */
export function isEnding({ ended }: TailSet, key: string): boolean {
  for (const { file } of ended) if (file.key === key) return true;
  return false;
}

/**
 * Time without growth, in milliseconds, after which only the scan looks at a file. The same holds for a closed file.
 */
export const COLD_MS = 60_000;

/** Collects the busy tails after a scan. With many files, most have nothing to do. */
export function gatherBusy(set: TailSet): void {
  const { live, busy } = set;
  for (const tail of live.values())
    if (!isIdle(tail, set.now())) busy.add(tail);
    else if (!layDown(set, tail)) busy.delete(tail);
}

/** Drops the tail of a closed idle file, if the checkpoint holds its exact state. Returns whether it was dropped. */
function layDown(set: TailSet, tail: Tail): boolean {
  const { file, reading } = tail;
  if (reading.fd !== undefined || !(isEmpty(tail) || isRemembered(set, tail))) return false;
  const { path, captures, inode, device, birthMs } = file;
  const { size, mtimeMs } = reading;
  dropTail(set, tail);
  set.idle.set(path, { path, captures, inode, device, birthMs, size, mtimeMs });
  return true;
}

/** True if nothing was written yet. Flink creates a file for printed output that often stays empty. */
function isEmpty({ file, reading }: Tail): boolean {
  return !file.isSettled && reading.size === 0 && file.predecessor === undefined;
}

function isRemembered({ known }: TailSet, { file, reading, acks }: Tail): boolean {
  const state = known.get(file.key);
  if (state?.path !== file.path) return false;
  const { offset, openBytes, size, guard } = state;
  const isExact = offset === acks.committed.offset && openBytes === acks.openBytes && size === reading.size;
  // A missing guard would make all bytes before the offset be compared.
  return isExact && size === offset + openBytes && guard.length > 0;
}

/** Removes a tail that nothing waits for. */
export function dropTail({ live, busy, grown, byKey, byPath, now }: TailSet, tail: Tail): void {
  const { file, reading } = tail;
  closeReading(reading);
  file.endedAt = now();
  live.delete(idOf(file));
  busy.delete(tail);
  grown.delete(tail);
  if (byPath.get(file.path) === tail) byPath.delete(file.path);
  if (byKey.get(file.key)?.file === file) byKey.delete(file.key);
}

/** Drops the tail of a closed idle file after a cycle. */
export function evictIdle(set: TailSet, tail: Tail): void {
  if (tail.reading.fd !== undefined || !(isIdle(tail, set.now()) || isEmpty(tail))) return;
  if (!layDown(set, tail)) set.busy.delete(tail);
}

/** True if the store has all of the file, no entry is open, and no cycle would change that. */
function isIdle(tail: Tail, now: number): boolean {
  const { file, reading, acks } = tail;
  const isWhole = file.isSettled && file.archiveSize === undefined && file.goneSince === undefined;
  if (!isWhole || file.predecessor !== undefined || acks.isDirty || hasOpenEntry(reading)) return false;
  return isDrained(tail) && (reading.fd === undefined || now - reading.lastGrowth > COLD_MS);
}

/** True if files wait to be opened and may be opened. */
export function isOpening({ waiting, grown, openFiles, settings }: TailSet): boolean {
  return waiting.size + grown.size > 0 && openFiles < settings.maxOpenFiles;
}

/** True if more files wait to be opened than may be open. */
export function isFull({ waiting, grown, openFiles, settings }: TailSet): boolean {
  return openFiles > settings.maxOpenFiles || (openFiles === settings.maxOpenFiles && waiting.size + grown.size > 0);
}

export function countOpen({ live }: TailSet): number {
  let count = 0;
  for (const { reading } of live.values()) if (reading.fd !== undefined) count += 1;
  return count;
}

export function openFile(set: TailSet, path: string): number | undefined {
  try {
    // A pipe that was put there meanwhile must not block the agent until somebody writes to it.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    set.board.clear('JT_FILE_UNREADABLE', path);
    set.board.clear('JT_TOO_MANY_OPEN_FILES');
    return fd;
  } catch (error) {
    reportUnreadable(set, path, error);
    return undefined;
  }
}

/** Reports a file that cannot be read. A file that is gone is no problem. */
export function reportUnreadable(set: TailSet, path: string, error: unknown): void {
  const { board, log, live } = set;
  const code = errorCode(error);
  const problem = describeFault(error);
  if (code === 'ENOENT') return;
  if (code === 'EMFILE' || code === 'ENFILE') {
    board.raise('JT_TOO_MANY_OPEN_FILES', { problem });
    closeIdle(set, Math.ceil(live.size / 10));
    return;
  }
  if (board.raise('JT_FILE_UNREADABLE', { path, problem }, path))
    log.warn({ path, problem }, 'A file cannot be read; it is tried again.');
}

/** Closes idle files, the longest idle ones first. */
export function closeIdle(set: TailSet, count: number): void {
  if (count <= 0) return;
  const idle = [...set.live.values()].filter(
    (tail) =>
      tail.reading.fd !== undefined &&
      tail.file.archiveSize === undefined &&
      tail.file.goneSince === undefined &&
      (tail.file.isSettled ? isDrained(tail) : isEmpty(tail)),
  );
  idle.sort((a, b) => a.reading.lastGrowth - b.reading.lastGrowth);
  for (const tail of idle.slice(0, count)) {
    closeReading(tail.reading);
    evictIdle(set, tail);
  }
  set.openFiles = countOpen(set);
}
