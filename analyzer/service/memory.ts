// Defines the memory of a failing cluster: an index of its facts, its signals, the last line of each process, and the
// state of its incidents. Everything comes from the store and can be read again (history.ts), so that it may be dropped
// at any time. Compaction drops what no later diagnosis needs, but never the start of an episode.
import type { Incident } from '../../core/documents/incident.js';
import { findSmallest } from '../../core/sequence.js';
import type { JobLines } from '../../core/documents/job.js';
import { createClusterIndex, type ClusterIndex } from '../topology/cluster.js';
import { WHOLE_LOG } from '../entry/reading.js';
import { compareSignals, dateSignal, isEvent, isKept, type Signal } from '../entry/signal.js';
import type { KnownEnding } from '../platform/card.js';
import { isLaterLine, type LastLine } from '../incident/last-line.js';
import type { ConclusionCache } from '../incident/clusters.js';
import type { FloodMember } from './flood.js';
import { LIMITS, listMiddle, type MiddleLimit } from '../restarts/limits.js';
import type { WrittenIncident } from '../restarts/write.js';

/** Incident as it was concluded last. */
export interface SavedIncident extends FloodMember {
  /** Job id, or process. */
  readonly subject: string;
  /** Hash of its document; empty if unknown. */
  readonly hash: string;
  readonly restarts: number;
  /** Wall-clock time at which the incident took its current form. */
  readonly since: number;
  /** Last write; undefined if it is unknown what the store holds and who was notified. */
  readonly written: WrittenIncident | undefined;
  /** Revision of the diagnosis, as the card shows it. */
  readonly revised?: Incident['revised'];
  readonly joined?: Incident['joined'];
  /** Primary rule by the previous rules; set if the cluster was read again because the rules changed. */
  readonly judged?: { readonly rule: string | undefined };
}

/** Lines that belong to each job although they do not name it, as written to the store (job-lines.ts). */
export interface PublishedLines {
  readonly lines: Map<string, JobLines>;
  /** Lines from which the stored ones were made. */
  readonly from: Map<string, JobLines>;
  isLoaded: boolean;
  /** Earliest wall-clock time of the next write. */
  next: number;
}

export interface ClusterMemory {
  /** Index of the facts of all signals that have a time. */
  readonly index: ClusterIndex;
  /** Signals that may be a failure or belong to one, by key. */
  readonly signals: Map<string, Signal>;
  /** Signals without a time, by key. Their facts are added when the time is known. */
  readonly undated: Map<string, Signal>;
  readonly lastLines: Map<string, LastLine>;
  /** Time of the last request to the store for the last line of each process (history.ts). */
  readonly asked: Map<string, number>;
  /** Incidents, by job and time, whose last checkpoint was requested from the store (history.ts). */
  readonly askedCheckpoints: Set<string>;
  /** True if the history was read from the store, so that the feed must return facts from then on. */
  isFilled: boolean;
  saved: readonly SavedIncident[];
  /** Ends of the cluster or of its processes (endings.ts), by incident id. */
  readonly endings: Map<string, KnownEnding>;
  /**
   * Time without a line, in milliseconds, after which the cluster is silent, derived from its records when it became
   * quiet.
   */
  regularity: { readonly since: string; readonly windowMs: number | undefined } | undefined;
  readonly conclusions: ConclusionCache;
  /** Incidents whose current form is not in the store, by id (write.ts). */
  readonly unwritten: Map<string, Incident>;
  readonly published: PublishedLines;
  /** Number of signals with a match or a failure. */
  eventCount: number;
  /** Latest time of a signal, and of an event. */
  lastTime: number;
  lastEvent: number;
  /** Wall-clock time at which the last event was read. */
  lastSeen: number;
  /** Number of signals since the last compaction. */
  news: number;
  /** Bytes of the cluster's log that have been read. */
  logBytes: number;
  /** Flood cards (flood.ts), each with the earliest time of its next write. */
  readonly floods: Map<string, { isDirty: boolean; next: number }>;
  /** Estimated memory in bytes. */
  heldBytes: number;
}

export function createClusterMemory(cluster: string): ClusterMemory {
  return {
    index: createClusterIndex(cluster),
    signals: new Map(),
    undated: new Map(),
    lastLines: new Map(),
    asked: new Map(),
    askedCheckpoints: new Set(),
    isFilled: false,
    saved: [],
    endings: new Map(),
    regularity: undefined,
    conclusions: new Map(),
    unwritten: new Map(),
    published: { lines: new Map(), from: new Map(), isLoaded: false, next: 0 },
    eventCount: 0,
    lastTime: 0,
    lastEvent: 0,
    lastSeen: 0,
    news: 0,
    logBytes: 0,
    floods: new Map(),
    heldBytes: 0,
  };
}

/** Adds a signal, or replaces a shorter reading of the same entry. Returns false if nothing changed. */
export function keepSignal(memory: ClusterMemory, signal: Signal): boolean {
  const { signals, undated } = memory;
  const { key, length, time, fileTime = 0 } = signal.place;
  const known = signals.get(key) ?? undated.get(key);
  if (known !== undefined && known.place.length >= length) return false;
  memory.news++;
  memory.lastTime = Math.max(memory.lastTime, time ?? fileTime);
  if (time === undefined) undated.set(key, signal);
  else memory.index.add(signal);
  if (!isKept(signal)) return true;
  if (known !== undefined) {
    memory.heldBytes -= weigh(known);
    if (isEvent(known)) memory.eventCount--;
  }
  memory.heldBytes += weigh(signal);
  signals.set(key, signal);
  if (!isEvent(signal)) return true;
  memory.eventCount++;
  memory.lastEvent = Math.max(memory.lastEvent, time ?? fileTime);
  return true;
}

