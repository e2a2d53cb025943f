// Embedded store for services: only threads use its file, so that the main thread, which serves people, follows logs
// and sends alerts, never waits for it. One thread writes, and some answer what is answered quickly. A search that is
// not done within a moment runs in another thread, and one that goes through all words in a last one; both run at low
// priority. A short command opens the file in its own thread (store/open.ts).
import { availableParallelism } from 'node:os';
import { omitMissing } from '../../core/json.js';
import { explainStop } from '../caller.js';
import { openCollections } from '../collections.js';
import { chargeSearch } from '../query/cost.js';
import type { AskLimits, Store } from '../store.js';
import { joinCursors } from './search.js';
import type { SqliteSettings } from './sqlite.js';
import { CallStopped, type Call, type OpenThread } from './lane.js';
import { createRankedLane, WaitedTooLong, type RankedLane } from './ranked-lane.js';
import type { StoreMethod, ThreadStore } from './serve.js';

type Asked<Name extends StoreMethod> = (
  ...args: Parameters<ThreadStore[Name]>
) => Promise<Awaited<ReturnType<ThreadStore[Name]>>>;

/** Time, in milliseconds, after which a search goes on in another thread, where it keeps no quick one waiting. */
const QUICK_MS = 300;
/**
 * Number of threads for quick answers. Each has its own connection; more would wait for the processor and not for each
 * other.
 */
const QUICK_THREADS = Math.min(4, availableParallelism());
/** Ranks of the calls that wait. The smallest goes first: an incident does not wait until all records are written. */
const RANKS = { document: 0, search: 1, records: 1 } as const;

/** Opens the store. Throws the errors of opening the file. */
export async function openThreadedStore({ path, maxBytes }: SqliteSettings, openThread: OpenThread): Promise<Store> {
  const settings = { path, ...omitMissing({ maxBytes }) };
  const writer = createRankedLane({ openThread, settings });
  const reading = { ...settings, readonly: true };
  const quick = createRankedLane({ openThread, settings: reading, threads: QUICK_THREADS });
  const slow = createRankedLane({ openThread, settings: reading, isPatient: true });
  const expensive = createRankedLane({ openThread, settings: reading, isPatient: true });
  await writer.open();

  const write =
    <Name extends StoreMethod>(method: Name): Asked<Name> =>
    (...args) =>
      writer.ask({ method, args }, { rank: RANKS.document });
  const read =
    <Name extends StoreMethod>(method: Name): Asked<Name> =>
    (...args) =>
      quick.ask({ method, args }, { rank: RANKS.document });
  const search = <Result>(call: Call, options: AskLimits = {}, isExpensive = false): Promise<Result> =>
    isExpensive ? askSlowly(expensive, call, options) : ask({ quick, slow }, call, options);
  return {
    encoding: { kind: 'sqlite' },
    append: ({ bytes, ...batch }) =>
      // Copied, because sending a part of a buffer sends the whole buffer.
      writer.ask({ method: 'append', args: [{ ...batch, bytes: new Uint8Array(bytes) }] }, { rank: RANKS.records }),
    readRecords: read('readRecords'),
    findNewest: (from) => search({ method: 'findNewest', args: [from] }),
    countPartitions: () => Promise.resolve(1),
    findPartition: () => 0,
    joinCursors,
    findRefused: () => Promise.resolve({ records: [] }),
    removeRefused: () => Promise.resolve(),
    searchRecords: (query, options) =>
      search({ method: 'searchRecords', args: [query] }, options, chargeSearch(query).cost > 0),
    findRecords: (query, options) =>
      search({ method: 'findRecords', args: [query] }, options, chargeSearch(query).cost > 0),
    countJobRecords: (query, options) => search({ method: 'countJobRecords', args: [query] }, options),
    findContext: (id, lines, options) => search({ method: 'findContext', args: [id, lines] }, options),
    saveIncident: write('saveIncident'),
    saveIncidents: write('saveIncidents'),
    removeIncident: write('removeIncident'),
    findEpoch: read('findEpoch'),
    findIncident: read('findIncident'),
    findIncidents: read('findIncidents'),
    pageIncidents: read('pageIncidents'),
    countJobIncidents: read('countJobIncidents'),
    sumGroup: read('sumGroup'),
    ...openCollections({
      saveDocuments: write('saveDocuments'),
      loadDocument: read('loadDocument'),
      findDocuments: read('findDocuments'),
      removeDocuments: write('removeDocuments'),
      replaceDocument: write('replaceDocument'),
    }),
    deleteBefore: write('deleteBefore'),
    deleteRecords: write('deleteRecords'),
    purgeDeleted: write('purgeDeleted'),
    deleteInfoBefore: write('deleteInfoBefore'),
    readTime: () => Promise.resolve(Date.now()),
    readKeyEnd: () => Promise.resolve(undefined),
    check: read('check'),
    checkDiskSpace: write('checkDiskSpace'),
    close: async () => {
      await Promise.all([quick.close(), slow.close(), expensive.close()]);
      // Closed after the readers, so that what waits in the log is written into the file.
      await writer.close();
    },
  };
}

/** Asks the quick threads first and the slow one afterwards. Throws JT_SEARCH_STOPPED. */
async function ask<Result>(
  { quick, slow }: { readonly quick: RankedLane; readonly slow: RankedLane },
  call: Call,
  limits: AskLimits,
): Promise<Result> {
  const quickly = await askQuickly<Result>(quick, call, limits);
  return quickly === undefined ? askSlowly<Result>(slow, call, limits) : quickly.result;
}

/** Asks the quick threads. Returns undefined if the answer takes longer. */
async function askQuickly<Result>(
  quick: RankedLane,
  call: Call,
  limits: AskLimits,
): Promise<{ readonly result: Result } | undefined> {
  const { signal } = limits;
  try {
    return { result: await quick.ask<Result>(call, { rank: RANKS.search, limitMs: QUICK_MS, signal }) };
  } catch (error) {
    if (error instanceof CallStopped && signal?.aborted !== true) return undefined;
    throw explainFailure(error, limits);
  }
}

async function askSlowly<Result>(lane: RankedLane, call: Call, limits: AskLimits): Promise<Result> {
  const { limitMs, signal } = limits;
  try {
    return await lane.ask<Result>(call, { rank: RANKS.search, limitMs, waitMs: limitMs, signal });
  } catch (error) {
    throw explainFailure(error, limits);
  }
}

function explainFailure(error: unknown, limits: AskLimits): unknown {
  if (!(error instanceof CallStopped || error instanceof WaitedTooLong)) return error;
  if (limits.signal?.aborted === true) return explainStop('gone', limits, error);
  return explainStop(error instanceof WaitedTooLong ? 'waited' : 'late', limits, error);
}
