// Records whose ids the agent names: how their documents are called, and those that an earlier release called
// otherwise. Called by elasticsearch.test.ts for each version.
import { describe, expect, it } from 'vitest';
import { renderRecordId } from '../../../agent/identity/identity.js';
import type { LogRecord } from '../../../core/types.js';
import { appendRecords, makeRecord } from '../../testing/samples.js';
import { ask } from '../../testing/cluster.js';
import { encodeId } from '../record/id.js';
import { DAY, readAll, type FaultyStore } from './fixture.js';

const ID = renderRecordId('5f00aa0102030405060708ff', 0xa3f0, 0x1c291ca3);
const RECORD: LogRecord = { ...makeRecord(1, DAY), id: ID };

export function describeIds(faulty: () => FaultyStore): void {
  describe('a record that an agent names', () => {
    it('is found by its id in each way, and taken once', async () => {
      const { store, node, index } = faulty();

      expect(await appendRecords(store, [RECORD])).toEqual([{ kind: 'stored' }]);
      expect(await appendRecords(store, [RECORD])).toEqual([{ kind: 'duplicate' }]);

      expect(await readAll(store)).toEqual([RECORD]);
      await expectFound(faulty());
      const { _id: documentId } = await findDocument(node.url, index);
      expect(documentId).toBe(encodeId(ID));
    });

    it('is found under the name that an earlier release gave its document', async () => {
      const { store, node, index } = faulty();
      await appendRecords(store, [RECORD]);
      const { _id: documentId, _source: source, _routing: routing } = await findDocument(node.url, index);
      const place = (id: string): string => `/${index}/_doc/${id}?routing=${routing}&refresh=true`;
      await ask(node.url, 'PUT', place(ID), source);
      await ask(node.url, 'DELETE', place(documentId));

      expect(await readAll(store)).toEqual([RECORD]);
      await expectFound(faulty());
    });
  });
}

async function expectFound({ store }: FaultyStore): Promise<void> {
  const query = { limit: 10, order: 'newest' } as const;
  expect((await store.searchRecords({ ...query, ids: [ID] })).records).toEqual([RECORD]);
  expect((await store.searchRecords({ ...query, query: `id:${ID}` })).records).toEqual([RECORD]);
  expect(await store.findContext(ID, { before: 1, after: 1 })).toEqual({ records: [RECORD], index: 0 });
}

interface Found {
  readonly _id: string;
  readonly _routing: string;
  readonly _source: object;
}

async function findDocument(url: string, index: string): Promise<Found> {
  await ask(url, 'POST', `/${index}/_refresh`);
  const answer = (await ask(url, 'GET', `/${index}/_search`)) as { readonly hits: { readonly hits: readonly Found[] } };
  const [found] = answer.hits.hits;
  if (found === undefined) throw new Error(`${index} has no document`);
  return found;
}
