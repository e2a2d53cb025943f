// Finds known texts and counts line breaks in bytes. Both loops run as WebAssembly (byte-search.wat), which is several
// times faster than JavaScript. The bytes are copied there in windows that fit into the processor's cache, unless they
// were read into the buffer that a search keeps there. Texts are recognized by words of memory (four bytes): a text of
// seven or more bytes contains one whole aligned word at any start address.
import { loadWasm } from './load.js';

/** Compiled byte-search.wat; byte-search.test.ts compares it with the source. */
export const COMPILED =
  'AGFzbQEAAAABIQRgAn9/AX9gA39/fwF/YAV/f39/fwF/YAZ/f39/f38BfwMJCAABAAECAwMABQMBABYHGgMGbWVtb3J5AgAEZmluZAAGBmJyZWFrcwAHCrkKCE0BA38gAEGx893xeWwgAXYhAgNAQYCA2AAgAkEDdGohAyADKAIEIQQgBEEASCADKAIAIABGcgRAIAQPCyACQQFqQX8gAXZxIQIMAAsAC8UBAQR/IAEgAmohAwJAA0AgAUEIaiADSw0BIAApAwAgASkDAFINASAAQQhqIQAgAUEIaiEBDAALCyABIANGBEBBAQ8LIAMgAWshBCACQQhPIARBCElxBEAgACAEakEIaykDACADQQhrKQMAUQRAQQEPCwsDQCAALQAAIQUgAS0AACEGIAUgBkcEQCAGQSBHBEBBAA8LIAVBCUYgBUEKRiAFQQ1GcnJFBEBBAA8LCyAAQQFqIQAgAUEBaiEBIAEgA0kNAAtBAQsuACAAIAEoAgxrIAEoAghqIQADQCAALQAAQTBrQQpJBEAgAEEBaiEADAELCyAAC4sBAQF/IAAgAmohAyACQQhPBEADQCAAKQMAIAEpAwBSBEBBAA8LIABBCGohACABQQhqIQEgAEEIaiADTQ0ACyADIABrQQhrIQIgACACaikDACABIAJqKQMAUQ8LA0AgACADRgRAQQEPCyAALQAAIAEtAABHBEBBAA8LIABBAWohACABQQFqIQEMAAsAC4sBAQN/IAQhBSAAIAEQAiEHIAdBCCgCAGogAkoEQCAEDwsCQANAIAVBgIAERiAEIAVrQcAARnINASAFQQhrIQUgAyAFKAIEQQR0aiEGIAYoAgQgASgCBEcNASAHIAUoAgAgBhACQQgoAgAQA0UNAAsgBSAFQQhqIAQgBWtBCGv8CgAAIARBCGsPCyAEC4IBAQN/A0AgBCADQQR0aiEGIAAgBigCDGshByAGKAIIIQggByABTiAHIAhqIAJMcQRAIAcgBigCBCAIEAEEQCAGKAIEQQQoAgBGBEAgACAGIAIgBCAFEAQhBQsgBSAANgIAIAUgAzYCBCAFQQhqIQULCyAGKAIAIQMgA0EATg0ACyAFC8wDAQx/QYCABCERAkADQCAAIAFODQEgAEEQaiABTARAAkADQCAAKAIAQbHz3fF5bCEGIAZBDHYtAICAGCEHIAAoAgRBsfPd8XlsIQggCEEMdi0AgIAYIQkgACgCCEGx893xeWwhCiAKQQx2LQCAgBghCyAAKAIMQbHz3fF5bCEMIAxBDHYtAICAGCENIAcgCXIgCyANcnINASAAQRBqIQAgAEEQaiABTA0ACwwCCyAHQf8BRiAHIAZBBHZB/wFxQQFyRnIgCUH/AUYgCSAIQQR2Qf8BcUEBckZyQQF0ciALQf8BRiALIApBBHZB/wFxQQFyRnJBAnQgDUH/AUYgDSAMQQR2Qf8BcUEBckZyQQN0cnIhDgUgACgCAEGx893xeWwhBiAGQQx2LQCAgBghByAHQf8BRiAHIAZBBHZB/wFxQQFyRnIhDgsgACEPIABBEEEEIABBEGogAUwbaiEAA0AgDkUNASAPIA5oQQJ0aigCACAEEAAhECAQQQBOBEAgEUGAgAxPBEAgDyAOaEECdGohAAwECyAPIA5oQQJ0aiACIAMgECAFIBEQBSERCyAOIA5BAWtxIQ4MAAsLC0EAIAA2AgAgEUGAgARrQQN2C4YBAgJ/AXsCQANAIAAgAU4NASAAQfAfaiEDIAMgAUoEQCABIQML/QwAAAAAAAAAAAAAAAAAAAAAIQQDQCAEIAD9AAQAQQr9D/0j/XEhBCAAQRBqIQAgACADSA0ACyAE/X39fyEEIAIgBP0bACAE/RsBaiAE/RsCIAT9GwNqamohAgwACwsgAgs=';

