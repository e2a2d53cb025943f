// Double entry of a torture: what the writers wrote, against what the store has. Each entry once, byte for byte; of a
// file that was cut away without a copy a beginning, and the bytes that are missing are those that its agent reported;
// of one that its index refused, when it had grown, a beginning beside it (docs/agent.md, known limits).
// Filled by the writers, asked at the end. Of most texts it keeps a sum.
import { createHash } from 'node:crypto';
import { NAME, type EntryText } from './entries.js';

/** A file whose content was cut away while not all of it was read. */
export interface LostFile {
  readonly path: string;
  readonly entries: readonly EntryText[];
}

/** What the store has. */
export interface StoredText {
  readonly path: string;
  readonly offset: number;
  readonly text: string;
  readonly isRefused: boolean;
}

export interface Judgement {
  /** What differs, in words; empty when all is well. */
  readonly differences: readonly string[];
  readonly entries: number;
  /** Of all that was written. */
  readonly bytes: number;
  readonly refused: number;
  /** Reported, in bytes. */
  readonly lost: number;
}

export interface Ledger {
  readonly entries: number;
  /** The store must have as many at the end. */
  readonly least: number;
  /** The store is to have it once. */
  note(entry: EntryText): void;
  /** Of these, which were noted, the store may have a beginning only. */
  cut(file: LostFile): void;
  find(stored: StoredText): void;
  /** `reported` bytes by path, of all agents; `inexact`: paths whose number is an upper bound. */
  judge(reported: ReadonlyMap<string, number>, inexact: ReadonlySet<string>): Judgement;
}

/** `2026-11-25 13:21:21,381`: with all of it a line is known to begin an entry. */
const TIME_UNITS = 23;
/** What is read of a character of which not all bytes are there, and how many these are at most. */
const CUT_CHARACTER = /\ufffd+$/;
const CUT_CHARACTER_BYTES = 3;

interface Noted {
  readonly sum: string;
  /** Where the store has it from, each time. */
  readonly places: string[];
}

/** An entry of a cut file. */
interface Spared extends EntryText {
  /** The first bytes of the next line, of which nobody can tell yet whether it begins an entry. */
  readonly behind: string;
  stored: string | undefined;
  /** The file was cut away within a character: behind `stored` the store has what stands for the rest of it. */
  endsWithinCharacter: boolean;
}

interface Books {
  readonly noted: Map<string, Noted>;
  readonly cut: { readonly path: string; readonly entries: readonly Spared[] }[];
  /** The entries of cut files, by where they stood. */
  readonly spared: Map<string, Spared[]>;
  /** Texts that were kept aside, by where they stood. */
  readonly aside: Map<string, string>;
  /** What is no entry as it was written. */
  readonly others: StoredText[];
  bytes: number;
  refused: number;
}

export function createLedger(): Ledger {
  const books: Books = {
    noted: new Map(),
    cut: [],
    spared: new Map(),
    aside: new Map(),
    others: [],
    bytes: 0,
    refused: 0,
  };
  return {
    get entries() {
      return books.noted.size;
    },
    get least() {
      return books.cut.reduce((left, { entries }) => left - entries.length, books.noted.size);
    },
    note: ({ name, text }) => {
      books.noted.set(name, { sum: sumUp(text), places: [] });
      books.bytes += measure(text) + 1;
    },
    cut: (file) => spare(books, file),
    find: (stored) => find(books, stored),
    judge: (reported, inexact) => judge(books, reported, inexact),
  };
}

function sumUp(text: string): string {
  return createHash('sha256').update(text).digest('base64').slice(0, 16);
}

function spare({ cut, spared }: Books, { path, entries }: LostFile): void {
  let offset = 0;
  const kept = entries.map((entry, at): Spared => {
    const behind = (entries[at + 1]?.text ?? '').slice(0, TIME_UNITS - 1);
    return { ...entry, behind, stored: undefined, endsWithinCharacter: false };
  });
  for (const entry of kept) {
    const place = renderPlace(path, offset);
    spared.set(place, [...(spared.get(place) ?? []), entry]);
    offset += measure(entry.text) + 1;
  }
  cut.push({ path, entries: kept });
}

function renderPlace(path: string, offset: number): string {
  return `${path}:${offset}`;
}

function measure(text: string): number {
  return Buffer.byteLength(text);
}

