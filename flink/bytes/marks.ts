// Marks entries by what they may mean to a diagnosis: one pass over the bytes of a chunk for all words at once, or over
// the bytes of one entry. Other words need a new marker.
import { createAnchorScanner, type AnchorScanner } from './anchors.js';
import { renderSignal, type SignalKind, type SignalWords } from './words.js';

/** Places of entries in bytes, in order and not overlapping. */
export interface EntryColumns {
  readonly count: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** Meaning of an entry as a number; a larger number is more important. */
export const MARK = { no: 0, fact: 1, yes: 2 } as const satisfies Readonly<Record<SignalKind, number>>;
export type SignalMark = (typeof MARK)[SignalKind];

export interface SignalMarker {
  readonly version: string;
  /** Value of `jobtrace.signal` for an entry, by its mark. */
  readonly signals: readonly [no: string, fact: string, yes: string];
  readonly scanner: AnchorScanner;
  /** Marks of the scanner's texts. */
  readonly weights: Uint8Array;
}

/** Creates a marker. `scanner` searches for the same words, and maybe for others. */
export function createSignalMarker(words: SignalWords, scanner = createAnchorScanner(words.words)): SignalMarker {
  const [all, facts] = [new Set(words.words), new Set(words.facts)];
  return {
    version: words.version,
    signals: [renderSignal(words, 'no'), renderSignal(words, 'fact'), renderSignal(words, 'yes')],
    scanner,
    weights: Uint8Array.from(scanner.literals, (text) =>
      !all.has(text) ? MARK.no : facts.has(text) ? MARK.fact : MARK.yes,
    ),
  };
}

/** Returns the mark of one entry. */
export function markEntry({ scanner, weights }: SignalMarker, bytes: Buffer): SignalMark {
  let mark: SignalMark = MARK.no;
  for (const search = scanner.open(bytes); search.next(0);) {
    const weight = weights[search.text];
    if (weight === MARK.yes) return MARK.yes;
    if (weight === MARK.fact) mark = MARK.fact;
  }
  return mark;
}

/** Sets the mark of each entry. */
export function markEntries(
  { scanner, weights }: SignalMarker,
  bytes: Buffer,
  entries: EntryColumns,
  marks: Uint8Array,
): void {
  const { count, starts, ends } = entries;
  marks.fill(MARK.no, 0, count);
  if (count === 0) return;
  const first = starts[0] ?? 0;
  const search = scanner.open(bytes.subarray(first, ends[count - 1]));
  let at = 0;
  for (let from = 0; search.next(from);) {
    const start = first + search.start;
    // A text that is found later may begin earlier, but then it is not in that entry alone.
    while (at < count && (ends[at] ?? 0) <= start) at += 1;
    if (at === count) return;
    if (start < (starts[at] ?? 0) || first + search.end > (ends[at] ?? 0)) continue;
    marks[at] = Math.max(marks[at] ?? MARK.no, weights[search.text] ?? MARK.no);
    if (marks[at] === MARK.yes) from = (ends[at] ?? 0) - first;
  }
}
