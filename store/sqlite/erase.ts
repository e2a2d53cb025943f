// Deletes records on request, and the copies that SQLite keeps: a page has bytes of rows that were
// deleted or moved until it is written again, the index of words has a word until it is merged, and the write-ahead log
// has both.
import type { RecordFilter } from '../store.js';
import type { Connection } from './engine.js';
import { runTask } from './failure.js';
import { buildSearch } from './search.js';

const DELETE_CHUNK = 2_000;
/** Number of pages that one step of a merge writes. */
const MERGE_PAGES = 500;

/** Deletes in small transactions, so that appends can run between them. */
export async function deleteRecords(connection: Connection, path: string, query: RecordFilter): Promise<number> {
  const where = await runTask(path, () => buildSearch(connection, query));
  let removed = 0;
  for (;;) {
    const count = await runTask(path, () =>
      connection.transact(() => {
        const found = connection
          .prepare<{ seq: number }>(`SELECT seq FROM records WHERE ${where.sql} LIMIT ${DELETE_CHUNK}`)
          .all(...where.params);
        return removeRows(connection, found);
      }),
    );
    removed += count;
    if (count < DELETE_CHUNK) return removed;
    await letOthers();
  }
}

export function removeRows(connection: Connection, rows: readonly { readonly seq: number }[]): number {
  const removeWords = connection.prepare('DELETE FROM words WHERE rowid = ?');
  const remove = connection.prepare('DELETE FROM records WHERE seq = ?');
  for (const { seq } of rows) {
    removeWords.run(seq);
    remove.run(seq);
  }
  return rows.length;
}

/**
 * Merges the index of words in steps, so that appends can run between them, and then writes the whole file again at
 * once. Meanwhile others can read, and writers try again. Throws JT_DISK_FULL if the disk has no room for a second
 * file.
 */
export async function purgeDeleted(connection: Connection, path: string): Promise<void> {
  // A negative number in the first step starts a merge of all parts of the index. Each further step goes on from there.
  for (let pages = -MERGE_PAGES; ; pages = MERGE_PAGES) {
    const before = await countChanges(connection, path);
    await runTask(path, () => connection.prepare("INSERT INTO words (words, rank) VALUES ('merge', ?)").run(pages));
    // A step that has nothing to do changes one row.
    if ((await countChanges(connection, path)) - before < 2) break;
    await letOthers();
  }
  await runTask(path, () => {
    connection.exec('VACUUM');
    connection.pragma('wal_checkpoint(TRUNCATE)');
  });
}

function countChanges(connection: Connection, path: string): Promise<number> {
  return runTask(path, () => Number(connection.prepare<{ n: number }>('SELECT total_changes() AS n').get()?.n ?? 0));
}

function letOthers(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
