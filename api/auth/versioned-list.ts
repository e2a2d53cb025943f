// Keeps a list of small items in the store, such as tokens or users, as one state. A change replaces the whole state by
// compare-and-set, so that no process overwrites what another one wrote. Reads are cached for one second; therefore
// another process may accept a revoked token for up to one second.
import { createError } from '../../core/errors.js';
import type { Collections } from '../../store/store.js';

/**
 * Longest time, in milliseconds, that a list is served from the cache. A change through this list is visible at once.
 */
const STALE_AFTER_MS = 1000;
const MAX_TRIES = 20;

export interface VersionedList<Item> {
  list(): Promise<readonly Item[]>;
  /** Applies `change` to the list, stores the result and returns it. It may call `change` several times. */
  change(change: (items: readonly Item[]) => readonly Item[]): Promise<readonly Item[]>;
}

export type VersionedListStore = Pick<Collections, 'access'>;

export interface VersionedListOptions<Item> {
  /** Name of the state below `access/`. */
  readonly name: string;
  readonly isItem: (value: unknown) => value is Item;
  readonly now: () => number;
}

export function createVersionedList<Item>(
  store: VersionedListStore,
  { name, isItem, now }: VersionedListOptions<Item>,
): VersionedList<Item> {
  const key = `access/${name}`;
  let known: { readonly items: readonly Item[]; readonly atMs: number } | undefined;
  const parse = (text: string | undefined): readonly Item[] => {
    const value: unknown = text === undefined ? [] : JSON.parse(text);
    return Array.isArray(value) ? value.filter(isItem) : [];
  };
  const keep = (items: readonly Item[]): readonly Item[] => {
    known = { items, atMs: now() };
    return items;
  };
  return {
    async list() {
      if (known !== undefined && Math.abs(now() - known.atMs) < STALE_AFTER_MS) return known.items;
      return keep(parse((await store.access.load(key))?.value));
    },
    async change(change) {
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const stored = await store.access.load(key);
        const items = change(parse(stored?.value));
        if (await store.access.replace(stored, { key, value: JSON.stringify(items) })) return keep(items);
      }
      throw createError('JT_BUSY', { max: 1, scope: '' });
    },
  };
}
