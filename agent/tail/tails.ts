// Keeps the files that are tailed now, from the scan that finds them to their end. A new file is opened, adopt.ts
// identifies its generation, and an archive is unpacked in the background and then read like any other file. Tails
// follow their file through renames, end when it is truncated or gone, and hand over to the copy or archive in which it
// continues. Of idle files only a line is kept; a closed file that has grown, and a new one, wait for a descriptor.
// Bytes that were seen and vanished before they could be read are counted and reported.
import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { describeFault, errorCode } from '../../core/fault.js';
import type { Log } from '../../core/log.js';
import type { FileState } from '../checkpoint/checkpoint.js';
import { unpackArchive, type ArchiveForm } from '../discovery/archive.js';
import { describeStat, type FoundFile, type Scan } from '../discovery/discover.js';
import type { PodDirectory } from '../discovery/pods.js';
import type { Known } from '../checkpoint/known.js';
import { addPodNames, describeOrigin } from '../record/origin.js';
import type { RecordOrigin } from '../record/parse.js';
import type { AgentSettings } from '../settings.js';
import type { Board } from '../status.js';
import type { EntryEncoder } from './encode.js';
import { hasOpenEntry, takeOpenEntry } from './open-entry.js';
import { checkReading, closeReading, unreadBytes } from './read.js';
import { atRiskBytes, createTail, describeTail, isDrained, lagBytes, openTail, type Tail } from './tail.js';
import { adoptTail, type Adoption } from './adopt.js';
import { Losses } from './loss.js';

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

export interface FollowedFiles {
  readonly files: number;
  readonly openFiles: number;
  readonly lagBytes: number;
  /** Number of these bytes that are in files that wait to be begun. */
  readonly waitingBytes: number;
  readonly atRiskBytes: number;
}

/** New file. `before` is the tail whose file had this path earlier. */
interface NewFile {
  readonly file: FoundFile;
  readonly before: Tail | undefined;
}

type NewPlace = Pick<FoundFile, 'path' | 'captures'>;
type Born = Pick<FoundFile, 'inode' | 'birthMs'>;

/**
 * Time without growth, in milliseconds, after which only the scan looks at a file. The same holds for a closed file.
 */
export const COLD_MS = 60_000;
/** Wait, in milliseconds, until an archive is tried again that the agent's own disk did not let it unpack. */
const UNPACK_AGAIN_MS = 2000;
/** Tolerance for file times, in milliseconds, because some archives keep them in coarser steps. */
const LATER_MS = 1000;
/** Limit of files that are begun in one cycle. */
const MAX_AT_ONCE = 100;
const NO_TAILS: ReadonlyMap<string, Tail> = new Map();

export class Tails {
  /** Tails without a file whose last records are not acknowledged yet. */
  readonly ended = new Set<Tail>();
  readonly #parts: TailsParts;
  readonly #losses: Losses;
  /** Tails by device and inode. */
  readonly #live = new Map<string, Tail>();
  readonly #byKey = new Map<string, Tail>();
  /** Tails by the path at which their file was last seen. */
  readonly #byPath = new Map<string, Tail>();
  /**
   * Idle files without a tail, by path, as they were last seen: the store has all of them, and the checkpoint is enough
   * to continue. A file that changes is begun like a new one, and resumes.
   */
  readonly #idle = new Map<string, FoundFile>();
  /** New files that are to be begun, by path, in the order of the scan. */
  readonly #waiting = new Map<string, NewFile>();
  /** Tails that a cycle may have work for. The others are idle, and only a scan looks at them. */
  readonly #busy = new Set<Tail>();
  /** Closed tails whose file has grown. They are opened as far as there is room. */
  readonly #grown = new Set<Tail>();
  /** Files that are not read, with the size at which that was decided. */
  readonly #ignored = new Map<string, number>();
  /** Generations that were remembered at the start and have not been met since. */
  readonly #unmet: Set<string>;
  #hasScanned = false;
  /** True as long as only files of the first scan were begun. */
  #isFirstScan = true;
  /** Number of descriptors in use or requested since they were counted. */
  #openCount = 0;
  /** Archive that is being unpacked. */
  #unpacking: Promise<void> | undefined;
  /** Folders and files that the last scan could not read. */
  #unreadable: ReadonlySet<string> = new Set();

