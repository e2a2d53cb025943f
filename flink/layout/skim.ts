// Splits chunks like split.ts, for a reader who wants only the entries that hold something, and the last one. The bytes
// between are neither split nor examined: a pass over the bytes (`find`) finds where something is, and the entry
// around it reaches from one dated line to the next. Where that is not certain (no dates, other kinds of files, wrapped
// lines), every entry is given. Offsets and line numbers are those of the file. Offline diagnosis uses it; the agent
// needs every entry.
import { appendAll } from '../../core/sequence.js';
import { isUtf8 } from 'node:buffer';
import { countBreaks } from '../../core/wasm/byte-search.js';
import type { EntryFlag } from '../../core/types.js';
import { at, isDigit } from '../bytes/byte.js';
import { createFormSplitter, type FormOptions } from './form.js';
import { MAX_ENTRY_BYTES, type Splitter, type SplitEntry } from './split.js';
import { classifyLine } from '../bytes/line.js';

/** Search for what is wanted in a chunk, from front to back. */
export interface WantedSearch {
  /** Moves to the next match at or after `from`, which never goes back. Returns false if there is none. */
  next(from: number): boolean;
  /** Number of the text that was found. */
  readonly text: number;
  readonly start: number;
  /** Place where the search continues. */
  readonly end: number;
  /**
   * Subject of which this is the newest state: of several matches with nothing else between them, the last is enough.
   */
  readonly newest: string | undefined;
  /**
   * Series of the match: many similar entries, line after line and with nothing else in them, may be given as one
   * entry.
   */
  readonly series: string | undefined;
}

export interface FindWanted {
  (chunk: Buffer): WantedSearch;
  /** Object that defines the numbers of the texts. */
  readonly by: object;
  /** Memory into which a chunk is best read, for one reader at a time. */
  readonly room?: Buffer;
}

export interface SkimmedEntry extends SplitEntry {
  /** Numbers of all texts that were found in the entry, each once; undefined if it was not searched. */
  readonly matchedAnchors?: readonly number[];
}

export interface Skimmer {
  push(chunk: Buffer): SkimmedEntry[];
  flush(): SkimmedEntry[];
  /** Number of lines so far, including those left out. */
  readonly lines: number;
}

const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const NONE: readonly SkimmedEntry[] = [];
const NO_FLAGS: readonly EntryFlag[] = [];

/** State that is kept from one chunk to the next. */
interface SkimmerState {
  readonly splitter: Splitter;
  readonly find: FindWanted | undefined;
  /** Newest entries of the previous chunks, by their subject. */
  readonly newest: Map<string, readonly SkimmedEntry[]>;
  endsWithBreak: boolean;
}

/** Creates a skimmer. Without `find`, every entry is given. */
export function createSkimmer(options: FormOptions, find?: FindWanted): Skimmer {
  const skimmer: SkimmerState = { splitter: createFormSplitter(options), find, newest: new Map(), endsWithBreak: true };
  return {
    push: (chunk) => pushChunk(skimmer, chunk),
    flush: () => [...takeNewest(skimmer), ...skimmer.splitter.flush()],
    get lines() {
      return skimmer.endsWithBreak ? skimmer.splitter.openLine - 1 : skimmer.splitter.openLine;
    },
  };
}

function pushChunk(skimmer: SkimmerState, chunk: Buffer): SkimmedEntry[] {
  const done: SkimmedEntry[] = [];
  if (skimmer.find !== undefined && skimmer.splitter.isDated) skim(skimmer, chunk, skimmer.find(chunk), done);
  else {
    appendAll(done, takeNewest(skimmer));
    appendAll(done, skimmer.splitter.push(chunk));
  }
  skimmer.endsWithBreak = chunk.length === 0 ? skimmer.endsWithBreak : chunk[chunk.length - 1] === NEWLINE;
  return done;
}

function skim(skimmer: SkimmerState, chunk: Buffer, wanted: WantedSearch, done: SkimmedEntry[]): void {
  // The first lines continue the entry of the previous chunk.
  let from = findStart(chunk, skimmer.endsWithBreak ? 0 : nextLine(chunk, 0));
  feed(skimmer, chunk, 0, from, done);
  if (from < chunk.length) appendAll(done, skimmer.splitter.flush());
  /** Places of the newest matches in this chunk. */
  const places = new Map<string, number>();
  let isMet = from < chunk.length && wanted.next(from);
  while (from < chunk.length) {
    isMet &&= toNext(wanted, from, places);
    from = keepNewest(skimmer, chunk, from, places);
    if (isMet) appendAll(done, takeNewest(skimmer));
    if (isMet) [from, isMet] = giveMet(skimmer, chunk, from, wanted, done);
    else
      from = givePart(
        skimmer,
        chunk,
        from,
        { start: findStartBefore(chunk, chunk.length, from), end: chunk.length },
        done,
      );
  }
  copyNewest(skimmer, chunk);
}

/**
 * Gives the entry with the match, and the rest of its series. Returns where the next entry begins, and whether there is
 * a match after it.
 */
function giveMet(
  skimmer: SkimmerState,
  chunk: Buffer,
  first: number,
  wanted: WantedSearch,
  done: SkimmedEntry[],
): readonly [from: number, isMet: boolean] {
  let from = first;
  let part = findPart(chunk, from, wanted);
  while (
    part.series !== undefined &&
    part.isMet &&
    wanted.series === part.series &&
    lineStart(chunk, wanted.start) === part.end
  ) {
    const next = findPart(chunk, part.end, wanted);
    if (next.series === part.series && next.end < chunk.length) part = { ...next, start: part.start };
    else [from, part] = [givePart(skimmer, chunk, from, part, done), next];
  }
  return [givePart(skimmer, chunk, from, part, done), part.isMet];
}

