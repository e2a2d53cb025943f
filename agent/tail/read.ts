// One round of reading: every file in its turn reads a quantum (deficit round-robin, so a hot file cannot starve the
// others) until the budget of unacknowledged bytes is spent; entries become records and go to the shipper. Files that
// rest have their open entry shipped. Called by agent.ts; it moves no offsets, acknowledgements do.
import type { Log } from '../../core/log.js';
import { joinRotation } from './join.js';
import { flushTail, hasOpenEntry } from './open-entry.js';
import { parseRecord } from '../record/parse.js';
import type { Redactor } from '../record/redact.js';
import type { AgentSettings } from '../settings.js';
import type { Shipper } from '../ship/ship.js';
import type { Board } from '../status.js';
import { readTail, type TailEntry, type Span, type Tail } from './tail.js';
import type { Tails } from './tails.js';

export interface Reader {
  /**
   * Reads until every file is at its end, the budget is spent, or `sliceMs` have passed. Files that have rested long
   * are only looked at with `all`.
   */
  readRound(
    sliceMs: number,
    all: boolean,
  ): { readonly bytes: number; readonly isBlocked: boolean; readonly hasMore: boolean };
  /** Ships the open entries of files that rest; of all files with `all`. */
  flushIdle(all: boolean): void;
  shipPieces(tail: Tail, pieces: readonly TailEntry[]): void;
}

export interface ReaderParts {
  readonly settings: AgentSettings;
  readonly redact: Redactor;
  readonly shipper: Shipper;
  readonly board: Board;
  readonly log: Log;
  readonly now: () => number;
  /** The time of day, against which the times of entries are judged. */
  readonly wall: () => number;
  readonly watch: () => Tails;
}

/** One file may have this many records waiting behind one that the store does not take yet. */
const MAX_SPANS = 200_000;
/** A file that has not grown for this long is looked at with the scan only. */
const COLD_MS = 60_000;

export function createReader(parts: ReaderParts): Reader {
  const { settings, shipper, board, now } = parts;
  let turn = 0;

  function readRound(sliceMs: number, all: boolean): { bytes: number; isBlocked: boolean; hasMore: boolean } {
    const until = performance.now() + sliceMs;
    const tails = parts.watch().tails.filter((tail) => isReadable(tail) && (all || !isCold(tail)));
    let bytes = 0;
    for (let isMoving = true; isMoving;) {
      isMoving = false;
      for (let step = 0; step < tails.length; step += 1) {
        const tail = tails[(turn + step) % tails.length];
        if (tail === undefined) continue;
        if (shipper.heldBytes >= settings.budgetBytes) {
          turn = (turn + step) % tails.length;
          return { bytes, isBlocked: true, hasMore: true };
        }
        const read = readTurn(tail);
        bytes += read;
        if (read > 0) isMoving = true;
      }
      turn += 1;
      if (isMoving && performance.now() >= until) return { bytes, isBlocked: false, hasMore: true };
    }
    return { bytes, isBlocked: false, hasMore: false };
  }

  function readTurn(tail: Tail): number {
    if (!isReadable(tail) || waitsForPredecessor(tail)) return 0;
    tail.deficitBytes += settings.quantumBytes;
    try {
      const join = joinRotation(tail, { tails: () => parts.watch().tails, isQuiet: rests(tail), now: now() });
      if (join.kind === 'wait') return 0;
      if (join.kind === 'joined') {
        shipPieces(tail, [join.piece], join.head);
        if (join.piece.isOpen) return 0;
        board.count('joinedEntries');
      }
      const result = readTail(tail, tail.deficitBytes);
      if (result.kind === 'truncated') parts.watch().replaceTail(tail, result.lostBytes);
      if (result.kind !== 'read') {
        tail.deficitBytes = 0;
        return 0;
      }
      tail.deficitBytes -= result.bytes;
      tail.lastGrowth = now();
      board.count('readBytes', result.bytes);
      shipPieces(tail, result.pieces);
      return result.bytes;
    } catch (error) {
      parts.watch().failTail(tail, error);
      return 0;
    }
  }

  function isReadable(tail: Tail): boolean {
    return tail.isSettled && tail.fd !== undefined && !tail.isEnded && tail.spans.length < MAX_SPANS;
  }

  function isCold(tail: Tail): boolean {
    return tail.size <= tail.readOffset && now() - tail.lastGrowth > COLD_MS;
  }

  /** The rest of a renamed or deleted file comes before its successor. */
  function waitsForPredecessor(tail: Tail): boolean {
    const { after } = tail;
    if (after === undefined) return false;
    if (!after.isEnded && after.size > after.readOffset) return true;
    if (!after.isEnded && after.isSettled) shipPieces(after, flushTail(after, false));
    tail.after = undefined;
    return false;
  }

  function flushIdle(all: boolean): void {
    for (const tail of parts.watch().tails) {
      if (tail.isSettled && hasOpenEntry(tail) && (all || rests(tail)))
        shipPieces(tail, flushTail(tail, now() - tail.lastGrowth >= settings.undecidedFlushMs));
    }
  }

  function rests(tail: Tail): boolean {
    const age = now() - tail.mtimeMs;
    return age >= settings.idleFlushMs || now() - tail.lastGrowth >= settings.idleFlushMs;
  }

  /** `source` is the file in which the pieces begin. */
  function shipPieces(tail: Tail, pieces: readonly TailEntry[], source: Tail = tail): void {
    const origin = parts.watch().originOf(source);
    const context = { origin, redact: parts.redact, zone: settings.zone, fileTime: tail.mtimeMs, now: parts.wall() };
    let previousTime = source.time;
    for (const piece of pieces) {
      const { record, time, redacted } = parseRecord(piece.entry, piece.id, { ...context, previousTime });
      previousTime = time;
      countEntry(piece, redacted, record['jobtrace.flags']?.includes('undated') === true);
      const span: Span = {
        end: piece.isOpen ? piece.end : { ...piece.end, time },
        isOpen: piece.isOpen,
        openBytes: Math.max(0, tail.flushedTo - piece.end.offset),
        isDone: false,
      };
      tail.spans.push(span);
      if (!piece.isOpen) tail.time = time;
      if (isShipped(tail, piece)) span.isDone = true;
      else shipper.add(record, createAcknowledgement(tail, span, piece));
    }
  }

  /** Keeps where the entry stands and not the entry: its bytes are a view of all that was read with it. */
  function createAcknowledgement(tail: Tail, span: Span, piece: TailEntry): () => void {
    const shipped = piece.isOpen ? { offset: piece.entry.offset, length: piece.entry.length } : undefined;
    return () => {
      span.isDone = true;
      if (shipped !== undefined) tail.shipped = shipped;
    };
  }

  /** It was shipped when the file rested and has not grown since. */
  function isShipped(tail: Tail, piece: TailEntry): boolean {
    return !piece.isOpen && tail.shipped?.offset === piece.entry.offset && tail.shipped.length === piece.entry.length;
  }

  function countEntry(piece: TailEntry, redacted: number, isUndated: boolean): void {
    const { flags, cutBytes } = piece.entry;
    board.count('entries');
    if (redacted > 0) board.count('redactedSpans', redacted);
    if (isUndated) board.count('undatedEntries');
    if (cutBytes > 0) board.count('cutBytes', cutBytes);
    for (const flag of flags) {
      if (flag === 'cut') board.count('cutEntries');
      if (flag === 'invalid-utf8') board.count('invalidEntries');
      if (flag === 'partial') board.count('partialEntries');
    }
  }

  return { readRound, flushIdle, shipPieces };
}
