// Tests the partitions of the feed if an operator has several shards a day: the partition of each cluster, days with
// other numbers of shards, and cursors that are joined when the number of partitions changes.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogRecord } from '../../../core/types.js';
import { ask } from '../../testing/cluster.js';
import { appendRecords, makeRecord } from '../../testing/samples.js';
import { drain } from '../../testing/contract/reading.js';
import { encodeId } from '../record/id.js';
import { DAY, type FaultyStore } from './fixture.js';

const OTHER_DAY = { time: '2026-11-19T10:00:00.000Z' };
const CLUSTERS = [...Array(30).keys()].map((number) => `flink/订单 ${number}`).concat('x'.repeat(700));

export function describeParts(faulty: () => FaultyStore, version: 8 | 9): void {
  describe('parts of several shards', () => {
    const custom = (): string => `${faulty().node.url}/_component_template/${faulty().prefix}-logs@custom`;
    const setShards = (settings: object): Promise<unknown> => ask(custom(), 'PUT', '', { template: { settings } });
    const recordsOf = (day: object, from: number): LogRecord[] =>
      CLUSTERS.map((cluster, number) => makeRecord(from + number, { ...day, cluster }));
    const readPart = (from: string | undefined, index: number, of: number): ReturnType<typeof drain> =>
      drain(faulty().store, from, 1000, { index, of });
    beforeEach(() => faulty().store.check());
    afterEach(() => fetch(custom(), { method: 'DELETE' }));

    // Elasticsearch 9 takes the remainder of the hash, so there each partition reads all shards.
    it.each(version === 8 ? [1, 2, 3, 5, 8] : [1])(
      'are the shards of the newest day, as Elasticsearch routes to them: %i',
      async (shards) => {
        const { node, store, index } = faulty();
        await setShards({ number_of_shards: shards });
        expect(await store.countPartitions()).toBe(1);
        await appendRecords(store, [makeRecord(1, DAY)]);
        const routed = await Promise.all(
          CLUSTERS.map(async (cluster) => {
            const path = `/${index}/_search_shards?routing=${encodeURIComponent(encodeId(cluster))}`;
            const found = (await ask(node.url, 'GET', path)) as { shards: { shard: number }[][] };
            return found.shards[0]?.[0]?.shard;
          }),
        );

        expect(await store.countPartitions()).toBe(shards);
        expect(CLUSTERS.map((cluster) => store.findPartition(cluster, shards))).toEqual(routed);
        expect(new Set(routed).size).toBe(shards);
      },
    );

    it('have each cluster whole, whatever number of shards its days have', async () => {
      const { store } = faulty();
      await appendRecords(store, recordsOf(OTHER_DAY, 0));
      await setShards({ number_of_shards: 3 });
      await appendRecords(store, recordsOf(DAY, 100));
      await setShards({ number_of_shards: 3, number_of_routing_shards: 30 });
      await appendRecords(store, recordsOf({ time: '2026-11-18T10:00:00.000Z' }, 200));

      const parts = await Promise.all([0, 1, 2].map((index) => readPart(undefined, index, 3)));

      expect(parts.map(({ records }) => records.map(({ id }) => id).sort())).toEqual(
        [0, 1, 2].map((part) =>
          [...recordsOf(OTHER_DAY, 0), ...recordsOf(DAY, 100), ...recordsOf({}, 200)]
            .filter((record) => store.findPartition(record['flink.cluster'], 3) === part)
            .map(({ id }) => id)
            .sort(),
        ),
      );
    });

    it('go on where all of them were when they are counted anew, and read again what one had not', async () => {
      const { store } = faulty();
      await setShards({ number_of_shards: 2 });
      await appendRecords(store, recordsOf(DAY, 0));
      await setShards({ number_of_shards: 3 });
      await appendRecords(store, recordsOf(OTHER_DAY, 100));
      const [first, second] = await Promise.all([0, 1].map((index) => readPart(undefined, index, 2)));
      await appendRecords(store, recordsOf(OTHER_DAY, 200));
      const ahead = await readPart(first?.cursor, 0, 2);
      const readOn = async (cursors: readonly (string | undefined)[], of: number): Promise<readonly string[]> => {
        const from = store.joinCursors(cursors);
        const parts = await Promise.all([...Array(of).keys()].map((index) => readPart(from, index, of)));
        return parts.flatMap(({ records }) => records.map(({ id }) => id)).sort();
      };
      const news = recordsOf(OTHER_DAY, 200).map(({ id }) => id);

      expect(await readOn([first?.cursor, second?.cursor], 3)).toEqual(news.sort());
      expect(await readOn([ahead.cursor, second?.cursor], 1)).toEqual(news.sort());
      // Records that no reader of the second partition has read. If all partitions read all shards, these are all
      // records.
      const kept = version === 8 ? ahead.records.length : 0;
      expect(await readOn([ahead.cursor, undefined], 3)).toHaveLength(3 * CLUSTERS.length - kept);
      expect(await readOn([store.joinCursors([first?.cursor, second?.cursor]), second?.cursor], 2)).toEqual(news);
      expect(store.joinCursors([undefined, undefined])).toBeUndefined();
    });
  });
}
