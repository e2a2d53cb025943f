// Places of a record's text, its numbers, and what it shares with others → its two lines in a bulk request, written by
// WebAssembly (lines.wat) in a memory of its own: sixteen bytes at a time, without a string or an object. What few
// records have is put in gaps that are left for it. Called by plain.ts.
import { packHex } from './id.js';

/** lines.wat, compiled; lines.test.ts says what it must be. */
export const COMPILED =
  'AGFzbQEAAAABLQVgA39/fwF/YAN/fn8Bf2ACf38Bf2ACf34Bf2AOf398f3x/f39/f39/f38BfwMJCAAAAQACAwIEBQQBAIABBxICBm1lbW9yeQIABXdyaXRlAAcKrQUIMQEBfyAAIAJqIQMDQCAAIAH9AAQA/QsEACAAQRBqIQAgAUEQaiEBIAAgA0kNAAsgAwuoAQIBewJ/A0AgAf0ABAAhAyAAIAP9CwQAQYCABCADQSD9D/0mIANBIv0P/SMgA0HcAP0P/SP9UP1Q/WRyaCEEIAEgBGogAk8EQCAAIAIgAWtqDwsgACAEaiEAIAEgBGohASAEQRBGDQAgAS0AACEFIABB3AA6AAAgAEHuAEH0ACAFIAVBCUYbIAVBCkYbOgABIABBAmohACABQQFqIQEgASACSQ0ACyAACzcBAX8gACACaiEDA0AgA0EBayEDIAMgAadBP3EtAKABOgAAIAFCBoghASADIABLDQALIAAgAmoLPAECfyAAIAJqIQMDQCADQQFrIQMgAUEKbiEEIANBMCABIARBCmxrajoAACAEIQEgAyAASw0ACyAAIAJqCyMBAn8gASEDA0AgAkEBaiECIANBCm4iAw0ACyAAIAEgAhADCzEBAX4gAULAhD2AIQIgAlAEfyAAIAGnEAQFIAAgAqcQBCABIAJCwIQ9fn2nQQYQAwsLEAAgACABKAIAIAEoAgQQAAvyAQAgAEGAAiABEAAhACAAIAKxQQgQAiEAIAAgA61CBIZBBhACIQBBACAANgIAIAAgC2ohACAAQcAAQRIQACEAIAAgBLEQBSEAIABB4ABBDBAAIQAgACAFIAYQASEAIAYgB0kEQCAAQYABQRcQACEAIAAgBkEBaiAHEAEhAAsgAEEiOgAAIABBAWohAEEEIAA2AgAgACAMaiEAIAAgCBAGIQAgACAJEAYhACAAIAKxEAUhACAAIAhBCGoQBiEAIAAgCUEIahAGIQAgACAKEAYhAEEIIAA2AgAgACANaiEAIAAgCUEQahAGIQAgACAIQRBqEAYLC44BBABBwAALEiJ9fQp7IkB0aW1lc3RhbXAiOgBB4AALDCwibWVzc2FnZSI6IgBBgAELFyIsImVycm9yLnN0YWNrX3RyYWNlIjoiAEGgAQtAQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NTY3ODktXw==';

/** Of one record. Places are those in the text. */
export interface Line {
  readonly offset: number;
  readonly crc: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly messageStart: number;
  readonly messageEnd: number;
  readonly end: number;
}

/** What few records have. */
export interface Gaps {
  /** In the action, behind the id; and whether the id stands there once more. */
  readonly action: Buffer;
  readonly repeatsId: boolean;
  /** Fields of the document and of its section for Flink: ASCII, each behind a comma. */
  readonly thrown: string;
  readonly flink: string;
}

