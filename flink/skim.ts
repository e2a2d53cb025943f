// As frame.ts, for a reader who wants only the entries that hold something: pieces of a log → those entries, and the last
// one. Whatever lies between is neither framed nor looked at: a pass over the bytes (`find`) says where something
// stands, and the entry around it reaches from one dated line to the next. Where that is not certain (no dates, other
// kinds of files, wrapped lines) every entry is given. Offsets and line numbers are those of the file. Called by the
// reading of files for a diagnosis; the agent needs every entry.
import { isUtf8 } from 'node:buffer';
import { countBreaks } from '../core/byte-search.js';
import type { EntryFlag } from '../core/types.js';
import { at, isDigit } from './byte.js';
import { createFramer, MAX_ENTRY_BYTES, type FramedEntry, type FramerOptions } from './frame.js';
import { classifyLine } from './line.js';

/** What is wanted of a piece, from its front to its back. */
export interface WantedSearch {
  /** Goes to the first that is met from `from` on, which never goes back; false when there is none. */
  next(from: number): boolean;
  readonly start: number;
  /** Where to look on. */
  readonly end: number;
  /** What it is the newest word about: of several with nothing else between them, the last is enough. */
  readonly newest: string | undefined;
  /** What it is one of: many alike, line under line and with nothing else in them, may be given as one entry. */
  readonly series: string | undefined;
}

export interface FindWanted {
  (piece: Buffer): WantedSearch;
  /** Memory where a piece is best read to, for one reader at a time. */
  readonly room?: Buffer;
}

export interface Skimmer {
  push(piece: Buffer): FramedEntry[];
  flush(): FramedEntry[];
  /** Lines so far, those left out included. */
  readonly lines: number;
}

const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const NONE: readonly FramedEntry[] = [];
const NO_FLAGS: readonly EntryFlag[] = [];

