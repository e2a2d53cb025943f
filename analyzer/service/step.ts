// Runs one step of a partition: reads records of the change feed into signals of failing clusters (signals.ts),
// concludes the clusters that changed (conclude.ts), and saves the cursor last (state.ts). Recent records come first.
import { toIso } from '../../core/time/iso.js';
import type { Incident } from '../../core/documents/incident.js';
import { ALL_CLUSTERS } from '../../core/types.js';
import type { IncidentQuery } from '../../store/store.js';
import { LostPartition } from '../platform/fence.js';
import { appendAll } from '../../core/sequence.js';
import { OPEN_OUTCOMES, RECHECK_MS } from './conclude.js';
import { concludeCluster, concludeUrgent, decideLeftOut, LIVE_MS, flagUrgent, readLive } from './live.js';
import { writeRest } from './save.js';
import { COMPACT_DEFAULTS } from './memory.js';
import { isDue, type EntryPage, type RecordPart } from './partition.js';
import { loadPartState, savePartState } from './state.js';
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
export async function stepPart(part: RecordPart): Promise<StepResult> {
  const { service, index, of } = part;
  if (!part.loaded) await loadPart(part);
  await rereadStale(part);
  const live = await readLive(part);
  const page = await readNext(part);
  for (const cluster of findDue(part)) part.touched.add(cluster);
  for (const cluster of service.watch.takeDue((name) => part.options.store.findPart(name, of) === index))
    part.touched.add(cluster);
  const changed: Incident[] = [];
  appendAll(changed, await concludeUrgent(part));
  const until = performance.now() + BACKLOG_SLICE_MS;
  for (const cluster of [...part.touched]) {
    if (!part.touched.has(cluster)) continue;
    appendAll(changed, await concludeCluster(part, cluster));
    if (performance.now() > until && part.live !== undefined) break;
  }
  if (part.touched.size === 0 && part.open !== undefined) {
    part.state.cursor = part.open.cursor;
    if (part.open.drained) [part.live, part.unreadFrom] = [undefined, undefined];
    part.open = undefined;
  }
  evictIdle(part);
  await saveCursor(part, part.hasWritten);
  part.hasWritten = false;
  if (service.lease.epoch(String(index)) === part.epoch) await part.backfill.finish();
  return { records: live + page.records, drained: part.open === undefined && page.drained, changed };
}

/** Reads the next page of the feed, if the previous page is completely concluded. */
async function readNext(part: RecordPart): Promise<Pick<EntryPage, 'records' | 'drained'>> {
  const { index, of, options, service } = part;
  if (part.open !== undefined) return { records: 0, drained: false };
  const page = await service.readEntries(part.state.cursor, { part: { index, of }, ...decideLeftOut(part) });
  await takeEntries(part, page.entries);
  part.open = { cursor: page.cursor, drained: page.drained };
  flagUrgent(part, page.entries);
  const isOld = (page.firstTime ?? Infinity) < options.now() - LIVE_MS;
  if (!page.drained) {
    part.unreadFrom = page.lastTime ?? part.unreadFrom;
    // Start at the feed's cursor. Old records are left out here; the feed reads them later.
    if (isOld) part.live ??= page.cursor;
  }
  return page;
}

/** Approximate limit, in bytes, of the memory for all clusters of a partition. */
const MAX_HELD_BYTES = 200_000_000;
/** Shortest time, in milliseconds, until an evicted cluster is checked again, unless new signals of it arrive. */
const EVICTED_MS = 300_000;

/**
 * Evicts concluded clusters from memory if they take too much, the longest idle first. The store holds their records
 * and is asked again when new signals of the cluster arrive or its check is due.
 */
function evictIdle({ clusters, touched, due, options }: RecordPart): void {
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
async function rereadStale({ backfill, service, state, clusters, reread, touched }: RecordPart): Promise<void> {
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
function findDue(part: RecordPart): readonly string[] {
  return [...part.due.keys()].filter((cluster) => isDue(part, cluster));
}

/** Number of incidents that are read from the store when a partition is taken. */
const MAX_LOADED = 1000;

/**
 * Loads the state of a partition. Clusters with an open incident, or with one of the last minutes, are due for a check,
 * because they may still change.
 */
async function loadPart(part: RecordPart): Promise<void> {
  const { store, now, healthyMs = LIMITS.healthy.value } = part.options;
  part.state = await loadPartState(store, part.index);
  for (const cluster of part.state.waiting) part.due.set(cluster, now());
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
      if (cluster !== ALL_CLUSTERS && store.findPart(cluster, part.of) === part.index) part.due.set(cluster, now());
  part.savedCursor = part.state.cursor;
  await skipBacklog(part);
  part.loaded = true;
}

/**
 * Skips the stored records once per partition, if the options say so. Records that arrive while the analyzer runs are
 * read.
 */
async function skipBacklog({ service, options, state, index, of }: RecordPart): Promise<void> {
  if (options.skipsBacklog !== true || service.skipped.has(index)) return;
  const { cursor } = await service.readEntries(state.cursor, { part: { index, of }, isToEnd: true });
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

async function saveCursor(part: RecordPart, soon: boolean): Promise<void> {
  const { state, index, epoch, service, options } = part;
  const now = options.now();
  if (state.cursor === part.savedCursor) return;
  if (!soon && now - part.lastSave < SAVE_INTERVAL_MS) return;
  if (service.lease.epoch(String(index)) !== epoch) throw new LostPartition(String(index));
  state.waiting = listWaiting(part);
  await savePartState(options.store, index, state);
  part.savedCursor = state.cursor;
  part.lastSave = now;
}

/**
 * Lists clusters with a failure that is not an incident yet. The store has no other sign that they must be checked
 * again.
 */
export function listWaiting({ clusters, due }: RecordPart): readonly string[] {
  return [...clusters].flatMap(([cluster, memory]) => (due.has(cluster) && memory.saved.length === 0 ? [cluster] : []));
}

/** Saves a partition before it is left. Otherwise its records would be read again and its incidents concluded again. */
export async function savePart(part: RecordPart): Promise<void> {
  for (const memory of part.clusters.values()) await writeRest(part, memory, new Set());
  if (part.loaded) await saveCursor(part, true);
}
