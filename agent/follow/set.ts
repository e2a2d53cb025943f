// The tails that there are, and the descriptors that they may hold: what the files of this folder share. A new file
// that finds no place among the open ones waits for one, one that has grown is met again by the next scan; files
// without unread bytes make room.
import { constants, openSync } from 'node:fs';
import type { Log } from '../../core/log.js';
import type { FoundFile } from '../files/discover.js';
import type { PodDirectory } from '../files/pods.js';
import type { Known } from '../identity/known.js';
import type { AgentSettings } from '../settings.js';
import type { Board } from '../status.js';
import { closeReading } from '../tail/chunk.js';
import type { ForwardEntries } from '../tail/forward.js';
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
  /** Undefined where there is no Kubernetes to ask. */
  readonly pods: PodDirectory | undefined;
  readonly log: Log;
  readonly now: () => number;
  /** Takes an open entry that will not grow any more under its tail. */
  readonly forward: ForwardEntries;
}

export interface TailSet extends TailsParts {
  /** By device and inode. */
  readonly live: Map<string, Tail>;
  readonly byKey: Map<string, Tail>;
  /** By where its file was seen last. */
  readonly byPath: Map<string, Tail>;
  /**
   * Files without a tail, by path, as they were seen last: the store has all of them, and what is remembered is enough
   * to go on. One that changes is begun like a new one, and resumes.
   */
  readonly resting: Map<string, FoundFile>;
  /** New files that are to be begun, in the order of the scan, by path. */
  readonly waiting: Map<string, NewFile>;
  /** Those of which a turn may want something; the others rest, and are looked at with a scan only. */
  readonly busy: Set<Tail>;
  /** Closed ones that have grown: they are opened as far as there is room. */
  readonly grown: Set<Tail>;
  /** Tails without a file whose last records are not acknowledged yet. */
  readonly ended: Set<Tail>;
  /** Files that are not read, with the size they had when that was found. */
  readonly ignored: Map<string, number>;
  readonly losses: Losses;
  /** Generations that were remembered at the start and were not met since. */
  readonly unmet: Set<string>;
  hasScanned: boolean;
  /** No file is begun yet but those that the first scan found. */
  isFirstScan: boolean;
  /** Descriptors in use or asked for since they were counted. */
  openFiles: number;
  /** The archive that is being unpacked. */
  unpacking: Promise<void> | undefined;
  /** Folders and files that the last scan could not read. */
  unreadable: ReadonlySet<string>;
}

/** `before` is the tail whose file stood at this path until it came. */
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
    resting: new Map(),
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

/** It has ended, and its last records are on their way: its own end said what was not read. */
export function isEnding({ ended }: TailSet, key: string): boolean {
  for (const { file } of ended) if (file.key === key) return true;
  return false;
}

/** A file that has not grown for this long, or that is closed, is looked at with the scan only. */
export const COLD_MS = 60_000;

/** After a scan: most of many files have nothing to say. */
export function gatherBusy(set: TailSet): void {
  const { live, busy } = set;
  for (const tail of live.values())
    if (!isResting(tail, set.now())) busy.add(tail);
    else if (!layDown(set, tail)) busy.delete(tail);
}

/** A closed one that rests leaves no tail behind, if what is remembered of it is exact. */
function layDown(set: TailSet, tail: Tail): boolean {
  const { file, reading } = tail;
  if (reading.fd !== undefined || !(isEmpty(tail) || isRemembered(set, tail))) return false;
  const { path, captures, inode, device, birthMs } = file;
  const { size, mtimeMs } = reading;
  dropTail(set, tail);
  set.resting.set(path, { path, captures, inode, device, birthMs, size, mtimeMs });
  return true;
}

/** Flink makes a file for what is printed, and often nothing is. */
function isEmpty({ file, reading }: Tail): boolean {
  return !file.isSettled && reading.size === 0 && file.predecessor === undefined;
}

function isRemembered({ known }: TailSet, { file, reading, acks }: Tail): boolean {
  const state = known.get(file.key);
  if (state?.path !== file.path) return false;
  const { offset, openBytes, size, guard } = state;
  const isExact = offset === acks.committed.offset && openBytes === acks.openBytes && size === reading.size;
  // Without the guard all bytes before the offset would be compared.
  return isExact && size === offset + openBytes && guard.length > 0;
}

/** Nothing of it is waited for. */
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

/** After a turn: a closed one that rests is laid down. */
export function layDownResting(set: TailSet, tail: Tail): void {
  if (tail.reading.fd !== undefined || !(isResting(tail, set.now()) || isEmpty(tail))) return;
  if (!layDown(set, tail)) set.busy.delete(tail);
}

/** The store has all of it, nothing is open, and no turn would change that. */
function isResting(tail: Tail, now: number): boolean {
  const { file, reading, acks } = tail;
  const isWhole = file.isSettled && file.archiveSize === undefined && file.goneSince === undefined;
  if (!isWhole || file.predecessor !== undefined || acks.isDirty || hasOpenEntry(reading)) return false;
  return isDrained(tail) && (reading.fd === undefined || now - reading.lastGrowth > COLD_MS);
}

/** Files wait to be opened, and may be. */
export function isOpening({ waiting, grown, openFiles, settings }: TailSet): boolean {
  return waiting.size + grown.size > 0 && openFiles < settings.maxOpenFiles;
}

/** More files wait to be opened than may be open. */
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
    // A pipe that was put there meanwhile must not make it wait for its writer.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    set.board.clear('JT_FILE_UNREADABLE', path);
    set.board.clear('JT_TOO_MANY_OPEN_FILES');
    return fd;
  } catch (error) {
    reportUnreadable(set, path, error);
    return undefined;
  }
}

/** A file that is gone is no problem. */
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

/** The ones that have rested longest first. */
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
    layDownResting(set, tail);
  }
  set.openFiles = countOpen(set);
}
