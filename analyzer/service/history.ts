// What the store has of a cluster in which something fails. As long as nothing does, nothing is kept of it, and the
// feed leaves out what counts beside a failure alone (`signal:fact`: facts, and the steps of rules); the store is asked
// for all of that with the first failure, and after a restart. From then on the feed gives it. Of what may be a failure
// only the facts count where it is old, and of completed checkpoints, which are most of it, the last one before an
// incident. Called by analyzer.ts.
import { findLargest, findSmallest } from '../../core/sequence.js';
import { createSlices } from '../../core/time/slices.js';
import type { Entry, Incident } from '../../core/types.js';
import type { RecordQuery, RecordSearch } from '../../store/store.js';
import type { Catalog } from '../catalog/catalog.js';
import { asksForCompleted, COMPLETED } from '../catalog/wanted.js';
import { RECORD_READER } from '../entry/record.js';
import { isEvent } from '../entry/signal.js';
import type { ClusterMemory } from './keep.js';

export interface HistoryOptions {
  readonly store: Pick<RecordSearch, 'findRecords'>;
  readonly catalog: Catalog;
  /** The `jobtrace.signal` of what tells of nothing. */
  readonly skip: string;
  /** Milliseconds since 1970: what may be a failure counts from here on, facts do from the beginning. */
  readonly from: number;
  /** Instead of all that agents did not mark by the words of now: what they marked, and what these find. */
  readonly searches?: readonly string[];
}

export interface HistoryPage {
  readonly entries: readonly Entry[];
  /** What failed then is told already. */
  readonly isOld: boolean;
}

const PAGE_RECORDS = 1000;
/** Of what failed long ago: a line of it may say an option, or how its process began. */
const MOST_OLD_PAGES = 5;
const CHECKPOINTS = `"${COMPLETED.trim()}"`;
const OTHERS = `NOT ${CHECKPOINTS}`;
/** A job that runs completes a checkpoint at least so often. */
const RUNNING_MS = 3_600_000;

/** Page by page; `memory` takes each before the next is asked for. */
export async function* askHistory(
  cluster: string,
  memory: ClusterMemory,
  { store, catalog, skip, from, searches }: HistoryOptions,
): AsyncGenerator<HistoryPage> {
  const [isEach, at] = [asksForCompleted(catalog), toIso(from)];
  const marked = searches === undefined ? 'NOT signal:fact' : 'NOT signal:fact NOT signal:no';
  for (const query of [marked, ...(searches ?? [])])
    for await (const entries of askPages(store, { query, skip, cluster, from: at, order: 'oldest' }))
      yield { entries, isOld: false };
  for await (const entries of askPages(store, {
    query: isEach ? '' : OTHERS,
    signal: 'fact',
    cluster,
    order: 'oldest',
  }))
    yield { entries, isOld: false };
  let oldPages = 0;
  for await (const entries of askPages(store, { query: marked, skip, cluster, to: at, order: 'newest' })) {
    yield { entries, isOld: true };
    if (++oldPages === MOST_OLD_PAGES) break;
  }
  if (!isEach) yield { entries: await askHealthyJobs(cluster, memory, store), isOld: false };
}

async function* askPages(
  store: HistoryOptions['store'],
  query: Omit<RecordQuery, 'limit'>,
): AsyncGenerator<readonly Entry[]> {
  for (let after: string | undefined, isLast = false; !isLast;) {
    const page = await store.findRecords({ ...query, limit: PAGE_RECORDS, after });
    yield page.records.flatMap((record) => RECORD_READER.readEntry(record) ?? []);
    after = page.next;
    isLast = after === undefined;
  }
}

/** A job of which nothing but its checkpoints is left must be known, or what it logs would be another job's. */
async function askHealthyJobs(
  cluster: string,
  memory: ClusterMemory,
  store: HistoryOptions['store'],
): Promise<readonly Entry[]> {
  const times = [...memory.signals.values()].filter(isEvent).flatMap(({ place }) => place.time ?? []);
  const { records } = await store.findRecords({
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
  store: HistoryOptions['store'],
): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  const slices = createSlices();
  const asked = incidents.filter(
    (incident) => incident.job !== undefined && !memory.askedCheckpoints.has(keyOf(incident)),
  );
  if (asked.length > MANY_ASKED && (await askNewest(store, { query: CHECKPOINTS, cluster })).length === 0) {
    for (const incident of asked) memory.askedCheckpoints.add(keyOf(incident));
    return [];
  }
  for (const incident of asked) {
    const { job, firstSeen } = incident;
    const key = keyOf(incident);
    if (slices.isOver()) await slices.rest();
    if (job === undefined || firstSeen === undefined) continue;
    const to = toIso(Date.parse(firstSeen) + 1);
    const own = await askNewest(store, { query: CHECKPOINTS, cluster, jobId: job.id, to });
    const found = own.length > 0 ? own : await askNewest(store, { query: `${CHECKPOINTS} NOT job:*`, cluster, to });
    for (const entry of found) entries.push(entry);
    memory.askedCheckpoints.add(key);
  }
  return entries;
}

/** From so many on it is worth to ask first whether there is any. */
const MANY_ASKED = 10;

function keyOf({ job, firstSeen }: Incident): string {
  return `${job?.id ?? ''} ${firstSeen ?? ''}`;
}

async function askNewest(
  store: HistoryOptions['store'],
  query: Omit<RecordQuery, 'limit' | 'order'>,
): Promise<readonly Entry[]> {
  const { records } = await store.findRecords({ ...query, signal: 'fact', limit: 1, order: 'newest' });
  return records.flatMap((record) => RECORD_READER.readEntry(record) ?? []);
}

function toIso(time: number): string {
  return new Date(time).toISOString();
}
