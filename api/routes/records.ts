// Routes for records: search, export as a file, the records around one, and the live stream. They translate a request
// to a query on the store in the viewer's scope; the store does the search.
import { toIso } from '../../core/time/iso.js';
import { omitMissing } from '../../core/json.js';
import { createError } from '../../core/errors.js';
import type { Level } from '../../core/types.js';
import {
  RECORD_CONTENT_TYPES,
  RECORD_FORMATS,
  renderRecordHead,
  renderRecords,
  type RecordFormat,
} from '../../core/wording/record-export.js';
import type { LineQuery, RecordLines, RecordQuery } from '../../store/store.js';
import { COMPONENTS, LEVELS } from '../../core/record.js';
import { readWord, type Answer, type AuditNote, type Request, type Route, type Services } from '../http/route.js';
import { ID, MAX_EXPORTED, QUERIES } from '../schemas/queries.js';
import { CONTEXT, RECORD, RECORD_PAGE } from '../schemas/records.js';
import { cutRow, ROW_CUT } from './record-row.js';
import { pushRecords } from './live.js';

/** Limits for live streams. Each stream queries the store once a second, so a few tokens must not use up all places. */
const STREAMS = { max: 100, maxPerViewer: 5 };
/** Limits for searches. The page runs about three at once. */
const SEARCHES = { max: 200, maxPerViewer: 8 };
const EXPORTS = { max: 10, maxPerViewer: 4 };
const EXPORTED_AT_ONCE = 1000;

type Filters = Pick<RecordQuery, 'query' | 'from' | 'to' | 'job' | 'cluster' | 'process' | 'component' | 'levels'>;

export function createRecordRoutes(services: Services): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/records',
      role: 'reader',
      tag: 'records',
      summary: 'Search records',
      description: ROW_CUT,
      query: QUERIES.records,
      concurrency: SEARCHES,
      answers: { 200: RECORD_PAGE },
      handle: searchRecords,
    },
    {
      method: 'GET',
      path: '/api/v1/records/export',
      role: 'reader',
      tag: 'records',
      summary: 'All records of a search as a file',
      description: 'Newest first. At most 100,000; "total" of a search says how many there are.',
      query: QUERIES.export,
      concurrency: EXPORTS,
      audited: describeExport,
      answers: { 200: { type: 'string', description: 'text/plain, application/x-ndjson or text/csv' } },
      handle: exportRecords,
    },
    {
      method: 'GET',
      path: '/api/v1/records/stream',
      role: 'reader',
      tag: 'records',
      summary: 'Follow new records (server-sent events)',
      description:
        'Events: "record" (data: one record), "gap" (data: {before}; some lines before that time were skipped), "problem" (data: an error; the stream continues). Lines that begin with ":" are keep-alives. ' +
        'A record may come twice (after a reconnect, or when its entry grew): replace by id. A client that reconnects with Last-Event-ID misses nothing.',
      query: QUERIES.stream,
      concurrency: STREAMS,
      answers: { 200: { type: 'string', description: 'text/event-stream' } },
      handle: (request) => streamRecords(services, request),
    },
    {
      method: 'GET',
      path: '/api/v1/records/:id/context',
      role: 'reader',
      tag: 'records',
      summary: 'A record and its neighbours in the same process',
      params: ID,
      description: ROW_CUT,
      query: QUERIES.context,
      concurrency: SEARCHES,
      answers: { 200: CONTEXT },
      handle: readContext,
    },
    {
      method: 'GET',
      path: '/api/v1/records/:id',
      role: 'reader',
      tag: 'records',
      summary: 'One record, whole',
      params: ID,
      query: QUERIES.none,
      concurrency: SEARCHES,
      answers: { 200: RECORD },
      handle: readRecord,
    },
  ];
}

async function searchRecords(request: Request): Promise<Answer> {
  const { query, store } = request;
  const histogramBuckets = query.number('histogram');
  const after = query.text('after');
  const page = await store.searchRecords({
    ...readFilters(request),
    limit: query.number('limit') ?? 100,
    order: query.text('order') === 'oldest' ? 'oldest' : 'newest',
    after,
    histogramBuckets,
    facets: query.flag('facets'),
  });
  return { kind: 'json', body: { ...page, records: page.records.map(cutRow) } };
}

async function exportRecords(request: Request): Promise<Answer> {
  const { store } = request;
  const format = readWord(RECORD_FORMATS, request.query.text('format')) ?? 'ndjson';
  const limit = request.query.number('limit') ?? MAX_EXPORTED;
  const query: LineQuery = { ...readFilters(request), limit: EXPORTED_AT_ONCE, order: 'newest' };
  // A problem with the search is answered as an error, before the file begins.
  const first = await store.findRecords(query);
  const chunks = renderPages(store, { query, first, limit, format, signal: request.signal });
  return { kind: 'file', chunks, contentType: RECORD_CONTENT_TYPES[format], name: `jobtrace.${ENDINGS[format]}` };
}

