// Splits a UTF-16 file into its entries in UTF-8, with the offsets that they have in the file. It wraps a splitter of
// split.ts, which sees the decoded text; the beginning of each line in the text and in the file is remembered while its
// entry is open. Units that are no text become U+FFFD, and their entry is flagged.
import type { Utf16 } from '../bytes/utf16.js';
import { EntrySplitter, type SplitEntry, type Splitter, type SplitterOptions } from './split.js';

export interface Utf16Options extends SplitterOptions {
  readonly form: Utf16;
}

/** First byte of a line in the text and in the file. */
interface LinePlace {
  readonly text: number;
  readonly file: number;
  isInvalid: boolean;
}

const BYTE_ORDER_MARK = '\ufeff';
const REPLACEMENT = '\ufffd';
const NEWLINE = 10;
/** Half of a surrogate pair without the other half. */
const LONE = /\p{Surrogate}/u;
const NOTHING = Buffer.alloc(0);

export class Utf16Splitter implements Splitter {
  readonly isDated = false;
  readonly #options: Utf16Options;
  #inner: EntrySplitter;
  /** Bytes of an incomplete unit, or of an incomplete pair of units. */
  #held: Buffer = NOTHING;
  /** Lines of the open entry, and the line that is being read; never empty. */
  #lines: LinePlace[];
  /** Next byte of the text, and the matching byte in the file. */
  #text = 0;
  #file: number;

  constructor(options: Utf16Options) {
    this.#options = options;
    this.#inner = new EntrySplitter({ ...options, offset: 0 });
    this.#file = options.offset ?? 0;
    this.#lines = [{ text: 0, file: this.#file, isInvalid: false }];
  }

  get pendingBytes(): number {
    return this.#inner.pendingBytes + this.#held.length;
  }

  get openOffset(): number {
    return this.#toFile(this.#inner.openOffset);
  }

  get resumeOffset(): number {
    return this.openOffset;
  }

  get openLine(): number {
    return this.#inner.openLine;
  }

  get starts(): readonly number[] {
    const [open, line] = [this.openOffset, this.#lines.at(-1)?.file ?? 0];
    return line > open ? [open, line] : [open];
  }

  push(chunk: Buffer): SplitEntry[] {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const end = wholeEnd(bytes, this.#options.form);
    this.#held = Buffer.from(bytes.subarray(end));
    return this.#split(decode(bytes.subarray(0, end), this.#options.form));
  }

  flush(): SplitEntry[] {
    const { form } = this.#options;
    const { length } = this.#held;
    const text = decode(this.#held.subarray(0, length - (length % 2)), form) + (length % 2 === 0 ? '' : REPLACEMENT);
    this.#held = NOTHING;
    const entries = length === 0 ? [] : this.#split(text, length);
    return [...entries, ...this.#locate(this.#inner.flush())];
  }

  peek(): SplitEntry[] {
    const copy = new Utf16Splitter(this.#options);
    copy.#inner = this.#inner.clone();
    copy.#held = this.#held;
    copy.#lines = this.#lines.map((line) => ({ ...line }));
    copy.#text = this.#text;
    copy.#file = this.#file;
    return copy.flush();
  }

  skip(bytes: number, lines: number): void {
    this.#inner.skip(0, lines);
    this.#file += bytes;
    this.#lines = [{ text: this.#text, file: this.#file, isInvalid: false }];
  }

  /** Splits decoded text. `fileBytes` is two bytes for each unit, except for half a unit at the end. */
  #split(text: string, fileBytes = 2 * text.length): SplitEntry[] {
    const isHalf = fileBytes % 2 === 1;
    const isInvalid = isHalf || LONE.test(text);
    const bomUnits = this.#file === 0 && text.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
    const bytes = Buffer.from(text.slice(bomUnits), 'utf8');
    if (bomUnits === 1) this.#lines = [{ text: 0, file: 2, isInvalid: false }];
    for (let at = bomUnits, byte = 0; at < text.length;) {
      const newline = text.indexOf('\n', at);
      const end = newline < 0 ? text.length : newline;
      const line = this.#lines.at(-1);
      if (line !== undefined && isInvalid) line.isInvalid ||= isHalf || LONE.test(text.slice(at, end));
      if (newline < 0) break;
      byte = bytes.indexOf(NEWLINE, byte) + 1;
      at = newline + 1;
      this.#lines.push({ text: this.#text + byte, file: this.#file + 2 * at, isInvalid: false });
    }
    this.#text += bytes.length;
    this.#file += fileBytes;
    const entries = this.#locate(this.#inner.push(bytes));
    this.#forget();
    return entries;
  }

  #locate(entries: readonly SplitEntry[]): SplitEntry[] {
    return entries.map((entry) => {
      const offset = this.#toFile(entry.offset);
      const end = entry.offset + entry.length;
      const isInvalid = this.#lines.some(
        (line, index) => line.isInvalid && line.text < end && this.#endOf(index) > entry.offset,
      );
      return {
        ...entry,
        offset,
        length: this.#toFileEnd(end) - offset,
        flags: isInvalid && !entry.flags.includes('invalid-utf8') ? [...entry.flags, 'invalid-utf8'] : entry.flags,
      };
    });
  }

  #endOf(index: number): number {
    return this.#lines[index + 1]?.text ?? this.#text + 1;
  }

  /** Returns the file offset of a byte at the beginning of a line, or after nothing but NUL there. */
  #toFile(text: number): number {
    const line = this.#lines.findLast((place) => place.text <= text) ?? this.#lines[0];
    if (text >= this.#text) return this.#file;
    return line === undefined ? this.#file : line.file + 2 * (text - line.text);
  }

  /** Returns the file offset of the end of a line, which only its break follows. */
  #toFileEnd(text: number): number {
    const next = this.#lines.find((place) => place.text > text) ?? { text: this.#text, file: this.#file };
    return next.file - 2 * (next.text - text);
  }

  /** Forgets the lines of entries that were given. */
  #forget(): void {
    const open = this.#inner.openOffset;
    const kept = this.#lines.findLastIndex(({ text }) => text <= open);
    if (kept > 0) this.#lines = this.#lines.slice(kept);
  }
}

/** Returns the index after the last whole character. The first half of a pair waits for the second. */
function wholeEnd(bytes: Buffer, form: Utf16): number {
  const end = bytes.length - (bytes.length % 2);
  const high = bytes[form === 'utf-16le' ? end - 1 : end - 2] ?? 0;
  return high >= 0xd8 && high < 0xdc ? end - 2 : end;
}

function decode(bytes: Buffer, form: Utf16): string {
  return (form === 'utf-16le' ? bytes : Buffer.from(bytes).swap16()).toString('utf16le');
}
