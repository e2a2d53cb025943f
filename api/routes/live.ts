// The live stream: filters in, records out (as server-sent events for the API), until the caller goes away. It asks the
// store for the newest of a window that begins shortly before the stream did, and sends those whose id (and length) it
// has not sent. The total tells whether any is still missing, so a record that arrives late, with an earlier time,
// comes too, and a quiet poll costs one small search. It remembers ids for the window only; the window's start
// moves up when that grows too large.
import { JobtraceError } from '../../core/errors.js';
import type { LogRecord } from '../../core/types.js';
import type { RecordQuery, RecordSearch } from '../../store/store.js';
import { pause } from '../../core/time/wait.js';
import { cutRow } from './row.js';

export interface LiveOptions {
  /** `from`, when given, is where the stream begins; else it begins now. */
  readonly filters: Partial<RecordQuery>;
  /** The id of the last event that a reconnecting client has seen. */
  readonly resumeAfter?: string;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly pollMs: number;
  readonly heartbeatMs: number;
  /** Most records read at one look, and remembered; beyond it the stream says that it left some out. */
  readonly maxRecords: number;
  /** The process has nothing else to do: it goes on until the signal aborts. */
  readonly isForeground?: true;
}

/** How far back, by the records' own times, a late record is still shown. */
const LATE_MS = 60_000;
const PAGE_RECORDS = 200;

interface Window {
  from: string;
  /** Record id → time and length, as sent. */
  readonly seen: Map<string, { readonly time: string; readonly length: number }>;
}

/** What comes, and when to say that nothing does. */
export type LiveEvent =
  | { readonly kind: 'begin' | 'alive' }
  | { readonly kind: 'record'; readonly record: LogRecord }
  /** More came than a look takes; those before this time were left out. */
  | { readonly kind: 'gap'; readonly before: string | undefined }
  | { readonly kind: 'problem'; readonly error: JobtraceError };

/** In the words of server-sent events. */
export async function* pushRecords(store: RecordSearch, options: LiveOptions): AsyncGenerator<string> {
  for await (const event of followRecords(store, options)) yield renderEvent(event);
}

export async function* followRecords(store: RecordSearch, options: LiveOptions): AsyncGenerator<LiveEvent> {
  const window = openWindow(options);
  // Without a place to begin at, what is already there counts as seen: looked at before the first word, so that
  // whatever comes after that word is shown.
  let silent = options.resumeAfter === undefined && options.filters.from === undefined;
  if (silent && (await pollOnce(store, options, window, silent)).ok) silent = false;
  let lastSaid = options.now();
  yield { kind: 'begin' };
  while (!options.signal.aborted) {
    const { ok, events } = await pollOnce(store, options, window, silent);
    if (ok) silent = false;
    if (events.length > 0) lastSaid = options.now();
    for (const event of events) yield event;
    if (options.now() - lastSaid >= options.heartbeatMs) {
      lastSaid = options.now();
      yield { kind: 'alive' };
    }
    await pause(options.pollMs, options.signal, options.isForeground !== true);
  }
}

function openWindow({ filters, resumeAfter, now }: LiveOptions): Window {
  // Four digits of the year: what lies further away is no time of a record.
  const resumed = /^\d{4}-/.test(resumeAfter ?? '') ? Date.parse(resumeAfter ?? '') : Number.NaN;
  // Everything after the last seen event, and what may have come late while nobody listened.
  const from = Number.isNaN(resumed)
    ? (filters.from ?? new Date(now() - LATE_MS).toISOString())
    : new Date(resumed - LATE_MS).toISOString();
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
    // The stream outlives a store that is away for a while; the client is told.
    return { ok: false, events: [{ kind: 'problem', error }] };
  }
}

/** Records of the window that were not sent yet, oldest first; the newest ones when there are too many. */
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
  // What was left out now is not looked for again.
  if (!isComplete) raiseWindow(window, fresh[0]?.['@timestamp'] ?? window.from);
  if (window.seen.size > maxRecords) raiseWindow(window, findTime(window, Math.floor(maxRecords / 2)) ?? window.from);
  return { fresh, isCut: !isComplete };
}

/** The time of the record that so many remembered ones are newer than. */
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

/** JSON has no raw line breaks, so one data line is enough. */
function renderData(name: string, data: object, id?: string): string {
  return `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
