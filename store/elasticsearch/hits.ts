// Sends one search request and returns its hits, and reads the record of a hit. An answer that lacks a shard is an
// error, not a smaller result.
import { createError } from '../../core/errors.js';
import { isObject } from '../../core/json.js';
import { pause } from '../../core/time/wait.js';
import type { LogRecord } from '../../core/types.js';
import type { ElasticsearchClient } from './client.js';
import { readSource } from './record/source.js';

const LENIENT = { ignore_unavailable: true, allow_no_indices: true, allow_partial_search_results: false } as const;

export interface SearchHit {
  readonly source: Readonly<Record<string, unknown>>;
  readonly sort: readonly unknown[];
  readonly index: string;
  readonly id: string;
  readonly routing?: string;
}

/** Sends a search. A missing index gives no hits. Throws JT_STORE_UNREACHABLE if some of the indices did not answer. */
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

/**
 * Number of retries, because the shards of an index that was created a moment ago need some time before they answer.
 */
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

/** Reads the record of a hit. Throws JT_STORE_UNUSABLE for a document in our indices that we did not write. */
export function readHit(client: ElasticsearchClient, hit: SearchHit): LogRecord {
  const record = readSource(hit.source, hit.id);
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

export function readBuckets(value: unknown): Readonly<Record<string, unknown>>[] {
  const buckets: unknown = isObject(value) ? value['buckets'] : undefined;
  return Array.isArray(buckets) ? buckets.filter(isObject) : [];
}
