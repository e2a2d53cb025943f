// Packs texts into the bytes of a .tar.gz in memory; the caller limits their size. It is the only module that imports
// the library tar, of which it uses only the headers.
import { gzipSync } from 'node:zlib';
import { Header } from 'tar';

export interface TarFile {
  /** Path with slashes: ASCII, at most 100 characters, which every tar can read. */
  readonly path: string;
  readonly text: string;
}

const BLOCK_BYTES = 512;
const MODE = 0o600;

export function packFiles(files: readonly TarFile[], mtime: Date): Buffer {
  const blocks = files.flatMap(({ path, text }) => {
    const bytes = Buffer.from(text, 'utf8');
    const header = new Header({ path, size: bytes.length, mode: MODE, mtime, type: 'File', uid: 0, gid: 0 });
    const block = Buffer.alloc(BLOCK_BYTES);
    if (header.encode(block)) throw new Error(`the path ${path} is not for every tar`);
    return [block, bytes, Buffer.alloc((BLOCK_BYTES - (bytes.length % BLOCK_BYTES)) % BLOCK_BYTES)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]));
}
