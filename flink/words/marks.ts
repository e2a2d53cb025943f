// Entries → whether they may matter to a diagnosis: one pass over the bytes of a chunk for all words at once, or over
// those of one entry. Made anew for other words. Called by the agent.
import { createAnchorScanner, type AnchorScanner } from './anchors.js';
import { renderSignal, type SignalWords } from './words.js';

/** Where entries stand in bytes, in their order and apart. */
export interface EntryColumns {
  readonly count: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

export interface SignalMarker {
  readonly version: string;
  /** `jobtrace.signal`. */
  readonly yes: string;
  readonly no: string;
  readonly scanner: AnchorScanner;
}

/** `scanner`: one that looks for the same words. */
export function createSignalMarker(words: SignalWords, scanner = createAnchorScanner(words.words)): SignalMarker {
  return {
    version: words.version,
    yes: renderSignal(words, true),
    no: renderSignal(words, false),
    scanner,
  };
}

export function holdsWord({ scanner }: SignalMarker, bytes: Buffer): boolean {
  return scanner.open(bytes).next(0);
}

/** Sets the element of each entry: 1 where it holds a word whole. */
export function markEntries({ scanner }: SignalMarker, bytes: Buffer, entries: EntryColumns, marks: Uint8Array): void {
  const { count, starts, ends } = entries;
  marks.fill(0, 0, count);
  if (count === 0) return;
  const first = starts[0] ?? 0;
  const search = scanner.open(bytes.subarray(first, ends[count - 1]));
  let at = 0;
  for (let from = 0; search.next(from);) {
    const start = first + search.start;
    // A text that is met later may begin earlier, but then it does not stand in that entry alone.
    while (at < count && (ends[at] ?? 0) <= start) at += 1;
    if (at === count) return;
    if (start < (starts[at] ?? 0) || first + search.end > (ends[at] ?? 0)) continue;
    marks[at] = 1;
    from = (ends[at] ?? 0) - first;
  }
}
