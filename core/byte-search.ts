// Two loops over bytes: known texts, and line breaks. They run as WebAssembly (byte-search.wat), where they are several
// times faster than here; what they look at is copied there window by window, each small enough to stay in the
// processor's nearer memory. Texts are known by words of memory (four bytes): a text of seven bytes and more holds one
// whole word wherever it begins. Called by analyzer/anchors.ts and flink/skim.ts.

/** byte-search.wat, compiled; byte-search.test.ts says what it must be. */
export const COMPILED = 'AGFzbQEAAAABIQRgAn9/AX9gA39/fwF/YAV/f39/fwF/YAZ/f39/f38BfwMIBwABAAIDAwAFAwEAFgcaAwZtZW1vcnkCAARmaW5kAAUGYnJlYWtzAAYKrAcHTQEDfyAAQbHz3fF5bCABdiECA0BBgIDYACACQQN0aiEDIAMoAgQhBCAEQQBIIAMoAgAgAEZyBEAgBA8LIAJBAWpBfyABdnEhAgwACwALlgEBA38gASACaiEDAkADQCABQQhqIANLDQEgACkDACABKQMAUg0BIABBCGohACABQQhqIQEMAAsLIAEgA0YEQEEBDwsDQCAALQAAIQQgAS0AACEFIAQgBUcEQCAFQSBHBEBBAA8LIARBCUYgBEEKRiAEQQ1GcnJFBEBBAA8LCyAAQQFqIQAgAUEBaiEBIAEgA0kNAAtBAQsuACAAIAEoAgxrIAEoAghqIQADQCAALQAAQTBrQQpJBEAgAEEBaiEADAELCyAAC74BAQN/IARBgIAERgRAQQAPCyADIARBBGsoAgBBBHRqIQUgBSgCBCABKAIERwRAQQAPCyAAIAEQAiEGIARBCGsoAgAgBRACIQUgBkEIKAIAaiEHIAcgAkoEQEEADwsCQANAIAZBCGogB0oNASAGKQMAIAUpAwBSBEBBAA8LIAZBCGohBiAFQQhqIQUMAAsLA0AgBiAHRgRAQQEPCyAGLQAAIAUtAABHBEBBAA8LIAZBAWohBiAFQQFqIQUMAAsAC4oBAQN/A0AgBCADQQR0aiEGIAAgBigCDGshByAGKAIIIQggByABTiAHIAhqIAJMcQRAIAcgBigCBCAIEAEEQCAGKAIEQQQoAgBGBEAgACAGIAIgBCAFEAMEQCAFQQhrIQULCyAFIAA2AgAgBSADNgIEIAVBCGohBQsLIAYoAgAhAyADQQBODQALIAULlwIBBX9BgIAEIQoCQANAAkADQCAAQRBqIAFKDQEgACgCAEGx893xeWxBDHYhByAHLQCAgBghCCAAKAIEQbHz3fF5bEEMdiEHIAggBy0AgIAYciEIIAAoAghBsfPd8XlsQQx2IQcgCCAHLQCAgBhyIQggACgCDEGx893xeWxBDHYhByAIIActAICAGHIhCCAIDQEgAEEQaiEADAALCyAAQRBqIQYDQCAAIAFODQIgACgCAEGx893xeWxBDHYhByAHLQCAgBgEQCAAKAIAIAQQACEJIAlBAE4EQCAKQYCADE8NBCAAIAIgAyAJIAUgChAEIQoLCyAAQQRqIQAgACAGSA0ACwwACwtBACAANgIAIApBgIAEa0EDdgswAQF/AkADQCAAIAFODQEgAiAA/QAEAEEK/Q/9I/1kaWohAiAAQRBqIQAMAAsLIAIL';

/** Bytes of a word. */
export const WORD = 4;
/** The longest text. */
export const MAX_TEXT_BYTES = 4096;
const WINDOW_BYTES = 1 << 16;
const TABLE_BITS = 20;
const PAGE_BYTES = 1 << 16;
/** Where things lie in its memory, as byte-search.wat says. */
const CELLS = 0;
const FOUND = 65_536;
const WINDOW = 266_240;
const FOUND_END = WINDOW - MAX_TEXT_BYTES;
const TABLE = 393_216;
const SLOTS = 1_441_792;
const PLACE_CELLS = 4;
/** The room for what was found holds 16384 and these more. */
const MAX_PLACES_OF_WORD = 8192;

