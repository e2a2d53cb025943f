// Compares what the writers of a torture wrote with what the store has. Each entry must be there once, byte for byte.
// Of a file that was truncated without a copy a beginning must be there, and its agent must have reported the missing
// bytes. An entry that its index refused after it had grown may also have a beginning in the store (docs/agent.md,
// known limits). The writers fill the ledger; it is evaluated at the end. It keeps only hashes of most texts.
import { createHash } from 'node:crypto';
import { NAME, type EntryText } from './entries.js';

/** File whose content was truncated before all of it was read. */
export interface LostFile {
  readonly path: string;
  readonly entries: readonly EntryText[];
}

/** Text that the store has. */
export interface StoredText {
  readonly path: string;
  readonly offset: number;
  readonly text: string;
  readonly isRefused: boolean;
}

export interface Judgement {
  /** Differences in words; empty if all is well. */
  readonly differences: readonly string[];
  readonly entries: number;
  /** Number of bytes that were written. */
  readonly bytes: number;
  readonly refused: number;
  /** Number of bytes that were reported as lost. */
  readonly lost: number;
}

export interface Ledger {
  readonly entries: number;
  /** Minimum number of entries in the store at the end. */
  readonly least: number;
  /** Notes an entry that the store must have once. */
  note(entry: EntryText): void;
  /** Marks noted entries of which the store may have only a beginning. */
  cut(file: LostFile): void;
  find(stored: StoredText): void;
  /**
   * Judges the torture. `reported` are lost bytes by path, of all agents; `inexact` are paths whose number is an upper
   * bound.
   */
  judge(reported: ReadonlyMap<string, number>, inexact: ReadonlySet<string>): Judgement;
}

/** Length of a time such as `2026-11-25 13:21:21,381`, which is needed to recognize the beginning of an entry. */
const TIME_UNITS = 23;
/** Replacement for a character whose bytes are incomplete, and the maximum number of these bytes. */
const CUT_CHARACTER = /\ufffd+$/;
const CUT_CHARACTER_BYTES = 3;

interface Noted {
  readonly sum: string;
  /** Places from which the store has it, one per occurrence. */
  readonly places: string[];
}

/** Entry of a truncated file. */
interface Spared extends EntryText {
  /** First bytes of the next line, which do not show yet whether it begins an entry. */
  readonly behind: string;
  stored: string | undefined;
  /**
   * True if the file was truncated within a character; then the store has a replacement for the rest of it after
   * `stored`.
   */
  endsWithinCharacter: boolean;
}

interface Books {
  readonly noted: Map<string, Noted>;
  readonly cut: { readonly path: string; readonly entries: readonly Spared[] }[];
  /** Entries of truncated files, by their position. */
  readonly spared: Map<string, Spared[]>;
  /** Texts that were kept aside, by their position. */
  readonly aside: Map<string, string>;
  /** Stored texts that are not equal to a written entry. */
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
 * Returns true if the text is a beginning of the entry, or of the entry and the first bytes of the next line. If a file
 * is truncated so early within a line that the line may have been anything, the store has what was read, unchanged.
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

/** Returns the last entry of which the store has something; -1 if there is none. */
function findLast(entries: readonly Spared[]): number {
  return entries.findLastIndex(({ stored }) => stored !== undefined);
}

/**
 * Compares the losses. Each truncated file may differ by its last line break, and by the character within which it was
 * truncated.
 */
function compareLosses({ cut }: Books, reported: ReadonlyMap<string, number>, inexact: ReadonlySet<string>): string[] {
  const paths = new Set([...cut.map(({ path }) => path), ...reported.keys()]);
  return [...paths].flatMap((path) => {
    const files = cut.filter((file) => file.path === path);
    const missing = files.reduce((sum, { entries }) => sum + measureMissing(entries), 0);
    const said = reported.get(path) ?? 0;
    const within = files.filter(({ entries }) => entries[findLast(entries)]?.endsWithinCharacter === true);
    const max = files.length + CUT_CHARACTER_BYTES * within.length;
    const isRight = inexact.has(path) ? said + max >= missing : Math.abs(said - missing) <= max;
    return isRight ? [] : [`${said} bytes of ${path} are reported as lost, ${missing} are`];
  });
}

/** Returns the number of bytes after what the store has. */
function measureMissing(entries: readonly Spared[]): number {
  const last = findLast(entries);
  const { text = '', stored = '' } = entries[last] ?? {};
  return entries.slice(last + 1).reduce((sum, entry) => sum + measure(entry.text) + 1, measure(text) - measure(stored));
}
