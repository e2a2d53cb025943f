// A stream of bytes from which a reader takes what it wants: heads of a fixed length, a body, whatever comes. Bounded:
// it holds one chunk. Used by the readers of archives; what reading the chunks throws comes out here.
export class Cursor {
  readonly #chunks: Iterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);
  #taken = 0;

  constructor(chunks: Iterable<Buffer>) {
    this.#chunks = chunks[Symbol.iterator]();
  }

  /** Bytes given out so far. */
  get taken(): number {
    return this.#taken;
  }

  /** The next bytes without taking them; fewer only at the end. */
  peek(length: number): Buffer {
    while (this.#held.length < length) {
      const next = this.#chunks.next();
      if (next.done === true) break;
      this.#held = this.#held.length === 0 ? next.value : Buffer.concat([this.#held, next.value]);
    }
    return this.#held.subarray(0, length);
  }

  /** Exactly so many bytes; undefined when fewer are left. */
  take(length: number): Buffer | undefined {
    const bytes = this.peek(length);
    return bytes.length < length ? undefined : this.#advance(length);
  }

  /** Whatever comes next, at most so many bytes; undefined at the end. */
  next(most: number): Buffer | undefined {
    if (this.peek(1).length === 0) return undefined;
    return this.#advance(Math.min(most, this.#held.length));
  }

  /** What was taken too much. */
  giveBack(bytes: Buffer): void {
    this.#taken -= bytes.length;
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([bytes, this.#held]);
  }

  /** All that is left. */
  *rest(): Generator<Buffer> {
    for (let chunk = this.next(Infinity); chunk !== undefined; chunk = this.next(Infinity)) yield chunk;
  }

  #advance(length: number): Buffer {
    const bytes = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    this.#taken += length;
    return bytes;
  }
}
