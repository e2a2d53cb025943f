import { describe, expect, it } from 'vitest';
import { createAnchorScanner } from './anchors.js';

function find(literals: readonly string[], text: string): readonly number[] {
  return [...createAnchorScanner(literals).scan(Buffer.from(text))].sort((a, b) => a - b);
}

/** Finds every occurrence in a chunk that begins anywhere in memory. */
function findAll(literals: readonly string[], text: string, shift: number): readonly string[] {
  const bytes = Buffer.from(' '.repeat(shift) + text).subarray(shift);
  const search = createAnchorScanner(literals).open(bytes);
  const met: string[] = [];
  for (let from = 0; search.next(from); from = search.end) met.push(text.slice(search.start, search.end));
  return met;
}

describe('createAnchorScanner', () => {
  it('finds each literal once, also inside and at the end of another', () => {
    expect(
      find(
        ['Exception', 'IOException', 'java.io.IOException: No space', 'absent text'],
        'x java.io.IOException: No space left, java.io.IOException',
      ),
    ).toEqual([0, 1, 2]);
  });

  it('goes on correctly after a literal that almost fitted', () => {
    expect(find(['aabaabaac', 'baabaad'], 'aabaabaad')).toEqual([1]);
  });

  it('finds a literal that a paste has wrapped at a blank', () => {
    expect(find(['required seventeen buffers'], 'required\nseventeen\tbuffers')).toEqual([0]);
  });

  it('compares bytes, so that text beyond ASCII fits as well', () => {
    expect(find(['网络缓冲'], '错误: 网络缓冲不足')).toEqual([0]);
  });

  it('refuses a literal that is too short to be looked for', () => {
    expect(() => createAnchorScanner(['long enough', 'GC'])).toThrow('`GC` is too short');
  });

  it('finds what indexOf finds, on random texts and literals', () => {
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
    for (let round = 0; round < 300; round++) {
      const word = (length: number): string => Array.from({ length }, () => 'ab'[random(2)]).join('');
      const literals = Array.from({ length: 1 + random(12) }, () => word(7 + random(4)));
      const text = word(random(200));

      expect(find(literals, text)).toEqual(
        literals.flatMap((literal, index) => (text.includes(literal) ? [index] : [])),
      );
      const met = findAll(literals, text, random(8));
      expect(met.filter((part) => !literals.includes(part))).toEqual([]);
      expect(met.length > 0).toBe(literals.some((literal) => text.includes(literal)));
    }
  });
});
