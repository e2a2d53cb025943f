// Tests the embedded store in its own threads: the same contract as in this thread, and what a thread adds. It ends
// what its caller does not want any more, answers others meanwhile, and is opened again after it died.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../open.js';
import type { RecordQuery, Store } from '../store.js';
import { describeStore } from '../testing/contract.js';
import { appendRecords, makeIncident, makeRecord } from '../testing/samples.js';

const root = mkdtempSync(join(tmpdir(), 'jobtrace-threads-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/**
 * Text of the thread's program in one file, as in the built product: the contract starts hundreds of threads, and each
 * would load its modules from their sources.
 */
const bundled = await build({
  entryPoints: [join(import.meta.dirname, '../../cli/service/store-worker.ts')],
  bundle: true,
  format: 'cjs',
  platform: 'node',
  packages: 'external',
  define: { 'import.meta.filename': JSON.stringify(import.meta.filename) },
  write: false,
});
const program = bundled.outputFiles.map(({ text }) => text).join('');

let stores = 0;
async function openThreaded(workers: Worker[] = []): Promise<Store> {
  return openStore({
    kind: 'sqlite',
    path: join(root, `store-${stores++}.db`),
    openThread: (workerData) => {
      const worker = new Worker(program, { workerData, eval: true });
      workers.push(worker);
      return worker;
    },
  });
}

describeStore('SQLite in threads', () => openThreaded());

describe('a search that takes long', () => {
  const RECORDS = 60_000;
  const workers: Worker[] = [];
  let store: Store;
  /**
   * Search that is expensive, because each line has other words, so that every pattern is compared with hundreds of
   * thousands.
   */
  const DEAR = Array.from('0123456789', (digit) => `*${digit}*${digit}*`).join(' OR ');
  const dear: RecordQuery = { query: DEAR, limit: 100, order: 'newest', histogramBuckets: 100, facets: true };
  beforeAll(async () => {
    store = await openThreaded(workers);
    for (let from = 0; from < RECORDS; from += 5000)
      await appendRecords(
        store,
        Array.from({ length: 5000 }, (_, index) =>
          makeRecord(from + index, { text: `word${(from + index) * 7919} other${(from + index) * 104_729}` }),
        ),
      );
    // Opens the threads.
    for (const query of ['word7919', '*rd7919']) await store.searchRecords({ query, limit: 1, order: 'newest' });
  });
  afterAll(() => store.close());

  it('lets others be answered meanwhile, and ends when its caller goes', async () => {
    const gone = new AbortController();
    let isDone = false;
    const search = store.searchRecords(dear, { signal: gone.signal }).finally(() => (isDone = true));

    expect((await store.searchRecords({ query: 'word7919', limit: 1, order: 'newest' })).total).toBe(1);
    await store.saveIncident(makeIncident('meanwhile'));
    expect(await store.findIncident('meanwhile')).toEqual(makeIncident('meanwhile'));
    expect(isDone).toBe(false);
    gone.abort();

    await expect(search).rejects.toMatchObject({ code: 'JT_SEARCH_STOPPED' });
    // A later caller does not wait for the rest of it.
    expect((await store.searchRecords({ query: '*rd7919', limit: 1, order: 'newest' })).total).toBe(1);
  });

  it('ends at its limit, and says what to do', async () => {
    await expect(store.searchRecords(dear, { limitMs: 40 })).rejects.toMatchObject({
      code: 'JT_SEARCH_STOPPED',
      fix: expect.stringContaining('shorter time') as string,
    });
  });

  it('leaves the queue when its caller goes, and when it has waited for as long as it may take', async () => {
    const [first, waiting] = [new AbortController(), new AbortController()];
    const running = store.searchRecords(dear, { signal: first.signal });
    const left = store.searchRecords(dear, { signal: waiting.signal });
    const late = store.searchRecords(dear, { limitMs: 30 });
    waiting.abort();

    await expect(left).rejects.toThrow('caller has gone');
    await expect(late).rejects.toMatchObject({ code: 'JT_SEARCH_STOPPED' });
    first.abort();
    await expect(running).rejects.toThrow('caller has gone');
  });

  it('is answered by another thread when one died', async () => {
    for (const worker of workers) await worker.terminate();

    expect((await store.searchRecords({ query: 'word7919', limit: 1, order: 'newest' })).total).toBe(1);
    expect((await store.searchRecords({ query: '*rd7919', limit: 1, order: 'newest' })).total).toBe(1);
    await store.saveIncident(makeIncident('after'));
    expect(await store.findIncident('after')).toEqual(makeIncident('after'));
  });
});

describe('an incident that is saved while records wait', () => {
  it('is written after the batch that is being written, and before the others', async () => {
    const store = await openThreaded();
    const done: string[] = [];
    const append = async (first: number): Promise<void> => {
      await appendRecords(store, [makeRecord(first)]);
      done.push(`record ${first}`);
    };
    const save = async (): Promise<void> => {
      await store.saveIncident(makeIncident('new'));
      done.push('incident');
    };

    await Promise.all([append(1), append(2), append(3), save()]);

    expect(done).toEqual(['record 1', 'incident', 'record 2', 'record 3']);
    await store.close();
  });

  it('fails if the store is closed before, and nothing is left open', async () => {
    const workers: Worker[] = [];
    const store = await openThreaded(workers);
    const writes = [appendRecords(store, [makeRecord(1)]), store.saveIncident(makeIncident('late'))];

    const results = Promise.allSettled(writes);
    await store.close();

    expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(workers).toHaveLength(1);
  });
});
