// Splits chunks of a file into entries as byte ranges. layout.ts decides where an entry begins. Files that are not
// plain lines of one writer are split through form.ts. Nothing is parsed here and no string is created.
import { isUtf8 } from 'node:buffer';
import type { EntryFlag, FileKind } from '../../core/types.js';
import { FIRST_LINE, follow, startsEntry, type LineState } from './layout.js';
import { at, skipBlanks } from '../bytes/byte.js';
import { classifyLine, holdsEventField, type LineClass } from '../bytes/line.js';
import { Held } from '../bytes/held.js';
import { isPartialLine, LINE_PROBE_BYTES, skipWrapper } from '../bytes/wrapper.js';
import { CLOSED, isInside, ObjectCuts, readOpen } from '../bytes/open-object.js';

export interface SplitEntry {
  /** View of the chunk, or a copy if the entry spans chunks; without its last line break. */
  readonly bytes: Buffer;
  /** Offset of its first byte in the file. */
  readonly offset: number;
  /** Number of bytes in the file: `bytes.length + cutBytes`, unless the file is UTF-16. */
  readonly length: number;
  /** Number of its first line, from 1 (or from `line` of the options on). */
  readonly line: number;
  readonly flags: readonly EntryFlag[];
  /** Number of bytes of an over-long line that were dropped. */
  readonly cutBytes: number;
  /** Ranges of its bytes in the file, if lines of another stream are between its own. */
  readonly ranges?: readonly FileRange[];
  /**
   * Offset from which to read again when this entry and all before it are done, if that is not the start of the next
   * one: entries of two streams may overlap.
   */
  readonly resume?: number;
}

/** Offsets in the file: of the first byte, and after the last one. */
export type FileRange = readonly [start: number, end: number];

export interface SplitterOptions {
  readonly kind: FileKind;
  readonly maxEntryBytes?: number;
  /** Offset in the file of the first byte that will be pushed. */
  readonly offset?: number;
  /** Number of the line that contains this byte. */
  readonly line?: number;
}

/**
 * Splitter of a file. The same bytes give the same entries however they are cut into chunks. Every byte of the file is
 * in exactly one entry or between two of them (line breaks, a byte order mark, NUL holes, blank lines before an entry).
 * Memory is bounded: a line longer than `maxEntryBytes` is cut on a character boundary and the cut bytes are counted;
 * an entry of many lines that grows longer continues as the next entry, and both are flagged "partial".
 */
export interface Splitter {
  /**
   * Returns entries that are complete, because the next one has begun or, with `isWhole`, because the open one is
   * whole. The chunk must not be changed while its entries are used.
   */
  push(chunk: Buffer, isWhole?: boolean): SplitEntry[];
  /** Ends the stream: closes what is open. */
  flush(): SplitEntry[];
  /**
   * Returns what flush would return, without closing anything. It is for idle files: the open entry may still grow and
   * keeps its offset.
   */
  peek(): SplitEntry[];
  /** True if every dated line begins an entry, and text between dated lines belongs to the entry before it. */
  readonly isDated: boolean;
  /** Skips bytes and lines that hold whole entries, after a flush at the end of a line. */
  skip(bytes: number, lines: number): void;
  /** Number of bytes held for the open entry. */
  readonly pendingBytes: number;
  /** Offset of the first entry that was not returned yet; of the next byte if there is none. */
  readonly openOffset: number;
  /**
   * Offset from which the file can be read again without losing or cutting an entry: `openOffset`, or before it if
   * entries overlap.
   */
  readonly resumeOffset: number;
  /** Offsets of the entries that were not returned yet, in order; empty if that is only `openOffset`. */
  readonly starts: readonly number[];
  /** Number of the line at `openOffset`. */
  readonly openLine: number;
}

export const MAX_ENTRY_BYTES = 1_048_576;
const NEWLINE = 10;
const RETURN = 13;
const OPEN_BRACE = 123;
const NOTHING = Buffer.alloc(0);
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const BEGINS_OBJECT: ReadonlySet<LineClass> = new Set(['json', 'brace', 'xml']);
const NO_STARTS: readonly number[] = [];

export function createSplitter(options: SplitterOptions): Splitter {
  return new EntrySplitter(options);
}

