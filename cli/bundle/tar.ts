// Texts → the bytes of a .tar.gz, all in memory: what a support bundle holds is bounded by who fills it. The door to
// tar, of which only the heads are needed. Called by bundle.ts.
import { gzipSync } from 'node:zlib';
import { Header } from 'tar';

export interface TarFile {
  /** With slashes; ASCII, and at most 100 characters, which every tar can read. */
  readonly path: string;
  readonly text: string;
}

const BLOCK_BYTES = 512;
const MODE = 0o600;

export function packFiles(files: readonly TarFile[], mtime: Date): Buffer {
  const blocks = files.flatMap(({ path, text }) => {
    const bytes = Buffer.from(text, 'utf8');
    const header = new Header({ path, size: bytes.length, mode: MODE, mtime, type: 'File', uid: 0, gid: 0 });
    const head = Buffer.alloc(BLOCK_BYTES);
    if (header.encode(head)) throw new Error(`the path ${path} is not for every tar`);
    return [head, bytes, Buffer.alloc((BLOCK_BYTES - (bytes.length % BLOCK_BYTES)) % BLOCK_BYTES)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]));
}
