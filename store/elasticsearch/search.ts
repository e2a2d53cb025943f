// Searches and context over all log indices. A page ends with a mark (the sort values of its last record)
// from which the next goes on: nothing is kept open in the cluster.
import { createError } from '../../core/errors.js';
import { omitMissing } from '../../core/json.js';
import type { LogRecord } from '../../core/types.js';
import type { ElasticsearchClient } from './client.js';
import { readHit, search, type SearchHit } from './hits.js';
import { findJobLines } from './jobs.js';
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

/** Elasticsearch gives at most 10,000 hits at once (index.max_result_window); one more than a page is asked for. */
const MAX_PAGE = 9_999;

export async function findRecords(client: ElasticsearchClient, prefix: string, query: LineQuery): Promise<RecordLines> {
  const filter = await findFilter(client, prefix, query);
  const { hits } = await search(client, `${prefix}-logs-*`, { ...buildPage(query, filter), track_total_hits: false });
  return readPage(client, query, hits);
}

export async function searchRecords(
  client: ElasticsearchClient,
  prefix: string,
  query: RecordQuery,
): Promise<RecordPage> {
  const filter = await findFilter(client, prefix, query);
  const isUnbounded = query.histogramBuckets !== undefined && (query.from === undefined || query.to === undefined);
  const bounds = isUnbounded ? TIME_RANGE_AGGREGATIONS : {};
  const { hits, total, aggregations } = await search(client, `${prefix}-logs-*`, {
    ...buildPage(query, filter),
    track_total_hits: true,
    aggs: { ...bounds, ...(query.facets === true ? buildFacets() : {}) },
  });
  return {
    ...readPage(client, query, hits),
    total,
    histogram:
      query.histogramBuckets === undefined
        ? undefined
        : await countBars(
            client,
            prefix,
            query,
            query.histogramBuckets,
            total === 0 ? undefined : readTimeRange(aggregations),
            filter,
          ),
    ...(query.facets === true ? { facets: readFacets(aggregations) } : {}),
  };
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
 * Looked up first: what is known of jobs that are named, and names of processes, among those that the rest of the
 * search leaves.
 */
export async function findFilter(client: ElasticsearchClient, prefix: string, query: RecordFilter): Promise<object> {
  const rest = { ...query, query: undefined, job: undefined };
  const [processes, lines] = await Promise.all([
    asksForProcess(parseSearch(query)) ? listProcesses(client, prefix, buildFilter(rest)) : [],
    findJobLines(client, prefix, query),
  ]);
  return buildFilter(query, processes, lines);
}

/** The width of the bars depends on the times found when no range was asked for, hence a second request. */
async function countBars(
  client: ElasticsearchClient,
  prefix: string,
  query: RecordQuery,
  buckets: number,
  found: { fromMs: number; toMs: number } | undefined,
  filter: object,
): Promise<NonNullable<RecordPage['histogram']>> {
  const fromMs = query.from === undefined ? found?.fromMs : parseTime('from', query.from);
  const toMs = query.to === undefined ? found?.toMs : parseTime('to', query.to);
  if (fromMs === undefined || toMs === undefined) return [];
  const barMs = fillBarMs(fromMs, toMs, buckets);
  const { total, aggregations } = await search(client, `${prefix}-logs-*`, {
    query: filter,
    size: 0,
    track_total_hits: true,
    aggs: buildHistogram(barMs),
  });
  return total === 0 ? [] : readHistogram(aggregations, fromMs, toMs, barMs);
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

/** All that the index of the refused has. The mapping of another index, perhaps the reason, does not break this. */
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

/** The tie between records of the same time, file and offset is broken by host and number. */
function readPosition(hit: SearchHit): Position {
  const [time, file, offset, host, number] = hit.sort;
  const tie = JSON.stringify([host, number]);
  return [Number(time), typeof file === 'string' ? file : null, Number(offset), tie];
}

/** Throws JT_REQUEST_INVALID for the mark of another store. */
function findSearchAfter([time, file, offset, tie]: Position): readonly unknown[] {
  const parts = parseJson(tie ?? '');
  if (!Array.isArray(parts) || parts.length !== 2)
    throw createError('JT_REQUEST_INVALID', { problems: '"after" is not the "next" of a page' });
  const [host, number]: readonly unknown[] = parts;
  return [time, file, offset, host, number];
}
