// Decides what happens to a file from the scan that finds it to its end. adopt.ts identifies the generation of a new
// file. Its tail follows it through renames, ends when it is truncated or gone, and hands over to the copy or archive
// in which it continues. Bytes that were seen and vanished before they could be read are counted and reported.
import { statSync } from 'node:fs';
import type { FileState } from '../checkpoint/checkpoint.js';
import { describeStat, type FoundFile, type Scan } from '../discovery/discover.js';
import type { PodDirectory } from '../discovery/pods.js';
import { addPodNames } from '../record/origin.js';
import { adoptTail, type Adoption } from './adopt.js';
import { Archives } from './archives.js';
import type { EntryEncoder } from './encode.js';
import { Losses } from './loss.js';
import { hasOpenEntry, takeOpenEntry } from './open-entry.js';
import { checkReading, closeReading, unreadBytes } from './read.js';
import { describeTail, idOf, isClosed, isDrained, type Tail } from './tail.js';
import type { Tails, TailsParts } from './tails.js';

export interface LifecycleParts extends TailsParts {
  readonly tails: Tails;
  readonly isFirstStart: boolean;
  /** Undefined if there is no Kubernetes API server to ask. */
  readonly pods: PodDirectory | undefined;
  /** Takes an open entry that will not grow further in its tail. */
  readonly encoder: Pick<EntryEncoder, 'send'>;
}

export class Lifecycle {
  readonly archives: Archives;
  readonly #parts: LifecycleParts;
  readonly #losses: Losses;
  /** Generations that were remembered at the start and have not been met since. */
  readonly #unmet: Set<string>;
  #hasScanned = false;
  /** True as long as only files of the first scan were begun. */
  #isFirstScan = true;

