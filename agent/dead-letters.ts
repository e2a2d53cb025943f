// Keeps records that nothing in the store takes (dead letters) on this node, one JSON line each, with their whole
// message. A record counts as delivered only when its line is synced to disk; until then it waits like any other. A
// file that is large enough is closed under a name of its own; when all are too large, the oldest is removed. ship.ts
// appends. A process that sends dead letters again (cli/operate/dead-letters.ts, also while an agent runs) closes the
// file first and owns the closed files.
import { toIso } from '../core/time/iso.js';
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../core/fault.js';
import type { LogRecord } from '../core/types.js';
import { syncFolder, writeError } from './checkpoint/checkpoint.js';

export interface DeadLetter {
  readonly time: string;
  readonly error: string;
  readonly record: LogRecord;
}

const CLOSED = /^dead-letters-.+\.ndjson$/;
/** Number of files that the dead letters are divided into. The oldest one is removed if there is no more room. */
const FILES = 8;
const NEWLINE = 10;
let closedFiles = 0;

/** Returns the path of the newest dead letters. */
export function deadLetterPath(dataDir: string): string {
  return join(dataDir, 'dead-letters.ndjson');
}

/**
 * Appends to the dead letters in `dataDir`, which take at most `mostBytes`, or as much as the newest one alone. Returns
 * how many old ones were removed. Throws JT_DISK_FULL or JT_FILE_UNWRITABLE; no new record may be forgotten then.
 */
export function appendDeadLetters(dataDir: string, maxBytes: number, letters: readonly DeadLetter[]): number {
  const path = deadLetterPath(dataDir);
  let dropped = 0;
  try {
    for (const text of packLetters(letters, maxBytes / FILES)) {
      const bytes = Buffer.from(text);
      const size = measure(path);
      if (size > 0 && size + bytes.length > maxBytes / FILES) closeDeadLetters(dataDir);
      dropped += dropOldest(dataDir, maxBytes - bytes.length);
      let isThere = false;
      // Another process that closed the file at this moment may have read it already, so the bytes are appended again.
      while (!isThere) isThere = appendSynced(path, bytes);
    }
  } catch (error) {
    throw writeError(path, error);
  }
  return dropped;
}

/** Packs dead letters into texts of whole lines, each at most `mostBytes` long or one line. */
function packLetters(letters: readonly DeadLetter[], maxBytes: number): string[] {
  const texts: string[] = [];
  let text = '';
  for (const letter of letters) {
    const line = `${JSON.stringify(letter)}\n`;
    if (text !== '' && Buffer.byteLength(text) + Buffer.byteLength(line) > maxBytes) {
      texts.push(text);
      text = '';
    }
    text += line;
  }
  return text === '' ? texts : [...texts, text];
}

/**
 * Appends bytes and returns whether they are in the file that still has this name. Leaves nothing of a dead letter that
 * does not fit on the disk.
 */
function appendSynced(path: string, bytes: Buffer): boolean {
  const file = openSync(path, 'a+', 0o600);
  try {
    const { size, ino, isRegular } = describe(file);
    // The half line of an agent that was killed would hide the first dead letter.
    const whole = isRegular && endsInLine(file, size) ? bytes : Buffer.concat([Buffer.from([NEWLINE]), bytes]);
    try {
      for (let at = 0; at < whole.length;) at += writeSync(file, whole, at);
      fsyncSync(file);
    } catch (error) {
      if (isRegular) ftruncateSync(file, size);
      throw error;
    }
    return statSync(path, { throwIfNoEntry: false })?.ino === ino;
  } finally {
    closeSync(file);
  }
}

function describe(file: number): { readonly size: number; readonly ino: number; readonly isRegular: boolean } {
  const stat = fstatSync(file);
  return { size: stat.size, ino: stat.ino, isRegular: stat.isFile() };
}

function endsInLine(file: number, size: number): boolean {
  if (size === 0) return true;
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, size - 1);
  return last[0] === NEWLINE;
}

/** Gives the newest dead letters a name under which nobody appends. */
export function closeDeadLetters(dataDir: string): void {
  const stamp = toIso(Date.now()).replaceAll(/[:.]/g, '-');
  const name = `dead-letters-${stamp}-${closedFiles++}-${randomUUID()}.ndjson`;
  try {
    renameSync(deadLetterPath(dataDir), join(dataDir, name));
    syncFolder(dataDir);
  } catch (error) {
    // Nothing was refused yet, or another process closed the file.
    if (errorCode(error) !== 'ENOENT') throw writeError(deadLetterPath(dataDir), error);
  }
}

/** Returns the paths, the oldest first. The last one is the file to which an agent may append. */
export function listLetterFiles(dataDir: string): string[] {
  return [...listClosedLetters(dataDir), deadLetterPath(dataDir)];
}

/** Returns the paths of the files to which nobody appends. */
export function listClosedLetters(dataDir: string): string[] {
  try {
    return readdirSync(dataDir)
      .filter((name) => CLOSED.test(name))
      .sort()
      .map((name) => join(dataDir, name));
  } catch (error) {
    // No agent has run with this folder.
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Returns the lines of a file of dead letters; none if the file is gone. */
export function readLetterLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch (error) {
    // The agent removed it, or another process has sent its dead letters.
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Replaces a closed file by the lines that stay; without any, removes it. Throws JT_DISK_FULL or JT_FILE_UNWRITABLE.
 */
export function keepLetterLines(path: string, lines: readonly string[]): void {
  try {
    if (lines.length === 0) {
      unlinkFile(path);
      return;
    }
    const aside = `${path}.new`;
    const file = openSync(aside, 'w', 0o600);
    try {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(aside, path);
  } catch (error) {
    throw writeError(path, error);
  }
}

/** Removes the oldest closed files until all take at most `bytes`; returns how many dead letters were removed. */
function dropOldest(dataDir: string, bytes: number): number {
  const closed = listClosedLetters(dataDir);
  let size = listLetterFiles(dataDir).reduce((sum, path) => sum + measure(path), 0);
  let dropped = 0;
  for (const path of closed) {
    if (size <= bytes) break;
    size -= measure(path);
    dropped += readLetterLines(path).length;
    unlinkFile(path);
  }
  return dropped;
}

function measure(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function unlinkFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    // Another process removed it first.
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
