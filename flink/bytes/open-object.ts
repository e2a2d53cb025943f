// Follows entries that are JSON objects or XML elements, over many lines or several on one line: how deep a line leaves
// the object open that it begins or continues, and where the next object begins on the same line. Most objects take one
// line, and only the last byte of those is examined.
import { at, startsWith } from './byte.js';

const TAB = 9;
const RETURN = 13;
const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const LESS = 60;
const DOCKER_PREFIX = Buffer.from('{"log":"');
/** Texts that begin and end an event of log4j 2, log4j 1 and java.util.logging in XML. */
const ELEMENTS = [
  ['<Event ', '</Event>'],
  ['<log4j:event ', '</log4j:event>'],
  ['<record>', '</record>'],
].map(([prefix = '', end = '']) => ({ head: Buffer.from(prefix), end: Buffer.from(end) }));
/** Text that may separate two objects on one line, in full or in part. */
const SEPARATOR = Buffer.from(', ');
const PAIRS = ['}{', '},{', '}, {'].map((pair) => Buffer.from(pair));

/**
 * State after a line: nothing open, the number of open braces of an object, or an open XML element (-1 - its index).
 */
export type Open = number;

export const CLOSED: Open = 0;

/**
 * Returns true if this line belongs to the open object, by its first byte. A line within a JSON object begins with no
 * other byte.
 */
export function isInside(open: Open, bytes: Buffer, start: number, end: number): boolean {
  if (open === CLOSED) return false;
  if (open < 0) return findElement(bytes, start, end) === undefined;
  const first = at(bytes, start);
  return (
    start >= end ||
    first === SPACE ||
    first === TAB ||
    first === QUOTE ||
    first === COMMA ||
    first === CLOSE_BRACE ||
    first === OPEN_BRACKET ||
    first === CLOSE_BRACKET ||
    first === BACKSLASH
  );
}

/**
 * Returns what is open after the line, which begins at `lineStart`; `start` is the index after a container runtime's
 * prefix.
 */
export function readOpen(open: Open, bytes: Buffer, lineStart: number, start: number, end: number): Open {
  if (open < 0) return endsElement(open, bytes, start, end) ? CLOSED : open;
  if (open === CLOSED && at(bytes, start) === LESS) {
    const element = findElement(bytes, start, end);
    return element === undefined || endsElement(element, bytes, start, end) ? CLOSED : element;
  }
  const isEscaped = startsWith(bytes, lineStart, end, DOCKER_PREFIX);
  if (open === CLOSED && endsWithBrace(bytes, start, end, isEscaped)) return CLOSED;
  const scan = new ObjectScan(open, isEscaped);
  scan.advance(bytes, start, end, true);
  return scan.depth;
}

/** Returns the element that begins here, or undefined. */
function findElement(bytes: Buffer, start: number, end: number): Open | undefined {
  if (at(bytes, start) !== LESS) return undefined;
  const index = ELEMENTS.findIndex(({ head: prefix }) => startsWith(bytes, start, end, prefix));
  return index < 0 ? undefined : -1 - index;
}

function endsElement(open: Open, bytes: Buffer, start: number, end: number): boolean {
  const closing = ELEMENTS[-1 - open]?.end;
  return closing === undefined || bytes.subarray(start, end).includes(closing);
}

function endsWithBrace(bytes: Buffer, start: number, end: number, isEscaped: boolean): boolean {
  if (isEscaped) {
    const tail = bytes.lastIndexOf('","stream"', end - 1);
    const last = tail >= start && at(bytes, tail - 2) === BACKSLASH ? tail - 3 : tail - 1;
    return tail >= start && at(bytes, last) === CLOSE_BRACE;
  }
  let last = end - 1;
  while (last > start && (at(bytes, last) === SPACE || at(bytes, last) === RETURN)) last -= 1;
  return at(bytes, last) === CLOSE_BRACE;
}

/** Scans bytes of JSON once, in any pieces. */
class ObjectScan {
  depth: number;
  /** True if the object is the text of a JSON string, as Docker keeps it. */
  readonly #isEscaped: boolean;
  #inString = false;
  #isNextEscaped = false;
  /** Number of bytes of SEPARATOR after the end of an object; -1 if something else follows. */
  #behind = -1;
  /** True if there is something beside the objects, so that the line is no list of them. */
  #isOther = false;

  constructor(depth: number, isEscaped = false) {
    this.depth = depth;
    this.#isEscaped = isEscaped;
  }

