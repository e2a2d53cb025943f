// Reads one round: each file reads a quantum in turn (deficit round-robin, so that a hot file cannot starve the others)
// until a limit is reached (limits.ts). What was read is forwarded to the shipper. The open entries of idle files are
// forwarded as well. The reader moves no offsets, because only acknowledgements do.
import type { AgentSettings } from '../settings.js';
import type { Shipper } from '../ship/ship.js';
import type { Board } from '../status.js';
import { readChunk, unreadBytes, type ReadRoom } from '../tail/chunk.js';
import type { Forwarder } from '../tail/forward.js';
import { joinRotation } from '../tail/join.js';
import { hasOpenEntry, takeOpenEntry } from '../tail/open-entry.js';
import { describeSkew, noteSkew } from '../tail/skew.js';
import type { Tail } from '../tail/tail.js';
import { createLimits, type Hold, type ReadLimits } from './limits.js';
import { COLD_MS } from './set.js';
import type { Tails } from './tails.js';

/** Limits of one round of reading. */
export interface Slice {
  readonly ms: number;
  /** Limit of bytes of one file before the next file is read, if it is lower than the setting. */
  readonly maxBytes?: number;
}

/**
 * Files that are looked at: those known to have unread bytes (a watch reported a write, or a slice could not read
 * everything), in addition those that grew within the last minute, or all open ones.
 */
export type FileLook = 'told' | 'recent' | 'all';

export interface Reader {
  /** Reads until every file is at its end, a limit is reached, or the slice is over. */
  readRound(slice: Slice, look: FileLook): ReadRound;
  /** Forwards the open entries of idle files that are read to their end; with `all`, of all files that are. */
  flushIdle(all: boolean): void;
}

export interface ReadRound {
  readonly bytes: number;
  /** Reason that kept the reader from reading more. */
  readonly hold: Hold | undefined;
  readonly hasMore: boolean;
}

export interface ReaderParts {
  readonly settings: AgentSettings;
  readonly tails: Tails;
  readonly forwarder: Forwarder;
  readonly room: ReadRoom;
  readonly shipper: Pick<Shipper, 'heldBytes'>;
  readonly board: Board;
  readonly now: () => number;
  readonly cpuMs: () => number;
}

interface ReaderState extends ReaderParts {
  readonly limits: ReadLimits;
  /** Index of the file that reads next. */
  turn: number;
  /** Files whose lines differ from the clock, by path, with the time of their last write. */
  readonly skewed: Map<string, number>;
}

/** Limit of records of one file that wait for one that the store does not take yet. */
const MAX_WAITING = 200_000;

/** Age, in milliseconds, above which a change of a file is no evidence about the clock. */
const WRITTEN_MS = 60_000;
/** Time, in milliseconds, after which the condition of a file that nobody writes is cleared. */
const FORGOTTEN_MS = 3_600_000;

export function createReader(parts: ReaderParts): Reader {
  const reader: ReaderState = { ...parts, limits: createLimits(parts), turn: 0, skewed: new Map() };
  return {
    readRound: (slice, look) => {
      const round = readRound(reader, slice, look);
      reader.limits.note(round.hasMore ? round.hold : undefined);
      return round;
    },
    flushIdle: (all) => flushIdle(reader, all),
  };
}

function readRound(reader: ReaderState, { ms, maxBytes }: Slice, look: FileLook): ReadRound {
  const quantumBytes = Math.min(reader.settings.quantumBytes, maxBytes ?? Number.POSITIVE_INFINITY);
  const until = reader.now() + ms;
  const wanted = look === 'all' ? reader.tails.list() : reader.tails.listBusy();
  const tails = wanted.filter((tail) => isReadable(tail) && isLookedAt(reader, tail, look));
  let bytes = 0;
  for (let isMoving = true; isMoving;) {
    isMoving = false;
    for (let step = 0; step < tails.length; step += 1) {
      const tail = tails[(reader.turn + step) % tails.length];
      if (tail === undefined) continue;
      const hold = reader.limits.findHold();
      if (hold !== undefined) {
        reader.turn = (reader.turn + step) % tails.length;
        return { bytes, hold, hasMore: tails.some(({ reading }) => unreadBytes(reading) > 0) };
      }
      const read = readTurn(reader, tail, quantumBytes);
      bytes += read;
      if (read > 0) isMoving = true;
      if (read > 0 && reader.now() >= until) {
        // The next round begins with the file after this one.
        reader.turn = (reader.turn + step + 1) % tails.length;
        return { bytes, hold: undefined, hasMore: true };
      }
    }
    reader.turn += 1;
    if (isMoving && reader.now() >= until) return { bytes, hold: undefined, hasMore: true };
  }
  return { bytes, hold: undefined, hasMore: false };
}

function isReadable({ file, reading, acks }: Tail): boolean {
  return file.isSettled && reading.fd !== undefined && file.endedAt === undefined && acks.waiting < MAX_WAITING;
}

