// Keeps the files that are tailed now. A scan comes in, and new files are begun (begin.ts). Tails follow their file
// through renames, end when it is truncated or gone (ends.ts), and hand over to the copy or archive in which it
// continues. Bytes that were seen and vanished before they could be read are counted and reported.
import { statSync } from 'node:fs';
import { describeStat, type FoundFile, type Scan } from '../files/discover.js';
import { checkReading, closeReading, unreadBytes } from '../tail/read.js';
import { atRiskBytes, lagBytes, openTail, type Tail } from '../tail/tail.js';
import { awaitFiles, beginFiles, replaceTail, wakeByKey } from './begin.js';
import { endTail, failTail, leaveTail, noteGone, sweepTails } from './ends.js';
import { createLosses } from './loss.js';
import {
  countOpen,
  createSet,
  gatherBusy,
  idOf,
  isEnding,
  isOpening,
  reportUnreadable,
  type TailSet,
  type TailsParts,
} from './set.js';

export interface Tails {
  /** Closes files that still exist at their path but are not in this scan of other paths. */
  leaveFiles(scan: Scan): void;
  /** Follows renamed files, notes missing ones, begins new ones. */
  syncFiles(scan: Scan): void;
  /** Notes that a watch observed a write at this path. Returns false if no tail here follows it. */
  notifyChange(path: string): boolean;
  /**
   * Opens, as far as there is room, closed files that have grown and some new files, and identifies the new ones.
   * Unpacks one archive at a time in the background.
   */
  openFiles(): void;
  /** True if there are more files to open and they may be opened. */
  readonly isOpening: boolean;
  /** Waits for an archive that is being unpacked. */
  finishArchive(): Promise<void>;
  /**
   * Ends a tail whose file is another generation now (or went away), and begins with the content that the file has now.
   */
  replaceTail(tail: Tail, lostBytes: number): void;
  /** Ends a tail whose file cannot be read now. */
  failTail(tail: Tail, error: unknown): void;
  /** Ends tails whose file is gone and read, and reports lost bytes. */
  sweep(): void;
  /** Forgets a generation that another follower follows now, unless it is read here. It is not missed then. */
  release(key: string): void;
  list(): readonly Tail[];
  /** Returns the tails of the files whose names differ from this one only by rotation. Idle ones are opened. */
  listFamily(path: string): readonly Tail[];
  /** Returns the tails that a cycle may have work for. */
  listBusy(): readonly Tail[];
  /** Makes cycles look at a tail again of which something was read. */
  wake(tail: Tail): void;
  measure(): FollowedFiles;
  /** Tails without a file whose last records are not acknowledged yet. */
  readonly ended: ReadonlySet<Tail>;
  close(): void;
}

export interface FollowedFiles {
  readonly files: number;
  readonly openFiles: number;
  readonly lagBytes: number;
  /** Number of these bytes that are in files that wait to be begun. */
  readonly waitingBytes: number;
  readonly atRiskBytes: number;
}

const NO_TAILS: ReadonlyMap<string, Tail> = new Map();

export function createTails(parts: TailsParts): Tails {
  const set = createSet(parts, createLosses(parts));
  return {
    leaveFiles: (scan) => leaveFiles(set, scan),
    syncFiles: (scan) => syncFiles(set, scan),
    notifyChange: (path) => notifyChange(set, path),
    openFiles: () => openFiles(set),
    get isOpening() {
      return isOpening(set);
    },
    finishArchive: async () => {
      while (set.unpacking !== undefined) await set.unpacking;
    },
    replaceTail: (tail, lostBytes) => replaceTail(set, tail, lostBytes),
    failTail: (tail, error) => failTail(set, tail, error),
    sweep: () => sweepTails(set),
    release: (key) => releaseFile(set, key),
    list: () => [...set.live.values()],
    listFamily: (path) => listFamily(set, path),
    listBusy: () => [...set.busy],
    wake: (tail) => void set.busy.add(tail),
    measure: () => measureFiles(set),
    ended: set.ended,
    close: () => closeAll(set),
  };
}

