// Compresses bytes to gzip. Similar lines take little more than half the time of zlib's fastest level, at nearly its
// size, because a repetition is searched at one place only, sixteen bytes at a time, in WebAssembly (gzip.wat). Each
// block has its own codes (RFC 1951).
import { crc32 } from 'node:zlib';
import { loadWasm } from './load.js';

/** Compiled gzip.wat; gzip.test.ts compares it with the source. */
export const COMPILED =
  'AGFzbQEAAAABEwRgAn9/AX9gAX8AYAAAYAJ/fwADBgUAAQIDAQUDAQAbBzAGBm1lbW9yeQIABGZpbmQAAAVzbGlkZQABBWNsZWFyAAIDcHV0AAMGZW5jb2RlAAQKswcFtQMBB39BgMAEIQICQANAIABBBGogAUoNASAAKAIAIQMgACkDAEIQhkKHla+vmLbem55/fkIwiKdB/P8DcSEEIAQoAoBAIQUgBCAANgKAQCAFKAIAIANGIAAgBWtBgIACTXEEQEEEIQYCQANAQf//AyAAIAZq/QAEACAFIAZq/QAEAP0j/WRzIQcgBwRAIAYgB2hqIQYMAgsgBkEQaiEGIAZBggJJDQALCyAGQYICIAZBggJJGyEGIAAgBmogAUsEQCABIABrIQYLIAAgBWtBAWshBSACQYCAgIB4IAZBEHQgBXJyNgIAIAJBBGohAiAGLQCACEECdCEIIAggCCgChBxBAWo2AoQcIAVBgAIgBUEHdmogBUGAAkkbLQCADEECdCEIIAggCCgCgB1BAWo2AoAdIAAgBmohAAwBCyADQf8BcSEDIAIgAzYCACACQQRqIQIgA0ECdCEIIAggCCgCgBRBAWo2AoAUIABBAWohAAwACwsCQANAIAAgAU8NASAALQAAIQMgAiADNgIAIAJBBGohAiADQQJ0IQggCCAIKAKAFEEBajYCgBQgAEEBaiEADAALCyACC1YBAX9BgMDEAEGAwMQAIABqQYCAAvwKAAADQCABIAH9AASAQCAA/RH9sQH9DAAAAAAAAAAAAAAAAAAAAAD9uAH9CwSAQCABQRBqIQEgAUGAgARJDQALCw8AQYDAAEEAQYCABPwLAAtVAgF+AX9BCCgCACEDQQApAwAgAK0gA62GhCECIAMgAWohA0EMKAIAIAI3AwBBDEEMKAIAIANBA3ZqNgIAQQAgAiADQThxrYg3AwBBCCADQQdxNgIAC7wCAwJ/An4Df0GAwAQhAUEAKQMAIQNBCDUCACEEQQwoAgAhAgJAA0AgASAATw0BIAEoAgAhBSABQQRqIQEgBUEATgRAIAVBAnQoAoAgIQYgAyAGQf///wdxrSAEhoQhAyAEIAZBGHatfCEEBSAFQRB2Qf8DcUECdCgCgCohBiADIAZB////B3GtIASGhCEDIAQgBkEYdq18IQQgBUH//wFxIQUgBUGAAiAFQQd2aiAFQYACSRstAIAMQQJ0IQcgBygCgBIhBiADIAZB////B3GtIASGhCEDIAQgBkEYdq18IQQgAyAFIAcoAoAQa60gBIaEIQMgBCAHNQKAEXwhBAsgAiADNwMAIAIgBEIDiKdqIQIgAyAEQjiDiCEDIARCB4MhBAwACwtBACADNwMAQQggBKc2AgBBDCACNgIACw==';

interface Code {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly clear: () => void;
  readonly find: (at: number, end: number) => number;
  readonly slide: (length: number) => void;
  readonly put: (value: number, count: number) => void;
  readonly encode: (end: number) => void;
}

