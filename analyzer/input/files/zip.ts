// Reads the files of a zip, one after the other as they come. It uses the header in front of each file, not the
// directory at the end, so that a zip can be read from a pipe, out of another archive, and as far as it goes if its end
// is missing. Format: PKWARE APPNOTE 6.3.
import { isUtf8 } from 'node:buffer';
import { crc32 } from 'node:zlib';
import { ArchiveProblem } from './archive-problem.js';
import { decodeForeign } from './charset.js';
import { Cursor } from './cursor.js';
import { inflateRaw, type UnpackCheck } from './inflate.js';
import { drain, keepOpen, takeBody, type Member } from './tar.js';

interface Header {
  readonly name: string;
  readonly method: number;
  readonly encrypted: boolean;
  /** True if sizes and checksum stand behind the data. */
  readonly streamed: boolean;
  readonly size: number;
  readonly checksum: number;
}

const HEADER_BYTES = 30;
const FILE = 0x04034b50;
const DESCRIPTOR = 0x08074b50;
const STORED = 0;
const DEFLATED = 8;
const ZIP64 = 0xffffffff;

export function mayBeZip(header: Buffer): boolean {
  return header.length >= 4 && (header.readUInt32LE(0) === FILE || header.readUInt32LE(0) === 0x06054b50);
}

export function* readZip(cursor: Cursor, check: UnpackCheck): Generator<Member> {
  for (let header = readHeader(cursor); header !== undefined; header = readHeader(cursor)) {
    const body = unpack(cursor, header, check);
    if (!header.name.endsWith('/')) yield { name: header.name, chunks: keepOpen(body) };
    drain(body);
  }
}

/** Reads a header. Returns undefined where the files end and the directory begins. */
function readHeader(cursor: Cursor): Header | undefined {
  const signature = cursor.peek(4);
  if (signature.length < 4) throw new ArchiveProblem('cut');
  if (signature.readUInt32LE(0) !== FILE) {
    if (signature.toString('latin1', 0, 2) === 'PK') return undefined;
    throw new ArchiveProblem('damaged', { problem: 'header missing' });
  }
  const header = cursor.take(HEADER_BYTES);
  const name = header === undefined ? undefined : cursor.take(header.readUInt16LE(26));
  const extra = header === undefined ? undefined : cursor.take(header.readUInt16LE(28));
  if (header === undefined || name === undefined || extra === undefined) throw new ArchiveProblem('cut');
  const flags = header.readUInt16LE(6);
  const size = header.readUInt32LE(18);
  return {
    name: (isUtf8(name) ? name.toString('utf8') : decodeForeign(name)).replaceAll('\\', '/'),
    method: header.readUInt16LE(8),
    encrypted: (flags & 1) !== 0,
    streamed: (flags & 8) !== 0,
    size: size === ZIP64 ? readLargeSize(extra) : size,
    checksum: header.readUInt32LE(14),
  };
}

/** Reads the packed size from the zip64 field, where it stands behind the unpacked size. */
function readLargeSize(extra: Buffer): number {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === 1 && at + 20 <= extra.length) return Number(extra.readBigUInt64LE(at + 12));
  }
  return ZIP64;
}

/**
 * Yields the unpacked bytes. Whatever is wrong with them, the cursor stands behind them afterwards if their length is
 * known.
 */
function* unpack(cursor: Cursor, header: Header, check: UnpackCheck): Generator<Buffer> {
  const packed = header.streamed ? cursor.rest() : takeBody(cursor, header.size);
  let checksum = 0;
  try {
    checkMethod(header);
    for (const chunk of header.method === STORED
      ? keepOpen(packed)
      : inflateRaw(header.streamed ? cursor : new Cursor(keepOpen(packed)), check)) {
      checksum = crc32(chunk, checksum);
      yield chunk;
    }
  } finally {
    if (!header.streamed) drain(packed);
  }
  const expected = header.streamed ? takeDescriptor(cursor) : header.checksum;
  if (expected !== checksum) throw new ArchiveProblem('damaged', { problem: 'the checksum does not fit' });
}

function checkMethod({ method, encrypted, streamed }: Header): void {
  if (encrypted) throw new ArchiveProblem('encrypted');
  if (method !== STORED && method !== DEFLATED) throw new ArchiveProblem('method', { method: String(method) });
  if (method === STORED && streamed) throw new ArchiveProblem('method', { method: '0 (stored, without its length)' });
}

/**
 * Takes the checksum and two sizes of four or eight bytes behind the data, with or without a signature in front.
 * Returns the checksum.
 */
function takeDescriptor(cursor: Cursor): number {
  if (cursor.peek(4).length === 4 && cursor.peek(4).readUInt32LE(0) === DESCRIPTOR) cursor.take(4);
  const checksum = cursor.take(4);
  if (checksum === undefined) throw new ArchiveProblem('cut');
  const next = cursor.peek(10).toString('latin1', 8);
  cursor.take(next === 'PK' ? 8 : 16);
  return checksum.readUInt32LE(0);
}
