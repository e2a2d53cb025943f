// Turns entries into signals per cluster, and the signals of a cluster into incidents. The same entries give the same
// incidents, in any order and even if some come twice. Facts go into the index of their cluster at once; only signals
// that may belong to a failure are kept. diagnose.ts passes the entries of files; the service calls scanEntry for each
// entry and concludeCluster for each cluster. Pure functions.
import { findFirst, findLargest } from '../../core/sequence.js';
import type { Incident } from '../../core/documents/incident.js';
import type { Entry } from '../../core/types.js';
import type { Catalog } from '../catalog/catalog.js';
import { createClusterIndex, type ClusterIndex } from '../topology/cluster.js';
import { WHOLE_LOG, type Reading } from '../entry/reading.js';
import { scanEntry } from '../entry/scan.js';
import { dateSignal, isKept, type Signal } from '../entry/signal.js';
import { concludeLasting, concludeOutcome, type ConcludeOptions, type LastingIncident } from './conclude.js';
import type { RuleFault } from './explain.js';
import { groupIncidents, type ClusterGroups, type IncidentGroup } from './group.js';
import { LIMITS } from '../restarts/limits.js';
import { createLastLineTracker, type LastLine, type LastLineTracker } from './last-line.js';

export interface DiagnoseContext {
  /** Present time in milliseconds since 1970; the end of the logs by default. */
  readonly now?: number;
  /** Cluster of sources that name none. */
  readonly cluster?: string;
  /** IANA time zone of time stamps that have none; UTC by default. */
  readonly zone?: string;
  /** Time, in milliseconds, that a job must run without a failure so that its next failure is another incident. */
  readonly healthyMs?: number;
  /**
   * Time, in milliseconds, that the service waits for the jobs on a process to fail with it. It is not set for files,
   * because they have all their lines already.
   */
  readonly settleMs?: number;
  /** Way of reading the logs; as whole logs by default. */
  readonly reading?: Reading;
  /** Receives each fault of a rule, once per occurrence. */
  readonly onFault?: (fault: RuleFault) => void;
}

interface Conclusion {
  /** Sources of the conclusion, compared by identity. An object that was created again counts as changed. */
  readonly from: readonly unknown[];
  readonly lasting: LastingIncident | undefined;
  /** Incident with the outcome that it had last. */
  incident?: Incident;
}

/** Conclusions by the id of the incident. */
export type ConclusionCache = Map<string, Conclusion>;

export interface ClusterSignals {
  readonly cluster: string;
  /** Index of the facts of all entries that have a time. */
  readonly index: ClusterIndex;
  /** Signals that may be a failure or belong to one, in any order. A signal may occur twice. */
  readonly signals: Iterable<Signal>;
  readonly lastLines: ReadonlyMap<string, LastLine>;
  /** Cache of a cluster that is concluded repeatedly; nothing is kept without it. */
  readonly cache?: ConclusionCache;
}

interface Collected extends ClusterSignals {
  readonly signals: Signal[];
  /** Signals of entries without a time. Their facts are added when the last lines are known. */
  readonly undated: Signal[];
  readonly tracker: LastLineTracker;
}

/** Scans the entries and returns their signals by cluster. */
export function collectClusters(
  entries: Iterable<Entry>,
  catalog: Catalog,
  context: DiagnoseContext,
): readonly ClusterSignals[] {
  const clusters = new Map<string, Collected>();
  for (const entry of entries) {
    const cluster = entry.source.cluster ?? context.cluster ?? '';
    let collected = clusters.get(cluster);
    if (collected === undefined) clusters.set(cluster, (collected = startCluster(cluster)));
    collected.tracker.keep(entry);
    const signal = scanEntry(entry, catalog, context);
    if (signal !== undefined) collectSignal(collected, signal);
  }
  return [...clusters.values()].map((collected) => finishCluster(collected, context.zone));
}

function startCluster(cluster: string): Collected {
  const index = createClusterIndex(cluster);
  return { cluster, index, signals: [], lastLines: new Map(), undated: [], tracker: createLastLineTracker() };
}

function collectSignal({ index, signals, undated }: Collected, signal: Signal): void {
  if (isKept(signal)) signals.push(signal);
  if (signal.place.time === undefined) undated.push(signal);
  else index.add(signal);
}

function finishCluster(
  { cluster, index, signals, undated, tracker }: Collected,
  zone: string | undefined,
): ClusterSignals {
  const lastLines = tracker.list(zone);
  for (const signal of undated) index.add(dateSignal(signal, lastLines.get(signal.place.process)?.time));
  return { cluster, index, signals, lastLines };
}

/** Returns the incidents of all clusters, the oldest first. */
export function concludeClusters(
  clusters: readonly ClusterSignals[],
  catalog: Catalog,
  context: DiagnoseContext,
): readonly Incident[] {
  return clusters.flatMap((cluster) => concludeCluster(cluster, catalog, context)).sort(compareIncidents);
}

/** Returns the incidents of one cluster. */
export function concludeCluster(
  cluster: ClusterSignals,
  catalog: Catalog,
  context: DiagnoseContext = {},
): readonly Incident[] {
  return [...concludeEach(cluster, catalog, context)].flatMap((incident) => incident ?? []);
}

