// Parses an entry and its file into the record that is stored. Secrets are replaced before anything is parsed, so no
// field can hold one. Everything that decides id, index and routing is fixed here from the entry, its file and the
// entry before it, so a second reading gives the same. Pure, except for the redactor's patterns.
import { toIso } from '../../core/time/iso.js';
import { BoundedMap } from '../../core/cache.js';
import type { Component, EntryFlag, FileKind, LogRecord, ParsedEntry } from '../../core/types.js';
import type { Fact } from '../../flink/facts/fact.js';
import { readFacts } from '../../flink/facts/facts.js';
import { updateProcessContext, type ProcessContext } from '../../flink/facts/process-context.js';
import type { SplitEntry } from '../../flink/layout/split.js';
import { parseEntry } from '../../flink/layout/layout.js';
import { mayBeOfForm } from '../../flink/bytes/forms.js';
import { SIGNAL_RANK, rankEntry, type SignalRank, type SignalDetector } from '../../flink/bytes/signals.js';
import type { Pod } from '../discovery/pods.js';
import type { Redactor } from './redact.js';

/** Properties that a file's path gives to all its entries; see origin.ts. */
export interface RecordOrigin {
  readonly path: string;
  readonly kind: FileKind;
  readonly process: string;
  readonly host: string;
  readonly cluster: string;
  /** True if nothing names the cluster; see origin.ts. */
  readonly isUnnamed: boolean;
  /** Pod that wrote the file, if the path leaves open what its labels may name. */
  readonly pod?: PodOrigin;
  readonly component?: Component;
  readonly jobId?: string;
  /** Further fields that the path names; see flink/layout/names.ts. */
  readonly named: Partial<LogRecord>;
}

export type PodOrigin = Pod & {
  /** True if the path does not name the whole cluster; the records have what was found when the file was begun. */
  readonly isClusterOpen: boolean;
};

export interface ParseContext {
  readonly origin: RecordOrigin;
  readonly redact: Redactor;
  readonly zone: string;
  /** Time of the previous entry, in milliseconds. */
  readonly previousTime: number | undefined;
  /** Process context from the entries before. */
  readonly processContext: ProcessContext;
  /** Time of the file's last change, which is used if no entry has a time. */
  readonly fileTime: number;
  readonly now: number;
  /** Ranks entries by the words that matter; undefined as long as the words are unknown. */
  readonly detector: SignalDetector | undefined;
}

export interface ParsedRecord {
  readonly record: LogRecord;
  /** Time for the entry after this one. */
  readonly time: number | undefined;
  /** Process context up to and including this entry. */
  readonly processContext: ProcessContext;
  /** Number of spans that were redacted. */
  readonly redacted: number;
}

/**
 * Earliest plausible time, before which Flink did not exist. A clock may be ahead by a time zone and more than a day.
 */
const EARLIEST_MS = Date.UTC(2009, 0, 1);
const AHEAD_MS = 3 * 86_400_000;

/**
 * Record that is filled key by key, because this runs for every entry, and an object per group of fields would be most
 * of its cost.
 */
type Draft = { -readonly [Key in keyof LogRecord]: LogRecord[Key] };

export function parseRecord(entry: SplitEntry, id: string, context: ParseContext): ParsedRecord {
  const { origin } = context;
  const { text, count } = context.redact(entry.bytes.toString('utf8'));
  const bytes = count > 0 ? Buffer.from(text) : entry.bytes;
  const parsed = parseEntry(bytes, {
    ...(context.zone === '' ? {} : { zone: context.zone }),
    previousTime: context.previousTime,
  });
  const { time, isUndated } = decideTime(parsed.time, context);
  const facts = readFacts(parsed, origin);
  const processContext = updateProcessContext(context.processContext, facts);
  const record: Draft = {
    id,
    '@timestamp': toIso(time),
    message: parsed.message,
    'event.original': text,
    'log.offset': entry.offset,
    ...describeSource(origin, processContext),
    'jobtrace.layout': parsed.layout,
    'jobtrace.length': entry.length,
  };
  Object.assign(record, describeJob(parsed.jobId ?? origin.jobId, facts));
  fillParts(record, parsed);
  const { detector } = context;
  if (detector !== undefined)
    record['jobtrace.signal'] = detector.signals[rankEntryOfForm(detector, entry, bytes, parsed, origin)];
  if (entry.flags.length > 0 || count > 0 || isUndated)
    record['jobtrace.flags'] = listFlags(entry.flags, count > 0, isUndated);
  return { record, time: isUndated ? context.previousTime : time, processContext, redacted: count };
}

