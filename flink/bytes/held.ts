// Holds the bytes that an open entry keeps between chunks. Small amounts, which most of many idle files hold, are kept
// as Latin-1 text, because a small Buffer is a part of a shared slab and keeps the whole slab. Larger amounts grow by
// doubling, so that a long trace that is read in small chunks is copied a few times and not once per chunk.

const SMALL_BYTES = 1024;
const NOTHING = Buffer.alloc(0);

export class Held {
  /** Held bytes as text, as long as there are no #bytes. */
  #text = '';
  #bytes: Buffer = NOTHING;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(chunk: Buffer): void {
    const needed = this.#length + chunk.length;
    if (needed <= SMALL_BYTES && this.#bytes === NOTHING) this.#text += chunk.toString('latin1');
    else this.#grow(needed, chunk);
    this.#length = needed;
  }

  #grow(needed: number, chunk: Buffer): void {
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2, 2 * SMALL_BYTES));
      this.view().copy(larger);
      this.#bytes = larger;
      this.#text = '';
    }
    chunk.copy(this.#bytes, this.#length);
  }

  /** Returns the held bytes; the result is valid until the next change. */
  view(): Buffer {
    return this.#bytes === NOTHING ? Buffer.from(this.#text, 'latin1') : this.#bytes.subarray(0, this.#length);
  }

  /** Returns the first `length` bytes, and is empty afterwards. */
  take(length: number): Buffer {
    const taken = this.view().subarray(0, length);
    this.#text = '';
    this.#bytes = NOTHING;
    this.#length = 0;
    return taken;
  }

  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
    this.#text = this.#text.slice(0, this.#length);
  }

  /** Moves the last `length` bytes into a new object. */
  split(length: number): Held {
    const tail = new Held();
    tail.append(this.view().subarray(this.#length - length));
    this.truncate(this.#length - length);
    return tail;
  }

  clone(): Held {
    const copy = new Held();
    copy.append(this.view());
    return copy;
  }
}
