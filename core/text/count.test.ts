import { expect, it } from 'vitest';
import { countOf } from './count.js';

it('names one thing in the singular, none and several in the plural', () => {
  expect([0, 1, 2].map((count) => countOf(count, 'record'))).toEqual(['0 records', '1 record', '2 records']);
  expect(countOf(1, 'entry', 'entries')).toBe('1 entry');
  expect(countOf(2, 'entry', 'entries')).toBe('2 entries');
});
