import { describe, expect, it } from 'vitest';
import type { ListedRecords } from '../../../schemas/records.ts';
import { makeRecord } from '../../../../store/testing/samples.ts';
import { addPage, findPage, PAGE_SIZE, pageParameters, type PageRange } from './pages.ts';

const page = (length: number, next?: string): ListedRecords => ({
  records: Array.from({ length }, (_, index) => makeRecord(index)),
  next,
  total: 1000,
});

describe('the pages of a search', () => {
  const two = addPage(addPage([{ start: 0, after: '' }], page(200, 'a')), page(150, 'b'));

  it('begin where the one before ends, with its cursor', () => {
    expect(two).toEqual<readonly PageRange[]>([
      { start: 0, after: '', length: 200 },
      { start: 200, after: 'a', length: 150 },
      { start: 350, after: 'b' },
    ]);
  });

  it('end with the page that has no cursor for another one', () => {
    expect(addPage(two, page(7)).at(-1)).toEqual({ start: 350, after: 'b', length: 7 });
  });

  it('are found by any of their rows', () => {
    expect([0, 199, 200, 349, 350, 9999].map((row) => findPage(two, row))).toEqual([0, 0, 1, 1, 2, 2]);
  });
});

it('requests a page by the cursor before it, in the order of the rows', () => {
  expect(pageParameters('query=broker&level=ERROR', 'abc', 'oldest').toString()).toBe(
    `query=broker&level=ERROR&limit=${PAGE_SIZE}&order=oldest&after=abc`,
  );
  expect(pageParameters('', '', 'newest').has('after')).toBe(false);
});
