// Reads the history of a failing cluster from the store, and the last lines of its processes. Nothing is kept of a
// cluster without a failure, and the feed leaves out its records of `signal:fact` (facts and steps of rules); they are
// read here at its first failure and after a restart, and from then on by the feed. Of older possible failures only the
// facts are used, and of completed checkpoints, which are most records, the last before an incident.
import { toIso } from '../../core/time/iso.js';
import { findLargest, findSmallest } from '../../core/sequence.js';
import { createSlices } from '../../core/time/slices.js';
import type { Incident } from '../../core/documents/incident.js';
import type { Entry } from '../../core/types.js';
import type { RecordQuery, RecordSearch } from '../../store/store.js';
import type { Catalog } from '../catalog/catalog.js';
import { asksForCompleted, COMPLETED } from '../catalog/wanted.js';
import { readEntry } from '../entry/record.js';
import { WHOLE_LOG } from '../entry/reading.js';
import { isEvent, type Signal } from '../entry/signal.js';
import { createLastLineTracker } from '../incident/last-line.js';
import { keepLastLine, type ClusterMemory } from './memory.js';

export interface HistoryOptions {
  readonly store: Pick<RecordSearch, 'findRecords'>;
  readonly catalog: Catalog;
  /** Value of `jobtrace.signal` of records that hold no signal word. */
  readonly skip: string;
  /** Start in milliseconds since 1970. Possible failures are read from here, facts from the beginning. */
  readonly from: number;
  /**
   * Searches that find records with new signal words. With them, records in which agents found none are read
   * only if a search finds them.
   */
  readonly searches?: readonly string[];
}

/** Times in milliseconds since 1970; default: all. */
export interface HistoryRange {
  readonly from?: number;
  /** Exclusive. */
  readonly to?: number;
}

export interface HistoryPage {
  readonly entries: readonly Entry[];
  /** True if failures of this page were reported already. */
  readonly isOld: boolean;
}

const PAGE_RECORDS = 1000;
/** Number of pages of older possible failures. One of their lines may name an option or the start of its process. */
const MAX_OLD_PAGES = 5;
const CHECKPOINTS = `"${COMPLETED.trim()}"`;
const OTHERS = `NOT ${CHECKPOINTS}`;
/** Longest time, in milliseconds, between two completed checkpoints of a running job. */
const RUNNING_MS = 3_600_000;

/** Yields the facts of a cluster page by page: how its jobs and processes run. */
export async function* askFacts(
  cluster: string,
  { store, catalog }: Pick<HistoryOptions, 'store' | 'catalog'>,
  range: HistoryRange,
): AsyncGenerator<HistoryPage> {
  const query = asksForCompleted(catalog) ? '' : OTHERS;
  for await (const entries of askPages(store, { query, signal: 'fact', cluster, ...toBounds(range), order: 'oldest' }))
    yield { entries, isOld: false };
}

/**
 * Yields the possible failures of a cluster page by page, and what else they need. `memory` must take each page before
 * the next one is requested.
 */
export async function* askFailures(
  cluster: string,
  memory: ClusterMemory,
  { store, catalog, skip, from, searches }: HistoryOptions,
  range: HistoryRange,
): AsyncGenerator<HistoryPage> {
  const bounds = toBounds({ ...range, from: Math.max(from, range.from ?? from) });
  const withSignal = searches === undefined ? 'NOT signal:fact' : 'NOT signal:fact NOT signal:no';
  for (const query of [withSignal, ...(searches ?? [])])
    for await (const entries of askPages(store, { query, skip, cluster, ...bounds, order: 'oldest' }))
      yield { entries, isOld: false };
  if (range.from === undefined) {
    let oldPages = 0;
    for await (const entries of askPages(store, {
      query: withSignal,
      skip,
      cluster,
      to: toIso(from),
      order: 'newest',
    })) {
      yield { entries, isOld: true };
      if (++oldPages === MAX_OLD_PAGES) break;
    }
  }
  if (!asksForCompleted(catalog)) yield { entries: await askHealthyJobs(cluster, memory, store), isOld: false };
}

function toBounds({ from, to }: HistoryRange): Pick<RecordQuery, 'from' | 'to'> {
  const render = (time: number | undefined): string | undefined => toIso(time);
  return { from: render(from), to: render(to) };
}

