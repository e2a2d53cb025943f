// Whether the embedded store has room for more records: what the last append met, and what the disk has left. In: the
// codes of SQLite and the file system's numbers. Out: nothing, or JT_DISK_FULL. sqlite.ts asks for health.
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { createError } from '../../core/errors.js';

export interface Room {
  /** When an append last found no room; undefined after one that did. */
  fullMs: number | undefined;
}

/** SQLite writes a few megabytes beside the database before it takes them over. */
const LEAST_BYTES = 1_048_576;
/** Whoever appends tries again within this time: what is older says nothing any more. */
const FULL_MS = 120_000;

export function noteAppend(room: Room, code: string | undefined, nowMs: number): void {
  room.fullMs = code === 'SQLITE_FULL' ? nowMs : undefined;
}

export function checkRoom(room: Room, path: string, nowMs: number): void {
  if (room.fullMs !== undefined && nowMs - room.fullMs < FULL_MS) throw createError('JT_DISK_FULL', { path });
  if (path === ':memory:') return;
  const { bavail, bsize } = statfsSync(dirname(path));
  if (bavail * bsize < LEAST_BYTES) throw createError('JT_DISK_FULL', { path });
}
