import { describe, expect, it } from 'vitest';
import { createSignalMarker, holdsWord, markEntries } from './marks.js';
import { describeWords } from './words.js';

const marker = createSignalMarker(describeWords(['OutOfMemoryError', 'Completed checkpoint ', 'longer than 64 KiB']));

/** The marks of entries that stand one behind the other from a place on, each with a line break behind it. */
function mark(entries: readonly string[], from = 0): readonly boolean[] {
  const bytes = Buffer.from(`${' '.repeat(from)}${entries.join('\n')}\n`);
  const starts = new Int32Array(entries.length);
  const ends = new Int32Array(entries.length);
  let at = from;
  entries.forEach((entry, index) => {
    starts[index] = at;
    ends[index] = at + Buffer.byteLength(entry);
    at = (ends[index] ?? 0) + 1;
  });
  const marks = new Uint8Array(entries.length).fill(7);
  markEntries(marker, bytes, { count: entries.length, starts, ends }, marks);
  return [...marks].map((value) => value === 1);
}

describe('markEntries', () => {
  it('finds the entries that hold a word whole, wherever they stand', () => {
    const entries = ['nothing', 'an OutOfMemoryError', '', 'OutOfMemory', 'Completed checkpoint 7', 'Error', 'x'];
    for (let from = 0; from < 9; from += 1)
      expect(mark(entries, from)).toEqual([false, true, false, false, true, false, false]);
  });

  it('takes no word that goes on in the next entry, whose blank a line break fits, and none that holds another one', () => {
    expect(mark(['Completed', 'checkpoint 7', 'OutOfMemoryError in a Completed', 'checkpoint 8'])).toEqual([
      false,
      false,
      true,
      false,
    ]);
  });

  it('says of many entries what a look at each says', () => {
    const entries = Array.from({ length: 4000 }, (_, index) =>
      index % 7 === 0 ? `${'x'.repeat(index % 50)}OutOfMemoryError` : `${'y'.repeat(index % 90)} Completed check`,
    );

    expect(mark(entries)).toEqual(entries.map((entry) => holdsWord(marker, Buffer.from(entry))));
  });
});
