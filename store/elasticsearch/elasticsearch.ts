// The store of a cluster: Elasticsearch 8.19 and 9. This file puts the port together; requests and errors are in
// client.ts, what we create in mapping.ts, writing in bulk.ts, the feed in feed.ts, reading in search.ts and
// query.ts, the small indices in documents.ts. Nothing is written before our index templates are there. It uses no
// data streams, pipelines, scripts or ILM: the smallest distribution and licence will do.
import { createError, type JobtraceError } from '../../core/errors.js';
import { isObject } from '../../core/json.js';
import { appendBatch } from './bulk.js';
import { openClient, readStatus, type ElasticsearchClient, type ElasticsearchSettings } from './client.js';
import {
  findAgentStatuses,
  findAlerts,
  findFeedback,
  findIncident,
  findIncidents,
  loadDocument,
  rememberAlert,
  saveFeedback,
  removeDocument,
  removeFound,
  removeRefused,
  replaceDocument,
  saveAgentStatus,
  saveDocument,
  saveIncident,
} from './documents.js';
import { createFeed } from './feed.js';
import { readBuckets, search } from './hits.js';
import { countJobIncidents, countJobRecords, loadJobLines, removeJobLines, saveJobLines, sumGroup } from './jobs.js';
import {
  buildTemplates,
  decideTemplate,
  nameLogTemplate,
  SMALL_INDICES,
  TEMPLATE_AGE,
  type TemplateAge,
} from './mapping.js';
import { readDayEnd } from './record/address.js';
import { nameRefusedIndex } from './record/refused.js';
import {
  addWords,
  decodeWordsPlan,
  encodeWordsPlan,
  listOldIndices,
  namesAnalyzer,
  type WordsPlan,
} from './record/words.js';
import { findContext, findRefused, searchRecords } from './search.js';
import { formatTime, parseTime, startOfDay } from '../page.js';
import type { Store } from '../store.js';

export type { ElasticsearchSettings } from './client.js';

export const DEFAULT_PREFIX = 'jobtrace';
const OLDEST_MAJOR = 8;
/** More days than anybody keeps. */
const MOST_INDICES = 10_000;
/** The states under which whoever made the templates says which, for those who may not look. */
const TEMPLATES_STATE = 'store/templates';
const WORDS_STATE = 'store/words';

/** Does not connect yet: Elasticsearch may come up later, and every call says when it cannot be reached. */
export function openElasticsearchStore(settings: ElasticsearchSettings): Store {
  const client = openClient(settings);
  const prefix = settings.indexPrefix ?? DEFAULT_PREFIX;
  const course = { calm: 0 };
  const openTemplates = rememberTemplates(() => createTemplates(client, prefix, settings));
  /** Whoever writes records comes first: to make the index of the notes takes Elasticsearch as long as theirs. */
  const makeTemplates = async (): Promise<void> => (await openTemplates()).note();
  return {
    encoding: { kind: 'elasticsearch', prefix },
    prepare: async () => {
      await openTemplates();
    },
    append: async (batch) => {
      if (batch.lengths.length === 0) return [];
      const { plan, note } = await openTemplates();
      const outcomes = await appendBatch({ client, prefix, plan, course }, addWords(batch, plan));
      await note();
      return outcomes;
    },
    ...createFeed(client, prefix),
    findRefused: (after) => findRefused(client, prefix, after),
    removeRefused: (records) => removeRefused(client, prefix, records),
    searchRecords: (query) => searchRecords(client, prefix, query),
    countJobRecords: (query) => countJobRecords(client, prefix, query),
    findContext: (id, lines) => findContext(client, prefix, id, lines),
    saveIncident: async (incident) => {
      await makeTemplates();
      await saveIncident(client, prefix, incident);
    },
    removeIncident: (id) => removeDocument(client, prefix, 'incidents', id),
    findIncident: (id) => findIncident(client, prefix, id),
    findIncidents: (query) => findIncidents(client, prefix, query),
    countJobIncidents: (query) => countJobIncidents(client, prefix, query),
    sumGroup: (query) => sumGroup(client, prefix, query),
    saveJobLines: async (lines) => {
      await makeTemplates();
      await saveJobLines(client, prefix, lines);
    },
    loadJobLines: (cluster) => loadJobLines(client, prefix, cluster),
    rememberAlert: async (alert) => {
      await makeTemplates();
      await rememberAlert(client, prefix, alert);
    },
    findAlerts: (query) => findAlerts(client, prefix, query),
    saveFeedback: async (feedback) => {
      await makeTemplates();
      await saveFeedback(client, prefix, feedback);
    },
    findFeedback: (query) => findFeedback(client, prefix, query),
    saveState: async (key, value) => {
      await makeTemplates();
      await saveState(client, prefix, key, value);
    },
    loadState: (key) => loadDocument(client, prefix, 'states', key),
    removeState: (key) => removeDocument(client, prefix, 'states', key),
    replaceState: async (key, known, value) => {
      await makeTemplates();
      return replaceDocument(client, prefix, 'states', { id: key, known, body: value });
    },
    saveAgentStatus: async (status) => {
      await makeTemplates();
      await saveAgentStatus(client, prefix, status);
    },
    findAgentStatuses: () => findAgentStatuses(client, prefix),
    deleteBefore: (time) => deleteBefore(client, prefix, parseTime('time', time)),
    check: async () => {
      const version = await loadVersion(client);
      await makeTemplates();
      return { kind: 'elasticsearch', version };
    },
    checkRoom: () => checkRoom(client, prefix),
    close: () => client.close(),
  };
}

