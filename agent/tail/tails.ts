// The files that are tailed now: a scan comes in, tails are opened, follow their file through renames, end when it is
// truncated or gone, and hand over to the copy or archive in which it goes on. What was seen and could not be read
// before it vanished is counted and reported. Called by agent.ts; bytes are read by read.ts.
import { closeSync, fstatSync, openSync } from 'node:fs';
import type { Log } from '../../core/log.js';
import { adoptTail, type Adoption } from './adopt.js';
import { unpackArchive } from '../files/archive.js';
import { describeStat, type FoundFile, type Scan } from '../files/discover.js';
import { errorCode, errorText } from '../fault.js';
import type { Known } from '../identity/known.js';
import { createLosses } from './loss.js';
import { flushTail, hasOpenEntry } from './open-entry.js';
import { describeOrigin } from '../record/origin.js';
import type { RecordOrigin } from '../record/parse.js';
import type { AgentSettings } from '../settings.js';
import type { Board } from '../status.js';
import { checkTail, closeTail, createTail, describeTail, openTail, type TailEntry, type Tail } from './tail.js';

export interface Tails {
  /** Opens what is new, follows what was renamed, notes what is gone. */
  syncFiles(scan: Scan): void;
  /** Finds out what new files are; unpacks one archive at a time in the background. */
  settleTails(): void;
  /** Waits for an archive that is being unpacked. */
  finishArchive(): Promise<void>;
  /** The file at this tail is another generation now (or went away): ends it and begins with what stands there. */
  replaceTail(tail: Tail, lostBytes: number): void;
  /** The file cannot be read now. */
  failTail(tail: Tail, error: unknown): void;
  /** Ends tails whose file is gone and read; reports bytes that were lost. */
  sweep(): void;
  readonly tails: readonly Tail[];
  /** More files have something to say than may be open: scan again soon. */
  readonly isCrowded: boolean;
  /** Tails without a file whose last records are not acknowledged yet. */
  readonly ended: ReadonlySet<Tail>;
  originOf(tail: Tail): RecordOrigin;
  close(): void;
}

export interface TailsParts {
  readonly settings: AgentSettings;
  readonly known: Known;
  readonly isFirstStart: boolean;
  readonly hasBirthTimes: boolean;
  readonly board: Board;
  readonly log: Log;
  readonly now: () => number;
  /** Ships an open entry that will not grow any more under this tail. */
  readonly onPieces: (tail: Tail, pieces: readonly TailEntry[]) => void;
}

