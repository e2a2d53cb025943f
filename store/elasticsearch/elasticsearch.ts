// Store over a cluster of Elasticsearch 8.19 or 9. This file assembles the port: requests and errors are in client.ts,
// the index templates in setup/, writing in bulk.ts, the feed in feed.ts, reading in search.ts and query.ts, the
// small documents in documents.ts. Nothing is written before the index templates exist. The store uses no data streams,
// pipelines, scripts or ILM, so that the smallest distribution and licence are sufficient.
import { createExpensiveLane } from './expensive-lane.js';
import { readBuckets, search } from './hits.js';
import { createError } from '../../core/errors.js';
import { fieldAt, isObject, listAt } from '../../core/json.js';
import { appendBatch } from './bulk.js';
import { limitClient, openClient, type ElasticsearchClient, type ElasticsearchSettings } from './client.js';
import { removeRefused } from './bulk-documents.js';
import { createDocuments } from './documents.js';
import { createFeed } from './feed.js';
import { findEpoch, findIncident, findIncidents, pageIncidents, removeIncident, saveIncidents } from './incidents.js';
import { countJobIncidents, countJobRecords, sumGroup } from './jobs.js';
import { fitBatch } from './record/words.js';
import { createRetention, deleteRecords } from './retention.js';
import { findContext, findRecords, findRefused, searchRecords } from './search.js';
import { createTemplates, rememberTemplates } from './templates.js';
import { listSmallIndices } from './mapping.js';
import { openCollections, SCHEMAS, type DocumentPort } from '../collections.js';
import type { IncidentWrite, Store } from '../store.js';

export type { ElasticsearchSettings } from './client.js';

const DEFAULT_PREFIX = 'jobtrace';
const OLDEST_MAJOR = 8;
/**
 * Creates the store and does not connect yet: Elasticsearch may start later, and every call reports if it cannot be
 * reached.
 */
export function openElasticsearchStore(settings: ElasticsearchSettings, schemas = SCHEMAS): Store & DocumentPort {
  const client = openClient(settings);
  const prefix = settings.indexPrefix ?? DEFAULT_PREFIX;
  const course = { calm: 0 };
  const openTemplates = rememberTemplates(() => createTemplates(client, prefix, { ...settings, schemas }));
  /**
   * Creates the templates and saves the notes about them. `append` saves the notes after its records, because
   * Elasticsearch takes as long to create the index of the notes as the index of the records.
   */
  const makeTemplates = async (): Promise<void> => (await openTemplates()).note();
  const saveAll = async (writes: readonly IncidentWrite[]): Promise<readonly boolean[]> => {
    await makeTemplates();
    return saveIncidents(client, prefix, writes);
  };
  const documents = createDocuments(client, prefix, makeTemplates);
  return {
    encoding: { kind: 'elasticsearch', prefix },
    prepare: async () => void (await openTemplates()),
    append: async (batch) => {
      if (batch.lengths.length === 0) return [];
      const { plan, note } = await openTemplates();
      const outcomes = await appendBatch({ client, prefix, plan, course }, fitBatch(batch, plan));
      await note();
      return outcomes;
    },
    ...createFeed(client, prefix),
    findRefused: (after) => findRefused(client, prefix, after),
    removeRefused: (records) => removeRefused(client, prefix, records),
    ...createSearches(client, prefix),
    saveIncident: async (incident, epoch) => {
      const [isSaved = false] = await saveAll([{ incident, epoch }]);
      return isSaved;
    },
    saveIncidents: saveAll,
    removeIncident: (id, epoch) => removeIncident(client, prefix, id, epoch),
    findEpoch: (id) => findEpoch(client, prefix, id),
    findIncident: (id) => findIncident(client, prefix, id),
    findIncidents: (query) => findIncidents(client, prefix, query),
    pageIncidents: (query) => pageIncidents(client, prefix, query),
    countJobIncidents: (query) => countJobIncidents(client, prefix, query),
    sumGroup: (query) => sumGroup(client, prefix, query),
    ...documents,
    ...openCollections(documents),
    deleteRecords: (query) => deleteRecords(client, prefix, query),
    // Elasticsearch frees deleted documents when it merges the segments that hold them.
    purgeDeleted: () => Promise.resolve(),
    ...createRetention(client, prefix, schemas),
    check: async () => {
      const version = await loadVersion(client);
      await makeTemplates();
      return { kind: 'elasticsearch', version };
    },
    readTime: () => readTime(client, prefix),
    readKeyEnd: () => readKeyEnd(client, settings.apiKey),
    checkDiskSpace: () => checkDiskSpace(client, prefix),
    close: () => client.close(),
  };
}

