// Stores incidents, finds them, and lists them page by page with counts. The incident is kept as text; the fields by
// which it is searched, counted and listed are next to it. The release before kept the group of an incident in the
// field `state`, and its other values as tags (`severity=critical`) in the field `incidentId`: both forms are read.
import { fieldAt } from '../../core/json.js';
import { readPrimaryValues } from '../../core/wording/primary.js';
import type { Incident, IncidentRow } from '../../core/documents/incident.js';
import {
  decodeIncidentPlace,
  findNext,
  foldCounts,
  MAX_COUNTS,
  type CountedValues,
  type IncidentPlace,
} from '../incident-pages.js';
import { describeRow } from '../incident-rows.js';
import { findGroup } from '../job-counts.js';
import { formatTime, parseTime } from '../page.js';
import { isIncident, isIncidentRow, parseJson } from '../stored.js';
import {
  INCIDENT_FACETS,
  type IncidentFacet,
  type IncidentPage,
  type IncidentQuery,
  type IncidentWrite,
} from '../store.js';
import { nameDocument, sendBulk } from './bulk-documents.js';
import type { ElasticsearchClient } from './client.js';
import { loadText, namePath } from './documents.js';
import { readBuckets, search, type SearchHit } from './hits.js';
import { buildScope } from './query.js';

const MAX_INCIDENTS = 10_000;
/** Field with the list row of an incident, as text. It is not mapped. */
const ROW_FIELD = 'row';
/** Values that the release before kept as tags. */
const TAG_NAMES = ['cause', 'severity', 'owner', 'joined'] as const;
type TagName = (typeof TAG_NAMES)[number];
const FORMER_TAGS = 'incidentId';
const FORMER_GROUP = 'state';
/** Tag of an incident that is part of a platform incident. */
const FORMER_CHILD = 'child';
const NEWEST = [{ lastSeen: { order: 'desc', missing: '_last' } }, { id: 'asc' }];

/**
 * Saves incidents. Returns false for each one that was written with a later epoch, which is the version of the
 * document.
 */
export async function saveIncidents(
  client: ElasticsearchClient,
  prefix: string,
  writes: readonly IncidentWrite[],
): Promise<readonly boolean[]> {
  const actions = writes.map(({ incident, epoch }) => [
    { index: { ...nameDocument(prefix, 'incidents', incident.id), ...fence(epoch) } },
    fillIncident(incident),
  ]);
  const statuses = await sendBulk(client, actions, { refresh: true, expect: [409] });
  return statuses.map((status) => status !== 409);
}

function fillIncident(incident: Incident): object {
  const { id, cluster, job, outcome, parent, joined, firstSeen, lastSeen } = incident;
  return {
    ...{ id, cluster, jobId: job?.id, jobName: job?.name, outcome, parent, joined },
    ...readPrimaryValues(incident),
    group: findGroup(incident),
    firstSeen: fillTime(firstSeen),
    lastSeen: fillTime(lastSeen),
    [ROW_FIELD]: JSON.stringify(describeRow(incident)),
    body: JSON.stringify(incident),
  };
}

function fillTime(text: string | undefined): string | undefined {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : formatTime(time);
}

export async function removeIncident(
  client: ElasticsearchClient,
  prefix: string,
  id: string,
  epoch: number | undefined,
): Promise<boolean> {
  const path = namePath(prefix, 'incidents', id);
  const query = { refresh: true, ...fence(epoch) };
  const { status } = await client.send({ method: 'DELETE', path, query, expect: [404, 409] });
  return status !== 409;
}

/** Returns the epoch with which the incident was last written. It is the version of the document. */
export async function findEpoch(client: ElasticsearchClient, prefix: string, id: string): Promise<number | undefined> {
  const path = namePath(prefix, 'incidents', id);
  const { body } = await client.send({ method: 'GET', path, query: { _source: false }, expect: [404] });
  return typeof body['_version'] === 'number' ? body['_version'] : undefined;
}

function fence(epoch: number | undefined): object {
  return epoch === undefined ? {} : { version: epoch, version_type: 'external_gte' };
}

export async function findIncident(
  client: ElasticsearchClient,
  prefix: string,
  id: string,
): Promise<Incident | undefined> {
  const text = await loadText(client, prefix, 'incidents', id);
  const incident = text === undefined ? undefined : parseJson(text);
  if (isIncident(incident)) return incident;
  return (await loadFound(client, prefix, { query: hasValue('joined', id), size: 1 }))[0];
}

export function findIncidents(client: ElasticsearchClient, prefix: string, query: IncidentQuery): Promise<Incident[]> {
  const size = Math.min(query.limit, MAX_INCIDENTS);
  return loadFound(client, prefix, { query: buildIncidentFilter(query), sort: NEWEST, size });
}

async function loadFound(client: ElasticsearchClient, prefix: string, body: object): Promise<Incident[]> {
  const { hits } = await search(client, `${prefix}-incidents`, body);
  return hits.map(({ source }) => parseJson(String(source['body']))).filter(isIncident);
}

