// The database holds every log line, so only its owner may read it. SQLite makes its files readable by everybody where
// the umask lets it, and gives `-wal` and `-shm` the permissions of the database: so the database is made here, before
// SQLite opens it, and what an older release made is closed. Called by sqlite.ts before it opens a file to write.
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

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