export interface LineWriter {
  /** The memory, and where the next line begins in it. */
  readonly bytes: Buffer;
  readonly start: number;
  /** The lines are to be taken before the next one, and to be written over from then on. */
  readonly isFull: boolean;
  rewind(): void;
  /** Of the next lines: the beginning of their ids. */
  setKey(key: string): void;
  /** Where the places of the next lines are. While it is the same object its bytes must stay as they are. */
  setText(text: Uint8Array): void;
  /** Keeps texts for lines that have them in common, at most three; undefined when there is no room. */
  share(...texts: readonly Buffer[]): number | undefined;
  /** Forgets all that was shared. */
  clear(): void;
  /** Returns where the line ends, which is where the next one begins. */
  write(line: Line, shared: SharedPlaces, gaps: Gaps | undefined): number;
}

/**
 * Where that is kept which a line has in common with others. Behind what is said stand the first text of its preamble
 * and of its file, and the offset; then the second ones and the text of its owner; then the third ones, the file's
 * first.
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
  head: number,
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

/** Part of every JavaScript, but of no library of types without a browser's. */
interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

/** Where things lie in its memory, as lines.wat says. */
const HEAD = 256;
const SHARED = 1024;
const TEXT = 2_098_176;
const LINES = 3_147_776;
const END = 8_388_608;
/** Text and shared parts of one line fit behind LINES, each byte of the text behind a backslash. */
const MOST_TEXT_BYTES = 1_048_576;
/** So many stay in the processor's nearer memory until they are taken. */
const FULL_BYTES = 65_536;
const MOST_GAP_BYTES = END - LINES - FULL_BYTES - 2 * MOST_TEXT_BYTES - (TEXT - SHARED) - 1024;
/** In front of texts that are shared: where each stands. */
const PLACES_BYTES = 24;
const PLACE_BYTES = 8;
/** Letters of an offset and a sum. */
const ID_LETTERS = 14;
/** Twelve bytes (agent/identity/identity.ts). */
const FILE_KEY = /^[0-9a-f]{24}$/;
const ACTION = '{"create":{"_id":"';

export function createLineWriter(): LineWriter {
  const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: Engine }).WebAssembly;
  return new MemoryWriter(new Instance(new Module(Buffer.from(COMPILED, 'base64'))).exports as Code);
}

class MemoryWriter implements LineWriter {
  readonly bytes: Buffer;
  start = LINES;
  readonly #write: Write;
  readonly #gaps: Int32Array;
  #key = '';
  #headBytes = 0;
  #text: Uint8Array | undefined;
  #shared = SHARED;

  constructor({ memory, write }: Code) {
    this.bytes = Buffer.from(memory.buffer);
    this.#write = write;
    this.#gaps = new Int32Array(memory.buffer, 0, 3);
  }

  get isFull(): boolean {
    return this.start > LINES + FULL_BYTES;
  }

  rewind(): void {
    this.start = LINES;
  }

  setKey(key: string): void {
    if (key === this.#key) return;
    if (!FILE_KEY.test(key)) throw new RangeError(`the key of a file is ${key}`);
    const head = `${ACTION}${packHex(key)}`;
    this.#headBytes = this.bytes.write(head, HEAD, 'latin1');
    this.#key = key;
  }

  setText(text: Uint8Array): void {
    if (text === this.#text) return;
    if (text.length > MOST_TEXT_BYTES) throw new RangeError(`the text of records has ${text.length} bytes`);
    this.bytes.set(text, TEXT);
    this.#text = text;
  }

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

  clear(): void {
    this.#shared = SHARED;
  }

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
      this.#headBytes,
      line.offset,
      // Beyond a signed one it would be made an object first.
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
    const idBytes = repeatsId ? this.#headBytes - ACTION.length + ID_LETTERS : 0;
    const most = action.length + idBytes + thrown.length + flink.length;
    if (most > MOST_GAP_BYTES) throw new RangeError(`${most} bytes of a record are neither its text nor shared`);
    const end = this.#writeLine(line, shared, action.length + idBytes, thrown.length, flink.length);
    const [behindId = 0, behindText = 0, behindFlink = 0] = this.#gaps;
    action.copy(this.bytes, behindId);
    this.bytes.copyWithin(behindId + action.length, firstId, firstId + idBytes);
    this.bytes.write(thrown, behindText, 'latin1');
    this.bytes.write(flink, behindFlink, 'latin1');
    return end;
  }
}
