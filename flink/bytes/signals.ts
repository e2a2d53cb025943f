// Ranks entries by what they may mean to a diagnosis: one pass over the bytes of a chunk for all words at once, or over
// the bytes of one entry. Other words need a new detector.
import { createAnchorScanner, type AnchorScanner } from './anchors.js';
import { renderSignal, type SignalKind, type SignalWords } from './words.js';

/** Positions of entries in bytes, in order and not overlapping. */
export interface EntryRanges {
  readonly count: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** Meaning of an entry as a number; a larger number is more important. */
export const SIGNAL_RANK = { no: 0, fact: 1, yes: 2 } as const satisfies Readonly<Record<SignalKind, number>>;
export type SignalRank = (typeof SIGNAL_RANK)[SignalKind];

export interface SignalDetector {
  readonly version: string;
  /** Value of `jobtrace.signal` for an entry, by its rank. */
  readonly signals: readonly [no: string, fact: string, yes: string];
  readonly scanner: AnchorScanner;
  /** Ranks of the scanner's texts. */
  readonly textRanks: Uint8Array;
}

/** Creates a detector. `scanner` searches for the same words, and maybe for others. */
export function createSignalDetector(words: SignalWords, scanner = createAnchorScanner(words.words)): SignalDetector {
  const [all, facts] = [new Set(words.words), new Set(words.facts)];
  return {
    version: words.version,
    signals: [renderSignal(words, 'no'), renderSignal(words, 'fact'), renderSignal(words, 'yes')],
    scanner,
    textRanks: Uint8Array.from(scanner.literals, (text) =>
      !all.has(text) ? SIGNAL_RANK.no : facts.has(text) ? SIGNAL_RANK.fact : SIGNAL_RANK.yes,
    ),
  };
}

/** Returns the rank of one entry. */
export function rankEntry({ scanner, textRanks }: SignalDetector, bytes: Buffer): SignalRank {
  let rank: SignalRank = SIGNAL_RANK.no;
  for (const search = scanner.open(bytes); search.next(0);) {
    const textRank = textRanks[search.text];
    if (textRank === SIGNAL_RANK.yes) return SIGNAL_RANK.yes;
    if (textRank === SIGNAL_RANK.fact) rank = SIGNAL_RANK.fact;
  }
  return rank;
}

/** Sets the rank of each entry. */
export function rankEntries(
  { scanner, textRanks }: SignalDetector,
  bytes: Buffer,
  entries: EntryRanges,
  ranks: Uint8Array,
): void {
  const { count, starts, ends } = entries;
  ranks.fill(SIGNAL_RANK.no, 0, count);
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
    ranks[at] = Math.max(ranks[at] ?? SIGNAL_RANK.no, textRanks[search.text] ?? SIGNAL_RANK.no);
    if (ranks[at] === SIGNAL_RANK.yes) from = (ends[at] ?? 0) - first;
  }
}
