// Where fetched parts lie (outside the repository) and how two processes keep out of each other's way
// while one of them fetches: a lock file with the owner's pid, taken over when that process is dead.
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readStartTime } from './process.js';

/** $JOBTRACE_PARTS, or ~/.cache/jobtrace/parts. Read at every call, so a test can point it elsewhere. */
export function cacheDir(): string {
  return process.env['JOBTRACE_PARTS'] ?? join(homedir(), '.cache', 'jobtrace', 'parts');
}

/** Runs `work` while holding the lock of that name; `onWait` hears once that somebody else has it. */
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

/** A link appears whole or not at all, so a lock is never seen without its owner in it. */
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

/** The living owner, or undefined when it died with the lock in its hands or let go of it just now. */
function readOwner(path: string): number | undefined {
  if (!existsSync(path)) return undefined;
  const [pid, start] = readFileSync(path, 'utf8').split(' ');
  return readStartTime(Number(pid)) === start ? Number(pid) : undefined;
}
