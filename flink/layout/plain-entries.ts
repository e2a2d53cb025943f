// Reads the complete plain entries of a chunk that follow each other into columns of numbers. A plain entry is a line
// of Flink's default layout and the lines of a stack trace after it. No object is created per entry. Anything that is
// not surely such an entry ends the columns and is left to split.ts, which splits everything, with the same result.
// agent/tail/split.ts calls it between the parts that it gives to the splitter.
import type { ByteIndex } from '../../core/wasm/byte-index.js';
import { isDigit } from '../bytes/byte.js';
import { classifyLine } from '../bytes/line.js';
import { isPartialLine } from '../bytes/wrapper.js';
import { createPlainPrefix, openLineBytes, readPlainPrefix, type LineBytes, type PlainPrefix } from './plain.js';
import type { PreambleParts } from './preamble.js';

/**
 * Columns with one element per entry. Indexes are those in the buffer of the byte index; the next read overwrites them.
 */
export interface PlainColumns {
  count: number;
  /** Number of lines of all entries. */
  lines: number;
  readonly starts: Int32Array;
  /** End of the first line, and of the entry, without the line break. */
  readonly lineEnds: Int32Array;
  readonly ends: Int32Array;
  readonly messageStarts: Int32Array;
  /** Time and offset from UTC, as in PlainPrefix. */
  readonly times: Float64Array;
  readonly aheadMs: Int32Array;
  readonly parts: PreambleParts[];
}

/** Options that may change between two chunks. */
export interface PlainOptions {
  /** IANA name of the zone; '' is UTC. */
  readonly zone: string;
  readonly maxEntryBytes: number;
}

export interface PlainReader {
  readonly index: ByteIndex;
  readonly options: PlainOptions;
  readonly columns: PlainColumns;
  readonly prefix: PlainPrefix;
  /** Bytes of the buffer of the byte index. */
  readonly lines: LineBytes;
}

/** Limit of entries in the columns. */
export const MAX_ENTRIES = 4096;
const NUL = 0;
const TAB = 9;
const RETURN = 13;

export function createPlainReader(index: ByteIndex, options: PlainOptions): PlainReader {
  const columns = {
    count: 0,
    lines: 0,
    starts: new Int32Array(MAX_ENTRIES),
    lineEnds: new Int32Array(MAX_ENTRIES),
    ends: new Int32Array(MAX_ENTRIES),
    messageStarts: new Int32Array(MAX_ENTRIES),
    times: new Float64Array(MAX_ENTRIES),
    aheadMs: new Int32Array(MAX_ENTRIES),
    parts: [],
  };
  return { index, options, columns, prefix: createPlainPrefix(), lines: openLineBytes(index.buffer) };
}

/** Returns the first line at or after `line` that begins a plain entry; `end` if there is none. */
export function findPlainStart(reader: PlainReader, line: number, end: number): number {
  const { buffer } = reader.index;
  for (let start = line; start < end;) {
    const lineEnd = reader.index.nextBreak(start, end);
    if (lineEnd < end && isDigit(buffer[start] ?? 0) && readPrefix(reader, start, lineEnd, NaN)) return start;
    start = lineEnd + 1;
  }
  return end;
}

/**
 * Reads the complete plain entries from the one at `first` on. Returns where the next entry begins, which is not plain
 * or not complete. `previous` is the time of the previous entry, NaN if unknown.
 */
export function readPlainEntries(reader: PlainReader, first: number, end: number, previous: number): number {
  const { index, columns, prefix } = reader;
  const { buffer } = index;
  columns.count = 0;
  columns.lines = 0;
  let start = first;
  let line = index.nextBreak(first, end) + 1;
  if (!readPrefix(reader, first, line - 1, previous)) return first;
  addPrefix(reader, first, line - 1);
  let lines = 1;
  while (line < end) {
    const lineEnd = index.nextBreak(line, end);
    if (lineEnd === end) return start;
    if (isDigit(buffer[line] ?? 0) && readPrefix(reader, line, lineEnd, prefix.time)) {
      if (!closeEntry(reader, start, line - 1)) return start;
      columns.lines += lines;
      lines = 0;
      start = line;
      if (columns.count === MAX_ENTRIES) return start;
      addPrefix(reader, start, lineEnd);
    } else if (!goesOn(buffer, line, lineEnd)) return start;
    lines += 1;
    line = lineEnd + 1;
  }
  return start;
}

function readPrefix(
  { lines, options: { zone }, prefix }: PlainReader,
  start: number,
  lineEnd: number,
  previous: number,
): boolean {
  return readPlainPrefix(lines, start, lineEnd, zone === '' ? 'UTC' : zone, prefix, previous);
}

function addPrefix({ columns, prefix }: PlainReader, start: number, lineEnd: number): void {
  const at = columns.count;
  columns.starts[at] = start;
  columns.lineEnds[at] = lineEnd;
  columns.messageStarts[at] = prefix.messageStart;
  columns.times[at] = prefix.time;
  columns.aheadMs[at] = prefix.aheadMs;
  columns.parts[at] = prefix.parts;
}

/** Closes an entry. Returns false if it must be cut. */
function closeEntry(
  { index: { buffer }, options: { maxEntryBytes }, columns }: PlainReader,
  start: number,
  lineEnd: number,
): boolean {
  const end = buffer[lineEnd - 1] === RETURN ? lineEnd - 1 : lineEnd;
  if (end - start > maxEntryBytes) return false;
  columns.ends[columns.count] = end;
  columns.count += 1;
  return true;
}

/** Returns true for a line that surely belongs to the entry before it, in a file with dated lines. */
function goesOn(buffer: Buffer, line: number, lineEnd: number): boolean {
  const first = buffer[line];
  if (first === TAB) return true;
  if (first === NUL || isPartialLine(buffer, line, lineEnd)) return false;
  switch (classifyLine(buffer, line, lineEnd)) {
    case 'dated':
    case 'thread':
    case 'note':
    case 'crash':
      return false;
    default:
      return true;
  }
}
