// Stores incidents, alerts, feedback, triage, silences and reports of agents: each is one JSON document next to the
// columns by which it is queried. Also counts the records and incidents of each job.
import { MAX_FEEDBACK, nameFeedback, type Feedback } from '../../core/routing/feedback.js';
import { MAX_SILENCES, type Silence } from '../../core/routing/silence.js';
import { MAX_TRIAGE, nameTriage, type Triage } from '../../core/routing/triage.js';
import type { Incident } from '../../core/types.js';
import {
  describeGroup,
  findGroup,
  GROUP_DAY_MS,
  groupJobs,
  MAX_JOB_ROWS,
  type GroupCounts,
  type JobPart,
} from '../jobs/counts.js';
import type { AgentStatus, Alert, GroupQuery, GroupSum, IncidentQuery, JobQuery, JobRows } from '../store.js';
import { isAgentStatus, isAlert, isFeedback, isIncident, isSilence, isTriage, parseJson } from '../stored.js';
import { parseTime } from '../page.js';
import { goesOn, type Connection } from './engine.js';
import { buildScope, buildWhere, joinConditions, type SqlCondition } from './query.js';

/** Saves an incident. Returns false if it was written with a later epoch (`turn`). */
export function saveIncident(connection: Connection, incident: Incident, epoch: number | undefined): boolean {
  const latest = findEpoch(connection, incident.id);
  if (epoch !== undefined && latest !== undefined && latest > epoch) return false;
  connection
    .prepare('INSERT OR REPLACE INTO incidents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    .run(
      incident.id,
      incident.cluster,
      incident.job?.id ?? null,
      incident.job?.name ?? null,
      incident.outcome,
      readTime(incident.firstSeen),
      readTime(incident.lastSeen),
      JSON.stringify(incident),
      findGroup(incident) ?? null,
      epoch ?? 0,
    );
  const join = connection.prepare('INSERT OR REPLACE INTO joined_incidents VALUES (?, ?)');
  for (const id of incident.joined ?? []) join.run(id, incident.id);
  return true;
}

export function removeIncident(connection: Connection, id: string, epoch = Number.MAX_SAFE_INTEGER): boolean {
  connection.prepare('DELETE FROM incidents WHERE id = ? AND turn <= ?').run(id, epoch);
  return connection.prepare('SELECT 1 FROM incidents WHERE id = ?').get(id) === undefined;
}

export function findEpoch(connection: Connection, id: string): number | undefined {
  return connection.prepare<{ turn: number }>('SELECT turn FROM incidents WHERE id = ?').get(id)?.turn;
}

export function findIncident(connection: Connection, id: string): Incident | undefined {
  const sql = `SELECT body FROM incidents WHERE id IN (?, (SELECT heir FROM joined_incidents WHERE id = ?)) ORDER BY id != ?`;
  return readBodies(connection, { sql, params: [id, id, id] }, isIncident)[0];
}

export function findIncidents(connection: Connection, query: IncidentQuery): Incident[] {
  const where = buildIncidentWhere(query);
  return readBodies(
    connection,
    {
      // The rows alone decide which ones; then their documents are read.
      sql: `SELECT body FROM incidents WHERE id IN (SELECT id FROM incident_rows WHERE ${where.sql} ORDER BY last_seen DESC NULLS LAST, id LIMIT ?)
            ORDER BY last_seen DESC NULLS LAST, id`,
      params: [...where.params, query.limit],
    },
    isIncident,
  );
}

export function countJobRecords(connection: Connection, query: JobQuery): JobRows {
  return countJobs(
    connection,
    'records',
    { kind: `ifnull(level, 'NONE')`, last: 'time', number: 'seq' },
    buildWhere(query),
  );
}

export function countJobIncidents(connection: Connection, query: JobQuery): JobRows {
  return countJobs(
    connection,
    'incident_rows',
    { kind: 'outcome', last: 'last_seen', number: 'rowid' },
    buildIncidentWhere(query),
  );
}

