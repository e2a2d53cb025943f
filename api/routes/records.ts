// Routes for records: search, export as a file, the records around one, and the live stream. They translate a request
// to a query on the store in the viewer's scope; the store does the search.
import { toIso } from '../../core/time/iso.js';
import { omitMissing } from '../../core/json.js';
import { createError } from '../../core/errors.js';
import type { LogRecord } from '../../core/types.js';
import {
  RECORD_CONTENT_TYPES,
  renderRecordHeader,
  renderRecords,
  type RecordFormat,
} from '../../core/wording/record-export.js';
import type { LineQuery, RecordLines, RecordPage, RecordQuery } from '../../store/store.js';
import { route, type Answer, type AuditNote, type Request, type Route, type Services } from '../http/route.js';
import { MAX_EXPORTED } from '../schemas/queries.js';
import type { RecordContext } from '../schemas/records.js';
import { cutRow, ROW_CUT } from './record-row.js';
import { pushRecords } from './live.js';

/** Limits for live streams. Each stream queries the store once a second, so a few tokens must not use up all places. */
const STREAMS = { max: 100, maxPerViewer: 5 };
/** Limits for searches. The page runs about three at once. */
const SEARCHES = { max: 200, maxPerViewer: 8 };
const EXPORTS = { max: 10, maxPerViewer: 4 };
const EXPORTED_AT_ONCE = 1000;

interface Range {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

type Filters = Pick<RecordQuery, 'query' | 'from' | 'to' | 'job' | 'cluster' | 'process' | 'component' | 'levels'>;

export function createRecordRoutes(services: Services): readonly Route[] {
  return [
    route({
      at: 'GET /api/v1/records',
      role: 'reader',
      tag: 'records',
      summary: 'Search records',
      description: ROW_CUT,
      concurrency: SEARCHES,
      handle: searchRecords,
    }),
    route({
      at: 'GET /api/v1/records/export',
      role: 'reader',
      tag: 'records',
      summary: 'All records of a search as a file',
      description: 'Newest first. At most 100,000; "total" of a search says how many there are.',
      concurrency: EXPORTS,
      describeAudit: describeExport,
      handle: exportRecords,
    }),
    route({
      at: 'GET /api/v1/records/stream',
      role: 'reader',
      tag: 'records',
      summary: 'Follow new records (server-sent events)',
      description:
        'Events: "record" (data: one record), "gap" (data: {before}; some lines before that time were skipped), "problem" (data: an error; the stream continues). Lines that begin with ":" are keep-alives. ' +
        'A record may come twice (after a reconnect, or when its entry grew): replace by id. A client that reconnects with Last-Event-ID misses nothing.',
      concurrency: STREAMS,
      handle: (request) => streamRecords(services, request),
    }),
    route({
      at: 'GET /api/v1/records/:id/context',
      role: 'reader',
      tag: 'records',
      summary: 'A record and its neighbours in the same process',
      description: ROW_CUT,
      concurrency: SEARCHES,
      handle: readContext,
    }),
    route({
      at: 'GET /api/v1/records/:id',
      role: 'reader',
      tag: 'records',
      summary: 'One record, whole',
      concurrency: SEARCHES,
      handle: readRecord,
    }),
  ];
}

async function searchRecords({ query, store }: Request<'GET /api/v1/records'>): Promise<Answer<RecordPage>> {
  const { limit = 100, order = 'newest', after, histogram: histogramBuckets, facets = false } = query;
  const page = await store.searchRecords({
    ...readFilters(query),
    limit,
    order,
    after,
    histogramBuckets,
    facets,
  });
  return { kind: 'json', body: { ...page, records: page.records.map(cutRow) } };
}

async function exportRecords({
  query: asked,
  store,
  signal,
}: Request<'GET /api/v1/records/export'>): Promise<Answer<never>> {
  const { format = 'ndjson', limit = MAX_EXPORTED } = asked;
  const query: LineQuery = { ...readFilters(asked), limit: EXPORTED_AT_ONCE, order: 'newest' };
  // A problem with the search is answered as an error, before the file begins.
  const first = await store.findRecords(query);
  const chunks = renderPages(store, { query, first, limit, format, signal });
  return { kind: 'file', chunks, contentType: RECORD_CONTENT_TYPES[format], name: `jobtrace.${ENDINGS[format]}` };
}

/** Returns the audit note of an export: the filters of the exported records. */
function describeExport({ query }: Request<'GET /api/v1/records/export'>): AuditNote {
  const names = ['query', 'from', 'to', 'job', 'cluster', 'process', 'format', 'limit'] as const;
  const given = names.flatMap((name) => (query[name] === undefined ? [] : [`${name}=${query[name]}`]));
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
  yield renderRecordHeader(format);
  let left = limit;
  let page = first;
  for (;;) {
    yield renderRecords(page.records.slice(0, left), format);
    left -= page.records.length;
    if (page.next === undefined || left <= 0 || signal.aborted) return;
    page = await store.findRecords({ ...query, after: page.next });
  }
}

async function streamRecords(
  services: Services,
  request: Request<'GET /api/v1/records/stream'>,
): Promise<Answer<never>> {
  const filters = readFilters(request.query);
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

async function readContext({
  params: { id },
  query: { before = 20, after = 20 },
  store,
}: Request<'GET /api/v1/records/:id/context'>): Promise<Answer<RecordContext>> {
  const found = await store.findContext(id, { before, after });
  if (found === undefined) throw createError('JT_NOT_FOUND', { what: `The record "${id}"` });
  return { kind: 'json', body: { ...found, records: found.records.map(cutRow) } };
}

async function readRecord({ params: { id }, store }: Request<'GET /api/v1/records/:id'>): Promise<Answer<LogRecord>> {
  const found = await store.findContext(id, { before: 0, after: 0 });
  const record = found?.records[found.index];
  if (record === undefined) throw createError('JT_NOT_FOUND', { what: `The record "${id}"` });
  return { kind: 'json', body: record };
}

/** Reads the filters that search and stream share. Throws JT_REQUEST_INVALID if a range ends before it begins. */
function readFilters(given: Request<'GET /api/v1/records/stream'>['query'] & Range): Filters {
  const { query, job, cluster, process, component, level: levels = [] } = given;
  return {
    ...omitMissing({ query, job, cluster, process }),
    ...readRange(given),
    component,
    ...(levels.length === 0 ? {} : { levels }),
  };
}

/** Returns "from" and "to" in the store's format (UTC). */
export function readRange(given: Range): Range {
  const [from, to] = [given.from, given.to].map((value) => (value === undefined ? undefined : readTime(value)));
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
