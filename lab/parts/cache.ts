// Locates the fetched parts (outside the repository) and locks them, so that two processes do not fetch the same part
// at once: a lock file with the owner's pid, taken over if that process is dead.
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readStartTime } from './process.js';

/** Returns $JOBTRACE_PARTS, or ~/.cache/jobtrace/parts. It is read at every call, so that a test can change it. */
export function cacheDir(): string {
  return process.env['JOBTRACE_PARTS'] ?? join(homedir(), '.cache', 'jobtrace', 'parts');
}

/** Runs `work` while holding the lock of that name; calls `onWait` once if another process holds it. */
export async function withLock<T>(name: string, onWait: (owner: number) => void, work: () => Promise<T>): Promise<T> {
  const path = join(cacheDir(), `${name}.lock`);
  mkdirSync(cacheDir(), { recursive: true });
  let told = false;
  while (!takeLock(path)) {
    const owner = readOwner(path);
    if (owner !== undefined && !told) {
      onWait(owner);
      told = true;
    }
    await sleep(300);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** Takes the lock with a link, which appears whole or not at all, so that a lock always contains its owner. */
function takeLock(path: string): boolean {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, `${process.pid} ${readStartTime(process.pid) ?? ''}`);
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(mine, { force: true });
  }
  if (readOwner(path) === undefined) rmSync(path, { force: true });
  return false;
}

/** Returns the living owner; undefined if it died while holding the lock or has just released it. */
function readOwner(path: string): number | undefined {
  if (!existsSync(path)) return undefined;
  const [pid, start] = readFileSync(path, 'utf8').split(' ');
  return readStartTime(Number(pid)) === start ? Number(pid) : undefined;
}