export function buildIncidentFilter(query: Omit<IncidentQuery, 'limit'>): object {
  const filter: object[] = [];
  for (const field of ['jobId', 'cluster', 'outcome'] as const)
    if (query[field] !== undefined) filter.push(term(field, query[field]));
  for (const name of ['cause', 'severity', 'owner'] as const)
    if (query[name] !== undefined) filter.push(hasValue(name, query[name]));
  if (query.group !== undefined) filter.push(anyOf(term('group', query.group), term(FORMER_GROUP, query.group)));
  if (query.job !== undefined) filter.push(anyOf(term('jobId', query.job), term('jobName', query.job)));
  if (query.ids !== undefined) filter.push({ terms: { id: query.ids } });
  if (query.notIds !== undefined) filter.push(not({ terms: { id: query.notIds } }));
  if (query.notOutcomes !== undefined) filter.push(not({ terms: { outcome: query.notOutcomes } }));
  if (query.isTop === true) filter.push(not({ exists: { field: 'parent' } }), not(term(FORMER_TAGS, FORMER_CHILD)));
  if (query.from !== undefined)
    filter.push({ range: { lastSeen: { gte: formatTime(parseTime('from', query.from)) } } });
  if (query.to !== undefined) filter.push({ range: { firstSeen: { lt: formatTime(parseTime('to', query.to)) } } });
  if (query.scope !== undefined) filter.push(buildScope(query.scope, ['cluster', 'jobId', 'jobName']));
  return { bool: { filter } };
}

function hasValue(name: TagName, value: string): object {
  return anyOf(term(name, value), term(FORMER_TAGS, `${name}=${value}`));
}

function term(field: string, value: string): object {
  return { term: { [field]: value } };
}

function anyOf(...should: readonly object[]): object {
  return { bool: { should, minimum_should_match: 1 } };
}

function not(condition: object): object {
  return { bool: { must_not: condition } };
}

export async function pageIncidents(
  client: ElasticsearchClient,
  prefix: string,
  { after, ...query }: IncidentQuery & { readonly after?: string },
): Promise<IncidentPage> {
  const { hits, aggregations } = await search(client, `${prefix}-incidents`, {
    query: buildIncidentFilter(query),
    // A post_filter, because the counts cover all pages.
    post_filter: after === undefined ? undefined : buildAfter(decodeIncidentPlace(after)),
    sort: NEWEST,
    size: query.limit,
    _source: [ROW_FIELD],
    aggs: {
      ...Object.fromEntries(INCIDENT_FACETS.flatMap(describeFacet)),
      all: { filter: { match_all: {} } },
    },
  });
  const rows = await readRows(client, prefix, hits);
  const total = Number(fieldAt(aggregations['all'], 'doc_count') ?? 0);
  const { counts } = foldCounts(INCIDENT_FACETS.flatMap((facet) => readCounts(facet, aggregations)));
  return { rows, total, counts, ...findNext(rows, query.limit) };
}

function describeFacet(facet: IncidentFacet): readonly (readonly [name: string, aggregation: object])[] {
  const rest = { size: MAX_COUNTS, order: [{ _count: 'desc' }, { _key: 'asc' }] };
  const now = [facet, { terms: { field: facet, ...rest } }] as const;
  if (!TAG_NAMES.some((name) => name === facet)) return [now];
  return [now, [nameFormer(facet), { terms: { field: FORMER_TAGS, include: `${facet}=.*`, ...rest } }]];
}

function readCounts(facet: IncidentFacet, aggregations: Readonly<Record<string, unknown>>): readonly CountedValues[] {
  const read = (name: string, prefix: string): readonly CountedValues[] =>
    readBuckets(aggregations[name]).map(({ key, doc_count: count }) => {
      const value = String(key).slice(prefix.length);
      return { values: (asked) => (asked === facet ? value : undefined), count: Number(count) };
    });
  return [...read(facet, ''), ...read(nameFormer(facet), `${facet}=`)];
}

function nameFormer(facet: IncidentFacet): string {
  return `former ${facet}`;
}

/** Reads the rows of the hits. An earlier release saved incidents without a row, so their documents are read. */
async function readRows(
  client: ElasticsearchClient,
  prefix: string,
  hits: readonly SearchHit[],
): Promise<IncidentRow[]> {
  const ids = hits.filter(({ source }) => source[ROW_FIELD] === undefined).map(({ id }) => id);
  const query = { ids: { values: ids } };
  const older = ids.length === 0 ? [] : (await search(client, `${prefix}-incidents`, { query, size: ids.length })).hits;
  const bodies = new Map(older.map(({ id, source }) => [id, source['body']]));
  return hits.flatMap(({ id, source }) => {
    if (source[ROW_FIELD] === undefined) {
      const incident = parseJson(String(bodies.get(id)));
      return isIncident(incident) ? describeRow(incident) : [];
    }
    const row = parseJson(String(source[ROW_FIELD]));
    return isIncidentRow(row) ? row : [];
  });
}

function buildAfter([lastSeen, id]: IncidentPlace): object {
  const isLater = { range: { id: { gt: id } } };
  const isUndated = not({ exists: { field: 'lastSeen' } });
  if (lastSeen === null) return { bool: { filter: [isUndated, isLater] } };
  const time = formatTime(lastSeen);
  return anyOf(
    { range: { lastSeen: { lt: time } } },
    { bool: { filter: [{ range: { lastSeen: { gte: time, lte: time } } }, isLater] } },
    isUndated,
  );
}
