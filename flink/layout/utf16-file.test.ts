import { describe, expect, it } from 'vitest';
import { createFormSplitter, findForm } from './form.js';
import { createSplitter, type SplitEntry, type Splitter } from './split.js';

const DATED = '2026-08-07 05:43:13,867 ERROR a.b.C [] - 磁盘空间不足 😀';
const SHAPES = [
  DATED,
  'java.lang.IllegalStateException: größer',
  '\tat a.B.c(B.java:7)',
  '',
  '漢字'.repeat(40),
  '\0\0',
];

function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function randomText(random: (below: number) => number): string {
  const lines = Array.from(
    { length: 1 + random(30) },
    () => (SHAPES[random(SHAPES.length)] ?? '') + (random(3) === 0 ? '\r\n' : '\n'),
  );
  return `${DATED}\n${lines.join('')}${random(2) === 0 ? 'no end' : ''}`;
}

function encode(text: string, isBig: boolean): Buffer {
  const bytes = Buffer.from(text, 'utf16le');
  return isBig ? bytes.swap16() : bytes;
}

function open(bytes: Buffer, offset = 0): Splitter {
  return createFormSplitter({ kind: 'log', form: findForm(bytes), offset, maxEntryBytes: 200 });
}

function pushCuts(splitter: Splitter, bytes: Buffer, random: (below: number) => number): SplitEntry[] {
  const cuts = Array.from({ length: random(40) }, () => random(bytes.length + 1)).sort((a, b) => a - b);
  const entries: SplitEntry[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    entries.push(...splitter.push(bytes.subarray(from, cut)));
    from = cut;
  }
  return [...entries, ...splitter.flush()];
}

function shape({ bytes, line, flags, cutBytes }: SplitEntry): string {
  return [line, flags.join(), cutBytes, bytes.toString()].join(' ');
}

describe('a file of UTF-16', () => {
  it.each([
    ['little endian', false],
    ['big endian', true],
  ])('has the entries of the same text in UTF-8, however it is cut, at their places (%s)', (_order, isBig) => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = createRandom(seed);
      const text = randomText(random);
      const mark = random(2) === 0 ? '\ufeff' : '';
      const bytes = encode(mark + text, isBig);
      const plain = createSplitter({ kind: 'log', maxEntryBytes: 200 });
      const entries = pushCuts(open(bytes), bytes, random);

      expect(entries.map(shape), `seed ${seed}`).toEqual(
        [...plain.push(Buffer.from(text)), ...plain.flush()].map(shape),
      );
      for (const { offset, length, bytes: own, cutBytes } of entries) {
        const found = Buffer.from(bytes.subarray(offset, offset + length));
        const decoded = (isBig ? found.swap16() : found).toString('utf16le');
        expect(cutBytes > 0 ? decoded.startsWith(own.toString()) : decoded === own.toString(), `seed ${seed}`).toBe(
          true,
        );
      }
    }
  });

  it('is read on from the beginning of any of its entries', () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const random = createRandom(seed);
      const bytes = encode(`\ufeff${`${DATED}\n\tat a.B.c(B.java:7)\n`.repeat(1 + random(9))}`, false);
      const entries = pushCuts(open(bytes), bytes, random);
      for (const [at, { offset }] of entries.entries()) {
        const again = createFormSplitter({ kind: 'log', form: 'utf-16le', offset });
        const found = pushCuts(again, bytes.subarray(offset), random);
        expect(found.map((entry) => [entry.offset, entry.bytes.toString()])).toEqual(
          entries.slice(at).map((entry) => [entry.offset, entry.bytes.toString()]),
        );
      }
    }
  });

  it('is known by its mark, or by its first line', () => {
    expect(findForm(encode(`\ufeff漢`, false))).toBe('utf-16le');
    expect(findForm(encode(`\ufeff漢`, true))).toBe('utf-16be');
    expect(findForm(encode(DATED, false))).toBe('utf-16le');
    expect(findForm(encode(DATED, true))).toBe('utf-16be');
    expect(findForm(encode('漢'.repeat(20), false))).toBe('lines');
    expect(findForm(Buffer.from([...'abcdefgh'].join('\0').repeat(2)))).toBe('lines');
    expect(findForm(Buffer.from(DATED))).toBe('lines');
    expect(findForm(Buffer.alloc(64))).toBe('lines');
  });
});