  constructor(parts: TailsParts) {
    this.#parts = parts;
    this.#losses = new Losses(parts);
    this.#unmet = new Set([...parts.known.values()].map(({ key }) => key));
  }

  list(): readonly Tail[] {
    return [...this.#live.values()];
  }

  /** Returns the tails that a cycle may have work for. */
  listBusy(): readonly Tail[] {
    return [...this.#busy];
  }

  /** Makes cycles look at a tail again of which something was read. */
  wake(tail: Tail): void {
    this.#busy.add(tail);
  }

  /** Waits for an archive that is being unpacked. */
  async finishArchive(): Promise<void> {
    while (this.#unpacking !== undefined) await this.#unpacking;
  }

  /** Closes files that still exist at their path but are not in this scan of other paths. */
  leaveFiles({ files }: Scan): void {
    const wanted = new Set(files.map(idOf));
    for (const tail of [...this.#live.values()])
      if (!wanted.has(idOf(tail.file)) && standsStill(tail.file)) this.#leaveTail(tail);
  }

  /** Follows renamed files, notes missing ones, begins new ones. */
  syncFiles(scan: Scan): void {
    this.#isFirstScan &&= !this.#hasScanned || this.#waiting.size > 0;
    this.#hasScanned = true;
    const seen = new Set<string>();
    const fresh = scan.files.filter((file) => !this.#live.has(idOf(file)) && !this.#isIdleFile(file));
    this.#dropGone(scan);
    const byOldPath = fresh.length === 0 ? NO_TAILS : new Map(this.#byPath);
    this.#openCount = this.#countOpen();
    for (const file of scan.files) {
      const id = idOf(file);
      seen.add(id);
      const tail = this.#live.get(id);
      if (tail !== undefined) this.#followFile(tail, file);
    }
    for (const [id, tail] of this.#live) if (!seen.has(id)) this.#noteGone(tail);
    // Truncations are detected before new files are looked at, because one of these may be the copy.
    for (const tail of [...this.#live.values()]) this.#checkReplaced(tail);
    for (const tail of this.#live.values()) this.#noteSize(tail);
    this.#awaitFiles(fresh, byOldPath);
    this.#reportProblems(scan);
    this.#gatherBusy();
    this.openFiles();
  }

  /** Returns true if an idle file has not changed. A file that has changed is begun like a new one, and resumes. */
  #isIdleFile(file: FoundFile): boolean {
    const { known, now, settings } = this.#parts;
    const before = this.#idle.get(file.path);
    if (before === undefined) return false;
    const isSame = idOf(before) === idOf(file) && before.size === file.size && before.mtimeMs === file.mtimeMs;
    if (!isSame) {
      this.#idle.delete(file.path);
      return false;
    }
    // The scan keeps this object as well, so there is one copy.
    this.#idle.set(file.path, file);
    const [state] = known.findByInode(file.inode);
    if (state !== undefined && now() - state.seen > settings.forgetAfterMs / 7) known.set({ ...state, seen: now() });
    return true;
  }

  /** Drops idle files that are gone. The checkpoint remembers them, in case they come back. */
  #dropGone({ files }: Scan): void {
    const seen = new Set(files.map(({ path }) => path));
    for (const path of this.#idle.keys()) if (!seen.has(path)) this.#idle.delete(path);
  }

  #followFile(tail: Tail, found: FoundFile): void {
    const { known, settings } = this.#parts;
    const { file, reading, acks } = tail;
    const now = this.#parts.now();
    file.seen = now;
    file.goneSince = undefined;
    // A file that was not seen for a long time is forgotten, so the checkpoint is updated from time to time.
    if (file.isSettled && now - (known.get(file.key)?.seen ?? 0) > settings.forgetAfterMs / 7) acks.isDirty = true;
    if (file.path !== found.path) {
      this.#moveFile(tail, found.path);
      acks.isDirty = file.isSettled;
    }
    const hasChanged = found.size !== reading.size || found.mtimeMs !== reading.mtimeMs;
    if (hasChanged && isClosed(tail)) this.#grown.add(tail);
  }

  #moveFile(tail: Tail, path: string): void {
    const { file } = tail;
    if (this.#byPath.get(file.path) === tail) this.#byPath.delete(file.path);
    file.path = path;
    this.#byPath.set(path, tail);
  }

  /** Notes that a watch observed a write at this path. Returns false if no tail here follows it. */
  notifyChange(path: string): boolean {
    const file = this.#idle.get(path);
    if (file !== undefined) {
      this.#idle.delete(path);
      this.#waiting.set(path, { file, before: undefined });
      return true;
    }
    const tail = this.#byPath.get(path);
    if (tail === undefined) return this.#waiting.has(path);
    if (isClosed(tail)) this.#grown.add(tail);
    else {
      tail.reading.isReported = true;
      this.#busy.add(tail);
    }
    return true;
  }

  /**
   * Opens, as far as there is room, closed files that have grown and some new files, and identifies the new ones.
   * Unpacks one archive at a time in the background.
   */
  openFiles(): void {
    for (const tail of this.#grown) {
      if (this.#openCount >= this.#parts.settings.maxOpenFiles) break;
      this.#grown.delete(tail);
      this.#openAgain(tail);
    }
    this.#beginFiles();
  }

  #openAgain(tail: Tail): void {
    const { path } = tail.file;
    this.#openCount += 1;
    try {
      if (!openTail(tail)) return this.#endTail(tail, unreadBytes(tail.reading));
      this.#parts.board.clear('JT_FILE_UNREADABLE', path);
      tail.reading.isReported = true;
      this.#busy.add(tail);
    } catch (error) {
      this.#reportUnreadable(path, error);
    }
  }

  #checkReplaced(tail: Tail): void {
    const { file, reading } = tail;
    if (reading.fd === undefined || !file.isSettled || file.endedAt !== undefined) return;
    const lostBytes = unreadBytes(reading);
    try {
      if (checkReading(reading, reading.fd, file.head) === 'truncated') this.replaceTail(tail, lostBytes);
    } catch (error) {
      this.failTail(tail, error);
    }
  }

  /**
   * Notes the size of a file that grew. What was seen of it counts as lost when it vanishes, also after a kill while
   * the store is down.
   */
  #noteSize({ file, reading, acks }: Tail): void {
    if (file.isSettled && reading.size > (this.#parts.known.get(file.key)?.size ?? 0)) acks.isDirty = true;
  }

  #reportProblems({ problems }: Scan): void {
    const { board, log } = this.#parts;
    const paths = new Set(problems.map(({ path }) => path));
    for (const path of this.#unreadable) if (!paths.has(path)) board.clear('JT_FILE_UNREADABLE', path);
    this.#unreadable = paths;
    for (const { path, problem } of problems) {
      if (board.raise('JT_FILE_UNREADABLE', { path, problem }, path))
        log.warn({ path, problem }, 'A path cannot be read; it is tried again.');
    }
  }

  /** Forgets a generation that another follower follows now, unless it is read here. It is not missed then. */
  release(key: string): void {
    if (this.#byKey.has(key) || this.#isEnding(key)) return;
    this.#losses.forget(key);
    this.#unmet.delete(key);
    this.#parts.known.release(key);
  }

  /** Returns the tails of the files whose names differ from this one only by rotation. Idle ones are opened. */
  listFamily(path: string): readonly Tail[] {
    return this.#parts.known
      .findFamily(path)
      .map(({ key }) => this.#byKey.get(key) ?? this.#wakeByKey(key))
      .filter((tail) => tail !== undefined);
  }

  measure(): FollowedFiles {
    const bytes = { lagBytes: 0, atRiskBytes: 0 };
    for (const tails of [this.#live.values(), this.ended])
      for (const tail of tails) {
        bytes.lagBytes += lagBytes(tail);
        bytes.atRiskBytes += atRiskBytes(tail);
      }
    const waitingBytes = this.#measureWaiting();
    return {
      files: this.#live.size + this.#idle.size,
      openFiles: this.#countOpen(),
      lagBytes: bytes.lagBytes + waitingBytes,
      waitingBytes,
      atRiskBytes: bytes.atRiskBytes,
    };
  }

  /** Measures the unread bytes of files that were found and not begun yet. Beginning many files takes minutes. */
  #measureWaiting(): number {
    let bytes = 0;
    for (const { file } of this.#waiting.values()) {
      const [state] = this.#parts.known.findByInode(file.inode);
      const isSame = state !== undefined && state.device === file.device && state.offset <= file.size;
      bytes += isSame && state.archive === undefined ? file.size - state.offset - state.openBytes : file.size;
    }
    return bytes;
  }

  close(): void {
    for (const { reading } of this.#live.values()) closeReading(reading);
    this.#live.clear();
    this.#busy.clear();
    this.#grown.clear();
    this.#byPath.clear();
    this.#idle.clear();
    this.#waiting.clear();
  }

  /**
   * Queues the files that a scan found and nobody follows; `byOldPath` gives the tail that had a path before. The file
   * written first comes first: if few may be open, the beginning of an entry that a rotation cut is read before its
   * rest.
   */
  #awaitFiles(files: readonly FoundFile[], byOldPath: ReadonlyMap<string, Tail>): void {
    const waited = new Map([...this.#waiting.values()].map(({ file, before }) => [idOf(file), before]));
    this.#waiting.clear();
    for (const file of [...files].sort((one, other) => one.mtimeMs - other.mtimeMs))
      if (!this.#isIgnored(file))
        this.#waiting.set(file.path, { file, before: waited.get(idOf(file)) ?? byOldPath.get(file.path) });
  }

  #isIgnored(file: FoundFile): boolean {
    const size = this.#ignored.get(idOf(file));
    return size !== undefined && file.size >= size;
  }

  /**
   * Begins some of the waiting files, as far as they may be open. Records of the first ones leave before the last are
   * open.
   */
  #beginFiles(): void {
    let left = Math.min(MAX_AT_ONCE, this.#parts.settings.maxOpenFiles - this.#openCount);
    for (const { file, before } of this.#waiting.values()) {
      if (left <= 0) break;
      left -= 1;
      this.#waiting.delete(file.path);
      this.#ignored.delete(idOf(file));
      this.#openNew(file, describeOrigin(file, this.#parts.settings), before, file);
    }
    this.#settleTails();
  }

  /** Ends a tail whose file is another generation now, and begins with the content that the file has now. */
  replaceTail(tail: Tail, lostBytes: number): void {
    this.#parts.board.count('truncatedFiles');
    this.#endTail(tail, lostBytes);
    this.#ignored.delete(idOf(tail.file));
    this.#openNew(tail.file, tail.file.origin, undefined);
  }

  /** Opens the tail of an idle file, which continues where it was. Returns undefined if the file is gone. */
  #wakeByKey(key: string): Tail | undefined {
    const { known, settings } = this.#parts;
    const state = known.get(key);
    const file = state === undefined ? undefined : this.#idle.get(state.path);
    if (file === undefined || file.inode !== state?.inode) return undefined;
    this.#idle.delete(file.path);
    const tail = this.#openNew(file, describeOrigin(file, settings), undefined, file);
    if (tail !== undefined) this.#settleTail(tail);
    return this.#byKey.get(key);
  }

  #openNew(
    { path, captures }: NewPlace,
    origin: RecordOrigin,
    before: Tail | undefined,
    scanned?: Pick<FoundFile, 'inode' | 'device'>,
  ): Tail | undefined {
    const { hasBirthTimes, settings, now } = this.#parts;
    if (origin.isUnnamed && origin.pod === undefined) this.#reportUnnamed(origin);
    this.#openCount += 1;
    const fd = this.#openFile(path);
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
      birthMs: hasBirthTimes ? birthMs : 0,
      predecessor: before?.file.endedAt === undefined ? before : undefined,
      maxEntryBytes: settings.maxEntryBytes,
      fd,
      now: now(),
    });
    const id = idOf(tail.file);
    if (this.#live.has(id)) {
      closeSync(fd);
      return undefined;
    }
    this.#live.set(id, tail);
    this.#byPath.set(path, tail);
    this.#busy.add(tail);
    return tail;
  }

  /** Reports a file whose cluster nothing names. In a store that no other node uses, its records cannot be confused. */
  #reportUnnamed({ path, cluster }: RecordOrigin): void {
    const { settings, board, log } = this.#parts;
    if (!settings.isStoreShared || board.has('JT_CLUSTER_UNNAMED')) return;
    board.raise('JT_CLUSTER_UNNAMED', { path, cluster });
    log.warn({ path, cluster }, 'Nothing names the cluster of a file; set agent.cluster.');
  }

  /** Identifies new files. */
  #settleTails(): void {
    for (const tail of [...this.#busy]) this.#settleTail(tail);
  }

  #settleTail(tail: Tail): void {
    const { settings, known, isFirstStart, now } = this.#parts;
    if (tail.file.isSettled || tail.reading.fd === undefined || !this.#isNamed(tail)) return;
    try {
      this.#applyAdoption(
        tail,
        adoptTail(tail, tail.reading.fd, {
          settings,
          known,
          findLive: (key) => this.#byKey.get(key) ?? this.#wakeByKey(key),
          isFirstStart: isFirstStart && this.#isFirstScan,
          now: now(),
        }),
      );
    } catch (error) {
      this.failTail(tail, error);
    }
  }

  /** Returns false while the API server is asked. The file is open meanwhile and may vanish. */
  #isNamed({ file }: Tail): boolean {
    const { pod } = file.origin;
    if (pod === undefined) return true;
    const names = this.#parts.pods?.find(pod);
    if (names === 'asking') return false;
    if (names !== undefined) file.origin = addPodNames(file.origin, names);
    if (file.origin.isUnnamed) this.#reportUnnamed(file.origin);
    return true;
  }

  #applyAdoption(tail: Tail, adoption: Adoption): void {
    switch (adoption.kind) {
      case 'wait':
        return;
      case 'archive':
        return adoption.form === 'gzip' ? this.#beginArchive(tail) : this.#leaveOutPacked(tail, adoption.form);
      case 'binary':
        return this.#leaveOutBinary(tail);
      default:
        this.#byKey.set(tail.file.key, tail);
        this.#parts.known.set(describeTail(tail));
        this.#noteMet(tail, adoption.kind);
        for (const [age, state] of adoption.abandoned.entries()) this.#noteAbandoned(tail, state, age);
        if (adoption.kind === 'continued') this.#takeOver(tail);
    }
  }

  /** Counts a file by how it was met. An idle file that was opened again was met before. */
  #noteMet({ file }: Tail, kind: 'begun' | 'resumed' | 'continued'): void {
    const { board } = this.#parts;
    const wasUnmet = this.#unmet.delete(file.key);
    if (kind === 'begun') board.count('newFiles');
    else if (kind === 'continued') board.count('continuedFiles');
    else if (wasUnmet) board.count('resumedFiles');
  }

  /**
   * Notes a generation that its file does not hold now. `age` counts the generations of this inode that came after it.
   */
  #noteAbandoned({ file }: Tail, state: FileState, age: number): void {
    const { key, path, size, offset, openBytes } = state;
    if (this.#isEnding(key)) return;
    // A reused inode has another creation time; without creation times, this cannot be decided.
    const isSameFile = file.birthMs > 0 && Math.trunc(file.birthMs) === Math.trunc(state.birthMs);
    // An observed truncation leaves no guard.
    const wasWhole = state.guard.length > 0;
    if (isSameFile && wasWhole && age === 0 && this.#unmet.has(key)) {
      this.#parts.board.count('truncatedFiles');
      this.#losses.noteUnseen(key, path, size - offset - openBytes);
      return;
    }
    // The file was idle while the agent was running.
    if (isSameFile && wasWhole && age === 0) this.#parts.board.count('truncatedFiles');
    this.#losses.note(key, path, size - offset - openBytes);
  }

  /** Makes the copy speak for the generation from now on. */
  #takeOver({ file }: Tail): void {
    this.#losses.forget(file.key);
    for (const old of this.ended) if (old.file.key === file.key) this.ended.delete(old);
  }

  #leaveOutBinary(tail: Tail): void {
    const { board, log } = this.#parts;
    const { path } = tail.file;
    board.count('binaryFiles');
    if (board.raise('JT_FILE_BINARY', { path }, path)) log.warn({ path }, 'A file holds no text and is left out.');
    this.#ignoreTail(tail);
  }

  /**
   * Ignores an archive of a form that is not read. A running agent reads a file to its end before a rotation packs it.
   * If a file was packed while the agent was away, nobody knows what it held after the last line that was read.
   */
  #leaveOutPacked(tail: Tail, form: ArchiveForm): void {
    const { board, log } = this.#parts;
    const { path } = tail.file;
    if (this.#isFirstScan && this.#mayHoldUnread(tail) && board.raise('JT_ARCHIVE_UNREAD', { path, form }, path))
      log.warn({ path, form }, 'A rotation was packed while the agent was away, in a form that it does not read.');
    this.#ignoreTail(tail);
  }

  /**
   * Returns true if a file of this family was read before and is gone, and this archive was written after that file was
   * last seen.
   */
  #mayHoldUnread({ file, reading }: Tail): boolean {
    const gone = this.#parts.known
      .findFamily(file.path)
      .filter(
        ({ key, archive, mtimeMs }) =>
          this.#unmet.has(key) && archive === undefined && reading.mtimeMs > mtimeMs + LATER_MS,
      );
    if (gone.length === 0) return false;
    const present = [
      ...[...this.#live.values()].map((tail) => tail.file),
      ...this.#idle.values(),
      ...[...this.#waiting.values()].map((next) => next.file),
    ];
    return gone.some((state) => !present.some((one) => isSameFile(one, state)));
  }

  /** Ignores a file until it grows. */
  #ignoreTail(tail: Tail): void {
    this.#ignored.set(idOf(tail.file), tail.file.archiveSize ?? tail.reading.size);
    this.#dropTail(tail);
  }

  #beginArchive(tail: Tail): void {
    const { file, reading } = tail;
    if (this.#isArchiveRead(tail)) return this.#ignoreTail(tail);
    const isTried = file.archiveTriedSize === reading.size && this.#parts.now() < file.archiveAgainAt;
    if (this.#unpacking !== undefined || isTried) return;
    file.archiveTriedSize = reading.size;
    file.archiveAgainAt = Number.POSITIVE_INFINITY;
    this.#unpacking = this.#unpack(tail, reading.size).finally(() => {
      this.#unpacking = undefined;
    });
  }

  /** True if the archive was read before, or is an old one from the time before the first start. */
  #isArchiveRead({ file, reading }: Tail): boolean {
    const { known, now, settings, isFirstStart } = this.#parts;
    const isRead = known
      .findByInode(file.inode)
      .some(({ archive }) => archive?.isRead === true && archive.size === reading.size);
    const isOld = now() - reading.mtimeMs > settings.startFromEndAfterMs;
    return isRead || (isOld && isFirstStart && this.#isFirstScan);
  }

  async #unpack({ file, reading }: Tail, size: number): Promise<void> {
    const { settings, now, board, log } = this.#parts;
    const { path } = file;
    const result = await unpackArchive(path, settings.dataDir);
    if (result.kind === 'incomplete') return;
    if (result.kind === 'failed') {
      if (result.isOwn) file.archiveAgainAt = now() + UNPACK_AGAIN_MS;
      if (board.raise('JT_ARCHIVE_INVALID', { path, problem: result.problem }, path))
        log.warn(
          { path, problem: result.problem },
          'An archive cannot be unpacked; it is tried again when it changes.',
        );
      return;
    }
    if (this.#live.get(idOf(file))?.file !== file) return closeSync(result.fd); // released meanwhile
    board.clear('JT_ARCHIVE_INVALID', path);
    closeReading(reading);
    reading.fd = result.fd;
    file.archiveSize = size;
    reading.lastGrowth = now();
    this.#settleTails();
  }

  #noteGone(tail: Tail): void {
    tail.file.goneSince ??= this.#parts.now();
    if (tail.reading.fd === undefined) this.#endTail(tail, unreadBytes(tail.reading));
  }

  /**
   * Ends the tail of an unreadable file. The acknowledged offset is remembered, and reading resumes there when the file
   * can be read again.
   */
  failTail(tail: Tail, error: unknown): void {
    this.#reportUnreadable(tail.file.path, error);
    this.#endTail(tail, 0);
  }

  #endTail(tail: Tail, lostBytes: number): void {
    const { encoder, known } = this.#parts;
    const { file, reading, acks } = tail;
    if (file.isSettled) {
      // A replaced file has another generation's bytes before the offset, so there is no guard. A copy may continue its
      // last line.
      const isReplaced = file.goneSince === undefined && file.archiveSize === undefined;
      if (isReplaced) closeReading(reading);
      encoder.send(tail, takeOpenEntry(reading, file.key, !isReplaced));
      const state = describeTail(tail);
      known.set(
        file.archiveSize === undefined ? state : { ...state, archive: { size: file.archiveSize, isRead: true } },
      );
      if (acks.waiting > 0 || hasOpenEntry(reading)) this.ended.add(tail);
      this.#losses.note(file.key, file.path, lostBytes);
    }
    this.#dropTail(tail);
  }

  /**
   * Ends a tail whose path is not in the settings now: ships what was read, leaves the rest in the file and keeps its
   * offset.
   */
  #leaveTail(tail: Tail): void {
    const { encoder, known } = this.#parts;
    const { file, reading, acks } = tail;
    if (file.isSettled) {
      encoder.send(tail, takeOpenEntry(reading, file.key, false));
      const state = describeTail(tail);
      // The unread bytes do not count as lost if the file is missing at the next start.
      known.set({ ...state, size: Math.min(state.size, state.offset + state.openBytes) });
      if (acks.waiting > 0) this.ended.add(tail);
    }
    this.#dropTail(tail);
  }

