// What the service keeps of a cluster between two reads of the feed: its signals, bounded and compacted, the last line
// of each process, and what it said about its incidents already. Plain data in and out (saveState), so that a restart
// goes on where it was. Compaction forgets what no later diagnosis can need; it never forgets the beginning of an
// episode.
import type { Fact } from '../../flink/facts/fact.js';
import { meaningOf, type Keeping } from '../cluster/meaning.js';
import { isLaterLine, type LastLine } from '../incident/last-line.js';
import { compareSignals, type Signal } from '../entry/signal.js';

/** An incident as it was saved last. */
export interface SavedIncident {
  readonly id: string;
  /** Job id, or process. */
  readonly subject: string;
  readonly first: number;
  readonly last: number;
  readonly hash: string;
  readonly restarts: number;
}

export interface ClusterState {
  readonly signals: readonly Signal[];
  readonly lastLines: readonly (readonly [process: string, lastLine: LastLine])[];
  readonly saved: readonly SavedIncident[];
}

export interface ClusterMemory {
  readonly signals: Map<string, Signal>;
  readonly lastLines: Map<string, LastLine>;
  /** Keys of signals without a time. */
  readonly undated: Set<string>;
  saved: readonly SavedIncident[];
  /** Signals with a match or a failure. */
  eventCount: number;
  lastTime: number;
  /** Signals that the last compaction left. */
  compactedTo: number;
}

export function createClusterMemory(state?: ClusterState): ClusterMemory {
  const memory: ClusterMemory = {
    signals: new Map(),
    lastLines: new Map(state?.lastLines ?? []),
    undated: new Set(),
    saved: state?.saved ?? [],
    eventCount: 0,
    lastTime: 0,
    compactedTo: 0,
  };
  for (const signal of state?.signals ?? []) keepSignal(memory, signal);
  return memory;
}

export function exportMemory(memory: ClusterMemory): ClusterState {
  return { signals: [...memory.signals.values()], lastLines: [...memory.lastLines], saved: memory.saved };
}

/** Adds a signal, or replaces its shorter self; false when nothing changed. */
export function keepSignal(memory: ClusterMemory, signal: Signal): boolean {
  const known = memory.signals.get(signal.place.key);
  if (known !== undefined && known.place.length >= signal.place.length) return false;
  const useful = dropFacts(signal);
  if (useful === undefined) return false;
  if (known !== undefined && isEvent(known)) memory.eventCount--;
  if (isEvent(useful)) memory.eventCount++;
  memory.signals.set(useful.place.key, useful);
  if (useful.place.time === undefined) memory.undated.add(useful.place.key);
  memory.lastTime = Math.max(memory.lastTime, useful.place.time ?? 0);
  return true;
}

/**
 * What a process printed without a time is dated once, when it is first seen beside a dated line of that process: were
 * it dated anew each time, an old crash would go on explaining the failures of a restarted process of the same name.
 */
export function dateSignals(memory: ClusterMemory): void {
  for (const key of memory.undated) {
    const signal = memory.signals.get(key);
    const time = signal === undefined ? undefined : memory.lastLines.get(signal.place.process)?.time;
    if (signal !== undefined && time === undefined) continue;
    memory.undated.delete(key);
    if (signal !== undefined && time !== undefined)
      memory.signals.set(key, { ...signal, place: { ...signal.place, time } });
  }
}

export function keepLastLine(memory: ClusterMemory, process: string, lastLine: LastLine): void {
  const known = memory.lastLines.get(process);
  if (known === undefined || isLaterLine(lastLine, known)) memory.lastLines.set(process, lastLine);
}

export function isEvent(signal: Signal): boolean {
  return signal.matches.length > 0 || signal.failure !== undefined;
}

/** Undefined when nothing in it is ever asked for. */
function dropFacts(signal: Signal): Signal | undefined {
  const facts = signal.facts.filter((fact) => keepingOf(fact) !== 'never');
  if (facts.length === 0 && !isEvent(signal) && signal.steps.length === 0) return undefined;
  return facts.length === signal.facts.length ? signal : { ...signal, facts };
}

