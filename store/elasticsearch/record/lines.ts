// Writes the two bulk lines of a record from positions in its text, its numbers, and what it shares with other records.
// WebAssembly (lines.wat) writes them in its own memory, sixteen bytes at a time, without a string or an object. Fields
// that few records have are put into gaps that are left for them.
import { loadWasm } from '../../../core/wasm/load.js';
import { packHex } from './id.js';

/** Compiled form of lines.wat. lines.test.ts checks it. */
export const COMPILED =
  'AGFzbQEAAAABLQVgA39/fwF/YAN/fn8Bf2ACf38Bf2ACf34Bf2AOf398f3x/f39/f39/f38BfwMJCAAAAQACAwIEBQQBAIABBxICBm1lbW9yeQIABXdyaXRlAAcKrQUIMQEBfyAAIAJqIQMDQCAAIAH9AAQA/QsEACAAQRBqIQAgAUEQaiEBIAAgA0kNAAsgAwuoAQIBewJ/A0AgAf0ABAAhAyAAIAP9CwQAQYCABCADQSD9D/0mIANBIv0P/SMgA0HcAP0P/SP9UP1Q/WRyaCEEIAEgBGogAk8EQCAAIAIgAWtqDwsgACAEaiEAIAEgBGohASAEQRBGDQAgAS0AACEFIABB3AA6AAAgAEHuAEH0ACAFIAVBCUYbIAVBCkYbOgABIABBAmohACABQQFqIQEgASACSQ0ACyAACzcBAX8gACACaiEDA0AgA0EBayEDIAMgAadBP3EtAKABOgAAIAFCBoghASADIABLDQALIAAgAmoLPAECfyAAIAJqIQMDQCADQQFrIQMgAUEKbiEEIANBMCABIARBCmxrajoAACAEIQEgAyAASw0ACyAAIAJqCyMBAn8gASEDA0AgAkEBaiECIANBCm4iAw0ACyAAIAEgAhADCzEBAX4gAULAhD2AIQIgAlAEfyAAIAGnEAQFIAAgAqcQBCABIAJCwIQ9fn2nQQYQAwsLEAAgACABKAIAIAEoAgQQAAvyAQAgAEGAAiABEAAhACAAIAKxQQgQAiEAIAAgA61CBIZBBhACIQBBACAANgIAIAAgC2ohACAAQcAAQRIQACEAIAAgBLEQBSEAIABB4ABBDBAAIQAgACAFIAYQASEAIAYgB0kEQCAAQYABQRcQACEAIAAgBkEBaiAHEAEhAAsgAEEiOgAAIABBAWohAEEEIAA2AgAgACAMaiEAIAAgCBAGIQAgACAJEAYhACAAIAKxEAUhACAAIAhBCGoQBiEAIAAgCUEIahAGIQAgACAKEAYhAEEIIAA2AgAgACANaiEAIAAgCUEQahAGIQAgACAIQRBqEAYLC44BBABBwAALEiJ9fQp7IkB0aW1lc3RhbXAiOgBB4AALDCwibWVzc2FnZSI6IgBBgAELFyIsImVycm9yLnN0YWNrX3RyYWNlIjoiAEGgAQtAQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NTY3ODktXw==';

/** Numbers of one record, and positions in its text. */
export interface Line {
  readonly offset: number;
  readonly crc: number;
  /** Time in milliseconds since 1970. */
  readonly time: number;
  readonly messageStart: number;
  readonly messageEnd: number;
  readonly end: number;
}

/** Fields that few records have. */
export interface Gaps {
  /** Text of the action after the id. With `repeatsId`, the id follows once more. */
  readonly action: Buffer;
  readonly repeatsId: boolean;
  /** Fields of the document and of its section for Flink, in ASCII. Each begins with a comma. */
  readonly thrown: string;
  readonly flink: string;
}

/**
 * Positions of the texts that a line has in common with others. The line has them after its message and its stack
 * trace, in this order: the first text of the preamble and of the file, and the offset; the second texts of both, and
 * the text of the owner; the third text of the file, and of the preamble.
 */
export interface SharedPlaces {
  readonly preamble: number;
  readonly file: number;
  readonly owner: number;
}

interface Code {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly write: Write;
}

type Write = (
  to: number,
  prefixBytes: number,
  offset: number,
  crc: number,
  time: number,
  messageStart: number,
  messageEnd: number,
  end: number,
  preamble: number,
  file: number,
  owner: number,
  gapBehindId: number,
  gapBehindText: number,
  gapBehindFlink: number,
) => number;

/** Positions in the memory, as in lines.wat. */
const PREFIX = 256;
const SHARED = 1024;
const TEXT = 2_098_176;
const LINES = 3_147_776;
const END = 8_388_608;
/**
 * Largest number of bytes of a text. The text and the shared texts of one line fit after LINES, even with a backslash
 * before each byte of the text.
 */
