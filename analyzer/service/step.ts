// Runs one step of a partition: reads records of the change feed into signals of failing clusters (signals.ts),
// concludes the clusters that changed (conclude.ts), and saves the cursor last (state.ts). Recent records come first.
import { appendAll } from '../../core/sequence.js';
import { toIso } from '../../core/time/iso.js';
import type { Incident } from '../../core/documents/incident.js';
import { ALL_CLUSTERS } from '../../core/types.js';
import type { IncidentQuery } from '../../store/store.js';
import { LostPartition } from '../platform/fence.js';
import { OPEN_OUTCOMES, RECHECK_MS } from './conclude.js';
import { concludeCluster, concludeUrgent, decideLeftOut, LIVE_MS, flagUrgent, readLive } from './live.js';
import { writeRest } from './save.js';
import { COMPACT_DEFAULTS } from './memory.js';
import { isDue, type EntryPage, type RecordPartition } from './partition.js';
import { loadPartitionState, savePartitionState } from './state.js';
import { takeEntries } from './signals.js';
import { LIMITS } from '../restarts/limits.js';

export interface StepResult {
  readonly records: number;
  readonly drained: boolean;
  readonly changed: readonly Incident[];
}

/** Time, in milliseconds, for older clusters in one step. At least one cluster is concluded. */
const BACKLOG_SLICE_MS = 100;

/**
 * Runs one step of a partition. Recent records are read in each step, so that old lines of thousands of failures do not
 * delay jobs that fail now.
 */
export async function stepPartition(partition: RecordPartition): Promise<StepResult> {
  const { service, index, of } = partition;
  if (!partition.loaded) await loadPartition(partition);
  await rereadStale(partition);
  const live = await readLive(partition);
  const page = await readNext(partition);
  for (const cluster of findDue(partition)) partition.touched.add(cluster);
  for (const cluster of service.watch.takeDue((name) => partition.options.store.findPartition(name, of) === index))
    partition.touched.add(cluster);
  const changed: Incident[] = [];
  appendAll(changed, await concludeUrgent(partition));
  const until = performance.now() + BACKLOG_SLICE_MS;
  for (const cluster of [...partition.touched]) {
    if (!partition.touched.has(cluster)) continue;
    appendAll(changed, await concludeCluster(partition, cluster));
    if (performance.now() > until && partition.live !== undefined) break;
  }
  if (partition.touched.size === 0 && partition.open !== undefined) {
    partition.state.cursor = partition.open.cursor;
    if (partition.open.drained) [partition.live, partition.unreadFrom] = [undefined, undefined];
    partition.open = undefined;
  }
  evictIdle(partition);
  await saveCursor(partition, partition.hasWritten);
  partition.hasWritten = false;
  if (service.lease.epoch(String(index)) === partition.epoch) await partition.backfill.finish();
  return { records: live + page.records, drained: partition.open === undefined && page.drained, changed };
}

/** Reads the next page of the feed, if the previous page is completely concluded. */
async function readNext(partition: RecordPartition): Promise<Pick<EntryPage, 'records' | 'drained'>> {
  const { index, of, options, service } = partition;
  if (partition.open !== undefined) return { records: 0, drained: false };
  const page = await service.readEntries(partition.state.cursor, {
    partition: { index, of },
    ...decideLeftOut(partition),
  });
  await takeEntries(partition, page.entries);
  partition.open = { cursor: page.cursor, drained: page.drained };
  flagUrgent(partition, page.entries);
  const isOld = (page.firstTime ?? Infinity) < options.now() - LIVE_MS;
  if (!page.drained) {
    partition.unreadFrom = page.lastTime ?? partition.unreadFrom;
    // The reading of recent records starts at the feed's cursor and skips old ones, which the feed reads later.
    if (isOld) partition.live ??= page.cursor;
  }
  return page;
}

/** Approximate limit, in bytes, of the memory for all clusters of a partition. */
const MAX_HELD_BYTES = 200_000_000;
/** Shortest time, in milliseconds, until an evicted cluster is checked again, unless new signals of it arrive. */
const EVICTED_MS = 300_000;

/**
 * Evicts concluded clusters from memory if they take too much, the longest idle first. Their records are read from
 * the store again when new signals of the cluster arrive or its check is due.
 */
