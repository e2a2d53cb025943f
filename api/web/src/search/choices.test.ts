import { describe, expect, it } from 'vitest';
import { findUnfinished } from '../../../../store/query/complete.ts';
import type { FacetValue } from '../../../../store/store.ts';
import { listSuggestions, type Suggestion } from './choices.ts';

const suggest = (text: string, counted: readonly FacetValue[] = [], isAsked = false): readonly Suggestion[] => {
  const unfinished = findUnfinished(text, text.length);
  return unfinished === undefined ? [] : listSuggestions(text, unfinished, counted, isAsked);
};
const labels = (...given: Parameters<typeof suggest>): readonly string[] => suggest(...given).map(({ label }) => label);

describe('suggestions while a search is typed', () => {
  it('name the fields that begin with the word, in any case', () => {
    expect(labels('broker Lo')).toEqual(['logger:']);
    expect(labels('lo')).toEqual(['logger:']);
    expect(labels('xyz')).toEqual([]);
  });

  it('name all fields only if they are asked for', () => {
    expect(labels('broker ')).toEqual([]);
    expect(labels('broker ', [], true)).toContain('level:');
  });

  it('put the chosen field in place of the word', () => {
    expect(suggest('a lev')[0]?.done).toEqual({ text: 'a level:', caret: 8 });
  });

  it('list counted values that contain what is typed, and known values without lines after them', () => {
    expect(
      suggest('level:', [{ value: 'WARN', count: 7 }]).map(({ label, count }) => `${label} ${count ?? ''}`),
    ).toEqual(expect.arrayContaining(['WARN 7', 'ERROR 0']));
    expect(labels('level:', [{ value: 'WARN', count: 7 }])[0]).toBe('WARN');
    expect(
      labels('host:de-1', [
        { value: 'node-1', count: 1 },
        { value: 'node-2', count: 1 },
      ]),
    ).toEqual(['node-1']);
  });

  it('are none for a value that is complete', () => {
    expect(labels('host:node-1', [{ value: 'node-1', count: 3 }])).toEqual([]);
  });

  it('are at most twelve', () => {
    const hosts = Array.from({ length: 40 }, (_, index) => ({ value: `node-${index}`, count: 1 }));
    expect(labels('host:', hosts)).toHaveLength(12);
  });
});
