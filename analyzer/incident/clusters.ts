// The engine: entries → what they say, by cluster, and what it comes to. Pure: the same entries in any order, once or
// twice, give the same incidents. diagnose.ts calls it with the entries of files; the service calls its two halves,
// scanEntry for each entry and concludeCluster for each cluster, over what it keeps.
import { findLargest, findSmallest } from '../../core/sequence.js';
import type { Entry, Incident } from '../../core/types.js';
import type { Catalog } from '../catalog/catalog.js';
import { WHOLE_LOG, type Reading } from '../entry/reading.js';
import { scanEntry } from '../entry/scan.js';
import type { Signal } from '../entry/signal.js';
import { concludeIncident } from './conclude.js';
import type { RuleFault } from './explain.js';
import { DEFAULT_HEALTHY_MS, groupIncidents, type ClusterGroups, type IncidentGroup } from './incident.js';
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

export interface ClusterSignals {
  readonly cluster: string;
  readonly signals: readonly Signal[];
  readonly lastLines: ReadonlyMap<string, LastLine>;
}

/** What the entries say, by cluster. */
export function collectClusters(
  entries: Iterable<Entry>,
  catalog: Catalog,
  context: DiagnoseContext,
): readonly ClusterSignals[] {
  const clusters = new Map<string, { readonly signals: Signal[]; readonly lastLines: LastLineKeeper }>();
  for (const entry of entries) {
    const cluster = entry.source.cluster ?? context.cluster ?? '';
    let kept = clusters.get(cluster);
    if (kept === undefined) clusters.set(cluster, (kept = { signals: [], lastLines: createLastLineKeeper() }));
    kept.lastLines.keep(entry);
    const signal = scanEntry(entry, catalog, context);
    if (signal !== undefined) kept.signals.push(signal);
  }
  return [...clusters].map(([cluster, { signals, lastLines }]) => ({
    cluster,
    signals,
    lastLines: lastLines.list(context.zone),
  }));
}

/** Oldest first. */
export function concludeClusters(
  clusters: readonly ClusterSignals[],
  catalog: Catalog,
  context: DiagnoseContext,
): readonly Incident[] {
  return clusters
    .flatMap(({ cluster, signals, lastLines }) => concludeCluster(cluster, signals, lastLines, catalog, context))
    .sort(compareIncidents);
}

/** Signals of one cluster, in any order → its incidents. */
export function concludeCluster(
  cluster: string,
  signals: Iterable<Signal>,
  lastLines: ReadonlyMap<string, LastLine>,
  catalog: Catalog,
  context: DiagnoseContext = {},
): readonly Incident[] {
  const healthyMs = context.healthyMs ?? DEFAULT_HEALTHY_MS;
  const { view, groups } = groupCluster(cluster, signals, lastLines, catalog, context);
  const now =
    context.now ?? Math.max(view.lastTime, findLargest([...lastLines.values()].map((lastLine) => lastLine.time ?? 0)));
  const { onFault } = context;
  return groups.flatMap((group) => {
    const until = findNextStart(group, groups);
    return concludeIncident(group, { catalog, view, lastLines, now, healthyMs, until, onFault }) ?? [];
  });
}

/** Signals of one cluster → the events of each incident, not ranked yet. */
export function groupCluster(
  cluster: string,
  signals: Iterable<Signal>,
  lastLines: ReadonlyMap<string, LastLine>,
  catalog: Catalog,
  context: DiagnoseContext = {},
): ClusterGroups {
  return groupIncidents(cluster, signals, {
    catalog,
    healthyMs: context.healthyMs ?? DEFAULT_HEALTHY_MS,
    reading: context.reading ?? WHOLE_LOG,
    settledUntil: context.settleMs === undefined ? Number.POSITIVE_INFINITY : (context.now ?? 0) - context.settleMs,
    lastTimes: new Map(
      [...lastLines].flatMap(([process, lastLine]) => (lastLine.time === undefined ? [] : [[process, lastLine.time]])),
    ),
  });
}

function findNextStart(group: IncidentGroup, groups: readonly IncidentGroup[]): number | undefined {
  const later = groups.flatMap((other) =>
    other !== group &&
    other.job === group.job &&
    other.process === group.process &&
    other.firstTime !== undefined &&
    group.lastTime !== undefined &&
    other.firstTime > group.lastTime
      ? [other.firstTime]
      : [],
  );
  return later.length === 0 ? undefined : findSmallest(later);
}

function compareIncidents(a: Incident, b: Incident): number {
  const [seen, seenOther] = [a.firstSeen ?? '', b.firstSeen ?? ''];
  if (seen !== seenOther) return seen < seenOther ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
