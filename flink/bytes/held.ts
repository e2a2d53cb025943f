// Bytes that an open entry keeps between chunks: grows by doubling, so that a long trace read in small chunks is copied
// a few times and not once per chunk. Used by split.ts.

export class Held {
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(chunk: Buffer): void {
    const needed = this.#length + chunk.length;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2, 256));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    chunk.copy(this.#bytes, this.#length);
    this.#length = needed;
  }

  /** What is held; valid until the next change. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Gives the first `length` bytes away and is empty afterwards. */
  take(length: number): Buffer {
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = Buffer.alloc(0);
    this.#length = 0;
    return taken;
  }

  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  /** Moves the last `length` bytes into a new one. */
  split(length: number): Held {
    const tail = new Held();
    tail.append(this.#bytes.subarray(this.#length - length, this.#length));
    this.#length -= length;
    return tail;
  }

  clone(): Held {
    const copy = new Held();
    copy.append(this.view());
    return copy;
  }
}
