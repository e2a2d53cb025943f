// Tests the feed while many days are kept, without sequence numbers, and over a server that is killed, for each version
// of Elasticsearch.
import { describe, expect, it } from 'vitest';
import type { LogRecord } from '../../../core/types.js';
import { READS_BETWEEN_FULL_READS } from '../feed-state.js';
import { ask } from '../../testing/cluster.js';
import { appendRecords, makeRecord, waitUntil } from '../../testing/samples.js';
import type { Store } from '../../store.js';
import { DAY, readAll, type FaultyStore } from './fixture.js';

export function describeNews(faulty: () => FaultyStore): void {
  describe('news of many days', () => {
    it('asks as few indices for news when many days are kept as when few are, and finds a new day at once', async () => {
      const { store } = faulty();
      const few = await countAsked(faulty(), await keepDays(store, 1, 6));
      const many = await countAsked(faulty(), await keepDays(store, 7, 24));
      const { cursor } = await readOn(store, undefined);
      await appendRecords(store, [makeRecord(1, { time: '2026-11-28T10:00:00.000Z' })]);

      expect(Math.max(...many.named)).toBeLessThanOrEqual(Math.max(...few.named));
      expect(many.full).toBeLessThanOrEqual(4);
      expect((await store.readRecords(cursor, { limit: 10 })).records).toHaveLength(1);
    });

    it('skips nothing that comes late into an old day: it is found within the reads between two full looks', async () => {
      const { store } = faulty();
      const { cursor } = await keepDays(store, 1, 12);
      const late = (number: number): LogRecord => makeRecord(number, { time: '2026-11-01T11:00:00.000Z' });
      let page = await store.readRecords(cursor, { limit: 10 });
      await appendRecords(store, [late(101)]);
      let reads = 0;
      for (; page.records.length === 0 && reads < 100; reads += 1)
        page = await store.readRecords(page.cursor, { limit: 10 });
      const first = page.records;
      await appendRecords(store, [late(102)]);
      page = await store.readRecords(page.cursor, { limit: 10 });

      expect(first).toEqual([late(101)]);
      expect(reads).toBeLessThanOrEqual(READS_BETWEEN_FULL_READS + 1);
      expect(page.records).toEqual([late(102)]);
    });
  });
}

export function describeKill(faulty: () => FaultyStore): void {
  describe('a server that is killed', () => {
    it('loses and repeats nothing when the server is killed in the middle', async () => {
      const { node, store } = faulty();
      const batches = [0, 1, 2].map((batch) =>
        Array.from({ length: 20 }, (_, number) => makeRecord(batch * 20 + number)),
      );
      const [first = [], second = [], third = []] = batches;
      await appendRecords(store, first);
      const page = await store.readRecords(undefined, { limit: 15 });

      await node.kill();
      await expect(appendRecords(store, second)).rejects.toMatchObject({
        code: 'JT_STORE_UNREACHABLE',
        retryable: true,
      });
      await expect(store.readRecords(page.cursor, { limit: 15 })).rejects.toMatchObject({
        code: 'JT_STORE_UNREACHABLE',
      });
      await expect(store.check()).rejects.toMatchObject({ code: 'JT_STORE_UNREACHABLE' });
      await node.restart();
      await waitUntil(
        'the store to take records again',
        async () =>
          appendRecords(store, second).then(
            (outcomes) => outcomes.every((outcome) => outcome.kind === 'stored' || outcome.kind === 'duplicate'),
            String,
          ),
        60_000,
      );
      await appendRecords(store, third);

      const rest = await readAll(store, page.cursor);
      expect([...page.records, ...rest].map((record) => record.id)).toEqual(batches.flat().map((record) => record.id));
      expect((await store.check()).version).toBe(node.version);
    }, 240_000);
  });
}

export function describeSequence(faulty: () => FaultyStore): void {
  describe('an index without sequence numbers', () => {
    it('does not take an index without sequence numbers for an empty one', async () => {
      const { node, store, index } = faulty();
      await store.check();
      await ask(node.url, 'PUT', `/${index}`, { settings: { 'index.disable_sequence_numbers': true } });
      await appendRecords(store, [makeRecord(1, DAY)]);

      await expect(store.readRecords(undefined, { limit: 1 })).rejects.toMatchObject({
        code: 'JT_STORE_UNUSABLE',
        message: expect.stringContaining('sequence numbers') as string,
      });
    });
  });
}

/**
 * Stores a record on each of these days of November, reads it by the feed, and then reads for a while without new
 * records.
 */
async function keepDays(to: Store, first: number, last: number): Promise<{ readonly cursor: string }> {
  for (let number = first; number <= last; number += 1)
    await appendRecords(to, [makeRecord(number, { time: `2026-11-${String(number).padStart(2, '0')}T10:00:00.000Z` })]);
  const page = await readOn(to, undefined);
  for (let read = 0; read < 3 * READS_BETWEEN_FULL_READS; read += 1) await to.readRecords(page.cursor, { limit: 10 });
  return page;
}

async function readOn(from: Store, start: string | undefined): Promise<{ readonly cursor: string }> {
  for (let cursor = start; ;) {
    const page = await from.readRecords(cursor, { limit: 100 });
    if (page.drained) return page;
    cursor = page.cursor;
  }
}

/** Counts the names in the requests for statistics of 45 reads that find nothing, and the requests for all indices. */
async function countAsked(
  { proxy, store }: FaultyStore,
  start: { readonly cursor: string },
): Promise<{ named: number[]; full: number }> {
  const asked: string[] = [];
  proxy.setFault(({ path }) => {
    if (path.includes('/_stats/')) asked.push(path.split('/')[1] ?? '');
    return undefined;
  });
  let { cursor } = start;
  for (let read = 0; read < 45; read += 1) ({ cursor } = await store.readRecords(cursor, { limit: 10 }));
  proxy.setFault(undefined);
  const named = asked.filter((names) => !names.includes('*')).map((names) => names.split(',').length);
  return { named, full: asked.length - named.length };
}
