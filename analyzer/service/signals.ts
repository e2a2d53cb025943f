// Adds signals of entries to the memories of failing clusters. Entries come from the feed; for a cluster that fails for
// the first time, or since this analyzer took its partition, also from the store (history.ts). A cluster whose memory
// changed is added to the touched ones.
import { toIso } from '../../core/time/iso.js';
import { findSmallest } from '../../core/sequence.js';
import { createSlices } from '../../core/time/slices.js';
import type { Entry } from '../../core/types.js';
import { renderSignal } from '../../flink/bytes/words.js';
import { scanEntry } from '../entry/scan.js';
import { isEvent, type Signal } from '../entry/signal.js';
import { readLastLine } from '../incident/last-line.js';
import { createFormState, readForms, type FormEntry, type FormState } from './forms.js';
import { isEndingId, loadEndings } from '../platform/card.js';
import { firstRule } from './backfill.js';
import { askFacts, askFailures, askLastLines, type HistoryPage, type HistoryRange } from './history.js';
import { remember } from './identity.js';
import {
  COMPACT_DEFAULTS,
  compactMemory,
  createClusterMemory,
  dateSignals,
  isLarge,
  keepLastLine,
  keepSignal,
  NOTICED_LATER_MS,
  type ClusterMemory,
  type SavedIncident,
} from './memory.js';
import { isDue, type RecordPartition } from './partition.js';
import { LIMITS } from '../restarts/limits.js';

/** Number of incidents of one cluster that are read from the store. */
const MAX_LOADED = 1000;

/** Adds the signals of the entries and collects the clusters whose incidents may have changed. */
export async function takeEntries(partition: RecordPartition, entries: readonly Entry[]): Promise<void> {
  const slices = createSlices();
  const last = new Map<string, Entry>();
  for (const entry of entries) {
    const cluster = clusterOf(entry);
    const memory = partition.clusters.get(cluster);
    if (memory !== undefined) memory.logBytes += entry.bytes.length;
    for (const published of readForms(formsOf(partition, cluster), entry)) {
      const { path } = published.entry.source;
      if (published.entry.offset >= (last.get(path)?.offset ?? -1)) last.set(path, published.entry);
      const signal = scanFormEntry(partition, cluster, published);
      if (signal !== undefined) takeSignal(partition, cluster, signal);
    }
    if (slices.isOver()) await slices.rest();
  }
  for (const entry of last.values()) {
    const memory = partition.clusters.get(clusterOf(entry));
    if (memory !== undefined) keepLastLine(memory, entry.source.process, readLastLine(entry, partition.options.zone));
  }
}

function formsOf({ state }: RecordPartition, cluster: string): FormState {
  let forms = state.forms.get(cluster);
  if (forms === undefined) state.forms.set(cluster, (forms = createFormState()));
  return forms;
}

function scanFormEntry(
  { service, options }: RecordPartition,
  cluster: string,
  { entry, sum }: FormEntry,
): Signal | undefined {
  const signal = scanEntry(entry, service.catalog, { cluster, zone: options.zone });
  return signal === undefined || sum === undefined ? signal : { ...signal, place: { ...signal.place, ...sum } };
}

/** Adds a signal. Nothing is kept of a cluster without a failure, because the store has it. */
function takeSignal(partition: RecordPartition, cluster: string, signal: Signal): void {
  if (!partition.clusters.has(cluster) && !isEvent(signal)) return;
  const memory = findMemory(partition, cluster);
  if (!keepSignal(memory, signal)) return;
  partition.touched.add(cluster);
  if (isEvent(signal)) memory.lastSeen = partition.options.now();
}

/** Returns the memory of the cluster; it is empty if nothing of it was kept. */
export function findMemory({ clusters }: RecordPartition, cluster: string): ClusterMemory {
  let memory = clusters.get(cluster);
  if (memory === undefined) clusters.set(cluster, (memory = createClusterMemory(cluster)));
  return memory;
}

/**
 * Fills the memory of a cluster that fails for the first time, or for the first time since the analyzer started, with
 * its incidents, facts and possible failures from the store. All up to the failure that is known comes first: in a
 * flood, the store grows as fast as it is read. Yields after each page: the number of events if all facts before them
 * are known, else 0.
 */