interface Code {
  readonly memory: { readonly buffer: ArrayBuffer; readonly grow: (pages: number) => number };
  readonly find: (at: number, end: number, low: number, high: number, shift: number, places: number) => number;
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

/** A word of a text, and where in the text it stands. */
export interface Place {
  readonly word: number;
  /** The text's index. */
  readonly text: number;
  readonly offset: number;
}

/** Of finds of this text right after one another that differ in nothing but a number behind it, the last is enough. */
export interface Run {
  /** The text's index. */
  readonly text: number;
  /** So many bytes behind the number are compared. */
  readonly bytes: number;
}

/** Known texts in some bytes, from the front to the back; the bytes must not change meanwhile. */
export interface TextSearch {
  /** Goes to the next one whose word stands at `from` or behind it; false when there is none. `from` never goes back. */
  next(from: number): boolean;
  /** The text to which it went, by its index. */
  readonly text: number;
  readonly start: number;
  readonly end: number;
}

/** Texts, and the words by which they are known → a search in bytes. A blank of a text is any white space. */
export function createTextSearch(texts: readonly Uint8Array[], places: readonly Place[]): (bytes: Uint8Array, run?: Run) => TextSearch {
  const table = new TextTable(texts, places);
  return (bytes, run) => new Search(table, bytes, run);
}

class TextTable {
  readonly #code = createCode();
  readonly #room: Uint8Array;
  readonly #shift: number;
  readonly #places: number;
  readonly #addresses: readonly number[];
  /** Where it stopped, the address of a run's text, and the run's bytes. */
  readonly #cells: Int32Array;
  /** Pairs: the address of a word in the window, and the number of a place. */
  readonly found: Int32Array;
  /** Of each place its text, where in it the word stands, and how long it is. */
  readonly texts: Int32Array;
  readonly offsets: Int32Array;
  readonly lengths: Int32Array;
  /** Whose bytes lie in the window. */
  holder: object | undefined;

  constructor(texts: readonly Uint8Array[], places: readonly Place[]) {
    const { memory } = this.#code;
    const slotBits = Math.ceil(Math.log2(2 * places.length + 1));
    this.#shift = 32 - slotBits;
    this.#places = SLOTS + 2 * WORD * 2 ** slotBits;
    const firstText = this.#places + WORD * PLACE_CELLS * places.length;
    const size = texts.reduce((sum, { length }) => sum + length, firstText);
    memory.grow(Math.max(0, Math.ceil((size - memory.buffer.byteLength) / PAGE_BYTES)));
    this.#room = new Uint8Array(memory.buffer);
    this.#cells = new Int32Array(memory.buffer, CELLS, 3);
    this.found = new Int32Array(memory.buffer, FOUND, (FOUND_END - FOUND) / WORD);
    this.texts = new Int32Array(places.length);
    this.offsets = new Int32Array(places.length);
    this.lengths = new Int32Array(places.length);
    this.#addresses = this.#writeTexts(texts, firstText);
    this.#writePlaces(places, texts, slotBits);
  }

  /** Gives the address of each. */
  #writeTexts(texts: readonly Uint8Array[], first: number): readonly number[] {
    let address = first;
    return texts.map((text) => {
      if (text.length > MAX_TEXT_BYTES) throw new RangeError(`a text of ${text.length} bytes is too long to be looked for: at most ${MAX_TEXT_BYTES}`);
      this.#room.set(text, address);
      address += text.length;
      return address - text.length;
    });
  }