  /**
   * Ends tails whose file is gone or unpacked and whose bytes the store has, reports losses, and closes idle files to
   * make room.
   */
  sweep(): void {
    for (const tail of [...this.#busy]) this.#sweepLive(tail);
    for (const tail of this.ended) this.#sweepEnded(tail);
    this.#losses.sweep((key) => this.#byKey.has(key) || this.#isEnding(key), this.#waiting.size === 0);
    if (this.#isFull()) this.#closeIdle(this.#countOpen() - Math.floor(this.#parts.settings.maxOpenFiles / 2));
  }

  #sweepLive(tail: Tail): void {
    const { now, settings } = this.#parts;
    const { file, reading } = tail;
    if (file.archiveSize !== undefined && file.isSettled) {
      if (!this.#isStored(tail)) return;
      this.#ignored.set(idOf(file), file.archiveSize);
      this.#endTail(tail, 0);
    } else if (
      file.goneSince !== undefined &&
      isDrained(tail) &&
      now() - Math.max(file.goneSince, reading.lastGrowth) >= settings.holdGoneMs &&
      this.#isStored(tail)
    )
      this.#endTail(tail, 0);
    else this.#evictIdle(tail);
  }

  /** Sends the open entry, because nothing will be added to it. Returns true when the store has all of the file. */
  #isStored(tail: Tail): boolean {
    const { file, reading } = tail;
    if (isDrained(tail) && file.isSettled && hasOpenEntry(reading))
      this.#parts.encoder.send(tail, takeOpenEntry(reading, file.key, true));
    return isDrained(tail);
  }

  #sweepEnded(tail: Tail): void {
    const { now, settings, encoder } = this.#parts;
    const { file, reading, acks } = tail;
    if (hasOpenEntry(reading) && now() - (file.endedAt ?? 0) >= settings.copyWaitMs)
      encoder.send(tail, takeOpenEntry(reading, file.key, true));
    if (acks.waiting === 0 && !hasOpenEntry(reading)) this.ended.delete(tail);
  }

  /**
   * Returns true if the generation has ended and its last records are on their way. Its end has already noted what was
   * not read.
   */
  #isEnding(key: string): boolean {
    for (const { file } of this.ended) if (file.key === key) return true;
    return false;
  }

