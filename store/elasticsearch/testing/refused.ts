// Tests a record that the index of its day refuses: it is kept aside, found, and removed, for each version of
// Elasticsearch.
import { describe, expect, it } from 'vitest';
import type { LogRecord } from '../../../core/types.js';
import { ask } from '../../testing/cluster.js';
import { isBulk } from '../../testing/fault-proxy.js';
import { appendRecords, makeRecord, waitUntil } from '../../testing/samples.js';
import { DAY, findRefused, type FaultyStore } from './fixture.js';

export function describeRefused(faulty: () => FaultyStore): void {
  describe('a refused record', () => {
    it('keeps whole and finds what the index of its day refuses, and stores the others in their place', async () => {
      const { node, store, prefix, index } = faulty();
      await store.check();
      await ask(node.url, 'PUT', `/_component_template/${prefix}-logs@custom`, {
        template: { mappings: { properties: { 'log.logger': { type: 'long' } } } },
      });
      await ask(node.url, 'PUT', `/${index}`, { mappings: { properties: { message: { type: 'long' } } } });
      const other = makeRecord(2, { time: '2026-11-21T10:00:00.000Z' });
      const refused = makeRecord(1, { ...DAY, logger: 'a.B' });

      const outcomes = await appendRecords(store, [refused, other]);
      const again = await appendRecords(store, [refused]);
      await waitUntil('it to be found', async () => (await findRefused(store)).length === 1);
      const [found] = await findRefused(store);

      const aside = {
        kind: 'aside',
        error: expect.stringContaining('message') as string,
        place: `${prefix}-logs-dead`,
      };
      expect(outcomes).toMatchObject([aside, { kind: 'stored' }]);
      expect(again).toMatchObject([aside]);
      expect(found).toMatchObject({ id: refused.id, message: refused.message, 'log.logger': 'a.B' });
      expect(found).toMatchObject({ 'jobtrace.refusal': aside.error });
      expect((await store.findContext(refused.id, { before: 5, after: 5 }))?.records).toHaveLength(2);
      await ask(node.url, 'DELETE', `/_component_template/${prefix}-logs@custom`);
    });

    it('refuses what no index takes, and asks again where the index of the refused is only busy', async () => {
      const { node, proxy, store, prefix, index } = faulty();
      const properties = { message: { type: 'long' } };
      await ask(node.url, 'PUT', `/${index}`, { mappings: { properties } });
      const kinds = async (): Promise<string[]> =>
        (await appendRecords(store, [makeRecord(1, DAY)])).map((outcome) => outcome.kind);
      let attempt = 0;
      for (const status of [429, 503]) {
        attempt = 0;
        proxy.setFault(({ path }) => (isBulk(path) && ++attempt === 2 ? { status, body: '' } : undefined));
        expect(await kinds()).toEqual(['retry']);
      }
      attempt = 0;
      proxy.setFault(({ path }) => (isBulk(path) && ++attempt === 2 ? { status: 403, body: '{}' } : undefined));
      expect(await kinds()).toEqual(['refused']);
      proxy.setFault(undefined);
      await ask(node.url, 'PUT', `/${prefix}-logs-dead`, { mappings: { properties } });
      expect(await kinds()).toEqual(['refused']);
    });

    it('removes what was refused with its DAY, or when it has its place', async () => {
      const { node, store, prefix } = faulty();
      const properties = { message: { type: 'long' } };
      await store.check();
      for (const name of ['2026.11.20', '2026.11.21', 'undated'])
        await ask(node.url, 'PUT', `/${prefix}-logs-${name}`, { mappings: { properties } });
      const undated: LogRecord = { ...makeRecord(3), 'jobtrace.flags': ['undated'] };
      const next = makeRecord(2, { time: '2026-11-21T10:00:00.000Z' });
      await appendRecords(store, [makeRecord(1, DAY), next, undated]);
      await waitUntil('all to be found', async () => (await findRefused(store)).length === 3);

      expect(await store.deleteBefore('2026-11-21T12:00:00.000Z')).toBe(1);
      await waitUntil('the first to be gone', async () => (await findRefused(store)).length === 2);
      await store.removeRefused([next, makeRecord(9)]);
      const blocked = { 'index.blocks.read_only_allow_delete': true };
      await ask(node.url, 'PUT', `/${prefix}-logs-dead/_settings`, blocked);
      await expect(store.removeRefused([undated])).rejects.toMatchObject({ code: 'JT_STORE_FULL' });
      await expect(store.deleteBefore('2027-01-01T00:00:00.000Z')).rejects.toMatchObject({ code: 'JT_STORE_FULL' });
      expect((await findRefused(store)).map((record) => record.id)).toEqual([undated.id]);
    });
  });
}