function find(books: Books, stored: StoredText): void {
  const { noted, spared, aside, others } = books;
  const { path, offset, text, isRefused } = stored;
  const place = renderPlace(path, offset);
  if (isRefused) {
    books.refused += 1;
    aside.set(place, text);
  }
  const read = text.replace(CUT_CHARACTER, '');
  const begun = spared.get(place)?.find((entry) => isBeginning(entry, read));
  const line = noted.get(begun?.name ?? nameOf(text));
  if (begun !== undefined) Object.assign(begun, { stored: read, endsWithinCharacter: read !== text });
  if (line === undefined || (begun === undefined && sumUp(text) !== line.sum)) others.push(stored);
  else line.places.push(place);
}

function nameOf(text: string): string {
  return NAME.exec(text)?.[1] ?? '';
}

/**
 * Of the entry, or of it and the first bytes of the line behind it: where a file was cut away so early within a line
 * that it may have been anything, the store has what was read, as it stood there.
 */
function isBeginning({ text, behind }: Spared, stored: string): boolean {
  return `${text}\n${behind}`.startsWith(stored) && stored !== `${text}\n`;
}

function show(text: string): string {
  return JSON.stringify(text.slice(0, 300));
}

function judge(books: Books, reported: ReadonlyMap<string, number>, inexact: ReadonlySet<string>): Judgement {
  const { noted, cut, bytes, refused } = books;
  const others = judgeOthers(books);
  const spared = new Set(cut.flatMap(({ entries }) => entries.map(({ name }) => name)));
  const counts = [...noted].flatMap(([name, { places }]) =>
    places.length === 1 || (places.length === 0 && spared.has(name))
      ? []
      : [[`${name} is stored ${places.length} times`, ...places].join(', ')],
  );
  const gaps = cut.flatMap(({ path, entries }) =>
    entries
      .slice(0, Math.max(0, findLast(entries)))
      .filter(({ text, stored }) => stored !== text)
      .map(({ name }) => `${name} of ${path} is missing before a later one`),
  );
  const differences = [...others, ...counts, ...gaps, ...compareLosses(books, reported, inexact)];
  const lost = [...reported.values()].reduce((sum, bytes) => sum + bytes, 0);
  return { differences, entries: noted.size, bytes, refused, lost };
}

function judgeOthers({ noted, aside, others }: Books): readonly string[] {
  return others.flatMap(({ path, offset, text }) => {
    const whole = aside.get(renderPlace(path, offset));
    if (whole !== undefined && whole !== text && whole.startsWith(text.replace(CUT_CHARACTER, ''))) return [];
    const line = noted.get(nameOf(text));
    if (line === undefined) return [`nobody wrote what ${path} has at ${offset}: ${show(text)}`];
    line.places.push(renderPlace(path, offset));
    return [`${nameOf(text)} is stored as another, of ${path}: ${show(text)}`];
  });
}

/** The last entry of which the store has something; -1 when there is none. */
function findLast(entries: readonly Spared[]): number {
  return entries.findLastIndex(({ stored }) => stored !== undefined);
}

/** Each cut file may differ by its last line break, and by the character within which it was cut away. */
function compareLosses({ cut }: Books, reported: ReadonlyMap<string, number>, inexact: ReadonlySet<string>): string[] {
  const paths = new Set([...cut.map(({ path }) => path), ...reported.keys()]);
  return [...paths].flatMap((path) => {
    const files = cut.filter((file) => file.path === path);
    const missing = files.reduce((sum, { entries }) => sum + measureMissing(entries), 0);
    const said = reported.get(path) ?? 0;
    const within = files.filter(({ entries }) => entries[findLast(entries)]?.endsWithinCharacter === true);
    const most = files.length + CUT_CHARACTER_BYTES * within.length;
    const isRight = inexact.has(path) ? said + most >= missing : Math.abs(said - missing) <= most;
    return isRight ? [] : [`${said} bytes of ${path} are reported as lost, ${missing} are`];
  });
}

/** Bytes behind what the store has. */
function measureMissing(entries: readonly Spared[]): number {
  const last = findLast(entries);
  const { text = '', stored = '' } = entries[last] ?? {};
  return entries.slice(last + 1).reduce((sum, entry) => sum + measure(entry.text) + 1, measure(text) - measure(stored));
}
