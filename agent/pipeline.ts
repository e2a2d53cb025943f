// Runs the data path of one thread, from its files to the store, in five steps: read a chunk of a file, split it into
// entries, encode them as the store wants them, enqueue them for batches, and move the offset over what the store has
// acknowledged. Files are read round-robin (by deficit, so that a hot file cannot starve the others) until a limit is
// reached. Only acknowledgements move offsets.
import type { PlainReader } from '../flink/layout/plain-entries.js';
import { ReadLimits, type ThrottleReason } from './tail/limits.js';
import type { Lifecycle } from './tail/lifecycle.js';
import type { Tails } from './tail/tails.js';
import type { Known } from './checkpoint/known.js';
import type { AgentSettings } from './settings.js';
import type { Shipper } from './ship.js';
import type { Board } from './status.js';
import { ClockWatch } from './tail/clock.js';
import type { EntryEncoder } from './tail/encode.js';
import { joinRotation } from './tail/join.js';
import { hasOpenEntry, takeOpenEntry } from './tail/open-entry.js';
import { readChunk, unreadBytes } from './tail/read.js';
import { splitChunk } from './tail/split.js';
import { COLD_MS, describeOnce, type Tail } from './tail/tail.js';

/** Limits of one round of reading. */
export interface Slice {
  readonly ms: number;
  /** Limit of bytes of one file before the next file is read, if it is lower than the setting. */
  readonly maxBytes?: number;
}

/**
 * Files that a round reads: those known to have unread bytes (a watch reported a write, or a slice could not read
 * everything), in addition those that grew within the last minute, or all open ones.
 */
export type FileSelection = 'reported' | 'recent' | 'all';

export interface ReadRound {
  readonly bytes: number;
  /** Reason that kept the round from reading more. */
  readonly throttleReason: ThrottleReason | undefined;
  readonly hasMore: boolean;
}

interface RoundLimits {
  readonly quantumBytes: number;
  /** Time at which the round is over. */
  readonly until: number;
}

interface QueueRound {
  readonly bytes: number;
  readonly throttleReason: ThrottleReason | undefined;
  readonly isOver: boolean;
}

/** Index of the file that reads next. */
interface RoundRobin {
  next: number;
}

export interface PipelineParts {
  readonly settings: AgentSettings;
  readonly tails: Tails;
  readonly lifecycle: Lifecycle;
  /** Reader of plain entries; its buffer holds the current chunk. */
  readonly lines: PlainReader;
  readonly encoder: EntryEncoder;
  readonly shipper: Shipper;
  readonly known: Known;
  readonly board: Board;
  readonly now: () => number;
  readonly cpuMs: () => number;
}

/** Number of unread bytes up to which a file has no backlog. */
const NEARLY_READ_BYTES = 65_536;
/** Limit of records of one file that wait for one that the store does not take yet. */
const MAX_WAITING = 200_000;

