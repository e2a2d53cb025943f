// What the service keeps of a cluster between two reads of the feed: its signals, bounded and compacted, the last line
// of each process, what lines of one file say together, and what it said about its incidents already. Plain data in and
// out (saveState), so that a restart goes on where it was. Compaction forgets what no later diagnosis can need; it
// never forgets the beginning of an episode.
import { findSmallest } from '../../core/sequence.js';
import type { Fact } from '../../flink/facts/fact.js';
import { joinCluster, type ClusterView } from '../cluster/cluster.js';
import { jobIdOf, meaningOf, type Keeping } from '../cluster/meaning.js';
import { WHOLE_LOG } from '../entry/reading.js';
import { dateSignal } from '../incident/incident.js';
import { isLaterLine, type LastLine } from '../incident/last-line.js';
import { compareSignals, type Signal } from '../entry/signal.js';
import { createFormState, exportForms, type FormState, type StoredForms } from './forms.js';

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
  /** Left out when there is none. */
  readonly forms?: StoredForms;
  /** Left out when it is false. */
  readonly hasFacts?: true;
}

export interface ClusterMemory {
  readonly signals: Map<string, Signal>;
  readonly lastLines: Map<string, LastLine>;
  readonly forms: FormState;
  /** Keys of signals without a time. */
  readonly undated: Set<string>;
  /** When the store was asked for the last line of a process (last-lines.ts). */
  readonly asked: Map<string, number>;
  /** Incidents, by job and time, for whose last checkpoint the store was asked (facts.ts). */
  readonly askedCheckpoints: Set<string>;
  /** The store was asked for its facts (facts.ts), so the feed has to give those that come from now on. */
  hasFacts: boolean;
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
    forms: createFormState(state?.forms),
    undated: new Set(),
    asked: new Map(),
    askedCheckpoints: new Set(),
    hasFacts: state?.hasFacts === true,
    saved: state?.saved ?? [],
    eventCount: 0,
    lastTime: 0,
    compactedTo: 0,
  };
  for (const signal of state?.signals ?? []) keepSignal(memory, signal);
  return memory;
}

