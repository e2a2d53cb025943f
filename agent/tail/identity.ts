// Decides which file this is and where reading stopped, by pure functions over numbers and hashes; read.ts and
// adopt.ts read the bytes. A generation is one life of a file: created (or truncated) and grown. Its key is fixed when
// its first line is there (or was shipped without an end), from host, inode, creation time and that line, so that the
// same file read again without any checkpoint gets the same key. The device is left out on purpose, because its number
// changes with a reboot or a remount.
import { createHash } from 'node:crypto';
import type { FileState, Guard } from '../checkpoint/checkpoint.js';

/** Number of bytes of the first line that the key covers at most. */
const KEY_BYTES = 64;
/** Number of bytes at the start of a file that are compared. The prefix grows with the file up to this. */
export const FIRST_BYTES = 1024;
/** Number of bytes that are compared before the offset where reading continues. */
export const GUARD_BYTES = 256;

export const EMPTY_GUARD: Guard = { length: 0, hash: '' };

/**
 * Returns the first bytes that fix a key: up to the line break or KEY_BYTES; undefined while a short line is still
 * open.
 */
export function findKeyBytes(bytes: Buffer, isFinal: boolean): Buffer | undefined {
  const end = bytes.subarray(0, KEY_BYTES).indexOf(10);
  if (end >= 0) return bytes.subarray(0, end + 1);
  if (bytes.length >= KEY_BYTES) return bytes.subarray(0, KEY_BYTES);
  return isFinal && bytes.length > 0 ? bytes : undefined;
}

export interface KeyParts {
  readonly host: string;
  readonly inode: string;
  /** Creation time in milliseconds; 0 if unknown. */
  readonly birthMs: number;
  readonly keyBytes: Buffer;
}

/**
 * Creates a key that no known generation has. The count is used only if an earlier generation on the same inode began
 * with the same line and was created at the same time (a truncated `.out`), because only a checkpoint can remember it.
 */
export function createKey({ host, inode, birthMs, keyBytes }: KeyParts, isKnown: (key: string) => boolean): string {
  for (let count = 0; ; count += 1) {
    const hash = createHash('sha256')
      .update(`${host}\n${inode}\n${Math.trunc(birthMs)}\n${count === 0 ? '' : String(count)}\n`)
      .update(keyBytes);
    const key = hash.digest().toString('hex', 0, 12);
    if (!isKnown(key)) return key;
  }
}

/** Returns false if two creation times, in milliseconds, differ: then an inode was reused. 0 stands for unknown. */
export function mayBeSameBirth(one: number, other: number): boolean {
  return one === 0 || other === 0 || Math.trunc(one) === Math.trunc(other);
}

/**
 * Creates the guard of some bytes. The hash is cut as bytes, because a part of its text would keep the whole text in
 * memory, for each file.
 */
export function createGuard(bytes: Buffer): Guard {
  return bytes.length === 0
    ? EMPTY_GUARD
    : { length: bytes.length, hash: createHash('sha256').update(bytes).digest().toString('hex', 0, 8) };
}

export function fitsGuard(guard: Guard, bytes: Buffer): boolean {
  return guard.length === 0 || (bytes.length === guard.length && createGuard(bytes).hash === guard.hash);
}

export type ResumeReason = 'resume' | 'shrunk' | 'head-differs' | 'frontier-differs';

/** Decides whether the file at this inode is still the generation of the state. All conditions must hold. */
export function decideResume(
  state: Pick<FileState, 'offset'>,
  size: number,
  firstBytesFit: boolean,
  frontierFits: boolean,
): ResumeReason {
  if (size < state.offset) return 'shrunk';
  if (!firstBytesFit) return 'head-differs';
  return frontierFits ? 'resume' : 'frontier-differs';
}

/** Facts about a generation that a new file may be a copy of. */
export interface CopyFacts {
  /** True if the generation's own file exists at its path, unchanged. */
  readonly originalLives: boolean;
  /** True if the new file has the plain name of its family: it is written to, so it is a successor and no copy. */
  readonly hasPlainName: boolean;
  readonly firstBytesFit: boolean;
  /** True if the new file reaches the generation's offset and its bytes up to there have the same CRC. */
  readonly prefixFits: boolean;
  /** True if the end of the new file equals the living original at the same place. */
  readonly endFits: boolean;
  /** Time, in milliseconds, for which the new file had not grown when the living original was last seen. */
  readonly quietMs: number;
  readonly waitMs: number;
}

export type CopyReason = 'continues' | 'copy-in-the-making' | 'not-a-copy' | 'copy-beside-living-original';

/**
 * Decides whether a new file is the copy (or unpacked archive) in which a truncated or vanished generation continues.
 */
export function decideCopy(facts: CopyFacts): CopyReason {
  if (facts.hasPlainName || !facts.firstBytesFit) return 'not-a-copy';
  if (!facts.originalLives) return facts.prefixFits ? 'continues' : 'not-a-copy';
  if (!facts.endFits && !facts.prefixFits) return 'not-a-copy';
  return facts.quietMs < facts.waitMs ? 'copy-in-the-making' : 'copy-beside-living-original';
}
