import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeWithParts } from '../../lab/parts/testing/describe-part.js';
import { startElasticsearch, type Elasticsearch } from '../../lab/parts/services/elasticsearch.js';
import type { LogRecord } from '../../core/types.js';
import { describeStore } from '../testing/contract.js';
import { openElasticsearchStore } from './elasticsearch.js';
import { TEMPLATE_AGE } from './mapping.js';
import { READS_BETWEEN_FULL_LOOKS } from './look.js';
import { ask, removeIndices } from '../testing/cluster.js';
import { isBulk, openFaultProxy, type Fault, type FaultProxy } from '../testing/fault-proxy.js';
import { openStore } from '../open.js';
import { appendRecords, makeIncident, makeRecord, waitUntil } from '../testing/samples.js';
import type { Store } from '../store.js';

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
    }, 240_000);

    describeStore(`Elasticsearch ${version}`, async () => {
      const indexPrefix = newPrefix();
      const store = await openStore({ kind: 'elasticsearch', nodes: [node.url], indexPrefix, refreshMs: 200 });
      return { ...store, close: () => store.close().then(() => removeIndices(node.url, indexPrefix)) };
    });

    describe('with faults', () => {
      let proxy: FaultProxy;
      let store: Store;
      let prefix: string;
      const day = { time: '2026-11-20T10:00:00.000Z' };
      const index = (): string => `${prefix}-logs-2026.11.20`;
      beforeEach(async () => {
        prefix = newPrefix();
        proxy = await openFaultProxy(node.url);
        store = openElasticsearchStore({ nodes: [proxy.url], indexPrefix: prefix, refreshMs: 200 });
      });
      afterEach(async () => {
        await store.close();
        await proxy.close();
        await removeIndices(node.url, prefix);
      });

      it('keeps once what was indexed although the answer was lost', async () => {
        const batch = [makeRecord(1), makeRecord(2)];
        proxy.setFault(onBulk('cut-after'));
        await expect(appendRecords(store, batch)).rejects.toMatchObject({
          code: 'JT_STORE_UNREACHABLE',
          retryable: true,
        });
        proxy.setFault(undefined);

        expect(await appendRecords(store, batch)).toEqual([{ kind: 'duplicate' }, { kind: 'duplicate' }]);

        expect(await readAll(store)).toEqual(batch);
      });

      it.each<[string, ReturnType<Fault>]>([
        ['is cut off', 'cut-before'],
        [
          'is too busy',
          { status: 429, body: '{"error":{"type":"es_rejected_execution_exception","reason":"busy"},"status":429}' },
        ],
        [
          'is not ready',
          { status: 503, body: '{"error":{"type":"cluster_block_exception","reason":"no master"},"status":503}' },
        ],
        ['is a bad gateway', { status: 502, body: '<html>502</html>', type: 'text/html' }],
        [
          'is a proxy page that calls itself a success',
          { status: 200, body: '<html>Please log in</html>', type: 'text/html' },
        ],
        ['is not Elasticsearch', { status: 200, body: '{"ok":true}', headers: { 'x-elastic-product': 'Other' } }],
        ['is JSON of something else', { status: 200, body: '{"errors":false}' }],
        ['is broken JSON', { status: 200, body: '{"errors":false,"items":[' }],
        [
          'has fewer items than were sent',
          { status: 200, body: '{"errors":false,"items":[{"index":{"status":201}}]}' },
        ],
      ])('asks to send the batch again when the answer %s', async (_what, fault) => {
        await appendRecords(store, [makeRecord(0)]);
        const batch = [makeRecord(1), makeRecord(2)];
        proxy.setFault(onBulk(fault));
        await expect(appendRecords(store, batch)).rejects.toMatchObject({
          code: 'JT_STORE_UNREACHABLE',
          retryable: true,
        });
        proxy.setFault(undefined);

        expect((await appendRecords(store, batch)).map((outcome) => outcome.kind)).toEqual(['stored', 'stored']);
      });

      it('says so when the key is not accepted, and goes on when it is again', async () => {
        for (const status of [401, 403]) {
          proxy.setFault(() => ({
            status,
            body: '{"error":{"type":"security_exception","reason":"unable to authenticate"}}',
          }));
          await expect(appendRecords(store, [makeRecord(1)])).rejects.toMatchObject({
            code: 'JT_STORE_DENIED',
            retryable: true,
          });
          await expect(store.searchRecords({ limit: 1, order: 'newest' })).rejects.toMatchObject({
            code: 'JT_STORE_DENIED',
          });
        }
        proxy.setFault(undefined);

        expect(await appendRecords(store, [makeRecord(1)])).toEqual([{ kind: 'stored' }]);
      });

      it('halves a request that is too large and refuses only the record that no request can hold', async () => {
        const noise = (length: number): string =>
          Array.from({ length }, (_, at) => String.fromCharCode(97 + ((at * at * 31 + at * 7 + (at >> 3)) % 26))).join(
            '',
          );
        const batch = [1, 2, 3, 4].map((number) => makeRecord(number, { text: `${number}${noise(200)}` }));
        const large = makeRecord(5, {
          text: `${Array.from({ length: 3_000 }, (_, at) => Math.imul(at, 2654435761).toString(36)).join(' ')}`,
        });
        proxy.setFault(({ path, bytes }) =>
          isBulk(path) && bytes > 2_000 ? { status: 413, body: '<html>413</html>', type: 'text/html' } : undefined,
        );

        const outcomes = await appendRecords(store, [...batch, large]);

        expect(outcomes.map((outcome) => outcome.kind)).toEqual(['stored', 'stored', 'stored', 'stored', 'refused']);
        expect(proxy.faults()).toBeGreaterThan(0);
        expect(await readAll(store)).toHaveLength(4);
      });

      it('keeps what came through when a later part of a large batch does not', async () => {
        const text = 'some words '.repeat(200_000);
        const batch = [1, 2, 3].map((number) => makeRecord(number, { text: `${number} ${text}` }));
        let requests = 0;
        proxy.setFault(({ path }) => (isBulk(path) && ++requests > 1 ? 'cut-before' : undefined));

        const outcomes = await appendRecords(store, batch);

        expect(outcomes.map((outcome) => outcome.kind)).toEqual(['stored', 'retry', 'retry']);
        proxy.setFault(undefined);
        expect((await appendRecords(store, batch)).map((outcome) => outcome.kind)).toEqual([
          'duplicate',
          'stored',
          'stored',
        ]);
      });

      it('asks for errors only while all goes well, and for each answer as soon as something does not', async () => {
        const asked: string[] = [];
        proxy.setFault(({ path }) => {
          if (isBulk(path)) asked.push(new URL(path, 'http://es').searchParams.get('filter_path') ?? '');
          return undefined;
        });
        const append = async (...records: readonly LogRecord[]): Promise<readonly string[]> =>
          (await appendRecords(store, records)).map(({ kind }) => kind);
        for (const number of [1, 2, 3]) await append(makeRecord(number));
        asked.length = 0;

        const calm = await append(makeRecord(4));
        const mixed = await append(makeRecord(1, { text: 'another' }), makeRecord(5), makeRecord(2));
        const after = await append(makeRecord(6));

        expect([calm, mixed, after]).toEqual([['stored'], ['collision', 'duplicate', 'duplicate'], ['stored']]);
        expect(asked.map((fields) => (fields === 'errors' ? fields : 'items'))).toEqual([
          'errors',
          'errors',
          'items',
          'items',
        ]);
        expect(await readAll(store)).toHaveLength(6);
      });

      it('keeps whole and finds what the index of its day refuses, and stores the others in their place', async () => {
        await store.check();
        await ask(node.url, 'PUT', `/_component_template/${prefix}-logs@custom`, {
          template: { mappings: { properties: { 'log.logger': { type: 'long' } } } },
        });
        await ask(node.url, 'PUT', `/${index()}`, { mappings: { properties: { message: { type: 'long' } } } });
        const other = makeRecord(2, { time: '2026-11-21T10:00:00.000Z' });
        const refused = makeRecord(1, { ...day, logger: 'a.B' });

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

      it("takes the operator's number of shards and own fields, and keeps what it needs itself", async () => {
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

      it('refuses what no index takes, and asks again where the index of the refused is only busy', async () => {
        const properties = { message: { type: 'long' } };
        await ask(node.url, 'PUT', `/${index()}`, { mappings: { properties } });
        const kinds = async (): Promise<string[]> =>
          (await appendRecords(store, [makeRecord(1, day)])).map((outcome) => outcome.kind);
        let turn = 0;
        for (const status of [429, 503]) {
          turn = 0;
          proxy.setFault(({ path }) => (isBulk(path) && ++turn === 2 ? { status, body: '' } : undefined));
          expect(await kinds()).toEqual(['retry']);
        }
        turn = 0;
        proxy.setFault(({ path }) => (isBulk(path) && ++turn === 2 ? { status: 403, body: '{}' } : undefined));
        expect(await kinds()).toEqual(['refused']);
        proxy.setFault(undefined);
        await ask(node.url, 'PUT', `/${prefix}-logs-dead`, { mappings: { properties } });
        expect(await kinds()).toEqual(['refused']);
      });

      it('removes what was refused with its day, or when it has its place', async () => {
        const properties = { message: { type: 'long' } };
        await store.check();
        for (const name of ['2026.11.20', '2026.11.21', 'undated'])
          await ask(node.url, 'PUT', `/${prefix}-logs-${name}`, { mappings: { properties } });
        const undated: LogRecord = { ...makeRecord(3), 'jobtrace.flags': ['undated'] };
        const next = makeRecord(2, { time: '2026-11-21T10:00:00.000Z' });
        await appendRecords(store, [makeRecord(1, day), next, undated]);
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

      it('has no room while one of its indices is read-only for a full disk, and names it', async () => {
        await store.saveIncident(makeIncident('i'));
        await appendRecords(store, [makeRecord(1, day)]);
        await ask(node.url, 'PUT', `/${prefix}z-logs-1?wait_for_active_shards=0`, {
          settings: { 'index.blocks.read_only_allow_delete': true },
        });
        await store.checkRoom();

        for (const name of [index(), `${prefix}-incidents`]) {
          await ask(node.url, 'PUT', `/${name}/_settings`, { 'index.blocks.read_only_allow_delete': true });
          await expect(store.checkRoom()).rejects.toMatchObject({
            code: 'JT_STORE_FULL',
            message: expect.stringContaining(`${name} `) as string,
          });
          await expect(store.checkRoom()).rejects.toMatchObject({ code: 'JT_STORE_FULL' });
          await ask(node.url, 'PUT', `/${name}/_settings`, { 'index.blocks.read_only_allow_delete': null });
          await store.checkRoom();
        }
        await ask(node.url, 'DELETE', `/${prefix}z-logs-1`);
      });

      it('says of a document that a full disk refuses that there is no room', async () => {
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

      it('asks for no statistics to know that there is room', async () => {
        await store.check();
        await appendRecords(store, [makeRecord(1, day)]);
        const asked: string[] = [];
        proxy.setFault(({ path }) => void asked.push(path));
        await store.checkRoom();

        expect(asked).toHaveLength(1);
        expect(asked.join()).toMatch(/_settings\/index\.blocks/);
      });

      it('asks three questions before the first records where the templates are there', async () => {
        const owner = openElasticsearchStore({ nodes: [node.url], indexPrefix: prefix });
        await owner.check();
        await owner.close();
        const asked: string[] = [];
        proxy.setFault(({ path }) => void asked.push(path));

        await store.prepare?.();
        expect(asked).toHaveLength(3);
        await appendRecords(store, [makeRecord(1, day)]);
        expect(asked.slice(3)).toEqual([expect.stringContaining('_bulk')]);
      });

      it('waits for a read-only index, a missing right to create one, and a cluster that has too many shards', async () => {
        await appendRecords(store, [makeRecord(1, day)]);
        const kinds = async (record: LogRecord): Promise<string[]> =>
          (await appendRecords(store, [record])).map((outcome) => outcome.kind);

        await ask(node.url, 'PUT', `/${index()}/_settings`, { 'index.blocks.read_only_allow_delete': true });
        expect(await kinds(makeRecord(2, day))).toEqual(['full']);
        await ask(node.url, 'PUT', `/${index()}/_settings`, { 'index.blocks.read_only_allow_delete': null });
        expect(await kinds(makeRecord(2, day))).toEqual(['stored']);

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

      it('works without the right to make templates once somebody has made them, and says so before', async () => {
        proxy.setFault(({ path }) =>
          path.startsWith('/_index_template')
            ? { status: 403, body: '{"error":{"type":"security_exception","reason":"not allowed"}}' }
            : undefined,
        );
        await expect(appendRecords(store, [makeRecord(1)])).rejects.toMatchObject({
          code: 'JT_STORE_DENIED',
          message: expect.stringContaining('start the analyzer or the API first') as string,
        });
        const owner = openElasticsearchStore({ nodes: [node.url], indexPrefix: prefix });
        await owner.check();
        await owner.close();

        expect(await appendRecords(store, [makeRecord(1)])).toEqual([{ kind: 'stored' }]);
      });

      it('replaces a template that says something else, and leaves alone one with more fields', async () => {
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

      it('brings the words of an entry in its document, because the smallest distribution cannot find them', async () => {
        const sent: string[] = [];
        proxy.setFault(({ path }) => (isBulk(path) ? { decide: (document) => void sent.push(document) } : undefined));
        await appendRecords(store, [makeRecord(1, { text: 'java.io.IOException: 连接失败' })]);

        expect(sent).toEqual([expect.stringContaining('"words":["java io ioexception 连 接 失 败"]')]);
        expect(JSON.stringify(await ask(node.url, 'GET', `/_index_template/${prefix}-logs`))).toContain('whitespace');
      });

      it('maps nothing that it did not name', async () => {
        const record = { ...makeRecord(1, day), 'user.field': { deep: 1 } };

        expect(await appendRecords(store, [record])).toEqual([{ kind: 'stored' }]);

        expect(JSON.stringify(await ask(node.url, 'GET', `/${index()}/_mapping`))).not.toContain('user');
      });

      // Elasticsearch 8 cannot switch them off.
      if (version === 9)
        it('does not take an index without sequence numbers for an empty one', async () => {
          await store.check();
          await ask(node.url, 'PUT', `/${index()}`, { settings: { 'index.disable_sequence_numbers': true } });
          await appendRecords(store, [makeRecord(1, day)]);

          await expect(store.readRecords(undefined, { limit: 1 })).rejects.toMatchObject({
            code: 'JT_STORE_UNUSABLE',
            message: expect.stringContaining('sequence numbers') as string,
          });
        });

      it('asks as few indices for news when many days are kept as when few are, and finds a new day at once', async () => {
        const few = await countAsked(await keepDays(store, 1, 6));
        const many = await countAsked(await keepDays(store, 7, 24));
        const { cursor } = await readOn(store, undefined);
        await appendRecords(store, [makeRecord(1, { time: '2026-11-28T10:00:00.000Z' })]);

        expect(Math.max(...many.named)).toBeLessThanOrEqual(Math.max(...few.named));
        expect(many.full).toBeLessThanOrEqual(4);
        expect((await store.readRecords(cursor, { limit: 10 })).records).toHaveLength(1);
      });

      it('skips nothing that comes late into an old day: it is found within the reads between two full looks', async () => {
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
        expect(reads).toBeLessThanOrEqual(READS_BETWEEN_FULL_LOOKS + 1);
        expect(page.records).toEqual([late(102)]);
      });

      /** A record on each of these days of November, read by the feed, and none for a while. */
      async function keepDays(to: Store, first: number, last: number): Promise<{ readonly cursor: string }> {
        for (let number = first; number <= last; number += 1)
          await appendRecords(to, [
            makeRecord(number, { time: `2026-11-${String(number).padStart(2, '0')}T10:00:00.000Z` }),
          ]);
        const page = await readOn(to, undefined);
        for (let read = 0; read < 3 * READS_BETWEEN_FULL_LOOKS; read += 1)
          await to.readRecords(page.cursor, { limit: 10 });
        return page;
      }

      async function readOn(from: Store, start: string | undefined): Promise<{ readonly cursor: string }> {
        for (let cursor = start; ;) {
          const page = await from.readRecords(cursor, { limit: 100 });
          if (page.drained) return page;
          cursor = page.cursor;
        }
      }

      /** Names in the requests for statistics of 45 reads that find nothing, and how many asked for all indices. */
      async function countAsked(start: { readonly cursor: string }): Promise<{ named: number[]; full: number }> {
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

      it('loses and repeats nothing when the server is killed in the middle', async () => {
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
        expect([...page.records, ...rest].map((record) => record.id)).toEqual(
          batches.flat().map((record) => record.id),
        );
        expect((await store.check()).version).toBe(node.version);
      }, 240_000);
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

function onBulk(fault: ReturnType<Fault>): Fault {
  return ({ path }) => (isBulk(path) ? fault : undefined);
}

async function findRefused(store: Store): Promise<readonly LogRecord[]> {
  return (await store.searchRecords({ query: 'flag:refused', limit: 10, order: 'oldest' })).records;
}

async function readAll(store: Store, from?: string): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for (let cursor = from; ;) {
    const page = await store.readRecords(cursor, { limit: 100 });
    records.push(...page.records);
    cursor = page.cursor;
    if (page.drained) return records;
  }
}
