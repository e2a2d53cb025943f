import { describe, expect, it } from 'vitest';
import { appendAll, findLargest, findSmallest } from './sequence.js';

/** More items than any stack holds as arguments of one call. */
const MANY = Array.from({ length: 2_000_000 }, (_, index) => index);

describe('a list of any length', () => {
  it('is appended', () => {
    const target = [-1];

    appendAll(target, MANY);

    expect([target.length, target[0], target.at(-1)]).toEqual([MANY.length + 1, -1, MANY.length - 1]);
  });

  it('has a largest and a smallest number', () => {
    expect([findLargest(MANY), findSmallest(MANY)]).toEqual([MANY.length - 1, 0]);
    expect([findLargest([]), findSmallest([])]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });
});
