// Tests indices that are read-only, a full disk, and a cluster that creates no more indices, for each version of
// Elasticsearch.
import { describe, expect, it } from 'vitest';
import type { LogRecord } from '../../../core/types.js';
import { ask } from '../../testing/cluster.js';
import { appendRecords, makeIncident, makeRecord } from '../../testing/samples.js';
import { DAY, type FaultyStore } from './fixture.js';

export function describeDiskSpace(faulty: () => FaultyStore): void {
  describe('an index that takes nothing', () => {
    it('has no room while one of its indices is read-only for a full disk, and names it', async () => {
      const { node, store, prefix, index } = faulty();
      await store.saveIncident(makeIncident('i'));
      await appendRecords(store, [makeRecord(1, DAY)]);
      await ask(node.url, 'PUT', `/${prefix}z-logs-1?wait_for_active_shards=0`, {
        settings: { 'index.blocks.read_only_allow_delete': true },
      });
      await store.checkDiskSpace();

      for (const name of [index, `${prefix}-incidents`]) {
        await ask(node.url, 'PUT', `/${name}/_settings`, { 'index.blocks.read_only_allow_delete': true });
        await expect(store.checkDiskSpace()).rejects.toMatchObject({
          code: 'JT_STORE_FULL',
          message: expect.stringContaining(`${name} `) as string,
        });
        await expect(store.checkDiskSpace()).rejects.toMatchObject({ code: 'JT_STORE_FULL' });
        await ask(node.url, 'PUT', `/${name}/_settings`, { 'index.blocks.read_only_allow_delete': null });
        await store.checkDiskSpace();
      }
      await ask(node.url, 'DELETE', `/${prefix}z-logs-1`);
    });

    it('says of a document that a full disk refuses that there is no room', async () => {
      const { node, store, prefix } = faulty();
      await store.saveIncident(makeIncident('i'));
      await ask(node.url, 'PUT', `/${prefix}-incidents/_settings`, { 'index.blocks.read_only_allow_delete': true });

      await expect(store.saveIncident(makeIncident('j'))).rejects.toMatchObject({
        code: 'JT_STORE_FULL',
        message: expect.stringContaining(`${prefix}-incidents`) as string,
        retryable: true,
      });
      await ask(node.url, 'PUT', `/${prefix}-incidents/_settings`, { 'index.blocks.read_only_allow_delete': null });
      await store.saveIncident(makeIncident('j'));
    });

    it('waits for a read-only index, a missing right to create one, and a cluster that has too many shards', async () => {
      const { node, store, index } = faulty();
      await appendRecords(store, [makeRecord(1, DAY)]);
      const kinds = async (record: LogRecord): Promise<string[]> =>
        (await appendRecords(store, [record])).map((outcome) => outcome.kind);

      await ask(node.url, 'PUT', `/${index}/_settings`, { 'index.blocks.read_only_allow_delete': true });
      expect(await kinds(makeRecord(2, DAY))).toEqual(['full']);
      await ask(node.url, 'PUT', `/${index}/_settings`, { 'index.blocks.read_only_allow_delete': null });
      expect(await kinds(makeRecord(2, DAY))).toEqual(['stored']);

      for (const [setting, value] of [
        ['action.auto_create_index', 'false'],
        ['cluster.max_shards_per_node', 1],
      ] as const) {
        const record = makeRecord(1, { time: `2026-11-2${setting.length % 10}T00:00:00.000Z`, host: setting });
        await ask(node.url, 'PUT', '/_cluster/settings', { persistent: { [setting]: value } });
        const outcomes = await kinds(record);
        await ask(node.url, 'PUT', '/_cluster/settings', { persistent: { [setting]: null } });
        expect(outcomes, setting).toEqual(['retry']);
        expect(await kinds(record), setting).toEqual(['stored']);
      }
    });
  });
}