function leaveFiles(set: TailSet, { files }: Scan): void {
  const wanted = new Set(files.map(idOf));
  for (const tail of [...set.live.values()])
    if (!wanted.has(idOf(tail.file)) && standsStill(tail.file)) leaveTail(set, tail);
}

function standsStill({ path, inode }: Tail['file']): boolean {
  try {
    return describeStat(statSync(path, { bigint: true })).inode === inode;
  } catch {
    // The file is gone or not accessible: the scan will find that it is gone.
    return false;
  }
}

function syncFiles(set: TailSet, scan: Scan): void {
  const { live } = set;
  set.isFirstScan &&= !set.hasScanned || set.waiting.size > 0;
  set.hasScanned = true;
  const seen = new Set<string>();
  const fresh = scan.files.filter((file) => !live.has(idOf(file)) && !isIdleFile(set, file));
  dropGone(set, scan);
  const byOldPath = fresh.length === 0 ? NO_TAILS : new Map(set.byPath);
  set.openFiles = countOpen(set);
  for (const file of scan.files) {
    const id = idOf(file);
    seen.add(id);
    const tail = live.get(id);
    if (tail !== undefined) followFile(set, tail, file);
  }
  for (const [id, tail] of live) if (!seen.has(id)) noteGone(set, tail);
  // Truncations are detected before new files are looked at, because one of these may be the copy.
  for (const tail of [...live.values()]) checkReplaced(set, tail);
  for (const tail of live.values()) noteSize(set, tail);
  awaitFiles(set, fresh, byOldPath);
  reportProblems(set, scan);
  gatherBusy(set);
  openFiles(set);
}

/** Returns true if an idle file has not changed. A file that has changed is begun like a new one, and resumes. */
function isIdleFile({ idle, known, settings, now }: TailSet, file: FoundFile): boolean {
  const before = idle.get(file.path);
  if (before === undefined) return false;
  const isSame = idOf(before) === idOf(file) && before.size === file.size && before.mtimeMs === file.mtimeMs;
  if (!isSame) {
    idle.delete(file.path);
    return false;
  }
  // The scan keeps this object as well, so there is one copy.
  idle.set(file.path, file);
  const [state] = known.findByInode(file.inode);
  if (state !== undefined && now() - state.seen > settings.forgetAfterMs / 7) known.set({ ...state, seen: now() });
  return true;
}

/** Drops idle files that are gone. The checkpoint remembers them, in case they come back. */
function dropGone({ idle }: TailSet, { files }: Scan): void {
  const seen = new Set(files.map(({ path }) => path));
  for (const path of idle.keys()) if (!seen.has(path)) idle.delete(path);
}

function followFile(set: TailSet, tail: Tail, found: FoundFile): void {
  const { file, reading, acks } = tail;
  const now = set.now();
  file.seen = now;
  file.goneSince = undefined;
  // A file that was not seen for a long time is forgotten, so the checkpoint is updated from time to time.
  if (file.isSettled && now - (set.known.get(file.key)?.seen ?? 0) > set.settings.forgetAfterMs / 7)
    acks.isDirty = true;
  if (file.path !== found.path) {
    moveFile(set, tail, found.path);
    acks.isDirty = file.isSettled;
  }
  const hasChanged = found.size !== reading.size || found.mtimeMs !== reading.mtimeMs;
  if (hasChanged && isClosed(tail)) set.grown.add(tail);
}

function moveFile({ byPath }: TailSet, tail: Tail, path: string): void {
  const { file } = tail;
  if (byPath.get(file.path) === tail) byPath.delete(file.path);
  file.path = path;
  byPath.set(path, tail);
}

/** True if a closed file can be opened again; an unpacked archive cannot. */
function isClosed({ file, reading }: Tail): boolean {
  return reading.fd === undefined && file.archiveSize === undefined;
}

