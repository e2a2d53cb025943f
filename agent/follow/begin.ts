// How a tail begins: a new file is opened, adopt.ts says which generation it is, an archive is unpacked in the
// background (one at a time) and then treated like any other file. A file that was truncated ends and begins anew.
// Called by tails.ts.
import { closeSync, fstatSync } from 'node:fs';
import type { FileState } from '../checkpoint/checkpoint.js';
import { unpackArchive, type ArchiveForm } from '../files/archive.js';
import { describeStat, type FoundFile } from '../files/discover.js';
import { addPodNames, describeOrigin } from '../record/origin.js';
import type { RecordOrigin } from '../record/parse.js';
import { closeReading } from '../tail/chunk.js';
import { createTail, describeTail, type Tail } from '../tail/tail.js';
import { adoptTail, type Adoption } from './adopt.js';
import { endTail, failTail } from './ends.js';
import { dropTail, idOf, isEnding, openFile, type TailSet } from './set.js';

/** What our own disk did not let us unpack is tried again after this time. */
const UNPACK_AGAIN_MS = 2000;
/** Times of files are kept in coarser steps by some archives. */
const LATER_MS = 1000;
/** So many are begun in one turn. */
const MOST_AT_ONCE = 100;

/**
 * What a scan found and nobody follows; `byOldPath` says whose file stood at a path before. The one written first comes
 * first: where few may be open, an entry that a rotation cut in two meets its beginning before its rest.
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

/** Some of those that wait, as far as they may be open: what the first ones say leaves before the last are open. */
export function beginFiles(set: TailSet): void {
  let left = Math.min(MOST_AT_ONCE, set.settings.maxOpenFiles - set.openFiles);
  for (const { file, before } of set.waiting.values()) {
    if (left <= 0) break;
    left -= 1;
    set.waiting.delete(file.path);
    set.ignored.delete(idOf(file));
    openNew(set, file, describeOrigin(file, set.settings), before, file);
  }
  settleTails(set);
}

/** The file at this tail is another generation now: ends it and begins with what stands there. */
export function replaceTail(set: TailSet, tail: Tail, lostBytes: number): void {
  set.board.count('truncatedFiles');
  endTail(set, tail, lostBytes);
  set.ignored.delete(idOf(tail.file));
  openNew(set, tail.file, tail.file.origin, undefined);
}

/** The tail of a file that rests: it is opened and goes on where it was. Undefined when it is gone. */
export function wakeByKey(set: TailSet, key: string): Tail | undefined {
  const state = set.known.get(key);
  const file = state === undefined ? undefined : set.resting.get(state.path);
  if (file === undefined || file.inode !== state?.inode) return undefined;
  set.resting.delete(file.path);
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
  // Another file by now: a rotation, or a link that somebody put there since the scan said that it may be read.
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

/** In a store of its own nobody else's records can be taken for those of this node. */
function reportUnnamed({ settings, board, log }: TailSet, { path, cluster }: RecordOrigin): void {
  if (!settings.isStoreShared || board.has('JT_CLUSTER_UNNAMED')) return;
  board.raise('JT_CLUSTER_UNNAMED', { path, cluster });
  log.warn({ path, cluster }, 'Nothing names the cluster of a file; set agent.cluster.');
}

/** Finds out what new files are. */
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

/** False while the API server is asked; the file is open meanwhile and may vanish. */
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

/** One that only rested was met before. */
function noteMet({ unmet, board }: TailSet, { file }: Tail, kind: 'begun' | 'resumed' | 'continued'): void {
  const wasUnmet = unmet.delete(file.key);
  if (kind === 'begun') board.count('newFiles');
  else if (kind === 'continued') board.count('continuedFiles');
  else if (wasUnmet) board.count('resumedFiles');
}

/** What its file holds now is another generation. `age` counts the generations of this inode that came after it. */
function noteAbandoned(set: TailSet, { file }: Tail, state: FileState, age: number): void {
  const { key, path, size, offset, openBytes } = state;
  if (isEnding(set, key)) return;
  // An inode that was given away has another time of birth; where the system tells none, nobody knows.
  const isSameFile = file.birthMs > 0 && Math.trunc(file.birthMs) === Math.trunc(state.birthMs);
  // A truncation that was seen leaves no guard.
  const wasWhole = state.guard.length > 0;
  if (isSameFile && wasWhole && age === 0 && set.unmet.has(key)) {
    set.board.count('truncatedFiles');
    set.losses.noteUnseen(key, path, size - offset - openBytes);
    return;
  }
  // It rested, and the agent looked.
  if (isSameFile && wasWhole && age === 0) set.board.count('truncatedFiles');
  set.losses.note(key, path, size - offset - openBytes);
}

/** The copy speaks for the generation from now on. */
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
 * An archive of a form that is not read. While the agent runs it reads a file to its end before a rotation packs it; of
 * one that was packed while it was away nobody knows what it held beyond the last line that was read.
 */
function leaveOutPacked(set: TailSet, tail: Tail, form: ArchiveForm): void {
  const { path } = tail.file;
  if (set.isFirstScan && mayHoldUnread(set, tail) && set.board.raise('JT_ARCHIVE_UNREAD', { path, form }, path))
    set.log.warn({ path, form }, 'A rotation was packed while the agent was away, in a form that it does not read.');
  ignoreTail(set, tail);
}

/** A file of its family was read before, is gone, and this archive was written after that one was last seen. */
function mayHoldUnread(set: TailSet, { file, reading }: Tail): boolean {
  const { known, live, resting, unmet, waiting } = set;
  const gone = known
    .findFamily(file.path)
    .filter(
      ({ key, archive, mtimeMs }) => unmet.has(key) && archive === undefined && reading.mtimeMs > mtimeMs + LATER_MS,
    );
  if (gone.length === 0) return false;
  const present = [
    ...[...live.values()].map((tail) => tail.file),
    ...resting.values(),
    ...[...waiting.values()].map((next) => next.file),
  ];
  return gone.some((state) => !present.some((one) => isSameFile(one, state)));
}

/** An inode that was given away has another time of birth; where none is kept, the inode must do. */
function isSameFile(one: Born, other: Born): boolean {
  if (one.inode !== other.inode) return false;
  return one.birthMs === 0 || other.birthMs === 0 || Math.trunc(one.birthMs) === Math.trunc(other.birthMs);
}

type Born = Pick<FoundFile, 'inode' | 'birthMs'>;

/** Until the file grows. */
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

/** Read before; or of no interest, since it is an old one of the time before the first start. */
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
  if (set.live.get(idOf(file))?.file !== file) return closeSync(result.fd); // let go meanwhile
  board.clear('JT_ARCHIVE_INVALID', path);
  closeReading(reading);
  reading.fd = result.fd;
  file.archiveSize = size;
  reading.lastGrowth = set.now();
  settleTails(set);
}
