// Locks the data folder for one agent. The lock file names the process, its start time and its host, so that a lock
// left by a crash, by a reused process id or by an earlier container (always process 1) is recognised and taken over.
// On a full disk, the lock is a link that leads nowhere: the target text of a link takes no space besides its name.
import {
  chmodSync,
  closeSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createError } from '../../core/errors.js';
import { isObject } from '../../core/json.js';
import { writeError } from './checkpoint.js';
import { errorCode } from '../../core/fault.js';

export interface Lock {
  /**
   * Shows that the owner is alive. This is needed where its process cannot be seen (another host's view of the folder).
   */
  touch(): void;
  release(): void;
}

interface Owner {
  readonly pid: number;
  readonly started: string;
  readonly host: string;
}

const FOREIGN_STALE_MS = 15_000;
/** Limit of probes, one millisecond apart. */
const MAX_PROBES = 20;

/** Opens the lock. Throws JT_AGENT_LOCKED when another living agent holds the folder. */
export function openLock(dataDir: string, now: () => number = Date.now): Lock {
  const path = join(dataDir, 'agent.lock');
  const own: Owner = { pid: process.pid, started: readStart(process.pid), host: hostname() };
  for (let tries = 0; tries < 5; tries += 1) {
    if (writeLock(dataDir, path, own)) return createLock(path, own, now);
    const owner = readOwner(path);
    const reason = decideOwner(owner, own, lockAge(path, now()), readStart(owner?.pid ?? 0));
    if (reason === 'alive') throw createError('JT_AGENT_LOCKED', { pid: owner?.pid ?? 0, path: dataDir });
    removeLock(path);
  }
  throw createError('JT_AGENT_LOCKED', { pid: 0, path: dataDir });
}

/**
 * Decides whether the owner of a lock is a living agent. `startedNow` is the start time of the process that has its id,
 * "" if there is none. Pure.
 */
export function decideOwner(
  owner: Owner | undefined,
  own: Owner,
  ageMs: number,
  startedNow: string,
): 'alive' | 'unreadable' | 'gone' | 'process-id-reused' | 'foreign-stale' {
  if (owner === undefined) return ageMs > FOREIGN_STALE_MS ? 'unreadable' : 'alive';
  if (owner.host !== own.host) return ageMs > FOREIGN_STALE_MS ? 'foreign-stale' : 'alive';
  if (startedNow === '') return 'gone';
  return owner.started === startedNow ? 'alive' : 'process-id-reused';
}

function createLock(path: string, own: Owner, now: () => number): Lock {
  const isOwn = (): boolean => {
    const owner = readOwner(path);
    return owner?.pid === own.pid && owner.started === own.started && owner.host === own.host;
  };
  return {
    touch: () => {
      const seconds = now() / 1000;
      if (isOwn()) lutimesSync(path, seconds, seconds);
    },
    release: () => {
      if (isOwn()) removeLock(path);
    },
  };
}

function writeLock(dataDir: string, path: string, own: Owner): boolean {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    writeFile(path, JSON.stringify(own));
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw writeError(path, error);
  }
}

/** Creates a file and never overwrites one. */
function writeFile(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(file, text);
  } catch (error) {
    unlinkSync(path);
    if (errorCode(error) !== 'ENOSPC') throw error;
    symlinkSync(text, path);
  } finally {
    closeSync(file);
  }
}

function readOwner(path: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(readText(path));
    if (!isObject(value)) return undefined;
    const { pid, started, host } = value;
    return typeof pid === 'number' && typeof started === 'string' && typeof host === 'string'
      ? { pid, started, host }
      : undefined;
  } catch {
    // The lock is gone meanwhile, or a crash cut it short while it was written: its age decides.
    return undefined;
  }
}

function readText(path: string): string {
  return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : readFileSync(path, 'utf8');
}

function lockAge(path: string, now: number): number {
  try {
    return now - lstatSync(path).mtimeMs;
  } catch {
    // The lock is gone meanwhile: the folder is free.
    return Number.POSITIVE_INFINITY;
  }
}

/**
 * Returns the start time of a process, in ticks since boot (field 22 of /proc/PID/stat). Returns "running" or "" where
 * there is no /proc.
 */
function readStart(pid: number): string {
  if (pid <= 0) return '';
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? 'running';
  } catch (error) {
    if (errorCode(error) === 'ENOENT' && process.platform === 'linux') return '';
    return isRunning(pid) ? 'running' : '';
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

function removeLock(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw writeError(path, error);
  }
}

/**
 * True if this system keeps the creation time of a file and leaves it unchanged. Other systems show the time of the
 * last change in its place, which would make every write look like a new file.
 */
export function hasBirthTimes(dataDir: string): boolean {
  const path = join(dataDir, 'birth.probe');
  try {
    closeSync(openSync(path, 'w', 0o600));
    const before = statSync(path, { bigint: true });
    let after = before;
    // The clock of files advances in steps of some milliseconds.
    for (let attempt = 0; attempt < MAX_PROBES && after.ctimeNs === before.ctimeNs; attempt += 1) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      chmodSync(path, attempt % 2 === 0 ? 0o640 : 0o600);
      after = statSync(path, { bigint: true });
    }
    unlinkSync(path);
    return before.birthtimeNs > 0n && before.birthtimeNs === after.birthtimeNs && after.ctimeNs !== before.ctimeNs;
  } catch {
    // Nothing can be written in the folder: the agent works without creation times.
    return false;
  }
}