function createSearches(
  client: ElasticsearchClient,
  prefix: string,
): Pick<Store, 'searchRecords' | 'findRecords' | 'countJobRecords' | 'findContext'> {
  const lane = createExpensiveLane();
  return {
    searchRecords: (query, limits) =>
      lane.run(query, limits, (parameters) => searchRecords(limitClient(client, limits), prefix, query, parameters)),
    findRecords: (query, limits) =>
      lane.run(query, limits, (parameters) => findRecords(limitClient(client, limits), prefix, query, parameters)),
    countJobRecords: (query, limits) => countJobRecords(limitClient(client, limits), prefix, query),
    findContext: (id, lines, limits) => findContext(limitClient(client, limits), prefix, id, lines),
  };
}

/**
 * Returns the oldest version of the nodes that are asked. Health is asked first, because every distribution answers it.
 */
async function loadVersion(client: ElasticsearchClient): Promise<string> {
  const health = await client.send({
    method: 'GET',
    path: '/_cluster/health',
    query: { timeout: '5s' },
    expect: [408],
  });
  if (health.body['timed_out'] === true)
    throw createError('JT_STORE_UNREACHABLE', { url: client.url, problem: 'the cluster has no master' });
  const { body } = await client.send({
    method: 'GET',
    path: '/_nodes/_local,_master',
    query: { filter_path: 'nodes.*.version' },
  });
  const versions = Object.values(isObject(body['nodes']) ? body['nodes'] : {}).flatMap((node) =>
    isObject(node) ? [String(node['version'])] : [],
  );
  const [version] = versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  if (version === undefined)
    throw createError('JT_STORE_UNREACHABLE', { url: client.url, problem: 'no node tells its version' });
  if (Number.parseInt(version, 10) < OLDEST_MAJOR)
    throw createError('JT_STORE_UNUSABLE', {
      url: client.url,
      problem: `it is Elasticsearch ${version}`,
      advice: 'Jobtrace works with Elasticsearch 8.19 and 9.x.',
    });
  return version;
}

/**
 * Returns the clock of the cluster: a search that finds nothing reports the value of `now`. Everybody who may search
 * records may ask for it.
 */
async function readTime(client: ElasticsearchClient, prefix: string): Promise<number | undefined> {
  const { aggregations } = await search(client, `${prefix}-logs-*`, {
    size: 0,
    query: { match_none: {} },
    aggs: { clock: { date_range: { field: '@timestamp', ranges: [{ from: 'now' }] } } },
  });
  const from = fieldAt(readBuckets(aggregations['clock'])[0], 'from');
  return typeof from === 'number' ? from : undefined;
}

/** Returns when the API key expires. Every key may read the information about itself by its id, whatever its rights. */
async function readKeyEnd(client: ElasticsearchClient, apiKey = ''): Promise<number | undefined> {
  const [id] = Buffer.from(apiKey, 'base64').toString('utf8').split(':');
  if (id === undefined || id === '') return undefined;
  const { body } = await client.send({ method: 'GET', path: '/_security/api_key', query: { id } });
  const [key] = listAt(body, 'api_keys').filter(isObject);
  const end = key?.['expiration'];
  return typeof end === 'number' ? end : undefined;
}

/**
 * Throws JT_STORE_FULL while indices are read-only. Elasticsearch makes the indices on a disk over the flood-stage
 * watermark read-only, and lifts that by itself. Each call checks only the settings of our indices, because another
 * process may write them. A user that may not read the settings learns it from failed writes.
 */
async function checkDiskSpace(client: ElasticsearchClient, prefix: string): Promise<void> {
  // Left out, because rights that were granted for an earlier release do not name these indices, and agents do not need
  // `access`.
  const late = ['feedback', 'triage', 'silences', 'access'];
  const small = listSmallIndices().filter((name) => !late.includes(name));
  const names = [`${prefix}-logs-*`, ...small.map((name) => `${prefix}-${name}`)];
  const { status, body } = await client.send({
    method: 'GET',
    path: `/${names.join(',')}/_settings/index.blocks.read_only_allow_delete`,
    query: { flat_settings: true, ignore_unavailable: true, allow_no_indices: true },
    expect: [403],
  });
  if (status === 403) return;
  const blocked = Object.entries(body).filter(([, index]) => isFlooded(index));
  const [first] = blocked.map(([name]) => name).sort();
  if (first === undefined) return;
  const others = blocked.length === 1 ? 'is' : `and ${blocked.length - 1} more of its indices are`;
  throw createError('JT_STORE_FULL', {
    url: client.url,
    problem: `a disk is over the flood-stage watermark, so that ${first} ${others} read-only`,
  });
}

function isFlooded(index: unknown): boolean {
  const settings = isObject(index) ? index['settings'] : undefined;
  return isObject(settings) && String(settings['index.blocks.read_only_allow_delete']) === 'true';
}
