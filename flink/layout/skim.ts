// As split.ts, for a reader who wants only the entries that hold something: pieces of a log → those entries, and the
// last one. Whatever lies between is neither split nor looked at: a pass over the bytes (`find`) says where something
// stands, and the entry around it reaches from one dated line to the next. Where that is not certain (no dates, other
// kinds of files, wrapped lines) every entry is given. Offsets and line numbers are those of the file. Called by the
// reading of files for a diagnosis; the agent needs every entry.
import { appendAll } from '../../core/sequence.js';
import { isUtf8 } from 'node:buffer';
import { countBreaks } from '../../core/bytes/byte-search.js';
import type { EntryFlag } from '../../core/types.js';
import { at, isDigit } from '../bytes/byte.js';
import { createSplitter, MAX_ENTRY_BYTES, type Splitter, type SplitEntry, type SplitterOptions } from './split.js';
import { classifyLine } from '../bytes/line.js';

/** What is wanted of a piece, from its front to its back. */
export interface WantedSearch {
  /** Goes on to the next that stands at `from` or behind it; `from` never goes back. False when there is none. */
  next(from: number): boolean;
  /** What it is, by a number. */
  readonly text: number;
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
  /** Whose numbers they are. */
  readonly by: object;
  /** Memory where a piece is best read to, for one reader at a time. */
  readonly room?: Buffer;
}

export interface SkimmedEntry extends SplitEntry {
  /** All that was met in it, each once; undefined when nobody looked. */
  readonly met?: readonly number[];
}

export interface Skimmer {
  push(piece: Buffer): SkimmedEntry[];
  flush(): SkimmedEntry[];
  /** Lines so far, those left out included. */
  readonly lines: number;
}

const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const NONE: readonly SkimmedEntry[] = [];
const NO_FLAGS: readonly EntryFlag[] = [];

/** What goes on from one piece to the next. */
interface SkimmerState {
  readonly splitter: Splitter;
  readonly find: FindWanted | undefined;
  /** The newest entries of the pieces before, by what they are about. */
  readonly newest: Map<string, readonly SkimmedEntry[]>;
  endsWithBreak: boolean;
}

/** Without `find` every entry is given. */
export function createSkimmer(options: SplitterOptions, find?: FindWanted): Skimmer {
  const skimmer: SkimmerState = { splitter: createSplitter(options), find, newest: new Map(), endsWithBreak: true };
  return {
    push: (piece) => pushPiece(skimmer, piece),
    flush: () => [...takeNewest(skimmer), ...skimmer.splitter.flush()],
    get lines() {
      return skimmer.endsWithBreak ? skimmer.splitter.openLine - 1 : skimmer.splitter.openLine;
    },
  };
}

function pushPiece(skimmer: SkimmerState, piece: Buffer): SkimmedEntry[] {
  const done: SkimmedEntry[] = [];
  if (skimmer.find !== undefined && skimmer.splitter.isDated) skim(skimmer, piece, skimmer.find(piece), done);
  else {
    appendAll(done, takeNewest(skimmer));
    appendAll(done, skimmer.splitter.push(piece));
  }
  skimmer.endsWithBreak = piece.length === 0 ? skimmer.endsWithBreak : piece[piece.length - 1] === NEWLINE;
  return done;
}

function skim(skimmer: SkimmerState, piece: Buffer, wanted: WantedSearch, done: SkimmedEntry[]): void {
  // What goes on with the entry of the piece before.
  let from = findStart(piece, skimmer.endsWithBreak ? 0 : nextLine(piece, 0));
  feed(skimmer, piece, 0, from, done);
  if (from < piece.length) appendAll(done, skimmer.splitter.flush());
  /** Where the newest stand in this piece. */
  const places = new Map<string, number>();
  let isMet = from < piece.length && wanted.next(from);
  while (from < piece.length) {
    isMet &&= toNext(wanted, from, places);
    from = keepNewest(skimmer, piece, from, places);
    if (isMet) appendAll(done, takeNewest(skimmer));
    if (isMet) [from, isMet] = giveMet(skimmer, piece, from, wanted, done);
    else
      from = givePart(
        skimmer,
        piece,
        from,
        { start: findStartBefore(piece, piece.length, from), end: piece.length },
        done,
      );
  }
  copyNewest(skimmer, piece);
}

/**
 * Gives the entry in which something is met, with the rest of its series; tells where the next begins, and whether
 * something is met behind.
 */
function giveMet(
  skimmer: SkimmerState,
  piece: Buffer,
  first: number,
  wanted: WantedSearch,
  done: SkimmedEntry[],
): readonly [from: number, isMet: boolean] {
  let from = first;
  let part = findPart(piece, from, wanted);
  while (
    part.series !== undefined &&
    part.isMet &&
    wanted.series === part.series &&
    lineStart(piece, wanted.start) === part.end
  ) {
    const next = findPart(piece, part.end, wanted);
    if (next.series === part.series && next.end < piece.length) part = { ...next, start: part.start };
    else [from, part] = [givePart(skimmer, piece, from, part, done), next];
  }
  return [givePart(skimmer, piece, from, part, done), part.isMet];
}