/** Bytes of a word. */
export const WORD = 4;
/** Longest text in bytes. */
export const MAX_TEXT_BYTES = 4096;
const WINDOW_BYTES = 1 << 16;
const TABLE_BITS = 20;
const PAGE_BYTES = 1 << 16;
const BUFFER_BYTES = 1 << 19;
/** Addresses in the memory, as byte-search.wat defines them. */
const CELLS = 0;
const FOUND = 65_536;
const WINDOW = 266_240;
const FOUND_END = WINDOW - MAX_TEXT_BYTES;
const TABLE = 393_216;
const SLOTS = 1_441_792;
/** Tag of a table entry that several words share. */
const ANY_TAG = 255;
const PLACE_CELLS = 4;
/** Largest number of texts with the same word. The buffer for finds holds 16384 and this many more. */
const MAX_PLACES_OF_WORD = 8192;

interface Code {
  readonly memory: { readonly buffer: ArrayBuffer; readonly grow: (pages: number) => number };
  readonly find: (at: number, end: number, low: number, high: number, shift: number, places: number) => number;
  readonly breaks: (at: number, end: number) => number;
}

/** Code that owns a memory. Bytes in such a memory need no copy. */
const codes = new WeakMap<ArrayBufferLike, Code>();

/** Word of a text, and its offset in the text. */
export interface WordOffset {
  readonly word: number;
  /** Index of the text. */
  readonly text: number;
  readonly offset: number;
}

/**
 * Text that may be found in a run: several times with no other find between, and with a difference only in the number
 * after it. Only the last find of a run is needed, and for most runs only that one is reported.
 */
export interface ByteRun {
  /** Index of the text. */
  readonly text: number;
  /** Number of bytes after the number that are compared. */
  readonly bytes: number;
}

/** Search for known texts in some bytes, from front to back. The bytes must not change during the search. */
export interface TextSearch {
  /**
   * Goes to the next find whose word is at `from` or after it; returns false if there is none. `from` must never
   * decrease.
   */
  next(from: number): boolean;
  /** Index of the text that was found. */
  readonly text: number;
  readonly start: number;
  readonly end: number;
}

/** Texts and their words in the layout of a search's memory. A kept copy makes the next search available at once. */
export type PackedTexts = Uint8Array;

/** Packs the texts for searches. A blank in a text matches any white space. */
export function packTexts(texts: readonly Uint8Array[], places: readonly WordOffset[]): PackedTexts {
  const slotBits = Math.ceil(Math.log2(2 * places.length + 1));
  const firstPlace = SLOTS + 2 * WORD * 2 ** slotBits;
  const addresses = listAddresses(texts, firstPlace + WORD * PLACE_CELLS * places.length);
  const header = HEADER_CELLS + texts.length + places.length;
  const packed = new Uint8Array(
    WORD * header +
      texts.reduce((sum, { length }) => sum + length, firstPlace + WORD * PLACE_CELLS * places.length) -
      TABLE,
  );
  const buffer = packed.subarray(WORD * header);
  texts.forEach((text, index) => buffer.set(text, (addresses[index] ?? 0) - TABLE));
  new Int32Array(packed.buffer, 0, header).set([
    slotBits,
    texts.length,
    places.length,
    ...addresses,
    ...places.map(({ text }) => text),
  ]);
  const cells = new Int32Array(buffer.buffer, buffer.byteOffset + firstPlace - TABLE, PLACE_CELLS * places.length);
  const slots = new Int32Array(buffer.buffer, buffer.byteOffset + SLOTS - TABLE, 2 * 2 ** slotBits).fill(-1);
  const counts = new Uint16Array(2 ** slotBits);
  places.forEach(({ word, text, offset }, index) => {
    let slot = hashWord(word, 32 - slotBits);
    while ((slots[2 * slot + 1] ?? 0) >= 0 && slots[2 * slot] !== word) slot = (slot + 1) & (2 ** slotBits - 1);
    const count = (counts[slot] ?? 0) + 1;
    if (count > MAX_PLACES_OF_WORD) throw new RangeError(`more than ${MAX_PLACES_OF_WORD} texts are known by one word`);
    cells.set([slots[2 * slot + 1] ?? -1, addresses[text] ?? 0, texts[text]?.length ?? 0, offset], PLACE_CELLS * index);
    counts[slot] = count;
    slots[2 * slot] = word;
    slots[2 * slot + 1] = index;
    const hash = hashWord(word, 32 - TABLE_BITS);
    const tag = tagWord(word);
    buffer[hash] = buffer[hash] === 0 || buffer[hash] === tag ? tag : ANY_TAG;
  });
  return packed;
}