/** Returns the audit note of an export: the filters of the exported records. */
function describeExport({ query }: Request): AuditNote {
  const given = ['query', 'from', 'to', 'job', 'cluster', 'process', 'format', 'limit'].flatMap((name) => {
    const value = query.text(name) ?? query.number(name);
    return value === undefined ? [] : [`${name}=${value}`];
  });
  return { what: 'read.export', detail: given.join(' ') };
}

const ENDINGS: Readonly<Record<RecordFormat, string>> = { text: 'log', ndjson: 'ndjson', csv: 'csv' };

interface ExportOptions {
  readonly query: LineQuery;
  readonly first: RecordLines;
  readonly limit: number;
  readonly format: RecordFormat;
  readonly signal: AbortSignal;
}

async function* renderPages(
  store: Request['store'],
  { query, first, limit, format, signal }: ExportOptions,
): AsyncGenerator<string> {
  yield renderRecordHead(format);
  let left = limit;
  let page = first;
  for (;;) {
    yield renderRecords(page.records.slice(0, left), format);
    left -= page.records.length;
    if (page.next === undefined || left <= 0 || signal.aborted) return;
    page = await store.findRecords({ ...query, after: page.next });
  }
}

async function streamRecords(services: Services, request: Request): Promise<Answer> {
  const filters = readFilters(request);
  // A wrong query is answered as an error, before the stream begins.
  await request.store.findRecords({ ...filters, limit: 1, order: 'newest' });
  const resumeAfter = request.header('last-event-id');
  const events = pushRecords(request.store, {
    filters,
    resumeAfter,
    now: services.now,
    signal: request.signal,
    ...services.live,
  });
  return { kind: 'events', events };
}

async function readContext({ params, query, store }: Request): Promise<Answer> {
  const id = params.text('id') ?? '';
  const found = await store.findContext(id, {
    before: query.number('before') ?? 20,
    after: query.number('after') ?? 20,
  });
  if (found === undefined) throw createError('JT_NOT_FOUND', { what: `The record "${id}"` });
  return { kind: 'json', body: { ...found, records: found.records.map(cutRow) } };
}

async function readRecord({ params, store }: Request): Promise<Answer> {
  const id = params.text('id') ?? '';
  const found = await store.findContext(id, { before: 0, after: 0 });
  const record = found?.records[found.index];
  if (record === undefined) throw createError('JT_NOT_FOUND', { what: `The record "${id}"` });
  return { kind: 'json', body: record };
}

/** Reads the filters that search and stream share. Throws JT_REQUEST_INVALID if a range ends before it begins. */
function readFilters({ query }: Request): Filters {
  const component = readWord(COMPONENTS, query.text('component'));
  const levels = query.list('level').filter(isLevel);
  const texts = {
    query: query.text('query'),
    job: query.text('job'),
    cluster: query.text('cluster'),
    process: query.text('process'),
  };
  return {
    ...omitMissing(texts),
    ...readRange(query),
    component,
    ...(levels.length === 0 ? {} : { levels }),
  };
}

/** Returns "from" and "to" in the store's format (UTC). */
export function readRange(query: Request['query']): { readonly from?: string; readonly to?: string } {
  const [from, to] = [query.text('from'), query.text('to')].map((value) =>
    value === undefined ? undefined : readTime(value),
  );
  if (from !== undefined && to !== undefined && from >= to) {
    throw createError('JT_REQUEST_INVALID', { problems: `"from" (${from}) must be before "to" (${to})` });
  }
  return omitMissing({ from, to });
}

/**
 * Converts a time to the store's format. RFC 3339 allows second 60 for leap seconds; it becomes the next second, as in
 * Unix time.
 */
function readTime(text: string): string {
  const isLeap = /:60(?:\.\d+)?(?:z|[+-]\d\d:?\d\d)$/i.test(text);
  const time = Date.parse(isLeap ? text.replace(/:60(?=[^:]*$|[^:]*:\d\d$)/, ':59') : text);
  const date = new Date(isLeap ? time + 1000 : time);
  if (Number.isNaN(date.getTime()))
    throw createError('JT_REQUEST_INVALID', { problems: `"${text}" is not a time, e.g. 2026-01-31T08:00:00Z` });
  return toIso(date.getTime());
}

function isLevel(text: string): text is Level {
  return readWord(LEVELS, text) !== undefined;
}
