// Searches all log indices, and finds the context of a record. A page ends with a position (the sort values of its last
// record) from which the next page continues, so that nothing is kept open in the cluster.
import { createError } from '../../core/errors.js';
import { omitMissing } from '../../core/json.js';
import type { LogRecord } from '../../core/types.js';
import type { ElasticsearchClient } from './client.js';
import { readHit, search, type SearchHit } from './hits.js';
import { findDocuments } from './documents.js';
import { COLLECTIONS } from '../collections.js';
import { askJobLines, readJobLines } from '../job-lines.js';
import { listProcesses } from './processes.js';
import {
  asksForProcess,
  buildFacets,
  buildFilter,
  buildHistogram,
  buildProcess,
  buildSort,
  readFacets,
  readHistogram,
  readTimeRange,
  TIME_RANGE_AGGREGATIONS,
} from './query.js';
import { decodePosition, encodePosition, fillBarMs, PAGE_RECORDS, parseTime, type Position } from '../page.js';
import { findAddress } from './record/address.js';
import { nameRefusedIndex } from './record/refused.js';
import { listIds } from './record/id.js';
import { parseSearch } from '../query/query.js';
import { parseJson } from '../stored.js';
import type { LineQuery, RecordFilter, RecordLines, RecordPage, RecordQuery } from '../store.js';

/**
 * Largest page. Elasticsearch returns at most 10,000 hits at once (index.max_result_window), and one more than a page
 * is requested.
 */
const MAX_PAGE = 9_999;

/** Query parameters of a search request. */
type SearchParameters = Readonly<Record<string, string>>;

/**
 * Parameter that skips the indices of days outside of the time range. By default Elasticsearch does that only for
 * searches over very many indices.
 */
const SKIPS_DAYS: SearchParameters = { pre_filter_shard_size: '1' };

export async function findRecords(
  client: ElasticsearchClient,
  prefix: string,
  query: LineQuery,
  parameters: SearchParameters = {},
): Promise<RecordLines> {
  const filter = await findFilter(client, prefix, query);
  const body = { ...buildPage(query, filter), track_total_hits: false };
  const { hits } = await search(client, `${prefix}-logs-*`, body, { ...SKIPS_DAYS, ...parameters });
  return readPage(client, query, hits);
}

export async function searchRecords(
  client: ElasticsearchClient,
  prefix: string,
  query: RecordQuery,
  parameters: SearchParameters = {},
): Promise<RecordPage> {
  const filter = await findFilter(client, prefix, query);
  const bars = planBars(query);
  const isUnbounded = query.histogramBuckets !== undefined && bars === undefined;
  const all = { ...SKIPS_DAYS, ...parameters };
  const { hits, total, aggregations } = await search(
    client,
    `${prefix}-logs-*`,
    {
      ...buildPage(query, filter),
      track_total_hits: true,
      aggs: {
        ...(isUnbounded ? TIME_RANGE_AGGREGATIONS : {}),
        ...(bars === undefined ? undefined : buildHistogram(bars.barMs)),
        ...(query.facets === true ? buildFacets() : {}),
      },
    },
    all,
  );
  const found = isUnbounded && total > 0 ? planBars(query, readTimeRange(aggregations)) : undefined;
  const counted =
    found === undefined
      ? aggregations
      : (await search(client, `${prefix}-logs-*`, buildBars(found, filter), all)).aggregations;
  const shown = bars ?? found;
  return {
    ...readPage(client, query, hits),
    total,
    histogram:
      query.histogramBuckets === undefined
        ? undefined
        : total === 0 || shown === undefined
          ? []
          : readHistogram(counted, shown.fromMs, shown.toMs, shown.barMs),
    ...(query.facets === true ? { facets: readFacets(aggregations) } : {}),
  };
}

interface Bars {
  readonly fromMs: number;
  readonly toMs: number;
  readonly barMs: number;
}

/** Plans the bars of a histogram. Returns undefined if none is asked for, or if its range is not known yet. */
function planBars(
  { histogramBuckets, from, to }: RecordQuery,
  found?: { readonly fromMs: number; readonly toMs: number },
): Bars | undefined {
  const fromMs = from === undefined ? found?.fromMs : parseTime('from', from);
  const toMs = to === undefined ? found?.toMs : parseTime('to', to);
  if (histogramBuckets === undefined || fromMs === undefined || toMs === undefined) return undefined;
  return { fromMs, toMs, barMs: fillBarMs(fromMs, toMs, histogramBuckets) };
}

/** Builds the second request of a histogram without a range: the width of its bars depends on the times found. */
function buildBars({ barMs }: Bars, filter: object): object {
  return { query: filter, size: 0, track_total_hits: true, aggs: buildHistogram(barMs) };
}

