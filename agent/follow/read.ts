// One round of reading: every file in its turn reads a quantum (deficit round-robin, so a hot file cannot starve the
// others) until a limit is reached (limits.ts); what was read is forwarded to the shipper. Files that rest have their
// open entry forwarded. Called by agent.ts; it moves no offsets, acknowledgements do.
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

/** How long is read at once. */
export interface Slice {
  readonly ms: number;
  /** Also where not every file had its turn yet: of thousands of files most have little, and each slice costs. */
  readonly endsWithin: boolean;
  /** Of one file before it is another one's turn, where this is less than the setting. */
  readonly mostBytes?: number;
}

/**
 * Which files are looked at: those of which something is known to be unread (a watch told of it, or there was more than
 * a slice could read), those that grew within the last minute as well, or all that are open.
 */
export type FileLook = 'told' | 'recent' | 'all';

export interface Reader {
  /** Reads until every file is at its end, a limit is reached, or the slice is over. */
  readRound(slice: Slice, look: FileLook): ReadRound;
  /** Forwards the open entries of files that are read and rest; of all that are read with `all`. */
  flushIdle(all: boolean): void;
}

export interface ReadRound {
  readonly bytes: number;
  /** What kept it from reading more. */
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
  /** Whose turn it is. */
  turn: number;
  /** Files whose lines are off the clock, by their path, and when they were written last. */
  readonly skewed: Map<string, number>;
}

/** One file may have this many records waiting behind one that the store does not take yet. */
const MAX_WAITING = 200_000;

/** A change that is older says nothing of the clock. */
const WRITTEN_MS = 60_000;
/** Of a file that nobody writes to any more nothing is said. */
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

function readRound(reader: ReaderState, { ms, endsWithin, mostBytes }: Slice, look: FileLook): ReadRound {
  const quantumBytes = Math.min(reader.settings.quantumBytes, mostBytes ?? Number.POSITIVE_INFINITY);
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
      if (endsWithin && read > 0 && reader.now() >= until) {
        // The next one has its turn first then.
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
  if (look === 'all' || reading.isTold || unreadBytes(reading) > 0) return true;
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
 * The rest of a renamed or deleted file comes before its successor. Nothing is waited for in a file that is all shipped
 * as the open end of an entry of the file before it: it may stay so for ever.
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

/** What a rotation cut off comes before the first entry of a new file. False: the file waits. */
function joinFirst({ tails, forwarder, board, settings, now }: ReaderState, tail: Tail): boolean {
  if (!tail.reading.mayJoin) return true;
  const isQuiet = rests(tail, settings, now());
  const join = joinRotation(tail, { findFamily: () => tails.listFamily(tail.file.path), isQuiet, now: now() });
  if (join.kind !== 'joined') return join.kind === 'none';
  forwarder.forwardEntries(tail, [join.entry], join.elder);
  if (join.entry.isOpen) return false;
  board.count('joinedEntries');
  return true;
}

function readQuantum({ tails, forwarder, room, board, limits, now }: ReaderState, tail: Tail): number {
  const { file, reading } = tail;
  const most = Math.min(reading.deficitBytes, limits.allowedBytes);
  reading.isTold = false;
  const result = readChunk(reading, file, most, room, (part) => forwarder.forwardPart(tail, part));
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
    // Where a chunk ended within a line there is no entry yet.
    const isRead = unreadBytes(reading) === 0;
    if (!file.isSettled || !isRead || !hasOpenEntry(reading) || !(all || rests(tail, settings, now()))) continue;
    const isFinal = now() - reading.lastGrowth >= settings.undecidedFlushMs;
    forwarder.forwardEntries(tail, takeOpenEntry(reading, file.key, isFinal));
  }
  watchClocks(reader);
}

/** An archive or a copy keeps old times; what is read behind its end was not written now either. */
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

function rests({ reading }: Tail, { idleFlushMs }: AgentSettings, now: number): boolean {
  return now - reading.mtimeMs >= idleFlushMs || now - reading.lastGrowth >= idleFlushMs;
}
