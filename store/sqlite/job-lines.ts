// Stores what is known of the lines of jobs: one JSON document for each run, next to the columns by which it is
// queried.
import type { Glob } from '../../core/text/glob.js';
import { keepRange, listJobs, MAX_RUNS } from '../jobs/lines.js';
import { parseTime } from '../page.js';
import { parseSearch } from '../query/query.js';
import type { JobLines, RecordQuery } from '../store.js';
import { isJobLines, parseJson } from '../stored.js';
import type { Connection } from './engine.js';
import { compareShape, joinConditions, type SqlCondition } from './query.js';

export function saveJobLines(connection: Connection, lines: readonly JobLines[]): void {
  const save = connection.prepare('INSERT OR REPLACE INTO job_lines VALUES (?, ?, ?, ?, ?)');
  connection.transact(() => {
    for (const one of lines) save.run(one.cluster, one.jobId, one.jobName ?? null, one.lastMs, JSON.stringify(one));
  });
}

export function loadJobLines(connection: Connection, cluster: string): readonly JobLines[] {
  return readLines(connection, { sql: 'cluster = ?', params: [cluster] }, -1);
}

/** Finds what is known of the lines of the jobs that the search names. */
export function findJobLines(connection: Connection, query: Omit<RecordQuery, 'limit' | 'order'>): readonly JobLines[] {
  const jobs = listJobs(parseSearch(query));
  if (jobs.length === 0) return [];
  const named = joinConditions('OR', jobs.flatMap(fitsJob));
  const here: SqlCondition = { sql: 'cluster = ?', params: [query.cluster ?? ''] };
  const where = query.cluster === undefined ? named : joinConditions('AND', [named, here]);
  const fromMs = query.from === undefined ? -Infinity : parseTime('from', query.from);
  const toMs = query.to === undefined ? Infinity : parseTime('to', query.to);
  return readLines(connection, where, MAX_RUNS).map((lines) => keepRange(lines, fromMs, toMs));
}

function fitsJob(glob: Glob): SqlCondition[] {
  const { sql, params } = compareShape(glob);
  return ['job_id', 'job_name'].map((column) => ({ sql: `ifnull(${column} ${sql}, 0)`, params }));
}

function readLines(connection: Connection, where: SqlCondition, limit: number): readonly JobLines[] {
  return connection
    .prepare<{ body: string }>(`SELECT body FROM job_lines WHERE ${where.sql} ORDER BY last_ms DESC, job_id LIMIT ?`)
    .all(...where.params, limit)
    .map(({ body }) => parseJson(body))
    .filter(isJobLines);
}
