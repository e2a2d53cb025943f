// Reads a store for the contract: to the end of its feed, to the end of its pages, until it shows what was appended.
// Only tests import it.
import { expect } from 'vitest';
import type { LogRecord } from '../../../core/types.js';
import type { FeedOptions, LineQuery, RecordQuery, Store } from '../../store.js';
import { waitUntil } from '../samples.js';

export const ALL: RecordQuery = { limit: 0, order: 'oldest' };

/** Reads on until there is nothing more. */
export async function drain(
  store: Pick<Store, 'readRecords'>,
  from: string | undefined,
  limit: number,
  part?: { index: number; of: number },
  left: Pick<FeedOptions, 'skip' | 'only' | 'from'> = {},
): Promise<{ records: LogRecord[]; cursor: string }> {
  const records: LogRecord[] = [];
  for (let cursor = from; ;) {
    const page = await store.readRecords(cursor, { limit, partition: part, ...left });
    expect(page.records.length).toBeLessThanOrEqual(limit);
    records.push(...page.records);
    cursor = page.cursor;
    if (page.drained) return { records, cursor };
  }
}

export async function readAll(store: Pick<Store, 'readRecords'>): Promise<LogRecord[]> {
  return (await drain(store, undefined, 100)).records;
}

/** Reads page after page. Each page must be the same with and without counts. */
export async function readPages(store: Store, query: LineQuery): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | undefined; ;) {
    const asked = after === undefined ? query : { ...query, after };
    const page = await store.findRecords(asked);
    const { records, next } = await store.searchRecords(asked);
    expect(page).toEqual({ records, next });
    ids.push(...page.records.map((record) => record.id));
    after = page.next;
    if (after === undefined) return ids;
  }
}

export async function waitForTotal(store: Store, query: RecordQuery, total: number): Promise<void> {
  await waitUntil(`${total} records`, async () => {
    const found = (await store.searchRecords({ ...query, limit: 1 })).total;
    return found === total || `${found} records`;
  });
}
