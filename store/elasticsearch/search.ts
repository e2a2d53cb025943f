// Searches and context over all log indices. A page ends with a mark (the four sort values of its last record)
// from which the next goes on: nothing is kept open in the cluster. An answer that lacks a shard is an error,
// not a smaller result.
import { createError } from '../../core/errors.js';
import { isObject } from '../../core/json.js';
import type { LogRecord } from '../../core/types.js';
import type { ElasticsearchClient } from './client.js';
import { readDocument } from './encode.js';
import { encodeId, readRouting } from './mapping.js';
import {
  buildFacets,
  buildFilter,
  buildHistogram,
  buildSort,
  readFacets,
  readHistogram,
  readTimeRange,
  TIME_RANGE_AGGREGATIONS,
} from './query.js';
import { decodePosition, encodePosition, fillBarMs, PAGE_RECORDS, parseTime, type Position } from '../page.js';
import type { RecordPage, RecordQuery } from '../store.js';
import { pause } from '../../core/time/wait.js';

/** Elasticsearch gives at most 10,000 hits at once (index.max_result_window); one more than a page is asked for. */
const MAX_PAGE = 9_999;
const LENIENT = { ignore_unavailable: true, allow_no_indices: true, allow_partial_search_results: false } as const;

export interface SearchHit {
  readonly source: Readonly<Record<string, unknown>>;
  readonly sort: readonly unknown[];
  readonly index: string;
  readonly id: string;
  readonly routing?: string;
}

export async function searchRecords(
  client: ElasticsearchClient,
  prefix: string,
  query: RecordQuery,
): Promise<RecordPage> {
  const filter = buildFilter(query);
  const size = Math.min(query.limit > 0 ? query.limit : PAGE_RECORDS, MAX_PAGE);
  const isUnbounded = query.histogramBuckets !== undefined && (query.from === undefined || query.to === undefined);
  const bounds = isUnbounded ? TIME_RANGE_AGGREGATIONS : {};
  const { hits, total, aggregations } = await search(client, `${prefix}-logs-*`, {
    query: filter,
    size: size + 1,
    sort: buildSort(query.order),
    track_total_hits: true,
    search_after: query.after === undefined ? undefined : decodePosition(query.after),
    aggs: { ...bounds, ...(query.facets === true ? buildFacets() : {}) },
  });
  const last = hits[size - 1];
  return {
    records: hits.slice(0, size).map((hit) => readHit(client, hit)),
    total,
    ...(hits.length > size && last !== undefined ? { next: encodePosition(readPosition(last)) } : {}),
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
      query: { ids: { values: [encodeId(id)] } },
      size: 1,
      sort: buildSort('oldest'),
    })
  ).hits;
  if (hit === undefined) return undefined;
  const record = readHit(client, hit);
  const read = async (order: RecordQuery['order'], size: number): Promise<LogRecord[]> => {
    if (size <= 0) return [];
    const filter = [
      { term: { 'jobtrace.process': record['jobtrace.process'] } },
      { term: { 'flink.cluster': record['flink.cluster'] } },
    ];
    const body = {
      query: { bool: { filter } },
      size: Math.min(size, MAX_PAGE),
      sort: buildSort(order),
      search_after: readPosition(hit),
    };
    return (await search(client, `${prefix}-logs-*`, body, readRouting(record))).hits.map((found) =>
      readHit(client, found),
    );
  };
  const [before, after] = await Promise.all([read('newest', lines.before), read('oldest', lines.after)]);
  return { records: [...before.reverse(), record, ...after], index: before.length };
}

/** No index is no hit. Throws JT_STORE_UNREACHABLE when a part of the indices did not answer. */
export async function search(
  client: ElasticsearchClient,
  index: string,
  body: object,
  query: Readonly<Record<string, string>> = {},
): Promise<{ hits: SearchHit[]; total: number; aggregations: Readonly<Record<string, unknown>> }> {
  for (let left = STARTING_TRIES; ; left -= 1) {
    const answer = await client.send({
      method: 'POST',
      path: `/${index}/_search`,
      query: { ...LENIENT, ...query },
      body,
      expect: [503],
    });
    if (left === 0 || (answer.status !== 503 && isWhole(answer.body))) return readSearch(client, answer.body);
    await pause(STARTING_PAUSE_MS);
  }
}

/** The shards of an index that was made a moment ago need some time before they answer. */
const STARTING_TRIES = 10;
const STARTING_PAUSE_MS = 300;

function isWhole({ _shards: shards, timed_out: timedOut }: Readonly<Record<string, unknown>>): boolean {
  return isObject(shards) && shards['failed'] === 0 && timedOut !== true;
}

export function readSearch(
  client: ElasticsearchClient,
  body: Readonly<Record<string, unknown>>,
): { hits: SearchHit[]; total: number; aggregations: Readonly<Record<string, unknown>> } {
  const outer = body['hits'];
  if (!isObject(outer) || !Array.isArray(outer['hits']) || !isWhole(body)) {
    throw createError('JT_STORE_UNREACHABLE', {
      url: client.url,
      problem: 'a part of the indices did not answer the search',
    });
  }
  const list: readonly unknown[] = outer['hits'];
  const total = outer['total'];
  const aggregations = body['aggregations'];
  return {
    hits: list.filter(isObject).map(readRawHit),
    total: isObject(total) ? Number(total['value']) : 0,
    aggregations: isObject(aggregations) ? aggregations : {},
  };
}

/** Throws a plain Error for a document in our indices that we did not write. */
export function readHit(client: ElasticsearchClient, hit: SearchHit): LogRecord {
  const record = readDocument(hit.source);
  if (record === undefined)
    throw createError('JT_STORE_UNUSABLE', {
      url: client.url,
      problem: `the document ${hit.id} in ${hit.index} is not a record of Jobtrace`,
      advice: 'Remove what others wrote into our indices, or give Jobtrace an index prefix of its own.',
    });
  return record;
}

function readRawHit(hit: Readonly<Record<string, unknown>>): SearchHit {
  const { _source: source, sort, _routing: routing } = hit;
  return {
    source: isObject(source) ? source : {},
    sort: Array.isArray(sort) ? sort : [],
    index: String(hit['_index']),
    id: String(hit['_id']),
    ...(typeof routing === 'string' ? { routing } : {}),
  };
}

function readPosition(hit: SearchHit): Position {
  const [time, file, offset, id] = hit.sort;
  return [Number(time), typeof file === 'string' ? file : null, Number(offset), typeof id === 'string' ? id : null];
}
