// What is known of every file across restarts: an append-only log, one line a change, each with its CRC32.
// Recovery takes the longest valid prefix and never refuses to start: what is read again keeps its ids. When the log
// is mostly history it is written aside, synced, renamed, and the folder synced. Called by agent.ts after each commit.
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { createError, type JobtraceError } from '../../core/errors.js';
import { isObject } from '../../core/json.js';
import { isValueField } from '../../core/record.js';
import type { ProcessNotes } from '../../flink/facts/notes.js';
import { FILE_FORMS, type FileForm } from '../../flink/form/form.js';
import { errorCode, describeFault } from '../../core/fault.js';

/** A hash of `length` bytes: of a file's first ones, or of those before an offset. */
export interface Guard {
  readonly length: number;
  readonly hash: string;
}

/** One generation of one file. */
export interface FileState {
  /** Fixed part of the record ids; see identity.ts. */
  readonly key: string;
  readonly inode: string;
  readonly device: string;
  /** When the file was created; 0 where nobody knows. */
  readonly birthMs: number;
  readonly path: string;
  /** How it is split; absent for lines of one writer, and for what an older release began. */
  readonly form?: FileForm;
  /** Start of the first entry that is not acknowledged and complete: reading goes on here. */
  readonly offset: number;
  /** CRC32 of the file's bytes before `offset`; part of the ids and proof for copies. Absent: not computed yet. */
  readonly crc?: number;
  /** Time of the entry before `offset`. */
  readonly time?: number;
  /** What the entries before `offset` say of the process. */
  readonly notes?: ProcessNotes;
  /** The cluster of its records, where only the labels of a pod can name it. */
  readonly cluster?: string;
  /** Bytes of the open entry at `offset` that are acknowledged already. */
  readonly openBytes: number;
  readonly head: Guard;
  readonly guard: Guard;
  readonly size: number;
  readonly mtimeMs: number;
  /** Last time the file was seen on disk. */
  readonly seen: number;
  /** Set when the bytes come out of a compressed file: its own size, and whether it was read to its end. */
  readonly archive?: { readonly size: number; readonly isRead: boolean };
}

export interface CheckpointDamage {
  readonly path: string;
  readonly offset: number;
  readonly valid: number;
}

export interface Checkpoint {
  /** State by key as it stood at the start. */
  readonly loaded: ReadonlyMap<string, FileState>;
  /** Nothing was there: the first start in this folder. */
  readonly isFirstStart: boolean;
  /** Set when the log was damaged: `offset` bytes and the `valid` states in them are used. */
  readonly damage: CheckpointDamage | undefined;
  /** Appends the changed states. Throws JT_DISK_FULL or JT_FILE_UNWRITABLE; the next call writes everything anew. */
  save(changed: readonly FileState[], removed: readonly string[]): void;
  close(): void;
}

const COMPACT_ABOVE_BYTES = 1_048_576;

/** Opens `dataDir`/checkpoint.log. Only a folder that cannot be made throws (JT_FILE_UNWRITABLE). */
export function openCheckpoint(dataDir: string): Checkpoint {
  createFolder(dataDir);
  const path = join(dataDir, 'checkpoint.log');
  const { bytes, existed } = readLog(path);
  const { states, validBytes } = parseLog(bytes);
  const damaged = validBytes < bytes.length;
  const current = new Map(states);
  let file: number | undefined;
  let writtenBytes = validBytes;
  // Not the size of the log that was found: it would grow with every restart.
  let compactedBytes = measureStates(states);
  let mustRewrite = damaged || !existed;

  function rewrite(): void {
    closeFile();
    const text = [...current.values()].map((state) => renderLine(state)).join('');
    const aside = `${path}.new`;
    writeWhole(aside, text);
    renameSync(aside, path);
    syncFolder(dataDir);
    compactedBytes = Buffer.byteLength(text);
    writtenBytes = compactedBytes;
    mustRewrite = false;
  }

  function append(text: string): void {
    file ??= openSync(path, 'a', 0o600);
    const written = writeSync(file, text);
    if (written !== Buffer.byteLength(text)) throw createError('JT_DISK_FULL', { path });
    writtenBytes += written;
  }

  function closeFile(): void {
    if (file !== undefined) closeSync(file);
    file = undefined;
  }

  function save(changed: readonly FileState[], removed: readonly string[]): void {
    for (const state of changed) current.set(state.key, state);
    for (const key of removed) current.delete(key);
    try {
      if (mustRewrite || writtenBytes > Math.max(COMPACT_ABOVE_BYTES, 4 * compactedBytes)) rewrite();
      else
        append(
          [
            ...changed.map((state) => renderLine(state)),
            ...removed.map((key) => renderLine({ key, removed: true })),
          ].join(''),
        );
    } catch (error) {
      // A half-written line would hide all that follows it, so the next save starts a new log.
      mustRewrite = true;
      throw writeError(path, error);
    }
  }

  return {
    loaded: states,
    isFirstStart: !existed,
    damage: damaged ? { path, offset: validBytes, valid: states.size } : undefined,
    save,
    close: () => {
      if (file !== undefined) fsyncSync(file);
      closeFile();
    },
  };
}