export function exportMemory(memory: ClusterMemory): ClusterState {
  return {
    signals: [...memory.signals.values()],
    lastLines: [...memory.lastLines],
    saved: memory.saved,
    forms: exportForms(memory.forms),
    ...(memory.hasFacts ? { hasFacts: true } : {}),
  };
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

/** Lines of a process that were written before another of its files come at most so much after it. */
const LATE_MS = 600_000;

/**
 * What a process printed without a time is dated for good when a line of that process is known that is not older than
 * its file, or when none can come any more: were it dated anew each time, an old crash would go on explaining the
 * failures of a restarted process of the same name. Until then incident.ts dates it for each conclusion.
 */
export function dateSignals(memory: ClusterMemory, now: number): void {
  for (const key of memory.undated) {
    const signal = memory.signals.get(key);
    if (signal !== undefined && !isDecided(signal, memory, now)) continue;
    memory.undated.delete(key);
    if (signal !== undefined)
      memory.signals.set(key, dateSignal(signal, memory.lastLines.get(signal.place.process)?.time));
  }
}

function isDecided({ place }: Signal, { lastLines }: ClusterMemory, now: number): boolean {
  const last = lastLines.get(place.process)?.time;
  const { fileTime = last } = place;
  if (fileTime === undefined) return false;
  return (last !== undefined && last >= fileTime) || now - fileTime >= LATE_MS;
}

/** False when a later one is known. */
export function keepLastLine(memory: ClusterMemory, process: string, lastLine: LastLine): boolean {
  const known = memory.lastLines.get(process);
  if (known !== undefined && !isLaterLine(lastLine, known)) return false;
  memory.lastLines.set(process, lastLine);
  return true;
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
  // In which nothing has failed any more, facts are asked for anew when something does.
  memory.hasFacts &&= memory.eventCount > 0;
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
  const begun = findBeginnings(saved, horizon);
  const latest = findLatest(sorted);
  const wanted = findBeforeEvents(sorted);
  return sorted.flatMap((signal): Signal[] => {
    const time = signal.place.time ?? Number.POSITIVE_INFINITY;
    if ((isEvent(signal) || signal.steps.length > 0) && time >= begun.any) return [signal];
    const facts = signal.facts.filter(
      (fact) =>
        namesOf(fact, signal).some((name) => latest.get(name) === signal.place.key) ||
        (time >= beginningFor(fact, signal, begun) && (keepingOf(fact) === 'recent' || wanted.has(fact))),
    );
    return facts.length === 0 ? [] : [{ place: signal.place, hints: signal.hints, facts, matches: [], steps: [] }];
  });
}

/** From when on things are kept: events of an episode that still goes on are kept however old they are. */
interface Beginnings {
  readonly any: number;
  readonly byJob: ReadonlyMap<string, number>;
  /** For a job that does not fail. */
  readonly healthy: number;
}

function findBeginnings(saved: readonly SavedIncident[], horizon: number): Beginnings {
  const byJob = new Map<string, number>();
  for (const { subject, first, last } of saved)
    if (last >= horizon) byJob.set(subject, Math.min(first, byJob.get(subject) ?? horizon));
  return { any: findSmallest([horizon, ...byJob.values()]), byJob, healthy: horizon };
}

/**
 * The course of a job is needed from the beginning of its own episode on, however long its neighbour has been failing.
 * Where its tasks were is needed as long as anything is: without it they would all be the neighbour's.
 */
function beginningFor(fact: Fact, signal: Signal, begun: Beginnings): number {
  const { task, joins } = meaningOf(fact);
  const job = signal.hints.jobId ?? jobIdOf(fact);
  if (job === undefined || task !== undefined || joins !== undefined) return begun.any;
  return begun.byJob.get(job) ?? begun.healthy;
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

const BEFORE_EVENT_MS = 3_600_000;
/** An episode may begin this much before its own first event: with what another one logged. */
const NOTICED_LATER_MS = 180_000;

/**
 * The checkpoint from which the cost of a failure is counted: the last one of its job before each event that is the
 * job's or nobody's. The events of a neighbour do not count.
 */
function findBeforeEvents(sorted: readonly Signal[]): ReadonlySet<Fact> {
  const view = joinCluster('', sorted, WHOLE_LOG);
  const events = indexEvents(sorted, view);
  const wanted = new Set<Fact>();
  /** By what the facts are about, from the end: when the newer one came. */
  const newer = new Map<string, number>();
  for (const signal of [...sorted].reverse()) {
    const time = signal.place.time ?? 0;
    for (const fact of signal.facts) {
      if (keepingOf(fact) !== 'before-event') continue;
      const job = jobIdOf(fact) ?? view.jobOf(signal);
      for (const name of namesOf(fact, signal)) {
        const until = Math.min(
          time + BEFORE_EVENT_MS,
          (newer.get(name) ?? Number.POSITIVE_INFINITY) + NOTICED_LATER_MS,
        );
        if (hasEvent(events, job, time, until)) wanted.add(fact);
        newer.set(name, time);
      }
    }
  }
  return wanted;
}

/** Times of the events, ascending, by their job; those of nobody under undefined. */
type EventTimes = ReadonlyMap<string | undefined, readonly number[]>;

function indexEvents(sorted: readonly Signal[], view: ClusterView): EventTimes {
  const times = new Map<string | undefined, number[]>();
  for (const signal of sorted.filter(isEvent)) {
    const job = view.jobOf(signal);
    const time = signal.place.time ?? 0;
    const known = times.get(job);
    if (known === undefined) times.set(job, [time]);
    else known.push(time);
  }
  return times;
}

function hasEvent(events: EventTimes, job: string | undefined, from: number, until: number): boolean {
  const asked = job === undefined ? [...events.values()] : [events.get(job) ?? [], events.get(undefined) ?? []];
  return asked.some((times) => (times[findFirst(times, from)] ?? Number.POSITIVE_INFINITY) < until);
}

/** The place of the first time that is not before `from`, by halving. */
function findFirst(times: readonly number[], from: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}