  constructor(parts: LifecycleParts) {
    this.#parts = parts;
    this.#losses = new Losses(parts);
    this.#unmet = new Set([...parts.known.values()].map(({ key }) => key));
    this.archives = new Archives({ ...parts, unmet: this.#unmet });
  }

  /** Ends the tails of files that still exist at their path but are not in this scan of other paths. */
  leaveFiles({ files }: Scan): void {
    const wanted = new Set(files.map(idOf));
    for (const tail of this.#parts.tails.list())
      if (!wanted.has(idOf(tail.file)) && hasSameInode(tail.file)) this.#leaveTail(tail);
  }

  /** Takes over a scan: follows renamed files, notes missing ones, begins new ones. */
  syncFiles(scan: Scan): void {
    const { tails } = this.#parts;
    this.#isFirstScan &&= !this.#hasScanned || tails.isWaiting;
    this.#hasScanned = true;
    tails.queueNew(scan);
    const found = new Map(scan.files.map((file) => [idOf(file), file]));
    const followed = tails.list();
    for (const tail of followed) this.#followFile(tail, found.get(idOf(tail.file)));
    // Truncations are detected before new files are identified, because one of these may be the copy.
    for (const tail of followed) this.#checkReplaced(tail);
    tails.reportProblems(scan);
    tails.gatherBusy();
    this.openFiles();
  }

  #followFile(tail: Tail, found: FoundFile | undefined): void {
    const { known, settings, now, tails } = this.#parts;
    const { file, reading, acks } = tail;
    if (found === undefined) {
      file.goneSince ??= now();
      if (reading.fd === undefined) this.#endTail(tail, unreadBytes(reading));
      return;
    }
    file.seen = now();
    file.goneSince = undefined;
    // A file that was not seen for a long time is forgotten, so the checkpoint is updated from time to time.
    if (file.isSettled && file.seen - (known.get(file.key)?.seen ?? 0) > settings.forgetAfterMs / 7)
      acks.isDirty = true;
    if (file.path !== found.path) {
      tails.move(tail, found.path);
      acks.isDirty = file.isSettled;
    }
    const hasChanged = found.size !== reading.size || found.mtimeMs !== reading.mtimeMs;
    if (hasChanged && isClosed(tail)) tails.noteGrown(tail);
  }

  /**
   * Replaces the tail of a truncated file. Otherwise notes the size of a file that grew: what was seen of it counts as
   * lost when it vanishes, also after a kill while the store is down.
   */
  #checkReplaced(tail: Tail): void {
    const { file, reading, acks } = tail;
    if (!file.isSettled || file.endedAt !== undefined) return;
    try {
      if (reading.fd !== undefined && checkReading(reading, reading.fd, file.startGuard) === 'truncated')
        this.replaceTail(tail, unreadBytes(reading));
      else if (reading.size > (this.#parts.known.get(file.key)?.size ?? 0)) acks.isDirty = true;
    } catch (error) {
      this.failTail(tail, error);
    }
  }

  /**
   * Opens, within the limit of open files, closed files that have grown and some new files, and identifies the new
   * ones. Unpacks one archive at a time in the background.
   */
  openFiles(): void {
    const { tails } = this.#parts;
    for (const tail of tails.openGrown()) this.#endTail(tail, unreadBytes(tail.reading));
    tails.openNew();
    for (const tail of tails.listBusy()) this.#settleTail(tail);
  }

  /** Returns the tails of the files whose names differ from this one only by rotation. Idle ones are opened. */
  listFamily(path: string): readonly Tail[] {
    const family = this.#parts.known.findFamily(path);
    return family.map(({ key }) => this.#findTail(key)).filter((tail) => tail !== undefined);
  }

  /** Returns the tail of a generation. An idle one is opened. */
  readonly #findTail = (key: string): Tail | undefined => {
    const { tails } = this.#parts;
    const idle = tails.find(key) === undefined ? tails.openIdle(key) : undefined;
    if (idle !== undefined) this.#settleTail(idle);
    return tails.find(key);
  };

  #settleTail(tail: Tail): void {
    const { file, reading } = tail;
    if (file.isSettled || reading.fd === undefined || !this.#isNamed(tail)) return;
    const isFirstStart = this.#parts.isFirstStart && this.#isFirstScan;
    try {
      const parts = { ...this.#parts, isFirstStart, findLive: this.#findTail, now: this.#parts.now() };
      this.#applyAdoption(tail, adoptTail(tail, reading.fd, parts));
    } catch (error) {
      this.failTail(tail, error);
    }
  }

  /** Returns false while the API server is asked. The file is open meanwhile and may vanish. */
  #isNamed({ file }: Tail): boolean {
    const { pods, settings, board, log } = this.#parts;
    const names = file.origin.pod === undefined ? undefined : pods?.find(file.origin.pod);
    if (names === 'asking') return false;
    if (names !== undefined) file.origin = addPodNames(file.origin, names);
    const { isUnnamed, path, cluster } = file.origin;
    // Records of a file whose cluster nothing names cannot be confused in a store that no other node uses.
    if (isUnnamed && settings.isStoreShared && !board.has('JT_CLUSTER_UNNAMED')) {
      board.raise('JT_CLUSTER_UNNAMED', { path, cluster });
      log.warn({ path, cluster }, 'Nothing names the cluster of a file; set agent.cluster.');
    }
    return true;
  }

  #applyAdoption(tail: Tail, adoption: Adoption): void {
    const { tails, known, board, log } = this.#parts;
    const { path, key } = tail.file;
    switch (adoption.kind) {
      case 'wait':
        return;
      case 'archive':
        if (!this.archives.take(tail, adoption.form, this.#isFirstScan)) tails.ignore(tail);
        return;
      case 'binary':
        board.count('binaryFiles');
        if (board.raise('JT_FILE_BINARY', { path }, path)) log.warn({ path }, 'A file holds no text and is left out.');
        return tails.ignore(tail);
      default:
        tails.settle(tail);
        known.set(describeTail(tail));
        this.#noteMet(key, adoption.kind);
        for (const [age, state] of adoption.abandoned.entries()) this.#noteAbandoned(tail, state, age);
        if (adoption.kind === 'continued') this.#takeOver(key);
    }
  }

  /** Counts a file by how it was met. An idle file that was opened again was met before. */
  #noteMet(key: string, kind: 'begun' | 'resumed' | 'continued'): void {
    const { board } = this.#parts;
    const wasUnmet = this.#unmet.delete(key);
    if (kind === 'begun') board.count('newFiles');
    else if (kind === 'continued') board.count('continuedFiles');
    else if (wasUnmet) board.count('resumedFiles');
  }

  /**
   * Notes a generation that its file does not hold now. `age` counts the generations of this inode that came after it.
   */
  #noteAbandoned({ file }: Tail, state: FileState, age: number): void {
    const { key, path, size, offset, openBytes } = state;
    if (this.#parts.tails.isEnding(key)) return;
    // A reused inode has another creation time; without creation times, this cannot be decided.
    const isSameFile = file.birthMs > 0 && Math.trunc(file.birthMs) === Math.trunc(state.birthMs);
    // A truncation that was observed leaves no guard.
    const isTruncated = isSameFile && state.guard.length > 0 && age === 0;
    if (isTruncated) this.#parts.board.count('truncatedFiles');
    // A generation that was met was idle while the agent was running.
    const isUnseen = isTruncated && this.#unmet.has(key);
    this.#losses.note(key, path, size - offset - openBytes, isUnseen);
  }

  /** Makes the copy speak for the generation from now on. */
  #takeOver(key: string): void {
    const { ended } = this.#parts.tails;
    this.#losses.forget(key);
    for (const old of ended) if (old.file.key === key) ended.delete(old);
  }

  /** Ends a tail whose file is another generation now, and begins with the content that the file has now. */
  replaceTail(tail: Tail, lostBytes: number): void {
    this.#parts.board.count('truncatedFiles');
    this.#endTail(tail, lostBytes);
    this.#parts.tails.begin(tail.file, tail.file.origin);
  }

  /**
   * Ends the tail of an unreadable file. The acknowledged offset is remembered, and reading resumes there when the file
   * can be read again.
   */
  failTail(tail: Tail, error: unknown): void {
    this.#parts.tails.reportUnreadable(tail.file.path, error);
    this.#endTail(tail, 0);
  }

  /** Ends a tail and remembers its state. Its open entry goes to the store, and the rest of it counts as lost. */
  #endTail(tail: Tail, lostBytes: number): void {
    const { encoder, known, tails } = this.#parts;
    const { file, reading, acks } = tail;
    if (file.isSettled) {
      // A replaced file has another generation's bytes before the offset, so there is no guard. A copy may continue its
      // last line.
      const isReplaced = file.goneSince === undefined && file.archiveSize === undefined;
      if (isReplaced) closeReading(reading);
      encoder.send(tail, takeOpenEntry(reading, file.key, !isReplaced));
      const archive = file.archiveSize === undefined ? undefined : { size: file.archiveSize, isRead: true };
      known.set({ ...describeTail(tail), archive });
      if (acks.waiting > 0 || hasOpenEntry(reading)) tails.ended.add(tail);
      this.#losses.note(file.key, file.path, lostBytes);
    }
    tails.drop(tail);
  }

  /**
   * Ends a tail whose path is not in the settings now: ships what was read, leaves the rest in the file and keeps its
   * offset.
   */
  #leaveTail(tail: Tail): void {
    const { encoder, known, tails } = this.#parts;
    const { file, reading, acks } = tail;
    if (file.isSettled) {
      encoder.send(tail, takeOpenEntry(reading, file.key, false));
      const state = describeTail(tail);
      // The unread bytes do not count as lost if the file is missing at the next start.
      known.set({ ...state, size: Math.min(state.size, state.offset + state.openBytes) });
      if (acks.waiting > 0) tails.ended.add(tail);
    }
    tails.drop(tail);
  }

