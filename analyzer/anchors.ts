// One pass over bytes for any number of literals. Memory is read in words of four bytes. A literal of seven bytes and more
// holds one whole word however it lies, so of each literal a window of seven bytes is chosen, and its four words are those
// that core/byte-search.ts looks for. Nearly every word of a log is none of them; where one stands, its literals are
// compared. What a byte costs hardly depends on the number of literals. A blank of a literal fits any single white space.
// scan.ts asks it about entries, wanted.ts about whole pieces of files; bench/scan measures it.
import { createWordSearch, WORD } from '../core/byte-search.js';
import { BLANK, LEAST_ANCHOR_BYTES, placeWords, WHITE, type Place } from './anchor-words.js';

export interface AnchorScanner {
  /** The literals that occur in the bytes, by their index, each once, in the order in which they are met. */
  scan(bytes: Uint8Array): readonly number[];
  /** The literals in the bytes one by one; the bytes must not change meanwhile. */
  open(bytes: Uint8Array): AnchorSearch;
}

export interface AnchorSearch {
  /** The first literal that is met from `from` on, which never goes back. */
  next(from: number): Meeting | undefined;
}

export interface Meeting {
  readonly literal: number;
  readonly start: number;
  readonly end: number;
}

/** Most entries hold nothing: one empty list for all of them. */
const NONE: readonly number[] = [];
const NOWHERE: Place = { word: 0, literal: 0, pattern: Buffer.alloc(0), offset: 0 };

/** Literals (compared byte by byte, as UTF-8) → scanner. Throws for one of less than LEAST_ANCHOR_BYTES. */
export function createAnchorScanner(literals: readonly string[]): AnchorScanner {
  const patterns = literals.map((literal) => Buffer.from(literal, 'utf8'));
  const short = patterns.findIndex((pattern) => pattern.length < LEAST_ANCHOR_BYTES);
  if (short >= 0) throw new Error(`\`${literals[short] ?? ''}\` is too short to be looked for: a literal has at least ${LEAST_ANCHOR_BYTES} bytes.`);
  const places = placeWords(patterns);
  /** The first place of each word. */
  const firsts = places.flatMap(({ word }, index) => (places[index - 1]?.word === word ? [] : [index]));
  const search = createWordSearch(firsts.map((first) => places[first]?.word ?? 0));
  const seen = new Uint32Array(literals.length);
  let generation = 0;

  function scan(bytes: Uint8Array): readonly number[] {
    const words = search(bytes);
    let found: number[] | undefined;
    for (let from = 0; words.next(from); from = words.place + WORD) {
      for (let index = firsts[words.index] ?? 0, end = firsts[words.index + 1] ?? places.length; index < end; index++) {
        const { literal, pattern, offset } = places[index] ?? NOWHERE;
        if (!fits(bytes, words.place - offset, pattern)) continue;
        if (found === undefined) generation = (generation + 1) >>> 0;
        if (found === undefined || seen[literal] !== generation) (found ??= []).push(literal);
        seen[literal] = generation;
      }
    }
    return found ?? NONE;
  }

  function open(bytes: Uint8Array): AnchorSearch {
    const words = search(bytes);
    return {
      next(from) {
        for (let at = from; words.next(at); at = words.place + WORD) {
          for (let index = firsts[words.index] ?? 0, end = firsts[words.index + 1] ?? places.length; index < end; index++) {
            const { literal, pattern, offset } = places[index] ?? NOWHERE;
            const start = words.place - offset;
            if (fits(bytes, start, pattern)) return { literal, start, end: start + pattern.length };
          }
        }
        return undefined;
      },
    };
  }

  return { scan, open };
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
