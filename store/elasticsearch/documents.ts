// Stores incidents, alerts, feedback, triage, silences, states and agent statuses: few and small documents, one index
// for each kind. The document is kept as text, so that nothing in it can be refused; the few fields that are searched
// are next to it. A search finds a saved incident or alert at once; an agent's status may show a second later.
import { createError, type JobtraceError } from '../../core/errors.js';
import { MAX_FEEDBACK, nameFeedback, type Feedback } from '../../core/routing/feedback.js';
import { isObject } from '../../core/json.js';
import { readLeadValues } from '../../core/wording/lead.js';
import { MAX_SILENCES, type Silence } from '../../core/routing/silence.js';
import { MAX_TRIAGE, nameTriage, type Triage } from '../../core/routing/triage.js';
import type { Incident, LogRecord } from '../../core/types.js';
import { codeOf, FLOOD_STAGE, readReason, type ElasticsearchClient } from './client.js';
import { GROUP_FIELD, TAGS_FIELD, type SmallIndex } from './templates/mapping.js';
import { buildScope } from './query.js';
import { search, type SearchHit } from './hits.js';
import { locateRefused } from './record/refused.js';
import { encodeId, listIds } from './record/id.js';
import { describeRow } from '../incidents/rows.js';
import { formatTime, parseTime } from '../page.js';
import { isAgentStatus, isAlert, isFeedback, isIncident, isSilence, isTriage, parseJson } from '../stored.js';
import { findGroup } from '../jobs/counts.js';
import type { AgentStatus, Alert, IncidentQuery, IncidentWrite } from '../store.js';

const MAX_DOCUMENTS = 10_000;

/**
 * Properties of an incident that are stored as tags (`severity=critical`), because the index has no fields for them.
 */
export const TAG_NAMES = ['cause', 'severity', 'owner'] as const;
/**
 * Field with the list row of an incident, as text. It is not mapped, so that indices of earlier releases accept it too.
 */
export const ROW_FIELD = 'row';
/** Tag of an incident that is part of a platform incident. */
const CHILD_TAG = 'child';

/**
 * Saves incidents. Returns false for each one that was written with a later epoch (`turn`), which is the version of the
 * document.
 */
export async function saveIncidents(
  client: ElasticsearchClient,
  prefix: string,
  writes: readonly IncidentWrite[],
): Promise<readonly boolean[]> {
  const lines = writes.map(({ incident, epoch }) => [
    { index: { ...target(prefix, 'incidents', incident.id), ...fence(epoch) } },
    fillIncident(incident),
  ]);
  const statuses = await sendBulk(client, lines, { refresh: true, expect: [409] });
  return statuses.map((status) => status !== 409);
}