/** Splitter for lines of one writer. */
export class EntrySplitter implements Splitter {
  readonly starts = NO_STARTS;
  readonly #kind: FileKind;
  readonly #max: number;
  #state: LineState = FIRST_LINE;
  #cuts = new ObjectCuts();
  /** Bytes of the open entry (and of the unfinished line) from earlier chunks. */
  #held = new Held();
  /** Number of held bytes that belong to the unfinished line. */
  #heldLine = 0;
  #open = false;
  /** Ranges between the lines of the open entry that are not its own. */
  #gaps: FileRange[] = [];
  #entryOffset: number;
  #entryLine: number;
  #partial = false;
  /** True if the previous entry was split or cut, so that a line which continues it is partial as well. */
  #splitBefore = false;
  /** Number of bytes dropped from the over-long line that is being read; -1 if there is none. */
  #overflow = -1;
  #lastByte = 0;
  /** Offset and number of the line that is being read, and offset of the next byte. */
  #lineOffset: number;
  #line: number;
  #offset: number;
  /**
   * First byte of the chunk that belongs to the open entry and is not held, and whether the chunk is valid; during
   * push.
   */
  #from = 0;
  #chunkValid = false;

  constructor(options: SplitterOptions) {
    this.#kind = options.kind;
    this.#max = options.maxEntryBytes ?? MAX_ENTRY_BYTES;
    this.#offset = options.offset ?? 0;
    this.#line = options.line ?? 1;
    this.#lineOffset = this.#offset;
    this.#entryOffset = this.#offset;
    this.#entryLine = this.#line;
  }

  get isDated(): boolean {
    return this.#kind === 'log' && this.#state.dated && !this.#state.clock && !this.#state.json;
  }

  get pendingBytes(): number {
    return this.#held.length;
  }

  get openOffset(): number {
    return this.#open ? this.#entryOffset : this.#lineOffset;
  }

  get resumeOffset(): number {
    return this.openOffset;
  }

  get openLine(): number {
    return this.#open ? this.#entryLine : this.#line;
  }

  /** Number of the line after what was pushed. */
  get nextLine(): number {
    return this.#line;
  }

  /** True if an entry or a line has begun that is not complete. */
  get isOpen(): boolean {
    return this.#open || this.#offset > this.#lineOffset;
  }

  /** True if the previous line continues in the next one. */
  get isPartial(): boolean {
    return this.#state.partial;
  }

  push(chunk: Buffer, isWhole = false): SplitEntry[] {
    const done: SplitEntry[] = [];
    const base = this.#offset;
    this.#from = 0;
    this.#chunkValid = isUtf8(chunk);
    this.#cuts.begin();
    let p = 0;
    while (p < chunk.length) {
      const isLineStart = this.#offset === this.#lineOffset;
      if (isLineStart) p += this.#skipHole(chunk, p, done);
      if (p >= chunk.length) break;
      if (isLineStart) this.#cuts.beginLine(chunk, p, this.#state.open);
      const newline = chunk.indexOf(NEWLINE, p);
      const end = newline < 0 ? chunk.length : newline;
      const cut = this.#cuts.find(chunk, p, end, isLineStart && newline >= 0);
      if (cut < 0 && newline < 0) break;
      const next = cut < 0 ? end + 1 : cut;
      this.#finishLine(chunk, p, cut < 0 ? end : cut, next, done);
      p = next;
      this.#offset = base + p;
      this.#lineOffset = this.#offset;
      if (cut < 0) this.#line += 1;
    }
    if (p < chunk.length) this.#keepLine(chunk, p, done);
    else if (isWhole) this.#close(chunk, chunk.length, done);
    else this.#keepOpen(chunk, chunk.length);
    this.#offset = base + chunk.length;
    return done;
  }

  flush(): SplitEntry[] {
    const done: SplitEntry[] = [];
    this.#from = 0;
    this.#chunkValid = false;
    if (this.#offset > this.#lineOffset) {
      this.#finishLine(NOTHING, 0, 0, 0, done);
      this.#lineOffset = this.#offset;
    }
    this.#close(NOTHING, 0, done);
    return done;
  }

  skip(bytes: number, lines: number): void {
    this.#offset += bytes;
    this.#lineOffset = this.#offset;
    this.#line += lines;
    this.#splitBefore = false;
    this.#rest();
  }