const MAX_TEXT_BYTES = 1_048_576;
/** Number of bytes of lines that stay in the processor's cache until they are taken. */
const FULL_BYTES = 65_536;
const MAX_GAP_BYTES = END - LINES - FULL_BYTES - 2 * MAX_TEXT_BYTES - (TEXT - SHARED) - 1024;
/** Length of the table before shared texts, which says where each text is. */
const PLACES_BYTES = 24;
const PLACE_BYTES = 8;
/** Number of letters of an offset and a checksum. */
const ID_LETTERS = 14;
/** Pattern of a file key of twelve bytes (agent/tail/identity.ts). */
const FILE_KEY = /^[0-9a-f]{24}$/;
const ACTION = '{"create":{"_id":"';

export class LineWriter {
  /** Memory of the writer, and the position at which the next line begins in it. */
  readonly bytes: Buffer;
  start = LINES;
  readonly #write: Write;
  readonly #gaps: Int32Array;
  #key = '';
  #prefixBytes = 0;
  #text: Uint8Array | undefined;
  #shared = SHARED;

  constructor() {
    const { memory, write } = loadWasm<Code>(COMPILED);
    this.bytes = Buffer.from(memory.buffer);
    this.#write = write;
    this.#gaps = new Int32Array(memory.buffer, 0, 3);
  }

  /** True if the lines must be taken before the next one is written, because they are overwritten from then on. */
  get isFull(): boolean {
    return this.start > LINES + FULL_BYTES;
  }

  rewind(): void {
    this.start = LINES;
  }

  /** Sets the key with which the ids of the next lines begin. */
  setKey(key: string): void {
    if (key === this.#key) return;
    if (!FILE_KEY.test(key)) throw new RangeError(`the key of a file is ${key}`);
    const prefix = `${ACTION}${packHex(key)}`;
    this.#prefixBytes = this.bytes.write(prefix, PREFIX, 'latin1');
    this.#key = key;
  }

  /** Sets the text to which the positions of the next lines refer. The bytes of the same object must stay unchanged. */
  setText(text: Uint8Array): void {
    if (text === this.#text) return;
    if (text.length > MAX_TEXT_BYTES) throw new RangeError(`the text of records has ${text.length} bytes`);
    this.bytes.set(text, TEXT);
    this.#text = text;
  }

  /** Keeps at most three texts that lines have in common. Returns their position, or undefined if there is no room. */
  share(...texts: readonly Buffer[]): number | undefined {
    const place = this.#shared;
    if (texts.reduce((end, text) => end + text.length, place + PLACES_BYTES) > TEXT) return undefined;
    let at = place + PLACES_BYTES;
    texts.forEach((text, index) => {
      this.bytes.writeInt32LE(at, place + PLACE_BYTES * index);
      this.bytes.writeInt32LE(text.length, place + PLACE_BYTES * index + 4);
      at += text.copy(this.bytes, at);
    });
    this.#shared = at;
    return place;
  }

  /** Removes all shared texts. */
  clear(): void {
    this.#shared = SHARED;
  }

  /** Writes a line. Returns the position of its end, which is where the next line begins. */
  write(line: Line, shared: SharedPlaces, gaps: Gaps | undefined): number {
    const end = gaps === undefined ? this.#writeLine(line, shared, 0, 0, 0) : this.#writeGaps(line, shared, gaps);
    this.start = end;
    return end;
  }

  #writeLine(
    line: Line,
    { preamble, file, owner }: SharedPlaces,
    gapBehindId: number,
    gapBehindText: number,
    gapBehindFlink: number,
  ): number {
    return this.#write(
      this.start,
      this.#prefixBytes,
      line.offset,
      // A signed number, because a larger one would first be converted to an object.
      line.crc | 0,
      line.time,
      TEXT + line.messageStart,
      TEXT + line.messageEnd,
      TEXT + line.end,
      preamble,
      file,
      owner,
      gapBehindId,
      gapBehindText,
      gapBehindFlink,
    );
  }

  #writeGaps(line: Line, shared: SharedPlaces, { action, repeatsId, thrown, flink }: Gaps): number {
    const firstId = this.start + ACTION.length;
    const idBytes = repeatsId ? this.#prefixBytes - ACTION.length + ID_LETTERS : 0;
    const max = action.length + idBytes + thrown.length + flink.length;
    if (max > MAX_GAP_BYTES) throw new RangeError(`${max} bytes of a record are neither its text nor shared`);
    const end = this.#writeLine(line, shared, action.length + idBytes, thrown.length, flink.length);
    const [behindId = 0, behindText = 0, behindFlink = 0] = this.#gaps;
    action.copy(this.bytes, behindId);
    this.bytes.copyWithin(behindId + action.length, firstId, firstId + idBytes);
    this.bytes.write(thrown, behindText, 'latin1');
    this.bytes.write(flink, behindFlink, 'latin1');
    return end;
  }
}