function buildPage(query: LineQuery, filter: object): Readonly<Record<string, unknown>> {
  return {
    query: filter,
    size: sizeOf(query) + 1,
    sort: buildSort(query.order),
    search_after: query.after === undefined ? undefined : findSearchAfter(decodePosition(query.after)),
  };
}

function readPage(client: ElasticsearchClient, query: LineQuery, hits: readonly SearchHit[]): RecordLines {
  const size = sizeOf(query);
  const last = hits[size - 1];
  const records = hits.slice(0, size).map((hit) => readHit(client, hit));
  return hits.length > size && last !== undefined ? { records, next: encodePosition(readPosition(last)) } : { records };
}

function sizeOf({ limit }: LineQuery): number {
  return Math.min(limit > 0 ? limit : PAGE_RECORDS, MAX_PAGE);
}

/**
 * Builds the filter of a search. First it loads what is known of the named jobs, and the names of processes among those
 * that the rest of the search leaves.
 */
export async function findFilter(client: ElasticsearchClient, prefix: string, query: RecordFilter): Promise<object> {
  const rest = { ...query, query: undefined, job: undefined };
  const [processes, lines] = await Promise.all([
    asksForProcess(parseSearch(query)) ? listProcesses(client, prefix, buildFilter(rest)) : [],
    loadJobLines(client, prefix, query),
  ]);
  return buildFilter(query, processes, readJobLines(lines, query));
}

function loadJobLines(
  client: ElasticsearchClient,
  prefix: string,
  query: RecordFilter,
): ReturnType<typeof findDocuments> {
  const asked = askJobLines(query);
  return asked === undefined ? Promise.resolve([]) : findDocuments(client, prefix, COLLECTIONS.jobLines, asked);
}

export async function findContext(
  client: ElasticsearchClient,
  prefix: string,
  id: string,
  lines: { readonly before: number; readonly after: number },
): Promise<{ records: LogRecord[]; index: number } | undefined> {
  const [hit] = (
    await search(client, `${prefix}-logs-*`, {
      query: { ids: { values: listIds(id) } },
      size: 1,
      sort: buildSort('oldest'),
    })
  ).hits;
  if (hit === undefined) return undefined;
  const record = readHit(client, hit);
  const read = async (order: RecordQuery['order'], size: number): Promise<LogRecord[]> => {
    if (size <= 0) return [];
    const cluster = record['flink.cluster'];
    const filter = [buildProcess(record['jobtrace.process']), { term: { 'flink.cluster': cluster } }];
    const body = {
      query: { bool: { filter } },
      size: Math.min(size, MAX_PAGE),
      sort: buildSort(order),
      search_after: hit.sort,
    };
    const { routing } = findAddress('', cluster);
    const { hits } = await search(client, `${prefix}-logs-*`, body, omitMissing({ routing }));
    return hits.map((found) => readHit(client, found));
  };
  const [before, after] = await Promise.all([read('newest', lines.before), read('oldest', lines.after)]);
  return { records: [...before.reverse(), record, ...after], index: before.length };
}

/**
 * Finds the records in the index of refused records. The mapping of another index, perhaps the reason, does not break
 * this.
 */
export async function findRefused(
  client: ElasticsearchClient,
  prefix: string,
  after: string | undefined,
): Promise<{ records: LogRecord[]; next?: string }> {
  const { hits } = await search(client, nameRefusedIndex(prefix), {
    query: { match_all: {} },
    size: PAGE_RECORDS,
    sort: buildSort('oldest'),
    search_after: after === undefined ? undefined : parseJson(after),
  });
  const last = hits[PAGE_RECORDS - 1];
  return {
    records: hits.map((hit) => readHit(client, hit)),
    next: last === undefined ? undefined : JSON.stringify(last.sort),
  };
}

/** Returns the position of a hit. Host and number separate records of the same time, file and offset. */
function readPosition(hit: SearchHit): Position {
  const [time, file, offset, host, number] = hit.sort;
  const tie = JSON.stringify([host, number]);
  return [Number(time), typeof file === 'string' ? file : null, Number(offset), tie];
}

/** Returns the values for `search_after`. Throws JT_REQUEST_INVALID for the position of another store. */
function findSearchAfter([time, file, offset, tie]: Position): readonly unknown[] {
  const parts = parseJson(tie ?? '');
  if (!Array.isArray(parts) || parts.length !== 2)
    throw createError('JT_REQUEST_INVALID', { problems: '"after" is not the "next" of a page' });
  const [host, number]: readonly unknown[] = parts;
  return [time, file, offset, host, number];
}
