// Tests how the store treats an answer that is late, cut off, wrong or partial, and which requests it sends, for each
// version of Elasticsearch.
import { describe, expect, it } from 'vitest';
import type { LogRecord } from '../../../core/types.js';
import { openElasticsearchStore } from '../elasticsearch.js';
import { isBulk, type Fault } from '../../testing/fault-proxy.js';
import { appendRecords, makeRecord } from '../../testing/samples.js';
import { DAY, onBulk, readAll, type FaultyStore } from './fixture.js';

export function describeAnswers(faulty: () => FaultyStore): void {
  describe('an answer', () => {
    it('keeps once what was indexed although the answer was lost', async () => {
      const { proxy, store } = faulty();
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

    it.each<[string, ReturnType<Fault>, object?]>([
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
      [
        'is not Elasticsearch',
        { status: 200, body: '{"ok":true}', headers: { 'x-elastic-product': 'Other' } },
        { code: 'JT_STORE_UNUSABLE' },
      ],
      ['is JSON of something else', { status: 200, body: '{"errors":false}' }],
      ['is broken JSON', { status: 200, body: '{"errors":false,"items":[' }],
      ['has fewer items than were sent', { status: 200, body: '{"errors":false,"items":[{"index":{"status":201}}]}' }],
    ])(
      'asks to send the batch again when the answer %s',
      async (_what, fault, failure = { code: 'JT_STORE_UNREACHABLE', retryable: true }) => {
        const { proxy, store } = faulty();
        await appendRecords(store, [makeRecord(0)]);
        const batch = [makeRecord(1), makeRecord(2)];
        proxy.setFault(onBulk(fault));
        await expect(appendRecords(store, batch)).rejects.toMatchObject(failure);
        proxy.setFault(undefined);

        expect((await appendRecords(store, batch)).map((outcome) => outcome.kind)).toEqual(['stored', 'stored']);
      },
    );
  });
}

export function describeDenial(faulty: () => FaultyStore): void {
  describe('a request', () => {
    it('says so when the key is not accepted, and goes on when it is again', async () => {
      const { proxy, store } = faulty();
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
      const { proxy, store } = faulty();
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
      const { proxy, store } = faulty();
      const text = 'some words '.repeat(200_000);
      const batch = [1, 2, 3].map((number) => makeRecord(number, { text: `${number} ${text}` }));
      // Templates and plans are noted first, so that only records follow.
      await store.check();
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
  });
}

export function describeRequests(faulty: () => FaultyStore): void {
  describe('what is asked', () => {
    it('asks for errors only while all goes well, and for each answer as soon as something does not', async () => {
      const { proxy, store } = faulty();
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

    it('sends records compressed unless the settings say otherwise, and they are the same', async () => {
      const { proxy, store, prefix } = faulty();
      // Templates and plans are noted first, so that only records follow.
      await store.check();
      const encodings: (string | undefined)[] = [];
      proxy.setFault(({ path, encoding }) => void (isBulk(path) && encodings.push(encoding)));
      const plain = openElasticsearchStore({ nodes: [proxy.url], indexPrefix: prefix, compress: false });

      await appendRecords(store, [makeRecord(1)]);
      const again = await appendRecords(plain, [makeRecord(1), makeRecord(2)]);
      await plain.close();

      expect(encodings).toEqual(['gzip', undefined]);
      expect(again.map(({ kind }) => kind)).toEqual(['duplicate', 'stored']);
      expect(await readAll(store)).toEqual([makeRecord(1), makeRecord(2)]);
    });

    it('asks for no statistics to know that there is room', async () => {
      const { proxy, store } = faulty();
      await store.check();
      await appendRecords(store, [makeRecord(1, DAY)]);
      const asked: string[] = [];
      proxy.setFault(({ path }) => void asked.push(path));
      await store.checkDiskSpace();

      expect(asked).toHaveLength(1);
      expect(asked.join()).toMatch(/_settings\/index\.blocks/);
    });

    it('asks three questions before the first records where the templates are there', async () => {
      const { node, proxy, store, prefix } = faulty();
      const owner = openElasticsearchStore({ nodes: [node.url], indexPrefix: prefix });
      await owner.check();
      await owner.close();
      const asked: string[] = [];
      proxy.setFault(({ path }) => void asked.push(path));

      await store.prepare?.();
      expect(asked).toHaveLength(3);
      await appendRecords(store, [makeRecord(1, DAY)]);
      expect(asked.slice(3)).toEqual([expect.stringContaining('_bulk')]);
    });
  });
}