export async function* fillMemory(
  partition: RecordPartition,
  cluster: string,
  memory: ClusterMemory,
): AsyncGenerator<number> {
  if (memory.isFilled) return;
  const { store } = partition.options;
  const { catalog, words } = partition.service;
  const horizon = findHorizon(partition, cluster, memory);
  memory.saved = await loadSaved(partition, cluster, memory, horizon);
  const from = findSmallest([horizon, ...memory.saved.map(({ first }) => first - NOTICED_LATER_MS)]);
  const searches = partition.reread.has(cluster) ? partition.backfill.listSearches() : undefined;
  const asked = { store, catalog, skip: renderSignal(words, 'no'), from, searches };
  const known = memory.lastEvent + 1;
  const ranges: readonly HistoryRange[] = memory.lastEvent === 0 ? [{}] : [{ to: known }, { from: known }];
  for (const range of ranges) {
    for await (const page of askFacts(cluster, asked, range)) {
      await takePage(partition, cluster, memory, page);
      yield 0;
    }
    for await (const page of askFailures(cluster, memory, asked, range)) {
      await takePage(partition, cluster, memory, page);
      yield range.to === undefined ? memory.eventCount : 0;
    }
    yield memory.eventCount;
  }
  memory.isFilled = true;
}

/** Returns the time in milliseconds since 1970 from which possible failures are kept. */
function findHorizon({ options, reread }: RecordPartition, cluster: string, { lastEvent }: ClusterMemory): number {
  const keptFrom = (lastEvent === 0 ? options.now() : lastEvent) - COMPACT_DEFAULTS.keepMs;
  return Math.min(keptFrom, reread.get(cluster) ?? keptFrom);
}

async function takePage(
  partition: RecordPartition,
  cluster: string,
  memory: ClusterMemory,
  { entries, isOld }: HistoryPage,
): Promise<void> {
  if (isOld) takeFacts(partition, cluster, memory, entries);
  else await takeEntries(partition, entries);
  compactLarge(partition, memory);
}

function takeFacts(
  partition: RecordPartition,
  cluster: string,
  { index }: ClusterMemory,
  entries: readonly Entry[],
): void {
  for (const entry of entries) {
    const signal = scanFormEntry(partition, cluster, { entry });
    if (signal?.place.time !== undefined) index.add(signal);
  }
}

/** Loads the incidents of the cluster from the store. The store does not know who was notified of them. */
async function loadSaved(
  { options, reread }: RecordPartition,
  cluster: string,
  memory: ClusterMemory,
  since: number,
): Promise<readonly SavedIncident[]> {
  // The last growth of an incident may have been written later.
  const from = toIso(since - LIMITS.longAgo.value);
  const stored = await options.store.findIncidents({ cluster, from, limit: MAX_LOADED });
  for (const [id, known] of loadEndings(stored)) memory.endings.set(id, known);
  return stored.flatMap((incident) => {
    if (isEndingId(incident.id) || incident.platform !== undefined) return [];
    const known = remember(incident);
    if (incident.outcome !== 'failing' && known.last < since) return [];
    const judged = reread.has(cluster) ? { rule: firstRule(incident) } : undefined;
    return [{ ...known, judged, hash: '', since: options.now(), written: undefined }];
  });
}

/** Gives signals without a time the time of the last line of their process. */
export async function dateLines(partition: RecordPartition, cluster: string, memory: ClusterMemory): Promise<void> {
  const { store, zone, now } = partition.options;
  const { catalog } = partition.service;
  await askLastLines(cluster, memory, { store, catalog, zone, now: now(), isDue: isDue(partition, cluster) });
  dateSignals(memory, now());
}

function clusterOf(entry: Entry): string {
  return entry.source.cluster ?? '';
}

export function compactLarge({ options }: RecordPartition, memory: ClusterMemory): void {
  if (isLarge(memory)) compactMemory(memory, { ...COMPACT_DEFAULTS, now: options.now() });
}
