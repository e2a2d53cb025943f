import { describe, expect, it } from 'vitest';
import { createAnchorScanner } from './anchors.js';
import { createSignalDetector, SIGNAL_RANK, rankEntries, rankEntry, type SignalDetector } from './signals.js';
import { describeWords } from './words.js';

const { no, fact, yes } = SIGNAL_RANK;
const FACTS = ['Completed checkpoint ', 'is registered.'];
const words = describeWords(['OutOfMemoryError', 'longer than 64 KiB', ...FACTS], FACTS);
const marker = createSignalDetector(words);

/** Returns the ranks of entries that follow each other from an index on, each with a line break after it. */
function mark(entries: readonly string[], from = 0, by: SignalDetector = marker): readonly number[] {
  const bytes = Buffer.from(`${' '.repeat(from)}${entries.join('\n')}\n`);
  const starts = new Int32Array(entries.length);
  const ends = new Int32Array(entries.length);
  let at = from;
  entries.forEach((entry, index) => {
    starts[index] = at;
    ends[index] = at + Buffer.byteLength(entry);
    at = (ends[index] ?? 0) + 1;
  });
  const ranks = new Uint8Array(entries.length).fill(7);
  rankEntries(by, bytes, { count: entries.length, starts, ends }, ranks);
  return [...ranks];
}

describe('rankEntries', () => {
  it('finds the entries that hold a word whole, wherever they stand', () => {
    const entries = ['nothing', 'an OutOfMemoryError', '', 'OutOfMemory', 'Completed checkpoint 7', 'Error', 'x'];
    for (let from = 0; from < 9; from += 1) expect(mark(entries, from)).toEqual([no, yes, no, no, fact, no, no]);
  });

  it('takes no word that goes on in the next entry, whose blank a line break fits, and none that holds another one', () => {
    expect(mark(['Completed', 'checkpoint 7', 'OutOfMemoryError in a Completed', 'checkpoint 8'])).toEqual([
      no,
      no,
      yes,
      no,
    ]);
  });

  it('lets what may tell of a failure count before facts, whichever stands first', () => {
    expect(
      mark([
        'Completed checkpoint 7 is registered.',
        'Completed checkpoint 7: OutOfMemoryError',
        'OutOfMemoryError: Completed checkpoint 7',
        'it is registered.',
      ]),
    ).toEqual([fact, yes, yes, fact]);
  });

  it('ranks no entry by the other words of its scanner', () => {
    const wider = createSignalDetector(words, createAnchorScanner(['only in excerpts', ...words.words]));

    expect(mark(['only in excerpts', 'only in excerpts is registered.', 'OutOfMemoryError'], 0, wider)).toEqual([
      no,
      fact,
      yes,
    ]);
  });

  it('says of many entries what a look at each says', () => {
    const entries = Array.from({ length: 4000 }, (_, index) =>
      index % 7 === 0
        ? `${'x'.repeat(index % 50)}OutOfMemoryError`
        : `${'y'.repeat(index % 90)} Completed check${index % 5 === 0 ? 'point ' : ''}`,
    );

    expect(mark(entries)).toEqual(entries.map((entry) => rankEntry(marker, Buffer.from(entry))));
    expect(new Set(mark(entries))).toEqual(new Set([no, fact, yes]));
  });
});