export interface CompactOptions {
  /** The present: an entry from the future must not make everything else old. */
  readonly now: number;
  /** Events and tasks older than this before the cluster's last entry are forgotten once their episode is over. */
  readonly keepMs: number;
  readonly maxEvents: number;
}

export const COMPACT_DEFAULTS = { keepMs: 6 * 3_600_000, maxEvents: 4000 } as const;
const COMPACT_FROM = 2000;

/** True when there is enough, and twice what the last compaction left, so that its time is worth it. */
export function isLarge(memory: ClusterMemory): boolean {
  return memory.signals.size > Math.max(COMPACT_FROM, 2 * memory.compactedTo);
}

export function compactMemory(memory: ClusterMemory, options: CompactOptions): void {
  const horizon = Math.min(memory.lastTime, options.now + 3_600_000) - options.keepMs;
  const sorted = [...memory.signals.values()].sort(compareSignals);
  const kept = keepUseful(limitEvents(sorted, options.maxEvents), horizon, memory.saved);
  memory.signals.clear();
  memory.eventCount = 0;
  for (const signal of kept) {
    memory.signals.set(signal.place.key, signal);
    if (isEvent(signal)) memory.eventCount++;
  }
  memory.compactedTo = memory.signals.size;
  memory.saved = memory.saved.filter((incident) => incident.last >= horizon);
}

/** Of too many events the first hundred (they say when an episode began) and the last ones stay. */
function limitEvents(sorted: readonly Signal[], maxEvents: number): readonly Signal[] {
  const events = sorted.filter(isEvent);
  if (events.length <= maxEvents) return sorted;
  const dropped = new Set(events.slice(100, events.length - maxEvents + 100));
  return sorted.filter((signal) => !dropped.has(signal));
}

function keepUseful(sorted: readonly Signal[], horizon: number, saved: readonly SavedIncident[]): readonly Signal[] {
  // Events of an episode that still goes on are kept however old they are.
  const begun = saved
    .filter((incident) => incident.last >= horizon)
    .reduce((first, incident) => Math.min(first, incident.first), horizon);
  const latest = findLatest(sorted);
  const events = sorted.filter(isEvent).map((signal) => signal.place.time ?? 0);
  return sorted.flatMap((signal): Signal[] => {
    const time = signal.place.time ?? Number.POSITIVE_INFINITY;
    if ((isEvent(signal) || signal.steps.length > 0) && time >= begun) return [signal];
    const facts = signal.facts.filter((fact) => isNeeded(fact, signal, latest, time >= begun, events));
    return facts.length === 0 ? [] : [{ place: signal.place, hints: signal.hints, facts, matches: [], steps: [] }];
  });
}

/** The newest signal key for each thing of which only the newest counts. */
function findLatest(sorted: readonly Signal[]): ReadonlyMap<string, string> {
  const latest = new Map<string, string>();
  for (const signal of sorted)
    for (const fact of signal.facts) for (const name of namesOf(fact, signal)) latest.set(name, signal.place.key);
  return latest;
}

function namesOf(fact: Fact, signal: Signal): readonly string[] {
  return meaningOf(fact).newest?.(fact, signal.place.process) ?? [];
}

function keepingOf(fact: Fact): Keeping {
  return meaningOf(fact).keep?.(fact) ?? 'recent';
}

function isNeeded(
  fact: Fact,
  signal: Signal,
  latest: ReadonlyMap<string, string>,
  recent: boolean,
  events: readonly number[],
): boolean {
  if (namesOf(fact, signal).some((name) => latest.get(name) === signal.place.key)) return true;
  return recent && (keepingOf(fact) === 'recent' || isLastBeforeEvent(signal.place.time ?? 0, events));
}

/** A checkpoint within the minutes before an event: the cost of a failure is counted from it. */
function isLastBeforeEvent(time: number, events: readonly number[]): boolean {
  return events.some((event) => event >= time && event - time < 3_600_000);
}
