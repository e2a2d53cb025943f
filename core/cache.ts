// Limits what is remembered: a map of a largest size, and a function whose results are remembered. Memory stays bounded
// on logs of any length, because what was added first is removed when the limit is reached.

/** Part of the entries that is removed at once, because finding the first entry of a large map takes long. */
const REMOVED = 1 / 8;

/** Map of at most `max` entries. When it is full, an eighth of the entries is removed, those that were added first. */
export class BoundedMap<Key, Value> extends Map<Key, Value> {
  readonly #max: number;

  constructor(max: number, entries: Iterable<readonly [Key, Value]> = []) {
    super();
    this.#max = max;
    for (const [key, value] of entries) this.set(key, value);
  }

  override set(key: Key, value: Value): this {
    super.set(key, value);
    if (this.size <= this.#max) return this;
    let surplus = this.size - this.#max + Math.floor(this.#max * REMOVED);
    for (const first of this.keys()) {
      if (surplus-- <= 0) break;
      this.delete(first);
    }
    return this;
  }
}

/** Returns `find` with a memory of the results for at most `max` texts. An undefined result is not remembered. */
export function remember<Value>(max: number, find: (text: string) => Value): (text: string) => Value {
  const known = new BoundedMap<string, Value>(max);
  return (text) => {
    let value = known.get(text);
    if (value === undefined) known.set(text, (value = find(text)));
    return value;
  };
}