/** Or nothing: where a disk is nearly full a single write takes a part, and that is no error. */
function writeWhole(path: string, text: string): void {
  const file = openSync(path, 'w', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } catch (error) {
    // What was written of it would keep a full disk full.
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

/** Bytes of a log that holds each state once. */
function measureStates(states: ReadonlyMap<string, FileState>): number {
  return [...states.values()].reduce((sum, state) => sum + Buffer.byteLength(renderLine(state)), 0);
}

/** Bytes of a log → its states, and how many bytes from the start are valid. */
export function parseLog(bytes: Buffer): { readonly states: Map<string, FileState>; readonly validBytes: number } {
  const states = new Map<string, FileState>();
  let validBytes = 0;
  for (;;) {
    const end = bytes.indexOf(10, validBytes);
    if (end < 0) break;
    const value = parseLine(bytes.subarray(validBytes, end));
    if (value === undefined) break;
    if (isFileState(value)) states.set(value.key, value);
    else if (typeof value['key'] === 'string') states.delete(value['key']);
    validBytes = end + 1;
  }
  return { states, validBytes };
}

/** `{"key":"a"}` → `1c291ca3 {"key":"a"}\n`: CRC32 in hex, a blank, JSON. */
export function renderLine(value: FileState | { readonly key: string; readonly removed: true }): string {
  const json = JSON.stringify(value);
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

function parseLine(line: Buffer): Record<string, unknown> | undefined {
  const json = line.subarray(9);
  if (line.length < 11 || line.toString('latin1', 0, 9) !== `${crc32(json).toString(16).padStart(8, '0')} `)
    return undefined;
  try {
    const value: unknown = JSON.parse(json.toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch (error) {
    // The CRC fits but the text is not ours: treated like any other damage.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isFileState(value: Record<string, unknown>): value is Record<string, unknown> & FileState {
  const texts = ['key', 'inode', 'device', 'path'].every((name) => typeof value[name] === 'string');
  const numbers = ['offset', 'openBytes', 'size', 'birthMs', 'mtimeMs', 'seen'].every(
    (name) => typeof value[name] === 'number',
  );
  if (value['cluster'] !== undefined && typeof value['cluster'] !== 'string') return false;
  if (value['form'] !== undefined && !FILE_FORMS.some((form) => form === value['form'])) return false;
  return texts && numbers && isGuard(value['head']) && isGuard(value['guard']) && isNotes(value['notes']);
}

/** They become fields of records, so nothing else may stand there. An older release wrote none. */
function isNotes(value: unknown): value is ProcessNotes | undefined {
  return value === undefined || (isObject(value) && Object.entries(value).every(isNote));
}

function isNote([name, text]: readonly [string, unknown]): boolean {
  return typeof text === 'string' && isValueField(name);
}

function isGuard(value: unknown): value is Guard {
  return isObject(value) && typeof value['length'] === 'number' && typeof value['hash'] === 'string';
}

function readLog(path: string): { readonly bytes: Buffer; readonly existed: boolean } {
  try {
    if (!statSync(path).isFile()) return { bytes: Buffer.alloc(0), existed: true };
    return { bytes: readFileSync(path), existed: true };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { bytes: Buffer.alloc(0), existed: false };
    // Unreadable counts as damaged: the agent starts and says so.
    return { bytes: Buffer.from('?'), existed: true };
  }
}

function createFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw createError('JT_FILE_UNWRITABLE', { path, problem: describeFault(error) }, error);
  }
}

export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

export function writeError(path: string, error: unknown): JobtraceError {
  if (['ENOSPC', 'EDQUOT'].includes(errorCode(error))) return createError('JT_DISK_FULL', { path }, error);
  return createError('JT_FILE_UNWRITABLE', { path, problem: describeFault(error) }, error);
}
