import { expect, it } from 'vitest';
import { splitSegments } from './segments.ts';

const show = (...given: Parameters<typeof splitSegments>): string =>
  splitSegments(...given)
    .map(({ text, isHighlighted }) => (isHighlighted ? `[${text}]` : text))
    .join('|');

it('marks the ranges of a text, in any order', () => {
  expect(
    show('cannot reach the broker', [
      [17, 23],
      [7, 12],
    ]),
  ).toBe('cannot |[reach]| the |[broker]');
});

it('leaves out a range that overlaps an earlier one, and loses no letter', () => {
  const pieces = splitSegments('abcdef', [
    [1, 4],
    [2, 6],
  ]);
  expect(
    show('abcdef', [
      [1, 4],
      [2, 6],
    ]),
  ).toBe('a|[bcd]|ef');
  expect(pieces.map(({ text }) => text).join('')).toBe('abcdef');
});

it('begins at a later place, and shows a text without ranges whole', () => {
  expect(show('0123456789', [[8, 9]], 6)).toBe('67|[8]|9');
  expect(show('whole', [])).toBe('whole');
  expect(splitSegments('', [])).toEqual([]);
});
