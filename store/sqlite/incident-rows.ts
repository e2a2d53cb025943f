// Stores the row that a list shows of each incident, next to its document, which may be a hundred times as large. A row
// is written with the document and removed by a trigger.
import type { Incident } from '../../core/types.js';
import { findGroup } from '../jobs/counts.js';
import { decodeIncidentPlace, findNext, foldCounts, type IncidentPlace } from '../incidents/pages.js';
import { describeRow, isIncidentRow } from '../incidents/rows.js';
import { INCIDENT_FACETS, type IncidentFacet, type IncidentPage, type IncidentQuery } from '../store.js';
import { isIncident, parseJson } from '../stored.js';
import { buildIncidentWhere, readBodies, readTime } from './documents.js';
import type { Connection } from './engine.js';
import { joinConditions, type SqlCondition } from './query.js';

export function saveRow(connection: Connection, incident: Incident): void {
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
