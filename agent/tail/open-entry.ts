// Takes the last entry of a file, whose end is still unknown: it is shipped when the file is idle, and again when it
// has grown. The splitter keeps it open and offsets stay at its start, so nothing is lost if it continues.
import { renderRecordId } from '../../core/record.js';
import { createFormSplitter } from '../../flink/layout/form.js';
import type { SplitEntry } from '../../flink/layout/split.js';
import { classifyLine } from '../../flink/bytes/line.js';
import { findLastLine, isUtf16 } from '../../flink/bytes/utf16.js';
import { findEnd } from '../../flink/layout/streams.js';
import {
  crcUpTo,
  equalsLatin1,
  peekFileBytes,
  readFileBytes,
  crcAt,
  type Commit,
  type TailEntry,
  type TailReading,
  type Window,
} from './read.js';

const NEWLINE = 10;

/** Returns true if bytes were read that belong to an entry whose end is still unknown, and that were not shipped. */
export function hasOpenEntry({ splitter, readOffset, flushedTo }: TailReading): boolean {
  return splitter.openOffset < readOffset && flushedTo < readOffset;
}

/**
 * Returns the open last entry as it is now; shipping it does not move the offset. A last line without an end that may
 * still turn out to begin an entry, or not, is held back unless this is final: a record can grow, but never shrink.
 */
export function takeOpenEntry(reading: TailReading, key: string, isFinal: boolean): readonly TailEntry[] {
  if (!hasOpenEntry(reading)) return [];
  const { readOffset, splitter } = reading;
  const open = splitter.openOffset;
  const decided = isFinal ? readOffset : findDecidedEnd(reading, open);
  if (decided <= Math.max(open, reading.flushedTo)) return [];
  if (reading.form !== 'lines') return takeOpenParts(reading, key, decided);
  // Nothing can be split or summed again without the file: what needs that waits for a copy to appear.
  const canRead = reading.fd !== undefined || isFinal;
  if (!canRead && (decided < readOffset || splitter.peek().length > 1)) return [];
  const begin = { ...reading.cursor };
  const end: Commit = { offset: open, crc: crcUpTo(reading, begin, open), time: reading.time };
  const entries = decided === readOffset ? splitter.peek() : splitRange(reading, open, decided);
  const isCut = decided === readOffset && !reading.recent.endsWith('\n');
  const cursor = { ...begin };
  const held = reading.fd === undefined ? describeHeld(reading, entries) : undefined;
  const taken = entries.map((entry, index) => {
    const id = renderRecordId(key, entry.offset, crcUpTo(reading, cursor, entry.offset, held));
    return { entry: isCut && index === entries.length - 1 ? flagPartial(entry) : entry, id, end, isOpen: true };
  });
  // The bytes of the first entry are held; all others were read from the file just now.
  const isFromFile = decided < readOffset || entries.length > 1 || reading.cursor.offset < open;
  if (reading.fd !== undefined && isFromFile && !holdsRecent(reading)) return [];
  reading.cursor = begin;
  reading.flushedTo = decided;
  return taken;
}

/**
 * Returns the open entries where several may be open. Their sums were kept when they were read, so the file is needed
 * only for what ends before the frontier.
 */
function takeOpenParts(reading: TailReading, key: string, decided: number): readonly TailEntry[] {
  const { fd, readOffset, recent, splitter, crcs, time } = reading;
  const { openOffset, resumeOffset } = splitter;
  if (decided < readOffset && (fd === undefined || !holdsRecent(reading))) return [];
  const entries =
    decided === readOffset
      ? splitter.peek()
      : splitRange(reading, resumeOffset, decided).filter(({ offset }) => offset >= openOffset);
  const end: Commit = { offset: resumeOffset, crc: crcAt(reading, resumeOffset), time };
  const cursor = { ...reading.cursor };
  const isCut = decided === readOffset && findLineStart(reading) < recent.length;
  reading.flushedTo = decided;
  return entries.map((entry) => {
    const crc = crcs?.get(entry.offset) ?? crcUpTo(reading, cursor, entry.offset);
    const id = renderRecordId(key, entry.offset, crc);
    return { entry: isCut && findEnd(entry) === readOffset ? flagPartial(entry) : entry, id, end, isOpen: true };
  });
}

/**
 * Returns false if the file was truncated since it was last checked: what was just read of it belongs to another
 * generation or is nothing. The next scan ends the tail.
 */
function holdsRecent(reading: TailReading): boolean {
  const { recent, readOffset } = reading;
  return equalsLatin1(peekFileBytes(reading, readOffset - recent.length, recent.length), recent);
}

/**
 * Returns up to where it is decided what belongs to the open entry: the frontier, or the start of an unfinished line
 * that may still become anything.
 */
function findDecidedEnd(reading: TailReading, open: number): number {
  const { form, recent, readOffset } = reading;
  const lineStart = findLineStart(reading);
  const offset = readOffset - recent.length + lineStart;
  // The line is complete, longer than what is kept, or all that there is of the entry.
  if (lineStart === recent.length || lineStart === 0 || offset <= open) return readOffset;
  // Container runtimes write whole lines, and some name the stream only at the end of a line.
  return form === 'lines' && isDecidedLine(Buffer.from(recent, 'latin1'), lineStart) ? readOffset : offset;
}

/** Returns the index after the last line break in the bytes before the frontier; 0 if there is none. */
function findLineStart({ form, recent, readOffset }: TailReading): number {
  if (!isUtf16(form)) return recent.lastIndexOf('\n') + 1;
  return findLastLine(Buffer.from(recent, 'latin1'), readOffset - recent.length, form);
}

/** Returns true if no further byte can change whether this line begins an entry. */
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

/**
 * Returns the held bytes from which the id of an unfinished line is computed without the file: the entry before it and
 * the line break between them. The line was shipped under that id while the file could be read.
 */
function describeHeld({ recent, readOffset }: TailReading, entries: readonly SplitEntry[]): Window | undefined {
  const [first, second] = entries;
  if (first === undefined || second === undefined || first.cutBytes > 0) return undefined;
  const end = first.offset + first.bytes.length;
  const from = end - (readOffset - recent.length);
  const gap = from < 0 ? Buffer.of(NEWLINE) : Buffer.from(recent.slice(from, from + second.offset - end), 'latin1');
  return { bytes: Buffer.concat([first.bytes, gap]), base: first.offset };
}

function splitRange(reading: TailReading, from: number, to: number): readonly SplitEntry[] {
  const { kind, maxEntryBytes, form } = reading;
  const splitter = createFormSplitter({ kind, maxEntryBytes, form, offset: from });
  return [...splitter.push(readFileBytes(reading, from, to - from)), ...splitter.flush()];
}

/** Flags an entry whose last line has no end yet. */
function flagPartial(entry: SplitEntry): SplitEntry {
  return entry.flags.includes('partial') ? entry : { ...entry, flags: [...entry.flags, 'partial'] };
}
