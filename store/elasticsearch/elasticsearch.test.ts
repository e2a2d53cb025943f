import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeWithParts } from '../../lab/parts/testing/describe-part.js';
import { errorText } from '../../core/fault.js';
import { startElasticsearch, type Elasticsearch } from '../../lab/parts/services/elasticsearch.js';
import { removeIndices, removeTemplates } from '../testing/cluster.js';
import { describeStore, describeStoreIncidents, describeStoreRecords } from '../testing/contract.js';
import { describeCollections } from '../testing/contract/collections.js';
import { describeFormer } from '../testing/contract/former.js';
import { fillFormerIndices, makeFormerIndices } from '../testing/former.js';
import type { Store } from '../store.js';
import { openElasticsearchStore } from './elasticsearch.js';
import { appendRecords, makeRecord, waitUntil } from '../testing/samples.js';
import { describeAnswers, describeDenial, describeRequests } from './testing/answers.js';
import { describeRefused } from './testing/refused.js';
import { describeDiskSpace } from './testing/disk-space.js';
import { describeTemplates, describeMappings } from './testing/templates.js';
import { describeParts } from './testing/parts.js';
import { describeNews, describeKill, describeSequence } from './testing/news.js';
import { createEmptyStores, useFaultyStore } from './testing/fixture.js';

for (const version of [8, 9] as const) {
  describeWithParts([`elasticsearch-${version}`], `Elasticsearch ${version}`, () => {
    const dir = mkdtempSync(join(tmpdir(), `jobtrace-store-es${version}-`));
    let node: Elasticsearch;
    let prefixes = 0;
    const newPrefix = (): string => `test${version}-${prefixes++}`;

    beforeAll(async () => {
      node = await startElasticsearch({ version, dir: join(dir, 'node') });
      return async () => {
        await node.stop();
        rmSync(dir, { recursive: true, force: true });
      };
    });

    const name = `Elasticsearch ${version}`;
    const openEmpty = createEmptyStores(() => node, `empty${version}`);
    if (version === 9) describeStore(name, openEmpty);
    // Small documents are written and read in the same way with both versions.
    else {
      describeStoreRecords(name, openEmpty);
      describeStoreIncidents(name, openEmpty);
    }

    describe('collections', () =>
      describeCollections(async (schemas) =>
        openElasticsearchStore({ nodes: [node.url], indexPrefix: newPrefix() }, schemas),
      ));

    describe('indices of the release before', () => {
      const openFormer = async (fills: boolean): Promise<Store> => {
        const prefix = newPrefix();
        await makeFormerIndices(node.url, prefix);
        if (fills) await fillFormerIndices(node.url, prefix);
        const store = openElasticsearchStore({ nodes: [node.url], indexPrefix: prefix, refreshMs: 200 });
        await store.check();
        return {
          ...store,
          close: async () => {
            await store.close();
            await removeIndices(node.url, prefix);
            await removeTemplates(node.url, prefix);
          },
        };
      };
      let store: Store;
      beforeEach(async () => {
        store = await openFormer(true);
      });
      afterEach(() => store.close());
      describeFormer(() => store);

      // Both versions read documents in the same way.
      if (version === 9)
        describeStoreIncidents('Elasticsearch with indices of the release before', () => openFormer(false));
    });

    describe('with faults', () => {
      const faulty = useFaultyStore(() => node, newPrefix);
      describeTemplates(faulty);
      describeMappings(faulty);
      describeParts(faulty, version);
      // The rest is the same with both versions, or needs version 9 (switches off sequence numbers).
      if (version === 8) return;
      describeAnswers(faulty);
      describeDenial(faulty);
      describeRequests(faulty);
      describeRefused(faulty);
      describeDiskSpace(faulty);
      describeNews(faulty);
      describeSequence(faulty);
      describeKill(faulty);
    });
  });
}

describe('openElasticsearchStore', () => {
  it('needs no server to open, and says where it looked for one', async () => {
    const store = openElasticsearchStore({ nodes: ['http://user:secret@127.0.0.1:9'] });

    await expect(store.check()).rejects.toMatchObject({
      code: 'JT_STORE_UNREACHABLE',
      message: expect.stringContaining('http://***@127.0.0.1:9') as string,
    });
    await store.close();
  });

  it('says of each request why it failed, also when all nodes failed before', async () => {
    const store = openElasticsearchStore({ nodes: ['http://127.0.0.1:9', 'http://127.0.0.1:19'] });
    const problems: string[] = [];
    for (let round = 0; round < 30; round++) {
      const asked = [appendRecords(store, [makeRecord(1)]), appendRecords(store, [makeRecord(2)]), store.check()];
      for (const answer of await Promise.allSettled<unknown>(asked))
        problems.push(answer.status === 'rejected' ? errorText(answer.reason) : 'stored');
    }

    expect(problems.filter((problem) => !problem.includes('ECONNREFUSED'))).toEqual([]);
    await store.close();
  });

  it('gives up what is under way when it is closed, though the server never answers', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => void sockets.push(socket.on('error', () => undefined).resume()));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const store = openElasticsearchStore({ nodes: [`http://127.0.0.1:${port}`], requestTimeoutMs: 3_600_000 });
    const asked = store.check().catch((error: unknown) => error);
    await waitUntil('the request', () => Promise.resolve(sockets.length > 0));

    await store.close();

    expect(await asked).toMatchObject({ code: 'JT_STORE_UNREACHABLE' });
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('says at once when the settings are wrong or contradict each other', () => {
    expect(() => openElasticsearchStore({ nodes: [] })).toThrow(expect.objectContaining({ code: 'JT_STORE_UNUSABLE' }));
    expect(() => openElasticsearchStore({ nodes: ['http://node:9200'], apiKey: '', username: '' })).not.toThrow();
    expect(() => openElasticsearchStore({ nodes: ['node:9200'] })).toThrow(
      expect.objectContaining({ code: 'JT_STORE_UNUSABLE' }),
    );
    expect(() => openElasticsearchStore({ nodes: ['http://127.0.0.1:9'], caFingerprint: 'AA:BB' })).toThrow(
      expect.objectContaining({ code: 'JT_STORE_UNUSABLE' }),
    );
  });
});