async function* askPages(
  store: HistoryOptions['store'],
  query: Omit<RecordQuery, 'limit'>,
): AsyncGenerator<readonly Entry[]> {
  for (let after: string | undefined, isLast = false; !isLast;) {
    const page = await store.findRecords({ ...query, limit: PAGE_RECORDS, after });
    yield page.records.map(readEntry);
    after = page.next;
    isLast = after === undefined;
  }
}

/**
 * Returns the newest checkpoint of each running job. A job must be known even if only its checkpoints are stored;
 * otherwise its lines would be assigned to another job.
 */
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
  return [...newest.values()].map(readEntry);
}

/**
 * Returns the last completed checkpoint before each incident of a job, asked once per incident. Flink before 1.6 logs
 * checkpoints without a job id.
 */
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

/** Number of incidents from which a first query checks whether there is any checkpoint. */
const MANY_ASKED = 10;

function keyOf({ job, firstSeen }: Incident): string {
  return `${job?.id ?? ''} ${firstSeen ?? ''}`;
}

async function askNewest(
  store: HistoryOptions['store'],
  query: Omit<RecordQuery, 'limit' | 'order'>,
): Promise<readonly Entry[]> {
  const { records } = await store.findRecords({ ...query, signal: 'fact', limit: 1, order: 'newest' });
  return records.map(readEntry);
}

export interface AskOptions {
  readonly store: Pick<RecordSearch, 'findRecords'>;
  readonly catalog: Catalog;
  readonly zone: string | undefined;
  readonly now: number;
  /** True if the outcomes of the jobs must be checked now. */
  readonly isDue: boolean;
}

/**
 * Shortest time, in milliseconds, between two requests for a process. A failing cluster is concluded several times a
 * second.
 */
const ASK_EVERY_MS = 5000;
/**
 * Number of newest records to read. Threads do not write in exact order, but the last line of a file is among its
 * newest.
 */
const NEWEST_RECORDS = 20;
/** Query for lines with a time: their own, or in a log the time of the previous line. */
const DATED = 'NOT flag:undated AND (kind:log OR NOT layout:none)';

/**
 * Reads last lines of processes; returns true if later lines were found. The feed leaves out lines without a signal
 * word. They are needed if a finding names a peer, if a signal has no time, and if only they show that a job recovered.
 */
export async function askLastLines(cluster: string, memory: ClusterMemory, options: AskOptions): Promise<boolean> {
  let isLater = false;
  for (const process of listAsked(memory, options)) {
    if (options.now - (memory.asked.get(process) ?? Number.NEGATIVE_INFINITY) < ASK_EVERY_MS) continue;
    isLater = (await askLastLine(cluster, process, memory, options)) || isLater;
    memory.asked.set(process, options.now);
  }
  return isLater;
}

export async function askLastLine(
  cluster: string,
  process: string,
  memory: ClusterMemory,
  { store, zone }: Pick<AskOptions, 'store' | 'zone'>,
): Promise<boolean> {
  const known = memory.lastLines.get(process)?.time;
  const { records } = await store.findRecords({
    query: DATED,
    cluster,
    process,
    from: toIso(known),
    limit: NEWEST_RECORDS,
    order: 'newest',
  });
  const tracker = createLastLineTracker();
  for (const record of records) tracker.keep(readEntry(record));
  let isLater = false;
  for (const [name, line] of tracker.list(zone)) isLater = keepLastLine(memory, name, line) || isLater;
  return isLater;
}

/** Returns the processes whose last line a conclusion needs. */
function listAsked({ index, signals, undated }: ClusterMemory, { catalog, isDue }: AskOptions): ReadonlySet<string> {
  const asked = new Set([...undated.values()].map(({ place }) => place.process));
  const view = index.view(WHOLE_LOG);
  // Processes that logged a state of a job.
  if (isDue) for (const { states } of view.jobs.values()) for (const { process } of states) asked.add(process);
  for (const name of listPeers(signals.values(), catalog)) {
    const process = view.processOf(name)?.process;
    if (process !== undefined) asked.add(process);
  }
  return asked;
}

/** Returns the names of processes that rules capture from entries. */
function listPeers(signals: Iterable<Signal>, catalog: Catalog): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { matches } of signals)
    for (const { rule, captures } of matches) {
      const name = captures[catalog.findRule(rule)?.peer ?? ''];
      if (name !== undefined) names.add(name);
    }
  return names;
}
