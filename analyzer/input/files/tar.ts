// Reads the files of a tar, one after the other as they come: ustar, GNU's long names, pax. The bytes of a member are
// read while it is the current one; what is left of them is skipped. Format: POSIX.1-2017 pax, GNU tar manual "Basic
// Tar Format".
import { ArchiveProblem } from './archive-problem.js';
import type { Cursor } from './cursor.js';

/** File inside an archive. */
export interface Member {
  readonly name: string;
  readonly chunks: Iterable<Buffer>;
}

interface Header {
  readonly name: string;
  readonly size: number;
  /** Type of the member: `0` a file, `5` a folder, `L` a long name, `x` attributes of the next member, … */
  readonly type: string;
}

const BLOCK_BYTES = 512;
const CHECKSUM_AT = 148;
const FILES: readonly string[] = ['0', '\0', '7'];
/** Maximum size of names and attributes. A real archive does not have more. */
const MAX_ATTRIBUTE_BYTES = 1_048_576;

/** True if a file that begins so is a tar: the block's checksum is right. */
export function mayBeTar(header: Buffer): boolean {
  return header.length >= BLOCK_BYTES && header[0] !== 0 && hasChecksum(header.subarray(0, BLOCK_BYTES));
}

export function* readTar(cursor: Cursor): Generator<Member> {
  let next: { readonly name?: string; readonly size?: number } = {};
  for (;;) {
    const header = readHeader(cursor);
    if (header === undefined) return;
    if (header.type === 'L' || header.type === 'x') {
      const text = takeAttributes(cursor, header.size);
      next = header.type === 'L' ? { ...next, name: text.replace(/\0.*$/s, '') } : { ...next, ...readPax(text) };
      continue;
    }
    const size = next.size ?? header.size;
    const body = takeBody(cursor, size);
    if (FILES.includes(header.type)) yield { name: next.name ?? header.name, chunks: keepOpen(body) };
    drain(body);
    cursor.take(padding(size));
    next = {};
  }
}

/** Reads a header. Returns undefined at the end: a block of zeros, or no bytes at all. */
function readHeader(cursor: Cursor): Header | undefined {
  const header = cursor.take(BLOCK_BYTES);
  if (header === undefined && cursor.peek(1).length > 0) throw new ArchiveProblem('cut');
  if (header === undefined || header.every((byte) => byte === 0)) return undefined;
  if (!hasChecksum(header)) throw new ArchiveProblem('damaged', { problem: 'header missing' });
  const prefix = header.toString('latin1', 257, 262) === 'ustar' ? readText(header, 345, 155) : '';
  return {
    name: prefix === '' ? readText(header, 0, 100) : `${prefix}/${readText(header, 0, 100)}`,
    size: readSize(header),
    type: String.fromCharCode(header[156] ?? 0),
  };
}

/**
 * Returns an iterable that a reader may leave before the end without closing the body. What is left is drained
 * afterwards.
 */
export function keepOpen(body: Iterator<Buffer>): Iterable<Buffer> {
  return { [Symbol.iterator]: () => ({ next: () => body.next() }) };
}

/**
 * Reads what is left of a body. An error in bytes that nobody reads does not matter, unless the archive ends with them.
 */
export function drain(body: Iterator<Buffer>): void {
  try {
    while (body.next().done !== true);
  } catch (error) {
    if (!(error instanceof ArchiveProblem) || error.reason === 'cut') throw error;
  }
}

/** Yields exactly this number of bytes, as they come. */
export function* takeBody(cursor: Cursor, size: number): Generator<Buffer> {
  for (let left = size; left > 0;) {
    const chunk = cursor.next(left);
    if (chunk === undefined) throw new ArchiveProblem('cut');
    left -= chunk.length;
    yield chunk;
  }
}

function takeAttributes(cursor: Cursor, size: number): string {
  if (size > MAX_ATTRIBUTE_BYTES) throw new ArchiveProblem('damaged', { problem: `a name of ${size} bytes` });
  const bytes = cursor.take(size);
  if (bytes === undefined) throw new ArchiveProblem('cut');
  cursor.take(padding(size));
  return bytes.toString('utf8');
}

/** Reads attributes such as `30 path=a/long/name\n`: length, key, value. */
function readPax(text: string): { readonly name?: string; readonly size?: number } {
  const path = /^\d+ path=([^\n]*)$/m.exec(text)?.[1];
  const size = /^\d+ size=(\d+)$/m.exec(text)?.[1];
  return { name: path, size: size === undefined ? undefined : Number(size) };
}

/** Reads a size: octal digits, or binary if the highest bit is set (GNU, above 8 GiB). */
function readSize(header: Buffer): number {
  if (((header[124] ?? 0) & 0x80) !== 0) return header.readUIntBE(130, 6);
  const size = Number.parseInt(readText(header, 124, 12), 8);
  return Number.isFinite(size) ? size : 0;
}

/** True if the checksum is right. It is the sum of all bytes, with its own eight bytes counted as blanks. */
function hasChecksum(header: Buffer): boolean {
  const expected = Number.parseInt(readText(header, CHECKSUM_AT, 8), 8);
  let sum = 8 * 32;
  for (const [index, byte] of header.entries()) if (index < CHECKSUM_AT || index >= CHECKSUM_AT + 8) sum += byte;
  return sum === expected;
}

function readText(header: Buffer, start: number, length: number): string {
  return header
    .toString('utf8', start, start + length)
    .replace(/\0.*$/s, '')
    .trim();
}

function padding(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
}
