// Tests the templates of the store's indices, and what an index of a day maps, for each version of Elasticsearch.
import { describe, expect, it } from 'vitest';
import { openElasticsearchStore } from '../elasticsearch.js';
import { TEMPLATE_AGE } from '../mapping.js';
import { ask } from '../../testing/cluster.js';
import { isBulk } from '../../testing/fault-proxy.js';
import { appendRecords, makeRecord } from '../../testing/samples.js';
import { DAY, type FaultyStore } from './fixture.js';

export function describeTemplates(faulty: () => FaultyStore): void {
  describe('a template', () => {
    it('works without the right to make templates once somebody has made them, and says so before', async () => {
      const { node, proxy, store, prefix } = faulty();
      proxy.setFault(({ path }) =>
        path.startsWith('/_index_template')
          ? { status: 403, body: '{"error":{"type":"security_exception","reason":"not allowed"}}' }
          : undefined,
      );
      await expect(appendRecords(store, [makeRecord(1)])).rejects.toMatchObject({
        code: 'JT_STORE_DENIED',
        message: expect.stringContaining('run "jobtrace setup" first') as string,
      });
      const owner = openElasticsearchStore({ nodes: [node.url], indexPrefix: prefix });
      await owner.check();
      await owner.close();

      expect(await appendRecords(store, [makeRecord(1)])).toEqual([{ kind: 'stored' }]);
    });

    it('replaces a template that says something else, and leaves alone one with more fields', async () => {
      const { node, prefix } = faulty();
      const path = `/_index_template/${prefix}-logs`;
      const start = async (): Promise<void> => {
        const part = openElasticsearchStore({ nodes: [node.url], indexPrefix: prefix });
        await part.check();
        await part.close();
      };
      const put = (of: number, digest: string) =>
        ask(node.url, 'PUT', path, { index_patterns: [`${prefix}-logs-*`], version: of, _meta: { digest } });
      const { version: age, digest } = TEMPLATE_AGE;

      await put(age, 'of another release');
      await start();
      expect(JSON.stringify(await ask(node.url, 'GET', path))).toContain(digest);

      await put(age + 1, 'of a newer release');
      await start();
      expect(JSON.stringify(await ask(node.url, 'GET', path))).toContain('of a newer release');
    });
  });
}

export function describeMappings(faulty: () => FaultyStore): void {
  describe('what an index maps', () => {
    it("takes the operator's number of shards and own fields, and keeps what it needs itself", async () => {
      const { node, store, prefix } = faulty();
      await store.check();
      await ask(node.url, 'PUT', `/_component_template/${prefix}-logs@custom`, {
        template: {
          settings: { number_of_shards: 3, refresh_interval: '77s' },
          mappings: {
            dynamic: true,
            properties: { 'labels.team': { type: 'keyword' }, message: { type: 'keyword' } },
          },
        },
      });
      const name = `${prefix}-logs-2026.11.23`;

      const outcomes = await appendRecords(store, [makeRecord(1, { time: '2026-11-23T10:00:00.000Z' })]);

      expect(outcomes).toEqual([{ kind: 'stored' }]);
      const made = await ask(node.url, 'GET', `/${name}`);
      expect(made).toMatchObject({
        [name]: {
          settings: {
            index: { number_of_shards: '3', refresh_interval: expect.not.stringContaining('77s') as string },
          },
          mappings: { dynamic: 'false', properties: { message: { type: 'text' } } },
        },
      });
      expect(JSON.stringify(made)).toContain('"team"');
      await ask(node.url, 'DELETE', `/_component_template/${prefix}-logs@custom`);
      await ask(node.url, 'DELETE', `/${name}`);
    });

    it('brings the words of an entry in its document, because the smallest distribution cannot find them', async () => {
      const { node, proxy, store, prefix } = faulty();
      // Templates and plans are noted first, so that only records follow.
      await store.check();
      const sent: string[] = [];
      proxy.setFault(({ path }) => (isBulk(path) ? { decide: (document) => void sent.push(document) } : undefined));
      await appendRecords(store, [makeRecord(1, { text: 'java.io.IOException: 连接失败' })]);

      expect(sent).toEqual([expect.stringContaining('"words":["java io ioexception 连 接 失 败"]')]);
      expect(JSON.stringify(await ask(node.url, 'GET', `/_index_template/${prefix}-logs`))).toContain('whitespace');
    });

    it('maps nothing that it did not name', async () => {
      const { node, store, index } = faulty();
      const record = { ...makeRecord(1, DAY), 'user.field': { deep: 1 } };

      expect(await appendRecords(store, [record])).toEqual([{ kind: 'stored' }]);

      expect(JSON.stringify(await ask(node.url, 'GET', `/${index}/_mapping`))).not.toContain('user');
    });
  });
}
