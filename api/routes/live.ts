// Streams new records that match filters (as server-sent events for the API) until the caller disconnects. Polls the
// newest records of a window that begins shortly before the stream, and sends those whose id and length were not sent
// yet. The total tells whether any is missing, so a late record with an earlier time is sent too, and an idle poll
// costs one small search. It remembers ids of the window only, and moves the start of the window when there are too
// many.
import { toIso } from '../../core/time/iso.js';
import { JobtraceError } from '../../core/errors.js';
import type { LogRecord } from '../../core/types.js';
import type { RecordQuery, RecordSearch } from '../../store/store.js';
import { pause } from '../../core/time/wait.js';
import { cutRow } from './record-row.js';

export interface LiveOptions {
  /** Filters of the stream. It begins at `from` if given, otherwise now. */
  readonly filters: Partial<RecordQuery>;
  /** Id of the last event that a reconnecting client received. */
  readonly resumeAfter?: string;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly pollMs: number;
  readonly heartbeatMs: number;
  /** Largest number of records read in one poll and remembered. If there are more, the stream reports a gap. */
  readonly maxRecords: number;
  /** True if the process has no other work, so that the stream keeps it running until the signal aborts. */
  readonly isForeground?: true;
}

/** Longest delay, in milliseconds by the records' own times, of a late record that is still sent. */
const LATE_MS = 60_000;
const PAGE_RECORDS = 200;

interface Window {
  from: string;
  /** Sent records: record id → time and length. */
  readonly seen: Map<string, { readonly time: string; readonly length: number }>;
}

/** Event of the stream: records, a heartbeat, a gap or a problem. */
export type LiveEvent =
  | { readonly kind: 'begin' | 'alive' }
  | { readonly kind: 'record'; readonly record: LogRecord }
  /** Reports that one poll could not read all records; records before this time were omitted. */
  | { readonly kind: 'gap'; readonly before: string | undefined }
  | { readonly kind: 'problem'; readonly error: JobtraceError };

/** Renders the events in the format of server-sent events. */
export async function* pushRecords(store: RecordSearch, options: LiveOptions): AsyncGenerator<string> {
  for await (const event of followRecords(store, options)) yield renderEvent(event);
}

export async function* followRecords(store: RecordSearch, options: LiveOptions): AsyncGenerator<LiveEvent> {
  const window = openWindow(options);
  // A stream without a starting point treats existing records as sent. It polls them before the first event, so that
  // every record after that event is sent.
  let silent = options.resumeAfter === undefined && options.filters.from === undefined;
  if (silent && (await pollOnce(store, options, window, silent)).ok) silent = false;
  let lastSentAt = options.now();
  yield { kind: 'begin' };
  while (!options.signal.aborted) {
    const { ok, events } = await pollOnce(store, options, window, silent);
    if (ok) silent = false;
    if (events.length > 0) lastSentAt = options.now();
    for (const event of events) yield event;
    if (options.now() - lastSentAt >= options.heartbeatMs) {
      lastSentAt = options.now();
      yield { kind: 'alive' };
    }
    await pause(options.pollMs, options.signal, options.isForeground !== true);
  }
}

function openWindow({ filters, resumeAfter, now }: LiveOptions): Window {
  // The year must have four digits; any other text is not the time of a record.
  const resumed = /^\d{4}-/.test(resumeAfter ?? '') ? Date.parse(resumeAfter ?? '') : Number.NaN;
  // Start after the last received event, minus the time in which late records may have arrived during the disconnect.
  const from = Number.isNaN(resumed) ? (filters.from ?? toIso(now() - LATE_MS)) : toIso(resumed - LATE_MS);
  return { from, seen: new Map() };
}

async function pollOnce(
  store: RecordSearch,
  options: LiveOptions,
  window: Window,
  silent: boolean,
): Promise<{ readonly ok: boolean; readonly events: readonly LiveEvent[] }> {
  try {
    const { fresh, isCut } = await readFresh(store, options, window);
    if (silent) return { ok: true, events: [] };
    const gap: LiveEvent[] = isCut ? [{ kind: 'gap', before: fresh[0]?.['@timestamp'] }] : [];
    return { ok: true, events: [...gap, ...fresh.map((record): LiveEvent => ({ kind: 'record', record }))] };
  } catch (error) {
    if (!(error instanceof JobtraceError)) throw error;
    // The stream continues while the store is unavailable and reports the problem to the client.
    return { ok: false, events: [{ kind: 'problem', error }] };
  }
}

/**
 * Returns the records of the window that were not sent yet, oldest first. If there are too many, it returns the newest.
 */
async function readFresh(
  store: RecordSearch,
  { filters, signal, maxRecords }: LiveOptions,
  window: Window,
): Promise<{ readonly fresh: readonly LogRecord[]; readonly isCut: boolean }> {
  const fresh: LogRecord[] = [];
  let after: string | undefined;
  let isComplete = false;
  do {
    const page = await store.searchRecords({
      ...filters,
      from: window.from,
      limit: PAGE_RECORDS,
      order: 'newest',
      after,
    });
    for (const record of page.records) {
      if (window.seen.get(record.id)?.length === record['jobtrace.length']) continue;
      fresh.push(record);
      window.seen.set(record.id, { time: record['@timestamp'], length: record['jobtrace.length'] });
    }
    isComplete = page.next === undefined || window.seen.size >= page.total;
    after = isComplete ? undefined : page.next;
  } while (after !== undefined && fresh.length < maxRecords && !signal.aborted);
  fresh.sort((left, right) =>
    left['@timestamp'] < right['@timestamp']
      ? -1
      : left['@timestamp'] > right['@timestamp']
        ? 1
        : left.id < right.id
          ? -1
          : 1,
  );
  // Omitted records are not requested again.
  if (!isComplete) raiseWindow(window, fresh[0]?.['@timestamp'] ?? window.from);
  if (window.seen.size > maxRecords) raiseWindow(window, findTime(window, Math.floor(maxRecords / 2)) ?? window.from);
  return { fresh, isCut: !isComplete };
}

/** Returns the time of the record such that `newer` remembered records have this time or a later one. */
function findTime(window: Window, newer: number): string | undefined {
  return [...window.seen.values()]
    .map(({ time }) => time)
    .sort()
    .at(-newer);
}

function raiseWindow(window: Window, from: string): void {
  window.from = from;
  for (const [id, { time }] of window.seen) if (time < from) window.seen.delete(id);
}

function renderEvent(event: LiveEvent): string {
  switch (event.kind) {
    case 'begin':
      return ': jobtrace\nretry: 2000\n\n';
    case 'alive':
      return ': alive\n\n';
    case 'record':
      return renderData('record', cutRow(event.record), event.record['@timestamp']);
    case 'gap':
      return renderData('gap', { before: event.before });
    case 'problem': {
      const { code, message, fix } = event.error;
      return renderData('problem', { code, message, fix });
    }
  }
}

/** Renders one event. One data line is enough, because JSON contains no raw line breaks. */
function renderData(name: string, data: object, id?: string): string {
  return `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
