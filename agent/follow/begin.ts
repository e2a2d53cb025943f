// Begins tails: opens a new file, lets adopt.ts identify its generation, and unpacks an archive in the background (one
// at a time), which is then treated like any other file. A file that was truncated ends and begins anew.
import { closeSync, fstatSync } from 'node:fs';
import type { FileState } from '../checkpoint/checkpoint.js';
import { unpackArchive, type ArchiveForm } from '../files/archive.js';
import { describeStat, type FoundFile } from '../files/discover.js';
import { addPodNames, describeOrigin } from '../record/origin.js';
import type { RecordOrigin } from '../record/parse.js';
import { closeReading } from '../tail/read.js';
import { createTail, describeTail, type Tail } from '../tail/tail.js';
import { adoptTail, type Adoption } from './adopt.js';
import { endTail, failTail } from './ends.js';
import { dropTail, idOf, isEnding, openFile, type TailSet } from './set.js';

/** Wait, in milliseconds, until an archive is tried again that the agent's own disk did not let it unpack. */
const UNPACK_AGAIN_MS = 2000;
/** Tolerance for file times, in milliseconds, because some archives keep them in coarser steps. */
const LATER_MS = 1000;
/** Limit of files that are begun in one cycle. */
const MAX_AT_ONCE = 100;

/**
 * Queues the files that a scan found and nobody follows; `byOldPath` gives the tail that had a path before. The file
 * written first comes first: if few may be open, the beginning of an entry that a rotation cut is read before its rest.
 */
export function awaitFiles(set: TailSet, files: readonly FoundFile[], byOldPath: ReadonlyMap<string, Tail>): void {
  const { waiting } = set;
  const waited = new Map([...waiting.values()].map(({ file, before }) => [idOf(file), before]));
  waiting.clear();
  for (const file of [...files].sort((one, other) => one.mtimeMs - other.mtimeMs))
    if (!isIgnored(set, file))
      waiting.set(file.path, { file, before: waited.get(idOf(file)) ?? byOldPath.get(file.path) });
}

function isIgnored({ ignored }: TailSet, file: FoundFile): boolean {
  const size = ignored.get(idOf(file));
  return size !== undefined && file.size >= size;
}

/**
 * Begins some of the waiting files, as far as they may be open. Records of the first ones leave before the last are
 * open.
 */
export function beginFiles(set: TailSet): void {
  let left = Math.min(MAX_AT_ONCE, set.settings.maxOpenFiles - set.openFiles);
  for (const { file, before } of set.waiting.values()) {
    if (left <= 0) break;
    left -= 1;
    set.waiting.delete(file.path);
    set.ignored.delete(idOf(file));
    openNew(set, file, describeOrigin(file, set.settings), before, file);
  }
  settleTails(set);
}

/** Ends a tail whose file is another generation now, and begins with the content that the file has now. */
export function replaceTail(set: TailSet, tail: Tail, lostBytes: number): void {
  set.board.count('truncatedFiles');
  endTail(set, tail, lostBytes);
  set.ignored.delete(idOf(tail.file));
  openNew(set, tail.file, tail.file.origin, undefined);
}

/** Opens the tail of an idle file, which continues where it was. Returns undefined if the file is gone. */
export function wakeByKey(set: TailSet, key: string): Tail | undefined {
  const state = set.known.get(key);
  const file = state === undefined ? undefined : set.idle.get(state.path);
  if (file === undefined || file.inode !== state?.inode) return undefined;
  set.idle.delete(file.path);
  const tail = openNew(set, file, describeOrigin(file, set.settings), undefined, file);
  if (tail !== undefined) settleTail(set, tail);
  return set.byKey.get(key);
}

type NewPlace = Pick<FoundFile, 'path' | 'captures'>;

function openNew(
  set: TailSet,
  { path, captures }: NewPlace,
  origin: RecordOrigin,
  before: Tail | undefined,
  scanned?: Pick<FoundFile, 'inode' | 'device'>,
): Tail | undefined {
  if (origin.isUnnamed && origin.pod === undefined) reportUnnamed(set, origin);
  set.openFiles += 1;
  const fd = openFile(set, path);
  if (fd === undefined) return undefined;
  const { inode, device, birthMs } = describeStat(fstatSync(fd, { bigint: true }));
  // The path has another file by now: a rotation, or a link that was made since the scan allowed the path.
  if (scanned !== undefined && (scanned.inode !== inode || scanned.device !== device)) {
    closeSync(fd);
    return undefined;
  }
  const tail = createTail({
    path,
    captures,
    origin,
    inode,
    device,
    birthMs: set.hasBirthTimes ? birthMs : 0,
    predecessor: before?.file.endedAt === undefined ? before : undefined,
    maxEntryBytes: set.settings.maxEntryBytes,
    fd,
    now: set.now(),
  });
  const id = idOf(tail.file);
  if (set.live.has(id)) {
    closeSync(fd);
    return undefined;
  }
  set.live.set(id, tail);
  set.byPath.set(path, tail);
  set.busy.add(tail);
  return tail;
}