  /** Skips lines of another writer, at the end of a line. The open entry continues after them. */
  pass(offset: number, line: number): void {
    if (this.#open && offset > this.#offset) this.#gaps.push([this.#offset, offset]);
    this.#offset = offset;
    this.#lineOffset = offset;
    this.#line = line;
  }

  /** Closes what is open. Bytes after this are read like the beginning of a file. */
  end(): SplitEntry[] {
    const done = this.flush();
    this.#state = FIRST_LINE;
    this.#cuts = new ObjectCuts();
    this.#splitBefore = false;
    return done;
  }

  peek(): SplitEntry[] {
    return this.clone().flush();
  }

  clone(): EntrySplitter {
    const copy = new EntrySplitter({
      kind: this.#kind,
      maxEntryBytes: this.#max,
      offset: this.#offset,
      line: this.#line,
    });
    copy.#state = this.#state;
    copy.#held = this.#held.clone();
    copy.#heldLine = this.#heldLine;
    copy.#open = this.#open;
    copy.#gaps = [...this.#gaps];
    copy.#entryOffset = this.#entryOffset;
    copy.#entryLine = this.#entryLine;
    copy.#partial = this.#partial;
    copy.#splitBefore = this.#splitBefore;
    copy.#overflow = this.#overflow;
    copy.#lastByte = this.#lastByte;
    copy.#lineOffset = this.#lineOffset;
    copy.#cuts = this.#cuts.clone();
    return copy;
  }

  /**
   * Skips a byte order mark at the beginning of the file, which belongs to no entry. Returns the index of the line's
   * first byte in the chunk.
   */
  #skipMark(chunk: Buffer, start: number, end: number): number {
    if (this.#lineOffset !== 0) return start;
    const held = this.#heldLine > 0;
    const firstBytes = held ? this.#held.view().subarray(0, 3) : chunk.subarray(start, Math.min(end, start + 3));
    if (!firstBytes.equals(BYTE_ORDER_MARK)) return start;
    this.#lineOffset = 3;
    if (!held) return start + 3;
    this.#heldLine -= 3;
    this.#held = this.#held.split(this.#heldLine);
    return start;
  }

  /** Skips runs of NUL at the start of a line (sparse holes of copytruncate), which belong to no entry. */
  #skipHole(chunk: Buffer, p: number, done: SplitEntry[]): number {
    let skipped = 0;
    while (chunk[p + skipped] === 0) skipped += 1;
    if (skipped === 0) return 0;
    this.#close(chunk, p, done);
    this.#rest();
    this.#offset += skipped;
    this.#lineOffset = this.#offset;
    this.#from = p + skipped;
    return skipped;
  }

