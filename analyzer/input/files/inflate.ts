// Unpacks bytes chunk by chunk and synchronously (not by events), as a wrapper of minizlib. Only what one chunk unpacks
// to stands in memory.
import { Gunzip, InflateRaw } from 'minizlib';
import { ArchiveProblem } from './archive-problem.js';
import type { Cursor } from './cursor.js';
import { errorText } from '../../../core/fault.js';

/**
 * Size of a packed chunk in bytes. It is small because a damaged chunk is lost completely, and because what it unpacks
 * to stands in memory (deflate makes at most 1,032 bytes of one).
 */
const PACKED_BYTES = 4096;

/** Check that sees every unpacked chunk and throws when it is too much. */
export type UnpackCheck = (chunk: Buffer) => void;

/** Unpacks all members of a .gz, one after the other. */
export function gunzip(packed: Cursor, check: UnpackCheck): Generator<Buffer> {
  return inflate(new Gunzip({}), packed, check);
}

/** Unpacks one deflated file of a zip; afterwards the cursor stands behind it. */
export function inflateRaw(packed: Cursor, check: UnpackCheck): Generator<Buffer> {
  return inflate(new InflateRaw({}), packed, check);
}

function* inflate(stream: Gunzip | InflateRaw, packed: Cursor, check: UnpackCheck): Generator<Buffer> {
  const unpacked: Buffer[] = [];
  let failure: unknown;
  stream.on('data', (bytes) => unpacked.push(bytes));
  stream.on('error', (error) => (failure = error));
  for (;;) {
    const chunk = packed.next(PACKED_BYTES);
    if (chunk === undefined) stream.end();
    else stream.write(chunk);
    if (unpacked.length > 0) {
      const bytes = Buffer.concat(unpacked.splice(0));
      check(bytes);
      yield bytes;
    }
    if (failure !== undefined) throw toProblem(failure);
    if (chunk === undefined) return;
    const used = stream.handle?.bytesWritten ?? chunk.length;
    if (used === chunk.length) continue;
    packed.giveBack(chunk.subarray(used));
    return;
  }
}

function toProblem(error: unknown): ArchiveProblem {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'Z_BUF_ERROR'
    ? new ArchiveProblem('cut')
    : new ArchiveProblem('damaged', {
        problem: errorText(error).replace(/^zlib: /, ''),
      });
}
