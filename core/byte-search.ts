// Two loops over bytes: known words of memory, and line breaks. They run as WebAssembly (byte-search.wat), where they are
// several times faster than here; what they look at is copied there window by window, each small enough to stay in the
// processor's nearer memory. Called by analyzer/anchors.ts and flink/skim.ts.

/** byte-search.wat, compiled; byte-search.test.ts says what it must be. */
export const COMPILED = 'AGFzbQEAAAABGANgA39/fwF/YAZ/f39/f38Bf2ACf38BfwMEAwABAgUDAQAFBxoDBm1lbW9yeQIABGZpbmQAAQZicmVha3MAAgrIAwNKAQN/IABBsfPd8XlsIAJ2IQMDQCABIANBA3RqIQQgBCgCBCEFIAVBAEggBCgCACAARnIEQCAFDwsgA0EBakF/IAJ2cSEDDAALAAvJAgEGfyAAIQYgBSELA0ACQANAIAZBEGogAUoNASAGKAIAQbHz3fF5bEEOdiEIIAIgCEEDdmotAAAgCEEHcXYhCSAGKAIEQbHz3fF5bEEOdiEIIAkgAiAIQQN2ai0AACAIQQdxdnIhCSAGKAIIQbHz3fF5bEEOdiEIIAkgAiAIQQN2ai0AACAIQQdxdnIhCSAGKAIMQbHz3fF5bEEOdiEIIAkgAiAIQQN2ai0AACAIQQdxdnIhCSAJQQFxDQEgBkEQaiEGDAALCyAGQRBqIQcDQCAGIAFOBEAgCyAFa0EDdg8LIAYoAgBBsfPd8XlsQQ52IQhBASACIAhBA3ZqLQAAIAhBB3F2cQRAIAYoAgAgAyAEEAAhCiAKQQBOBEAgCyAGIABrNgIAIAsgCjYCBCALQQhqIQsLCyAGQQRqIQYgBiAHSA0ACwwACwALMAEBfwJAA0AgACABTg0BIAIgAP0ABABBCv0P/SP9ZGlqIQIgAEEQaiEADAALCyACCw==';

/** Bytes of a word. */
export const WORD = 4;
const WINDOW_BYTES = 1 << 16;
const TABLE_BITS = 18;
const PAGE_BYTES = 1 << 16;
/** Where things lie in its memory: the bits of words, the bytes that are looked at, what was found in them, the slots. */
const TABLE = 0;
const WINDOW = TABLE + 2 ** (TABLE_BITS - 3);
const FOUND = WINDOW + WINDOW_BYTES;
const FOUND_BYTES = 2 * WORD;
const SLOTS = FOUND + FOUND_BYTES * (WINDOW_BYTES / WORD);

interface Code {
  readonly memory: { readonly buffer: ArrayBuffer; readonly grow: (pages: number) => number };
  readonly find: (from: number, end: number, table: number, slots: number, shift: number, found: number) => number;
  readonly breaks: (at: number, end: number) => number;
}

/** Part of every JavaScript, but of no library of types without a browser's. */
interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: Engine }).WebAssembly;
let compiled: object | undefined;

function createCode(): Code {
  compiled ??= new Module(Buffer.from(COMPILED, 'base64'));
  return new Instance(compiled).exports as Code;
}

/** Known words in some bytes, from the front to the back. */
export interface WordSearch {
  /** Goes to the first that begins at `from` or behind it, a multiple of four from the bytes' beginning; false when there is none. */
  next(from: number): boolean;
  /** Where the word stands to which it went. */
  readonly place: number;
  /** Which of the words it is. */
  readonly index: number;
}

/** Words of memory, each once → a search in bytes, which must not change while it goes on. */
export function createWordSearch(words: readonly number[]): (bytes: Uint8Array) => WordSearch {
  const table = new WordTable(words);
  return (bytes) => new Search(table, bytes);
}