function evictIdle({ clusters, touched, due, options }: RecordPartition): void {
  let held = 0;
  for (const memory of clusters.values()) held += memory.heldBytes;
  if (held <= MAX_HELD_BYTES) return;
  const idle = [...clusters].filter(([cluster, { unwritten }]) => !touched.has(cluster) && unwritten.size === 0);
  for (const [cluster, { heldBytes }] of idle.sort(([, a], [, b]) => a.lastSeen - b.lastSeen)) {
    if (held <= MAX_HELD_BYTES) return;
    clusters.delete(cluster);
    const at = due.get(cluster);
    if (at !== undefined) due.set(cluster, Math.max(at, options.now() + EVICTED_MS));
    held -= heldBytes;
  }
}

/** Drops the clusters that were read with other rules, so that they are read again. */
async function rereadStale({ backfill, service, state, clusters, reread, touched }: RecordPartition): Promise<void> {
  const stale = await backfill.next(service.catalog, service.words, state.cursor === undefined);
  for (const [cluster, from] of stale) {
    clusters.delete(cluster);
    reread.set(cluster, from);
    touched.add(cluster);
  }
}

/**
 * Returns the clusters whose check is due. Time alone turns RUNNING into recovered, and a process failure without a job
 * into an incident.
 */
function findDue(partition: RecordPartition): readonly string[] {
  return [...partition.due.keys()].filter((cluster) => isDue(partition, cluster));
}

/** Number of incidents that are read from the store when a partition is taken. */
const MAX_LOADED = 1000;

/**
 * Loads the state of a partition. Clusters with an open incident, or with one of the last minutes, are due for a check,
 * because they may still change.
 */
async function loadPartition(partition: RecordPartition): Promise<void> {
  const { store, now, healthyMs = LIMITS.healthy.value } = partition.options;
  partition.state = await loadPartitionState(store, partition.index);
  for (const cluster of partition.state.waiting) partition.due.set(cluster, now());
  const since = (ms: number): string => toIso(now() - ms);
  const queries: readonly IncidentQuery[] = [
    ...OPEN_OUTCOMES.map((outcome) => ({
      from: since(COMPACT_DEFAULTS.keepMs + LIMITS.longAgo.value),
      outcome,
      limit: MAX_LOADED,
    })),
    { from: since(healthyMs + 2 * RECHECK_MS), limit: MAX_LOADED },
  ];
  for (const query of queries)
    for (const { cluster } of await store.findIncidents(query))
      if (cluster !== ALL_CLUSTERS && store.findPartition(cluster, partition.of) === partition.index)
        partition.due.set(cluster, now());
  partition.savedCursor = partition.state.cursor;
  await skipBacklog(partition);
  partition.loaded = true;
}

/**
 * Skips the stored records once per partition, if the options say so. Records that arrive while the analyzer runs are
 * read.
 */
async function skipBacklog({ service, options, state, index, of }: RecordPartition): Promise<void> {
  if (options.skipsBacklog !== true || service.skipped.has(index)) return;
  const { cursor } = await service.readEntries(state.cursor, { partition: { index, of }, isToEnd: true });
  if (cursor !== state.cursor)
    options.log.warn({ part: index }, 'The backlog is skipped as requested: no diagnoses or alerts for it.');
  state.cursor = cursor;
  service.skipped.add(index);
}

/**
 * Shortest time, in milliseconds, between two writes of the cursor if no incident was written. After a crash the
 * records of this time are read again.
 */
const SAVE_INTERVAL_MS = 5000;

async function saveCursor(partition: RecordPartition, soon: boolean): Promise<void> {
  const { state, index, epoch, service, options } = partition;
  const now = options.now();
  if (state.cursor === partition.savedCursor) return;
  if (!soon && now - partition.lastSave < SAVE_INTERVAL_MS) return;
  if (service.lease.epoch(String(index)) !== epoch) throw new LostPartition(String(index));
  state.waiting = listWaiting(partition);
  await savePartitionState(options.store, index, state);
  partition.savedCursor = state.cursor;
  partition.lastSave = now;
}

/**
 * Lists clusters with a failure that is not an incident yet. The store has no other sign that they must be checked
 * again.
 */
export function listWaiting({ clusters, due }: RecordPartition): readonly string[] {
  return [...clusters].flatMap(([cluster, memory]) => (due.has(cluster) && memory.saved.length === 0 ? [cluster] : []));
}

/** Saves a partition before it is left. Otherwise its records would be read again and its incidents concluded again. */
export async function savePartition(partition: RecordPartition): Promise<void> {
  for (const memory of partition.clusters.values()) await writeRest(partition, memory, new Set());
  if (partition.loaded) await saveCursor(partition, true);
}
