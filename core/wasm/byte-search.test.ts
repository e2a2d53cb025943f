import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import wabt from 'wabt';
import { COMPILED, countBreaks, openTextSearch, packTexts, type TextSearch } from './byte-search.js';

/** Returns a random generator with a fixed seed, so that each run uses the same texts. */
function createRandom(): (below: number) => number {
  let seed = 7;
  return (below) => ((seed = (seed * 16_807) % 2_147_483_647) >>> 4) % below;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** Opens a search for texts, each known by the four words of its first seven bytes. */
function open(texts: readonly string[]): (bytes: Uint8Array) => TextSearch {
  const bytes = texts.map((text) => Buffer.from(text));
  const places = bytes.flatMap((text, index) =>
    [0, 1, 2, 3].map((offset) => ({ word: text.readInt32LE(offset), text: index, offset })),
  );
  return openTextSearch(packTexts(bytes, places)).open;
}

function list(search: TextSearch): readonly string[] {
  const met: string[] = [];
  while (search.next(0)) met.push(`${search.text} from ${search.start} to ${search.end}`);
  return met.sort();
}

describe('byte-search.ts', () => {
  it('holds byte-search.wat as it is', async () => {
    const { parseWat } = await wabt();
    const { buffer } = parseWat('byte-search.wat', readFileSync(join(import.meta.dirname, 'byte-search.wat'), 'utf8'), {
      simd: true,
    }).toBinary({});

    expect(COMPILED).toBe(Buffer.from(buffer).toString('base64'));
  });
});

describe('openTextSearch', () => {
  it('finds every text wherever it begins, also over the ends of what is looked at together', () => {
    const random = createRandom();
    for (const length of [0, 3, 6, 7, 90, 70_001, 200_000]) {
      const word = (bytes: number): string => Array.from({ length: bytes }, () => 'ab'[random(2)]).join('');
      const texts = [...new Set([word(7), word(8), word(9), word(11)])];
      const text = word(length);
      const expected = texts.flatMap((wanted, index) =>
        [...text.matchAll(new RegExp(`(?=${wanted})`, 'g'))].map(
          ({ index: start }) => `${index} from ${start} to ${start + wanted.length}`,
        ),
      );

      // A text may be found by two of its words.
      expect([...new Set(list(open(texts)(Buffer.from(`#${text}`).subarray(1))))], `${length} bytes`).toEqual(
        expected.sort(),
      );
    }
  });

  it('finds the same in the room that it lends, once', () => {
    const random = createRandom();
    const text = Buffer.from(Array.from({ length: 300_000 }, () => 'ab\n'[random(3)] ?? '').join(''));
    const bytes = Buffer.from('abababa');
    const finder = openTextSearch(
      packTexts(
        [bytes],
        [0, 1, 2, 3].map((offset) => ({ word: bytes.readInt32LE(offset), text: 0, offset })),
      ),
    );
    const room = finder.takeBuffer() ?? Buffer.alloc(0);
    text.copy(room);
    const lent = room.subarray(0, text.length);

    expect(list(finder.open(lent)).length).toBeGreaterThan(100);
    expect(list(finder.open(lent))).toEqual(list(finder.open(text)));
    expect(countBreaks(lent, 3, 299_990)).toBe(countBreaks(text, 3, 299_990));
    expect(finder.takeBuffer()).toBeUndefined();
    // The number continues up to the end.
    expect(list(finder.open(room.fill('abababa1'), { text: 0, bytes: 1 })).length).toBeGreaterThan(0);
  });

  it('goes on where more is found than there is room for', () => {
    const texts = Array.from({ length: 8 }, (_, index) => `${'a'.repeat(7)}${'b'.repeat(index)}`);
    const bytes = Buffer.from('a'.repeat(65_000));

    expect(new Set(list(open(texts.slice(0, 1))(bytes))).size).toBe(65_000 - 6);
    expect(new Set(list(open(texts)(Buffer.concat([bytes, Buffer.from('bbbbbbb')])))).size).toBe(65_000 - 6 + 7);
  });

  it('tells words with one hash apart, as many as there are', () => {
    const random = createRandom();
    const texts = [
      ...new Set(
        Array.from({ length: 20_000 }, () => Array.from({ length: 8 }, () => LETTERS[random(LETTERS.length)]).join('')),
      ),
    ];
    const bytes = Buffer.from(texts.join('  '));
    const half = texts.filter((_, index) => index % 2 === 0);

    expect(new Set(list(open(texts)(bytes)))).toEqual(
      new Set(texts.map((text, index) => `${index} from ${10 * index} to ${10 * index + text.length}`)),
    );
    expect(new Set(list(open(half)(bytes))).size).toBe(half.length);
  });

  it('takes any white space for a blank, and nothing else', () => {
    // The text is known by words without a blank.
    const find = openTextSearch(
      packTexts(
        [Buffer.from('a failed job')],
        [2, 3, 4].map((offset) => ({ word: Buffer.from('a failed job').readInt32LE(offset), text: 0, offset })),
      ),
    ).open;

    expect(
      ['a failed job', 'a\tfailed\njob', 'a failed\rjob', 'a_failed job', 'a failed  job'].map(
        (text) => list(find(Buffer.from(`--${text}`))).length > 0,
      ),
    ).toEqual([true, true, true, false, false]);
  });

  it('goes on where it was when other bytes were searched meanwhile', () => {
    const find = open(['abcdefg']);
    const [one, other] = [find(Buffer.from('abcdefg--abcdefg')), find(Buffer.from('---abcdefg'))];
    const starts: number[] = [];
    for (const search of [one, other, one, other]) starts.push(search.next(0) ? search.start : -1);

    expect(starts).toEqual([0, 3, 9, -1]);
    expect(one.next(0)).toBe(false);
  });

  it('leaves out what stands before the place from which on is asked', () => {
    const search = open(['abcdefg'])(Buffer.from(`abcdefg${'-'.repeat(100_000)}abcdefg-abcdefg`));

    expect([search.next(100_010), search.start, search.next(search.end), search.next(search.end)]).toEqual([
      true,
      100_015,
      false,
      false,
    ]);
  });

  it('tells of a run only the last, however many digits its number has', () => {
    const texts = ['finished ', 'another'].map((text) => Buffer.from(text));
    const search = openTextSearch(
      packTexts(
        texts,
        texts.flatMap((text, index) =>
          [0, 1, 2, 3].map((offset) => ({ word: text.readInt32LE(offset), text: index, offset })),
        ),
      ),
    ).open;
    const lines = [
      'finished 8 of a,',
      'finished 9 of a,',
      'finished 10 of a!',
      'another one',
      'finished 11 of a,',
      'finished 12 of b,',
      'finished 13 of b.',
      'another one',
      'finished of b,',
      'finished 2 of ',
    ];
    for (let shift = 0; shift < 4; shift++) {
      const bytes = Buffer.from(`${'-'.repeat(shift)}${lines.join('\n')}`);
      const met = search(bytes, { text: 0, bytes: ' of a'.length });
      const told: string[] = [];
      while (met.next(0)) told.push(bytes.toString('latin1', met.start).split('\n', 1)[0] ?? '');

      expect(told).toEqual([
        'finished 10 of a!',
        'another one',
        'finished 11 of a,',
        'finished 13 of b.',
        'another one',
        'finished of b,',
        'finished 2 of ',
      ]);
      expect(list(search(bytes)).filter((line) => line.startsWith('0'))).toHaveLength(8);
    }
  });

  it('tells of runs that take turns only the last of each', () => {
    const texts = ['finished ', 'another'].map((text) => Buffer.from(text));
    const search = openTextSearch(
      packTexts(
        texts,
        texts.flatMap((text, index) =>
          [0, 1, 2, 3].map((offset) => ({ word: text.readInt32LE(offset), text: index, offset })),
        ),
      ),
    ).open;
    const jobs = ['alpha-beta,', 'alpha-zeta,', 'gamma-beta,'];
    const bytes = Buffer.from(
      [
        ...Array.from({ length: 30 }, (_, index) => `finished ${index} of ${jobs[index % 3] ?? ''}`),
        'another one',
        'finished 7 of gamma-beta,',
      ].join('\n'),
    );
    const met = search(bytes, { text: 0, bytes: ' of alpha-beta'.length });
    const told: string[] = [];
    while (met.next(0)) told.push(bytes.toString('latin1', met.start).split('\n', 1)[0] ?? '');

    expect(told).toEqual([
      'finished 27 of alpha-beta,',
      'finished 28 of alpha-zeta,',
      'finished 29 of gamma-beta,',
      'another one',
      'finished 7 of gamma-beta,',
    ]);
  });

  it('refuses a text that is too long', () => {
    expect(() => open(['a'.repeat(5000)])).toThrow('a text of 5000 bytes is too long');
  });
});

describe('countBreaks', () => {
  it('counts those between two places', () => {
    const random = createRandom();
    const bytes = Buffer.from(Array.from({ length: 150_000 }, () => 8 + random(4)));
    for (let round = 0; round < 40; round++) {
      const start = random(1000);
      const end = round < 20 ? start + random(60) : bytes.length - random(1000);

      expect(countBreaks(bytes, start, end), `${start} to ${end}`).toBe(
        bytes.subarray(start, end).filter((byte) => byte === 10).length,
      );
    }
  });
});