/** Returns the address of each text. The texts are adjacent. */
function listAddresses(texts: readonly Uint8Array[], first: number): readonly number[] {
  let address = first;
  return texts.map(({ length }) => {
    if (length > MAX_TEXT_BYTES)
      throw new RangeError(`a text of ${length} bytes is too long to be looked for: at most ${MAX_TEXT_BYTES}`);
    address += length;
    return address - length;
  });
}

export interface TextFinder {
  open(bytes: Uint8Array, run?: ByteRun): TextSearch;
  /**
   * Returns memory whose bytes are searched without a copy. Only the first call returns it, because it has one reader;
   * later calls return undefined.
   */
  takeBuffer(): Buffer | undefined;
}

export function openTextSearch(packed: PackedTexts): TextFinder {
  const table = new TextTable(packed);
  let isTaken = false;
  return {
    open: (bytes, run) => new Search(table, bytes, run),
    takeBuffer: () => {
      const buffer = isTaken ? undefined : table.buffer;
      isTaken = true;
      return buffer;
    },
  };
}

/**
 * Header: the numbers of slot bits, texts and places. The address of each text and the text of each place follow it.
 */
const HEADER_CELLS = 3;

class TextTable {
  readonly #code = loadWasm<Code>(COMPILED);
  readonly #memory: Uint8Array;
  readonly #shift: number;
  readonly #firstPlace: number;
  readonly #addresses: Int32Array;
  /** Three cells: the address where the search stopped, the address of a run's text, and the run's number of bytes. */
  readonly #stopped: Int32Array;
  /** Pairs: the address of a word in the window, and the number of a place. */
  readonly found: Int32Array;
  /** Index of the text of each place. */
  readonly texts: Int32Array;
  /**
   * Four numbers for each place: the next place of the same word, the text's address and length, and the offset of the
   * word in the text.
   */
  readonly places: Int32Array;
  /** Buffer for bytes that are searched without a copy, at the end of the memory. */
  readonly buffer: Buffer;
  /** Search whose finds are in `found`. */
  holder: object | undefined;

  constructor(packed: PackedTexts) {
    const { memory } = this.#code;
    // Cells must begin at whole words, so an unaligned packing is copied into a buffer of its own.
    const { buffer } = packed.byteOffset % WORD === 0 ? packed : packed.slice();
    const start = packed.byteOffset % WORD === 0 ? packed.byteOffset : 0;
    const [slotBits = 0, texts = 0, places = 0] = new Int32Array(buffer, start, HEADER_CELLS);
    this.#addresses = new Int32Array(buffer, start + WORD * HEADER_CELLS, texts);
    this.texts = new Int32Array(buffer, start + WORD * (HEADER_CELLS + texts), places);
    this.#shift = 32 - slotBits;
    this.#firstPlace = SLOTS + 2 * WORD * 2 ** slotBits;
    const laid = packed.subarray(WORD * (HEADER_CELLS + texts + places));
    const end = Math.max(memory.buffer.byteLength, PAGE_BYTES * Math.ceil((TABLE + laid.length) / PAGE_BYTES));
    // A number at the end of the buffer is read until another byte follows, so one page of zeros is added.
    memory.grow((end + BUFFER_BYTES + PAGE_BYTES - memory.buffer.byteLength) / PAGE_BYTES);
    codes.set(memory.buffer, this.#code);
    this.buffer = Buffer.from(memory.buffer, end, BUFFER_BYTES);
    this.#memory = new Uint8Array(memory.buffer);
    this.#memory.set(laid, TABLE);
    this.#stopped = new Int32Array(memory.buffer, CELLS, 3);
    this.found = new Int32Array(memory.buffer, FOUND, (FOUND_END - FOUND) / WORD);
    this.places = new Int32Array(memory.buffer, this.#firstPlace, PLACE_CELLS * places);
  }

  /** Copies the bytes of a window into the memory, with the bytes before and after it that texts may extend into. */
  fill(bytes: Uint8Array, start: number, end: number): void {
    this.#memory.set(
      bytes.subarray(Math.max(0, start - MAX_TEXT_BYTES), end + MAX_TEXT_BYTES),
      WINDOW - Math.min(start, MAX_TEXT_BYTES),
    );
  }

  /** Returns the address of bytes in this memory; undefined for other bytes. */
  addressOf(bytes: Uint8Array): number | undefined {
    return bytes.buffer === this.#memory.buffer ? bytes.byteOffset : undefined;
  }

  /**
   * Finds texts with words from `at` to `end` that lie completely within `low` to `high`. Returns the number of finds.
   */
  find(at: number, end: number, low: number, high: number, run: ByteRun | undefined): number {
    this.#stopped[1] = run === undefined ? 0 : (this.#addresses[run.text] ?? 0);
    this.#stopped[2] = run?.bytes ?? 0;
    return this.#code.find(at, end, low, high, this.#shift, this.#firstPlace);
  }

  /** Address where the search stopped. It is before the end if the list of finds was full. */
  get stop(): number {
    return this.#stopped[0] ?? 0;
  }
}

/** Hashes a word to 32 bits and drops the lowest `shift` of them. */
export function hashWord(word: number, shift: number): number {
  return Math.imul(word, 0x9e3779b1) >>> shift;
}

/**
 * Returns the tag that distinguishes a word from most others with the same hash in the table. It uses bits that this
 * hash drops and is never 0.
 */
function tagWord(word: number): number {
  return (hashWord(word, 4) & 255) | 1;
}

class Search implements TextSearch {
  text = 0;
  start = 0;
  end = 0;
  readonly #table: TextTable;
  readonly #bytes: Uint8Array;
  readonly #run: ByteRun | undefined;
  /** End of the last whole word. */
  readonly #limit: number;
  /** Address of bytes that are not copied. */
  readonly #place: number | undefined;
  /** Start of the window, the address that the first byte would have, and the start and end of the searched range. */
  #window = -1;
  #base = 0;
  #from = 0;
  #stop = 0;
  /** Number of finds in that range, and the index of the next one. */
  #count = 0;
  #next = 0;