  /**
   * Returns the index of an object that begins after another one, or -1 if there is none. With `all`, scans all bytes.
   */
  advance(bytes: Buffer, start: number, end: number, all = false): number {
    for (let p = start; p < end; p += 1) {
      if (this.#isOther && !all) return -1;
      const byte = at(bytes, p);
      if (this.#isNextEscaped) {
        this.#isNextEscaped = false;
        if (this.#isEscaped && byte === BACKSLASH) p += 1;
      } else if (this.#isEscaped && byte === QUOTE) return -1;
      else if (this.#isEscaped && byte === BACKSLASH) {
        p += 1;
        if (bytes[p] === QUOTE) this.#inString = !this.#inString;
        else if (bytes[p] === BACKSLASH) this.#isNextEscaped = true;
      } else if (byte === QUOTE) this.#inString = !this.#inString;
      else if (this.#inString) this.#isNextEscaped = byte === BACKSLASH;
      else if (byte === OPEN_BRACE) {
        if (!all && this.depth === 0 && this.#behind >= 0) return p;
        this.depth += 1;
        this.#behind = -1;
      } else if (byte === CLOSE_BRACE) {
        this.depth = Math.max(0, this.depth - 1);
        this.#behind = this.depth === 0 ? 0 : -1;
      } else if (this.depth === 0) {
        this.#behind = this.#behind >= 0 && byte === at(SEPARATOR, this.#behind) ? this.#behind + 1 : -1;
        this.#isOther ||= !isSeparator(byte);
      }
    }
    return -1;
  }

  clone(): ObjectScan {
    const copy = new ObjectScan(this.depth, this.#isEscaped);
    copy.#inString = this.#inString;
    copy.#isNextEscaped = this.#isNextEscaped;
    copy.#behind = this.#behind;
    copy.#isOther = this.#isOther;
    return copy;
  }
}

/** Scans bytes of XML once, in any pieces, for the end of an element after which another one begins. */
class ElementScan {
  /** Number of bytes of each end tag that were matched so far. */
  readonly #met = ELEMENTS.map(() => 0);
  #isBetween = false;

  advance(bytes: Buffer, start: number, end: number): number {
    for (let p = start; p < end; p += 1) {
      const byte = at(bytes, p);
      if (this.#isBetween && byte === LESS) return p;
      this.#isBetween = false;
      for (const [index, { end: closing }] of ELEMENTS.entries()) {
        const met = this.#met[index] ?? 0;
        const next = byte === at(closing, met) ? met + 1 : byte === LESS ? 1 : 0;
        this.#isBetween ||= next === closing.length;
        this.#met[index] = next === closing.length ? 0 : next;
      }
    }
    return -1;
  }

  clone(): ElementScan {
    const copy = new ElementScan();
    for (const [index, met] of this.#met.entries()) copy.#met[index] = met;
    copy.#isBetween = this.#isBetween;
    return copy;
  }
}

/** Finds where a line that holds several objects or elements is cut. */
export class ObjectCuts {
  /** Scan of the current line, if it may hold several objects. */
  #scan: ObjectScan | ElementScan | undefined;
  /** Next place in the chunk where two objects follow each other at any depth, as far as it is known. */
  #pair = -1;

  /** Begins a new chunk, in which places of the previous one are invalid. */
  begin(): void {
    this.#pair = -1;
  }

  /** Begins a line; `open` is what is open before it. */
  beginLine(chunk: Buffer, p: number, open: Open): void {
    const first = chunk[p];
    if (open < 0 || first === LESS) this.#scan = new ElementScan();
    else if (first === OPEN_BRACE || first === OPEN_BRACKET || first === COMMA)
      this.#scan = startsWith(chunk, p, chunk.length, DOCKER_PREFIX) ? undefined : new ObjectScan(0);
    else this.#scan = undefined;
  }

  /**
   * Returns where the line that continues at `p` is cut; -1 if it continues to `end`, which is its break or the end of
   * the chunk. `isWhole`: the line begins at `p` and ends at `end`; it is not read if no two objects follow each other
   * in it.
   */
  find(chunk: Buffer, p: number, end: number, isWhole: boolean): number {
    if (this.#scan === undefined) return -1;
    if (isWhole && this.#scan instanceof ObjectScan && this.#findPair(chunk, p) >= end) return -1;
    return this.#scan.advance(chunk, p, end);
  }

  #findPair(chunk: Buffer, p: number): number {
    if (this.#pair < p) {
      const places = PAIRS.map((pair) => chunk.indexOf(pair, p)).filter((place) => place >= 0);
      this.#pair = places.reduce((least, place) => Math.min(least, place), chunk.length);
    }
    return this.#pair;
  }

  clone(): ObjectCuts {
    const copy = new ObjectCuts();
    copy.#scan = this.#scan?.clone();
    return copy;
  }
}

function isSeparator(byte: number): boolean {
  return (
    byte === OPEN_BRACKET ||
    byte === CLOSE_BRACKET ||
    byte === COMMA ||
    byte === SPACE ||
    byte === TAB ||
    byte === RETURN
  );
}
