// Concludes a cluster that changed: runs the engine on its signals, keeps known incident ids (identity.ts), and saves
// incidents with news (save.ts). Finally plans the time at which the cluster is checked without new lines.
import { findSmallest, groupBy } from '../../core/sequence.js';
import { createSlices } from '../../core/time/slices.js';
import type { Incident } from '../../core/documents/incident.js';
import { concludeEach } from '../incident/clusters.js';
import type { RuleFault } from '../incident/explain.js';
import { LIMITS } from '../restarts/limits.js';
import { isEvent } from '../entry/signal.js';
import { noteRevision } from './backfill.js';
import { concludeEndings } from './endings.js';
import { countShown, MAX_SHOWN, assignToFlood } from './flood.js';
import { askCheckpoints } from './history.js';
import { findMergeTarget, keepIds } from './identity.js';
import { COMPACT_DEFAULTS, type ClusterMemory, type SavedIncident } from './memory.js';
import { publishLines } from './job-lines.js';
import type { RecordPartition } from './partition.js';
import { compactLarge, takeEntries } from './signals.js';
import {
  announce,
  type DueIncident,
  decideIncident,
  WRITTEN_AT_ONCE,
  removeGone,
  writeFloods,
  writeRest,
} from './save.js';

/** Time, in milliseconds, after which a job that fails or has just recovered is checked again without new lines. */
export const RECHECK_MS = 30_000;
/** Same time for a cluster that ended, because its jobs may be submitted again. */
const ENDING_CHECK_MS = 5000;
/**
 * Time, in milliseconds, that an event of a process waits for the failures of its jobs. Flink notices a dead process
 * after some 20 s.
 */
const SETTLE_MS = 30_000;
export const OPEN_OUTCOMES: readonly Incident['outcome'][] = ['failing', 'silent'];

/**
 * Concludes the cluster. Yields after each slice of the work, so that the caller can do other work. Returns the
 * incidents that changed.
 */
export async function* concludeTouched(
  partition: RecordPartition,
  cluster: string,
  memory: ClusterMemory,
): AsyncGenerator<void, readonly Incident[]> {
  const concluded = yield* concludeAsking(partition, cluster, memory);
  const named = keepIds(concluded, memory.saved, partition.options.healthyMs);
  const ended = await concludeEndings(partition, cluster, memory, named, (incident, change) =>
    announce(partition, memory, [{ incident, change }]),
  );
  const kept = ended.incidents;
  const ids = new Set(kept.map(({ id }) => id));
  const times = collectEventTimes(memory);
  const others = memory.saved.filter(({ id }) => !ids.has(id));
  const gone = others.filter(({ first }) => times.has(first));
  const joined = groupBy(gone, (known) => findMergeTarget(known, kept, partition.options.healthyMs)?.id ?? '');
  const known = new Map(memory.saved.map((one) => [one.id, one]));
  const shown = countShown(memory.saved);
  const incidents: Incident[] = [];
  const changed: Incident[] = [];
  const saved: SavedIncident[] = [];
  const slices = createSlices();
  let due: DueIncident[] = [];
  for (const found of kept) {
    const before = known.get(found.id);
    const revised = noteRevision(found, before, partition.options.now());
    const own = noteJoined(revised, before, joined.get(found.id) ?? []);
    const incident = assignToFlood(cluster, own, before, shown);
    incidents.push(incident);
    const { next, change } = decideIncident(partition, memory, incident, before);
    saved.push(next);
    if (change !== undefined) due.push({ incident, change });
    if (due.length >= WRITTEN_AT_ONCE) {
      for (const one of due) changed.push(one.incident);
      await announce(partition, memory, due);
      due = [];
    }
    if (slices.isOver()) yield slices.begin();
  }
  for (const one of due) changed.push(one.incident);
  await announce(partition, memory, due);
  for (const one of gone) {
    await removeGone(partition, cluster, memory, one);
    if (slices.isOver()) yield slices.begin();
  }
  memory.saved = [...saved, ...others.filter(({ first }) => !times.has(first))];
  await writeFloods(partition, memory, incidents, changed);
  const { store, now } = partition.options;
  const published = await publishLines(cluster, memory, incidents, { store, now: now() });
  const next = findSmallest([
    published ?? Infinity,
    ...[...memory.floods.values()].flatMap((flood) => (flood.isDirty ? [flood.next] : [])),
  ]);
  compactLarge(partition, memory);
  planNext(partition, cluster, memory, incidents, ended.isOpen);
  const at = partition.due.get(cluster);
  if (at !== undefined) partition.due.set(cluster, Math.min(next, at));
  await writeRest(partition, memory, partition.clusters.has(cluster) ? ids : new Set());
  return changed;
}