/** Addresses in the memory, as gzip.wat defines them. */
const OUT_PLACE = 12;
const LENGTH_SYMBOLS = 1024;
const DISTANCE_SYMBOLS = 1536;
const MIN_DISTANCES = 2048;
const DISTANCE_BITS = 2176;
const DISTANCE_CODES = 2304;
const LITERAL_COUNTS = 2560;
const DISTANCE_COUNTS = 3712;
const LITERAL_CODES = 4096;
const LENGTH_CODES = 5376;
const INPUT = 1_122_304;
const OUT = 1_441_792;
/** Longest distance of a repetition, in bytes. */
const HISTORY_BYTES = 32_768;
const BLOCK_BYTES = 262_144;
/** Largest output of a block in bytes. No literal takes more than nine bits on average. */
const MAX_OUT_BYTES = 300_000;

const LITERALS = 286;
const DISTANCES = 30;
const END_OF_BLOCK = 256;
const FIRST_LENGTH = 257;
const MIN_LENGTH = 3;
const MAX_LENGTH = 258;
const MAX_CODE_BITS = 15;
/** Position of the number of bits in a code; the bits themselves are below it. */
const COUNT_SHIFT = 24;
/** Bits of the symbol in a number that holds a symbol and its count. */
const SYMBOL_BITS = 9;
const HEADER = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255);
const TRAILER_BYTES = 8;

/** Creates a compressor with its own memory, which it uses for all its calls. */
export function createGzip(): (bytes: Uint8Array) => Buffer {
  const press = new Press(loadWasm<Code>(COMPILED));
  return (bytes) => press.compress(bytes);
}

/**
 * Range of lengths from `MIN_LENGTH` on, or of distances minus one, that share a symbol. `bits` extra bits select one
 * value.
 */
interface Range {
  readonly least: number;
  readonly bits: number;
}

const LENGTH_RANGES = listLengths();
const DISTANCE_RANGES = listRanges(0, DISTANCES, (index) => Math.max(0, (index >> 1) - 1));

function listRanges(first: number, count: number, bitsOf: (index: number) => number): readonly Range[] {
  let least = first;
  return Array.from({ length: count }, (_, index) => {
    const range = { least, bits: bitsOf(index) };
    least += 1 << range.bits;
    return range;
  });
}

/** Lists the ranges of lengths. The longest length has a symbol of its own. */
function listLengths(): readonly Range[] {
  const ranges = listRanges(MIN_LENGTH, LITERALS - FIRST_LENGTH - 1, (index) => Math.max(0, (index >> 2) - 1));
  return [...ranges, { least: MAX_LENGTH, bits: 0 }];
}

class Press {
  readonly #code: Code;
  readonly #memory: Buffer;
  readonly #out: Int32Array;
  readonly #literals: Alphabet;
  readonly #distances: Alphabet;
  readonly #lengthCodes: Int32Array;
  /** Output so far. The buffer grows as needed. */
  #wire = Buffer.allocUnsafeSlow(MAX_OUT_BYTES);