function isLookedAt({ now }: ReaderState, { reading }: Tail, look: FileLook): boolean {
  if (look === 'all' || reading.isReported || unreadBytes(reading) > 0) return true;
  return look === 'recent' && now() - reading.lastGrowth <= COLD_MS;
}

function readTurn(reader: ReaderState, tail: Tail, quantumBytes: number): number {
  if (!isReadable(tail) || waitsForPredecessor(reader, tail)) return 0;
  tail.reading.deficitBytes += quantumBytes;
  try {
    return joinFirst(reader, tail) ? readQuantum(reader, tail) : 0;
  } catch (error) {
    reader.tails.failTail(tail, error);
    return 0;
  }
}

/**
 * Returns true while the rest of a renamed or deleted file must be read before its successor. It need not be read if
 * all of it is shipped as the open end of an entry of the file before it, because it may stay so for ever.
 */
function waitsForPredecessor({ forwarder }: ReaderState, { file }: Tail): boolean {
  const { predecessor } = file;
  if (predecessor === undefined) return false;
  const { reading } = predecessor;
  const hasEnded = predecessor.file.endedAt !== undefined;
  if (!hasEnded && reading.size > Math.max(reading.readOffset, reading.flushedTo)) return true;
  if (!hasEnded && predecessor.file.isSettled)
    forwarder.forwardEntries(predecessor, takeOpenEntry(reading, predecessor.file.key, false));
  file.predecessor = undefined;
  return false;
}

/**
 * Forwards the part of an entry that a rotation cut off before the first entry of a new file. Returns false if the file
 * has to wait.
 */
function joinFirst({ tails, forwarder, board, settings, now }: ReaderState, tail: Tail): boolean {
  if (!tail.reading.mayJoin) return true;
  const isQuiet = isIdleFile(tail, settings, now());
  const join = joinRotation(tail, { findFamily: () => tails.listFamily(tail.file.path), isQuiet, now: now() });
  if (join.kind !== 'joined') return join.kind === 'none';
  forwarder.forwardEntries(tail, [join.entry], join.predecessor);
  if (join.entry.isOpen) return false;
  board.count('joinedEntries');
  return true;
}

function readQuantum({ tails, forwarder, room, board, limits, now }: ReaderState, tail: Tail): number {
  const { file, reading } = tail;
  const max = Math.min(reading.deficitBytes, limits.allowedBytes);
  reading.isReported = false;
  const result = readChunk(reading, file, max, room, (part) => forwarder.forwardPart(tail, part));
  if (result.kind === 'truncated') tails.replaceTail(tail, result.lostBytes);
  if (result.kind !== 'read') {
    reading.deficitBytes = 0;
    return 0;
  }
  tails.wake(tail);
  file.head = result.head;
  reading.deficitBytes -= result.bytes;
  reading.lastGrowth = now();
  limits.takeBytes(result.bytes);
  board.count('readBytes', result.bytes);
  return result.bytes;
}

function flushIdle(reader: ReaderState, all: boolean): void {
  const { tails, forwarder, settings, now } = reader;
  for (const tail of tails.listBusy()) {
    const { file, reading } = tail;
    // A chunk that ends within a line leaves no entry yet.
    const isRead = unreadBytes(reading) === 0;
    if (!file.isSettled || !isRead || !hasOpenEntry(reading) || !(all || isIdleFile(tail, settings, now()))) continue;
    const isFinal = now() - reading.lastGrowth >= settings.undecidedFlushMs;
    forwarder.forwardEntries(tail, takeOpenEntry(reading, file.key, isFinal));
  }
  watchClocks(reader);
}

/**
 * Compares the last time in a file with its last write. Archives are left out, because they keep old times; so are
 * files with unread bytes, because the last line that was read was not written just now.
 */
function watchClocks({ tails, settings, board, skewed, now }: ReaderState): void {
  for (const { file, reading } of tails.listBusy()) {
    const { lastTime, mtimeMs } = reading;
    const isWritten = now() - mtimeMs < WRITTEN_MS && unreadBytes(reading) === 0 && file.archiveSize === undefined;
    if (lastTime === undefined || !isWritten || reading.skew?.changedMs === mtimeMs) continue;
    reading.skew = noteSkew(reading.skew, lastTime, mtimeMs);
    const described = describeSkew(reading.skew, settings.zone === '' ? 'UTC' : settings.zone);
    if (described !== undefined) {
      board.raise('JT_CLOCK_OR_ZONE', { path: file.path, ...described }, file.path);
      skewed.set(file.path, mtimeMs);
    } else if (skewed.delete(file.path)) board.clear('JT_CLOCK_OR_ZONE', file.path);
  }
  for (const [path, writtenMs] of skewed) {
    if (now() - writtenMs < FORGOTTEN_MS) continue;
    skewed.delete(path);
    board.clear('JT_CLOCK_OR_ZONE', path);
  }
}

function isIdleFile({ reading }: Tail, { idleFlushMs }: AgentSettings, now: number): boolean {
  return now - reading.mtimeMs >= idleFlushMs || now - reading.lastGrowth >= idleFlushMs;
}
