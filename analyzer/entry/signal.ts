// What one entry says to the diagnosis: that a rule's alternative or step fits, that something failed, or a fact.
// Signals are plain data (the analyzer keeps them in its state) and know where they come from. scan.ts makes them,
// incident/group/ joins them.
import { findSmallest } from '../../core/sequence.js';
import type { ChainLink, Component, Entry, FailureGroup, FileKind, Owner } from '../../core/types.js';
import type { Fact } from '../../flink/facts/fact.js';
import type { EchoOf, FailureKind } from '../catalog/engine/engine.js';

export interface EntryPlace {
  /** Identity of the entry: the record's id, or path and offset. The same entry read again has the same key. */
  readonly key: string;
  readonly path: string;
  readonly offset: number;
  readonly line: number;
  readonly kind: FileKind;
  readonly process: string;
  readonly component: Component;
  readonly host?: string;
  readonly cluster: string;
  /** Milliseconds since 1970; the time of the entry before it when it has none. */
  readonly time?: number;
  /** When its file was written last, of what has no time: it was written then or before. */
  readonly fileTime?: number;
  /** Length of the entry: an entry that grew replaces its shorter self. */
  readonly length: number;
  readonly recordId?: string;
}

/** Names in the entry that tell whose it is. */
export interface Hints {
  /** From the line's own context (MDC) or from the file's path: certain. */
  readonly jobId?: string;
  /** Ids of 32 hex digits, attempt ids and allocation ids in the message. */
  readonly ids: readonly string[];
  /** Names of tasks, without their subtask. */
  readonly tasks: readonly string[];
}

export interface FailureLink {
  readonly type: string;
  readonly message: string;
}

export interface Signal {
  readonly place: EntryPlace;
  readonly hints: Hints;
  readonly facts: readonly Fact[];
  readonly matches: readonly MatchPart[];
  readonly steps: readonly StepPart[];
  readonly failure?: FailurePart;
  /** User code logged it: it explains a failure, and is none by itself. */
  readonly byUser?: boolean;
  /** The entry's text, shortened; only kept for matches and failures. */
  readonly text?: string;
}

export interface MatchPart {
  readonly rule: string;
  readonly alternative: string;
  /** Captured texts by name. */
  readonly captures: Readonly<Record<string, string>>;
  /**
   * How far the exception that matched stands from the root of its chain: 0 is the root; undefined without an
   * exception.
   */
  readonly fromRoot?: number;
  readonly exception?: FailureLink;
  readonly root?: FailureLink;
  readonly userFrame?: string;
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
  /** It only says that something else failed: `checkpoint` where those of the job did. */
  readonly echo?: EchoOf | 'other';
  readonly owner: Owner;
  readonly userFrame?: string;
  readonly message: string;
}

const MAX_TEXT_UNITS = 4000;

/**
 * When an entry happened: as its record says, else as its own time stamp does. What was stored as undated has none,
 * whatever its stamp says.
 */
export function findTime(
  { time, previousTime, fileTime }: Pick<Entry, 'time' | 'previousTime' | 'fileTime'>,
  stamp: number | undefined,
): number | undefined {
  return time ?? (fileTime === undefined ? stamp : undefined) ?? previousTime;
}

/** `stamp` is the time that the entry's own text says. */
export function describePlace(
  entry: Entry,
  stamp: number | undefined,
  component: Component | undefined,
  cluster: string,
): EntryPlace {
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

/** A match or a failure. */
export function isEvent({ matches, failure }: Signal): boolean {
  return matches.length > 0 || failure !== undefined;
}

/** May be a failure, or belong to one; of all others only the facts count. */
export function isKept(signal: Signal): boolean {
  return isEvent(signal) || signal.steps.length > 0;
}

/**
 * What a process printed without a time gets that of the process's last line, but none after its file was written: the
 * process may have gone on.
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

/** A total order that does not depend on the order of arrival: by time, then by place. */
export function compareSignals(a: { readonly place: EntryPlace }, b: { readonly place: EntryPlace }): number {
  const [timeA, timeB] = [a.place.time ?? 0, b.place.time ?? 0];
  if (timeA !== timeB) return timeA - timeB;
  if (a.place.path !== b.place.path) return a.place.path < b.place.path ? -1 : 1;
  return a.place.offset - b.place.offset || (a.place.key < b.place.key ? -1 : a.place.key > b.place.key ? 1 : 0);
}

/** One signal per entry: of two readings of the same entry the longer one counts. */
export function dropDuplicates(signals: Iterable<Signal>): readonly Signal[] {
  const byKey = new Map<string, Signal>();
  for (const signal of signals) {
    const known = byKey.get(signal.place.key);
    if (known === undefined || signal.place.length > known.place.length) byKey.set(signal.place.key, signal);
  }
  return [...byKey.values()].sort(compareSignals);
}