/** Reports a file whose cluster nothing names. In a store that no other node uses, its records cannot be confused. */
function reportUnnamed({ settings, board, log }: TailSet, { path, cluster }: RecordOrigin): void {
  if (!settings.isStoreShared || board.has('JT_CLUSTER_UNNAMED')) return;
  board.raise('JT_CLUSTER_UNNAMED', { path, cluster });
  log.warn({ path, cluster }, 'Nothing names the cluster of a file; set agent.cluster.');
}

/** Identifies new files. */
function settleTails(set: TailSet): void {
  for (const tail of [...set.busy]) settleTail(set, tail);
}

function settleTail(set: TailSet, tail: Tail): void {
  if (tail.file.isSettled || tail.reading.fd === undefined || !isNamed(set, tail)) return;
  try {
    applyAdoption(
      set,
      tail,
      adoptTail(tail, tail.reading.fd, {
        settings: set.settings,
        known: set.known,
        findLive: (key) => set.byKey.get(key) ?? wakeByKey(set, key),
        isFirstStart: set.isFirstStart && set.isFirstScan,
        now: set.now(),
      }),
    );
  } catch (error) {
    failTail(set, tail, error);
  }
}

/** Returns false while the API server is asked. The file is open meanwhile and may vanish. */
function isNamed(set: TailSet, { file }: Tail): boolean {
  const { pod } = file.origin;
  if (pod === undefined) return true;
  const names = set.pods?.find(pod);
  if (names === 'asking') return false;
  if (names !== undefined) file.origin = addPodNames(file.origin, names);
  if (file.origin.isUnnamed) reportUnnamed(set, file.origin);
  return true;
}

function applyAdoption(set: TailSet, tail: Tail, adoption: Adoption): void {
  switch (adoption.kind) {
    case 'wait':
      return;
    case 'archive':
      return adoption.form === 'gzip' ? beginArchive(set, tail) : leaveOutPacked(set, tail, adoption.form);
    case 'binary':
      return leaveOutBinary(set, tail);
    default:
      set.byKey.set(tail.file.key, tail);
      set.known.set(describeTail(tail));
      noteMet(set, tail, adoption.kind);
      for (const [age, state] of adoption.abandoned.entries()) noteAbandoned(set, tail, state, age);
      if (adoption.kind === 'continued') takeOver(set, tail);
  }
}

/** Counts a file by how it was met. An idle file that was opened again was met before. */
function noteMet({ unmet, board }: TailSet, { file }: Tail, kind: 'begun' | 'resumed' | 'continued'): void {
  const wasUnmet = unmet.delete(file.key);
  if (kind === 'begun') board.count('newFiles');
  else if (kind === 'continued') board.count('continuedFiles');
  else if (wasUnmet) board.count('resumedFiles');
}

/**
 * Notes a generation that its file does not hold now. `age` counts the generations of this inode that came after it.
 */
function noteAbandoned(set: TailSet, { file }: Tail, state: FileState, age: number): void {
  const { key, path, size, offset, openBytes } = state;
  if (isEnding(set, key)) return;
  // A reused inode has another creation time; without creation times, this cannot be decided.
  const isSameFile = file.birthMs > 0 && Math.trunc(file.birthMs) === Math.trunc(state.birthMs);
  // An observed truncation leaves no guard.
  const wasWhole = state.guard.length > 0;
  if (isSameFile && wasWhole && age === 0 && set.unmet.has(key)) {
    set.board.count('truncatedFiles');
    set.losses.noteUnseen(key, path, size - offset - openBytes);
    return;
  }
  // The file was idle while the agent was running.
  if (isSameFile && wasWhole && age === 0) set.board.count('truncatedFiles');
  set.losses.note(key, path, size - offset - openBytes);
}

