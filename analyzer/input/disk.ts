// Files on disk and standard input → pieces of bytes, read when they are asked for. What cannot be read is an error of its own
// (JT_FILE_UNREADABLE). Called by read.ts.
import { closeSync, openSync, readSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createError } from '../../core/errors.js';

/** Larger ones do not stay in the processor's nearer memory until they are looked at. */
const PIECE_BYTES = 1 << 19;
const STDIN = 0;

export interface DiskFile {
  readonly path: string;
  readonly bytes: number;
}

/** The file itself, or all files of a folder in the order of their names, hidden ones left out. */
export function listFiles(path: string): readonly DiskFile[] {
  try {
    const stat = statSync(path);
    if (!stat.isDirectory()) return [{ path, bytes: stat.size }];
    return readdirSync(path, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map((entry) => join(entry.parentPath, entry.name)).sort()
      .map((file) => ({ path: file, bytes: statSync(file).size }));
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Each piece is a buffer of its own, so that entries may be views of it, unless it was given back. */
export function* readFile(path: string): Generator<Buffer> {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    yield* readDescriptor(descriptor, path);
  } finally {
    closeSync(descriptor);
  }
}

export function* readStdin(): Generator<Buffer> {
  yield* readDescriptor(STDIN, 'stdin');
}

function* readDescriptor(descriptor: number, path: string): Generator<Buffer> {
  for (;;) {
    const buffer = free.pop() ?? Buffer.allocUnsafe(PIECE_BYTES);
    const length = readPiece(descriptor, buffer, path);
    if (length === 0) return;
    lent.set(buffer.buffer, length);
    yield buffer.subarray(0, length);
  }
}

/** Memory that is used again costs neither its collection nor new pages. */
const free: Buffer[] = [];
/** How much of it was filled. */
const lent = new WeakMap<ArrayBufferLike, number>();
const MAX_FREE = 2;

/** For a reader that needs nothing of a piece any more; whatever is no whole piece of a file stays as it is. */
export function giveBack(piece: Buffer): void {
  if (free.length === MAX_FREE || piece.byteOffset !== 0 || lent.get(piece.buffer) !== piece.length) return;
  lent.delete(piece.buffer);
  free.push(Buffer.from(piece.buffer));
}

const WAIT_MS = 20;
const NEVER = new Int32Array(new SharedArrayBuffer(4));

function readPiece(descriptor: number, piece: Buffer, path: string): number {
  for (;;) {
    try {
      return readSync(descriptor, piece);
    } catch (error) {
      if (codeOf(error) === 'EOF') return 0; // the end of a console on Windows
      if (codeOf(error) !== 'EAGAIN') throw unreadable(path, error);
      Atomics.wait(NEVER, 0, 0, WAIT_MS); // a pipe whose writer has nothing yet
    }
  }
}

const WORDS: Readonly<Record<string, string>> = { ENOENT: 'there is no such file or folder', EACCES: 'permission denied', EPERM: 'permission denied', EISDIR: 'it is a folder' };

function unreadable(path: string, error: unknown): Error {
  return createError('JT_FILE_UNREADABLE', { path, problem: WORDS[codeOf(error)] ?? (error instanceof Error ? error.message : String(error)) }, error);
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