export class Pipeline {
  readonly #parts: PipelineParts;
  readonly #limits: ReadLimits;
  readonly #clocks: ClockWatch;
  readonly #currentRoundRobin: RoundRobin = { next: 0 };
  readonly #behindRoundRobin: RoundRobin = { next: 0 };
  #isBehindFirst = false;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.#limits = new ReadLimits(parts);
    this.#clocks = new ClockWatch(parts.settings, parts.board, parts.now);
  }

  /** Steps 1 to 4, until every file is at its end, a limit is reached, or the slice is over. */
  readRound(slice: Slice, selection: FileSelection): ReadRound {
    const round = this.#readFiles(slice, selection);
    this.#limits.note(round.hasMore ? round.throttleReason : undefined);
    return round;
  }

  /**
   * Reads the files without a backlog, then those with one: what is written now does not wait for old logs, and neither
   * kind starves.
   */
  #readFiles({ ms, maxBytes }: Slice, selection: FileSelection): ReadRound {
    const { settings, tails, now } = this.#parts;
    const limits = { quantumBytes: Math.min(settings.quantumBytes, maxBytes ?? Infinity), until: now() + ms };
    const wanted = selection === 'all' ? tails.list() : tails.listBusy();
    const ready = wanted.filter((tail) => isReadable(tail) && this.#isSelected(tail, selection));
    const current = ready.filter(isCurrent);
    const behind = ready.filter((tail) => !isCurrent(tail));
    const queues = [
      { files: current, roundRobin: this.#currentRoundRobin },
      { files: behind, roundRobin: this.#behindRoundRobin },
    ];
    if (this.#isBehindFirst) queues.reverse();
    let bytes = 0;
    for (let isMoving = true; isMoving;) {
      isMoving = false;
      for (const { files, roundRobin } of queues) {
        const round = this.#readQueue(files, roundRobin, limits);
        bytes += round.bytes;
        if (round.bytes > 0) isMoving = true;
        if (round.throttleReason === undefined && !round.isOver) continue;
        // The queue that was interrupted comes first in the next round, unless something was read from it.
        this.#isBehindFirst = (files === current) === round.bytes > 0;
        const hasMore = round.isOver || ready.some(({ reading }) => unreadBytes(reading) > 0);
        return { bytes, throttleReason: round.throttleReason, hasMore };
      }
    }
    return { bytes, throttleReason: undefined, hasMore: false };
  }

  /** Reads each file once, from the one that is next, until a limit is reached or the time is over. */
  #readQueue(files: readonly Tail[], roundRobin: RoundRobin, { quantumBytes, until }: RoundLimits): QueueRound {
    const { now } = this.#parts;
    let bytes = 0;
    for (let step = 0; step < files.length; step += 1) {
      const tail = files[(roundRobin.next + step) % files.length];
      if (tail === undefined) continue;
      const throttleReason = this.#limits.findThrottleReason();
      const isOver = bytes > 0 && now() >= until;
      if (throttleReason !== undefined || isOver) {
        roundRobin.next = (roundRobin.next + step) % files.length;
        return { bytes, throttleReason, isOver };
      }
      bytes += this.#readFile(tail, quantumBytes);
    }
    roundRobin.next += 1;
    return { bytes, throttleReason: undefined, isOver: bytes > 0 && now() >= until };
  }

  #isSelected({ reading }: Tail, selection: FileSelection): boolean {
    if (selection === 'all' || reading.isReported || unreadBytes(reading) > 0) return true;
    return selection === 'recent' && this.#parts.now() - reading.lastGrowth <= COLD_MS;
  }

  #readFile(tail: Tail, quantumBytes: number): number {
    if (!isReadable(tail) || this.#waitsForPredecessor(tail)) return 0;
    tail.reading.deficitBytes += quantumBytes;
    try {
      return this.#joinFirst(tail) ? this.#readOneChunk(tail) : 0;
    } catch (error) {
      this.#parts.lifecycle.failTail(tail, error);
      return 0;
    }
  }

  /** Takes a chunk of one file through steps 1 to 4. Returns the number of bytes that were read. */
  #readOneChunk(tail: Tail): number {
    const { tails, lifecycle, lines, encoder, shipper, board, now } = this.#parts;
    const { file, reading } = tail;
    reading.isReported = false;

    const isUrgent = isCurrent(tail);
    const maxBytes = Math.min(reading.deficitBytes, this.#limits.allowedBytes);
    const chunk = readChunk(reading, file.startGuard, maxBytes, lines.index.buffer);
    if (chunk.kind === 'truncated') lifecycle.replaceTail(tail, chunk.lostBytes);
    if (chunk.kind !== 'read') {
      reading.deficitBytes = 0;
      return 0;
    }
    for (const part of splitChunk(tail, chunk, lines))
      for (const range of encoder.encode(tail, part)) shipper.enqueue(range, isUrgent);

    tails.wake(tail);
    file.startGuard = chunk.startGuard;
    reading.deficitBytes -= chunk.bytes;
    reading.lastGrowth = now();
    this.#limits.takeBytes(chunk.bytes);
    board.count('readBytes', chunk.bytes);
    return chunk.bytes;
  }

  /** Step 5: moves offsets over what the store has acknowledged. */
  acknowledge(): void {
    const { tails, lifecycle, known } = this.#parts;
    for (const tail of [...tails.listBusy(), ...tails.ended]) {
      const { file, acks } = tail;
      acks.advance();
      if (acks.isDirty && file.isSettled) known.set(describeOnce(tail, known.get(file.key)));
      acks.isDirty = false;
    }
    lifecycle.sweep();
  }

  /** Sends the open entries of idle files that are read to their end; with `all`, of all files that are. */
  flushIdle(all: boolean): void {
    const { tails, encoder, settings, now } = this.#parts;
    for (const tail of tails.listBusy()) {
      const { file, reading } = tail;
      // A chunk that ends within a line leaves no entry yet.
      const isRead = unreadBytes(reading) === 0;
      if (!file.isSettled || !isRead || !hasOpenEntry(reading) || !(all || this.#isIdle(tail))) continue;
      const isFinal = now() - reading.lastGrowth >= settings.undecidedFlushMs;
      encoder.send(tail, takeOpenEntry(reading, file.key, isFinal));
    }
    this.#clocks.check(tails.listBusy());
  }

  #isIdle({ reading }: Tail): boolean {
    const { settings, now } = this.#parts;
    return now() - Math.min(reading.mtimeMs, reading.lastGrowth) >= settings.idleFlushMs;
  }

  /**
   * Returns true while the rest of a renamed or deleted file must be read before its successor. It need not be read if
   * all of it is shipped as the open end of an entry of the file before it, because that entry may stay open forever.
   */
  #waitsForPredecessor({ file }: Tail): boolean {
    const { predecessor } = file;
    if (predecessor === undefined) return false;
    const { reading } = predecessor;
    const hasEnded = predecessor.file.endedAt !== undefined;
    if (!hasEnded && reading.size > Math.max(reading.readOffset, reading.flushedTo)) return true;
    if (!hasEnded && predecessor.file.isSettled)
      this.#parts.encoder.send(predecessor, takeOpenEntry(reading, predecessor.file.key, false));
    file.predecessor = undefined;
    return false;
  }

  /**
   * Sends the part of an entry that a rotation cut off before the first entry of a new file. Returns false if the file
   * has to wait.
   */
  #joinFirst(tail: Tail): boolean {
    const { lifecycle, encoder, board, now } = this.#parts;
    if (!tail.reading.mayJoin) return true;
    const findFamily = (): readonly Tail[] => lifecycle.listFamily(tail.file.path);
    const join = joinRotation(tail, { findFamily, isQuiet: this.#isIdle(tail), now: now() });
    if (join.kind !== 'joined') return join.kind === 'none';
    encoder.send(tail, [join.entry], join.predecessor);
    if (join.entry.isOpen) return false;
    board.count('joinedEntries');
    return true;
  }
}

function isReadable({ file, reading, acks }: Tail): boolean {
  return file.isSettled && reading.fd !== undefined && file.endedAt === undefined && acks.waiting < MAX_WAITING;
}

/**
 * Returns true if the file is read to its end, or nearly so (also a small new one): what comes next was written just
 * now, or costs little.
 */
function isCurrent({ reading }: Tail): boolean {
  return unreadBytes(reading) <= NEARLY_READ_BYTES;
}
