// Whether the embedded store has room for more records. In: what the last append met, what the disk has left, and a
// way to write as much as that append. Out: nothing, or an error of SQLite or JT_DISK_FULL. sqlite.ts asks for health.
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { createError } from '../../core/errors.js';
import type { Connection } from './engine.js';

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
