// Deletes old data from Elasticsearch: days as whole indices, and in younger days single records that show no trouble;
// and on request what a filter finds.
// A day is one index for all levels. An index for each level would double the shards, the partitions of the feed and
// the places where an id may be, for as long as records are kept.
import { isObject } from '../../core/json.js';
import type { CollectionSchema } from '../collections.js';
import { listEvidence, SHORT_LIVED_LEVELS } from '../expiry.js';
import { formatTime, parseTime, startOfDay } from '../page.js';
import type { RecordFilter, Retention } from '../store.js';
import type { ElasticsearchClient } from './client.js';
import { removeFound, removeHits } from './bulk-documents.js';
import { search } from './hits.js';
import { findFilter } from './search.js';
import { readDayEnd } from './record/address.js';
import { nameRefusedIndex } from './record/refused.js';
import { listIds } from './record/id.js';

/** Number of documents that one request deletes. */
const DELETE_CHUNK = 5_000;
/** Number of incidents that one request reads. Each may have a hundred kilobytes. */
const PAGE_INCIDENTS = 100;

export function createRetention(
  client: ElasticsearchClient,
  prefix: string,
  schemas: readonly CollectionSchema[],
): Retention {
  return {
    deleteBefore: (time) => deleteBefore(client, prefix, parseTime('time', time), schemas),
    deleteInfoBefore: (time) => deleteInfoBefore(client, prefix, parseTime('time', time)),
  };
}

/**
 * Deletes old data: days as whole indices, undated records by the day on which they were stored, refused ones one by
 * one.
 */
async function deleteBefore(
  client: ElasticsearchClient,
  prefix: string,
  timeMs: number,
  schemas: readonly CollectionSchema[],
): Promise<number> {
  let removed = 0;
  for (const [index, documents] of await countDays(client, prefix, timeMs)) {
    await removeIndex(client, index);
    removed += documents;
  }
  const day = { lt: formatTime(startOfDay(timeMs)) };
  const undated = { range: { 'event.ingested': day } };
  removed += await removeFound(client, `${prefix}-logs-undated`, undated);
  const dated = {
    bool: { filter: [{ range: { '@timestamp': day } }], must_not: [{ exists: { field: 'event.ingested' } }] },
  };
  removed += await removeFound(client, nameRefusedIndex(prefix), {
    bool: { should: [undated, dated], minimum_should_match: 1 },
  });
  const before = { lt: formatTime(timeMs) };
  await removeFound(client, `${prefix}-incidents`, { range: { lastSeen: before } });
  for (const { index, timeField, isAged } of schemas)
    if (isAged) await removeFound(client, `${prefix}-${index}`, { range: { [timeField]: before } });
  return removed;
}

async function removeIndex(client: ElasticsearchClient, index: string): Promise<void> {
  await client.send({ method: 'DELETE', path: `/${index}`, expect: [404] });
}

function countDocuments(value: unknown): number {
  const primaries = isObject(value) ? value['primaries'] : undefined;
  const docs = isObject(primaries) ? primaries['docs'] : undefined;
  return isObject(docs) ? Number(docs['count']) : 0;
}

/** Returns the indices of the days that ended before a time, with the number of their documents. */
async function countDays(
  client: ElasticsearchClient,
  prefix: string,
  timeMs: number,
): Promise<readonly (readonly [index: string, documents: number])[]> {
  const { body } = await client.send({
    method: 'GET',
    path: `/${prefix}-logs-*/_stats/docs`,
    query: { filter_path: 'indices.*.primaries.docs.count', ignore_unavailable: true },
  });
  return Object.entries(isObject(body['indices']) ? body['indices'] : {}).flatMap(([index, value]) => {
    const dayEnd = readDayEnd(index);
    return dayEnd === undefined || dayEnd > timeMs ? [] : [[index, countDocuments(value)] as const];
  });
}

/**
 * Deletes records that show no trouble. Disk space is freed by a merge of segments with many deleted documents, which
 * goes on in the cluster.
 */
async function deleteInfoBefore(client: ElasticsearchClient, prefix: string, timeMs: number): Promise<number> {
  const day = { range: { 'event.ingested': { lt: formatTime(startOfDay(timeMs)) } } };
  const days = await countDays(client, prefix, timeMs);
  const places: readonly (readonly [index: string, filter: readonly object[]])[] = [
    ...days.map(([index]) => [index, []] as const),
    [`${prefix}-logs-undated`, [day]],
  ];
  const loadShown = rememberShown(client, prefix);
  let removed = 0;
  for (const [index, filter] of places) removed += await removeQuiet(client, index, filter, loadShown);
  return removed;
}

async function removeQuiet(
  client: ElasticsearchClient,
  index: string,
  filter: readonly object[],
  loadShown: () => Promise<ReadonlySet<string>>,
): Promise<number> {
  const query = {
    bool: {
      filter: [{ terms: { 'log.level': SHORT_LIVED_LEVELS } }, ...filter],
      must_not: [{ exists: { field: 'error.type' } }],
    },
  };
  let removed = 0;
  for (let after: readonly unknown[] | undefined; ;) {
    const { hits } = await search(client, index, {
      query,
      size: DELETE_CHUNK,
      sort: [{ _seq_no: 'asc' }, { '@timestamp': 'asc' }, { 'log.offset': 'asc' }],
      search_after: after,
      _source: false,
      track_total_hits: false,
    });
    if (hits.length > 0) {
      const shown = await loadShown();
      const going = hits.filter(({ id }) => !shown.has(id));
      await removeHits(client, going);
      removed += going.length;
    }
    after = hits.at(-1)?.sort;
    if (after === undefined || hits.length < DELETE_CHUNK) break;
  }
  if (removed === 0) return 0;
  await client.send({ method: 'POST', path: `/${index}/_refresh` });
  await client.send({
    method: 'POST',
    path: `/${index}/_forcemerge`,
    query: { only_expunge_deletes: true, wait_for_completion: false },
  });
  return removed;
}

/** Returns a function that loads the ids of the documents that incidents show, once, at its first call. */
function rememberShown(client: ElasticsearchClient, prefix: string): () => Promise<ReadonlySet<string>> {
  let shown: Promise<ReadonlySet<string>> | undefined;
  return () => (shown ??= findShown(client, prefix));
}

async function findShown(client: ElasticsearchClient, prefix: string): Promise<ReadonlySet<string>> {
  const shown = new Set<string>();
  for (let after: readonly unknown[] | undefined; ;) {
    const { hits } = await search(client, `${prefix}-incidents`, {
      query: { match_all: {} },
      size: PAGE_INCIDENTS,
      sort: [{ id: 'asc' }],
      search_after: after,
      track_total_hits: false,
    });
    for (const { source } of hits)
      for (const id of listEvidence(String(source['body'])).flatMap(listIds)) shown.add(id);
    after = hits.at(-1)?.sort;
    if (after === undefined || hits.length < PAGE_INCIDENTS) return shown;
  }
}

/**
 * Deletes records on request, by their ids, because the smallest distribution has no deletion by a query. A record that
 * grew in the meantime is deleted too.
 */
export async function deleteRecords(client: ElasticsearchClient, prefix: string, query: RecordFilter): Promise<number> {
  const index = `${prefix}-logs-*`;
  // A refresh, so that records that were stored a moment ago are found too.
  await client.send({
    method: 'POST',
    path: `/${index}/_refresh`,
    query: { ignore_unavailable: true, allow_no_indices: true },
  });
  return removeFound(client, index, await findFilter(client, prefix, query));
}
