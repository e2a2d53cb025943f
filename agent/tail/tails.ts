// Keeps the tails that exist and the descriptors that are open. A file that a scan finds waits for a descriptor. When
// others need a descriptor, an idle file is closed and its tail is dropped, because the checkpoint is enough to
// continue; only its path, size and times stay in memory. lifecycle.ts decides what happens to a tail.
import { closeSync, fstatSync } from 'node:fs';
import { describeFault, errorCode } from '../../core/fault.js';
import type { Log } from '../../core/log.js';
import type { Known } from '../checkpoint/known.js';
import { describeStat, type FoundFile, type Scan } from '../discovery/discover.js';
import { describeOrigin } from '../record/origin.js';
import type { RecordOrigin } from '../record/parse.js';
import type { AgentSettings } from '../settings.js';
import type { Board } from '../status.js';
import { mayBeSameBirth } from './identity.js';
import { closeReading, openFile } from './read.js';
import {
  atRiskBytes,
  createTail,
  idOf,
  isClosed,
  isDrained,
  isEmpty,
  isIdle,
  lagBytes,
  openTail,
  type Tail,
} from './tail.js';

export interface TailsParts {
  readonly settings: AgentSettings;
  readonly known: Known;
  readonly hasBirthTimes: boolean;
  readonly board: Board;
  readonly log: Log;
  readonly now: () => number;
}

export interface FollowedFiles {
  readonly files: number;
  readonly openFiles: number;
  readonly lagBytes: number;
  /** Part of `lagBytes` that is in files that are not opened yet. */
  readonly waitingBytes: number;
  readonly atRiskBytes: number;
}

/** New file. `before` is the tail whose file had this path earlier. */
interface NewFile {
  readonly file: FoundFile;
  readonly before: Tail | undefined;
}

/** Limit of files that are opened in one cycle. */
const MAX_AT_ONCE = 100;

export class Tails {
  /** Tails without a file whose last records are not acknowledged yet. */
  readonly ended = new Set<Tail>();
  readonly #parts: TailsParts;
  /** Tails by device and inode. */
  readonly #live = new Map<string, Tail>();
  /** Settled tails by the key of their generation. */
  readonly #byKey = new Map<string, Tail>();
  /** Tails by the path at which their file was last seen. */
  readonly #byPath = new Map<string, Tail>();
  /** Idle files without a tail, by path, as they were last seen: the store has all of them. */
  readonly #idle = new Map<string, FoundFile>();
  /** New files that are to be opened, by path, in the order in which they are opened. */
  readonly #waiting = new Map<string, NewFile>();
  /** Tails that a cycle may have work for. The others are idle, and only a scan checks them. */
  readonly #busy = new Set<Tail>();
  /** Closed tails whose file has grown. They are opened within the limit of open files. */
  readonly #grown = new Set<Tail>();
  /** Files that are not read, by device and inode, with the size at which that was decided. */
  readonly #ignored = new Map<string, number>();
  /** Number of descriptors in use or requested since they were counted. */
  #openCount = 0;
  /** Folders and files that the last scan could not read. */
  #unreadable: ReadonlySet<string> = new Set();

  constructor(parts: TailsParts) {
    this.#parts = parts;
  }

