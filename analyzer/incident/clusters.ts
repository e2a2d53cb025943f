// The engine: entries → what they say, by cluster, and what it comes to. Pure: the same entries in any order, once or
// twice, give the same incidents. Facts go into the index of their cluster at once, signals are kept only of what may
// be a failure. diagnose.ts calls it with the entries of files; the service calls its two halves, scanEntry for each
// entry and concludeCluster for each cluster, over what it keeps.
import { findFirst, findLargest } from '../../core/sequence.js';
import type { Entry, Incident } from '../../core/types.js';
import type { Catalog } from '../catalog/catalog.js';
import { createClusterIndex, type ClusterIndex } from '../cluster/cluster.js';
import { WHOLE_LOG, type Reading } from '../entry/reading.js';
import { scanEntry } from '../entry/scan.js';
import { dateSignal, isKept, type Signal } from '../entry/signal.js';
import { concludeLasting, concludeOutcome, type ConcludeOptions, type LastingIncident } from './conclude.js';
import type { RuleFault } from './explain.js';
import { DEFAULT_HEALTHY_MS, groupIncidents, type ClusterGroups, type IncidentGroup } from './group/group.js';
import { createLastLineKeeper, type LastLine, type LastLineKeeper } from './last-line.js';

export interface DiagnoseContext {
  /** Milliseconds since 1970; left out: the end of the logs. */
  readonly now?: number;
  /** For sources that name no cluster. */
  readonly cluster?: string;
  /** IANA zone of time stamps without one; UTC when left out. */
  readonly zone?: string;
  /** How long a job runs without a failure until the next one is another incident. */
  readonly healthyMs?: number;
  /** The service waits so long for the jobs on a process to fail with it; a file has all its lines already. */
  readonly settleMs?: number;
  /** How the logs are read; left out: as whole ones. */
  readonly reading?: Reading;
  /** Hears what is wrong with a rule, as often as it is met. */
  readonly onFault?: (fault: RuleFault) => void;
}

interface Conclusion {
  /** By identity: what is made anew is another one. */
  readonly from: readonly unknown[];
  readonly lasting: LastingIncident | undefined;
  /** With the outcome that it had last. */
  incident?: Incident;
}

/** By the id of the incident. */
export type ConclusionMemo = Map<string, Conclusion>;

export interface ClusterSignals {
  readonly cluster: string;
  /** Has the facts of all dated entries. */
  readonly index: ClusterIndex;
  /** Those that may be a failure or belong to one, in any order; one may come twice. */
  readonly signals: Iterable<Signal>;
  readonly lastLines: ReadonlyMap<string, LastLine>;
  /** Of a cluster that is concluded again and again; left out: nothing is kept. */
  readonly memo?: ConclusionMemo;
}

interface Collected extends ClusterSignals {
  readonly signals: Signal[];
  /** Entries without a time, whose facts wait for it. */
  readonly undated: Signal[];
  readonly keeper: LastLineKeeper;
}

/** What the entries say, by cluster. */
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
    collected.keeper.keep(entry);
    const signal = scanEntry(entry, catalog, context);
    if (signal !== undefined) collectSignal(collected, signal);
  }
  return [...clusters.values()].map((collected) => finishCluster(collected, context.zone));
}

function startCluster(cluster: string): Collected {
  const index = createClusterIndex(cluster);
  return { cluster, index, signals: [], lastLines: new Map(), undated: [], keeper: createLastLineKeeper() };
}

function collectSignal({ index, signals, undated }: Collected, signal: Signal): void {
  if (isKept(signal)) signals.push(signal);
  if (signal.place.time === undefined) undated.push(signal);
  else index.add(signal);
}

function finishCluster(
  { cluster, index, signals, undated, keeper }: Collected,
  zone: string | undefined,
): ClusterSignals {
  const lastLines = keeper.list(zone);
  for (const signal of undated) index.add(dateSignal(signal, lastLines.get(signal.place.process)?.time));
  return { cluster, index, signals, lastLines };
}

