// What counts beside a failure alone (`signal:fact`: facts, and the steps of rules) the feed leaves out as long as
// nothing fails in a cluster. When something does, the store is asked for what it has of it; from then on the feed
// gives it. Of completed checkpoints, which are most of it, only the last one before an incident is asked for. Called
// by analyzer.ts.
import { findLargest, findSmallest } from '../../core/sequence.js';
import type { Entry, Incident } from '../../core/types.js';
import type { RecordQuery, RecordSearch } from '../../store/store.js';
import type { Catalog } from '../catalog/catalog.js';
import { asksForCompleted, COMPLETED } from '../catalog/wanted.js';
import { RECORD_READER } from '../entry/record.js';
import { isEvent, type ClusterMemory } from './keep.js';

export interface FactOptions {
  readonly store: Pick<RecordSearch, 'searchRecords'>;
  readonly catalog: Catalog;
}

const PAGE_RECORDS = 1000;
const CHECKPOINTS = `"${COMPLETED.trim()}"`;
const OTHERS = `NOT ${CHECKPOINTS}`;
/** A job that runs completes a checkpoint at least so often. */
const RUNNING_MS = 3_600_000;

/** Everything that the store has of the cluster, page by page; `memory` takes each before the next is asked for. */
export async function* askFacts(
  cluster: string,
  memory: ClusterMemory,
  { store, catalog }: FactOptions,
): AsyncGenerator<readonly Entry[]> {
  const isEach = asksForCompleted(catalog);
  for (let after: string | undefined, isLast = false; !isLast;) {
    const query = isEach ? '' : OTHERS;
    const page = await store.searchRecords({
      query,
      signal: 'fact',
      cluster,
      limit: PAGE_RECORDS,
      order: 'oldest',
      after,
    });
    yield page.records.flatMap((record) => RECORD_READER.readEntry(record) ?? []);
    after = page.next;
    isLast = after === undefined;
  }
  if (!isEach) yield await askHealthyJobs(cluster, memory, store);
}

/** A job of which nothing but its checkpoints is left must be known, or what it logs would be another job's. */
async function askHealthyJobs(
  cluster: string,
  memory: ClusterMemory,
  store: FactOptions['store'],
): Promise<readonly Entry[]> {
  const times = [...memory.signals.values()].filter(isEvent).flatMap(({ place }) => place.time ?? []);
  const { records } = await store.searchRecords({
    query: CHECKPOINTS,
    signal: 'fact',
    cluster,
    ...(times.length === 0 ? {} : { from: toIso(findSmallest(times) - RUNNING_MS), to: toIso(findLargest(times) + 1) }),
    limit: PAGE_RECORDS,
    order: 'newest',
  });
  const newest = new Map([...records].reverse().map((record) => [record['flink.job.id'] ?? record.id, record]));
  return [...newest.values()].flatMap((record) => RECORD_READER.readEntry(record) ?? []);
}

/** The last completed checkpoint before each incident of a job, once for each; before Flink 1.6 it names no job. */
export async function askCheckpoints(
  cluster: string,
  memory: ClusterMemory,
  incidents: readonly Incident[],
  store: FactOptions['store'],
): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (const { job, firstSeen } of incidents) {
    const key = `${job?.id ?? ''} ${firstSeen ?? ''}`;
    if (job === undefined || firstSeen === undefined || memory.askedCheckpoints.has(key)) continue;
    const to = toIso(Date.parse(firstSeen) + 1);
    const own = await askNewest(store, { query: CHECKPOINTS, cluster, jobId: job.id, to });
    const found = own.length > 0 ? own : await askNewest(store, { query: `${CHECKPOINTS} NOT job:*`, cluster, to });
    for (const entry of found) entries.push(entry);
    memory.askedCheckpoints.add(key);
  }
  return entries;
}

async function askNewest(
  store: FactOptions['store'],
  query: Omit<RecordQuery, 'limit' | 'order'>,
): Promise<readonly Entry[]> {
  const { records } = await store.searchRecords({ ...query, signal: 'fact', limit: 1, order: 'newest' });
  return records.flatMap((record) => RECORD_READER.readEntry(record) ?? []);
}

function toIso(time: number): string {
  return new Date(time).toISOString();
}
