// Joins a stack trace that a rotation cut in two, or a line whose pieces a container runtime wrote into two files. The
// beginning is the open last entry of the predecessor, the rest is in the first lines of the new file. Both
// are split together and become one record under the id of the beginning; reading of the new file continues after it.
// Only lines that cannot begin an entry are joined, or those in the stream of a piece that says that more follows, and
// only to the newest file of the same family, so that a rest is never joined to an unrelated entry.
import { renderRecordId } from '../../core/record.js';
import { basename, dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { createFormSplitter } from '../../flink/layout/form.js';
import type { SplitEntry } from '../../flink/layout/split.js';
import { findEnd } from '../../flink/layout/streams.js';
import { isEntryStart } from '../../flink/layout/layout.js';
import { classifyLine } from '../../flink/bytes/line.js';
import { isUtf16 } from '../../flink/bytes/utf16.js';
import { isPartialLine, isIncompletePrefix, readStream } from '../../flink/bytes/wrapper.js';
import { peekAt, readAt, type TailEntry } from './read.js';
import { familyName } from '../discovery/pattern.js';
import { isDrained, openTail, seekTail, type Tail } from './tail.js';

export type Join =
  | { readonly kind: 'none' }
  /** The predecessor is not read to its end or not acknowledged, or the new file has too little. */
  | { readonly kind: 'wait' }
  /**
   * `predecessor` is the tail whose entry continues here. An open entry may grow; the offset stays 0 until it is
   * closed.
   */
  | { readonly kind: 'joined'; readonly entry: TailEntry; readonly predecessor: Tail };

export interface JoinContext {
  readonly findFamily: () => readonly Tail[];
  readonly isQuiet: boolean;
  readonly now: number;
}

const NONE: Join = { kind: 'none' };
const WAIT: Join = { kind: 'wait' };
const NEWLINE = 10;
const MIN_START_BYTES = 4096;
/** Number of bytes in which a piece of a line is searched. Runtimes cut lines into pieces of 16 KiB. */
const PARTIAL_LINE_BYTES = 65_536;
/**
 * Time, in milliseconds, that a file which begins in the middle of an entry waits for its predecessor to appear (a copy
 * that is still being made).
 */
const WAIT_MS = 2000;

/**
 * Joins the beginning of a new file to its predecessor. Moves the tail after the joined bytes when the entry is closed.
 * Throws file system errors.
 */
export function joinRotation(tail: Tail, context: JoinContext): Join {
  const { file, reading } = tail;
  if (!reading.mayJoin || reading.fd === undefined) return NONE;
  const start = readStart(reading.fd, context.isQuiet);
  if (start === undefined) return WAIT;
  const { stream } = start;
  const predecessor =
    start.line === 'entry' && stream === undefined ? undefined : findPredecessor(tail, context.findFamily());
  const isPartial = stream !== undefined && predecessor !== undefined && endsInPartialLine(predecessor, stream);
  if (start.line === 'entry' && !isPartial) return giveUp(tail);
  const isContinuation = start.line === 'continuation' || isPartial;
  if (predecessor === undefined) return isContinuation && context.now - file.openedAt < WAIT_MS ? WAIT : giveUp(tail);
  if (!isReady(predecessor)) return WAIT;
  return splitTogether(tail, reading.fd, predecessor, { isContinuation, stream, isQuiet: context.isQuiet });
}

interface FileStart {
  readonly line: 'entry' | 'continuation' | 'text';
  /** Stream that a container runtime names. */
  readonly stream: string | undefined;
}

/** Reads how the file begins; undefined while its first line is too short to decide. */
function readStart(fd: number, isQuiet: boolean): FileStart | undefined {
  const bytes = peekAt(fd, 0, PARTIAL_LINE_BYTES);
  const newline = bytes.indexOf(NEWLINE);
  if (newline < 0 && bytes.length < MIN_START_BYTES && !isQuiet) return undefined;
  const end = newline < 0 ? bytes.length : newline;
  const stream = readStream(bytes, 0, end);
  if (bytes.length === 0 || bytes[0] === 0 || isEntryStart(bytes, 0, end, 'log')) return { line: 'entry', stream };
  const line = classifyLine(bytes, 0, end);
  return { line: line === 'trace' || line === 'indented' ? 'continuation' : 'text', stream };
}

/** Returns true if the last line of this stream is a piece of a line that continues. */
function endsInPartialLine(predecessor: Tail, stream: string): boolean {
  if (!openTail(predecessor) || predecessor.reading.fd === undefined) return false;
  const { fd, size } = predecessor.reading;
  const from = Math.max(0, size - PARTIAL_LINE_BYTES);
  const bytes = peekAt(fd, from, size - from);
  if (bytes[bytes.length - 1] !== NEWLINE) return false;
  for (let end = bytes.length - 1; end > 0;) {
    const start = bytes.lastIndexOf(NEWLINE, end - 1) + 1;
    if (readStream(bytes, start, end) === stream) return isPartialLine(bytes, start, end);
    end = start - 1;
  }
  return false;
}

function giveUp(tail: Tail): Join {
  tail.reading.mayJoin = false;
  return NONE;
}

/** Returns the file of the same family that was last written before this one. */
function findPredecessor(tail: Tail, family: readonly Tail[]): Tail | undefined {
  let newest: Tail | undefined;
  for (const other of family) {
    if (other === tail || !other.file.isSettled || !isOfFamily(other, tail) || follows(other, tail)) continue;
    const written = findWritten(other);
    if (written <= tail.reading.mtimeMs && (newest === undefined || written > findWritten(newest))) newest = other;
  }
  return newest;
}

function findWritten({ file, reading }: Tail): number {
  return file.writtenMs ?? reading.mtimeMs;
}

/**
 * Returns true if the other file waits for the tail, directly or not: both may have been written at the same moment.
 */
function follows(other: Tail, tail: Tail): boolean {
  for (let before = other.file.predecessor; before !== undefined; before = before.file.predecessor)
    if (before === tail) return true;
  return false;
}

function isOfFamily(other: Tail, tail: Tail): boolean {
  return (
    other.reading.kind === tail.reading.kind &&
    !isUtf16(other.reading.form) &&
    dirname(other.file.path) === dirname(tail.file.path) &&
    familyName(basename(other.file.path)) === familyName(basename(tail.file.path))
  );
}

/**
 * Returns true if the predecessor is read to its end and nothing before its open entry waits for an acknowledgement.
 */
function isReady(predecessor: Tail): boolean {
  return isDrained(predecessor) && predecessor.acks.committed.offset === predecessor.reading.splitter.resumeOffset;
}

/**
 * Returns true if nothing will be added to the file's complete lines: it is idle under a rotated name, or has none now.
 */
function isOver({ file: { path, goneSince } }: Tail, after: Buffer, isQuiet: boolean): boolean {
  const name = basename(path);
  return isQuiet && (goneSince !== undefined || familyName(name) !== name) && after[after.length - 1] === NEWLINE;
}

interface JoinStart {
  readonly isContinuation: boolean;
  /** Stream of the first line of the new file; only its entries are split together. */
  readonly stream: string | undefined;
  readonly isQuiet: boolean;
}

function splitTogether(tail: Tail, fd: number, predecessor: Tail, start: JoinStart): Join {
  const { readOffset, splitter, form, time } = predecessor.reading;
  const from = splitter.resumeOffset;
  if (from >= readOffset || !openTail(predecessor) || predecessor.reading.fd === undefined) return giveUp(tail);
  const before = readAt(predecessor.reading.fd, from, readOffset - from);
  if (!start.isContinuation && before[before.length - 1] === NEWLINE) return giveUp(tail);
  if (form === 'streams' && endsIncomplete(before)) return giveUp(tail);
  const { kind, maxEntryBytes } = tail.reading;
  const all = readAt(fd, 0, maxEntryBytes);
  const after = all.subarray(0, findOtherStream(all, start.stream));
  const joint = createFormSplitter({ kind, maxEntryBytes, offset: from, form, only: start.stream });
  const given = joint.push(Buffer.concat([before, after]));
  // Otherwise, the next file would wait for more of this one.
  const isWhole = given.length === 0 && all.length < maxEntryBytes && isOver(tail, all, start.isQuiet);
  const closed = isWhole || after.length < all.length ? given.concat(joint.flush()) : given;
  const index = closed.findIndex((one) => one.offset < readOffset && findEnd(one) > readOffset);
  const entry = closed[index];
  if (entry === undefined) {
    if (closed.length > 0 && (form === 'lines' || after.length < all.length)) return giveUp(tail);
    return splitOpen(tail, predecessor, joint.peek(), { isQuiet: start.isQuiet, size: all.length });
  }
  const end = (closed[index + 1]?.offset ?? joint.openOffset) - readOffset;
  const id = renderJointId(predecessor, entry);
  if (id === undefined || entry.flags.includes('cut') || entry.flags.includes('partial') || end <= 0)
    return giveUp(tail);
  const crc = crc32(after.subarray(0, end));
  tail.reading.mayJoin = false;
  seekTail(tail, { offset: end, crc, time });
  // The bytes that were shipped while the entry was open end here.
  tail.reading.flushedTo = end;
  tail.acks.committed = { offset: 0, crc: 0, time: undefined };
  return {
    kind: 'joined',
    predecessor,
    entry: { entry, id, end: { offset: end, crc, time: undefined }, isOpen: false },
  };
}

/** Returns true if the runtime began a line and wrote nothing of its text. */
function endsIncomplete(bytes: Buffer): boolean {
  const start = bytes.lastIndexOf(NEWLINE) + 1;
  return start < bytes.length && isIncompletePrefix(bytes, start, bytes.length);
}

/** Returns the start of the first line that surely is of another stream; without one, the number of bytes. */
function findOtherStream(bytes: Buffer, stream: string | undefined): number {
  if (stream === undefined) return bytes.length;
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, start);
    if (end < 0) break;
    if ((readStream(bytes, start, end) ?? stream) !== stream) return start;
    start = end + 1;
  }
  return bytes.length;
}