export function createTails(parts: TailsParts): Tails {
  const { settings, known, board, log, now } = parts;
  const live = new Map<string, Tail>();
  const byKey = new Map<string, Tail>();
  const origins = new WeakMap<Tail, RecordOrigin>();
  const ended = new Set<Tail>();
  /** Files that are not read, with the size they had when that was found. */
  const ignored = new Map<string, number>();
  const losses = createLosses({ settings, known, board, log, now });
  let isFirstScan = true;
  let openFiles = 0;
  let isCrowded = false;
  let unpacking: Promise<void> | undefined;
  /** Folders and files that the last scan could not read. */
  let unreadable = new Set<string>();

  function syncFiles(scan: Scan): void {
    const seen = new Set<string>();
    const byOldPath = new Map([...live.values()].map((tail) => [tail.path, tail]));
    const fresh: FoundFile[] = [];
    openFiles = countOpen();
    isCrowded = false;
    for (const file of scan.files) {
      const id = idOf(file);
      seen.add(id);
      const tail = live.get(id);
      if (tail === undefined) fresh.push(file);
      else followFile(tail, file);
    }
    for (const tail of live.values()) if (!seen.has(idOf(tail))) noteGone(tail);
    // Truncations are noticed before new files are looked at: one of these may be the copy.
    for (const tail of [...live.values()]) checkReplaced(tail);
    for (const file of fresh) addFile(file, byOldPath.get(file.path));
    reportProblems(scan);
    settleTails();
    isFirstScan = false;
  }

  function reportProblems({ problems }: Scan): void {
    const paths = new Set(problems.map(({ path }) => path));
    for (const path of unreadable) if (!paths.has(path)) board.clear('JT_FILE_UNREADABLE', path);
    unreadable = paths;
    for (const { path, problem } of problems) {
      if (board.raise('JT_FILE_UNREADABLE', `${path} cannot be read: ${problem}.`, path))
        log.warn({ path, problem }, 'A path cannot be read; it is tried again.');
    }
  }

  function followFile(tail: Tail, file: FoundFile): void {
    tail.seen = now();
    tail.goneSince = undefined;
    if (tail.isSettled && now() - (known.get(tail.key)?.seen ?? 0) > settings.forgetAfterMs / 7) tail.isDirty = true;
    if (tail.path !== file.path) {
      tail.path = file.path;
      tail.isDirty = tail.isSettled;
    }
    if (
      tail.fd === undefined &&
      tail.archiveSize === undefined &&
      (file.size !== tail.size || file.mtimeMs !== tail.mtimeMs)
    )
      openAgain(tail);
  }

  function noteGone(tail: Tail): void {
    tail.goneSince ??= now();
    if (tail.fd === undefined) endTail(tail, Math.max(0, tail.size - tail.readOffset));
  }

  function openAgain(tail: Tail): void {
    if (!takePlace()) return;
    try {
      if (!openTail(tail)) endTail(tail, Math.max(0, tail.size - tail.readOffset));
      else board.clear('JT_FILE_UNREADABLE', tail.path);
    } catch (error) {
      reportUnreadable(tail.path, error);
    }
  }

  function checkReplaced(tail: Tail): void {
    if (tail.fd === undefined || !tail.isSettled || tail.isEnded) return;
    const seenSize = tail.size;
    try {
      if (checkTail(tail, tail.fd) === 'truncated') replaceTail(tail, Math.max(0, seenSize - tail.readOffset));
    } catch (error) {
      failTail(tail, error);
    }
  }

  function addFile(file: FoundFile, before: Tail | undefined, origin = describeOrigin(file, settings)): void {
    const id = idOf(file);
    const size = ignored.get(id);
    if (size !== undefined && file.size >= size) return;
    ignored.delete(id);
    const fd = takePlace() ? openFile(file.path) : undefined;
    if (fd === undefined) return;
    const facts = describeStat(fstatSync(fd, { bigint: true }));
    const tail = createTail({
      ...facts,
      birthMs: parts.hasBirthTimes ? facts.birthMs : 0,
      path: file.path,
      kind: origin.kind,
      maxEntryBytes: settings.maxEntryBytes,
      fd,
      now: now(),
    });
    tail.after = before !== undefined && before !== tail && !before.isEnded ? before : undefined;
    origins.set(tail, origin);
    if (live.has(idOf(tail))) closeSync(fd);
    else live.set(idOf(tail), tail);
  }

  /** A file that finds no place is met again by the next scan. */
  function takePlace(): boolean {
    openFiles += 1;
    if (openFiles <= settings.maxOpenFiles) return true;
    isCrowded = true;
    return false;
  }

  function countOpen(): number {
    let count = 0;
    for (const tail of live.values()) if (tail.fd !== undefined) count += 1;
    return count;
  }

  function openFile(path: string): number | undefined {
    try {
      const fd = openSync(path, 'r');
      board.clear('JT_FILE_UNREADABLE', path);
      board.clear('JT_TOO_MANY_OPEN_FILES');
      return fd;
    } catch (error) {
      reportUnreadable(path, error);
      return undefined;
    }
  }

  function reportUnreadable(path: string, error: unknown): void {
    const code = errorCode(error);
    if (code === 'ENOENT') return;
    if (code === 'EMFILE' || code === 'ENFILE') {
      board.raise(
        'JT_TOO_MANY_OPEN_FILES',
        `No more files can be opened: ${errorText(error)}. Files wait for their turn; raise the limit (ulimit -n).`,
      );
      closeIdle(Math.ceil(live.size / 10));
      return;
    }
    if (board.raise('JT_FILE_UNREADABLE', `${path} cannot be read: ${errorText(error)}.`, path))
      log.warn({ path, problem: errorText(error) }, 'A file cannot be read; it is tried again.');
  }

  function settleTails(): void {
    for (const tail of [...live.values()]) {
      if (tail.isSettled || tail.fd === undefined) continue;
      try {
        applyAdoption(
          tail,
          adoptTail(tail, tail.fd, {
            settings,
            known,
            findLive: (key) => byKey.get(key),
            isFirstStart: parts.isFirstStart && isFirstScan,
            now: now(),
          }),
        );
      } catch (error) {
        failTail(tail, error);
      }
    }
  }

  function applyAdoption(tail: Tail, adoption: Adoption): void {
    switch (adoption.kind) {
      case 'wait':
        return;
      case 'archive':
        return beginArchive(tail);
      case 'binary':
        return ignoreTail(tail, 'binary');
      default:
        byKey.set(tail.key, tail);
        known.set(describeTail(tail));
        for (const state of adoption.abandoned)
          losses.note(state.key, state.path, state.size - state.offset - state.openBytes);
        if (adoption.kind === 'continued') takeOver(tail);
        board.count(
          adoption.kind === 'begun' ? 'newFiles' : adoption.kind === 'resumed' ? 'resumedFiles' : 'continuedFiles',
        );
    }
  }

  /** The copy speaks for the generation from now on. */
  function takeOver(tail: Tail): void {
    losses.forget(tail.key);
    for (const old of ended) if (old.key === tail.key) ended.delete(old);
  }

  function ignoreTail(tail: Tail, reason: 'binary' | 'archive-read'): void {
    ignored.set(idOf(tail), tail.archiveSize ?? tail.size);
    if (reason === 'binary') {
      board.count('binaryFiles');
      if (board.raise('JT_FILE_BINARY', `${tail.path} holds no text and is left out.`, tail.path))
        log.warn({ path: tail.path }, 'A file holds no text and is left out.');
    }
    dropTail(tail);
  }

  function beginArchive(tail: Tail): void {
    const read = known
      .findByInode(tail.inode)
      .find((state) => state.archive?.isRead === true && state.archive.size === tail.size);
    if (
      read !== undefined ||
      (parts.isFirstStart && isFirstScan && now() - tail.mtimeMs > settings.readFromBeginningWithinMs)
    )
      return ignoreTail(tail, 'archive-read');
    if (unpacking !== undefined || tail.archiveTriedSize === tail.size) return;
    tail.archiveTriedSize = tail.size;
    unpacking = unpack(tail, tail.size).finally(() => {
      unpacking = undefined;
    });
  }

  async function unpack(tail: Tail, size: number): Promise<void> {
    const result = await unpackArchive(tail.path, settings.dataDir);
    if (result.kind === 'incomplete') return;
    if (result.kind === 'failed') {
      if (board.raise('JT_ARCHIVE_INVALID', `${tail.path} cannot be unpacked: ${result.problem}.`, tail.path))
        log.warn(
          { path: tail.path, problem: result.problem },
          'An archive cannot be unpacked; it is tried again when it changes.',
        );
      return;
    }
    board.clear('JT_ARCHIVE_INVALID', tail.path);
    closeTail(tail);
    tail.fd = result.fd;
    tail.archiveSize = size;
    tail.lastGrowth = now();
    settleTails();
  }

  function replaceTail(tail: Tail, lostBytes: number): void {
    board.count('truncatedFiles');
    const { path } = tail;
    const origin = origins.get(tail);
    endTail(tail, lostBytes);
    addFile(
      { path, captures: {}, inode: tail.inode, device: tail.device, birthMs: tail.birthMs, size: 0, mtimeMs: 0 },
      undefined,
      origin,
    );
  }

  function failTail(tail: Tail, error: unknown): void {
    // What was acknowledged is remembered; when the file can be read again it resumes there.
    reportUnreadable(tail.path, error);
    endTail(tail, 0);
  }

  /** What it read is still acknowledged; then its state waits for the file to come back, or for a copy of it. */
  function endTail(tail: Tail, lostBytes: number): void {
    if (tail.isSettled) {
      // In a file that was replaced the bytes before the offset are not ours any more: no guard. A copy may go on with
      // its last line.
      const isReplaced = tail.goneSince === undefined && tail.archiveSize === undefined;
      if (isReplaced) closeTail(tail);
      parts.onPieces(tail, flushTail(tail, !isReplaced));
      const state = describeTail(tail);
      known.set(
        tail.archiveSize === undefined ? state : { ...state, archive: { size: tail.archiveSize, isRead: true } },
      );
      if (tail.spans.length > 0 || hasOpenEntry(tail)) ended.add(tail);
      losses.note(tail.key, tail.path, lostBytes);
    }
    dropTail(tail);
  }

  function dropTail(tail: Tail): void {
    closeTail(tail);
    tail.isEnded = true;
    tail.endedAt = now();
    live.delete(idOf(tail));
    if (byKey.get(tail.key) === tail) byKey.delete(tail.key);
  }

  function sweep(): void {
    for (const tail of [...live.values()]) {
      if (tail.archiveSize !== undefined && tail.isSettled) {
        if (isShipped(tail)) finishArchiveTail(tail);
      } else if (
        tail.goneSince !== undefined &&
        isDrained(tail) &&
        now() - Math.max(tail.goneSince, tail.lastGrowth) >= settings.holdGoneMs &&
        isShipped(tail)
      )
        endTail(tail, 0);
    }
    for (const tail of ended) {
      if (hasOpenEntry(tail) && now() - tail.endedAt >= settings.copyWaitMs)
        parts.onPieces(tail, flushTail(tail, true));
      if (tail.spans.length === 0 && !hasOpenEntry(tail)) ended.delete(tail);
    }
    losses.sweep((key) => byKey.has(key));
    const open = live.size > settings.maxOpenFiles / 2 ? countOpen() : 0;
    if (isCrowded || open > settings.maxOpenFiles) closeIdle(open - Math.floor(settings.maxOpenFiles / 2));
  }

  function finishArchiveTail(tail: Tail): void {
    ignored.set(idOf(tail), tail.archiveSize ?? 0);
    endTail(tail, 0);
  }

  /** The ones that have rested longest first. */
  function closeIdle(count: number): void {
    if (count <= 0) return;
    const idle = [...live.values()].filter(
      (tail) =>
        tail.fd !== undefined &&
        tail.archiveSize === undefined &&
        tail.isSettled &&
        tail.goneSince === undefined &&
        isDrained(tail),
    );
    for (const tail of idle.sort((a, b) => a.lastGrowth - b.lastGrowth).slice(0, count)) closeTail(tail);
  }

  function isDrained(tail: Tail): boolean {
    return tail.size <= tail.readOffset && tail.spans.length === 0;
  }

  /** Nothing will be added: ships what is open, and is true when the store has all of it. */
  function isShipped(tail: Tail): boolean {
    if (isDrained(tail) && tail.isSettled && hasOpenEntry(tail)) parts.onPieces(tail, flushTail(tail, true));
    return isDrained(tail);
  }

  return {
    syncFiles,
    settleTails,
    finishArchive: async () => {
      while (unpacking !== undefined) await unpacking;
    },
    replaceTail,
    failTail,
    sweep,
    get tails() {
      return [...live.values()];
    },
    get isCrowded() {
      return isCrowded;
    },
    ended,
    originOf: (tail) => origins.get(tail) ?? describeOrigin({ path: tail.path, captures: {} }, settings),
    close: () => {
      for (const tail of live.values()) closeTail(tail);
      live.clear();
    },
  };
}

function idOf(file: { readonly device: string; readonly inode: string }): string {
  return `${file.device}:${file.inode}`;
}
