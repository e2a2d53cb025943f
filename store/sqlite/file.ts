// File of the embedded store. Only its owner may read it, because it holds every log line. SQLite makes its files
// readable by everybody if the umask permits that, and gives `-wal` and `-shm` the permissions of the database. So the
// database is created here before SQLite opens it, and files that an older release created are closed to others. Also
// checks whether there is space for more records: by the result of the last append, the free space of the disk, and a
// test write of the same size.
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { createError } from '../../core/errors.js';
import type { Connection } from './engine.js';

const OWNER_ONLY = 0o600;
const BESIDE = ['', '-wal', '-shm', '-journal'] as const;

/** Creates the folder and the file if they are missing. Throws the errors of the system. */
export function makePrivate(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', OWNER_ONLY));
  for (const end of BESIDE) closeToOthers(`${path}${end}`);
}

/**
 * Removes the permissions of others. A file of another owner cannot be changed; whoever provided it decides who reads
 * it.
 */
function closeToOthers(path: string): void {
  if (!existsSync(path)) return;
  const { mode, uid } = statSync(path);
  const isOurs = process.getuid === undefined || uid === process.getuid();
  if ((mode & 0o077) !== 0 && isOurs) chmodSync(path, OWNER_ONLY);
}

export interface DiskSpace {
  /** Size, in bytes, of the batch for which the last append found no space; undefined if it found space. */
  lackingBytes: number | undefined;
}

/** Smallest free space, in bytes. SQLite writes a few megabytes next to the database before it moves them into it. */
const MIN_FREE_BYTES = 1_048_576;
const PROBE_KEY = 'store/room';

export function noteAppend(space: DiskSpace, code: string | undefined, bytes: number): void {
  space.lackingBytes = code === 'SQLITE_FULL' ? bytes : undefined;
}

/**
 * Throws if there is no space. A failed append counts until as many bytes can be written, because its writer may be
 * gone.
 */
export function checkDiskSpace(space: DiskSpace, connection: Connection, path: string): void {
  if (path !== ':memory:') {
    const { bavail, bsize } = statfsSync(dirname(path));
    if (bavail * bsize < MIN_FREE_BYTES) throw createError('JT_DISK_FULL', { path });
  }
  if (space.lackingBytes === undefined) return;
  writeProbe(connection, space.lackingBytes);
  space.lackingBytes = undefined;
}

/** Writes bytes and deletes them again, because only a commit reaches the disk. */
function writeProbe(connection: Connection, bytes: number): void {
  connection.prepare('INSERT OR REPLACE INTO states (id, body) VALUES (?, zeroblob(?))').run(PROBE_KEY, bytes);
  connection.prepare('DELETE FROM states WHERE id = ?').run(PROBE_KEY);
}