  constructor(code: Code) {
    const { buffer } = code.memory;
    this.#code = code;
    this.#memory = Buffer.from(buffer);
    this.#out = new Int32Array(buffer, OUT_PLACE, 1);
    this.#literals = createAlphabet(buffer, LITERALS, LITERAL_COUNTS, LITERAL_CODES);
    this.#distances = createAlphabet(buffer, DISTANCES, DISTANCE_COUNTS, DISTANCE_CODES);
    this.#lengthCodes = new Int32Array(buffer, LENGTH_CODES, MAX_LENGTH + 1);
    fillSymbols(this.#memory);
  }

  compress(bytes: Uint8Array): Buffer {
    this.#memory.fill(0, 0, OUT_PLACE);
    this.#code.clear();
    let used = HEADER.copy(this.#wire);
    let sum = 0;
    for (let from = 0, isLast = false; !isLast; from += BLOCK_BYTES) {
      const block = bytes.subarray(from, from + BLOCK_BYTES);
      isLast = from + BLOCK_BYTES >= bytes.length;
      // The checksum is computed now because the bytes of the block are in the cache.
      sum = crc32(block, sum);
      this.#writeBlock(block, isLast);
      used += this.#keep(used);
    }
    this.#wire.writeUInt32LE(sum, used);
    this.#wire.writeUInt32LE(bytes.length, used + 4);
    return Buffer.from(this.#wire.subarray(0, used + TRAILER_BYTES));
  }

  #writeBlock(block: Uint8Array, isLast: boolean): void {
    const start = INPUT + HISTORY_BYTES;
    this.#memory.set(block, start);
    for (const { counts } of [this.#literals, this.#distances]) counts.fill(0);
    const end = this.#code.find(start, start + block.length);
    this.#out[0] = OUT;
    this.#writeCodes(isLast);
    this.#code.encode(end);
    this.#put(this.#literals.codes[END_OF_BLOCK] ?? 0);
    // Zero bits fill the last byte.
    if (isLast) this.#code.put(0, 7);
    else this.#code.slide(block.length);
  }

  /**
   * Writes the codes of the block. Code lengths are written as numbers of four bits, because run lengths would save too
   * little.
   */
  #writeCodes(isLast: boolean): void {
    const { put } = this.#code;
    const literals = this.#literals;
    const distances = this.#distances;
    literals.counts[END_OF_BLOCK] = 1;
    for (const alphabet of [literals, distances]) fillCodes(alphabet);
    this.#fillLengths();
    put(isLast ? 1 : 0, 1);
    put(2, 2);
    put(LITERALS - FIRST_LENGTH, 5);
    put(DISTANCES - 1, 5);
    put(15, 4);
    put(0, 9);
    for (let length = 0; length <= MAX_CODE_BITS; length += 1) put(4, 3);
    for (const { lengths } of [literals, distances]) for (const length of lengths) put(reverse(length, 4), 4);
  }

  #fillLengths(): void {
    LENGTH_RANGES.forEach(({ least, bits }, index) => {
      const code = this.#literals.codes[FIRST_LENGTH + index] ?? 0;
      const max = Math.min(1 << bits, MAX_LENGTH + 1 - least);
      for (let more = 0; more < max; more += 1)
        this.#lengthCodes[least + more] = code + (bits << COUNT_SHIFT) + (more << (code >>> COUNT_SHIFT));
    });
  }

  #put(code: number): void {
    this.#code.put(code & ((1 << COUNT_SHIFT) - 1), code >>> COUNT_SHIFT);
  }

  #keep(used: number): number {
    const end = this.#out[0] ?? OUT;
    const needed = used + end - OUT + TRAILER_BYTES;
    if (needed > this.#wire.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#wire.length));
      this.#wire.copy(larger, 0, 0, used);
      this.#wire = larger;
    }
    return this.#memory.copy(this.#wire, used, OUT, end);
  }
}

function fillSymbols(memory: Buffer): void {
  LENGTH_RANGES.forEach(({ least, bits }, index) => {
    memory.fill(index, LENGTH_SYMBOLS + least, LENGTH_SYMBOLS + least + (1 << bits));
  });
  DISTANCE_RANGES.forEach(({ least, bits }, index) => {
    memory.writeInt32LE(least, MIN_DISTANCES + 4 * index);
    memory.writeInt32LE(bits, DISTANCE_BITS + 4 * index);
    const [first, end] = [least, least + (1 << bits)].map((less) => (less < 256 ? less : 256 + (less >> 7)));
    memory.fill(index, DISTANCE_SYMBOLS + (first ?? 0), DISTANCE_SYMBOLS + (end ?? 0));
  });
}

/** Symbols of an alphabet: how often each occurs, and its code. */
interface Alphabet {
  readonly counts: Int32Array;
  readonly lengths: Uint8Array;
  readonly codes: Int32Array;
}

function createAlphabet(buffer: ArrayBuffer, size: number, countsAt: number, codesAt: number): Alphabet {
  return {
    counts: new Int32Array(buffer, countsAt, size),
    lengths: new Uint8Array(size),
    codes: new Int32Array(buffer, codesAt, size),
  };
}