/** Renders the id of the joined entry; undefined if it is not an open entry of the predecessor. */
function renderJointId({ file, reading }: Tail, { offset }: SplitEntry): string | undefined {
  const isFirst = offset === reading.splitter.openOffset;
  const crc = reading.crcs?.get(offset) ?? (isFirst && reading.form === 'lines' ? reading.cursor.crc : undefined);
  return crc === undefined ? undefined : renderRecordId(file.key, offset, crc);
}

/** Handles a new file that so far holds nothing but the rest of the entry. */
function splitOpen(
  tail: Tail,
  predecessor: Tail,
  open: readonly SplitEntry[],
  { isQuiet, size }: { readonly isQuiet: boolean; readonly size: number },
): Join {
  const { readOffset } = predecessor.reading;
  const [entry, more] = open.filter((one) => findEnd(one) > readOffset);
  const id = entry === undefined ? undefined : renderJointId(predecessor, entry);
  if (entry === undefined || id === undefined || more !== undefined || entry.flags.includes('cut')) return giveUp(tail);
  if (!isQuiet || tail.reading.flushedTo >= size) return WAIT;
  tail.reading.flushedTo = size;
  return {
    kind: 'joined',
    predecessor,
    entry: { entry, id, end: { offset: 0, crc: 0, time: undefined }, isOpen: true },
  };
}
