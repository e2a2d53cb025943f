// The file of the embedded store. Only its owner may read it, because it holds every log line: SQLite makes its files
// readable by everybody where the umask lets it, and gives `-wal` and `-shm` the permissions of the database, so the
// database is made here, before SQLite opens it, and what an older release made is closed. And whether it has room for
// more records: from what the last append met, what the disk has left, and a way to write as much as that append.
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { createError } from '../../core/errors.js';
import type { Connection } from './engine.js';

const OWNER_ONLY = 0o600;
const BESIDE = ['', '-wal', '-shm', '-journal'] as const;

/** Makes folder and file where they are missing. Throws what the system throws. */
export function makePrivate(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', OWNER_ONLY));
  for (const end of BESIDE) closeToOthers(`${path}${end}`);
}

/** A file of another owner cannot be changed; who gave it to us decides who reads it. */
function closeToOthers(path: string): void {
  if (!existsSync(path)) return;
  const { mode, uid } = statSync(path);
  const isOurs = process.getuid === undefined || uid === process.getuid();
  if ((mode & 0o077) !== 0 && isOurs) chmodSync(path, OWNER_ONLY);
}

export interface Room {
  /** Size of the batch for which an append last found no room; undefined after one that did. */
  lackingBytes: number | undefined;
}

/** SQLite writes a few megabytes beside the database before it takes them over. */
const LEAST_BYTES = 1_048_576;
const PROBE_KEY = 'store/room';

export function noteAppend(room: Room, code: string | undefined, bytes: number): void {
  room.lackingBytes = code === 'SQLITE_FULL' ? bytes : undefined;
}

/** What an append met holds until as much can be written: whoever appends may have gone since. */
export function checkRoom(room: Room, connection: Connection, path: string): void {
  if (path !== ':memory:') {
    const { bavail, bsize } = statfsSync(dirname(path));
    if (bavail * bsize < LEAST_BYTES) throw createError('JT_DISK_FULL', { path });
  }
  if (room.lackingBytes === undefined) return;
  writeProbe(connection, room.lackingBytes);
  room.lackingBytes = undefined;
}

/** Written out and taken back: only a commit meets the disk. */
function writeProbe(connection: Connection, bytes: number): void {
  connection.prepare('INSERT OR REPLACE INTO states VALUES (?, zeroblob(?))').run(PROBE_KEY, bytes);
  connection.prepare('DELETE FROM states WHERE key = ?').run(PROBE_KEY);
}
