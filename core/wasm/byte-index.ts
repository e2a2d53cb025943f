// Indexes line breaks, special bytes and known texts of a buffer, one bit for each byte, in one pass that runs as
// WebAssembly (byte-index.wat). A text is recognized by four of its bytes at any position, so each find is compared
// here before it counts. Letters match in both cases. Most entries therefore need not be decoded to a string.
import { loadWasm } from './load.js';

/** Compiled byte-index.wat; byte-index.test.ts compares it with the source. */
export const COMPILED =
  'AGFzbQEAAAABEgNgAX8AYAN/f38Bf2ACf38BfwMEAwABAgUDAQAOBx8EBm1lbW9yeQIABHNjYW4AAANzdW0AAQVmcmFtZQACCrsJA/AEBAR/AX4EewR+QYCAFCEBAkADQCABIABPDQFCACEKQgAhC0IAIQxCACENQgAhBQNAIAEgBadqIQIgAv0ABAAhBiAKIAZBCv0P/SP9ZK0gBYaEIQogCyAGQf8A/Q/9IyAGQSD9D/0lIAZBCv0P/SMgBkEJ/Q/9I/1Q/U/9UP1krSAFhoQhCyAMIAZBIv0P/SMgBkHcAP0P/SMgBkEJ/Q/9I/1Q/VD9ZK0gBYaEIQwgBkEg/Q/9UCEHIAL9AAQBQSD9D/1QIQggAv0ABAJBIP0P/VAhCSANIAdBAP0ABAD9IyAIQQD9AAQQ/SP9TiAJQQD9AAQg/SP9TiAHQQD9AAQw/SMgCEEA/QAEQP0j/U4gCUEA/QAEUP0j/U79UCAHQQD9AARg/SMgCEEA/QAEcP0j/U4gCUEA/QAEgAH9I/1O/VD9ZK0gBYaEIQ0gBUIQfCEFIAVCwABUDQALQgAhBQNAIAEgBadqIQIgDSACKAIAQaDAgIECckGx893xeWwiBEESdi0AgCAgBEEKdkH/AXFBAXJGrSACKAIBQaDAgIECckGx893xeWwiBEESdi0AgCAgBEEKdkH/AXFBAXJGrUIBhoQgAigCAkGgwICBAnJBsfPd8XlsIgRBEnYtAIAgIARBCnZB/wFxQQFyRq1CAoYgAigCA0GgwICBAnJBsfPd8XlsIgRBEnYtAIAgIARBCnZB/wFxQQFyRq1CA4aEhCAFhoQhDSAFQgR8IQUgBULAAFQNAAsgAUGAgBRrQQN2IQMgAyAKNwOAgAQgAyALNwOAgAggAyAMNwOAgAwgAyANNwOAgBAgAUHAAGohAQwACwsL4wEBAn8gAkF/cyECAkADQCAAQQhqIAFLDQEgACgCACACcyEDIAAoAgQhBCADQf8BcUECdCgCgPgBIANBBnZB/AdxKAKA8AFzIANBDnZB/AdxKAKA6AEgA0EYdkECdCgCgOABc3MgBEH/AXFBAnQoAoDYASAEQQZ2QfwHcSgCgNABcyAEQQ52QfwHcSgCgMgBIARBGHZBAnQoAoDAAXNzcyECIABBCGohAAwACwsCQANAIAAgAU8NASACQQh2IAIgAC0AAHNB/wFxQQJ0KAKAwAFzIQIgAEEBaiEADAALCyACQX9zC+ECAgF7An8gASAAQQRqTSAAKAIAQYnC0YMCR3IEQEEADwsgAEEEaiEAAkADQCAA/QAEACECIAJBIP0P/SogAkEo/Q/9I/1Q/WQhAyADBEAgA2ghAyAEIAJBLv0P/SP9ZEEBIAN0QQFrcXIhBCAAIANqIQAMAgsgBCACQS79D/0j/WRyIQQgAEEQaiEAIAAgAUkNAAsLIARFIAAgAU8gAC0AAEEoR3JyBEBBAA8LAkADQCAA/QAEAEEp/Q/9I/1kIQMgAwRAIAAgA2hBAWpqIQAMAgsgAEEQaiEAIAAgAUkNAAtBAA8LIAAgAUYEQEEBDwsgACABSyAALQAAQSBHcgRAQQAPCyAAQQFqIQACQANAIAAgAU8NASAA/QAEACECIAJBIP0P/SMgAkEJ/Q/9I/1Q/WQhAyADBEAgACADaGogAUkEQEEADwsMAgsgAEEQaiEADAALCyABQQFrLQAAQd0ARgs=';

export interface FlaggedText {
  /** Printable ASCII of at least three bytes. At most three texts may have exactly three bytes. */
  readonly text: string;
  /** Bit of the text, one of thirty. */
  readonly flag: number;
}

interface Code {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly scan: (end: number) => void;
  readonly sum: (at: number, end: number, crc: number) => number;
  readonly frame: (at: number, end: number) => number;
}

