// Reads files on disk and standard input as chunks of bytes, when they are asked for. A path that cannot be read is an
// error of its own (JT_FILE_UNREADABLE).
import { closeSync, openSync, readSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createError } from '../../../core/errors.js';
import { describeFault, errorCode } from '../../../core/fault.js';

/** Size of a chunk in bytes. A larger one would not stay in the processor's caches until it is read. */
const CHUNK_BYTES = 1 << 19;
const STDIN = 0;

export interface DiskFile {
  readonly path: string;
  readonly bytes: number;
}

/** Lists the file itself, or all files of a folder in the order of their names, without hidden ones. */
export function listFiles(path: string): readonly DiskFile[] {
  try {
    const stat = statSync(path);
    if (!stat.isDirectory()) return [{ path, bytes: stat.size }];
    return readdirSync(path, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => ({ path: file, bytes: statSync(file).size }));
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Reads a file. Each chunk is memory of its own, so that entries may be views of it, unless it is given back. */
export function* readFile(path: string, buffers: ChunkBuffers): Generator<Buffer> {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    yield* readDescriptor(descriptor, path, buffers);
  } finally {
    closeSync(descriptor);
  }
}

export function* readStdin(buffers = createChunkBuffers()): Generator<Buffer> {
  yield* readDescriptor(STDIN, 'stdin', buffers);
}

function* readDescriptor(descriptor: number, path: string, buffers: ChunkBuffers): Generator<Buffer> {
  for (;;) {
    const chunk = buffers.fill((buffer) => readChunk(descriptor, buffer, path));
    if (chunk === undefined) return;
    yield chunk;
  }
}

/** Memory for the chunks of files. Memory that is used again costs neither garbage collection nor new pages. */
export interface ChunkBuffers {
  /** Fills a buffer and returns what was read; undefined if that was nothing. */
  fill(read: (buffer: Buffer) => number): Buffer | undefined;
  /** Takes a chunk back from a reader that does not need it any more. Anything that is not a whole chunk is ignored. */
  giveBack(chunk: Buffer): void;
}

/** Creates the memory; `first` is used before any other buffer. */
export function createChunkBuffers(first?: Buffer): ChunkBuffers {
  const free = first === undefined ? [] : [first];
  const lent = new WeakMap<ArrayBufferLike, { readonly buffer: Buffer; readonly length: number }>();
  return {
    fill: (read) => {
      const buffer = free.pop() ?? Buffer.allocUnsafe(CHUNK_BYTES);
      const length = read(buffer);
      if (length > 0) lent.set(buffer.buffer, { buffer, length });
      else free.push(buffer);
      return length > 0 ? buffer.subarray(0, length) : undefined;
    },
    giveBack: (chunk) => {
      const filled = lent.get(chunk.buffer);
      if (filled?.buffer.byteOffset !== chunk.byteOffset || filled.length !== chunk.length) return;
      lent.delete(chunk.buffer);
      free.push(filled.buffer);
    },
  };
}

const WAIT_MS = 20;
const NEVER = new Int32Array(new SharedArrayBuffer(4));

function readChunk(descriptor: number, chunk: Buffer, path: string): number {
  for (;;) {
    try {
      return readSync(descriptor, chunk);
    } catch (error) {
      if (errorCode(error) === 'EOF') return 0; // the end of a console on Windows
      if (errorCode(error) !== 'EAGAIN') throw unreadable(path, error);
      Atomics.wait(NEVER, 0, 0, WAIT_MS); // a pipe whose writer has nothing yet
    }
  }
}

function unreadable(path: string, error: unknown): Error {
  return createError('JT_FILE_UNREADABLE', { path, problem: describeFault(error) }, error);
}
