// Defines a signal, which holds everything that one log entry contributes to the diagnosis: matches of rules, steps of
// rules, a failure and facts. Signals are plain data, because the analyzer keeps them in its state, and each names the
// position of its entry. scan.ts creates signals; incident/group.ts joins them to incidents.
import { findSmallest } from '../../core/sequence.js';
import type { FailureGroup, Owner } from '../../core/documents/incident.js';
import type { ChainLink, Component, Entry, FileKind } from '../../core/types.js';
import type { Fact } from '../../flink/facts/fact.js';
import type { EchoOf, FailureKind } from '../catalog/engine.js';

export interface EntryPosition {
  /** Identity of the entry: the record's id, or path and offset. An entry that is read twice has the same key. */
  readonly key: string;
  readonly path: string;
  readonly offset: number;
  readonly line: number;
  readonly kind: FileKind;
  readonly process: string;
  readonly component: Component;
  readonly host?: string;
  readonly cluster: string;
  /** Time in milliseconds since 1970. An entry without a time has the time of the entry before it. */
  readonly time?: number;
  /**
   * Time of the last write to the file, in milliseconds since 1970; set only if the entry has no time. The entry was
   * written at this time or earlier.
   */
  readonly fileTime?: number;
  /** Length of the entry in bytes. An entry that grew replaces the shorter reading of itself. */
  readonly length: number;
  readonly recordId?: string;
}

/** Names in the entry that connect it with a job. */
export interface Hints {
  /** Job id from the logging context (MDC) of the line or from the path of the file. It is certain. */
  readonly jobId?: string;
  /** Ids in the message: ids of 32 hex digits, attempt ids and allocation ids. */
  readonly ids: readonly string[];
  /** Names of tasks, without the subtask. */
  readonly tasks: readonly string[];
}

export interface FailureLink {
  readonly type: string;
  readonly message: string;
}

export interface Signal {
  readonly place: EntryPosition;
  readonly hints: Hints;
  readonly facts: readonly Fact[];
  readonly matches: readonly MatchPart[];
  readonly steps: readonly StepPart[];
  readonly failure?: FailurePart;
  /** True if user code logged the entry. Such an entry can explain a failure, but is no failure by itself. */
  readonly fromUserCode?: boolean;
  /** Text of the entry, shortened. It is kept only for matches and failures. */
  readonly text?: string;
}

export interface MatchPart {
  readonly rule: string;
  readonly alternative: string;
  /** Captured texts by name. */
  readonly captures: Readonly<Record<string, string>>;
  /**
   * Distance, in the exception chain, between the exception that matched and the root. The root has 0. Undefined if no
   * exception matched.
   */
  readonly fromRoot?: number;
  readonly exception?: FailureLink;
  readonly root?: FailureLink;
  readonly userFrame?: string;
  /** Package of the library that threw, if the job's own code called it. */
  readonly library?: string;
  readonly fingerprint?: string;
  readonly highlights: readonly (readonly [number, number])[];
}

export interface StepPart {
  readonly rule: string;
  readonly step: string;
}

export interface FailurePart {
  readonly kind: FailureKind;
  readonly chain: readonly FailureLink[];
  readonly fingerprint: string;
  readonly group: FailureGroup;
  /**
   * Set if the failure only reports that something else failed: `checkpoint` if the cause is in the failed checkpoints
   * of the job, else `other`.
   */
  readonly echo?: EchoOf | 'other';
  readonly owner: Owner;
  readonly userFrame?: string;
  readonly message: string;
}

const MAX_TEXT_UNITS = 4000;

/**
 * Returns the time of an entry: the time of its record, else its own time stamp, else the time of the entry before it.
 * The time stamp of an entry that was stored as undated is ignored.
 */
export function findTime(
  { time, previousTime, fileTime }: Pick<Entry, 'time' | 'previousTime' | 'fileTime'>,
  stamp: number | undefined,
): number | undefined {
  return time ?? (fileTime === undefined ? stamp : undefined) ?? previousTime;
}

/** Returns the position of an entry. `stamp` is the time in the text of the entry. */
export function describePosition(
  entry: Entry,
  stamp: number | undefined,
  component: Component | undefined,
  cluster: string,
): EntryPosition {
  const { source } = entry;
  const at = findTime(entry, stamp);
  return {
    key: entry.id ?? `${source.path}:${entry.offset}`,
    path: source.path,
    offset: entry.offset,
    line: entry.line,
    kind: source.kind,
    process: source.process,
    component: source.component ?? component ?? 'unknown',
    host: source.host,
    cluster: source.cluster ?? cluster,
    time: at,
    ...(at === undefined && entry.fileTime !== undefined ? { fileTime: entry.fileTime } : {}),
    length: entry.bytes.length,
    recordId: entry.id,
  };
}

/** True if the signal holds a match or a failure. */
export function isEvent({ matches, failure }: Signal): boolean {
  return matches.length > 0 || failure !== undefined;
}

/** True if the signal may be a failure or belong to one. Only the facts of all other signals are used. */
export function isKept(signal: Signal): boolean {
  return isEvent(signal) || signal.steps.length > 0;
}

/**
 * Gives a signal without a time the time of the last line of its process, but no time after the last write to its file,
 * because the process may have continued after that write.
 */
export function dateSignal(signal: Signal, lastTime: number | undefined): Signal {
  const { fileTime, ...place } = signal.place;
  const time = findSmallest([lastTime, fileTime].filter((known) => known !== undefined));
  return place.time !== undefined || !Number.isFinite(time) ? signal : { ...signal, place: { ...place, time } };
}

export function shortenText(text: string): string {
  return text.length <= MAX_TEXT_UNITS ? text : `${text.slice(0, MAX_TEXT_UNITS)}…`;
}

export function toFailureLinks(links: readonly ChainLink[]): readonly FailureLink[] {
  return links
    .filter((link) => link.relation !== 'suppressed')
    .map(({ type, message }) => ({ type, message: message.length > 500 ? `${message.slice(0, 500)}…` : message }));
}

/** Orders signals by time, then by position. The order is total and does not depend on the order of arrival. */
export function compareSignals(a: { readonly place: EntryPosition }, b: { readonly place: EntryPosition }): number {
  const [timeA, timeB] = [a.place.time ?? 0, b.place.time ?? 0];
  if (timeA !== timeB) return timeA - timeB;
  if (a.place.path !== b.place.path) return a.place.path < b.place.path ? -1 : 1;
  return a.place.offset - b.place.offset || (a.place.key < b.place.key ? -1 : a.place.key > b.place.key ? 1 : 0);
}

/** Keeps one signal per entry. If an entry was read twice, the longer reading is kept. */
export function dropDuplicates(signals: Iterable<Signal>): readonly Signal[] {
  const byKey = new Map<string, Signal>();
  for (const signal of signals) {
    const known = byKey.get(signal.place.key);
    if (known === undefined || signal.place.length > known.place.length) byKey.set(signal.place.key, signal);
  }
  return [...byKey.values()].sort(compareSignals);
}
