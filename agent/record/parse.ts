// An entry and the file it stands in → the record that is stored. Secrets are replaced before anything is
// parsed, so no field can hold one. Whatever decides id, index and routing is fixed here from the entry, its file and
// the entry before it; a second reading gives the same. Pure but for the redactor's patterns; called by forward.ts.
import type { Component, EntryFlag, FileKind, LogRecord, ParsedEntry } from '../../core/types.js';
import type { Fact } from '../../flink/facts/fact.js';
import { readFacts } from '../../flink/facts/facts.js';
import { updateNotes, type ProcessNotes } from '../../flink/facts/notes.js';
import type { SplitEntry } from '../../flink/layout/split.js';
import { parseEntry } from '../../flink/layout/layout.js';
import { mayBeOfForm } from '../../flink/words/forms.js';
import { MARK, markEntry, type SignalMark, type SignalMarker } from '../../flink/words/marks.js';
import type { Pod } from '../files/pods.js';
import type { Redactor } from './redact.js';

/** What the path says about all entries of a file; see origin.ts. */
export interface RecordOrigin {
  readonly path: string;
  readonly kind: FileKind;
  readonly process: string;
  readonly host: string;
  readonly cluster: string;
  /** Nothing names the cluster; see origin.ts. */
  readonly isUnnamed: boolean;
  /** The pod that wrote it, where the path leaves open what its labels may name. */
  readonly pod?: PodOrigin;
  readonly component?: Component;
  readonly jobId?: string;
  /** What else the path names; see flink/layout/names.ts. */
  readonly named: Partial<LogRecord>;
}

export type PodOrigin = Pod & {
  /** The path does not say the whole of the cluster; the records have what was found when the file was begun. */
  readonly isClusterOpen: boolean;
};

export interface ParseContext {
  readonly origin: RecordOrigin;
  readonly redact: Redactor;
  readonly zone: string;
  /** Time of the entry before, in milliseconds. */
  readonly previousTime: number | undefined;
  /** What the entries before say of the process. */
  readonly notes: ProcessNotes;
  /** When the file last changed: stands in for a time that nobody knows. */
  readonly fileTime: number;
  readonly now: number;
  /** Undefined as long as nobody knows the words that matter. */
  readonly signals: SignalMarker | undefined;
}

export interface ParsedRecord {
  readonly record: LogRecord;
  /** Time for the entry after this one. */
  readonly time: number | undefined;
  /** What the entries up to this one say of the process. */
  readonly notes: ProcessNotes;
  /** Spans that were redacted. */
  readonly redacted: number;
}

/** Logs before Flink existed, and clocks that run ahead by more than a time zone and a day. */
const EARLIEST_MS = Date.UTC(2009, 0, 1);
const AHEAD_MS = 3 * 86_400_000;

/** Filled key by key: this runs for every entry, and an object per group of fields would be most of its cost. */
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
  const notes = updateNotes(context.notes, facts);
  const record: Draft = {
    id,
    '@timestamp': new Date(time).toISOString(),
    message: parsed.message,
    'event.original': text,
    'log.offset': entry.offset,
    ...describeSource(origin, notes),
    'jobtrace.layout': parsed.layout,
    'jobtrace.length': entry.length,
  };
  Object.assign(record, describeJob(parsed.jobId ?? origin.jobId, facts));
  fillParts(record, parsed);
  const { signals } = context;
  if (signals !== undefined)
    record['jobtrace.signal'] = signals.signals[findMark(signals, entry, bytes, parsed, origin)];
  if (entry.flags.length > 0 || count > 0 || isUndated)
    record['jobtrace.flags'] = listFlags(entry.flags, count > 0, isUndated);
  return { record, time: isUndated ? context.previousTime : time, notes, redacted: count };
}

/** `bytes` are those that are stored. */
function findMark(
  signals: SignalMarker,
  { offset }: SplitEntry,
  bytes: Buffer,
  { layout }: ParsedEntry,
  { kind, path }: RecordOrigin,
): SignalMark {
  const isOfForm = mayBeOfForm({ kind, path, offset, bytes, isLaidOut: layout !== 'none' });
  return isOfForm ? MARK.yes : markEntry(signals, bytes);
}

/** The entry's own time, else that of the entry before, else the file's: then, and for an impossible time, undated. */
export function decideTime(
  own: number | undefined,
  { previousTime, fileTime, now }: Pick<ParseContext, 'previousTime' | 'fileTime' | 'now'>,
): { readonly time: number; readonly isUndated: boolean } {
  if (own !== undefined && isPlausible(own, now)) return { time: own, isUndated: false };
  if (own === undefined && previousTime !== undefined) return { time: previousTime, isUndated: false };
  return { time: Math.trunc(isPlausible(fileTime, now) ? fileTime : now), isUndated: true };
}

/** Not before there was a Flink, nor far ahead. */
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

/** Those of the notes that came last, and of all that came before: what says the same is one object, encoded once. */
interface Described {
  readonly notes: ProcessNotes;
  readonly fields: SourceFields;
  readonly all: Map<string, SourceFields>;
}

/** Of the files that were read lately: with tens of thousands of them, most rest. */
const described = new Map<RecordOrigin, Described>();
const MOST_FILES = 2000;
const MOST_DESCRIBED = 50;

/** The fields of every entry of a file, as far as it has been read. */
export function describeSource(origin: RecordOrigin, notes: ProcessNotes): SourceFields {
  const known = described.get(origin);
  if (known?.notes === notes) return known.fields;
  const key = `${notes['flink.version'] ?? ''} ${notes['flink.process.id'] ?? ''}`;
  const fields = known?.all.get(key) ?? fillSource(origin, notes);
  const all = known !== undefined && known.all.size < MOST_DESCRIBED ? known.all : new Map<string, SourceFields>();
  if (known === undefined && described.size >= MOST_FILES) described.clear();
  described.set(origin, { notes, fields, all: all.set(key, fields) });
  return fields;
}

type SourceFields = ReturnType<typeof fillSource>;

function fillSource(origin: RecordOrigin, notes: ProcessNotes) {
  return {
    ...origin.named,
    ...notes,
    'log.file.path': origin.path,
    'host.name': origin.host,
    'flink.cluster': origin.cluster,
    'jobtrace.process': origin.process,
    'jobtrace.kind': origin.kind,
    'flink.component': origin.component,
  } satisfies Partial<LogRecord>;
}

/**
 * What names a job: the line's own context (MDC), then the path, then the one job that the line's words are about.
 * Undefined when nothing does.
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

/** Ids of the jobs that the facts of a line are about, with their names where the line says them. */
function listJobs(facts: readonly Fact[]): ReadonlyMap<string, string | undefined> {
  const jobs = new Map<string, string | undefined>();
  for (const fact of facts) {
    if (!('jobId' in fact) || fact.jobId === undefined) continue;
    jobs.set(fact.jobId, ('jobName' in fact ? fact.jobName : undefined) ?? jobs.get(fact.jobId));
  }
  return jobs;
}