  #writePlaces(places: readonly Place[], texts: readonly Uint8Array[], slotBits: number): void {
    const cells = new Int32Array(this.#room.buffer, this.#places, PLACE_CELLS * places.length);
    const slots = new Int32Array(this.#room.buffer, SLOTS, 2 * 2 ** slotBits).fill(-1);
    const counts = new Uint16Array(2 ** slotBits);
    places.forEach(({ word, text, offset }, index) => {
      let slot = hashWord(word, this.#shift);
      while ((slots[2 * slot + 1] ?? 0) >= 0 && slots[2 * slot] !== word) slot = (slot + 1) & (2 ** slotBits - 1);
      const count = (counts[slot] ?? 0) + 1;
      if (count > MAX_PLACES_OF_WORD) throw new RangeError(`more than ${MAX_PLACES_OF_WORD} texts are known by one word`);
      const length = texts[text]?.length ?? 0;
      this.texts[index] = text;
      this.offsets[index] = offset;
      this.lengths[index] = length;
      cells[PLACE_CELLS * index] = slots[2 * slot + 1] ?? -1;
      cells[PLACE_CELLS * index + 1] = this.#addresses[text] ?? 0;
      cells[PLACE_CELLS * index + 2] = length;
      cells[PLACE_CELLS * index + 3] = offset;
      counts[slot] = count;
      slots[2 * slot] = word;
      slots[2 * slot + 1] = index;
      this.#room[TABLE + hashWord(word, 32 - TABLE_BITS)] = 1;
    });
  }

  /** Lays the bytes of a window there, with those before and behind it that texts may reach into. */
  fill(holder: object, bytes: Uint8Array, start: number, end: number): void {
    this.#room.set(bytes.subarray(Math.max(0, start - MAX_TEXT_BYTES), end + MAX_TEXT_BYTES), WINDOW - Math.min(start, MAX_TEXT_BYTES));
    this.holder = holder;
  }

  /** Finds texts from `at` up to `end`, from the window's beginning on; gives their number. */
  find(at: number, end: number, before: number, behind: number, run: Run | undefined): number {
    this.#cells[1] = run === undefined ? 0 : (this.#addresses[run.text] ?? 0);
    this.#cells[2] = run?.bytes ?? 0;
    return this.#code.find(WINDOW + at, WINDOW + end, WINDOW - before, WINDOW + end + behind, this.#shift, this.#places);
  }

  /** Where it stopped: before the end when more was found than there is room for. */
  get stop(): number {
    return (this.#cells[0] ?? 0) - WINDOW;
  }
}

/** Of its 32 bits those that are left when `shift` are dropped. */
export function hashWord(word: number, shift: number): number {
  return Math.imul(word, 0x9e3779b1) >>> shift;
}

class Search implements TextSearch {
  text = 0;
  start = 0;
  end = 0;
  readonly #table: TextTable;
  readonly #bytes: Uint8Array;
  readonly #run: Run | undefined;
  /** The end of the last whole word. */
  readonly #limit: number;
  /** The window's beginning, and from where up to where it was searched. */
  #window = 0;
  #from = 0;
  #stop = 0;
  /** How many texts were found there, and which of them is next. */
  #count = 0;
  #next = 0;

  constructor(table: TextTable, bytes: Uint8Array, run: Run | undefined) {
    this.#table = table;
    this.#bytes = bytes;
    this.#run = run;
    this.#limit = bytes.length - (bytes.length % WORD);
  }

  next(from: number): boolean {
    if (this.#table.holder !== this) this.#search(this.#from, this.#next);
    for (;;) {
      const { found, texts, offsets, lengths } = this.#table;
      for (; this.#next < this.#count; this.#next += 1) {
        const at = this.#window + (found[2 * this.#next] ?? 0) - WINDOW;
        if (at < from) continue;
        const place = found[2 * this.#next + 1] ?? 0;
        this.#next += 1;
        this.text = texts[place] ?? 0;
        this.start = at - (offsets[place] ?? 0);
        this.end = this.start + (lengths[place] ?? 0);
        return true;
      }
      if (this.#stop >= this.#limit) return false;
      this.#search(Math.max(this.#stop, from - (from % WORD)), 0);
    }
  }

  /** Searches the rest of the window in which `from` stands. */
  #search(from: number, next: number): void {
    const table = this.#table;
    const window = from - (from % WINDOW_BYTES);
    const end = Math.min(this.#limit, window + WINDOW_BYTES);
    if (table.holder !== this || this.#window !== window) table.fill(this, this.#bytes, window, end);
    this.#count = table.find(from - window, end - window, Math.min(window, MAX_TEXT_BYTES), Math.min(this.#bytes.length - end, MAX_TEXT_BYTES), this.#run);
    this.#window = window;
    this.#from = from;
    this.#stop = window + table.stop;
    this.#next = next;
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
