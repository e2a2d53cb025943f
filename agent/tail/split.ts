// Splits a chunk into parts, in the order of the file. Consecutive usual entries become one part, without an object for
// each; everything between such runs goes through the splitter, which knows every layout. Both give the same entries,
// wherever a file is cut into chunks. A part is taken before the next one is made, because they share buffers.
import { renderRecordId } from '../../core/record.js';
import type { SplitEntry } from '../../flink/layout/split.js';
import { findPlainStart, readPlainEntries, type PlainReader } from '../../flink/layout/plain-entries.js';
import { crcAt, type Chunk, type TailEntry, type TailReading, type Window } from './read.js';
import type { Tail } from './tail.js';

export type ChunkPart =
  | { readonly kind: 'entries'; readonly entries: readonly TailEntry[] }
  /** Entries in the reader's columns, whose bytes lie in its buffer; `end` is the end of the last one. */
  | { readonly kind: 'plain'; readonly window: Window; readonly end: number };

const NEWLINE = 10;

/** Splits the chunk that is in the buffer of `lines`. */
export function* splitChunk({ reading, file }: Tail, chunk: Chunk, lines: PlainReader): Generator<ChunkPart, void> {
  const { window, first } = chunk;
  const { bytes, base } = window;
  const { splitter } = reading;
  const end = bytes.length;
  lines.index.scan(end);
  let at = first;
  let searchFrom = first === 0 || bytes[first - 1] === NEWLINE ? first : nextLine(lines, first, end);
  for (;;) {
    const start = reading.kind === 'log' ? findPlainStart(lines, searchFrom, end) : end;
    yield* takeEntries(reading, file.key, splitter.push(bytes.subarray(at, start)), window);
    if (start === end) return;
    at = start;
    if (splitter.isDated) {
      yield* takeEntries(reading, file.key, splitter.flush(), window);
      at = readPlainEntries(lines, start, end, reading.time ?? NaN);
      splitter.skip(at - start, lines.columns.lines);
      if (lines.columns.count > 0) yield { kind: 'plain', window, end: base + at };
    }
    searchFrom = nextLine(lines, at, end);
  }
}

function nextLine({ index }: PlainReader, from: number, end: number): number {
  return Math.min(end, index.nextBreak(from, end) + 1);
}

function* takeEntries(
  reading: TailReading,
  key: string,
  entries: readonly SplitEntry[],
  window: Window,
): Generator<ChunkPart, void> {
  if (entries.length > 0) yield { kind: 'entries', entries: locateEntries(reading, key, entries, window) };
  keepSums(reading, window);
}

/** Locates the entries that the splitter closed. Each ends where the next one starts. */
function locateEntries(
  reading: TailReading,
  key: string,
  entries: readonly SplitEntry[],
  window: Window,
): readonly TailEntry[] {
  const { splitter } = reading;
  return entries.map((entry, index) => {
    const id = renderRecordId(key, entry.offset, crcAt(reading, entry.offset, window));
    const end = entry.resume ?? entries[index + 1]?.offset ?? splitter.openOffset;
    return { entry, id, end: { offset: end, crc: crcAt(reading, end, window), time: undefined }, isOpen: false };
  });
}

/**
 * Keeps the sums of entries that were not given yet, because their bytes are in the chunk now and may be in no file
 * later.
 */
function keepSums(reading: TailReading, window: Window): void {
  const { splitter, crcs } = reading;
  if (crcs === undefined) return;
  const { resumeOffset } = splitter;
  for (const start of splitter.starts) crcAt(reading, start, window);
  for (const offset of crcs.keys()) if (offset < resumeOffset) crcs.delete(offset);
}
