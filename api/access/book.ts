// A list of small things in the store, such as tokens or users: one state, replaced as a whole where nobody has changed
// it meanwhile, so that of two processes none loses what the other wrote. What was read is good for a second: so long a
// revoked token may still be answered by another process.
import { createError } from '../../core/errors.js';
import { isObject } from '../../core/json.js';
import type { StateStore } from '../../store/store.js';

/** How long what was read is taken for what stands there; a change through this book is seen at once. */
export const STALE_AFTER_MS = 1000;
const MOST_TRIES = 20;

export interface Book<Item> {
  list(): Promise<readonly Item[]>;
  /** Gives what `change` made of the list; it may be called several times. */
  change(change: (items: readonly Item[]) => readonly Item[]): Promise<readonly Item[]>;
}

export type BookStore = Pick<StateStore, 'loadState' | 'replaceState'>;

export interface BookOptions<Item> {
  /** Below `access/`. */
  readonly name: string;
  readonly isItem: (value: unknown) => value is Item;
  readonly now: () => number;
}

export function createBook<Item>(store: BookStore, { name, isItem, now }: BookOptions<Item>): Book<Item> {
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
      return keep(parse(await store.loadState(key)));
    },
    async change(change) {
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const text = await store.loadState(key);
        const items = change(parse(text));
        if (await store.replaceState(key, text, JSON.stringify(items))) return keep(items);
      }
      throw createError('JT_BUSY', { most: 1, whose: '' });
    },
  };
}

/** That the fields named are texts. */
export function hasTexts(value: unknown, names: readonly string[]): value is Readonly<Record<string, unknown>> {
  return isObject(value) && names.every((name) => typeof value[name] === 'string');
}
