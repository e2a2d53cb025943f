// What the service keeps of a cluster in which something failed: an index of its facts, its signals, the last line of
// each process, and what was said about its incidents already. All comes from the store, and is asked for there
// again (history.ts) after a restart; so it may be forgotten at any time. Compaction forgets what no later diagnosis
// can need, and never the beginning of an episode. Called by analyzer.ts.
import { findSmallest } from '../../core/sequence.js';
import type { JobLines } from '../../store/store.js';
import { createClusterIndex, type ClusterIndex } from '../cluster/cluster.js';
import { WHOLE_LOG } from '../entry/reading.js';
import { compareSignals, dateSignal, isEvent, isKept, type Signal } from '../entry/signal.js';
import type { Incident } from '../../core/types.js';
import type { KnownEnding } from '../watch/card.js';
import { isLaterLine, type LastLine } from '../incident/last-line.js';
import type { ConclusionMemo } from '../incident/clusters.js';
import type { FloodMember } from './flood.js';
import type { WrittenIncident } from '../incident/write.js';

/** An incident as it was concluded last. */
export interface SavedIncident extends FloodMember {
  /** Job id, or process. */
  readonly subject: string;
  /** Of its document; empty where nobody knows. */
  readonly hash: string;
  readonly restarts: number;
  /** When it became so, by the clock. */
  readonly since: number;
  /** Undefined where it is not known what the store has, and whether everybody heard of it. */
  readonly written: WrittenIncident | undefined;
  /** As its card says. */
  readonly revised?: Incident['revised'];
  readonly joined?: Incident['joined'];
  /** What stood first by other rules than those of now, where it was read again because of them. */
  readonly judged?: { readonly rule: string | undefined };
}

/** Which lines are whose, by the job, as the store was told (lines.ts). */
export interface ToldLines {
  readonly lines: Map<string, JobLines>;
  /** What that was made from. */
  readonly from: Map<string, JobLines>;
  isLoaded: boolean;
  /** Not before. */
  next: number;
}

export interface ClusterMemory {
  /** Has the facts of all dated signals. */
  readonly index: ClusterIndex;
  /** Those that may be a failure or belong to one, by their key. */
  readonly signals: Map<string, Signal>;
  /** Signals without a time, by their key; their facts wait for it. */
  readonly undated: Map<string, Signal>;
  readonly lastLines: Map<string, LastLine>;
  /** When the store was asked for the last line of a process (last-lines.ts). */
  readonly asked: Map<string, number>;
  /** Incidents, by job and time, for whose last checkpoint the store was asked (history.ts). */
  readonly askedCheckpoints: Set<string>;
  /** The store was asked for its history, so the feed has to give the facts that come from now on. */
  isFilled: boolean;
  saved: readonly SavedIncident[];
  /** How it, or a process of it, ended (endings.ts), by the id of the incident. */
  readonly endings: Map<string, KnownEnding>;
  /** After so long without a line it is silent, as its records told when it fell quiet. */
  rhythm: { readonly since: string; readonly windowMs: number | undefined } | undefined;
  readonly conclusions: ConclusionMemo;
  /** Those that the store does not have as they are, by their id (write.ts). */
  readonly unwritten: Map<string, Incident>;
  readonly told: ToldLines;
  /** Signals with a match or a failure. */
  eventCount: number;
  /** Latest time of a signal, and of an event. */
  lastTime: number;
  lastEvent: number;
  /** When an event came last, by the clock. */
  heard: number;
  /** Signals that came since the last compaction. */
  news: number;
  /** Bytes of its log that have been read. */
  logBytes: number;
  /** Cards of very many (flood.ts), and from when on each may be written again. */
  readonly floods: Map<string, { isDirty: boolean; next: number }>;
  /** What it takes in memory, as far as that is counted. */
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
    rhythm: undefined,
    conclusions: new Map(),
    unwritten: new Map(),
    told: { lines: new Map(), from: new Map(), isLoaded: false, next: 0 },
    eventCount: 0,
    lastTime: 0,
    lastEvent: 0,
    heard: 0,
    news: 0,
    logBytes: 0,
    floods: new Map(),
    heldBytes: 0,
  };
}

/** Adds a signal, or replaces its shorter self; false when nothing changed. */
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

/** Beside the text of an entry: its names, captures and facts. */
const SIGNAL_BYTES = 2_500;

/** About the bytes that are held for a signal. */
function weigh({ text = '' }: Signal): number {
  return SIGNAL_BYTES + 2 * text.length;
}

/** Lines of a process that were written before another of its files come at most so much after it. */
const LATE_MS = 600_000;

/**
 * What a process printed without a time is dated for good when a line of that process is known that is not older than
 * its file, or when none can come any more: were it dated anew each time, an old crash would go on explaining the
 * failures of a restarted process of the same name. Until then group.ts dates it for each conclusion.
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

/** False when a later one is known. */
export function keepLastLine(memory: ClusterMemory, process: string, lastLine: LastLine): boolean {
  const known = memory.lastLines.get(process);
  if (known !== undefined && !isLaterLine(lastLine, known)) return false;
  memory.lastLines.set(process, lastLine);
  return true;
}

export interface CompactOptions {
  /** The present: an entry from the future must not make everything else old. */
  readonly now: number;
  /** What is older than this before the cluster's last entry is forgotten once its episode is over. */
  readonly keepMs: number;
  /** Of one job in the log of one process. */
  readonly maxEvents: number;
}

export const COMPACT_DEFAULTS = { keepMs: 6 * 3_600_000, maxEvents: 120 } as const;
const COMPACT_FROM = 300;

/** True when so much has come that the time for a compaction is worth it. */
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
  const limited = limitEvents(recent, options.maxEvents, ownerOf);
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

/** By the subject, when an episode began that still goes on: what belongs to it is kept however old it is. */
function findBeginnings(saved: readonly SavedIncident[], horizon: number): ReadonlyMap<string, number> {
  const beginnings = new Map<string, number>();
  for (const { subject, first, last } of saved)
    if (last >= horizon)
      beginnings.set(subject, Math.min(first - NOTICED_LATER_MS, beginnings.get(subject) ?? horizon));
  return beginnings;
}

/** An episode may begin this much before its own first event: with what another one logged. */
export const NOTICED_LATER_MS = 180_000;
const KEPT_FIRST = 40;

/**
 * Of too many events of one the first (they say when an episode began) and the last stay: a JobManager tells each
 * failure twice, and a card lists the first and the last twenty attempts.
 */
function limitEvents(
  signals: readonly Signal[],
  maxEvents: number,
  ownerOf: (signal: Signal) => string,
): readonly Signal[] {
  const byOwner = new Map<string, Signal[]>();
  for (const signal of signals.filter(isEvent)) {
    const owner = ownerOf(signal);
    const own = byOwner.get(owner);
    if (own === undefined) byOwner.set(owner, [signal]);
    else own.push(signal);
  }
  const tooMany = [...byOwner.values()].filter((own) => own.length > maxEvents);
  const dropped = new Set(
    tooMany.flatMap((own) => own.sort(compareSignals).slice(KEPT_FIRST, own.length - maxEvents + KEPT_FIRST)),
  );
  return signals.filter((signal) => !dropped.has(signal));
}