/** What failed is tried again. */
function rememberTemplates(create: () => Promise<Prepared>): () => Promise<Prepared> {
  let prepared: Promise<Prepared> | undefined;
  return () => {
    prepared ??= create().catch((error: unknown) => {
      prepared = undefined;
      throw error;
    });
    return prepared;
  };
}

interface Prepared {
  readonly plan: WordsPlan;
  /** Keeps what was found out for those who come later, once; done at once where it is kept already. */
  note(): Promise<void>;
}

/**
 * Leaves newer templates alone. Who may not make them needs somebody else to have done it. Where they are there, it is
 * three questions at once: an agent's first records wait for them.
 */
async function createTemplates(
  client: ElasticsearchClient,
  prefix: string,
  settings: ElasticsearchSettings,
): Promise<Prepared> {
  const [put, plan, version] = await Promise.all([
    putTemplates(client, prefix, settings),
    loadDocument(client, prefix, 'states', WORDS_STATE),
    loadMadeVersion(client, prefix),
  ]);
  if (put.kind === 'denied') {
    if (version >= TEMPLATE_AGE.version) return { plan: decodeWordsPlan(plan), note: () => Promise.resolve() };
    throw explainDenied(client, put.error);
  }
  // Whoever made the templates may have ended before it noted the plan.
  const found = put.isMade || plan === undefined ? await planWords(client, prefix) : undefined;
  let noted: Promise<void> | undefined;
  const prepared: Prepared = {
    plan: found ?? decodeWordsPlan(plan),
    note: () => {
      noted ??= notePlan(client, prefix, { found, version }).catch((error: unknown) => {
        noted = undefined;
        throw error;
      });
      return noted;
    },
  };
  // Indices of before are found by whoever looks first; without them all who look find the same.
  if (found === undefined || found.except.length === 0) return prepared;
  await prepared.note();
  return { ...prepared, plan: await loadWordsPlan(client, prefix) };
}

async function notePlan(
  client: ElasticsearchClient,
  prefix: string,
  { found, version }: { readonly found: WordsPlan | undefined; readonly version: number },
): Promise<void> {
  if (found !== undefined) await saveState(client, prefix, WORDS_STATE, encodeWordsPlan(found));
  if (version < TEMPLATE_AGE.version) await saveState(client, prefix, TEMPLATES_STATE, String(TEMPLATE_AGE.version));
}

function explainDenied({ url }: ElasticsearchClient, error: unknown): JobtraceError {
  return createError(
    'JT_STORE_DENIED',
    {
      url,
      problem:
        'there are no index templates yet, and this user may not create them: start the analyzer or the API first, or grant manage_index_templates',
    },
    error,
  );
}

type Put =
  /** `isMade`: the template of the records is another one now. */
  { readonly kind: 'put'; readonly isMade: boolean } | { readonly kind: 'denied'; readonly error: unknown };

async function putTemplates(
  client: ElasticsearchClient,
  prefix: string,
  settings: ElasticsearchSettings,
): Promise<Put> {
  try {
    let isMade = false;
    const ages = await loadTemplateAges(client, prefix);
    for (const [name, template] of Object.entries(buildTemplates(prefix, settings, 'analyzer'))) {
      const decision = decideTemplate(ages.get(name));
      if (decision === 'same' || decision === 'newer') continue;
      const path = `/_index_template/${name}`;
      const { status } = await client.send({ method: 'PUT', path, body: template, expect: [400] });
      // The smallest distribution lacks what the analyzer is made of.
      if (status !== 200) {
        const body = buildTemplates(prefix, settings, 'document')[name];
        await client.send({ method: 'PUT', path, body });
      }
      if (name === nameLogTemplate(prefix)) isMade = true;
    }
    return { kind: 'put', isMade };
  } catch (error) {
    if (readStatus(error) !== 403) throw error;
    return { kind: 'denied', error };
  }
}

