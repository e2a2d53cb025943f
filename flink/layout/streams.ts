// Splits the log of a container, in which lines of two streams are mixed, into the entries of each stream: a line of
// stderr in the middle of a trace of stdout is no part of that trace. It uses two splitters of split.ts, which see only
// the lines of their stream.
import { Held } from '../bytes/held.js';
import { findStamp, isIncompletePrefix, readStream } from '../bytes/wrapper.js';
import { EntrySplitter, type SplitEntry, type Splitter, type SplitterOptions } from './split.js';
import { UTC_CLOCK } from './local-time.js';
import { readTimestamp } from './timestamp.js';

export interface StreamOptions extends SplitterOptions {
  /** Name of the stream that is wanted; the entries of the other one are left out. */
  readonly only?: string;
}

interface Stream {
  readonly splitter: EntrySplitter;
  /** Offset after its last line, and the runtime's time stamp of that line. */
  end: number;
  stamp: Buffer;
}

const LATER_MS = 1000;
const FAR_BYTES = 65_536;
/** Length, in bytes, at which a line is given on before its end is there. Runtimes cut lines into pieces of 16 KiB. */
const LONG_LINE_BYTES = 262_144;
const STAMP_BYTES = 40;
/** Length of Length of `2026-08-07T05:43:13`. */
const SECOND_BYTES = 19;
const NO_STAMP = Buffer.alloc(0);
const NEWLINE = 10;

/**
 * Splitter for two streams. Entries are given in the order of their offsets, so one waits until the older one of the
 * other stream is closed. That one is closed at the latest by a line that was written LATER_MS after its last line, or
 * that is FAR_BYTES after it, and what follows in its stream begins anew. All of this depends on the bytes alone:
 * however the file is cut into chunks, and wherever reading resumes, the entries are the same.
 */