/** Returns the signal rank of an entry; `bytes` are those that are stored. */
function rankEntryOfForm(
  detector: SignalDetector,
  { offset }: SplitEntry,
  bytes: Buffer,
  { layout }: ParsedEntry,
  { kind, path }: RecordOrigin,
): SignalRank {
  const isOfForm = mayBeOfForm({ kind, path, offset, bytes, isLaidOut: layout !== 'none' });
  return isOfForm ? SIGNAL_RANK.yes : rankEntry(detector, bytes);
}

/**
 * Returns the entry's own time, else that of the entry before, else the file's. With the file's time, and instead of an
 * impossible time, the entry is undated.
 */
function decideTime(
  own: number | undefined,
  { previousTime, fileTime, now }: Pick<ParseContext, 'previousTime' | 'fileTime' | 'now'>,
): { readonly time: number; readonly isUndated: boolean } {
  if (own !== undefined && isPlausible(own, now)) return { time: own, isUndated: false };
  if (own === undefined && previousTime !== undefined) return { time: previousTime, isUndated: false };
  return { time: Math.trunc(isPlausible(fileTime, now) ? fileTime : now), isUndated: true };
}

/** Returns true if Flink existed at this time and the time is not far in the future. */
export function isPlausible(time: number, now: number): boolean {
  return time >= EARLIEST_MS && time <= now + AHEAD_MS;
}

function listFlags(found: readonly EntryFlag[], isRedacted: boolean, isUndated: boolean): readonly EntryFlag[] {
  return [...found, ...(isRedacted ? (['redacted'] as const) : []), ...(isUndated ? (['undated'] as const) : [])];
}

function fillParts(record: Draft, parsed: ParsedEntry): void {
  if (parsed.level !== undefined) record['log.level'] = parsed.level;
  if (parsed.logger !== undefined) record['log.logger'] = parsed.logger;
  if (parsed.thread !== undefined) record['process.thread.name'] = parsed.thread;
  if (parsed.stack !== undefined) record['error.stack_trace'] = parsed.stack;
  if (parsed.chain.length > 0) record['flink.chain'] = parsed.chain;
  if (parsed.error === undefined) return;
  record['error.type'] = parsed.error.type;
  record['error.message'] = parsed.error.message;
}

/**
 * Fields for the latest process context of a file and for earlier ones: equal contexts share one object, which is
 * encoded once.
 */
interface Described {
  readonly processContext: ProcessContext;
  readonly fields: SourceFields;
  readonly all: Map<string, SourceFields>;
}

/** Fields of recently read files. With tens of thousands of files, most are idle. */
const described = new BoundedMap<RecordOrigin, Described>(2000);
const MAX_DESCRIBED = 50;

/** Returns the fields that all entries of a file have, as far as it has been read. */
export function describeSource(origin: RecordOrigin, processContext: ProcessContext): SourceFields {
  const known = described.get(origin);
  if (known?.processContext === processContext) return known.fields;
  const key = `${processContext['flink.version'] ?? ''} ${processContext['flink.process.id'] ?? ''}`;
  const fields = known?.all.get(key) ?? fillSource(origin, processContext);
  const all = known !== undefined && known.all.size < MAX_DESCRIBED ? known.all : new Map<string, SourceFields>();
  described.set(origin, { processContext, fields, all: all.set(key, fields) });
  return fields;
}

type SourceFields = ReturnType<typeof fillSource>;

function fillSource(origin: RecordOrigin, processContext: ProcessContext) {
  return {
    ...origin.named,
    ...processContext,
    'log.file.path': origin.path,
    'host.name': origin.host,
    'flink.cluster': origin.cluster,
    'jobtrace.process': origin.process,
    'jobtrace.kind': origin.kind,
    'flink.component': origin.component,
  } satisfies Partial<LogRecord>;
}

/**
 * Returns the job of an entry, named by the line's own context (MDC), then by the path, then by the only job that the
 * words of the line are about; undefined if nothing names one.
 */
export function describeJob(
  known: string | undefined,
  facts: readonly Fact[],
): { readonly 'flink.job.id': string; readonly 'flink.job.name'?: string } | undefined {
  if (facts.length === 0)
    return known === undefined ? undefined : { 'flink.job.id': known, 'flink.job.name': undefined };
  const named = listJobs(facts);
  const jobId = known ?? (named.size === 1 ? named.keys().next().value : undefined);
  return jobId === undefined ? undefined : { 'flink.job.id': jobId, 'flink.job.name': named.get(jobId) };
}

/** Returns the ids of the jobs that the facts of a line are about, with their names if the line says them. */
function listJobs(facts: readonly Fact[]): ReadonlyMap<string, string | undefined> {
  const jobs = new Map<string, string | undefined>();
  for (const fact of facts) {
    if (!('jobId' in fact) || fact.jobId === undefined) continue;
    jobs.set(fact.jobId, ('jobName' in fact ? fact.jobName : undefined) ?? jobs.get(fact.jobId));
  }
  return jobs;
}
