// Contract of collections: what is declared in one schema is stored, found, replaced and deleted by every store.
import { expect, it } from 'vitest';
import { isObject } from '../../../core/json.js';
import { declare, openCollection, SCHEMAS, type DocumentPort, type CollectionSchema } from '../../collections.js';
import type { Collection, Store } from '../../store.js';

interface Note {
  readonly name: string;
  readonly topic: string;
  readonly author?: string;
  readonly at: string;
  readonly text: string;
}

/** Collection that only this test declares. */
const NOTES = declare(
  (value): value is Note => isObject(value) && typeof value['name'] === 'string' && typeof value['text'] === 'string',
  {
    name: 'notes',
    keys: ['topic', 'author'],
    id: ({ name }) => name,
    time: ({ at }) => at,
    max: 4,
    isAged: true,
    deletion: 'kept',
  },
);

type OpenWith = (schemas: readonly CollectionSchema[]) => Promise<Store & DocumentPort>;

export function describeCollections(openWith: OpenWith): void {
  const at = (hour: number): string => `2026-11-20T${hour}:00:00.000Z`;
  const note = (name: string, hour: number, more: Partial<Note> = {}): Note => ({
    ...{ name, topic: 'a', at: at(hour), text: '"odd" 连 \0' },
    ...more,
  });
  const use = async (work: (notes: Collection<Note, 'topic' | 'author'>, store: Store) => Promise<void>) => {
    const store = await openWith([...SCHEMAS, NOTES]);
    try {
      await work(openCollection(NOTES, store), store);
    } finally {
      await store.close();
    }
  };

  it('stores what a declaration adds, and finds it by each key, by its time and by its id', () =>
    use(async (notes) => {
      const [first, second, third] = [
        note('1/连', 10),
        note('2', 11, { topic: 'b', author: 'anna' }),
        note('3', 12, { author: 'ben' }),
      ] as const;
      await notes.save({ ...first, text: 'replaced' });
      await notes.saveAll([second, first, third]);
      await notes.saveAll([]);

      expect(await notes.load('1/连')).toEqual(first);
      expect(await notes.load('none')).toBeUndefined();
      expect(await notes.find()).toEqual([third, second, first]);
      expect(await notes.find({ where: { topic: 'a' } })).toEqual([third, first]);
      expect(await notes.find({ where: { topic: ['a', 'b'], author: 'anna' } })).toEqual([second]);
      expect(await notes.find({ where: { topic: [] } })).toEqual([]);
      expect(await notes.find({ where: { topic: undefined }, limit: 1 })).toEqual([third]);
      expect(await notes.find({ after: at(10) })).toEqual([third, second]);
      await expect(notes.find({ after: 'soon' })).rejects.toMatchObject({ code: 'JT_REQUEST_INVALID' });
    }));

  it('returns at most as many as the declaration says', () =>
    use(async (notes) => {
      await notes.saveAll([10, 11, 12, 13, 14].map((hour) => note(String(hour), hour)));

      expect((await notes.find({ limit: 100 })).map(({ name }) => name)).toEqual(['14', '13', '12', '11']);
    }));

  it('replaces what is known only, and removes by id and by age', () =>
    use(async (notes, store) => {
      const [before, after] = [note('1', 10), note('1', 11, { topic: 'b' })];

      expect(await notes.replace(before, after)).toBe(false);
      expect(await notes.replace(undefined, before)).toBe(true);
      expect(await notes.replace(undefined, after)).toBe(false);
      expect(await notes.replace(before, after)).toBe(true);
      expect(await notes.find({ where: { topic: 'b' } })).toEqual([after]);

      await notes.saveAll([note('2', 12), note('3', 13)]);
      await notes.remove(['2', 'none']);
      await store.deleteBefore(at(12));
      expect((await notes.find()).map(({ name }) => name)).toEqual(['3']);
    }));
}
