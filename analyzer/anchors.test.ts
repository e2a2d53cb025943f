import { describe, expect, it } from 'vitest';
import { createAnchorScanner } from './anchors.js';

function find(literals: readonly string[], text: string): readonly number[] {
  return [...createAnchorScanner(literals).scan(Buffer.from(text))].sort((a, b) => a - b);
}

describe('createAnchorScanner', () => {
  it('finds each literal once, also inside and at the end of another', () => {
    expect(find(['Exception', 'IOException', 'java.io.IOException: No space', 'absent'], 'x java.io.IOException: No space left, java.io.IOException')).toEqual([0, 1, 2]);
  });

  it('goes on correctly after a literal that almost fitted', () => {
    expect(find(['aabaac', 'baad'], 'aabaad')).toEqual([1]);
  });

  it('finds a literal that a paste has wrapped at a blank', () => {
    expect(find(['required seventeen buffers'], 'required\nseventeen\tbuffers')).toEqual([0]);
  });

  it('compares bytes, so that text beyond ASCII fits as well', () => {
    expect(find(['网络缓冲'], '错误: 网络缓冲不足')).toEqual([0]);
  });

  it('finds what indexOf finds, on random texts and literals', () => {
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
    for (let round = 0; round < 300; round++) {
      const word = (length: number): string => Array.from({ length }, () => 'abc'[random(3)]).join('');
      const literals = Array.from({ length: 1 + random(12) }, () => word(1 + random(5)));
      const text = word(random(40));

      expect(find(literals, text)).toEqual(literals.flatMap((literal, index) => (text.includes(literal) ? [index] : [])));
    }
  });
});
