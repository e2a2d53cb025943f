// Unpacks a rotated and compressed file into an unnamed file of the agent, so that everything else reads it like any
// other: by offset, with the same guards. An archive that is still being written is recognised by its missing end. One
// archive is unpacked at a time in each thread; the next start removes what a crash leaves behind.
import { closeSync, createReadStream, createWriteStream, mkdirSync, openSync, rmSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { threadId } from 'node:worker_threads';
import { createGunzip } from 'node:zlib';
import { errorCode, describeFault } from '../../core/fault.js';

export type Unpacked =
  | { readonly kind: 'unpacked'; readonly fd: number }
  /** The archive has no footer yet: it is tried again when it has grown. */
  | { readonly kind: 'incomplete' }
  /** `isOwn`: the fault is with the disk of the agent, not with the archive, and is temporary. */
  | { readonly kind: 'failed'; readonly problem: string; readonly isOwn: boolean };

/** First bytes of each form of archive, and the names of forms for messages. */
const SIGNATURES = [
  { form: 'gzip', magic: Buffer.of(0x1f, 0x8b) },
  { form: 'zip', magic: Buffer.from('PK\x03\x04', 'latin1') },
  { form: 'bzip2', magic: Buffer.from('BZh') },
  { form: 'xz', magic: Buffer.from('\xfd7zXZ\0', 'latin1') },
  { form: 'zstd', magic: Buffer.from('\x28\xb5\x2f\xfd', 'latin1') },
  { form: 'lz4', magic: Buffer.from('\x04\x22\x4d\x18', 'latin1') },
  { form: '7z', magic: Buffer.from('7z\xbc\xaf\x27\x1c', 'latin1') },
] as const;

export type ArchiveForm = (typeof SIGNATURES)[number]['form'];

/** Returns the form of an archive, or undefined if the bytes do not begin one. */
export function findArchive(bytes: Buffer): ArchiveForm | undefined {
  return SIGNATURES.find(({ magic }) => bytes.subarray(0, magic.length).equals(magic))?.form;
}

/** Removes unpacked files of an earlier run. The caller must hold the lock of the folder. */
export function clearSpool(dataDir: string): void {
  rmSync(spoolOf(dataDir), { recursive: true, force: true });
}

function spoolOf(dataDir: string): string {
  return join(dataDir, 'spool');
}

/**
 * Number of archives begun, as part of a file name: an agent that was closed may still be unpacking while the next one
 * of this process begins.
 */
let begun = 0;

/**
 * Unpacks a gzip archive and checks the CRC of the format. The returned descriptor is the only reference to the
 * unpacked bytes.
 */
export async function unpackArchive(path: string, dataDir: string): Promise<Unpacked> {
  const folder = spoolOf(dataDir);
  const target = join(folder, `unpacking-${threadId}-${(begun += 1)}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    await pipeline(createReadStream(path), createGunzip(), createWriteStream(target, { mode: 0o600 }));
    const fd = openSync(target, 'r');
    try {
      unlinkSync(target);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    return { kind: 'unpacked', fd };
  } catch (error) {
    removePart(target);
    if (errorCode(error) === 'Z_BUF_ERROR') return { kind: 'incomplete' };
    return { kind: 'failed', problem: describeFault(error), isOwn: !errorCode(error).startsWith('Z_') };
  }
}

/** Removes the part that was unpacked before a fault, because it would keep a full disk full. */
function removePart(target: string): void {
  try {
    unlinkSync(target);
  } catch {
    // There is no part: the folder cannot be created, or nothing may be written there.
  }
}