/** Oldest first. */
export function concludeClusters(
  clusters: readonly ClusterSignals[],
  catalog: Catalog,
  context: DiagnoseContext,
): readonly Incident[] {
  return clusters.flatMap((cluster) => concludeCluster(cluster, catalog, context)).sort(compareIncidents);
}

/** What one cluster says → its incidents. */
export function concludeCluster(
  cluster: ClusterSignals,
  catalog: Catalog,
  context: DiagnoseContext = {},
): readonly Incident[] {
  return [...concludeEach(cluster, catalog, context)].flatMap((incident) => incident ?? []);
}

/** The same one by one, so that whoever has other work can do it in between; undefined: none came of this one. */
export function* concludeEach(
  cluster: ClusterSignals,
  catalog: Catalog,
  context: DiagnoseContext = {},
): Generator<Incident | undefined, void> {
  const healthyMs = context.healthyMs ?? DEFAULT_HEALTHY_MS;
  const { lastLines, memo } = cluster;
  const { view, groups } = groupCluster(cluster, catalog, context);
  const now =
    context.now ?? Math.max(view.lastTime, findLargest([...lastLines.values()].map((lastLine) => lastLine.time ?? 0)));
  const { onFault } = context;
  forgetOthers(memo, groups);
  const starts = indexStarts(groups);
  for (const group of groups) {
    const until = findNextStart(group, starts);
    const options = { catalog, view, lastLines, now, healthyMs, until, onFault };
    const lasting = concludeOnce(memo, group, options);
    yield lasting === undefined ? undefined : addOutcome(memo, lasting, concludeOutcome(group, options));
  }
}

/** The same object where the same was concluded before. */
function addOutcome(
  memo: ConclusionMemo | undefined,
  lasting: LastingIncident,
  outcome: Incident['outcome'],
): Incident {
  const known = memo?.get(lasting.id);
  if (known?.lasting === lasting && known.incident?.outcome === outcome) return known.incident;
  const incident = { ...lasting, outcome };
  if (known?.lasting === lasting) known.incident = incident;
  return incident;
}

/** What was concluded from the very same before is not concluded again. */
function concludeOnce(
  memo: ConclusionMemo | undefined,
  group: IncidentGroup,
  options: ConcludeOptions,
): LastingIncident | undefined {
  if (memo === undefined || mayMeetPeer(group, options)) return concludeLasting(group, options);
  const from = listSources(group, options);
  const known = memo.get(group.id);
  if (known?.from.length === from.length && known.from.every((source, index) => source === from[index]))
    return known.lasting;
  const lasting = concludeLasting(group, options);
  memo.set(group.id, { from, lasting });
  return lasting;
}

/** Those that are no more. */
function forgetOthers(memo: ConclusionMemo | undefined, groups: readonly IncidentGroup[]): void {
  if (memo === undefined || memo.size === 0) return;
  const ids = new Set(groups.map(({ id }) => id));
  for (const id of memo.keys()) if (!ids.has(id)) memo.delete(id);
}

/** Of a peer the last line is shown, which is another one with each line. */
function mayMeetPeer({ events }: IncidentGroup, { catalog }: ConcludeOptions): boolean {
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

/** What one cluster says → the events of each incident, not ranked yet. */
export function groupCluster(
  { index, signals, lastLines }: ClusterSignals,
  catalog: Catalog,
  context: DiagnoseContext = {},
): ClusterGroups {
  return groupIncidents(signals, index.view(context.reading ?? WHOLE_LOG), {
    catalog,
    healthyMs: context.healthyMs ?? DEFAULT_HEALTHY_MS,
    settledUntil: context.settleMs === undefined ? Number.POSITIVE_INFINITY : (context.now ?? 0) - context.settleMs,
    lastLines,
  });
}

/** When the incidents of a job, or of a process, begin, in order. */
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