function fillIncident(incident: Incident): object {
  return {
    id: incident.id,
    cluster: incident.cluster,
    jobId: incident.job?.id,
    jobName: incident.job?.name,
    outcome: incident.outcome,
    [GROUP_FIELD]: findGroup(incident),
    [TAGS_FIELD]: tagIncident(incident),
    [ROW_FIELD]: JSON.stringify(describeRow(incident)),
    ...fillTime('firstSeen', incident.firstSeen),
    ...fillTime('lastSeen', incident.lastSeen),
    body: JSON.stringify(incident),
  };
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

/** Returns the tag for the id of an incident that was merged into another one. */
function nameJoined(id: string): string {
  return `joined=${id}`;
}

function tagIncident(incident: Incident): readonly string[] {
  const values = readLeadValues(incident);
  const tags = TAG_NAMES.flatMap((name) => (values[name] === undefined ? [] : [`${name}=${values[name]}`]));
  const joined = (incident.joined ?? []).map(nameJoined);
  return [...tags, ...joined, ...(incident.parent === undefined ? [] : [CHILD_TAG])];
}

export async function findIncident(
  client: ElasticsearchClient,
  prefix: string,
  id: string,
): Promise<Incident | undefined> {
  const body = await loadDocument(client, prefix, 'incidents', id);
  const incident = body === undefined ? undefined : parseJson(body);
  if (isIncident(incident)) return incident;
  const query = { term: { [TAGS_FIELD]: nameJoined(id) } };
  return (await findDocuments(client, prefix, 'incidents', { query, size: 1 }, isIncident))[0];
}

export async function findIncidents(
  client: ElasticsearchClient,
  prefix: string,
  query: IncidentQuery,
): Promise<Incident[]> {
  const sort = [{ lastSeen: { order: 'desc', missing: '_last' } }, { id: 'asc' }];
  return findDocuments(
    client,
    prefix,
    'incidents',
    { query: buildIncidentFilter(query), sort, size: Math.min(query.limit, MAX_DOCUMENTS) },
    isIncident,
  );
}

export function buildIncidentFilter(query: Omit<IncidentQuery, 'limit'>): object {
  const filter: object[] = [];
  const equals: readonly (readonly [string, string | undefined])[] = [
    ['jobId', query.jobId],
    ['cluster', query.cluster],
    ['outcome', query.outcome],
    [GROUP_FIELD, query.group],
  ];
  for (const [field, value] of equals) if (value !== undefined) filter.push({ term: { [field]: value } });
  if (query.job !== undefined)
    filter.push({ bool: { should: ['jobId', 'jobName'].map((field) => ({ term: { [field]: query.job } })) } });
  for (const name of TAG_NAMES)
    if (query[name] !== undefined) filter.push({ term: { [TAGS_FIELD]: `${name}=${query[name]}` } });
  if (query.ids !== undefined) filter.push({ terms: { id: query.ids } });
  if (query.notIds !== undefined) filter.push({ bool: { must_not: { terms: { id: query.notIds } } } });
  if (query.notOutcomes !== undefined) filter.push({ bool: { must_not: { terms: { outcome: query.notOutcomes } } } });
  if (query.isTop === true) filter.push({ bool: { must_not: { term: { [TAGS_FIELD]: CHILD_TAG } } } });
  if (query.from !== undefined)
    filter.push({ range: { lastSeen: { gte: formatTime(parseTime('from', query.from)) } } });
  if (query.to !== undefined) filter.push({ range: { firstSeen: { lt: formatTime(parseTime('to', query.to)) } } });
  if (query.scope !== undefined) filter.push(buildScope(query.scope, ['cluster', 'jobId', 'jobName']));
  return { bool: { filter } };
}

export async function rememberAlerts(
  client: ElasticsearchClient,
  prefix: string,
  alerts: readonly Alert[],
): Promise<void> {
  const lines = alerts.map((alert) => [
    { index: target(prefix, 'alerts', alert.id) },
    {
      id: alert.id,
      incidentId: alert.incidentId,
      state: alert.state,
      ...fillTime('time', alert.sentAt),
      body: JSON.stringify(alert),
    },
  ]);
  await sendBulk(client, lines, { refresh: true });
}

export async function findAlerts(
  client: ElasticsearchClient,
  prefix: string,
  query: { readonly incidentId?: string; readonly state?: Alert['state']; readonly limit: number },
): Promise<Alert[]> {
  const filter: object[] = [];
  if (query.incidentId !== undefined) filter.push({ term: { incidentId: query.incidentId } });
  if (query.state !== undefined) filter.push({ term: { state: query.state } });
  const sort = [{ time: { order: 'desc', missing: '_last' } }, { id: 'asc' }];
  return findDocuments(
    client,
    prefix,
    'alerts',
    { query: { bool: { filter } }, sort, size: Math.min(query.limit, MAX_DOCUMENTS) },
    isAlert,
  );
}

export async function saveFeedback(client: ElasticsearchClient, prefix: string, feedback: Feedback): Promise<void> {
  await saveAnnotation(client, prefix, 'feedback', nameFeedback(feedback), feedback);
}

export async function saveTriage(client: ElasticsearchClient, prefix: string, triage: Triage): Promise<void> {
  await saveAnnotation(client, prefix, 'triage', nameTriage(triage), triage);
}

/** Saves an annotation of an incident. */
async function saveAnnotation(
  client: ElasticsearchClient,
  prefix: string,
  index: SmallIndex,
  id: string,
  annotation: { readonly incidentId: string; readonly at: string },
): Promise<void> {
  const { incidentId, at } = annotation;
  await saveDocument(
    client,
    prefix,
    index,
    id,
    { id, incidentId, ...fillTime('time', at), body: JSON.stringify(annotation) },
    true,
  );
}

export async function findFeedback(
  client: ElasticsearchClient,
  prefix: string,
  { incidentId }: { readonly incidentId?: string },
): Promise<Feedback[]> {
  const filter = incidentId === undefined ? [] : [{ term: { incidentId } }];
  const sort = [{ time: { order: 'desc', missing: '_last' } }, { id: 'asc' }];
  return findDocuments(
    client,
    prefix,
    'feedback',
    { query: { bool: { filter } }, sort, size: MAX_FEEDBACK },
    isFeedback,
  );
}

export async function findTriage(
  client: ElasticsearchClient,
  prefix: string,
  { incidentIds }: { readonly incidentIds?: readonly string[] },
): Promise<Triage[]> {
  const filter = incidentIds === undefined ? [] : [{ terms: { incidentId: incidentIds } }];
  const sort = [{ time: { order: 'desc', missing: '_last' } }, { id: 'asc' }];
  return findDocuments(client, prefix, 'triage', { query: { bool: { filter } }, sort, size: MAX_TRIAGE }, isTriage);
}

/** Saves a silence. Its `time` is its end. */
export async function saveSilence(client: ElasticsearchClient, prefix: string, silence: Silence): Promise<void> {
  const { id, endsAt } = silence;
  const time = formatTime(parseTime('endsAt', endsAt));
  await saveDocument(client, prefix, 'silences', id, { id, time, body: JSON.stringify(silence) }, true);
}

export async function findSilences(
  client: ElasticsearchClient,
  prefix: string,
  { endsAfter }: { readonly endsAfter?: string | undefined },
): Promise<Silence[]> {
  const filter =
    endsAfter === undefined ? [] : [{ range: { time: { gt: formatTime(parseTime('endsAfter', endsAfter)) } } }];
  const sort = [{ time: 'desc' }, { id: 'asc' }];
  return findDocuments(
    client,
    prefix,
    'silences',
    { query: { bool: { filter } }, sort, size: MAX_SILENCES },
    isSilence,
  );
}

export async function saveAgentStatus(client: ElasticsearchClient, prefix: string, status: AgentStatus): Promise<void> {
  await saveDocument(
    client,
    prefix,
    'agents',
    status.id,
    { id: status.id, ...fillTime('time', status.time), body: JSON.stringify(status) },
    false,
  );
}

export async function findAgentStatuses(client: ElasticsearchClient, prefix: string): Promise<AgentStatus[]> {
  return findDocuments(client, prefix, 'agents', { sort: [{ id: 'asc' }], size: MAX_DOCUMENTS }, isAgentStatus);
}

/** Saves a document. With `atOnce`, a search sees it when this returns, which costs a refresh of a small index. */
export async function saveDocument(
  client: ElasticsearchClient,
  prefix: string,
  index: SmallIndex,
  id: string,
  document: object,
  atOnce: boolean,
): Promise<void> {
  await client.send({ method: 'PUT', path: namePath(prefix, index, id), query: { refresh: atOnce }, body: document });
}

/** Loads the text of a document. It is read in real time, so that a saved document is seen at once. */
export async function loadDocument(
  client: ElasticsearchClient,
  prefix: string,
  index: SmallIndex,
  id: string,
): Promise<string | undefined> {
  const { body } = await client.send({
    method: 'GET',
    path: namePath(prefix, index, id).replace('/_doc/', '/_source/'),
    query: { _source_includes: 'body' },
    expect: [404],
  });
  return typeof body['body'] === 'string' ? body['body'] : undefined;
}

/**
 * Replaces the text `known` (undefined: no document) by `body`. Returns false if another text was there. A search may
 * find the new text a moment later.
 */
export async function replaceDocument(
  client: ElasticsearchClient,
  prefix: string,
  index: SmallIndex,
  { id, known, body }: { readonly id: string; readonly known: string | undefined; readonly body: string },
): Promise<boolean> {
  const path = namePath(prefix, index, id);
  const condition = known === undefined ? { op_type: 'create' } : await loadVersion(client, path, known);
  if (condition === undefined) return false;
  const { status } = await client.send({ method: 'PUT', path, query: condition, body: { id, body }, expect: [409] });
  return status !== 409;
}

/** Returns the version of the document, or undefined if its text is not `known` or it does not exist. */
async function loadVersion(
  client: ElasticsearchClient,
  path: string,
  known: string,
): Promise<{ readonly if_seq_no: number; readonly if_primary_term: number } | undefined> {
  const { body } = await client.send({ method: 'GET', path, query: { _source_includes: 'body' }, expect: [404] });
  const { _seq_no: sequence, _primary_term: term, _source: source } = body;
  return isObject(source) && source['body'] === known
    ? { if_seq_no: Number(sequence), if_primary_term: Number(term) }
    : undefined;
}

export async function removeDocument(
  client: ElasticsearchClient,
  prefix: string,
  index: SmallIndex,
  id: string,
): Promise<void> {
  await client.send({ method: 'DELETE', path: namePath(prefix, index, id), query: { refresh: true }, expect: [404] });
}

/** Deletes the documents that a search finds, a thousand at a time. Returns their number. */
export async function removeFound(client: ElasticsearchClient, index: string, query: object): Promise<number> {
  let removed = 0;
  for (;;) {
    const { hits } = await search(client, index, { query, size: 1_000, _source: false });
    if (hits.length === 0) return removed;
    await sendDeletes(client, hits.map(readTarget));
    removed += hits.length;
  }
}

/** Deletes these documents. A search finds them until the next refresh. */
export async function removeHits(client: ElasticsearchClient, hits: readonly SearchHit[]): Promise<void> {
  if (hits.length > 0) await sendDeletes(client, hits.map(readTarget), false);
}

/**
 * Deletes records from the index of refused records. A missing record is no error. A search finds none of them
 * afterwards.
 */
export async function removeRefused(
  client: ElasticsearchClient,
  prefix: string,
  records: readonly LogRecord[],
): Promise<void> {
  if (records.length === 0) return;
  const targets = records.flatMap((record) => {
    const { index, routing } = locateRefused(prefix, record);
    return listIds(record.id).map((_id) => ({ _index: index, _id, routing: routing ?? _id }));
  });
  await sendDeletes(client, targets);
}

/**
 * Deletes documents. A missing document is no error. Throws the errors of `sendBulk` if a document could not be
 * deleted.
 */
async function sendDeletes(client: ElasticsearchClient, targets: readonly object[], refresh = true): Promise<void> {
  await sendBulk(
    client,
    targets.map((target) => [{ delete: target }]),
    { refresh },
  );
}

/** Deletes documents by their ids. A missing document is no error. A search finds none of them afterwards. */
export async function removeDocuments(
  client: ElasticsearchClient,
  prefix: string,
  index: SmallIndex,
  ids: readonly string[],
): Promise<void> {
  await sendDeletes(
    client,
    ids.map((id) => target(prefix, index, id)),
  );
}

/** Saves documents by their id, all in one request; a search finds them a moment later. */
export async function saveDocuments(
  client: ElasticsearchClient,
  prefix: string,
  index: SmallIndex,
  documents: readonly { readonly id: string }[],
): Promise<void> {
  const lines = documents.map((document) => [{ index: target(prefix, index, document.id) }, document]);
  await sendBulk(client, lines, { refresh: false });
}

function target(prefix: string, index: SmallIndex, id: string): object {
  return { _index: `${prefix}-${index}`, _id: encodeId(id) };
}

/**
 * Largest number of characters in a request, well below the 100 MB that Elasticsearch accepts
 * (http.max_content_length).
 */
const MAX_BULK_CHARS = 8_000_000;

/**
 * Sends actions, each with its document. Returns the status of each action in their order. A status in `expect` is an
 * answer. For any other status that is an error, it throws the same errors as `client.send`; the other actions may be
 * done then.
 */
async function sendBulk(
  client: ElasticsearchClient,
  actions: readonly (readonly object[])[],
  { refresh, expect = [] }: { readonly refresh: boolean; readonly expect?: readonly number[] },
): Promise<readonly number[]> {
  const statuses: number[] = [];
  const texts = actions.map((lines) => lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  for (const lines of joinTexts(texts)) {
    const { body } = await client.send({
      method: 'POST',
      path: '/_bulk',
      query: { refresh, filter_path: 'errors,items.*.status,items.*.error.type,items.*.error.reason' },
      lines: Buffer.from(lines),
      mayRepeat: true,
    });
    const items = (Array.isArray(body['items']) ? body['items'] : [])
      .flatMap((item) => (isObject(item) ? Object.values(item) : []))
      .filter(isObject);
    const failed = items.find((item) => item['error'] !== undefined && !expect.includes(Number(item['status'])));
    if (failed !== undefined) throw explainItem(client, failed);
    for (const item of items) statuses.push(Number(item['status']));
  }
  return statuses;
}

/** Joins the texts to as few as possible, each with at most MAX_BULK_CHARS characters. */
function joinTexts(texts: readonly string[]): readonly string[] {
  const joined: string[] = [];
  let length = 0;
  let open: string[] = [];
  for (const text of texts) {
    if (open.length > 0 && length + text.length > MAX_BULK_CHARS) {
      joined.push(open.join(''));
      open = [];
      length = 0;
    }
    open.push(text);
    length += text.length;
  }
  return open.length === 0 ? joined : [...joined, open.join('')];
}

function explainItem({ url }: ElasticsearchClient, item: Readonly<Record<string, unknown>>): JobtraceError {
  const reason = readReason(item);
  const status = Number(item['status']);
  const problem = `status ${status}, ${reason}`;
  return createError(FLOOD_STAGE.test(reason) ? 'JT_STORE_FULL' : codeOf(status), { url, problem });
}

function readTarget(hit: SearchHit): object {
  return { _index: hit.index, _id: hit.id, routing: hit.routing };
}

export async function findDocuments<Body>(
  client: ElasticsearchClient,
  prefix: string,
  index: SmallIndex,
  body: object,
  isBody: (value: unknown) => value is Body,
): Promise<Body[]> {
  const { hits } = await search(client, `${prefix}-${index}`, body);
  return hits.map((hit) => parseJson(String(hit.source['body']))).filter(isBody);
}

function fillTime(name: string, text: string | undefined): object {
  const time = text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(time) ? {} : { [name]: formatTime(time) };
}

function namePath(prefix: string, index: SmallIndex, id: string): string {
  return `/${prefix}-${index}/_doc/${encodeURIComponent(encodeId(id))}`;
}

/**
 * Returns the index of a state. The states that grant access to the API have their own index, because agents write
 * states and must not grant access.
 */
export function indexOfState(key: string): SmallIndex {
  return key.startsWith('access/') ? 'access' : 'states';
}

export async function saveState(
  client: ElasticsearchClient,
  prefix: string,
  key: string,
  value: string,
): Promise<void> {
  await saveDocument(client, prefix, indexOfState(key), key, { id: key, body: value }, false);
}