/**
 * Yields the incidents of one cluster one by one, so that the caller can do other work in between. It yields undefined
 * for a group that gives no incident.
 */
export function* concludeEach(
  cluster: ClusterSignals,
  catalog: Catalog,
  context: DiagnoseContext = {},
): Generator<Incident | undefined, void> {
  const healthyMs = context.healthyMs ?? LIMITS.healthy.value;
  const { lastLines, cache } = cluster;
  const { view, groups } = yield* groupSteps(cluster, catalog, context);
  const now =
    context.now ?? Math.max(view.lastTime, findLargest([...lastLines.values()].map((lastLine) => lastLine.time ?? 0)));
  const { onFault } = context;
  forgetOthers(cache, groups);
  const starts = indexStarts(groups);
  for (const group of groups) {
    const until = findNextStart(group, starts);
    const options = { catalog, view, lastLines, now, healthyMs, until, onFault };
    const lasting = concludeOnce(cache, group, options);
    yield lasting === undefined ? undefined : addOutcome(cache, lasting, concludeOutcome(group, options));
  }
}

/** Returns the same object as before if incident and outcome are the same. */
function addOutcome(
  cache: ConclusionCache | undefined,
  lasting: LastingIncident,
  outcome: Incident['outcome'],
): Incident {
  const known = cache?.get(lasting.id);
  if (known?.lasting === lasting && known.incident?.outcome === outcome) return known.incident;
  const incident = { ...lasting, outcome };
  if (known?.lasting === lasting) known.incident = incident;
  return incident;
}

/** Returns the previous conclusion if all its sources are the same objects as before. */
function concludeOnce(
  cache: ConclusionCache | undefined,
  group: IncidentGroup,
  options: ConcludeOptions,
): LastingIncident | undefined {
  if (cache === undefined || mayNamePeer(group, options)) return concludeLasting(group, options);
  const from = listSources(group, options);
  const known = cache.get(group.id);
  if (known?.from.length === from.length && known.from.every((source, index) => source === from[index]))
    return known.lasting;
  const lasting = concludeLasting(group, options);
  cache.set(group.id, { from, lasting });
  return lasting;
}

/** Removes the conclusions of groups that do not exist any more. */
function forgetOthers(cache: ConclusionCache | undefined, groups: readonly IncidentGroup[]): void {
  if (cache === undefined || cache.size === 0) return;
  const ids = new Set(groups.map(({ id }) => id));
  for (const id of cache.keys()) if (!ids.has(id)) cache.delete(id);
}

/**
 * True if a rule of the incident names a peer. The last line of the peer is shown, and it changes with each line, so
 * that such an incident is never taken from the cache.
 */
function mayNamePeer({ events }: IncidentGroup, { catalog }: ConcludeOptions): boolean {
  return events.some(({ matches }) => matches.some(({ rule }) => catalog.findRule(rule)?.peer !== undefined));
}

function listSources(group: IncidentGroup, { catalog, view, until }: ConcludeOptions): readonly unknown[] {
  const sources: unknown[] = [catalog, view.reading, view.taskManagers, group.job, group.process, until];
  for (const process of view.processes.values()) sources.push(process);
  for (const { signal, matches } of group.events) {
    sources.push(signal);
    for (const match of matches) sources.push(match);
  }
  return sources;
}

/** Groups the signals of one cluster by incident. The events of a group are not ranked yet. */
export function groupCluster(cluster: ClusterSignals, catalog: Catalog, context: DiagnoseContext = {}): ClusterGroups {
  const steps = groupSteps(cluster, catalog, context);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Groups them and yields between its steps, as groupIncidents does. */
function groupSteps(
  { index, signals, lastLines }: ClusterSignals,
  catalog: Catalog,
  context: DiagnoseContext,
): Generator<undefined, ClusterGroups> {
  return groupIncidents(signals, index.view(context.reading ?? WHOLE_LOG), {
    catalog,
    healthyMs: context.healthyMs ?? LIMITS.healthy.value,
    settledUntil: context.settleMs === undefined ? Number.POSITIVE_INFINITY : (context.now ?? 0) - context.settleMs,
    lastLines,
  });
}

/** Start times of the incidents of each job, or of each process without a job, in order. */
type Starts = ReadonlyMap<unknown, readonly number[]>;

function indexStarts(groups: readonly IncidentGroup[]): Starts {
  const starts = new Map<unknown, number[]>();
  for (const group of groups) {
    if (group.firstTime === undefined) continue;
    const own = starts.get(ownerOf(group));
    if (own === undefined) starts.set(ownerOf(group), [group.firstTime]);
    else own.push(group.firstTime);
  }
  for (const own of starts.values()) own.sort((a, b) => a - b);
  return starts;
}

function ownerOf({ job, process }: IncidentGroup): unknown {
  return job ?? process;
}

function findNextStart(group: IncidentGroup, starts: Starts): number | undefined {
  const { lastTime } = group;
  if (lastTime === undefined) return undefined;
  const own = starts.get(ownerOf(group)) ?? [];
  return own[findFirst(own, (start) => start > lastTime)];
}

function compareIncidents(a: Incident, b: Incident): number {
  const [seen, seenOther] = [a.firstSeen ?? '', b.firstSeen ?? ''];
  if (seen !== seenOther) return seen < seenOther ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