/** With an analyzer, indices that were made before it still want their words. */
async function planWords(client: ElasticsearchClient, prefix: string): Promise<WordsPlan> {
  const [template, { status, body }, indices] = await Promise.all([
    client.send({
      method: 'GET',
      path: `/_index_template/${nameLogTemplate(prefix)}`,
      query: { filter_path: 'index_templates.index_template.template.mappings' },
    }),
    client.send({
      method: 'GET',
      path: `/${prefix}-logs-*/_mapping/field/jobtrace.words`,
      query: { ignore_unavailable: true, allow_no_indices: true },
      // There is no index yet, or this user may read but not look at mappings.
      expect: [403, 404],
    }),
    listIndices(client, prefix),
  ]);
  if (!namesAnalyzer(template.body)) return { by: 'document', except: [] };
  return { by: 'analyzer', except: listOldIndices(status === 200 ? body : {}, indices) };
}

/** Those with records. */
async function listIndices(client: ElasticsearchClient, prefix: string): Promise<string[]> {
  const { aggregations } = await search(client, `${prefix}-logs-*`, {
    size: 0,
    aggs: { indices: { terms: { field: '_index', size: MOST_INDICES } } },
  });
  return readBuckets(aggregations['indices']).map((bucket) => String(bucket['key']));
}

async function loadWordsPlan(client: ElasticsearchClient, prefix: string): Promise<WordsPlan> {
  return decodeWordsPlan(await loadDocument(client, prefix, 'states', WORDS_STATE));
}

async function saveState(client: ElasticsearchClient, prefix: string, key: string, value: string): Promise<void> {
  await saveDocument(client, prefix, 'states', key, { id: key, body: value }, false);
}

/** What somebody who may make templates has noted for those who may not even read them. */
async function loadMadeVersion(client: ElasticsearchClient, prefix: string): Promise<number> {
  return Number((await loadDocument(client, prefix, 'states', TEMPLATES_STATE)) ?? 0);
}

/** By the names of the templates; users may have some that begin like ours. */
async function loadTemplateAges(
  client: ElasticsearchClient,
  prefix: string,
): Promise<ReadonlyMap<string, TemplateAge>> {
  const { body } = await client.send({
    method: 'GET',
    path: `/_index_template/${prefix}-*`,
    query: {
      filter_path:
        'index_templates.name,index_templates.index_template.version,index_templates.index_template._meta.digest',
    },
    expect: [404],
  });
  const list: readonly unknown[] = Array.isArray(body['index_templates']) ? body['index_templates'] : [];
  return new Map(list.filter(isObject).map((item) => [String(item['name']), readTemplateAge(item['index_template'])]));
}

function readTemplateAge(template: unknown): TemplateAge {
  if (!isObject(template)) return { version: 0, digest: '' };
  const meta = isObject(template['_meta']) ? template['_meta'] : {};
  return { version: Number(template['version'] ?? 0), digest: String(meta['digest'] ?? '') };
}

/** The oldest version of any node. Health comes first: it is the one question that every distribution answers. */
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
 * Over the flood-stage watermark of a disk Elasticsearch makes the indices on it read-only, and lifts that by itself.
 * Each call looks again, at the settings of our indices alone: what writes may be another process. Who may not look at
 * an index is told by its writes.
 */
async function checkRoom(client: ElasticsearchClient, prefix: string): Promise<void> {
  // Rights that were granted for an earlier release do not name the feedback.
  const small = SMALL_INDICES.filter((name) => name !== 'feedback');
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

/** Days go as whole indices; undated records by the day on which they were stored, refused ones one by one. */
async function deleteBefore(client: ElasticsearchClient, prefix: string, timeMs: number): Promise<number> {
  const { body } = await client.send({
    method: 'GET',
    path: `/${prefix}-logs-*/_stats/docs`,
    query: { filter_path: 'indices.*.primaries.docs.count', ignore_unavailable: true },
  });
  let removed = 0;
  for (const [index, value] of Object.entries(isObject(body['indices']) ? body['indices'] : {})) {
    const dayEnd = readDayEnd(index);
    if (dayEnd === undefined || dayEnd > timeMs) continue;
    await removeIndex(client, index);
    removed += countDocuments(value);
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
  await removeJobLines(client, prefix, timeMs);
  await removeFound(client, `${prefix}-alerts`, { range: { time: before } });
  await removeFound(client, `${prefix}-agents`, { range: { time: before } });
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
