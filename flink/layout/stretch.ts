// Reads the whole usual entries of a chunk that follow each other (a stretch) into columns of numbers: a line of
// Flink's usual layout and the lines of a stack trace after it. No object is created per entry. Anything that is not
// surely such an entry ends the stretch and is left to split.ts, which splits everything, with the same result.
// agent/tail/read.ts reads stretches between what it gives to the splitter.
import type { Marker } from '../../core/wasm/marks.js';
import { isDigit } from '../bytes/byte.js';
import { classifyLine } from '../bytes/line.js';
import { isPartialLine } from '../bytes/wrapper.js';
import { createPlainHead, openLineRoom, readPlainHead, type LineRoom, type PlainHead } from './plain.js';
import type { PreambleParts } from './preamble.js';

/** Columns with one element per entry. Indexes are those in the marker's buffer; the next read overwrites them. */
export interface Stretch {
  count: number;
  /** Number of lines of all entries. */
  lines: number;
  readonly starts: Int32Array;
  /** End of the first line, and of the entry, without the line break. */
  readonly lineEnds: Int32Array;
  readonly ends: Int32Array;
  readonly messageStarts: Int32Array;
  /** Time and offset from UTC, as in PlainHead. */
  readonly times: Float64Array;
  readonly aheadMs: Int32Array;
  readonly parts: PreambleParts[];
}

/** Options that may change between two chunks. */
export interface StretchOptions {
  /** IANA name of the zone; '' is UTC. */
  readonly zone: string;
  readonly maxEntryBytes: number;
}

export interface StretchReader {
  readonly marker: Marker;
  readonly options: StretchOptions;
  readonly stretch: Stretch;
  readonly head: PlainHead;
  /** Bytes of the marker's buffer. */
  readonly lines: LineRoom;
}

/** Limit of entries in a stretch. */
export const MAX_ENTRIES = 4096;
const NUL = 0;
const TAB = 9;
const RETURN = 13;

export function createStretchReader(marker: Marker, options: StretchOptions): StretchReader {
  const stretch = {
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
  return { marker, options, stretch, head: createPlainHead(), lines: openLineRoom(marker.room) };
}

/** Returns the first line at or after `line` that begins a usual entry; `end` if there is none. */
export function findUsualStart(reader: StretchReader, line: number, end: number): number {
  const { room } = reader.marker;
  for (let start = line; start < end;) {
    const lineEnd = reader.marker.nextBreak(start, end);
    if (lineEnd < end && isDigit(room[start] ?? 0) && readHead(reader, start, lineEnd, NaN)) return start;
    start = lineEnd + 1;
  }
  return end;
}

/**
 * Reads the whole usual entries from the one at `first` on. Returns where the next one begins, which is not usual or
 * not whole. `previous` is the time of the previous entry, NaN if unknown.
 */
export function readStretch(reader: StretchReader, first: number, end: number, previous: number): number {
  const { marker, stretch, head } = reader;
  const { room } = marker;
  stretch.count = 0;
  stretch.lines = 0;
  let start = first;
  let line = marker.nextBreak(first, end) + 1;
  if (!readHead(reader, first, line - 1, previous)) return first;
  noteHead(reader, first, line - 1);
  let lines = 1;
  while (line < end) {
    const lineEnd = marker.nextBreak(line, end);
    if (lineEnd === end) return start;
    if (isDigit(room[line] ?? 0) && readHead(reader, line, lineEnd, head.time)) {
      if (!closeEntry(reader, start, line - 1)) return start;
      stretch.lines += lines;
      lines = 0;
      start = line;
      if (stretch.count === MAX_ENTRIES) return start;
      noteHead(reader, start, lineEnd);
    } else if (!goesOn(room, line, lineEnd)) return start;
    lines += 1;
    line = lineEnd + 1;
  }
  return start;
}

function readHead(
  { lines, options: { zone }, head }: StretchReader,
  start: number,
  lineEnd: number,
  previous: number,
): boolean {
  return readPlainHead(lines, start, lineEnd, zone === '' ? 'UTC' : zone, head, previous);
}

function noteHead({ stretch, head }: StretchReader, start: number, lineEnd: number): void {
  const at = stretch.count;
  stretch.starts[at] = start;
  stretch.lineEnds[at] = lineEnd;
  stretch.messageStarts[at] = head.messageStart;
  stretch.times[at] = head.time;
  stretch.aheadMs[at] = head.aheadMs;
  stretch.parts[at] = head.parts;
}

/** Closes an entry. Returns false if it must be cut. */
function closeEntry(
  { marker: { room }, options: { maxEntryBytes }, stretch }: StretchReader,
  start: number,
  lineEnd: number,
): boolean {
  const end = room[lineEnd - 1] === RETURN ? lineEnd - 1 : lineEnd;
  if (end - start > maxEntryBytes) return false;
  stretch.ends[stretch.count] = end;
  stretch.count += 1;
  return true;
}

/** Returns true for a line that surely belongs to the entry before it, in a file with dated lines. */
function goesOn(room: Buffer, line: number, lineEnd: number): boolean {
  const first = room[line];
  if (first === TAB) return true;
  if (first === NUL || isPartialLine(room, line, lineEnd)) return false;
  switch (classifyLine(room, line, lineEnd)) {
    case 'dated':
    case 'thread':
    case 'note':
    case 'crash':
      return false;
    default:
      return true;
  }
}
