// A stack trace that a rotation cut in two: its head is the open last entry of the file before, its tail the first
// lines of the new file. Both are framed together and become one record under the id of the head; reading of the new
// file goes on behind it. Only lines that cannot begin an entry are joined, and only to the newest file of the same
// family, so a tail is never glued to a foreign entry. Called by read.ts before a new file's first read.
import { basename, dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { createSplitter, type SplitEntry } from '../../flink/layout/split.js';
import { isEntryStart } from '../../flink/layout/layout.js';
import { classifyLine } from '../../flink/bytes/line.js';
import { readAt } from '../identity/bytes.js';
import { renderRecordId } from '../identity/identity.js';
import { familyName } from '../files/pattern.js';
import { openTail, seekTail, type TailEntry, type Tail } from './tail.js';

export type Join =
  | { readonly kind: 'none' }
  /** The file before is not read to its end or not acknowledged, or this one has too little. */
  | { readonly kind: 'wait' }
  /**
   * `head` is the tail whose entry goes on here. An open piece may grow; the tail's offset stays 0 until it is closed.
   */
  | { readonly kind: 'joined'; readonly piece: TailEntry; readonly head: Tail };

export interface JoinContext {
  readonly tails: () => readonly Tail[];
  readonly isQuiet: boolean;
  readonly now: number;
}

const NONE: Join = { kind: 'none' };
const WAIT: Join = { kind: 'wait' };
const NEWLINE = 10;
const LOOK_BYTES = 4096;
/**
 * A file that begins in the middle of an entry waits this long for the file before it to turn up (a copy in the
 * making).
 */
const WAIT_MS = 2000;

/** Throws what the system throws. Moves the tail behind the joined bytes when the entry is closed. */
export function joinRotation(tail: Tail, context: JoinContext): Join {
  if (!tail.mayJoin || tail.fd === undefined) return NONE;
  const start = readStart(tail.fd, context.isQuiet);
  if (start === undefined) return WAIT;
  const head = start === 'entry' ? undefined : findHead(tail, context.tails());
  if (head === undefined)
    return start === 'continuation' && context.now - tail.openedAt < WAIT_MS ? WAIT : giveUp(tail);
  if (!isReady(head)) return WAIT;
  return frameTogether(tail, tail.fd, head, start === 'continuation', context.isQuiet);
}

/** How the file begins; undefined while its first line is too short to tell. */
function readStart(fd: number, isQuiet: boolean): 'entry' | 'continuation' | 'text' | undefined {
  const bytes = readAt(fd, 0, LOOK_BYTES);
  const newline = bytes.indexOf(NEWLINE);
  if (newline < 0 && bytes.length < LOOK_BYTES && !isQuiet) return undefined;
  const end = newline < 0 ? bytes.length : newline;
  if (bytes.length === 0 || bytes[0] === 0 || isEntryStart(bytes, 0, end, 'log')) return 'entry';
  const line = classifyLine(bytes, 0, end);
  return line === 'trace' || line === 'indented' ? 'continuation' : 'text';
}

function giveUp(tail: Tail): Join {
  tail.mayJoin = false;
  return NONE;
}

/** The file of the same family that was written last before this one. */
function findHead(tail: Tail, tails: readonly Tail[]): Tail | undefined {
  const family = familyName(basename(tail.path));
  const folder = dirname(tail.path);
  let newest: Tail | undefined;
  for (const other of tails) {
    if (
      other === tail ||
      other.kind !== tail.kind ||
      dirname(other.path) !== folder ||
      familyName(basename(other.path)) !== family
    )
      continue;
    if (other.isSettled && other.mtimeMs <= tail.mtimeMs && (newest === undefined || other.mtimeMs > newest.mtimeMs))
      newest = other;
  }
  return newest;
}

/** Read to its end, and nothing before its open entry waits for an acknowledgement. */
function isReady(head: Tail): boolean {
  return head.size <= head.readOffset && head.spans.length === 0 && head.committed.offset === head.splitter.openOffset;
}

function frameTogether(tail: Tail, fd: number, head: Tail, isContinuation: boolean, isQuiet: boolean): Join {
  const from = head.splitter.openOffset;
  if (from >= head.readOffset || !openTail(head) || head.fd === undefined) return giveUp(tail);
  const before = readAt(head.fd, from, head.readOffset - from);
  if (!isContinuation && before[before.length - 1] === NEWLINE) return giveUp(tail);
  const after = readAt(fd, 0, tail.maxEntryBytes);
  const splitter = createSplitter({ kind: tail.kind, maxEntryBytes: tail.maxEntryBytes, offset: from });
  const closed = splitter.push(Buffer.concat([before, after]));
  const id = renderRecordId(head.key, from, head.cursor.crc);
  const [entry] = closed;
  if (entry === undefined) return frameOpen(tail, head, splitter.peek(), { id, isQuiet, size: after.length });
  const end = (closed[1]?.offset ?? splitter.openOffset) - head.readOffset;
  if (entry.flags.includes('cut') || entry.flags.includes('partial') || end <= 0) return giveUp(tail);
  const crc = crc32(after.subarray(0, end));
  tail.mayJoin = false;
  seekTail(tail, { offset: end, crc, time: head.time });
  tail.committed = { offset: 0, crc: 0, time: undefined };
  return { kind: 'joined', head, piece: { entry, id, end: { offset: end, crc, time: undefined }, isOpen: false } };
}

/** The new file holds nothing but the rest of the entry so far. */
function frameOpen(
  tail: Tail,
  head: Tail,
  open: readonly SplitEntry[],
  { id, isQuiet, size }: { readonly id: string; readonly isQuiet: boolean; readonly size: number },
): Join {
  const [entry] = open;
  if (entry === undefined || open.length > 1 || entry.flags.includes('cut')) return giveUp(tail);
  if (!isQuiet || tail.flushedTo >= size) return WAIT;
  tail.flushedTo = size;
  return { kind: 'joined', head, piece: { entry, id, end: { offset: 0, crc: 0, time: undefined }, isOpen: true } };
}
