// Keeps the state of every file across restarts, in an append-only log with one line per change, each with its CRC32.
// Recovery takes the longest valid prefix and never refuses to start, because what is read again keeps its ids. A log
// that is mostly history is rewritten: to a temporary file, synced, renamed, and the folder synced.
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
import type { ProcessContext } from '../../flink/facts/process-context.js';
import { FILE_FORMS, type FileForm } from '../../flink/layout/form.js';
import { errorCode, describeFault } from '../../core/fault.js';

/** Hash of `length` bytes: of the first ones of a file, or of those before an offset. */
export interface Guard {
  readonly length: number;
  readonly hash: string;
}

/** State of one generation of one file. */
export interface FileState {
  /** Fixed part of the record ids; see identity.ts. */
  readonly key: string;
  readonly inode: string;
  readonly device: string;
  /** Creation time of the file; 0 if unknown. */
  readonly birthMs: number;
  readonly path: string;
  /** Form in which the file is split. Absent for lines of one writer and for files that an older release began. */
  readonly form?: FileForm;
  /** Start of the first entry that is not both acknowledged and complete. Reading continues here. */
  readonly offset: number;
  /**
   * CRC32 of the file's bytes before `offset`, which is a part of the ids and proves copies. Absent if not computed
   * yet.
   */
  readonly crc?: number;
  /** Time of the entry before `offset`. */
  readonly time?: number;
  /** Process context from the entries before `offset`. */
  readonly notes?: ProcessContext;
  /** Cluster of the file's records, if only the labels of a pod can name it. */
  readonly cluster?: string;
  /** Number of bytes of the open entry at `offset` that are already acknowledged. */
  readonly openBytes: number;
  readonly head: Guard;
  readonly guard: Guard;
  readonly size: number;
  readonly mtimeMs: number;
  /** Time at which the file was last seen on disk. */
  readonly seen: number;
  /** Set if the bytes come out of a compressed file: the size of that file, and whether it was read to its end. */
  readonly archive?: { readonly size: number; readonly isRead: boolean };
}

export interface CheckpointDamage {
  readonly path: string;
  readonly offset: number;
  readonly valid: number;
}

export interface Checkpoint {
  /** State of each file at the start, by key. */
  readonly loaded: ReadonlyMap<string, FileState>;
  /** True if there was no checkpoint: this is the first start with this folder. */
  readonly isFirstStart: boolean;
  /** Set if the log was damaged: the `offset` valid bytes and the `valid` states in them are used. */
  readonly damage: CheckpointDamage | undefined;
  /**
   * Appends the changed states. Throws JT_DISK_FULL or JT_FILE_UNWRITABLE; the next call then rewrites the whole log.
   */
  save(changed: readonly FileState[], removed: readonly string[]): void;
  close(): void;
}

const COMPACT_ABOVE_BYTES = 1_048_576;

/** Opens `dataDir`/checkpoint.log. Throws JT_FILE_UNWRITABLE only if the folder cannot be created. */
export function openCheckpoint(dataDir: string): Checkpoint {
  createFolder(dataDir);
  const path = join(dataDir, 'checkpoint.log');
  const { bytes, existed } = readLog(path);
  const { states, validBytes } = parseLog(bytes);
  const damaged = validBytes < bytes.length;
  const current = new Map(states);
  let file: number | undefined;
  let writtenBytes = validBytes;
  // The size of the found log is not used, because it would grow with every restart.
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
      // A half-written line would hide all lines after it, so the next save starts a new log.
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

/** Writes the whole text or nothing. On a nearly full disk, a single write takes a part of it without an error. */
function writeWhole(path: string, text: string): void {
  const file = openSync(path, 'w', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } catch (error) {
    // The part that was written would keep a full disk full.
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

/** Returns the size, in bytes, of a log that holds each state once. */
function measureStates(states: ReadonlyMap<string, FileState>): number {
  return [...states.values()].reduce((sum, state) => sum + Buffer.byteLength(renderLine(state)), 0);
}

/** Parses the bytes of a log into its states, and returns how many bytes from the start are valid. */
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

/** Renders one line of the log: CRC32 in hex, a blank, JSON. `{"key":"a"}` → `1c291ca3 {"key":"a"}\n`. */
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
    // The CRC fits, but the agent did not write this text: treated like any other damage.
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
  return texts && numbers && isGuard(value['head']) && isGuard(value['guard']) && isProcessContext(value['notes']);
}

/**
 * True if the value holds only names and texts of value fields, because they become fields of records. Older releases
 * wrote none.
 */
function isProcessContext(value: unknown): value is ProcessContext | undefined {
  return value === undefined || (isObject(value) && Object.entries(value).every(isContextField));
}

function isContextField([name, text]: readonly [string, unknown]): boolean {
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
    // An unreadable log counts as damaged: the agent starts and reports it.
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
