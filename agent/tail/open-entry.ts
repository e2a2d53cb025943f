// The last entry of a file, whose end nobody knows yet: shipped when the file rests, and again when it has grown. The
// splitter keeps it open and offsets stay at its start, so nothing is lost if it goes on. read.ts and tails.ts call it.
import { createSplitter, type SplitEntry } from '../../flink/layout/split.js';
import { classifyLine } from '../../flink/bytes/line.js';
import { renderRecordId } from '../identity/identity.js';
import { crcUpTo, readOwn, type Commit, type TailEntry, type Tail } from './tail.js';

const NEWLINE = 10;

/** True when bytes were read that belong to an entry whose end nobody knows yet, and that were not shipped. */
export function hasOpenEntry(tail: Tail): boolean {
  return tail.splitter.openOffset < tail.readOffset && tail.flushedTo < tail.readOffset;
}

/**
 * The open last entry as it stands now; shipping it does not move the offset. A last line without an end that may
 * still turn out to begin an entry, or not, is held back unless this is final: a record can grow, but never shrink.
 */
export function flushTail(tail: Tail, isFinal: boolean): readonly TailEntry[] {
  if (!hasOpenEntry(tail)) return [];
  const open = tail.splitter.openOffset;
  const decided = isFinal ? tail.readOffset : findDecidedEnd(tail, open);
  if (decided <= Math.max(open, tail.flushedTo)) return [];
  // Without the file nothing can be framed or summed again: what needs that waits for a copy to turn up.
  const canRead = tail.fd !== undefined || isFinal;
  if (!canRead && (decided < tail.readOffset || tail.splitter.peek().length > 1)) return [];
  tail.flushedTo = decided;
  const end: Commit = { offset: open, crc: crcUpTo(tail, tail.cursor, open), time: tail.time };
  const entries = decided === tail.readOffset ? tail.splitter.peek() : frameRange(tail, open, decided);
  const isCut = decided === tail.readOffset && tail.recent[tail.recent.length - 1] !== NEWLINE;
  const cursor = { ...tail.cursor };
  return entries.map((entry, index) => {
    const id = renderRecordId(tail.key, entry.offset, crcUpTo(tail, cursor, entry.offset));
    return { entry: isCut && index === entries.length - 1 ? markPartial(entry) : entry, id, end, isOpen: true };
  });
}

/**
 * Where the open entry surely ends or goes on: the frontier, or the start of an unfinished line that may be anything.
 */
function findDecidedEnd(tail: Tail, open: number): number {
  const { recent, readOffset } = tail;
  const lineStart = recent.lastIndexOf(NEWLINE) + 1;
  const offset = readOffset - recent.length + lineStart;
  // Complete, longer than what is kept, or all that there is of the entry.
  if (lineStart === recent.length || lineStart === 0 || offset <= open) return readOffset;
  return isDecidedLine(recent, lineStart) ? readOffset : offset;
}

/** No byte that may follow makes this line begin an entry, or not begin one. */
function isDecidedLine(bytes: Buffer, start: number): boolean {
  const line = classifyLine(bytes, start, bytes.length);
  return (
    line === 'dated' ||
    line === 'json' ||
    line === 'trace' ||
    line === 'thread' ||
    (line === 'indented' && bytes.length - start > 1)
  );
}

function frameRange(tail: Tail, from: number, to: number): readonly SplitEntry[] {
  const splitter = createSplitter({ kind: tail.kind, maxEntryBytes: tail.maxEntryBytes, offset: from });
  return [...splitter.push(readOwn(tail, from, to - from)), ...splitter.flush()];
}

/** Its last line has no end yet. */
function markPartial(entry: SplitEntry): SplitEntry {
  return entry.flags.includes('partial') ? entry : { ...entry, flags: [...entry.flags, 'partial'] };
}