/**
 * Goes on to something of which not only the newest counts; false when there is none. Notes the newest on the way.
 */
function toNext(wanted: WantedSearch, from: number, places: Map<string, number>): boolean {
  let about: string | undefined;
  let place = 0;
  let isMet = wanted.start >= from || wanted.next(from);
  for (; isMet && wanted.newest !== undefined; isMet = wanted.next(wanted.end)) {
    if (about !== undefined && about !== wanted.newest) places.set(about, place);
    about = wanted.newest;
    place = wanted.start;
  }
  if (about !== undefined) places.set(about, place);
  return isMet;
}

/** Keeps the entries at these places until something else is wanted; one that is not complete yet stays open. */
function keepNewest(skimmer: SkimmerState, piece: Buffer, first: number, places: Map<string, number>): number {
  let from = first;
  for (const [about, place] of [...places].sort((a, b) => a[1] - b[1])) {
    if (place < from) continue;
    const entries: SkimmedEntry[] = [];
    from = givePart(
      skimmer,
      piece,
      from,
      { start: findStartBefore(piece, place, from), end: findStart(piece, nextLine(piece, place)) },
      entries,
    );
    skimmer.newest.set(about, entries);
  }
  places.clear();
  return from;
}

/** Those that are kept do not keep their piece. */
function copyNewest(skimmer: SkimmerState, piece: Buffer): void {
  for (const [about, entries] of skimmer.newest) {
    if (entries.some(({ bytes }) => bytes.buffer === piece.buffer))
      skimmer.newest.set(
        about,
        entries.map((entry) => ({ ...entry, bytes: Buffer.from(entry.bytes) })),
      );
  }
}

function takeNewest(skimmer: SkimmerState): readonly SkimmedEntry[] {
  if (skimmer.newest.size === 0) return NONE;
  const entries = [...skimmer.newest.values()].flat().sort((a, b) => a.offset - b.offset);
  skimmer.newest.clear();
  return entries;
}

/** Leaves out what stands before an entry or a series, gives it, and tells where the next begins. */
function givePart(
  skimmer: SkimmerState,
  piece: Buffer,
  from: number,
  { start, end, met, series }: Part,
  done: SkimmedEntry[],
): number {
  skimmer.splitter.skip(start - from, countBreaks(piece, from, start));
  const bytes = piece.subarray(start, textEnd(piece, end));
  // It goes on in the piece behind, or has lines that may be entries of their own.
  const isSure =
    end < piece.length &&
    (series !== undefined || nextLine(piece, start) === end) &&
    bytes.length <= MAX_ENTRY_BYTES &&
    isUtf8(bytes);
  if (isSure) {
    done.push({
      bytes,
      offset: skimmer.splitter.openOffset,
      length: bytes.length,
      line: skimmer.splitter.openLine,
      flags: NO_FLAGS,
      cutBytes: 0,
      met,
    });
    skimmer.splitter.skip(end - start, countBreaks(piece, start, end));
  } else {
    const entries = skimmer.splitter.push(piece.subarray(start, end), end < piece.length);
    const isOne = entries.length === 1 && end < piece.length && met !== undefined && entries[0]?.flags.length === 0;
    appendAll(done, isOne ? entries.map((entry) => ({ ...entry, met })) : entries);
  }
  return end;
}

function feed(skimmer: SkimmerState, piece: Buffer, start: number, end: number, done: SkimmedEntry[]): void {
  if (end > start) appendAll(done, skimmer.splitter.push(piece.subarray(start, end), end < piece.length));
}

/** An entry in a piece, or the entries of a series. */
interface Part {
  readonly start: number;
  readonly end: number;
  /** All that was met in it, each once. */
  readonly met?: readonly number[];
  /** What it is one of, with nothing else in it. */
  readonly series?: string;
}

/** The entry in which something is met; goes on to what is met behind it. */
function findPart(piece: Buffer, from: number, wanted: WantedSearch): Part & { readonly isMet: boolean } {
  const start = findStartBefore(piece, wanted.start, from);
  const end = findStart(piece, nextLine(piece, Math.max(from, wanted.start)));
  const last = textEnd(piece, end);
  const { series } = wanted;
  const met: number[] = [];
  let isMet = true;
  for (; isMet && wanted.start < end; isMet = wanted.next(wanted.start)) {
    if (wanted.start >= start && wanted.end <= last && !met.includes(wanted.text)) met.push(wanted.text);
  }
  return { start, end, met, isMet, ...(met.length === 1 && series !== undefined ? { series } : {}) };
}

/** Without the line break at its end. */
function textEnd(piece: Buffer, end: number): number {
  if (piece[end - 1] !== NEWLINE) return end;
  return piece[end - 2] === RETURN ? end - 2 : end - 1;
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

/**
 * A whole line with a date at its very beginning that opens an entry: no frame of a paste, nothing that a runtime
 * wrapped.
 */
function isDatedLine(piece: Buffer, start: number): boolean {
  if (!isDigit(at(piece, start)) || at(piece, start + 10) !== SPACE) return false;
  const end = piece.indexOf(NEWLINE, start);
  return end >= 0 && classifyLine(piece, start, end) === 'dated';
}
