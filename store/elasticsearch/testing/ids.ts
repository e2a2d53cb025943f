// Tests the document ids of records whose ids the agent assigns, and the other ids that release 0.1 gave to documents,
// for each version of Elasticsearch.
import { renderRecordId } from '../../../core/record.js';
import { expect, it } from 'vitest';
import type { LogRecord } from '../../../core/types.js';
import { appendRecords, makeRecord } from '../../testing/samples.js';
import { ask } from '../../testing/cluster.js';
import { encodeId } from '../record/id.js';
import type { Store } from '../../store.js';
import { DAY, readAll } from './fixture.js';

const ID = renderRecordId('5f00aa0102030405060708ff', 0xa3f0, 0x1c291ca3);
const RECORD: LogRecord = { ...makeRecord(1, DAY), id: ID };

export interface OwnStore {
  readonly store: Store;
  readonly url: string;
  readonly prefix: string;
  close(): Promise<void>;
}

export function describeIds(open: () => Promise<OwnStore>): void {
  it('is found by its id in each way, and taken once', async () => {
    const { store, url, prefix, close } = await open();

    expect(await appendRecords(store, [RECORD])).toEqual([{ kind: 'stored' }]);
    expect(await appendRecords(store, [RECORD])).toEqual([{ kind: 'duplicate' }]);

    expect(await readAll(store)).toEqual([RECORD]);
    await expectFound(store);
    expect((await findDocument(url, prefix))._id).toBe(encodeId(ID));
    await close();
  });

  it('is found under the name that release 0.1 gave its document', async () => {
    const { store, url, prefix, close } = await open();
    await appendRecords(store, [RECORD]);
    const { _index: index, _id: documentId, _source: source, _routing: routing } = await findDocument(url, prefix);
    const place = (id: string): string => `/${index}/_doc/${id}?routing=${routing}&refresh=true`;
    await ask(url, 'PUT', place(ID), source);
    await ask(url, 'DELETE', place(documentId));

    expect(await readAll(store)).toEqual([RECORD]);
    await expectFound(store);
    await close();
  });
}

async function expectFound(store: Store): Promise<void> {
  const query = { limit: 10, order: 'newest' } as const;
  expect((await store.searchRecords({ ...query, ids: [ID] })).records).toEqual([RECORD]);
  expect((await store.searchRecords({ ...query, query: `id:${ID}` })).records).toEqual([RECORD]);
  expect(await store.findContext(ID, { before: 1, after: 1 })).toEqual({ records: [RECORD], index: 0 });
}

interface Found {
  readonly _index: string;
  readonly _id: string;
  readonly _routing: string;
  readonly _source: object;
}

async function findDocument(url: string, prefix: string): Promise<Found> {
  await ask(url, 'POST', `/${prefix}-logs-*/_refresh`);
  const answer = (await ask(url, 'GET', `/${prefix}-logs-*/_search`)) as {
    readonly hits: { readonly hits: readonly Found[] };
  };
  const [found] = answer.hits.hits;
  if (found === undefined) throw new Error(`${prefix} has no document`);
  return found;
}