/** Fills in canonical Huffman codes, with the bits of each code reversed. */
function fillCodes(alphabet: Alphabet): void {
  const { counts, lengths, codes } = alphabet;
  // Deflate needs at least two codes, so the first two symbols count as used.
  for (let symbol = 0; symbol < 2; symbol += 1) counts[symbol] ||= 1;
  const perLength = fillLengths(alphabet);
  const next = new Int32Array(MAX_CODE_BITS + 1);
  for (let bits = 1, code = 0; bits <= MAX_CODE_BITS; bits += 1) {
    code = (code + (perLength[bits - 1] ?? 0)) << 1;
    next[bits] = code;
  }
  for (let symbol = 0; symbol < lengths.length; symbol += 1) {
    const bits = lengths[symbol] ?? 0;
    codes[symbol] = bits === 0 ? 0 : reverse(next[bits] ?? 0, bits) | (bits << COUNT_SHIFT);
    next[bits] = (next[bits] ?? 0) + 1;
  }
}

/** Sets the code length of each symbol, the longest for the rarest ones. Returns the number of codes of each length. */
function fillLengths({ counts, lengths }: Alphabet): Int32Array {
  const sorted = sortSymbols(counts);
  const perLength = limitLengths(countDepths(sorted));
  lengths.fill(0);
  let at = 0;
  for (let bits = MAX_CODE_BITS; bits > 0; bits -= 1)
    for (const end = at + (perLength[bits] ?? 0); at < end; at += 1)
      lengths[(sorted[at] ?? 0) & ((1 << SYMBOL_BITS) - 1)] = bits;
  return perLength;
}

/** Returns the symbols that occur, the rarest first. The count is above the symbol's bits. */
function sortSymbols(counts: Int32Array): Int32Array {
  const found = new Int32Array(counts.length);
  let used = 0;
  for (let symbol = 0; symbol < counts.length; symbol += 1) {
    const count = counts[symbol] ?? 0;
    if (count > 0) found[used++] = (count << SYMBOL_BITS) | symbol;
  }
  return found.subarray(0, used).sort();
}

/**
 * Builds the Huffman tree by joining the two rarest nodes repeatedly. Returns the number of leaves at each depth;
 * greater depths count as the largest one.
 */
function countDepths(sorted: Int32Array): Int32Array {
  const leaves = sorted.length;
  const root = 2 * leaves - 2;
  const weights = new Int32Array(root + 1);
  const parents = new Int32Array(root + 1);
  for (let leaf = 0; leaf < leaves; leaf += 1) weights[leaf] = (sorted[leaf] ?? 0) >>> SYMBOL_BITS;
  let leaf = 0;
  let inner = leaves;
  for (let node = leaves; node <= root; node += 1)
    for (let child = 0; child < 2; child += 1) {
      const isLeaf = leaf < leaves && (inner === node || (weights[leaf] ?? 0) <= (weights[inner] ?? 0));
      const least = isLeaf ? leaf++ : inner++;
      parents[least] = node;
      weights[node] = (weights[node] ?? 0) + (weights[least] ?? 0);
    }
  const depths = weights.fill(0);
  const perDepth = new Int32Array(MAX_CODE_BITS + 1);
  for (let node = root - 1; node >= 0; node -= 1) {
    const depth = (depths[parents[node] ?? 0] ?? 0) + 1;
    depths[node] = depth;
    if (node < leaves) perDepth[Math.min(depth, MAX_CODE_BITS)] = (perDepth[Math.min(depth, MAX_CODE_BITS)] ?? 0) + 1;
  }
  return perDepth;
}

/**
 * Makes shorter codes longer until all codes have room, because codes that were cut to the largest length leave too
 * little of it.
 */
function limitLengths(perLength: Int32Array): Int32Array {
  let taken = 0;
  for (let bits = 1; bits <= MAX_CODE_BITS; bits += 1) taken += (perLength[bits] ?? 0) << (MAX_CODE_BITS - bits);
  for (; taken > 1 << MAX_CODE_BITS; taken -= 1) {
    let bits = MAX_CODE_BITS - 1;
    while (perLength[bits] === 0) bits -= 1;
    perLength[bits] = (perLength[bits] ?? 0) - 1;
    perLength[bits + 1] = (perLength[bits + 1] ?? 0) + 2;
    perLength[MAX_CODE_BITS] = (perLength[MAX_CODE_BITS] ?? 0) - 1;
  }
  return perLength;
}

function reverse(value: number, bits: number): number {
  let reversed = 0;
  for (let bit = 0; bit < bits; bit += 1) reversed |= ((value >>> bit) & 1) << (bits - 1 - bit);
  return reversed;
}
