// Reads a stream of bytes piece by piece: headers of a fixed length, a body, or whatever comes. It is bounded, because
// it holds one chunk. The readers of archives use it; an error while the chunks are read is passed on.
export class Cursor {
  readonly #chunks: Iterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);
  #taken = 0;

  constructor(chunks: Iterable<Buffer>) {
    this.#chunks = chunks[Symbol.iterator]();
  }

  /** Number of bytes given out so far. */
  get taken(): number {
    return this.#taken;
  }

  /** Returns the next bytes without taking them; fewer only at the end. */
  peek(length: number): Buffer {
    while (this.#held.length < length) {
      const next = this.#chunks.next();
      if (next.done === true) break;
      this.#held = this.#held.length === 0 ? next.value : Buffer.concat([this.#held, next.value]);
    }
    return this.#held.subarray(0, length);
  }

  /** Takes exactly this number of bytes; undefined if fewer are left. */
  take(length: number): Buffer | undefined {
    const bytes = this.peek(length);
    return bytes.length < length ? undefined : this.#advance(length);
  }

  /** Takes whatever comes next, at most this number of bytes; undefined at the end. */
  next(max: number): Buffer | undefined {
    if (this.peek(1).length === 0) return undefined;
    return this.#advance(Math.min(max, this.#held.length));
  }

  /** Puts back bytes that were taken but not needed. */
  giveBack(bytes: Buffer): void {
    this.#taken -= bytes.length;
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([bytes, this.#held]);
  }

  /** Yields everything that is left. */
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