/**
 * Moves to a match of which not only the newest counts; returns false if there is none. Notes the newest on the way.
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

/** Keeps the entries at these places until something else is wanted. An entry that is not complete yet stays open. */
function keepNewest(skimmer: SkimmerState, chunk: Buffer, first: number, places: Map<string, number>): number {
  let from = first;
  for (const [about, place] of [...places].sort((a, b) => a[1] - b[1])) {
    if (place < from) continue;
    const entries: SkimmedEntry[] = [];
    from = givePart(
      skimmer,
      chunk,
      from,
      { start: findStartBefore(chunk, place, from), end: findStart(chunk, nextLine(chunk, place)) },
      entries,
    );
    skimmer.newest.set(about, entries);
  }
  places.clear();
  return from;
}

/** Copies kept entries, so that they do not keep the memory of their chunk. */
function copyNewest(skimmer: SkimmerState, chunk: Buffer): void {
  for (const [about, entries] of skimmer.newest) {
    if (entries.some(({ bytes }) => bytes.buffer === chunk.buffer))
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

/** Skips the bytes before an entry or a series, gives it, and returns where the next one begins. */
function givePart(
  skimmer: SkimmerState,
  chunk: Buffer,
  from: number,
  { start, end, matchedAnchors, series }: Part,
  done: SkimmedEntry[],
): number {
  skimmer.splitter.skip(start - from, countBreaks(chunk, from, start));
  const bytes = chunk.subarray(start, textEnd(chunk, end));
  // Other entries continue in the next chunk, or have lines that may be entries of their own.
  const isSure =
    end < chunk.length &&
    (series !== undefined || nextLine(chunk, start) === end) &&
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
      matchedAnchors,
    });
    skimmer.splitter.skip(end - start, countBreaks(chunk, start, end));
  } else {
    const entries = skimmer.splitter.push(chunk.subarray(start, end), end < chunk.length);
    const isOne =
      entries.length === 1 && end < chunk.length && matchedAnchors !== undefined && entries[0]?.flags.length === 0;
    appendAll(done, isOne ? entries.map((entry) => ({ ...entry, matchedAnchors })) : entries);
  }
  return end;
}

function feed(skimmer: SkimmerState, chunk: Buffer, start: number, end: number, done: SkimmedEntry[]): void {
  if (end > start) appendAll(done, skimmer.splitter.push(chunk.subarray(start, end), end < chunk.length));
}

/** Entry in a chunk, or the entries of a series. */
interface Part {
  readonly start: number;
  readonly end: number;
  /** Numbers of all texts that were found in it, each once. */
  readonly matchedAnchors?: readonly number[];
  /** Series of the entry, if there is nothing else in it. */
  readonly series?: string;
}

/** Finds the entry around the match, and moves to the first match after it. */
function findPart(chunk: Buffer, from: number, wanted: WantedSearch): Part & { readonly isMet: boolean } {
  const start = findStartBefore(chunk, wanted.start, from);
  const end = findStart(chunk, nextLine(chunk, Math.max(from, wanted.start)));
  const last = textEnd(chunk, end);
  const { series } = wanted;
  const matchedAnchors: number[] = [];
  let isMet = true;
  for (; isMet && wanted.start < end; isMet = wanted.next(wanted.start)) {
    if (wanted.start >= start && wanted.end <= last && !matchedAnchors.includes(wanted.text))
      matchedAnchors.push(wanted.text);
  }
  return {
    start,
    end,
    matchedAnchors,
    isMet,
    ...(matchedAnchors.length === 1 && series !== undefined ? { series } : {}),
  };
}

/** Returns the end without the line break. */
function textEnd(chunk: Buffer, end: number): number {
  if (chunk[end - 1] !== NEWLINE) return end;
  return chunk[end - 2] === RETURN ? end - 2 : end - 1;
}

/** Returns the first dated line from this line on; the end of the chunk if there is none. */
function findStart(chunk: Buffer, line: number): number {
  let start = line;
  while (start < chunk.length && !isDatedLine(chunk, start)) start = nextLine(chunk, start);
  return start;
}

/** Returns the last dated line that begins at or before a place; `first` must be one. */
function findStartBefore(chunk: Buffer, place: number, first: number): number {
  let start = lineStart(chunk, place);
  while (start > first && !isDatedLine(chunk, start)) start = lineStart(chunk, start - 1);
  return Math.max(first, start);
}

function lineStart(chunk: Buffer, place: number): number {
  return place === 0 ? 0 : chunk.lastIndexOf(NEWLINE, place - 1) + 1;
}

function nextLine(chunk: Buffer, from: number): number {
  const end = chunk.indexOf(NEWLINE, from);
  return end < 0 ? chunk.length : end + 1;
}

/**
 * Returns true for a whole line with a date at its very beginning that opens an entry: no frame of a paste, no line
 * that a runtime wrapped.
 */
function isDatedLine(chunk: Buffer, start: number): boolean {
  if (!isDigit(at(chunk, start)) || at(chunk, start + 10) !== SPACE) return false;
  const end = chunk.indexOf(NEWLINE, start);
  return end >= 0 && classifyLine(chunk, start, end) === 'dated';
}
