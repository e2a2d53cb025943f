import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import wabt from 'wabt';
import { COMPILED, countBreaks, createWordSearch } from './byte-search.js';

/** The same texts at each run. */
function createRandom(): (below: number) => number {
  let seed = 7;
  return (below) => ((seed = (seed * 16_807) % 2_147_483_647) >>> 4) % below;
}

function list(words: readonly number[], bytes: Uint8Array, first = 0): readonly string[] {
  const search = createWordSearch(words)(bytes);
  const met: string[] = [];
  for (let from = first; search.next(from); from = search.place + 1) met.push(`${search.index} at ${search.place}`);
  return met;
}

describe('byte-search.ts', () => {
  it('holds byte-search.wat as it is', async () => {
    const { parseWat } = await wabt();
    const { buffer } = parseWat('byte-search.wat', readFileSync(join(import.meta.dirname, 'byte-search.wat'), 'utf8'), { simd: true }).toBinary({});

    expect(COMPILED).toBe(Buffer.from(buffer).toString('base64'));
  });
});

describe('createWordSearch', () => {
  it('finds each word at a multiple of four from the beginning of the bytes, wherever they lie in memory', () => {
    const random = createRandom();
    for (const length of [0, 3, 4, 19, 400, 70_001, 200_000]) {
      // Of sixteen different words many are met; none of those that are not looked for.
      const bytes = Buffer.from([9, ...Array.from({ length }, () => random(2))]).subarray(1);
      const all = [...new Set(Array.from({ length: 16 }, (_, index) => Buffer.from([index & 1, (index >> 1) & 1, (index >> 2) & 1, index >> 3]).readInt32LE(0)))];
      const words = all.filter((_, index) => index % 3 !== 0);
      const from = Math.min(length, random(50));
      const expected = Array.from({ length: length >> 2 }, (_, index) => 4 * index).flatMap((place) => {
        const index = words.indexOf(bytes.readInt32LE(place));
        return place < from || index < 0 ? [] : [`${index} at ${place}`];
      });

      expect(list(words, bytes, from), `${length} bytes`).toEqual(expected);
    }
  });

  it('tells words with one hash apart, as many as there are', () => {
    const random = createRandom();
    const words = [...new Set(Array.from({ length: 40_000 }, () => 16 * random(2 ** 27) - random(2 ** 27)))];
    const bytes = Buffer.alloc(4 * words.length);
    for (const [index, word] of words.entries()) bytes.writeInt32LE(word, 4 * index);

    expect(list(words, bytes)).toEqual(words.map((_, index) => `${index} at ${4 * index}`));
    expect(list(words.filter((_, index) => index % 2 === 0), bytes)).toHaveLength(Math.ceil(words.length / 2));
  });

  it('goes on where it was when other bytes were searched meanwhile', () => {
    const open = createWordSearch([Buffer.from('abcd').readInt32LE(0)]);
    const [one, other] = [open(Buffer.from('abcd----abcd')), open(Buffer.from('----abcdabcd'))];
    const places: number[] = [];
    for (const [search, from] of [[one, 0], [other, 0], [one, 4], [other, 8]] as const) places.push(search.next(from) ? search.place : -1);

    expect(places).toEqual([0, 4, 8, 8]);
    expect(one.next(12)).toBe(false);
  });
});

describe('countBreaks', () => {
  it('counts those between two places', () => {
    const random = createRandom();
    const bytes = Buffer.from(Array.from({ length: 150_000 }, () => 8 + random(4)));
    for (let round = 0; round < 40; round++) {
      const start = random(1000);
      const end = round < 20 ? start + random(60) : bytes.length - random(1000);

      expect(countBreaks(bytes, start, end), `${start} to ${end}`).toBe(bytes.subarray(start, end).filter((byte) => byte === 10).length);
    }
  });
});