/** Concludes the cluster, and once more if the store knows a later checkpoint before one of the incidents. */
async function* concludeAsking(
  partition: RecordPartition,
  cluster: string,
  memory: ClusterMemory,
): AsyncGenerator<void, readonly Incident[]> {
  const concluded = yield* collectConcluded(partition, cluster, memory);
  const checkpoints = await askCheckpoints(cluster, memory, concluded, partition.options.store);
  await takeEntries(partition, checkpoints);
  return checkpoints.length === 0 ? concluded : yield* collectConcluded(partition, cluster, memory);
}

function* collectConcluded(
  partition: RecordPartition,
  cluster: string,
  memory: ClusterMemory,
): Generator<void, readonly Incident[]> {
  const slices = createSlices();
  const concluded: Incident[] = [];
  for (const incident of concludeMemory(partition, cluster, memory)) {
    if (incident !== undefined) concluded.push(incident);
    if (slices.isOver()) yield slices.begin();
  }
  return concluded;
}

/** Concludes the incidents of the cluster one by one from what is known now. */
function concludeMemory(
  partition: RecordPartition,
  cluster: string,
  memory: ClusterMemory,
): Iterable<Incident | undefined> {
  const { now, healthyMs, zone } = partition.options;
  const { index, signals, lastLines, conclusions: cache } = memory;
  const signalsOf = { cluster, index, signals: signals.values(), lastLines, memo: cache };
  const onFault = (fault: RuleFault): void => reportFault(partition, fault);
  return concludeEach(signalsOf, partition.service.catalog, {
    now: now(),
    settleMs: SETTLE_MS,
    healthyMs,
    zone,
    onFault,
  });
}

/**
 * Announces the first incidents of a cluster in which very many jobs fail at once. Its other failures are read and
 * concluded afterwards, which takes seconds. All that are announced here are shown by themselves, not on the flood
 * card.
 */
export async function concludeFirst(partition: RecordPartition, cluster: string, memory: ClusterMemory): Promise<void> {
  const saved: SavedIncident[] = [];
  const due: DueIncident[] = [];
  for (const incident of concludeMemory(partition, cluster, memory)) {
    if (incident === undefined) continue;
    const { next, change } = decideIncident(partition, memory, incident, undefined);
    saved.push(next);
    if (change !== undefined) due.push({ incident, change });
    if (saved.length === MAX_SHOWN) break;
  }
  memory.saved = saved;
  await announce(partition, memory, due);
}

/** Logs a fault of a rule once per part of the rule, until the rules change. */
function reportFault({ service, options }: RecordPartition, { rule, part, problem }: RuleFault): void {
  const key = `${rule} ${part}`;
  if (service.reportedFaults.has(key)) return;
  service.reportedFaults.add(key);
  options.log.warn({ rule, part, problem }, 'A part of a rule failed and was skipped.');
}

/** Adds the ids of merged incidents to the incident. */
function noteJoined(incident: Incident, known: SavedIncident | undefined, gone: readonly SavedIncident[]): Incident {
  const ids = [...(known?.joined ?? []), ...gone.flatMap(({ id, joined = [] }) => [...joined, id])];
  return ids.length === 0 ? incident : { ...incident, joined: [...new Set(ids)] };
}

/**
 * Returns the times of the events in memory. An incident that begins at one of them still has its lines in memory, so
 * that it is gone if it is not concluded any more.
 */
function collectEventTimes({ signals }: ClusterMemory): ReadonlySet<number | undefined> {
  const times = new Set<number | undefined>();
  for (const signal of signals.values()) if (isEvent(signal)) times.add(signal.place.time);
  return times;
}

/**
 * Plans the next check of a cluster. It is checked as long as something may change, less often the longer it is quiet.
 * It is dropped from memory if nothing has failed there for hours.
 */
function planNext(
  partition: RecordPartition,
  cluster: string,
  memory: ClusterMemory,
  incidents: readonly Incident[],
  isEnding: boolean,
): void {
  const { healthyMs = LIMITS.healthy.value } = partition.options;
  const now = partition.options.now();
  const { keepMs } = COMPACT_DEFAULTS;
  const quietMs = Math.max(0, now - (isOpen(incidents) ? memory.lastTime : memory.lastEvent));
  const mayChange = quietMs < (isOpen(incidents) ? keepMs : healthyMs + 2 * RECHECK_MS);
  const next = mayChange ? now + Math.max(RECHECK_MS, Math.floor(quietMs / 10)) : memory.lastSeen + keepMs;
  if (isEnding || (memory.eventCount > 0 && next > now)) {
    partition.due.set(cluster, isEnding ? now + ENDING_CHECK_MS : next);
    return;
  }
  partition.due.delete(cluster);
  partition.clusters.delete(cluster);
}

function isOpen(incidents: readonly Incident[]): boolean {
  return incidents.some(({ outcome }) => OPEN_OUTCOMES.includes(outcome));
}