/** Addresses in the memory, as byte-index.wat defines them. */
const SHORT = 0;
const TABLE = 4096;
const SUMS = 24_576;
const BREAKS = 65_536;
const ODD = 131_072;
const ESCAPES = 196_608;
const HITS = 262_144;
const BUFFER = 327_680;
export const BUFFER_BYTES = 524_288;
const TABLE_BITS = 14;
const SUM_TABLES = 8;
const SUM_ENTRIES = 256;
/** Polynomial of CRC32, with its bits reversed. */
const POLYNOMIAL = 0xedb88320;
const LANES = 16;
const MAX_SHORT = 3;
const WORD_BITS = 32;
const WORD_SHIFT = 5;
/** Number of bytes by which a text is known. */
const GRAM = 4;
const SHORT_BYTES = 3;
const SHORT_BITS = 0xff_ff_ff;
/** Byte that occurs in no text. */
const NO_BYTE = 255;
const HASH = 0x9e3779b1;
const TAG_SHIFT = 10;
/** Bit by which small letters differ from capital ones, for one byte and for each byte of a word. */
const CASE = 0x20;
const CASES = 0x20_20_20_20;
const LARGE_A = 65;
const LARGE_Z = 90;
/** Most frequent letters of logs, in order. A byte that is not in the list counts as frequent too. */
const USUAL = 'etaoinrscldpmfugkhbvwyjxqz';

/** Text with the bytes by which it is known and their offset in the text. */
interface Known {
  readonly bytes: Buffer;
  readonly gram: number;
  readonly at: number;
  readonly flag: number;
}

/** Index of the bytes of one reader. */
export class ByteIndex {
  /** Buffer into which bytes are read. */
  readonly buffer: Buffer;
  readonly #code = loadWasm<Code>(COMPILED);
  readonly #breaks: Int32Array;
  readonly #odd: Int32Array;
  readonly #escapes: Int32Array;
  readonly #hits: Int32Array;
  /** Long texts by their slot in the table, and the texts of three bytes. */
  readonly #known: (readonly Known[] | undefined)[] = new Array<undefined>(2 ** TABLE_BITS).fill(undefined);
  readonly #short: Known[] = [];

  constructor(texts: readonly FlaggedText[]) {
    const { buffer } = this.#code.memory;
    this.buffer = Buffer.from(buffer, BUFFER, BUFFER_BYTES);
    const viewBits = (start: number): Int32Array => new Int32Array(buffer, start, BUFFER_BYTES / WORD_BITS);
    this.#breaks = viewBits(BREAKS);
    this.#odd = viewBits(ODD);
    this.#escapes = viewBits(ESCAPES);
    this.#hits = viewBits(HITS);
    fillSums(new Int32Array(buffer, SUMS, SUM_TABLES * SUM_ENTRIES));
    this.#learn(new Uint8Array(buffer), texts);
  }

  /** Examines the first `length` bytes of the buffer. The other methods refer to them until the next call. */
  scan(length: number): void {
    this.#code.scan(BUFFER + length);
  }

  /** Returns the next line break at or after `at`, or `end` if there is none before it. */
  nextBreak(at: number, end: number): number {
    const bits = this.#breaks;
    let word = at >>> WORD_SHIFT;
    const last = (end + WORD_BITS - 1) >>> WORD_SHIFT;
    let rest = (bits[word] ?? 0) & (-1 << at);
    while (rest === 0 && (word += 1) < last) rest = bits[word] ?? 0;
    return rest === 0 ? end : Math.min(end, (word << WORD_SHIFT) + lowestBit(rest));
  }

  /** True if there is a control character other than line break and tab, or a byte that is not ASCII. */
  isOdd(start: number, end: number): boolean {
    return hasBit(this.#odd, start, end);
  }

  /** True if there is a quotation mark, a backslash or a tab. */
  hasEscapes(start: number, end: number): boolean {
    return hasBit(this.#escapes, start, end);
  }

  /** Returns the flags of the texts that lie completely within the range. */
  findFlags(start: number, end: number): number {
    const last = (end + WORD_BITS - 1) >>> WORD_SHIFT;
    let found = 0;
    for (let word = start >>> WORD_SHIFT; word < last; word += 1) {
      let rest = this.#hits[word] ?? 0;
      if (rest === 0) continue;
      rest &= maskOf(word, start, end);
      for (; rest !== 0; rest &= rest - 1)
        found |= this.#readFlags((word << WORD_SHIFT) + lowestBit(rest), start, end, found);
    }
    return found;
  }

  /** Extends `crc` by the bytes of the range. The result is the same as zlib's CRC32. */
  sum(start: number, end: number, crc: number): number {
    return this.#code.sum(BUFFER + start, BUFFER + end, crc) >>> 0;
  }

  /** True if these bytes, a whole line, are one frame of a Java stack trace and nothing else. */
  isFrame(start: number, end: number): boolean {
    return this.#code.frame(BUFFER + start, BUFFER + end) === 1;
  }

  /** Returns the flags of the texts that are known by the bytes at `at`. Texts in `found` are skipped. */
  #readFlags(at: number, start: number, end: number, found: number): number {
    const gram = readGram(this.buffer, at);
    const long = this.#compare(this.#known[findSlot(gram)], gram, at, start, end, found);
    return long | this.#compare(this.#short, gram & SHORT_BITS, at, start, end, found);
  }

  #compare(
    texts: readonly Known[] | undefined,
    gram: number,
    at: number,
    start: number,
    end: number,
    found: number,
  ): number {
    if (texts === undefined) return 0;
    let flags = 0;
    for (let index = 0; index < texts.length; index += 1) {
      const known = texts[index];
      if (known?.gram !== gram || (known.flag & found) !== 0) continue;
      const first = at - known.at;
      if (first >= start && first + known.bytes.length <= end && isText(this.buffer, first, known.bytes))
        flags |= known.flag;
    }
    return flags;
  }