  /** Collects the busy tails after a scan. With many files, most have nothing to do. */
  #gatherBusy(): void {
    for (const tail of this.#live.values())
      if (!isIdle(tail, this.#parts.now())) this.#busy.add(tail);
      else if (!this.#layDown(tail)) this.#busy.delete(tail);
  }

  /** Drops the tail of a closed idle file, if the checkpoint holds its exact state. Returns whether it was dropped. */
  #layDown(tail: Tail): boolean {
    const { file, reading } = tail;
    if (reading.fd !== undefined || !(isEmpty(tail) || this.#isRemembered(tail))) return false;
    const { path, captures, inode, device, birthMs } = file;
    const { size, mtimeMs } = reading;
    this.#dropTail(tail);
    this.#idle.set(path, { path, captures, inode, device, birthMs, size, mtimeMs });
    return true;
  }

  #isRemembered({ file, reading, acks }: Tail): boolean {
    const state = this.#parts.known.get(file.key);
    if (state?.path !== file.path) return false;
    const { offset, openBytes, size, guard } = state;
    const isExact = offset === acks.committed.offset && openBytes === acks.openBytes && size === reading.size;
    // A missing guard would make all bytes before the offset be compared.
    return isExact && size === offset + openBytes && guard.length > 0;
  }

  /** Removes a tail that nothing waits for. */
  #dropTail(tail: Tail): void {
    const { file, reading } = tail;
    closeReading(reading);
    file.endedAt = this.#parts.now();
    this.#live.delete(idOf(file));
    this.#busy.delete(tail);
    this.#grown.delete(tail);
    if (this.#byPath.get(file.path) === tail) this.#byPath.delete(file.path);
    if (this.#byKey.get(file.key)?.file === file) this.#byKey.delete(file.key);
  }

  /** Drops the tail of a closed idle file after a cycle. */
  #evictIdle(tail: Tail): void {
    if (tail.reading.fd !== undefined || !(isIdle(tail, this.#parts.now()) || isEmpty(tail))) return;
    if (!this.#layDown(tail)) this.#busy.delete(tail);
  }

  /** True if there are more files to open and they may be opened. */
  get isOpening(): boolean {
    return this.#waiting.size + this.#grown.size > 0 && this.#openCount < this.#parts.settings.maxOpenFiles;
  }

  /** True if more files wait to be opened than may be open. */
  #isFull(): boolean {
    return (
      this.#openCount > this.#parts.settings.maxOpenFiles ||
      (this.#openCount === this.#parts.settings.maxOpenFiles && this.#waiting.size + this.#grown.size > 0)
    );
  }

  #countOpen(): number {
    let count = 0;
    for (const { reading } of this.#live.values()) if (reading.fd !== undefined) count += 1;
    return count;
  }

  #openFile(path: string): number | undefined {
    try {
      // A pipe that was put there meanwhile must not block the agent until somebody writes to it.
      const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      this.#parts.board.clear('JT_FILE_UNREADABLE', path);
      this.#parts.board.clear('JT_TOO_MANY_OPEN_FILES');
      return fd;
    } catch (error) {
      this.#reportUnreadable(path, error);
      return undefined;
    }
  }

  /** Reports a file that cannot be read. A file that is gone is no problem. */
  #reportUnreadable(path: string, error: unknown): void {
    const { board, log } = this.#parts;
    const code = errorCode(error);
    const problem = describeFault(error);
    if (code === 'ENOENT') return;
    if (code === 'EMFILE' || code === 'ENFILE') {
      board.raise('JT_TOO_MANY_OPEN_FILES', { problem });
      this.#closeIdle(Math.ceil(this.#live.size / 10));
      return;
    }
    if (board.raise('JT_FILE_UNREADABLE', { path, problem }, path))
      log.warn({ path, problem }, 'A file cannot be read; it is tried again.');
  }

  /** Closes idle files, the longest idle ones first. */
  #closeIdle(count: number): void {
    if (count <= 0) return;
    const idle = [...this.#live.values()].filter(
      (tail) =>
        tail.reading.fd !== undefined &&
        tail.file.archiveSize === undefined &&
        tail.file.goneSince === undefined &&
        (tail.file.isSettled ? isDrained(tail) : isEmpty(tail)),
    );
    idle.sort((a, b) => a.reading.lastGrowth - b.reading.lastGrowth);
    for (const tail of idle.slice(0, count)) {
      closeReading(tail.reading);
      this.#evictIdle(tail);
    }
    this.#openCount = this.#countOpen();
  }
}

export function idOf(file: { readonly device: string; readonly inode: string }): string {
  return `${file.device}:${file.inode}`;
}

function standsStill({ path, inode }: Tail['file']): boolean {
  try {
    return describeStat(statSync(path, { bigint: true })).inode === inode;
  } catch {
    // The file is gone or not accessible: the scan will find that it is gone.
    return false;
  }
}

/** True if a closed file can be opened again; an unpacked archive cannot. */
function isClosed({ file, reading }: Tail): boolean {
  return reading.fd === undefined && file.archiveSize === undefined;
}

/** True if nothing was written yet. Flink creates a file for printed output that often stays empty. */
function isEmpty({ file, reading }: Tail): boolean {
  return !file.isSettled && reading.size === 0 && file.predecessor === undefined;
}

/** True if the store has all of the file, no entry is open, and no cycle would change that. */
function isIdle(tail: Tail, now: number): boolean {
  const { file, reading, acks } = tail;
  const isWhole = file.isSettled && file.archiveSize === undefined && file.goneSince === undefined;
  if (!isWhole || file.predecessor !== undefined || acks.isDirty || hasOpenEntry(reading)) return false;
  return isDrained(tail) && (reading.fd === undefined || now - reading.lastGrowth > COLD_MS);
}

/**
 * Compares inode and creation time, because a reused inode has another creation time. Without one, the inode decides.
 */
function isSameFile(one: Born, other: Born): boolean {
  if (one.inode !== other.inode) return false;
  return one.birthMs === 0 || other.birthMs === 0 || Math.trunc(one.birthMs) === Math.trunc(other.birthMs);
}