class WordTable {
  readonly #code = createCode();
  readonly #shift: number;
  readonly #room: Uint8Array;
  /** Of each known word in the window its place there and its index, and how many there are. */
  readonly found: Int32Array;
  count = 0;
  /** Whose bytes lie in the window. */
  holder: object | undefined;

  constructor(words: readonly number[]) {
    const { memory } = this.#code;
    const slotBits = Math.ceil(Math.log2(2 * words.length + 1));
    memory.grow(Math.max(0, Math.ceil((SLOTS + 2 * WORD * 2 ** slotBits - memory.buffer.byteLength) / PAGE_BYTES)));
    this.#shift = 32 - slotBits;
    this.#room = new Uint8Array(memory.buffer);
    this.found = new Int32Array(memory.buffer, FOUND, (SLOTS - FOUND) / WORD);
    const slots = new Int32Array(memory.buffer, SLOTS, 2 * 2 ** slotBits).fill(-1);
    for (const [index, word] of words.entries()) {
      const bit = hashWord(word, 32 - TABLE_BITS);
      this.#room[TABLE + (bit >>> 3)] = (this.#room[TABLE + (bit >>> 3)] ?? 0) | (1 << (bit & 7));
      let slot = hashWord(word, this.#shift);
      while ((slots[2 * slot + 1] ?? 0) >= 0) slot = (slot + 1) & (2 ** slotBits - 1);
      [slots[2 * slot], slots[2 * slot + 1]] = [word, index];
    }
  }

  /** Finds the known words of a window: at most WINDOW_BYTES, a multiple of four. */
  fill(holder: object, bytes: Uint8Array): void {
    this.#room.set(bytes, WINDOW);
    this.count = this.#code.find(WINDOW, WINDOW + bytes.length, TABLE, SLOTS, this.#shift, FOUND);
    this.holder = holder;
  }
}

function hashWord(word: number, shift: number): number {
  return Math.imul(word, 0x9e3779b1) >>> shift;
}

class Search implements WordSearch {
  place = 0;
  index = 0;
  readonly #table: WordTable;
  readonly #bytes: Uint8Array;
  /** The end of the last whole word. */
  readonly #end: number;
  /** Where the window begins, and which of the words in it comes next. */
  #start = 0;
  #next = 0;

  constructor(table: WordTable, bytes: Uint8Array) {
    this.#table = table;
    this.#bytes = bytes;
    this.#end = bytes.length - (bytes.length % WORD);
  }

  next(from: number): boolean {
    const { found } = this.#table;
    for (let start = from - (from % WINDOW_BYTES); start < this.#end; start += WINDOW_BYTES) {
      if (this.#table.holder !== this || this.#start !== start) this.#open(start);
      for (; this.#next < this.#table.count; this.#next += 1) {
        const place = start + (found[2 * this.#next] ?? 0);
        if (place < from) continue;
        [this.place, this.index] = [place, found[2 * this.#next + 1] ?? 0];
        return true;
      }
    }
    return false;
  }

  #open(start: number): void {
    this.#table.fill(this, this.#bytes.subarray(start, Math.min(this.#end, start + WINDOW_BYTES)));
    [this.#start, this.#next] = [start, 0];
  }
}

const NEWLINE = 10;
const BLOCK = 16;
let counter: { readonly code: Code; readonly room: Uint8Array } | undefined;

/** How many line breaks stand from `start` up to `end`. */
export function countBreaks(bytes: Uint8Array, start: number, end: number): number {
  if (counter === undefined) {
    const code = createCode();
    counter = { code, room: new Uint8Array(code.memory.buffer) };
  }
  let count = 0;
  let at = start;
  while (end - at >= BLOCK) {
    const length = Math.min(WINDOW_BYTES, (end - at) & -BLOCK);
    counter.room.set(bytes.subarray(at, at + length), WINDOW);
    count += counter.code.breaks(WINDOW, WINDOW + length);
    at += length;
  }
  for (; at < end; at++) if (bytes[at] === NEWLINE) count += 1;
  return count;
}
