import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { describeWithParts } from '../testing/describe-part.js';
import { startElasticsearch, type Elasticsearch } from './elasticsearch.js';

async function ask(
  node: Elasticsearch,
  path: string,
  method = 'GET',
  body?: unknown,
): Promise<Record<string, unknown>> {
  const response = await fetch(node.url + path, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    headers: body === undefined ? undefined : { 'content-type': 'application/json' },
  });
  return (await response.json()) as Record<string, unknown>;
}

// The tests of the store start version 9.
for (const version of [7, 8] as const) {
  const analysis = version > 7;
  describeWithParts([`elasticsearch-${version}`], `startElasticsearch ${version}`, () => {
    const dir = mkdtempSync(join(tmpdir(), 'jobtrace-es-test-'));
    let node: Elasticsearch;

    beforeAll(async () => {
      node = await startElasticsearch({ version, dir: join(dir, 'node'), analysis });
      return async () => {
        await node.stop();
        rmSync(dir, { recursive: true, force: true });
      };
    });

    it('is healthy, and of the pinned version', async () => {
      expect(await ask(node, '/_cluster/health')).toMatchObject({ number_of_nodes: 1, timed_out: false });
      expect(JSON.stringify(await ask(node, '/_nodes?filter_path=**.version'))).toContain(
        `"version":"${node.version}"`,
      );
    });

    if (!analysis) return;

    it('keeps an acknowledged document through kill -9 and a start on the same port', async () => {
      const port = node.port;
      await ask(node, '/logs/_doc/1?op_type=create', 'PUT', { message: 'kept' });

      await node.kill();
      expect(node.isAlive()).toBe(false);
      await node.restart();

      expect(node.port).toBe(port);

      expect(await ask(node, '/logs/_doc/1')).toMatchObject({ found: true, _source: { message: 'kept' } });
    });

    it('splits text by the tokenizer that the smallest distribution lacks', async () => {
      const tokenizer = { type: 'pattern', pattern: '[a-z]{1,3}', flags: 'CASE_INSENSITIVE', group: 0 };

      const usual = await ask(node, '/_analyze', 'POST', { tokenizer: 'pattern', text: 'java.io.IOException' });
      const own = await ask(node, '/_analyze', 'POST', { tokenizer, filter: ['lowercase'], text: 'java.io.IO' });

      expect(usual).toMatchObject({ tokens: [{ token: 'java' }, { token: 'io' }, { token: 'IOException' }] });
      expect(own).toMatchObject({ tokens: [{ token: 'jav' }, { token: 'a' }, { token: 'io' }, { token: 'io' }] });
    });
  });
}

describeWithParts(['elasticsearch-8'], 'startElasticsearch with a wrong setting', () => {
  it('says why it does not start', async () => {
    const starting = startElasticsearch({ version: 8, settings: { 'no.such.setting': 'true' } });

    await expect(starting).rejects.toThrow(/did not start[^]*unknown setting \[no\.such\.setting\]/);
  });
});
