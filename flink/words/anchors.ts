// One pass over bytes for any number of literals (core/bytes/byte-search.ts): of each a window of seven bytes is chosen
// whose words are rare in logs (anchor-words.ts). What a byte costs hardly depends on the number of literals. A blank
// of a literal fits any single white space. scan.ts asks it about entries, wanted.ts about whole chunks of files;
// bench/scan measures it.
import {
  openTextSearch,
  packTexts,
  type PackedTexts,
  type ByteRun,
  type TextSearch,
} from '../../core/bytes/byte-search.js';
import { LEAST_ANCHOR_BYTES, chooseWindows, locateWords } from './anchor-words.js';

export interface AnchorScanner {
  readonly literals: readonly string[];
  /** The literals that occur in the bytes, by their index, each once, in the order in which they are met. */
  scan(bytes: Uint8Array): readonly number[];
  /** The literals in the bytes one by one, as texts by their index; of a run's one maybe only the last. */
  open(bytes: Uint8Array, run?: ByteRun): TextSearch;
  /** See TextFinder. */
  takeRoom(): Buffer | undefined;
}

/** Most entries hold nothing: one empty list for all of them. */
const NONE: readonly number[] = [];

/**
 * Literals (compared byte by byte, as UTF-8) → scanner; `packed` where that was done before. Throws for one of less
 * than LEAST_ANCHOR_BYTES.
 */
export function createAnchorScanner(
  literals: readonly string[],
  packed: PackedTexts = packAnchors(literals),
): AnchorScanner {
  const { open, takeRoom } = openTextSearch(packed);
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

  return { literals, scan, open, takeRoom };
}

/** What is looked for, for createAnchorScanner at another time. */
export function packAnchors(literals: readonly string[]): PackedTexts {
  const patterns = encode(literals);
  return packTexts(patterns, locateWords(patterns, chooseWindows(patterns)));
}

function encode(literals: readonly string[]): readonly Buffer[] {
  const patterns = literals.map((literal) => Buffer.from(literal, 'utf8'));
  const short = patterns.findIndex((pattern) => pattern.length < LEAST_ANCHOR_BYTES);
  if (short >= 0)
    throw new Error(
      `\`${literals[short] ?? ''}\` is too short to be looked for: a literal has at least ${LEAST_ANCHOR_BYTES} bytes.`,
    );
  return patterns;
}