  list(): readonly Tail[] {
    return [...this.#live.values()];
  }

  listBusy(): readonly Tail[] {
    return [...this.#busy];
  }

  find(key: string): Tail | undefined {
    return this.#byKey.get(key);
  }

  /** Returns the tail of a file by device and inode. */
  findFile(id: string): Tail | undefined {
    return this.#live.get(id);
  }

  isEnding(key: string): boolean {
    for (const { file } of this.ended) if (file.key === key) return true;
    return false;
  }

  /** Returns true if the file of a generation is on disk, with or without a tail. */
  isPresent({ inode, birthMs }: Pick<FoundFile, 'inode' | 'birthMs'>): boolean {
    const live = this.list().map(({ file }) => file);
    const waiting = [...this.#waiting.values()].map(({ file }) => file);
    const files = [...live, ...this.#idle.values(), ...waiting];
    return files.some((file) => file.inode === inode && mayBeSameBirth(file.birthMs, birthMs));
  }

  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** True if there are more files to open and they may be opened. */
  get isOpening(): boolean {
    return this.#waiting.size + this.#grown.size > 0 && this.#openCount < this.#parts.settings.maxOpenFiles;
  }

  /**
   * Queues the files of a scan that have no tail and are not idle. They are ordered by their last write, so that the
   * beginning of an entry that a rotation cut is read before its continuation, even if few files may be open.
   */
  queueNew({ files }: Scan): void {
    const waited = new Map([...this.#waiting.values()].map(({ file, before }) => [idOf(file), before]));
    this.#waiting.clear();
    const fresh = files.filter((file) => !this.#live.has(idOf(file)) && !this.#isIdleFile(file));
    for (const file of fresh.sort((one, other) => one.mtimeMs - other.mtimeMs))
      if (file.size < (this.#ignored.get(idOf(file)) ?? Number.POSITIVE_INFINITY))
        this.#waiting.set(file.path, { file, before: waited.get(idOf(file)) ?? this.#byPath.get(file.path) });
    // The checkpoint remembers idle files that are gone, in case they come back.
    const seen = new Set(files.map(({ path }) => path));
    for (const path of this.#idle.keys()) if (!seen.has(path)) this.#idle.delete(path);
    this.#openCount = this.#countOpen();
  }

  /** Returns true if an idle file has not changed. A file that has changed is begun like a new one. */
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

  move(tail: Tail, path: string): void {
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
    this.noteGrown(tail);
    return true;
  }

  /** Makes cycles check a file that has grown. A closed one must be opened first. */
  noteGrown(tail: Tail): void {
    tail.reading.isReported = true;
    if (isClosed(tail)) this.#grown.add(tail);
    else this.#busy.add(tail);
  }

  /** Makes the next cycles check a tail from which something was read. */
  wake(tail: Tail): void {
    this.#busy.add(tail);
  }

  /**
   * Opens, within the limit of open files, closed files that have grown. Returns the tails whose path has another file.
   */
  openGrown(): readonly Tail[] {
    const replaced: Tail[] = [];
    for (const tail of this.#grown) {
      if (this.#openCount >= this.#parts.settings.maxOpenFiles) break;
      this.#grown.delete(tail);
      const isOpen = this.#open(tail.file.path, () => openTail(tail));
      if (isOpen === true) this.#busy.add(tail);
      else if (isOpen === false) replaced.push(tail);
    }
    return replaced;
  }

  /**
   * Opens some new files, at most MAX_AT_ONCE and within the limit of open files, so that records of the first ones are
   * sent before the last ones are open.
   */
  openNew(): void {
    const { settings } = this.#parts;
    const count = Math.max(0, Math.min(MAX_AT_ONCE, settings.maxOpenFiles - this.#openCount));
    for (const { file, before } of [...this.#waiting.values()].slice(0, count)) {
      this.#waiting.delete(file.path);
      this.begin(file, describeOrigin(file, settings), before, file);
    }
  }

  /** Opens the idle file of a generation, which continues where it was. Does nothing if there is none. */
  openIdle(key: string): Tail | undefined {
    const { known, settings } = this.#parts;
    const state = known.get(key);
    const file = state === undefined ? undefined : this.#idle.get(state.path);
    if (file === undefined || file.inode !== state?.inode) return undefined;
    this.#idle.delete(file.path);
    return this.begin(file, describeOrigin(file, settings), undefined, file);
  }

  /**
   * Opens the file at a path and creates its tail. `before` is the tail whose file had this path earlier, `scanned` the
   * file that a scan allowed there. Returns undefined if there is no such file now.
   */
  begin(
    { path, captures }: Pick<FoundFile, 'path' | 'captures'>,
    origin: RecordOrigin,
    before?: Tail,
    scanned?: FoundFile,
  ): Tail | undefined {
    const { hasBirthTimes, settings, now } = this.#parts;
    const fd = this.#open(path, () => openFile(path));
    if (fd === undefined) return undefined;
    const { inode, device, birthMs } = describeStat(fstatSync(fd, { bigint: true }));
    const id = idOf({ inode, device });
    // The path has another file by now: a rotation, or a link that was made since the scan allowed the path.
    if ((scanned !== undefined && idOf(scanned) !== id) || this.#live.has(id)) {
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
    this.#ignored.delete(id);
    this.#live.set(id, tail);
    this.#byPath.set(path, tail);
    this.#busy.add(tail);
    return tail;
  }

  /** Opens a file. Returns undefined if it cannot be opened, and reports why. */
  #open<T>(path: string, open: () => T): T | undefined {
    const { board } = this.#parts;
    this.#openCount += 1;
    try {
      const opened = open();
      board.clear('JT_FILE_UNREADABLE', path);
      board.clear('JT_TOO_MANY_OPEN_FILES');
      return opened;
    } catch (error) {
      this.reportUnreadable(path, error);
      return undefined;
    }
  }

  /** Reports a file that cannot be read. A file that is gone is no problem. */
  reportUnreadable(path: string, error: unknown): void {
    const code = errorCode(error);
    const problem = describeFault(error);
    if (code === 'ENOENT') return;
    if (code === 'EMFILE' || code === 'ENFILE') {
      this.#parts.board.raise('JT_TOO_MANY_OPEN_FILES', { problem });
      this.#closeIdle(Math.ceil(this.#live.size / 10));
    } else this.#raiseUnreadable(path, problem);
  }

  #raiseUnreadable(path: string, problem: string): void {
    const { board, log } = this.#parts;
    if (board.raise('JT_FILE_UNREADABLE', { path, problem }, path))
      log.warn({ path, problem }, 'A path cannot be read; it is tried again.');
  }

  /** Reports what a scan could not read, and clears what it could read again. */
  reportProblems({ problems }: Scan): void {
    const paths = new Set(problems.map(({ path }) => path));
    for (const path of this.#unreadable) if (!paths.has(path)) this.#parts.board.clear('JT_FILE_UNREADABLE', path);
    this.#unreadable = paths;
    for (const { path, problem } of problems) this.#raiseUnreadable(path, problem);
  }

  /** Notes that adopt.ts has found out the generation of a tail. */
  settle(tail: Tail): void {
    this.#byKey.set(tail.file.key, tail);
  }

  /** Collects the busy tails after a scan. With many files, most have nothing to do. */
  gatherBusy(): void {
    for (const tail of this.#live.values())
      if (isIdle(tail, this.#parts.now())) this.#evict(tail);
      else this.#busy.add(tail);
  }

  /** Closes idle files, the longest idle ones first, if more files wait to be opened than may be open. */
  limitOpenFiles(): void {
    const { maxOpenFiles } = this.#parts.settings;
    const isWanted = this.#waiting.size + this.#grown.size > 0;
    if (isWanted ? this.#openCount >= maxOpenFiles : this.#openCount > maxOpenFiles)
      this.#closeIdle(this.#countOpen() - Math.floor(maxOpenFiles / 2));
  }

  #closeIdle(count: number): void {
    if (count <= 0) return;
    const idle = this.list().filter(
      (tail) =>
        tail.reading.fd !== undefined &&
        tail.file.archiveSize === undefined &&
        tail.file.goneSince === undefined &&
        (tail.file.isSettled ? isDrained(tail) : isEmpty(tail)),
    );
    idle.sort((a, b) => a.reading.lastGrowth - b.reading.lastGrowth);
    for (const tail of idle.slice(0, count)) {
      closeReading(tail.reading);
      this.evictIdle(tail);
    }
    this.#openCount = this.#countOpen();
  }

  /** Drops the tail of a closed file, if it is idle or empty. */
  evictIdle(tail: Tail): void {
    if (tail.reading.fd === undefined && (isIdle(tail, this.#parts.now()) || isEmpty(tail))) this.#evict(tail);
  }

  /** Removes an idle tail from the busy ones. Drops it if it is closed and the checkpoint has its exact state. */
  #evict(tail: Tail): void {
    const { path, captures, inode, device, birthMs } = tail.file;
    const { fd, size, mtimeMs } = tail.reading;
    this.#busy.delete(tail);
    if (fd !== undefined || !(isEmpty(tail) || this.#isRemembered(tail))) return;
    this.drop(tail);
    this.#idle.set(path, { path, captures, inode, device, birthMs, size, mtimeMs });
  }

  #isRemembered({ file, reading, acks }: Tail): boolean {
    const state = this.#parts.known.get(file.key);
    if (state?.path !== file.path) return false;
    const { offset, openBytes, size, guard } = state;
    const isExact = offset === acks.committed.offset && openBytes === acks.openBytes && size === reading.size;
    // All bytes before the offset would be compared without a guard.
    return isExact && size === offset + openBytes && guard.length > 0;
  }

  /** Drops a tail, and ignores its file until it is smaller than now. */
  ignore(tail: Tail): void {
    this.#ignored.set(idOf(tail.file), tail.file.archiveSize ?? tail.reading.size);
    this.drop(tail);
  }

  /** Removes a tail that nothing waits for. */
  drop(tail: Tail): void {
    const { file, reading } = tail;
    closeReading(reading);
    file.endedAt = this.#parts.now();
    this.#live.delete(idOf(file));
    this.#busy.delete(tail);
    this.#grown.delete(tail);
    if (this.#byPath.get(file.path) === tail) this.#byPath.delete(file.path);
    if (this.#byKey.get(file.key) === tail) this.#byKey.delete(file.key);
  }

  measure(): FollowedFiles {
    const tails = [...this.#live.values(), ...this.ended];
    const waiting = [...this.#waiting.values()];
    const waitingBytes = waiting.reduce((bytes, { file }) => bytes + this.#unreadBytes(file), 0);
    return {
      files: this.#live.size + this.#idle.size,
      openFiles: this.#countOpen(),
      lagBytes: tails.reduce((bytes, tail) => bytes + lagBytes(tail), waitingBytes),
      waitingBytes,
      atRiskBytes: tails.reduce((bytes, tail) => bytes + atRiskBytes(tail), 0),
    };
  }

  /** Returns the unread bytes of a file that was found and not opened yet. Opening many files takes minutes. */
  #unreadBytes(file: FoundFile): number {
    const [state] = this.#parts.known.findByInode(file.inode);
    const isSame = state !== undefined && state.device === file.device && state.offset <= file.size;
    return isSame && state.archive === undefined ? file.size - state.offset - state.openBytes : file.size;
  }

  #countOpen(): number {
    return this.list().filter(({ reading }) => reading.fd !== undefined).length;
  }

  close(): void {
    for (const { reading } of this.#live.values()) closeReading(reading);
    for (const kept of [this.#live, this.#busy, this.#grown, this.#byPath, this.#idle, this.#waiting]) kept.clear();
  }
}
