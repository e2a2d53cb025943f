// Records out: the change feed, a page of a search with its histogram and facets, the lines around one record. How a
// search becomes SQL is in query.ts. SQLite has one shard: shard 0 of however many reads everything, the others
// nothing. Called by sqlite.ts.
import { createError } from '../../core/errors.js';
import type { LogRecord } from '../../core/types.js';
import { findJobLines } from './job-lines.js';
import { decodePosition, encodePosition, fillBarMs, fillBars, PAGE_RECORDS, parseTime } from '../page.js';
import type { FeedOptions, FeedPage, RecordPage, RecordQuery } from '../store.js';
import type { Connection } from './engine.js';
import { buildAfter, buildWhere, joinConditions, SEARCH_ORDER, type SqlCondition } from './query.js';
import { readRow } from './schema.js';

type Row = Readonly<Record<string, unknown>>;
type Counts = NonNullable<RecordPage['histogram']>[number]['counts'];
type Facets = NonNullable<RecordPage['facets']>;

const FACET_VALUES = 20;
/** So many are looked at in one read of the feed at least. */
const FEED_ROWS = 20_000;
const FACET_COLUMNS = {
  level: 'level',
  job: 'ifnull(job_name, job_id)',
  process: 'process',
  logger: 'logger',
  errorType: 'error_type',
} as const;

export function readFeed(connection: Connection, cursor: string | undefined, options: FeedOptions): FeedPage {
  const since = cursor === undefined || cursor === '' ? 0 : Number(cursor);
  if (!Number.isSafeInteger(since))
    throw createError('JT_REQUEST_INVALID', { problems: 'the cursor is not one of this store' });
  if (options.shard !== undefined && options.shard.index !== 0)
    return { records: [], cursor: String(since), drained: true };
  const { skip = '', only = { signal: '', clusters: [] } } = options;
  const { end, isLast } = findFeedEnd(connection, since, Math.max(FEED_ROWS, options.limit));
  const rows = connection
    .prepare<Row>(
      'SELECT * FROM records WHERE seq > ? AND seq <= ? AND signal IS NOT ? AND (signal IS NOT ? OR cluster IN (SELECT value FROM json_each(?))) ORDER BY seq LIMIT ?',
    )
    .all(since, end, skip, only.signal, JSON.stringify(only.clusters), options.limit);
  const isWhole = rows.length < options.limit;
  return {
    records: rows.map(readRow),
    cursor: String(isWhole ? end : (rows.at(-1)?.['seq'] ?? end)),
    drained: isWhole && isLast,
  };
}

/** How far one read looks, whether it gives what stands there or leaves it out. */
function findFeedEnd(
  connection: Connection,
  since: number,
  rows: number,
): { readonly end: number; readonly isLast: boolean } {
  const far = connection
    .prepare<{ seq: number }>('SELECT seq FROM records WHERE seq > ? ORDER BY seq LIMIT 1 OFFSET ?')
    .get(since, rows - 1);
  if (far !== undefined) return { end: far.seq, isLast: false };
  const last = connection.prepare<{ seq: number | null }>('SELECT max(seq) AS seq FROM records').get();
  return { end: Math.max(since, last?.seq ?? 0), isLast: true };
}

