// Stores incidents: each is one JSON document next to the columns by which it is queried. The row that a list shows is
// in a table of its own, because the document may be a hundred times as large; a trigger removes it. Also counts the
// records and incidents of each job.
import type { Incident } from '../../core/documents/incident.js';
import { decodeIncidentPlace, findNext, foldCounts, type IncidentPlace } from '../incident-pages.js';
import { describeRow } from '../incident-rows.js';
import {
  describeGroup,
  findGroup,
  GROUP_DAY_MS,
  groupJobs,
  MAX_JOB_ROWS,
  type GroupCounts,
  type JobPart,
} from '../job-counts.js';
import {
  INCIDENT_FACETS,
  type GroupQuery,
  type GroupSum,
  type IncidentFacet,
  type IncidentPage,
  type IncidentQuery,
  type IncidentWrite,
  type JobQuery,
  type JobRows,
} from '../store.js';
import { isIncident, isIncidentRow, parseJson } from '../stored.js';
import { parseTime } from '../page.js';
import { goesOn, type Connection } from './engine.js';
import { buildScope, buildWhere, joinConditions, type SqlCondition } from './query.js';

/**
 * Saves an incident and the row that a list shows of it. Returns false if it was written with a later epoch.
 * It runs in a transaction of the caller.
 */
export function saveIncident(connection: Connection, { incident, epoch }: IncidentWrite): boolean {
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
  saveRow(connection, incident);
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

function saveRow(connection: Connection, incident: Incident): void {
  const row = describeRow(incident);
  connection
    .prepare('INSERT OR REPLACE INTO incident_rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    .run(
      row.id,
      readTime(row.lastSeen),
      readTime(row.firstSeen),
      row.outcome,
      row.cluster,
      row.job?.id ?? null,
      row.job?.name ?? null,
      findGroup(incident) ?? null,
      row.cause,
      row.severity ?? null,
      row.owner ?? null,
      row.parent ?? null,
      JSON.stringify(row),
    );
}

/** Writes the missing rows of incidents that an earlier release saved. It runs in a transaction of the caller. */
export function fillRows(connection: Connection): void {
  const select = connection.prepare<{ body: string }>('SELECT body FROM incidents WHERE id = ?');
  const missing = connection
    .prepare<{ id: string }>('SELECT id FROM incidents WHERE id NOT IN (SELECT id FROM incident_rows)')
    .all();
  for (const { id } of missing) {
    const incident = parseJson(select.get(id)?.body ?? '');
    if (isIncident(incident)) saveRow(connection, incident);
  }
}

const COLUMNS: Readonly<Record<IncidentFacet, string>> = {
  outcome: 'outcome',
  severity: 'severity',
  owner: 'owner',
  cause: 'lead',
  cluster: 'cluster',
};

export function pageIncidents(
  connection: Connection,
  { after, ...query }: IncidentQuery & { readonly after?: string },
): IncidentPage {
  const where = buildIncidentWhere(query);
  const place = after === undefined ? [] : [buildAfter(decodeIncidentPlace(after))];
  const { sql, params } = joinConditions('AND', [where, ...place]);
  const rows = readBodies(
    connection,
    {
      sql: `SELECT body FROM incident_rows WHERE ${sql} ORDER BY last_seen DESC NULLS LAST, id LIMIT ?`,
      params: [...params, query.limit],
    },
    isIncidentRow,
  );
  const columns = INCIDENT_FACETS.map((facet) => COLUMNS[facet]).join(', ');
  const counted = connection
    .prepare<Readonly<Record<string, string | number | null>>>(
      `SELECT ${columns}, count(*) AS many FROM incident_rows WHERE ${where.sql} GROUP BY ${columns}`,
    )
    .all(...where.params);
  const counts = foldCounts(
    counted.map((row) => ({ values: (facet) => row[COLUMNS[facet]], count: Number(row['many']) })),
  );
  return { rows, ...counts, ...findNext(rows, query.limit) };
}

function buildAfter([lastSeen, id]: IncidentPlace): SqlCondition {
  return lastSeen === null
    ? { sql: '(last_seen IS NULL AND id > ?)', params: [id] }
    : {
        sql: '(last_seen < ? OR (last_seen = ? AND id > ?) OR last_seen IS NULL)',
        params: [lastSeen, lastSeen, id],
      };
}

/** Builds a condition for any number of values: they are one parameter. */
export function isOneOf(column: string, values: readonly string[]): SqlCondition {
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

function readTime(text: string | undefined): number | null {
  const time = text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(time) ? null : time;
}