function countJobs(
  connection: Connection,
  table: 'records' | 'incident_rows',
  columns: { readonly kind: string; readonly last: string; readonly number: string },
  where: SqlCondition,
): JobRows {
  const rows = connection
    .prepare<JobPart>(
      `SELECT job_id AS id, job_name AS name, cluster, ${columns.kind} AS kind, count(*) AS count, max(${columns.last}) AS lastMs
       FROM ${table} WHERE (${where.sql}) AND (job_id IS NOT NULL OR job_name IS NOT NULL) AND ${goesOn(columns.number)} GROUP BY 1, 2, 3, 4 LIMIT ?`,
    )
    .all(...where.params, MAX_JOB_ROWS + 1);
  return groupJobs(rows.slice(0, MAX_JOB_ROWS), rows.length <= MAX_JOB_ROWS);
}

/**
 * Query for the newest time of each cluster. It reads only facts, because their index begins with the cluster, and each
 * process begins with a fact.
 */
const NEWEST = `
  WITH RECURSIVE clusters (name) AS (
    SELECT min(cluster) FROM records WHERE signal >= 'fact.' AND signal < 'fact/'
    UNION ALL
    SELECT (SELECT min(cluster) FROM records WHERE signal >= 'fact.' AND signal < 'fact/' AND cluster > name)
    FROM clusters WHERE name IS NOT NULL)
  SELECT name AS cluster,
    (SELECT max(time) FROM records WHERE signal >= 'fact.' AND signal < 'fact/' AND cluster = name) AS last
  FROM clusters WHERE name IS NOT NULL`;

export function findNewest(connection: Connection, from: string): ReadonlyMap<string, number> {
  const since = parseTime('from', from);
  const rows = connection.prepare<{ cluster: string; last: number }>(NEWEST).all();
  return new Map(rows.flatMap(({ cluster, last }) => (last < since ? [] : [[cluster, last] as const])));
}

const NOTHING: GroupCounts = { incidents: 0, lastDay: 0, lastWeek: 0, firstMs: null, lastMs: null };

export function sumGroup(connection: Connection, { now, ...query }: GroupQuery): GroupSum {
  const nowMs = parseTime('now', now);
  const where = buildIncidentWhere(query);
  const [counts] = connection
    .prepare<GroupCounts>(
      `SELECT count(*) AS incidents, count(*) FILTER (WHERE last_seen >= ?) AS lastDay,
         count(*) FILTER (WHERE last_seen >= ?) AS lastWeek, min(first_seen) AS firstMs, max(last_seen) AS lastMs
       FROM incident_rows WHERE ${where.sql}`,
    )
    .all(nowMs - GROUP_DAY_MS, nowMs - 7 * GROUP_DAY_MS, ...where.params);
  return describeGroup(counts ?? NOTHING);
}

export function buildIncidentWhere(query: Omit<IncidentQuery, 'limit'>): SqlCondition {
  const conditions: SqlCondition[] = [];
  const equals: readonly (readonly [string, string | undefined])[] = [
    ['job_id', query.jobId],
    ['cluster', query.cluster],
    ['outcome', query.outcome],
    ['failure_group', query.group],
    ['lead', query.cause],
    ['severity', query.severity],
    ['owner', query.owner],
  ];
  for (const [column, value] of equals)
    if (value !== undefined) conditions.push({ sql: `${column} = ?`, params: [value] });
  if (query.job !== undefined) conditions.push({ sql: '(job_id = ? OR job_name = ?)', params: [query.job, query.job] });
  if (query.from !== undefined) conditions.push({ sql: 'last_seen >= ?', params: [parseTime('from', query.from)] });
  if (query.to !== undefined) conditions.push({ sql: 'first_seen < ?', params: [parseTime('to', query.to)] });
  if (query.isTop === true) conditions.push({ sql: 'parent IS NULL', params: [] });
  if (query.ids !== undefined) conditions.push(isOneOf('id', query.ids));
  if (query.notIds !== undefined) conditions.push(not(isOneOf('id', query.notIds)));
  if (query.notOutcomes !== undefined) conditions.push(not(isOneOf('outcome', query.notOutcomes)));
  if (query.scope !== undefined) conditions.push(buildScope(query.scope));
  return joinConditions('AND', conditions);
}

export function saveAlert(connection: Connection, alert: Alert): void {
  connection
    .prepare('INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?, ?)')
    .run(alert.id, alert.incidentId, alert.state, readTime(alert.sentAt), JSON.stringify(alert));
}