function notifyChange({ byPath, busy, grown, idle, waiting }: TailSet, path: string): boolean {
  const file = idle.get(path);
  if (file !== undefined) {
    idle.delete(path);
    waiting.set(path, { file, before: undefined });
    return true;
  }
  const tail = byPath.get(path);
  if (tail === undefined) return waiting.has(path);
  if (isClosed(tail)) grown.add(tail);
  else {
    tail.reading.isReported = true;
    busy.add(tail);
  }
  return true;
}

function openFiles(set: TailSet): void {
  const { grown, settings } = set;
  for (const tail of grown) {
    if (set.openFiles >= settings.maxOpenFiles) break;
    grown.delete(tail);
    openAgain(set, tail);
  }
  beginFiles(set);
}

function openAgain(set: TailSet, tail: Tail): void {
  const { path } = tail.file;
  set.openFiles += 1;
  try {
    if (!openTail(tail)) return endTail(set, tail, unreadBytes(tail.reading));
    set.board.clear('JT_FILE_UNREADABLE', path);
    tail.reading.isReported = true;
    set.busy.add(tail);
  } catch (error) {
    reportUnreadable(set, path, error);
  }
}

function checkReplaced(set: TailSet, tail: Tail): void {
  const { file, reading } = tail;
  if (reading.fd === undefined || !file.isSettled || file.endedAt !== undefined) return;
  const lostBytes = unreadBytes(reading);
  try {
    if (checkReading(reading, reading.fd, file.head) === 'truncated') replaceTail(set, tail, lostBytes);
  } catch (error) {
    failTail(set, tail, error);
  }
}

/**
 * Notes the size of a file that grew. What was seen of it counts as lost when it vanishes, also after a kill while the
 * store is down.
 */
function noteSize({ known }: TailSet, { file, reading, acks }: Tail): void {
  if (file.isSettled && reading.size > (known.get(file.key)?.size ?? 0)) acks.isDirty = true;
}

function reportProblems(set: TailSet, { problems }: Scan): void {
  const { board, log } = set;
  const paths = new Set(problems.map(({ path }) => path));
  for (const path of set.unreadable) if (!paths.has(path)) board.clear('JT_FILE_UNREADABLE', path);
  set.unreadable = paths;
  for (const { path, problem } of problems) {
    if (board.raise('JT_FILE_UNREADABLE', { path, problem }, path))
      log.warn({ path, problem }, 'A path cannot be read; it is tried again.');
  }
}

function releaseFile(set: TailSet, key: string): void {
  if (set.byKey.has(key) || isEnding(set, key)) return;
  set.losses.forget(key);
  set.unmet.delete(key);
  set.known.release(key);
}

function listFamily(set: TailSet, path: string): readonly Tail[] {
  return set.known
    .findFamily(path)
    .map(({ key }) => set.byKey.get(key) ?? wakeByKey(set, key))
    .filter((tail) => tail !== undefined);
}

function measureFiles(set: TailSet): FollowedFiles {
  const bytes = { lagBytes: 0, atRiskBytes: 0 };
  for (const tails of [set.live.values(), set.ended])
    for (const tail of tails) {
      bytes.lagBytes += lagBytes(tail);
      bytes.atRiskBytes += atRiskBytes(tail);
    }
  const waitingBytes = measureWaiting(set);
  return {
    files: set.live.size + set.idle.size,
    openFiles: countOpen(set),
    lagBytes: bytes.lagBytes + waitingBytes,
    waitingBytes,
    atRiskBytes: bytes.atRiskBytes,
  };
}

/** Measures the unread bytes of files that were found and not begun yet. Beginning many files takes minutes. */
function measureWaiting({ waiting, known }: TailSet): number {
  let bytes = 0;
  for (const { file } of waiting.values()) {
    const [state] = known.findByInode(file.inode);
    const isSame = state !== undefined && state.device === file.device && state.offset <= file.size;
    bytes += isSame && state.archive === undefined ? file.size - state.offset - state.openBytes : file.size;
  }
  return bytes;
}

function closeAll({ live, busy, grown, byPath, idle, waiting }: TailSet): void {
  for (const { reading } of live.values()) closeReading(reading);
  live.clear();
  busy.clear();
  grown.clear();
  byPath.clear();
  idle.clear();
  waiting.clear();
}
