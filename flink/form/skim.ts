// As split.ts, for a reader who wants only the entries that hold something: chunks of a log → those entries, and the
// last one. Whatever lies between is neither split nor looked at: a pass over the bytes (`find`) says where something
// stands, and the entry around it reaches from one dated line to the next. Where that is not certain (no dates, other
// kinds of files, wrapped lines) every entry is given. Offsets and line numbers are those of the file. Called by the
// reading of files for a diagnosis; the agent needs every entry.
import { appendAll } from '../../core/sequence.js';
import { isUtf8 } from 'node:buffer';
import { countBreaks } from '../../core/bytes/byte-search.js';
import type { EntryFlag } from '../../core/types.js';
import { at, isDigit } from '../bytes/byte.js';
import { createFormSplitter, type FormOptions } from './form.js';
import { MAX_ENTRY_BYTES, type Splitter, type SplitEntry } from '../layout/split.js';
import { classifyLine } from '../bytes/line.js';

/** What is wanted of a chunk, from its front to its back. */
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
  (chunk: Buffer): WantedSearch;
  /** Whose numbers they are. */
  readonly by: object;
  /** Memory where a chunk is best read to, for one reader at a time. */
  readonly room?: Buffer;
}

export interface SkimmedEntry extends SplitEntry {
  /** All that was met in it, each once; undefined when nobody looked. */
  readonly met?: readonly number[];
}

export interface Skimmer {
  push(chunk: Buffer): SkimmedEntry[];
  flush(): SkimmedEntry[];
  /** Lines so far, those left out included. */
  readonly lines: number;
}

const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const NONE: readonly SkimmedEntry[] = [];
const NO_FLAGS: readonly EntryFlag[] = [];

/** What goes on from one chunk to the next. */
interface SkimmerState {
  readonly splitter: Splitter;
  readonly find: FindWanted | undefined;
  /** The newest entries of the chunks before, by what they are about. */
  readonly newest: Map<string, readonly SkimmedEntry[]>;
  endsWithBreak: boolean;
}

/** Without `find` every entry is given. */
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
  // What goes on with the entry of the chunk before.
  let from = findStart(chunk, skimmer.endsWithBreak ? 0 : nextLine(chunk, 0));
  feed(skimmer, chunk, 0, from, done);
  if (from < chunk.length) appendAll(done, skimmer.splitter.flush());
  /** Where the newest stand in this chunk. */
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
 * Gives the entry in which something is met, with the rest of its series; tells where the next begins, and whether
 * something is met behind.
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

/** Those that are kept do not keep their chunk. */
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

/** Leaves out what stands before an entry or a series, gives it, and tells where the next begins. */
function givePart(
  skimmer: SkimmerState,
  chunk: Buffer,
  from: number,
  { start, end, met, series }: Part,
  done: SkimmedEntry[],
): number {
  skimmer.splitter.skip(start - from, countBreaks(chunk, from, start));
  const bytes = chunk.subarray(start, textEnd(chunk, end));
  // It goes on in the chunk behind, or has lines that may be entries of their own.
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
      met,
    });
    skimmer.splitter.skip(end - start, countBreaks(chunk, start, end));
  } else {
    const entries = skimmer.splitter.push(chunk.subarray(start, end), end < chunk.length);
    const isOne = entries.length === 1 && end < chunk.length && met !== undefined && entries[0]?.flags.length === 0;
    appendAll(done, isOne ? entries.map((entry) => ({ ...entry, met })) : entries);
  }
  return end;
}

function feed(skimmer: SkimmerState, chunk: Buffer, start: number, end: number, done: SkimmedEntry[]): void {
  if (end > start) appendAll(done, skimmer.splitter.push(chunk.subarray(start, end), end < chunk.length));
}

/** An entry in a chunk, or the entries of a series. */
interface Part {
  readonly start: number;
  readonly end: number;
  /** All that was met in it, each once. */
  readonly met?: readonly number[];
  /** What it is one of, with nothing else in it. */
  readonly series?: string;
}

/** The entry in which something is met; goes on to what is met behind it. */
function findPart(chunk: Buffer, from: number, wanted: WantedSearch): Part & { readonly isMet: boolean } {
  const start = findStartBefore(chunk, wanted.start, from);
  const end = findStart(chunk, nextLine(chunk, Math.max(from, wanted.start)));
  const last = textEnd(chunk, end);
  const { series } = wanted;
  const met: number[] = [];
  let isMet = true;
  for (; isMet && wanted.start < end; isMet = wanted.next(wanted.start)) {
    if (wanted.start >= start && wanted.end <= last && !met.includes(wanted.text)) met.push(wanted.text);
  }
  return { start, end, met, isMet, ...(met.length === 1 && series !== undefined ? { series } : {}) };
}

/** Without the line break at its end. */
function textEnd(chunk: Buffer, end: number): number {
  if (chunk[end - 1] !== NEWLINE) return end;
  return chunk[end - 2] === RETURN ? end - 2 : end - 1;
}

/** The first dated line from this line on; the end of the chunk when there is none. */
function findStart(chunk: Buffer, line: number): number {
  let start = line;
  while (start < chunk.length && !isDatedLine(chunk, start)) start = nextLine(chunk, start);
  return start;
}

/** The last dated line that begins at or before a place; `first` is known to be one. */
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
 * A whole line with a date at its very beginning that opens an entry: no frame of a paste, nothing that a runtime
 * wrapped.
 */
function isDatedLine(chunk: Buffer, start: number): boolean {
  if (!isDigit(at(chunk, start)) || at(chunk, start + 10) !== SPACE) return false;
  const end = chunk.indexOf(NEWLINE, start);
  return end >= 0 && classifyLine(chunk, start, end) === 'dated';
}
