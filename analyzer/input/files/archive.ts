// Opens a file that may be an archive, and returns the files in it: .gz, .tar, .tar.gz and .zip, also nested,
// recognized by their bytes and not by their names. Everything is read as it comes, chunk by chunk and within limits.
// An archive made to blow up, or one that is damaged or truncated, becomes a note, and what came before it counts.
import { ArchiveProblem } from './archive-problem.js';
import { Cursor } from './cursor.js';
import { gunzip, type UnpackCheck } from './inflate.js';
import { createNote, type Note } from './note.js';
import { mayBeTar, readTar } from './tar.js';
import { mayBeZip, readZip } from './zip.js';

/** File, or what stands for a file: its path as people know it, and its bytes. */
export interface Content {
  readonly path: string;
  readonly chunks: Iterable<Buffer>;
}

export interface ArchiveLimits {
  /** Maximum number of unpacked bytes of all archives in one path that a person gave. */
  readonly unpackedBytes: number;
  readonly members: number;
  /**
   * Maximum ratio of the unpacked size to the size of the archive, checked once `ratioFromBytes` are unpacked. Real
   * logs stay below 100.
   */
  readonly ratio: number;
  readonly ratioFromBytes: number;
  /** Maximum number of nested archives; a .tar.gz counts as two. */
  readonly layers: number;
}

export const ARCHIVE_LIMITS: ArchiveLimits = {
  unpackedBytes: 64 * 1024 ** 3,
  members: 100_000,
  ratio: 400,
  ratioFromBytes: 64 * 1024 ** 2,
  layers: 6,
};

/**
 * State of unpacking, one for each path that a person gave: what may be unpacked, what was unpacked, and where notes
 * go.
 */
export interface Unpacking {
  readonly limits: ArchiveLimits;
  readonly note: (note: Note) => void;
  /** True if the file of this name is wanted. A file that is not wanted is not opened. */
  readonly wants: (path: string) => boolean;
  unpackedBytes: number;
  members: number;
}

export function createUnpacking(
  note: Unpacking['note'],
  wants: Unpacking['wants'],
  limits: ArchiveLimits = ARCHIVE_LIMITS,
): Unpacking {
  return { limits, note, wants, unpackedBytes: 0, members: 0 };
}

const SIGNATURE_BYTES = 512;

/**
 * Yields the files in the order in which they stand; a file that is no archive is yielded itself. Each file must be
 * read before the next one is asked for.
 */
export function* openContent(content: Content, unpacking: Unpacking, layer = 0): Generator<Content> {
  const { path } = content;
  const cursor = new Cursor(content.chunks);
  const firstBytes = cursor.peek(SIGNATURE_BYTES);
  const open = FORMATS.find(({ fits }) => fits(firstBytes))?.open;
  const packed = PACKED.find(({ signature }) => firstBytes.subarray(0, signature.length).equals(signature));
  if (packed !== undefined) return unpacking.note(createNote(path, 'packed', { format: packed.format }));
  if (open === undefined) return yield { path, chunks: cursor.rest() };
  if (layer === unpacking.limits.layers) return unpacking.note(createNote(path, 'nested', { limit: String(layer) }));
  try {
    for (const inner of open(path, cursor, unpacking)) yield* openContent(inner, unpacking, layer + 1);
  } catch (error) {
    noteProblem(error, path, unpacking);
  }
}

type Open = (path: string, cursor: Cursor, unpacking: Unpacking) => Iterable<Content>;

const FORMATS: readonly { readonly fits: (firstBytes: Buffer) => boolean; readonly open: Open }[] = [
  { fits: (firstBytes) => firstBytes[0] === 0x1f && firstBytes[1] === 0x8b && firstBytes[2] === 8, open: openGzip },
  { fits: mayBeZip, open: openZip },
  { fits: mayBeTar, open: openTar },
];

/** Other formats in which logs are packed. */
const PACKED: readonly { readonly format: string; readonly signature: Buffer }[] = [
  { format: 'bzip2', signature: Buffer.from('BZh') },
  { format: 'xz', signature: Buffer.from('\xfd7zXZ\0', 'latin1') },
  { format: 'zstd', signature: Buffer.from('\x28\xb5\x2f\xfd', 'latin1') },
  { format: '7-Zip', signature: Buffer.from('7z\xbc\xaf\x27\x1c', 'latin1') },
  { format: 'RAR', signature: Buffer.from('Rar!\x1a\x07', 'latin1') },
];

function* openGzip(path: string, cursor: Cursor, unpacking: Unpacking): Generator<Content> {
  yield { path, chunks: endAtProblem(path, gunzip(cursor, createCheck(cursor, unpacking)), unpacking) };
}

function* openTar(path: string, cursor: Cursor, unpacking: Unpacking): Generator<Content> {
  for (const { name, chunks } of readTar(cursor)) {
    const inner = countMember(path, name, unpacking);
    if (unpacking.wants(inner)) yield { path: inner, chunks: endAtProblem(inner, chunks, unpacking) };
  }
}

function* openZip(path: string, cursor: Cursor, unpacking: Unpacking): Generator<Content> {
  for (const { name, chunks } of readZip(cursor, createCheck(cursor, unpacking))) {
    const inner = countMember(path, name, unpacking);
    if (unpacking.wants(inner)) yield { path: inner, chunks: endAtProblem(inner, chunks, unpacking) };
  }
}

function countMember(path: string, name: string, unpacking: Unpacking): string {
  unpacking.members++;
  if (unpacking.members > unpacking.limits.members)
    throw new ArchiveProblem('members', { limit: unpacking.limits.members.toLocaleString('en') });
  checkTotal(unpacking);
  return joinPath(path, name);
}

// eslint-disable-next-line no-control-regex -- names of a foreign archive are printed on terminals
const CONTROL = /[\u0000-\u001f\u007f]/g;

/**
 * Returns a path such as `logs.zip/a/b.log`, as if the archive had been unpacked into a folder of its name. No part of
 * a name can lead out of that folder.
 */
function joinPath(path: string, name: string): string {
  const parts = name
    .replaceAll(CONTROL, '?')
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..');
  return `${path}/${parts.join('/')}`;
}

/** Returns a check that sees what comes out of an archive and throws when it is too much. */
function createCheck(packed: Cursor, unpacking: Unpacking): UnpackCheck {
  const { limits } = unpacking;
  let unpackedBytes = 0;
  return (chunk) => {
    unpackedBytes += chunk.length;
    unpacking.unpackedBytes += chunk.length;
    if (unpackedBytes > limits.ratioFromBytes && unpackedBytes > packed.taken * limits.ratio)
      throw new ArchiveProblem('ratio', { limit: String(limits.ratio) });
    checkTotal(unpacking);
  };
}

function checkTotal({ unpackedBytes, limits }: Unpacking): void {
  const limit = `${(limits.unpackedBytes / 1024 ** 3).toLocaleString('en', { maximumFractionDigits: 2 })} GiB`;
  if (unpackedBytes > limits.unpackedBytes) throw new ArchiveProblem('total', { limit });
}

/** Ends the stream where an archive cannot be read further, and notes the reason. */
function* endAtProblem(path: string, chunks: Iterable<Buffer>, unpacking: Unpacking): Generator<Buffer> {
  try {
    yield* chunks;
  } catch (error) {
    noteProblem(error, path, unpacking);
  }
}

function noteProblem(error: unknown, path: string, unpacking: Unpacking): void {
  if (!(error instanceof ArchiveProblem)) throw error;
  unpacking.note(createNote(path, error.reason, error.values));
}