  #learn(memory: Uint8Array, texts: readonly FlaggedText[]): void {
    const short = texts.filter(({ text }) => text.length < GRAM);
    if (short.length > MAX_SHORT) throw new RangeError(`more than ${MAX_SHORT} texts of three bytes`);
    memory.fill(NO_BYTE, SHORT, SHORT + MAX_SHORT * SHORT_BYTES * LANES);
    short.forEach(({ text, flag }, index) => {
      const bytes = Buffer.from(text.toLowerCase(), 'latin1');
      bytes.forEach((byte, at) => {
        const lanes = SHORT + (SHORT_BYTES * index + at) * LANES;
        memory.fill(byte | CASE, lanes, lanes + LANES);
      });
      const gram = readGram(Buffer.concat([bytes, Buffer.of(0)]), 0) & SHORT_BITS;
      this.#short.push({ bytes, gram, at: 0, flag });
    });
    for (const { text, flag } of texts) if (text.length >= GRAM) this.#learnLong(memory, text, flag);
  }

  #learnLong(memory: Uint8Array, text: string, flag: number): void {
    const bytes = Buffer.from(text.toLowerCase(), 'latin1');
    for (const at of listByRarity(bytes)) {
      const gram = readGram(bytes, at);
      const slot = findSlot(gram);
      const tag = ((Math.imul(gram, HASH) >>> TAG_SHIFT) & 255) | 1;
      if (memory[TABLE + slot] !== 0 && memory[TABLE + slot] !== tag) continue;
      memory[TABLE + slot] = tag;
      this.#known[slot] = [...(this.#known[slot] ?? []), { bytes, gram, at, flag }];
      return;
    }
    throw new RangeError(`"${text}" has no four bytes whose place is free`);
  }
}

function fillSums(tables: Int32Array): void {
  for (let byte = 0; byte < SUM_ENTRIES; byte += 1) {
    let sum = byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum & 1) === 0 ? sum >>> 1 : (sum >>> 1) ^ POLYNOMIAL;
    tables[byte] = sum;
  }
  for (let at = SUM_ENTRIES; at < SUM_TABLES * SUM_ENTRIES; at += 1) {
    const before = tables[at - SUM_ENTRIES] ?? 0;
    tables[at] = (before >>> 8) ^ (tables[before & 255] ?? 0);
  }
}

function hasBit(bits: Int32Array, start: number, end: number): boolean {
  const last = (end + WORD_BITS - 1) >>> WORD_SHIFT;
  for (let word = start >>> WORD_SHIFT; word < last; word += 1)
    if (bits[word] !== 0 && ((bits[word] ?? 0) & maskOf(word, start, end)) !== 0) return true;
  return false;
}

/** Returns the bits of a word that lie from `start` up to `end`. */
function maskOf(word: number, start: number, end: number): number {
  const first = word << WORD_SHIFT;
  return (start > first ? -1 << start : -1) & (end < first + WORD_BITS ? ~(-1 << end) : -1);
}

function lowestBit(word: number): number {
  return WORD_BITS - 1 - Math.clz32(word & -word);
}

/** Reads four bytes with letters in lower case. Some other bytes become equal as well. */
function readGram(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24) | CASES
  );
}

/** Returns the table slot of four bytes. */
function findSlot(gram: number): number {
  return Math.imul(gram, HASH) >>> (WORD_BITS - TABLE_BITS);
}

/** True if the bytes at `first` are `text`, ignoring case. `text` must be in lower case. */
function isText(bytes: Uint8Array, first: number, text: Uint8Array): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const byte = bytes[first + at] ?? 0;
    const small = byte >= LARGE_A && byte <= LARGE_Z ? byte | CASE : byte;
    if (small !== text[at]) return false;
  }
  return true;
}

/** Lists the offsets of four-byte groups, the rarest in logs first. */
function listByRarity(bytes: Uint8Array): readonly number[] {
  const rarities = Array.from(bytes, (byte) => USUAL.indexOf(String.fromCharCode(byte)) + 1);
  const places: { readonly at: number; readonly rarity: number }[] = [];
  for (let at = 0; at + GRAM <= bytes.length; at += 1) {
    let rarity = 0;
    for (let next = at; next < at + GRAM; next += 1) rarity += rarities[next] ?? 0;
    places.push({ at, rarity });
  }
  return places.sort((a, b) => b.rarity - a.rarity).map(({ at }) => at);
}
