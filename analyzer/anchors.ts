// One pass over bytes for any number of literals. Memory is read in words of four bytes. A literal of seven bytes and more
// holds one whole word however it lies, so of each literal a window of seven bytes is chosen, and its four words go into
// a table of bits. For nearly every word of a log the table says that no literal is near; the few others are compared.
// What a byte costs hardly depends on the number of literals. A blank of a literal fits any single white space.
// scan.ts asks it about entries, skim.ts about whole pieces of files; bench/scan measures it.

import { BLANK, LEAST_ANCHOR_BYTES, placeWords, WHITE, WORD, type Place } from './anchor-words.js';

export interface AnchorScanner {
  /** The literals that occur in the bytes, by their index, each once, in the order in which they are met. */
  scan(bytes: Uint8Array): readonly number[];
  /** The first literal that is met from `from` on. */
  next(bytes: Uint8Array, from: number): Meeting | undefined;
}

export interface Meeting {
  readonly literal: number;
  readonly start: number;
  readonly end: number;
}

/** 32 KiB: the table stays in the processor's nearest memory. */
const TABLE_BITS = 18;
/** Most entries hold nothing: one empty list for all of them. */
const NONE: readonly number[] = [];
const NOWHERE: Place = { word: 0, literal: 0, pattern: Buffer.alloc(0), offset: 0 };

/** Literals (compared byte by byte, as UTF-8) → scanner. Throws for one of less than LEAST_ANCHOR_BYTES. */
export function createAnchorScanner(literals: readonly string[]): AnchorScanner {
  const patterns = literals.map((literal) => Buffer.from(literal, 'utf8'));
  const short = patterns.findIndex((pattern) => pattern.length < LEAST_ANCHOR_BYTES);
  if (short >= 0) throw new Error(`\`${literals[short] ?? ''}\` is too short to be looked for: a literal has at least ${LEAST_ANCHOR_BYTES} bytes.`);
  const places = placeWords(patterns);
  const table = new Uint32Array(2 ** (TABLE_BITS - 5));
  const slotBits = Math.ceil(Math.log2(2 * places.length + 1));
  /** Where the places of a word begin, by its hash; the next free slot when it is another word's. */
  const slots = new Int32Array(2 ** slotBits).fill(-1);
  const slotWords = new Int32Array(2 ** slotBits);
  for (const [index, { word }] of places.entries()) {
    if (places[index - 1]?.word === word) continue;
    const hash = hashWord(word, TABLE_BITS);
    table[hash >>> 5] = (table[hash >>> 5] ?? 0) | (1 << (hash & 31));
    let slot = hashWord(word, slotBits);
    while ((slots[slot] ?? 0) >= 0) slot = (slot + 1) & (slots.length - 1);
    [slots[slot], slotWords[slot]] = [index, word];
  }
  const seen = new Uint32Array(literals.length);
  let generation = 0;
  /** The memory of the piece that is looked at, in words: many entries are views of one piece. */
  let words: Int32Array = new Int32Array(0);

  /** Of the words from `from` up to `to`, the first that stands for a literal; `to` when there is none. */
  function probe(from: number, to: number): number {
    const memory = words;
    for (let at = from; at < to; at++) {
      const word = memory[at] ?? 0;
      const hash = hashWord(word, TABLE_BITS);
      if (((table[hash >>> 5] ?? 0) >>> (hash & 31)) & 1 && findPlace(word) >= 0) return at;
    }
    return to;
  }

  /** Where the places of a word begin; -1 when it has none. */
  function findPlace(word: number): number {
    let slot = hashWord(word, slotBits);
    while (slotWords[slot] !== word && (slots[slot] ?? -1) >= 0) slot = (slot + 1) & (slots.length - 1);
    return slots[slot] ?? -1;
  }

  function open(bytes: Uint8Array): void {
    if (words.buffer !== bytes.buffer) words = new Int32Array(bytes.buffer, 0, bytes.buffer.byteLength >>> 2);
  }

  function scan(bytes: Uint8Array): readonly number[] {
    open(bytes);
    let found: number[] | undefined;
    const to = (bytes.byteOffset + bytes.length) >>> 2;
    for (let at = probe((bytes.byteOffset + WORD - 1) >>> 2, to); at < to; at = probe(at + 1, to)) {
      const word = words[at] ?? 0;
      for (let index = findPlace(word); places[index]?.word === word; index++) {
        const { literal, pattern, offset } = places[index] ?? NOWHERE;
        if (!fits(bytes, WORD * at - bytes.byteOffset - offset, pattern)) continue;
        if (found === undefined) generation = (generation + 1) >>> 0;
        if (found === undefined || seen[literal] !== generation) (found ??= []).push(literal);
        seen[literal] = generation;
      }
    }
    return found ?? NONE;
  }

  function next(bytes: Uint8Array, from: number): Meeting | undefined {
    open(bytes);
    const to = (bytes.byteOffset + bytes.length) >>> 2;
    for (let at = probe((bytes.byteOffset + from + WORD - 1) >>> 2, to); at < to; at = probe(at + 1, to)) {
      const word = words[at] ?? 0;
      for (let index = findPlace(word); places[index]?.word === word; index++) {
        const { literal, pattern, offset } = places[index] ?? NOWHERE;
        const start = WORD * at - bytes.byteOffset - offset;
        if (fits(bytes, start, pattern)) return { literal, start, end: start + pattern.length };
      }
    }
    return undefined;
  }

  return { scan, next };
}

function hashWord(word: number, bits: number): number {
  return Math.imul(word, 0x9e3779b1) >>> (32 - bits);
}

function fits(bytes: Uint8Array, start: number, pattern: Uint8Array): boolean {
  if (start < 0 || start + pattern.length > bytes.length) return false;
  for (let index = 0; index < pattern.length; index++) {
    const byte = bytes[start + index] ?? 0;
    const wanted = pattern[index] ?? 0;
    if (byte !== wanted && (wanted !== BLANK || !WHITE.includes(byte))) return false;
  }
  return true;
}
