// Reading bytes at a place of an open file, and sums over them. Used wherever a file's content decides who it is.
// The caller opens and closes the file; a short read is no error. With many files most reads are looks at a few bytes
// of which nothing is kept: they share one room, and leave no memory behind.
import { readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { GUARD_BYTES } from './identity.js';

export const LOOK_BYTES = 65_536;
const LOOK_ROOM = Buffer.allocUnsafeSlow(LOOK_BYTES);

/** As many bytes as there are, up to `length`, which is LOOK_BYTES at most. The next look overwrites them. */
export function lookAt(fd: number, offset: number, length: number): Buffer {
  return readInto(LOOK_ROOM.subarray(0, Math.max(0, length)), fd, offset);
}

/** The bytes before `offset` that a guard covers; a look as well. */
export function lookBefore(fd: number, offset: number): Buffer {
  const length = Math.min(GUARD_BYTES, offset);
  return lookAt(fd, offset - length, length);
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
    const bytes = lookAt(fd, offset, Math.min(LOOK_BYTES, length - offset));
    if (bytes.length === 0) return undefined;
    crc = crc32(bytes, crc);
    offset += bytes.length;
  }
  return crc;
}
