// Reading bytes at a place of an open file, and sums over them. Used wherever a file's content decides who it is.
// The caller opens and closes the file; a short read is no error.
import { readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { GUARD_BYTES } from './identity.js';

export const READ_BLOCK_BYTES = 1_048_576;

/** The bytes before `offset` that a guard covers. */
export function readBefore(fd: number, offset: number): Buffer {
  const length = Math.min(GUARD_BYTES, offset);
  return readAt(fd, offset - length, length);
}

/** As many bytes as there are, up to `length`. */
export function readAt(fd: number, offset: number, length: number): Buffer {
  return readInto(Buffer.allocUnsafe(Math.max(0, length)), fd, offset);
}

/** As many bytes as there are, up to those of the room; they stand at its beginning. */
export function readInto(room: Buffer, fd: number, offset: number): Buffer {
  let filled = 0;
  while (filled < room.length) {
    const count = readSync(fd, room, filled, room.length - filled, offset + filled);
    if (count === 0) break;
    filled += count;
  }
  return room.subarray(0, filled);
}

/** CRC32 of the first `length` bytes; undefined when there are fewer. */
export function readPrefixCrc(fd: number, length: number): number | undefined {
  let crc = 0;
  for (let offset = 0; offset < length;) {
    const bytes = readAt(fd, offset, Math.min(READ_BLOCK_BYTES, length - offset));
    if (bytes.length === 0) return undefined;
    crc = crc32(bytes, crc);
    offset += bytes.length;
  }
  return crc;
}