/** Makes the copy speak for the generation from now on. */
function takeOver({ losses, ended }: TailSet, { file }: Tail): void {
  losses.forget(file.key);
  for (const old of ended) if (old.file.key === file.key) ended.delete(old);
}

function leaveOutBinary(set: TailSet, tail: Tail): void {
  const { path } = tail.file;
  set.board.count('binaryFiles');
  if (set.board.raise('JT_FILE_BINARY', { path }, path))
    set.log.warn({ path }, 'A file holds no text and is left out.');
  ignoreTail(set, tail);
}

/**
 * Ignores an archive of a form that is not read. A running agent reads a file to its end before a rotation packs it. If
 * a file was packed while the agent was away, nobody knows what it held after the last line that was read.
 */
function leaveOutPacked(set: TailSet, tail: Tail, form: ArchiveForm): void {
  const { path } = tail.file;
  if (set.isFirstScan && mayHoldUnread(set, tail) && set.board.raise('JT_ARCHIVE_UNREAD', { path, form }, path))
    set.log.warn({ path, form }, 'A rotation was packed while the agent was away, in a form that it does not read.');
  ignoreTail(set, tail);
}

/**
 * Returns true if a file of this family was read before and is gone, and this archive was written after that file was
 * last seen.
 */
function mayHoldUnread(set: TailSet, { file, reading }: Tail): boolean {
  const { known, live, idle, unmet, waiting } = set;
  const gone = known
    .findFamily(file.path)
    .filter(
      ({ key, archive, mtimeMs }) => unmet.has(key) && archive === undefined && reading.mtimeMs > mtimeMs + LATER_MS,
    );
  if (gone.length === 0) return false;
  const present = [
    ...[...live.values()].map((tail) => tail.file),
    ...idle.values(),
    ...[...waiting.values()].map((next) => next.file),
  ];
  return gone.some((state) => !present.some((one) => isSameFile(one, state)));
}

/**
 * Compares inode and creation time, because a reused inode has another creation time. Without one, the inode decides.
 */
function isSameFile(one: Born, other: Born): boolean {
  if (one.inode !== other.inode) return false;
  return one.birthMs === 0 || other.birthMs === 0 || Math.trunc(one.birthMs) === Math.trunc(other.birthMs);
}

type Born = Pick<FoundFile, 'inode' | 'birthMs'>;

/** Ignores a file until it grows. */
function ignoreTail(set: TailSet, tail: Tail): void {
  set.ignored.set(idOf(tail.file), tail.file.archiveSize ?? tail.reading.size);
  dropTail(set, tail);
}

function beginArchive(set: TailSet, tail: Tail): void {
  const { file, reading } = tail;
  if (isArchiveRead(set, tail)) return ignoreTail(set, tail);
  const isTried = file.archiveTriedSize === reading.size && set.now() < file.archiveAgainAt;
  if (set.unpacking !== undefined || isTried) return;
  file.archiveTriedSize = reading.size;
  file.archiveAgainAt = Number.POSITIVE_INFINITY;
  set.unpacking = unpack(set, tail, reading.size).finally(() => {
    set.unpacking = undefined;
  });
}

/** True if the archive was read before, or is an old one from the time before the first start. */
function isArchiveRead(set: TailSet, { file, reading }: Tail): boolean {
  const isRead = set.known
    .findByInode(file.inode)
    .some(({ archive }) => archive?.isRead === true && archive.size === reading.size);
  const isOld = set.now() - reading.mtimeMs > set.settings.startFromEndAfterMs;
  return isRead || (isOld && set.isFirstStart && set.isFirstScan);
}

async function unpack(set: TailSet, { file, reading }: Tail, size: number): Promise<void> {
  const { board, log } = set;
  const { path } = file;
  const result = await unpackArchive(path, set.settings.dataDir);
  if (result.kind === 'incomplete') return;
  if (result.kind === 'failed') {
    if (result.isOwn) file.archiveAgainAt = set.now() + UNPACK_AGAIN_MS;
    if (board.raise('JT_ARCHIVE_INVALID', { path, problem: result.problem }, path))
      log.warn({ path, problem: result.problem }, 'An archive cannot be unpacked; it is tried again when it changes.');
    return;
  }
  if (set.live.get(idOf(file))?.file !== file) return closeSync(result.fd); // released meanwhile
  board.clear('JT_ARCHIVE_INVALID', path);
  closeReading(reading);
  reading.fd = result.fd;
  file.archiveSize = size;
  reading.lastGrowth = set.now();
  settleTails(set);
}
