// Reads bytes at a place of an open file, and computes checksums over them, wherever a file's content decides its
// identity. The caller opens and closes the file; a short read is no error. With many files, most reads look at a few
// bytes and keep none of them: these share one buffer and leave no garbage.
import { readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { GUARD_BYTES } from './identity.js';

export const LOOK_BYTES = 65_536;
const LOOK_ROOM = Buffer.allocUnsafeSlow(LOOK_BYTES);

/** Reads up to `length` bytes, which is at most LOOK_BYTES, into the shared buffer. The next look overwrites them. */
export function lookAt(fd: number, offset: number, length: number): Buffer {
  return readInto(LOOK_ROOM.subarray(0, Math.max(0, length)), fd, offset);
}

/** Reads the bytes before `offset` that a guard covers, into the shared buffer. */
export function lookBefore(fd: number, offset: number): Buffer {
  const length = Math.min(GUARD_BYTES, offset);
  return lookAt(fd, offset - length, length);
}

/** Reads up to `length` bytes into a new buffer. */
export function readAt(fd: number, offset: number, length: number): Buffer {
  return readInto(Buffer.allocUnsafe(Math.max(0, length)), fd, offset);
}

/** Reads as many bytes as exist, up to the length of the buffer, and returns its filled beginning. */
export function readInto(room: Buffer, fd: number, offset: number): Buffer {
  let filled = 0;
  while (filled < room.length) {
    const count = readSync(fd, room, filled, room.length - filled, offset + filled);
    if (count === 0) break;
    filled += count;
  }
  return room.subarray(0, filled);
}

/** Returns the CRC32 of the first `length` bytes; undefined if there are fewer. */
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
