// Deletes old data from the embedded store: everything before a time, and before another time the records that show no
// trouble. It uses small transactions, so that appends can run between them.
import type { Level } from '../../core/types.js';
import type { CollectionSchema } from '../collections.js';
import { listEvidence, SHORT_LIVED_LEVELS } from '../expiry.js';
import { startOfDay } from '../page.js';
import type { Connection } from './engine.js';
import { removeRows } from './erase.js';
import { runTask } from './failure.js';

const DELETE_CHUNK = 2_000;

/**
 * Deletes everything before a time, in small transactions, so that appends can run between them. Undated records are
 * deleted by the time when they were stored.
 */
export async function deleteBefore(
  connection: Connection,
  path: string,
  timeMs: number,
  schemas: readonly CollectionSchema[],
): Promise<number> {
  const dayMs = startOfDay(timeMs);
  const rows = connection.prepare<{ seq: number }>(
    `SELECT seq FROM records WHERE CASE undated WHEN 1 THEN stored_at ELSE time END < ? AND (undated = 1 OR time < ?) LIMIT ${DELETE_CHUNK}`,
  );
  const removeChunk = (): number => removeRows(connection, rows.all(dayMs, dayMs));
  let removed = 0;
  for (;;) {
    const count = await runTask(path, () => connection.transact(removeChunk));
    removed += count;
    if (count < DELETE_CHUNK) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await runTask(path, () => {
    connection.prepare('DELETE FROM incidents WHERE last_seen < ?').run(timeMs);
    for (const { name, isAged } of schemas)
      if (isAged) connection.prepare(`DELETE FROM "${name}" WHERE time < ?`).run(timeMs);
    if (removed > 0) connection.pragma('incremental_vacuum');
  });
  return removed;
}

interface OldRow {
  readonly seq: number;
  readonly id: string;
  readonly time: number;
  readonly day: number;
  readonly level: Level | null;
  readonly errorType: string | null;
}

/**
 * Deletes records that show no trouble. A chunk is read row by row, however many of its rows stay, so that no statement
 * takes long.
 */
export async function deleteInfoBefore(connection: Connection, path: string, timeMs: number): Promise<number> {
  const dayMs = startOfDay(timeMs);
  const rows = connection.prepare<OldRow>(
    `SELECT seq, id, time, CASE undated WHEN 1 THEN stored_at ELSE time END AS day, level, error_type AS errorType FROM records
     WHERE (time, seq) > (?, ?) AND time < ? ORDER BY time, seq LIMIT ${DELETE_CHUNK}`,
  );
  let kept: ReadonlySet<string> | undefined;
  let removed = 0;
  let [time, seq] = [Number.MIN_SAFE_INTEGER, -1];
  for (;;) {
    const found = await runTask(path, () => rows.all(time, seq, dayMs));
    const quiet = found.filter(
      (row) =>
        row.day < dayMs && row.level !== null && SHORT_LIVED_LEVELS.includes(row.level) && row.errorType === null,
    );
    if (quiet.length > 0) {
      const shown = (kept ??= await runTask(path, () => findEvidence(connection)));
      const going = quiet.filter(({ id }) => !shown.has(id));
      await runTask(path, () => connection.transact(() => removeRows(connection, going)));
      removed += going.length;
    }
    const last = found.at(-1);
    if (last === undefined || found.length < DELETE_CHUNK) break;
    [time, seq] = [last.time, last.seq];
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (removed > 0) await runTask(path, () => connection.pragma('incremental_vacuum'));
  return removed;
}

function findEvidence(connection: Connection): ReadonlySet<string> {
  const bodies = connection.prepare<{ id: string; body: string }>(
    'SELECT id, body FROM incidents WHERE id > ? ORDER BY id LIMIT 100',
  );
  const shown = new Set<string>();
  for (let after = ''; ;) {
    const page = bodies.all(after);
    for (const { body } of page) for (const id of listEvidence(body)) shown.add(id);
    const last = page.at(-1);
    if (last === undefined) return shown;
    after = last.id;
  }
}
