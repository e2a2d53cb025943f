import { describe, expect, it } from 'vitest';
import { BoundedMap, remember } from './cache.js';

describe('BoundedMap', () => {
  it('never holds more than its limit, and always what was added last', () => {
    const map = new BoundedMap<number, number>(100);
    for (let key = 0; key < 1000; key += 1) {
      map.set(key, key);
      expect(map.size).toBeLessThanOrEqual(100);
      expect(map.get(key)).toBe(key);
    }
  });

  it('removes an eighth at once, those that were added first', () => {
    const map = new BoundedMap<number, string>(
      16,
      Array.from({ length: 16 }, (_, key) => [key, 'x'] as const),
    );
    map.set(16, 'x');
    expect([...map.keys()]).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
  });

  it('keeps everything when a key is set again', () => {
    const map = new BoundedMap<string, number>(2, [
      ['a', 1],
      ['b', 2],
    ]);
    expect([...map.set('a', 3)]).toEqual([
      ['a', 3],
      ['b', 2],
    ]);
  });

  it('holds at least one entry', () => {
    expect([...new BoundedMap<string, number>(1).set('a', 1).set('b', 2)]).toEqual([['b', 2]]);
  });
});

describe('remember', () => {
  it('asks once for each text, and again for one that was removed', () => {
    const asked: string[] = [];
    const find = remember(2, (text) => asked.push(text));
    for (const text of ['a', 'a', 'b', 'c', 'c', 'a']) find(text);
    expect(asked).toEqual(['a', 'b', 'c', 'a']);
  });
});