/** Estimated bytes of a signal without its text: names, captures and facts. */
const SIGNAL_BYTES = 2_500;

/** Returns the estimated bytes of a signal. */
function weigh({ text = '' }: Signal): number {
  return SIGNAL_BYTES + 2 * text.length;
}

/** Longest delay, in milliseconds, of lines of a process behind the lines of its other files. */
const LATE_MS = 600_000;

/**
 * Sets the time of printed text without a time, once and for all, when a line of its process is known that is not older
 * than its file, or when no such line can come any more. If it were dated again each time, an old crash would explain
 * the failures of a restarted process with the same name. Until then group.ts dates it for each conclusion.
 */
export function dateSignals(memory: ClusterMemory, now: number): void {
  const { undated, signals, lastLines, index } = memory;
  for (const [key, signal] of undated) {
    if (!isDecided(signal, memory, now)) continue;
    const dated = dateSignal(signal, lastLines.get(signal.place.process)?.time);
    undated.delete(key);
    index.add(dated);
    if (signals.has(key)) signals.set(key, dated);
  }
}

function isDecided({ place }: Signal, { lastLines }: ClusterMemory, now: number): boolean {
  const last = lastLines.get(place.process)?.time;
  const { fileTime = last } = place;
  if (fileTime === undefined) return false;
  return (last !== undefined && last >= fileTime) || now - fileTime >= LATE_MS;
}

/** Returns false if a later line is known. */
export function keepLastLine(memory: ClusterMemory, process: string, lastLine: LastLine): boolean {
  const known = memory.lastLines.get(process);
  if (known !== undefined && !isLaterLine(lastLine, known)) return false;
  memory.lastLines.set(process, lastLine);
  return true;
}

export interface CompactOptions {
  /** Present time, so that an entry from the future does not make everything else old. */
  readonly now: number;
  /** Age, in milliseconds, before the cluster's last entry. Older signals are dropped if their episode is over. */
  readonly keepMs: number;
  /** Limit of the events of one job in the log of one process. */
  readonly events: Pick<MiddleLimit, 'value' | 'first' | 'last'>;
}

export const COMPACT_DEFAULTS = { keepMs: 6 * 3_600_000, events: LIMITS.events } as const;
const COMPACT_FROM = 300;

/** True if enough signals have arrived for a compaction. */
export function isLarge({ news, signals }: ClusterMemory): boolean {
  return news > Math.max(COMPACT_FROM, signals.size / 2);
}

export function compactMemory(memory: ClusterMemory, options: CompactOptions): void {
  const horizon = Math.min(memory.lastTime, options.now + 3_600_000) - options.keepMs;
  const beginnings = findBeginnings(memory.saved, horizon);
  const begin = findSmallest([horizon, ...beginnings.values()]);
  const recent = [...memory.signals.values()].filter(({ place: { time } }) => time === undefined || time >= begin);
  const { namedJobOf } = memory.index.view(WHOLE_LOG);
  const ownerOf = (signal: Signal): string => `${signal.place.process} ${namedJobOf(signal) ?? ''}`;
  const limited = limitEvents(recent, options.events, ownerOf);
  const kept = new Map(limited.map((signal) => [signal.place.key, signal]));
  memory.eventCount = 0;
  for (const key of memory.signals.keys()) if (!kept.has(key)) memory.signals.delete(key);
  for (const key of memory.undated.keys()) if (!kept.has(key)) memory.undated.delete(key);
  memory.heldBytes = 0;
  for (const signal of kept.values()) {
    memory.heldBytes += weigh(signal);
    if (isEvent(signal)) memory.eventCount++;
  }
  memory.index.compact(horizon, beginnings);
  memory.saved = memory.saved.filter((incident) => incident.last >= horizon);
  memory.news = 0;
}

/** Returns the start of each episode that still goes on, by subject. Its signals are kept however old they are. */
function findBeginnings(saved: readonly SavedIncident[], horizon: number): ReadonlyMap<string, number> {
  const beginnings = new Map<string, number>();
  for (const { subject, first, last } of saved)
    if (last >= horizon)
      beginnings.set(subject, Math.min(first - NOTICED_LATER_MS, beginnings.get(subject) ?? horizon));
  return beginnings;
}

/** Time, in milliseconds, by which an episode may begin before its own first event, with a line of another process. */
export const NOTICED_LATER_MS = 180_000;

/** Drops the middle of too many events of one job and process. The first events show the start of an episode. */
function limitEvents(
  signals: readonly Signal[],
  limit: CompactOptions['events'],
  ownerOf: (signal: Signal) => string,
): readonly Signal[] {
  const byOwner = new Map<string, Signal[]>();
  for (const signal of signals.filter(isEvent)) {
    const owner = ownerOf(signal);
    const own = byOwner.get(owner);
    if (own === undefined) byOwner.set(owner, [signal]);
    else own.push(signal);
  }
  const tooMany = [...byOwner.values()].filter((own) => own.length > limit.value);
  const dropped = new Set(tooMany.flatMap((own) => listMiddle(own.sort(compareSignals), limit)));
  return signals.filter((signal) => !dropped.has(signal));
}