  constructor(table: TextTable, bytes: Uint8Array, run: ByteRun | undefined) {
    this.#table = table;
    this.#bytes = bytes;
    this.#run = run;
    this.#limit = bytes.length - (bytes.length % WORD);
    this.#place = table.addressOf(bytes);
  }

  next(from: number): boolean {
    if (this.#table.holder !== this) this.#search(this.#from, this.#next);
    for (;;) {
      const { found, texts, places } = this.#table;
      for (; this.#next < this.#count; this.#next += 1) {
        const at = (found[2 * this.#next] ?? 0) - this.#base;
        if (at < from) continue;
        const place = found[2 * this.#next + 1] ?? 0;
        this.#next += 1;
        this.text = texts[place] ?? 0;
        this.start = at - (places[PLACE_CELLS * place + 3] ?? 0);
        this.end = this.start + (places[PLACE_CELLS * place + 2] ?? 0);
        return true;
      }
      if (this.#stop >= this.#limit) return false;
      this.#search(Math.max(this.#stop, from - (from % WORD)), 0);
    }
  }

  /** Searches the rest of the bytes, or of the window that contains `from`. */
  #search(from: number, next: number): void {
    const table = this.#table;
    const end = this.#place === undefined ? this.#lay(from) : this.#limit;
    const base = this.#place ?? WINDOW - this.#window;
    this.#count = table.find(
      base + from,
      base + end,
      base + Math.max(0, from - MAX_TEXT_BYTES),
      base + Math.min(this.#bytes.length, end + MAX_TEXT_BYTES),
      this.#run,
    );
    table.holder = this;
    this.#base = base;
    this.#from = from;
    this.#stop = table.stop - base;
    this.#next = next;
  }

  /** Copies the window that contains `from` into the memory. Returns its end. */
  #lay(from: number): number {
    const window = from - (from % WINDOW_BYTES);
    const end = Math.min(this.#limit, window + WINDOW_BYTES);
    if (this.#table.holder !== this || this.#window !== window) this.#table.fill(this.#bytes, window, end);
    this.#window = window;
    return end;
  }
}

const NEWLINE = 10;
const BLOCK = 16;
let counter: { readonly code: Code; readonly buffer: Uint8Array } | undefined;

/** Counts the line breaks from `start` up to `end`. */
export function countBreaks(bytes: Uint8Array, start: number, end: number): number {
  const blocks = start + (Math.max(0, end - start) & -BLOCK);
  const code = codes.get(bytes.buffer);
  let count =
    code === undefined
      ? countCopied(bytes, start, blocks)
      : code.breaks(bytes.byteOffset + start, bytes.byteOffset + blocks);
  for (let at = blocks; at < end; at++) if (bytes[at] === NEWLINE) count += 1;
  return count;
}

/** Counts in whole blocks, which it copies into the memory. */
function countCopied(bytes: Uint8Array, start: number, end: number): number {
  if (counter === undefined) {
    const code = loadWasm<Code>(COMPILED);
    counter = { code, buffer: new Uint8Array(code.memory.buffer) };
  }
  let count = 0;
  for (let at = start; at < end; at += WINDOW_BYTES) {
    const length = Math.min(WINDOW_BYTES, end - at);
    counter.buffer.set(bytes.subarray(at, at + length), WINDOW);
    count += counter.code.breaks(WINDOW, WINDOW + length);
  }
  return count;
}