export function findAlerts(
  connection: Connection,
  query: { readonly incidentId?: string; readonly state?: Alert['state']; readonly limit: number },
): Alert[] {
  const conditions: SqlCondition[] = [];
  if (query.incidentId !== undefined) conditions.push({ sql: 'incident_id = ?', params: [query.incidentId] });
  if (query.state !== undefined) conditions.push({ sql: 'state = ?', params: [query.state] });
  const where = joinConditions('AND', conditions);
  return readBodies(
    connection,
    {
      sql: `SELECT body FROM alerts WHERE ${where.sql} ORDER BY sent_at DESC, id LIMIT ?`,
      params: [...where.params, query.limit],
    },
    isAlert,
  );
}

export function saveFeedback(connection: Connection, feedback: Feedback): void {
  connection
    .prepare('INSERT OR REPLACE INTO feedback VALUES (?, ?, ?, ?)')
    .run(nameFeedback(feedback), feedback.incidentId, readTime(feedback.at), JSON.stringify(feedback));
}

export function findFeedback(connection: Connection, { incidentId }: { readonly incidentId?: string }): Feedback[] {
  const where = joinConditions(
    'AND',
    incidentId === undefined ? [] : [{ sql: 'incident_id = ?', params: [incidentId] }],
  );
  return readBodies(
    connection,
    {
      sql: `SELECT body FROM feedback WHERE ${where.sql} ORDER BY at DESC, id LIMIT ?`,
      params: [...where.params, MAX_FEEDBACK],
    },
    isFeedback,
  );
}

export function saveTriage(connection: Connection, triage: Triage): void {
  connection
    .prepare('INSERT OR REPLACE INTO triage VALUES (?, ?, ?, ?)')
    .run(nameTriage(triage), triage.incidentId, readTime(triage.at), JSON.stringify(triage));
}

export function findTriage(
  connection: Connection,
  { incidentIds }: { readonly incidentIds?: readonly string[] },
): Triage[] {
  const where = joinConditions('AND', incidentIds === undefined ? [] : [isOneOf('incident_id', incidentIds)]);
  return readBodies(
    connection,
    {
      sql: `SELECT body FROM triage WHERE ${where.sql} ORDER BY at DESC, id LIMIT ?`,
      params: [...where.params, MAX_TRIAGE],
    },
    isTriage,
  );
}

export function saveSilence(connection: Connection, silence: Silence): void {
  connection
    .prepare('INSERT OR REPLACE INTO silences VALUES (?, ?, ?)')
    .run(silence.id, parseTime('endsAt', silence.endsAt), JSON.stringify(silence));
}

export function findSilences(
  connection: Connection,
  { endsAfter }: { readonly endsAfter?: string | undefined },
): Silence[] {
  const where = joinConditions(
    'AND',
    endsAfter === undefined ? [] : [{ sql: 'ends_at > ?', params: [parseTime('endsAfter', endsAfter)] }],
  );
  return readBodies(
    connection,
    {
      sql: `SELECT body FROM silences WHERE ${where.sql} ORDER BY ends_at DESC, id LIMIT ?`,
      params: [...where.params, MAX_SILENCES],
    },
    isSilence,
  );
}

export function saveAgentStatus(connection: Connection, status: AgentStatus): void {
  connection
    .prepare('INSERT OR REPLACE INTO agents VALUES (?, ?, ?)')
    .run(status.id, readTime(status.time), JSON.stringify(status));
}

export function findAgentStatuses(connection: Connection): AgentStatus[] {
  return readBodies(connection, { sql: 'SELECT body FROM agents ORDER BY id', params: [] }, isAgentStatus);
}

/** Builds a condition for any number of values: they are one parameter. */
function isOneOf(column: string, values: readonly string[]): SqlCondition {
  return { sql: `(${column} IN (SELECT value FROM json_each(?)))`, params: [JSON.stringify(values)] };
}

function not({ sql, params }: SqlCondition): SqlCondition {
  return { sql: `NOT ${sql}`, params };
}

export function readBodies<Body>(
  connection: Connection,
  select: SqlCondition,
  isBody: (value: unknown) => value is Body,
): Body[] {
  return connection
    .prepare<{ body: string }>(select.sql)
    .all(...select.params)
    .map((row) => parseJson(row.body))
    .filter(isBody);
}

export function readTime(text: string | undefined): number | null {
  const time = text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(time) ? null : time;
}