  /** Makes the next line continue nothing. */
  #rest(): void {
    const { previous, partial, headerLines, pythonLines, open } = this.#state;
    if (previous !== undefined || partial || headerLines > 0 || pythonLines > 0 || open !== CLOSED)
      this.#state = {
        ...this.#state,
        partial: false,
        headerLines: 0,
        pythonLines: 0,
        previous: undefined,
        open: CLOSED,
      };
  }

  /**
   * Finishes a complete line, which opens an entry or continues the open one. It ends at `end`, where its line break is
   * unless another object begins there; the next line begins at `next`.
   */
  #finishLine(chunk: Buffer, start: number, end: number, next: number, done: SplitEntry[]): void {
    if (this.#overflow >= 0) return this.#finishLongLine(chunk, start, end, next, done);
    const spans = this.#heldLine > 0;
    if (spans) this.#hold(chunk, start, end);
    const from = this.#skipMark(chunk, start, end);
    const bytes = spans ? this.#held.view() : chunk;
    const lineStart = spans ? bytes.length - this.#heldLine : from;
    const rawEnd = spans ? bytes.length : end;
    const lineEnd = rawEnd > lineStart && bytes[rawEnd - 1] === RETURN ? rawEnd - 1 : rawEnd;
    const starts = this.#classify(bytes, lineStart, lineEnd, isPartialLine(bytes, lineStart, lineEnd));
    this.#turn(starts, lineEnd - lineStart, chunk, lineStart, done);
    if (this.#open && lineEnd - lineStart > this.#max) this.#cutLine(chunk, lineEnd - lineStart, next, done);
    this.#heldLine = 0;
  }

  /** Closes the open entry before this line if the line opens one, or if the entry would become too long with it. */
  #turn(starts: boolean, lineBytes: number, chunk: Buffer, start: number, done: SplitEntry[]): void {
    const tooLong = this.#open && !starts && this.#lineOffset + lineBytes - this.#entryOffset > this.#max;
    if (this.#open && !starts && !tooLong) return;
    this.#splitBefore ||= tooLong;
    this.#partial ||= tooLong;
    this.#closeBefore(chunk, start, done);
    if (!starts && isBetween(this.#state.previous)) return this.#dropLine(start);
    this.#open = true;
    this.#entryOffset = this.#lineOffset;
    this.#entryLine = this.#line;
    this.#partial = !starts && this.#splitBefore;
    this.#splitBefore = false;
  }

  /** Drops a blank line before an entry, which belongs to no entry. */
  #dropLine(start: number): void {
    this.#held = new Held();
    this.#from = start;
  }

  #classify(bytes: Buffer, start: number, end: number, partial: boolean): boolean {
    const { open } = this.#state;
    const content = open === CLOSED ? start : skipPrefix(bytes, start, end);
    const inside = isInside(open, bytes, content, end);
    const line = inside ? 'inside' : this.#refine(classifyLine(bytes, start, end), bytes, start, end);
    const starts = startsEntry(line, this.#kind, this.#state);
    this.#state = follow(this.#state, line, starts || !this.#open, this.#kind, partial);
    if (inside) this.#followObject(bytes, start, content, end);
    else if (starts && BEGINS_OBJECT.has(line))
      this.#state = { ...this.#state, open: readOpen(CLOSED, bytes, start, skipPrefix(bytes, start, end), end) };
    return starts;
  }

  /** Corrects the kind of an indented line, because the objects of a list may be indented. */
  #refine(line: LineClass, bytes: Buffer, start: number, end: number): LineClass {
    if (line !== 'indented' || !(this.#state.json || this.#state.previous === 'list')) return line;
    const content = skipBlanks(bytes, skipPrefix(bytes, start, end), end);
    return at(bytes, content) === OPEN_BRACE ? 'brace' : line;
  }

  /** Follows an object over several lines. It is an event if one of its lines has a field that events have. */
  #followObject(bytes: Buffer, start: number, content: number, end: number): void {
    const { open, dated, json } = this.#state;
    const isEvent = !dated && holdsEventField(bytes, content, end);
    this.#state = {
      ...this.#state,
      dated: dated || isEvent,
      json: json || isEvent,
      open: readOpen(open, bytes, start, content, end),
    };
  }

  /** Holds a line without its end. If it is longer than an entry may be, it is given up to the limit. */
  #keepLine(chunk: Buffer, p: number, done: SplitEntry[]): void {
    this.#lastByte = chunk[chunk.length - 1] ?? 0;
    if (this.#overflow >= 0) {
      this.#overflow += chunk.length - p;
      return;
    }
    this.#keepOpen(chunk, p);
    this.#from = p;
    this.#hold(chunk, p, chunk.length);
    if (this.#heldLine > this.#max + 2 * LINE_PROBE_BYTES) this.#startLongLine(done);
  }

  #startLongLine(done: SplitEntry[]): void {
    this.#skipMark(NOTHING, 0, 0);
    const bytes = this.#held.view();
    const starts = this.#classify(bytes, bytes.length - this.#heldLine, bytes.length, false);
    this.#turn(starts, this.#heldLine, NOTHING, 0, done);
    this.#open = true;
    const kept = characterEnd(this.#held.view(), this.#max);
    this.#overflow = this.#held.length - kept;
    this.#held.truncate(kept);
  }

  #finishLongLine(chunk: Buffer, start: number, end: number, next: number, done: SplitEntry[]): void {
    const last = end > start ? chunk[end - 1] : this.#lastByte;
    const cutBytes = this.#overflow + (end - start) - (last === RETURN ? 1 : 0);
    this.#emit(this.#held.take(this.#held.length), cutBytes, done);
    this.#overflow = -1;
    this.#afterCut(next);
  }

  /** Cuts a line that is complete (or just became so) and longer than an entry may be. */
  #cutLine(chunk: Buffer, lineBytes: number, next: number, done: SplitEntry[]): void {
    const whole = this.#held.length > 0 ? this.#held.view() : chunk.subarray(this.#from, this.#from + lineBytes);
    const kept = characterEnd(whole, this.#max);
    const bytes = this.#held.length > 0 ? this.#held.take(kept) : whole.subarray(0, kept);
    this.#emit(bytes, lineBytes - kept, done);
    this.#afterCut(next);
  }

  #afterCut(next: number): void {
    this.#held = new Held();
    this.#heldLine = 0;
    this.#open = false;
    this.#from = next;
    this.#splitBefore = true;
    this.#state = { ...this.#state, partial: false, headerLines: 0, pythonLines: 0, open: CLOSED };
  }

  #hold(chunk: Buffer, start: number, end: number): void {
    this.#held.append(chunk.subarray(start, end));
    this.#heldLine += end - start;
    this.#from = end;
  }

  /** Holds the bytes of the open entry before `end` of this chunk. */
  #keepOpen(chunk: Buffer, end: number): void {
    if (this.#open && this.#overflow < 0 && end > this.#from) this.#held.append(chunk.subarray(this.#from, end));
    this.#from = end;
  }

  /** Closes the open entry before the line at `start` of the chunk, or in the tail of the held bytes. */
  #closeBefore(chunk: Buffer, start: number, done: SplitEntry[]): void {
    if (this.#heldLine === 0) {
      this.#close(chunk, start, done);
      this.#from = start;
      return;
    }
    const tail = this.#held.split(this.#heldLine);
    const before = this.#held;
    if (this.#open) this.#emit(withoutBreak(before.take(before.length)), 0, done);
    this.#open = false;
    this.#held = tail;
  }

  #close(chunk: Buffer, end: number, done: SplitEntry[]): void {
    if (this.#open) {
      const fresh = chunk.subarray(this.#from, Math.max(this.#from, end));
      if (this.#held.length > 0) this.#held.append(fresh);
      this.#emit(withoutBreak(this.#held.length > 0 ? this.#held.take(this.#held.length) : fresh), 0, done);
    }
    this.#open = false;
    if (this.#held.length > 0) this.#held = new Held();
    this.#heldLine = 0;
    this.#from = end;
  }

  #emit(bytes: Buffer, cutBytes: number, done: SplitEntry[]): void {
    const flags: EntryFlag[] = [];
    if (cutBytes > 0) flags.push('cut');
    if (this.#partial) flags.push('partial');
    if (!this.#chunkValid && !isUtf8(bytes)) flags.push('invalid-utf8');
    const length = bytes.length + cutBytes;
    const entry = { bytes, offset: this.#entryOffset, length, line: this.#entryLine, flags, cutBytes };
    done.push(
      this.#gaps.length === 0 ? entry : { ...entry, ranges: listRanges(this.#entryOffset, length, this.#gaps) },
    );
    this.#gaps = [];
    this.#partial = false;
  }
}

/**
 * Lists the ranges of an entry; undefined if it is in one piece. Gaps after the last of `length` bytes do not count.
 */
function listRanges(offset: number, length: number, gaps: readonly FileRange[]): readonly FileRange[] | undefined {
  const ranges: FileRange[] = [];
  let start = offset;
  let left = length;
  for (const [from, to] of gaps) {
    if (from - start >= left) break;
    ranges.push([start, from]);
    left -= from - start;
    start = to;
  }
  if (ranges.length > 0) ranges.push([start, start + left]);
  return ranges.length > 0 ? ranges : undefined;
}

/** Returns true for lines that belong to no entry if none is open. */
function isBetween(line: LineClass | undefined): boolean {
  return line === 'blank' || line === 'list';
}

function skipPrefix(bytes: Buffer, start: number, end: number): number {
  return skipWrapper(bytes, start, Math.min(end, start + LINE_PROBE_BYTES));
}

/** Returns the last index up to `limit` that is not inside a UTF-8 character. */
function characterEnd(bytes: Buffer, limit: number): number {
  if (bytes.length <= limit) return bytes.length;
  let end = limit;
  for (let back = 0; back < 3 && end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80; back += 1) end -= 1;
  return ((bytes[end] ?? 0) & 0xc0) === 0x80 ? limit : end;
}

function withoutBreak(bytes: Buffer): Buffer {
  if (bytes[bytes.length - 1] !== NEWLINE) return bytes;
  return bytes.subarray(0, bytes[bytes.length - 2] === RETURN ? bytes.length - 2 : bytes.length - 1);
}