export class StreamSplitter implements Splitter {
  readonly isDated = false;
  readonly #options: StreamOptions;
  #out: Stream;
  #err: Stream;
  /** Stream of the previous line. */
  #current: Stream;
  /** Line that has no end yet. */
  #line = new Held();
  /** True if that line is a long one, and what is there of it was given on. */
  #isThrough = false;
  /** Closed entries that are younger than an open one; in order between two pushes. */
  #waiting: SplitEntry[] = [];
  /** Offset of the next byte, then offset and number of its line. */
  #offset: number;
  #lineOffset: number;
  #lineNumber: number;
  /** End of the furthest entry that was given. */
  #reach = 0;
  #resume: number;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#out = { splitter: new EntrySplitter(options), end: 0, stamp: NO_STAMP };
    this.#err = { splitter: new EntrySplitter(options), end: 0, stamp: NO_STAMP };
    this.#current = this.#out;
    this.#offset = options.offset ?? 0;
    this.#lineOffset = this.#offset;
    this.#lineNumber = options.line ?? 1;
    this.#resume = this.#offset;
  }

  get pendingBytes(): number {
    const waiting = this.#waiting.reduce((sum, { bytes }) => sum + bytes.length, 0);
    return waiting + this.#line.length + this.#out.splitter.pendingBytes + this.#err.splitter.pendingBytes;
  }

  get openOffset(): number {
    return this.starts[0] ?? this.#offset;
  }

  get resumeOffset(): number {
    const open = this.openOffset;
    return this.#reach <= open ? open : this.#resume;
  }

  get openLine(): number {
    const lines = this.#open().map(({ splitter }) => splitter.openLine);
    return findLeast([this.#waiting[0]?.line ?? this.#lineNumber, ...lines], this.#lineNumber);
  }

  get starts(): readonly number[] {
    const starts = [...this.#open().map(({ splitter }) => splitter.openOffset), ...this.#waiting.map(offsetOf)];
    if (this.#offset > this.#lineOffset) starts.push(this.#lineOffset);
    return starts.sort((a, b) => a - b);
  }

  push(chunk: Buffer): SplitEntry[] {
    const base = this.#offset;
    let at = this.#line.length > 0 || this.#isThrough ? this.#goOn(chunk) : 0;
    let first = at;
    for (let end = chunk.indexOf(NEWLINE, at); end >= 0; end = chunk.indexOf(NEWLINE, at)) {
      const stream = this.#streamOf(chunk, at, end);
      if (stream !== this.#current) {
        this.#give(chunk, first, at, base + first);
        this.#current = stream;
        first = at;
      }
      this.#endOther(chunk, at, end, base + at);
      at = end + 1;
    }
    this.#give(chunk, first, at, base + first);
    this.#offset = base + chunk.length;
    if (at < chunk.length) this.#keepLine(chunk, at, base + at);
    return this.#release(chunk);
  }

  flush(): SplitEntry[] {
    const line = this.#line.take(this.#line.length);
    // A prefix without a text, from a stopped runtime or a cut file, belongs to no entry.
    if (line.length > 0 && !isIncompletePrefix(line, 0, line.length)) this.#route(line);
    this.#lineOffset = this.#offset;
    this.#isThrough = false;
    for (const stream of [this.#out, this.#err]) this.#close(stream);
    return this.#release();
  }

  peek(): SplitEntry[] {
    return this.#clone().flush();
  }

  skip(bytes: number, lines: number): void {
    this.#offset += bytes;
    this.#lineOffset = this.#offset;
    this.#lineNumber += lines;
    for (const { splitter } of [this.#out, this.#err]) splitter.skip(0, 0);
  }

  #clone(): StreamSplitter {
    const copy = new StreamSplitter(this.#options);
    copy.#out = { ...this.#out, splitter: this.#out.splitter.clone() };
    copy.#err = { ...this.#err, splitter: this.#err.splitter.clone() };
    copy.#current = this.#current === this.#out ? copy.#out : copy.#err;
    copy.#line = this.#line.clone();
    copy.#isThrough = this.#isThrough;
    copy.#waiting = [...this.#waiting];
    copy.#offset = this.#offset;
    copy.#lineOffset = this.#lineOffset;
    copy.#lineNumber = this.#lineNumber;
    copy.#reach = this.#reach;
    copy.#resume = this.#resume;
    return copy;
  }

  #open(): readonly Stream[] {
    return [this.#out, this.#err].filter((stream) => stream.splitter.isOpen && this.#isWanted(stream));
  }

  /** Returns the stream of a line. A line that names none is of stdout. */
  #streamOf(bytes: Buffer, start: number, end: number): Stream {
    return readStream(bytes, start, limitEnd(start, end)) === 'stderr' ? this.#err : this.#out;
  }

  /** Continues the line that the previous chunk left open; returns where it ends in this one. */
  #goOn(chunk: Buffer): number {
    const newline = chunk.indexOf(NEWLINE);
    const end = newline < 0 ? chunk.length : newline + 1;
    if (this.#isThrough) this.#push(this.#current, chunk.subarray(0, end));
    else this.#line.append(chunk.subarray(0, end));
    if (newline < 0) {
      this.#startThrough();
      return end;
    }
    if (!this.#isThrough) this.#route(this.#line.take(this.#line.length));
    this.#isThrough = false;
    this.#current.end = this.#offset + end;
    this.#lineOffset = this.#offset + end;
    this.#lineNumber += 1;
    return end;
  }

  /** Gives on a line, with or without its break, that began at #lineOffset. */
  #route(line: Buffer): void {
    const end = line[line.length - 1] === NEWLINE ? line.length - 1 : line.length;
    this.#current = this.#streamOf(line, 0, end);
    this.#endOther(line, 0, end, this.#lineOffset);
    this.#current.splitter.pass(this.#lineOffset, this.#lineNumber);
    this.#push(this.#current, line);
    this.#current.end = this.#lineOffset + line.length;
    this.#current.stamp = Buffer.from(viewStamp(line, 0, end));
  }

  #keepLine(chunk: Buffer, at: number, offset: number): void {
    this.#lineOffset = offset;
    this.#line.append(chunk.subarray(at));
    this.#startThrough();
  }

  #startThrough(): void {
    if (this.#isThrough || this.#line.length <= LONG_LINE_BYTES) return;
    this.#route(this.#line.take(this.#line.length));
    this.#isThrough = true;
  }

  /** Gives on whole lines of the current stream. */
  #give(chunk: Buffer, start: number, end: number, offset: number): void {
    if (end <= start) return;
    const stream = this.#current;
    stream.splitter.pass(offset, this.#lineNumber);
    this.#push(stream, chunk.subarray(start, end));
    stream.end = offset + end - start;
    const last = end - start < 2 ? start : chunk.lastIndexOf(NEWLINE, end - 2) + 1;
    stream.stamp = Buffer.from(viewStamp(chunk, Math.max(start, last), end - 1));
    this.#lineOffset = stream.end;
    this.#lineNumber = stream.splitter.nextLine;
  }

  #push(stream: Stream, bytes: Buffer): void {
    this.#keep(stream, stream.splitter.push(bytes));
  }

  #close(stream: Stream): void {
    this.#keep(stream, stream.splitter.end());
  }

  #keep(stream: Stream, entries: readonly SplitEntry[]): void {
    if (this.#isWanted(stream)) for (const entry of entries) this.#waiting.push(entry);
  }

  #isWanted(stream: Stream): boolean {
    const { only } = this.#options;
    return only === undefined || (only === 'stderr') === (stream === this.#err);
  }

  /** Closes the open entry of the other stream if a line of the current stream shows that it is over. */
  #endOther(bytes: Buffer, start: number, end: number, offset: number): void {
    const other = this.#current === this.#out ? this.#err : this.#out;
    if (!other.splitter.isOpen) return;
    const isFar = offset - other.end > FAR_BYTES;
    if (isFar || (!other.splitter.isPartial && isLater(other.stamp, viewStamp(bytes, start, end)))) this.#close(other);
  }

  /**
   * Returns the closed entries up to the first open one. The entries that stay must not keep the memory of the chunk.
   */
  #release(chunk?: Buffer): SplitEntry[] {
    if (this.#waiting.length === 0) return [];
    const limit = findLeast(
      this.#open().map(({ splitter }) => splitter.openOffset),
      Infinity,
    );
    const sorted = this.#waiting.sort((a, b) => a.offset - b.offset);
    const first = sorted.findIndex(({ offset }) => offset >= limit);
    const given = first < 0 ? sorted : sorted.slice(0, first);
    this.#waiting = first < 0 ? [] : sorted.slice(first).map((entry) => copyEntry(entry, chunk));
    const behind = this.openOffset;
    return given.map((entry, index) => {
      const next = given[index + 1]?.offset ?? behind;
      this.#reach = Math.max(this.#reach, findEnd(entry));
      if (this.#reach <= next) this.#resume = next;
      return { ...entry, resume: this.#resume };
    });
  }
}

function findLeast(numbers: readonly number[], max: number): number {
  return numbers.reduce((least, number) => Math.min(least, number), max);
}

/** Returns the offset after the last byte of an entry in the file. */
export function findEnd({ offset, length, ranges }: SplitEntry): number {
  return ranges?.at(-1)?.[1] ?? offset + length;
}

function offsetOf({ offset }: SplitEntry): number {
  return offset;
}

function copyEntry(entry: SplitEntry, chunk: Buffer | undefined): SplitEntry {
  return entry.bytes.buffer === chunk?.buffer ? { ...entry, bytes: Buffer.from(entry.bytes) } : entry;
}

/** Limits how much of a line is examined to the length at which a long line is given on in parts. */
function limitEnd(start: number, end: number): number {
  return Math.min(end, start + LONG_LINE_BYTES);
}

/** Returns the runtime's time stamp of a line. */
function viewStamp(bytes: Buffer, start: number, lineEnd: number): Buffer {
  const end = limitEnd(start, lineEnd);
  const stamp = findStamp(bytes, start, end);
  return bytes.subarray(stamp, Math.min(end, stamp + STAMP_BYTES));
}

function isLater(before: Buffer, stamp: Buffer): boolean {
  // Most lines are of the same second.
  if (before.subarray(0, SECOND_BYTES).equals(stamp.subarray(0, SECOND_BYTES))) return false;
  const [from, to] = [readTime(before), readTime(stamp)];
  return from !== undefined && to !== undefined && to - from > LATER_MS;
}

function readTime(stamp: Buffer): number | undefined {
  return readTimestamp(stamp.toString('latin1'), 0, UTC_CLOCK)?.time;
}