export function searchRecords(connection: Connection, query: RecordQuery): RecordPage {
  const where = buildWhere(query, findJobLines(connection, query));
  const limit = query.limit > 0 ? query.limit : PAGE_RECORDS;
  const page =
    query.after === undefined
      ? where
      : joinConditions('AND', [where, buildAfter(decodePosition(query.after), query.order)]);
  const direction = query.order === 'newest' ? 'DESC' : 'ASC';
  const order = SEARCH_ORDER.map((column) => `${column} ${direction}`).join(', ');
  // The inner select keeps the texts out of the sorting.
  const rows = connection
    .prepare<Row>(
      `SELECT * FROM records WHERE seq IN (SELECT seq FROM records WHERE ${page.sql} ORDER BY ${order} LIMIT ?) ORDER BY ${order}`,
    )
    .all(...page.params, limit + 1);
  const records = rows.slice(0, limit).map(readRow);
  const last = rows[limit - 1];
  const total = Number(
    connection.prepare<{ n: number }>(`SELECT count(*) AS n FROM records WHERE ${where.sql}`).get(...where.params)?.n,
  );
  return {
    records,
    total,
    ...(rows.length > limit && last !== undefined
      ? {
          next: encodePosition([
            Number(last['time']),
            String(last['file']),
            Number(last['offset']),
            String(last['id']),
          ]),
        }
      : {}),
    histogram:
      query.histogramBuckets === undefined
        ? undefined
        : readHistogram(connection, where, query, query.histogramBuckets),
    ...(query.facets === true ? { facets: readFacets(connection, where) } : {}),
  };
}

function readHistogram(
  connection: Connection,
  where: SqlCondition,
  query: RecordQuery,
  buckets: number,
): NonNullable<RecordPage['histogram']> {
  const range = connection
    .prepare<{ first: number | null; last: number | null }>(
      `SELECT min(time) AS first, max(time) AS last FROM records WHERE ${where.sql}`,
    )
    .get(...where.params);
  if (range === undefined || range.first === null || range.last === null) return [];
  const fromMs = query.from === undefined ? range.first : parseTime('from', query.from);
  const toMs = query.to === undefined ? range.last + 1 : parseTime('to', query.to);
  const barMs = fillBarMs(fromMs, toMs, buckets);
  const rows = connection
    .prepare<{ bar: number; level: string; n: number }>(
      `SELECT time / ${barMs} - (time < 0 AND time % ${barMs} <> 0) AS bar, ifnull(level, 'NONE') AS level, count(*) AS n FROM records WHERE ${where.sql} GROUP BY 1, 2`,
    )
    .all(...where.params);
  const found = new Map<number, Counts>();
  for (const row of rows) found.set(row.bar * barMs, { ...found.get(row.bar * barMs), [row.level]: row.n });
  return fillBars(fromMs, toMs, barMs, found, {});
}

function readFacets(connection: Connection, where: SqlCondition): Facets {
  const read = (column: string): Facets['level'] =>
    connection
      .prepare<{ value: string; count: number }>(
        `SELECT ${column} AS value, count(*) AS count FROM records WHERE (${where.sql}) AND ${column} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${FACET_VALUES}`,
      )
      .all(...where.params);
  return {
    level: read(FACET_COLUMNS.level),
    job: read(FACET_COLUMNS.job),
    process: read(FACET_COLUMNS.process),
    logger: read(FACET_COLUMNS.logger),
    errorType: read(FACET_COLUMNS.errorType),
  };
}

export function findContext(
  connection: Connection,
  id: string,
  lines: { readonly before: number; readonly after: number },
): { records: LogRecord[]; index: number } | undefined {
  const row = connection.prepare<Row>('SELECT * FROM records WHERE id = ?').get(id);
  if (row === undefined) return undefined;
  const read = (order: RecordQuery['order'], limit: number): LogRecord[] => {
    const beyond = buildAfter([Number(row['time']), String(row['file']), Number(row['offset']), id], order);
    const direction = order === 'newest' ? 'DESC' : 'ASC';
    return connection
      .prepare<Row>(
        `SELECT * FROM records WHERE process = ? AND cluster = ? AND ${beyond.sql} ORDER BY ${SEARCH_ORDER.map((column) => `${column} ${direction}`).join(', ')} LIMIT ?`,
      )
      .all(row['process'], row['cluster'], ...beyond.params, limit)
      .map(readRow);
  };
  const before = read('newest', lines.before).reverse();
  return { records: [...before, readRow(row), ...read('oldest', lines.after)], index: before.length };
}
