// Reads the files of a jar (a zip archive) by name, one at a time, so that a distribution of 120 MB is never in memory
// as a whole. Takes a path, or the bytes of a jar inside another jar; returns names and contents.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';

export interface Archive {
  readonly names: readonly string[];
  /** Returns the unpacked file; throws an error if there is none of that name. */
  read(name: string): Buffer;
  close(): void;
}

/** Random access to the bytes of a file or of memory. */
interface Storage {
  readonly length: number;
  slice(position: number, length: number): Buffer;
  close(): void;
}

interface Member {
  readonly method: number;
  readonly packed: number;
  readonly position: number;
}

const END_SIGNATURE = 0x06054b50;
const MEMBER_SIGNATURE = 0x02014b50;
const END_LENGTH = 22;
const STORED = 0;

/** Opens an archive, which the caller must close. Archives over 4 GiB are not supported. */
export function openArchive(from: string | Buffer): Archive {
  const storage = typeof from === 'string' ? openFile(from) : openBytes(from);
  const members = listMembers(storage);
  return {
    names: [...members.keys()],
    read: (name) => readMember(storage, name, members.get(name)),
    close: () => storage.close(),
  };
}

function openFile(path: string): Storage {
  const file = openSync(path, 'r');
  return {
    length: fstatSync(file).size,
    slice: (position, length) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, position));
    },
    close: () => closeSync(file),
  };
}

function openBytes(bytes: Buffer): Storage {
  return {
    length: bytes.length,
    slice: (position, length) => bytes.subarray(position, position + length),
    close: () => undefined,
  };
}

/**
 * Reads the table at the end of the archive. It is read to its last byte, because its counter holds only 16 bits and
 * jars contain more files than that.
 */
function listMembers(storage: Storage): ReadonlyMap<string, Member> {
  const tail = storage.slice(Math.max(0, storage.length - END_LENGTH - 0xffff), END_LENGTH + 0xffff);
  const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || tail.readUInt32LE(end) !== END_SIGNATURE)
    throw new Error('This is no zip archive: the table at its end is missing.');
  const table = storage.slice(tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
  const members = new Map<string, Member>();
  let at = 0;
  while (at + 46 <= table.length && table.readUInt32LE(at) === MEMBER_SIGNATURE) {
    const nameLength = table.readUInt16LE(at + 28);
    const name = table.toString('utf8', at + 46, at + 46 + nameLength);
    members.set(name, {
      method: table.readUInt16LE(at + 10),
      packed: table.readUInt32LE(at + 20),
      position: table.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + table.readUInt16LE(at + 30) + table.readUInt16LE(at + 32);
  }
  return members;
}

/**
 * Reads one member. The lengths of its name and extra field come from the member's own header, because those in the
 * table may differ.
 */
function readMember(storage: Storage, name: string, member: Member | undefined): Buffer {
  if (member === undefined) throw new Error(`There is no ${name} in the archive.`);
  const head = storage.slice(member.position, 30);
  const packed = storage.slice(member.position + 30 + head.readUInt16LE(26) + head.readUInt16LE(28), member.packed);
  return member.method === STORED ? packed : inflateRawSync(packed);
}
