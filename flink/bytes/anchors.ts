// Finds any number of literals in one pass over bytes (core/wasm/byte-search.ts). For each literal, a window of seven
// bytes is chosen whose words are rare in logs (anchor-words.ts), so the cost of a byte hardly depends on the number of
// literals. A blank of a literal matches any single white space. scan.ts uses it on entries, wanted.ts on whole chunks
// of files; bench/scan measures it.
import {
  openTextSearch,
  packTexts,
  type PackedTexts,
  type ByteRun,
  type TextSearch,
} from '../../core/wasm/byte-search.js';
import { MIN_ANCHOR_BYTES, chooseWindows, locateWords } from './anchor-words.js';

export interface AnchorScanner {
  readonly literals: readonly string[];
  /** Returns the literals that occur in the bytes, by their index, each once, in the order in which they are found. */
  scan(bytes: Uint8Array): readonly number[];
  /**
   * Searches the literals in the bytes one by one; `text` of a find is the index of its literal. Of a run, maybe only
   * the last find is reported.
   */
  open(bytes: Uint8Array, run?: ByteRun): TextSearch;
  /** Returns memory that is searched without a copy; see TextFinder. */
  takeBuffer(): Buffer | undefined;
}

/** Empty result, shared because most entries hold no literal. */
const NONE: readonly number[] = [];

/**
 * Creates a scanner of literals, which are compared byte by byte, as UTF-8. `packed` is given if they were packed
 * before. Throws for a literal of less than MIN_ANCHOR_BYTES.
 */
export function createAnchorScanner(
  literals: readonly string[],
  packed: PackedTexts = packAnchors(literals),
): AnchorScanner {
  const { open, takeBuffer } = openTextSearch(packed);
  const seen = new Uint32Array(literals.length);
  let generation = 0;

  function scan(bytes: Uint8Array): readonly number[] {
    const search = open(bytes);
    if (!search.next(0)) return NONE;
    const found: number[] = [];
    generation = (generation + 1) >>> 0;
    do {
      if (seen[search.text] !== generation) found.push(search.text);
      seen[search.text] = generation;
    } while (search.next(0));
    return found;
  }

  return { literals, scan, open, takeBuffer };
}

/** Packs the literals, so that createAnchorScanner can use them at another time. */
export function packAnchors(literals: readonly string[]): PackedTexts {
  const patterns = encode(literals);
  return packTexts(patterns, locateWords(patterns, chooseWindows(patterns)));
}

function encode(literals: readonly string[]): readonly Buffer[] {
  const patterns = literals.map((literal) => Buffer.from(literal, 'utf8'));
  const short = patterns.findIndex((pattern) => pattern.length < MIN_ANCHOR_BYTES);
  if (short >= 0)
    throw new Error(
      `\`${literals[short] ?? ''}\` is too short to be searched: a literal has at least ${MIN_ANCHOR_BYTES} bytes.`,
    );
  return patterns;
}