/** Without `find` every entry is given. */
export function createSkimmer(options: FramerOptions, find?: FindWanted): Skimmer {
  const framer = createFramer(options);
  /** The newest entries of the pieces before, by what they are about. */
  const newest = new Map<string, readonly FramedEntry[]>();
  let endsWithBreak = true;

  function push(piece: Buffer): FramedEntry[] {
    const done: FramedEntry[] = [];
    if (find !== undefined && framer.isDated) skim(piece, find(piece), done);
    else done.push(...takeNewest(), ...framer.push(piece));
    endsWithBreak = piece.length === 0 ? endsWithBreak : piece[piece.length - 1] === NEWLINE;
    return done;
  }

  function skim(piece: Buffer, wanted: WantedSearch, done: FramedEntry[]): void {
    // What goes on with the entry of the piece before.
    let from = findStart(piece, endsWithBreak ? 0 : nextLine(piece, 0));
    feed(piece, 0, from, done);
    if (from < piece.length) done.push(...framer.flush());
    /** Where the newest stand in this piece. */
    const places = new Map<string, number>();
    let isMet = false;
    while (from < piece.length) {
      if (!isMet || wanted.start < from) isMet = toNext(wanted, from, places);
      from = keepNewest(piece, from, places);
      if (isMet) done.push(...takeNewest());
      const place = isMet ? wanted.start : piece.length;
      if (isMet && wanted.series !== undefined) {
        const start = passBy(piece, from, place);
        [from, isMet] = giveSeries(piece, start, wanted, done);
        if (from > start) continue;
      }
      from = passTo(piece, from, place, done);
    }
    copyNewest(piece);
  }

  /** Gives the entries of a series as one; tells where the next begins, and whether something is met there or behind it. */
  function giveSeries(piece: Buffer, start: number, wanted: WantedSearch, done: FramedEntry[]): readonly [from: number, isMet: boolean] {
    const { series } = wanted;
    let end = start;
    let isMet = true;
    while (isMet && wanted.series === series && lineStart(piece, wanted.start) === end) {
      const next = findStart(piece, nextLine(piece, wanted.start));
      // It may go on in the piece behind.
      if (next === piece.length) break;
      isMet = wanted.next(wanted.end);
      if (isMet && wanted.start < next) break;
      end = next;
    }
    if (end > start) give(piece, start, end, countBreaks(piece, start, end), done);
    return [end, isMet];
  }

  /** Goes on to something of which not only the newest counts; false when there is none. Notes the newest on the way. */
  function toNext(wanted: WantedSearch, from: number, places: Map<string, number>): boolean {
    let about: string | undefined;
    let place = 0;
    let isMet = wanted.next(Math.max(from, wanted.end));
    for (; isMet && wanted.newest !== undefined; isMet = wanted.next(wanted.end)) {
      if (about !== undefined && about !== wanted.newest) places.set(about, place);
      about = wanted.newest;
      place = wanted.start;
    }
    if (about !== undefined) places.set(about, place);
    return isMet;
  }

  /** Keeps the entries at these places until something else is wanted; one that is not complete yet stays open. */
  function keepNewest(piece: Buffer, first: number, places: Map<string, number>): number {
    let from = first;
    for (const [about, place] of [...places].sort((a, b) => a[1] - b[1])) {
      if (place < from) continue;
      const entries: FramedEntry[] = [];
      from = passTo(piece, from, place, entries);
      newest.set(about, entries);
    }
    places.clear();
    return from;
  }

  /** Those that are kept do not keep their piece. */
  function copyNewest(piece: Buffer): void {
    for (const [about, entries] of newest) {
      if (entries.some(({ bytes }) => bytes.buffer === piece.buffer)) newest.set(about, entries.map((entry) => ({ ...entry, bytes: Buffer.from(entry.bytes) })));
    }
  }

  function takeNewest(): readonly FramedEntry[] {
    if (newest.size === 0) return NONE;
    const entries = [...newest.values()].flat().sort((a, b) => a.offset - b.offset);
    newest.clear();
    return entries;
  }

  /** Goes to the entry at a place, leaves out what stands before it, and tells where the next begins. */
  function passTo(piece: Buffer, from: number, place: number, done: FramedEntry[]): number {
    if (place < from) return from;
    const start = passBy(piece, from, place);
    const next = nextLine(piece, place);
    const end = findStart(piece, next);
    if (end === next && end < piece.length && lineStart(piece, place) === start) give(piece, start, end, 1, done);
    else feed(piece, start, end, done);
    return end;
  }

  /** Gives lines that are known to be one whole entry. */
  function give(piece: Buffer, start: number, end: number, lines: number, done: FramedEntry[]): void {
    const bytes = piece.subarray(start, piece[end - 2] === RETURN ? end - 2 : end - 1);
    if (bytes.length > MAX_ENTRY_BYTES || !isUtf8(bytes)) return feed(piece, start, end, done);
    done.push({ bytes, offset: framer.openOffset, length: bytes.length, line: framer.openLine, flags: NO_FLAGS, cutBytes: 0 });
    framer.skip(end - start, lines);
  }

  /** Leaves out what stands before the entry at a place; tells where that begins. */
  function passBy(piece: Buffer, from: number, place: number): number {
    const start = findStartBefore(piece, place, from);
    framer.skip(start - from, countBreaks(piece, from, start));
    return start;
  }

  function feed(piece: Buffer, start: number, end: number, done: FramedEntry[]): void {
    if (end > start) done.push(...framer.push(piece.subarray(start, end), end < piece.length));
  }

  return {
    push,
    flush: () => [...takeNewest(), ...framer.flush()],
    get lines() {
      return endsWithBreak ? framer.openLine - 1 : framer.openLine;
    },
  };
}

/** The first dated line from this line on; the end of the piece when there is none. */
function findStart(piece: Buffer, line: number): number {
  let start = line;
  while (start < piece.length && !isDatedLine(piece, start)) start = nextLine(piece, start);
  return start;
}

/** The last dated line that begins at or before a place; `first` is known to be one. */
function findStartBefore(piece: Buffer, place: number, first: number): number {
  let start = lineStart(piece, place);
  while (start > first && !isDatedLine(piece, start)) start = lineStart(piece, start - 1);
  return Math.max(first, start);
}

function lineStart(piece: Buffer, place: number): number {
  return place === 0 ? 0 : piece.lastIndexOf(NEWLINE, place - 1) + 1;
}

function nextLine(piece: Buffer, from: number): number {
  const end = piece.indexOf(NEWLINE, from);
  return end < 0 ? piece.length : end + 1;
}

/** A whole line with a date at its very beginning that opens an entry: no frame of a paste, nothing that a runtime wrapped. */
function isDatedLine(piece: Buffer, start: number): boolean {
  if (!isDigit(at(piece, start)) || at(piece, start + 10) !== SPACE) return false;
  const end = piece.indexOf(NEWLINE, start);
  return end >= 0 && classifyLine(piece, start, end) === 'dated';
}