  /** Forgets a generation that another follower follows now, unless it is read here. It is not missed then. */
  release(key: string): void {
    if (this.#isLive(key)) return;
    this.#losses.forget(key);
    this.#unmet.delete(key);
    this.#parts.known.release(key);
  }

  /** True if the generation is read, or has ended and its last records are on their way. */
  #isLive(key: string): boolean {
    return this.#parts.tails.find(key) !== undefined || this.#parts.tails.isEnding(key);
  }

  /**
   * Ends tails whose file is gone or unpacked and whose bytes the store has, reports losses, and closes idle files to
   * make room.
   */
  sweep(): void {
    const { tails } = this.#parts;
    for (const tail of tails.listBusy()) this.#sweepLive(tail);
    for (const tail of tails.ended) this.#sweepEnded(tail);
    this.#losses.sweep((key) => this.#isLive(key), !tails.isWaiting);
    tails.limitOpenFiles();
  }

  #sweepLive(tail: Tail): void {
    const { now, settings, tails } = this.#parts;
    const { file, reading } = tail;
    if (file.archiveSize !== undefined && file.isSettled) {
      if (!this.#isStored(tail)) return;
      this.#endTail(tail, 0);
      tails.ignore(tail);
    } else if (
      file.goneSince !== undefined &&
      isDrained(tail) &&
      now() - Math.max(file.goneSince, reading.lastGrowth) >= settings.holdGoneMs &&
      this.#isStored(tail)
    )
      this.#endTail(tail, 0);
    else tails.evictIdle(tail);
  }

  /** Sends the open entry, because nothing will be added to it. Returns true when the store has all of the file. */
  #isStored(tail: Tail): boolean {
    const { file, reading } = tail;
    if (isDrained(tail) && file.isSettled && hasOpenEntry(reading))
      this.#parts.encoder.send(tail, takeOpenEntry(reading, file.key, true));
    return isDrained(tail);
  }

  #sweepEnded(tail: Tail): void {
    const { now, settings, encoder, tails } = this.#parts;
    const { file, reading, acks } = tail;
    if (hasOpenEntry(reading) && now() - (file.endedAt ?? 0) >= settings.copyWaitMs)
      encoder.send(tail, takeOpenEntry(reading, file.key, true));
    if (acks.waiting === 0 && !hasOpenEntry(reading)) tails.ended.delete(tail);
  }
}

function hasSameInode({ path, inode }: Tail['file']): boolean {
  try {
    return describeStat(statSync(path, { bigint: true })).inode === inode;
  } catch {
    // The file is gone or not accessible: the scan will find that it is gone.
    return false;
  }
}
