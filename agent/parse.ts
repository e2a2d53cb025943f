// A framed entry and the file it stands in → the record that is stored. Secrets are replaced before anything is
// parsed, so no field can hold one. Whatever decides id, index and routing is fixed here from the entry, its file and
// the entry before it; a second reading gives the same. Pure but for the redactor's patterns; called by read.ts.
import type { Component, EntryFlag, FileKind, LogRecord } from '../core/types.js';
import type { FramedEntry } from '../flink/frame.js';
import { parseEntry, type ParsedEntry } from '../flink/layout.js';
import type { Redactor } from './redact.js';

/** What the path says about all entries of a file; see origin.ts. */
export interface Origin {
  readonly path: string;
  readonly kind: FileKind;
  readonly process: string;
  readonly host: string;
  readonly cluster: string;
  readonly component?: Component;
  readonly jobId?: string;
  readonly container?: string;
  readonly namespace?: string;
  readonly pod?: string;
}

export interface ParseContext {
  readonly origin: Origin;
  readonly redact: Redactor;
  readonly zone: string;
  /** Time of the entry before, in milliseconds. */
  readonly previousTime: number | undefined;
  /** When the file last changed: stands in for a time that nobody knows. */
  readonly fileTime: number;
  readonly now: number;
}

export interface ParsedRecord {
  readonly record: LogRecord;
  /** Time for the entry after this one. */
  readonly time: number | undefined;
  /** Spans that were redacted. */
  readonly redacted: number;
}

/** Logs before Flink existed, and clocks that run ahead by more than a time zone and a day. */
const EARLIEST_MS = Date.UTC(2009, 0, 1);
const AHEAD_MS = 3 * 86_400_000;

export function parseRecord(entry: FramedEntry, id: string, context: ParseContext): ParsedRecord {
  const { origin } = context;
  const written = entry.bytes.toString('utf8');
  const { text, count } = context.redact(written);
  const parsed = parseEntry(count > 0 ? Buffer.from(text) : entry.bytes, context.zone === '' ? {} : { zone: context.zone });
  const { time, isUndated } = decideTime(parsed.time, context);
  const flags = listFlags(entry.flags, count > 0, isUndated);
  const record: LogRecord = {
    id,
    '@timestamp': new Date(time).toISOString(),
    message: parsed.message,
    'event.original': text,
    ...describeParts(parsed),
    'log.file.path': origin.path,
    'log.offset': entry.offset,
    'host.name': origin.host,
    ...describeOrigin(origin, parsed.jobId),
    'flink.cluster': origin.cluster,
    'jobtrace.process': origin.process,
    'jobtrace.kind': origin.kind,
    'jobtrace.layout': parsed.layout,
    'jobtrace.length': entry.length,
    ...(flags.length === 0 ? {} : { 'jobtrace.flags': flags }),
  };
  return { record, time: isUndated ? context.previousTime : time, redacted: count };
}

/** The entry's own time, else that of the entry before, else the file's: then, and for an impossible time, undated. */
export function decideTime(own: number | undefined, { previousTime, fileTime, now }: Pick<ParseContext, 'previousTime' | 'fileTime' | 'now'>): { readonly time: number; readonly isUndated: boolean } {
  if (own !== undefined && isPlausible(own, now)) return { time: own, isUndated: false };
  if (own === undefined && previousTime !== undefined) return { time: previousTime, isUndated: false };
  return { time: Math.trunc(isPlausible(fileTime, now) ? fileTime : now), isUndated: true };
}

function isPlausible(time: number, now: number): boolean {
  return time >= EARLIEST_MS && time <= now + AHEAD_MS;
}

function listFlags(found: readonly EntryFlag[], isRedacted: boolean, isUndated: boolean): readonly EntryFlag[] {
  return [...found, ...(isRedacted ? (['redacted'] as const) : []), ...(isUndated ? (['undated'] as const) : [])];
}

function describeParts(parsed: ParsedEntry): Partial<LogRecord> {
  return {
    ...(parsed.level === undefined ? {} : { 'log.level': parsed.level }),
    ...(parsed.logger === undefined ? {} : { 'log.logger': parsed.logger }),
    ...(parsed.thread === undefined ? {} : { 'process.thread.name': parsed.thread }),
    ...(parsed.error === undefined ? {} : { 'error.type': parsed.error.type, 'error.message': parsed.error.message }),
    ...(parsed.stack === undefined ? {} : { 'error.stack_trace': parsed.stack }),
    ...(parsed.chain.length === 0 ? {} : { 'flink.chain': parsed.chain }),
  };
}

/** The line's own job id (MDC) comes before the one in the path. */
function describeOrigin(origin: Origin, ownJobId: string | undefined): Partial<LogRecord> {
  const jobId = ownJobId ?? origin.jobId;
  return {
    ...(jobId === undefined ? {} : { 'flink.job.id': jobId }),
    ...(origin.component === undefined ? {} : { 'flink.component': origin.component }),
    ...(origin.container === undefined ? {} : { 'container.id': origin.container }),
    ...(origin.namespace === undefined ? {} : { 'orchestrator.namespace': origin.namespace }),
    ...(origin.pod === undefined ? {} : { 'kubernetes.pod.name': origin.pod }),
  };
}
