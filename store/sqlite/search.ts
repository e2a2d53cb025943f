// Reads records: the change feed, a page of a search with its histogram and facets, and the lines around one record.
// query.ts compiles a search to SQL. The feed is one partition: the first of any number has everything, the others have
// nothing.
import { createError } from '../../core/errors.js';
import { findLargest } from '../../core/sequence.js';
import type { LogRecord } from '../../core/types.js';
import { decodePosition, encodePosition, fillBarMs, fillBars, PAGE_RECORDS, parseTime } from '../page.js';
import type { FeedOptions, FeedPage, LineQuery, RecordFilter, RecordLines, RecordPage, RecordQuery } from '../store.js';
import { goesOn, type Connection } from './engine.js';
import { findDocuments } from './documents.js';
import { COLLECTIONS } from '../collections.js';
import { askJobLines, readJobLines } from '../job-lines.js';
import {
  buildAfter,
  buildRange,
  buildWhere,
  joinConditions,
  SEARCH_ORDER,
  type SeqRange,
  type SqlCondition,
} from './query.js';
import { readRow } from './schema.js';

type Row = Readonly<Record<string, unknown>>;
type Histogram = NonNullable<RecordPage['histogram']>;
type Facets = NonNullable<RecordPage['facets']>;

interface Found {
  readonly total: number;
  /** Range of times: null if nothing was found, left out if it is not requested. */
  readonly first?: number | null;
  readonly last?: number | null;
}

interface Bars {
  readonly fromMs: number;
  readonly toMs: number;
  readonly barMs: number;
}

/** Number of records with this value of a facet, or with this level in a bar. */
interface Count {
  readonly of: keyof Facets | 'bar';
  readonly value: string;
  readonly bar: number;
  readonly count: number;
}

/** Smallest number of rows that one read of the feed examines. */
const FEED_ROWS = 20_000;
const FACET_VALUES = 20;
/** Largest number of entries of the index of times that are read in a few milliseconds. */
const MAX_SEQS = 100_000;
const FACET_COLUMNS: Readonly<Record<keyof Facets, string>> = {
  level: 'level',
  job: 'ifnull(job_name, job_id)',
  cluster: 'cluster',
  process: 'process',
  component: 'component',
  host: 'host',
  logger: 'logger',
  errorType: 'error_type',
};

export function readFeed(connection: Connection, cursor: string | undefined, options: FeedOptions): FeedPage {
  let since = cursor === undefined || cursor === '' ? 0 : Number(cursor);
  if (!Number.isSafeInteger(since))
    throw createError('JT_REQUEST_INVALID', { problems: 'the cursor is not one of this store' });
  if (options.partition !== undefined && options.partition.index !== 0)
    return { records: [], cursor: String(since), drained: true };
  const { skip = '', only = { signal: '', clusters: [] }, from } = options;
  if (options.isToEnd === true) return { records: [], cursor: String(findLastSeq(connection, since)), drained: true };
  if (from !== undefined) since = Math.max(since, findFirstSeq(connection, from, since) - 1);
  const { end, isLast } = findFeedEnd(connection, since, Math.max(FEED_ROWS, options.limit));
  const rows = connection
    .prepare<Row>(
      'SELECT * FROM records WHERE seq > ? AND seq <= ? AND signal IS NOT ? AND (signal IS NOT ? OR cluster IN (SELECT value FROM json_each(?))) AND time >= ? ORDER BY seq LIMIT ?',
    )
    .all(since, end, skip, only.signal, JSON.stringify(only.clusters), from ?? Number.MIN_SAFE_INTEGER, options.limit);
  const isWhole = rows.length < options.limit;
  return {
    records: rows.map(readRow),
    cursor: String(isWhole ? end : (rows.at(-1)?.['seq'] ?? end)),
    drained: isWhole && isLast,
  };
}

export function joinCursors(cursors: readonly (string | undefined)[]): string | undefined {
  const read = cursors.flatMap((cursor) => (cursor === undefined ? [] : Number(cursor)));
  return read.length === 0 ? undefined : String(findLargest(read));
}

/** Returns how far one read of the feed goes, whether it returns the records up to there or leaves them out. */
function findFeedEnd(
  connection: Connection,
  since: number,
  rows: number,
): { readonly end: number; readonly isLast: boolean } {
  const far = connection
    .prepare<{ seq: number }>('SELECT seq FROM records WHERE seq > ? ORDER BY seq LIMIT 1 OFFSET ?')
    .get(since, rows - 1);
  if (far !== undefined) return { end: far.seq, isLast: false };
  return { end: findLastSeq(connection, since), isLast: true };
}

function findLastSeq(connection: Connection, since: number): number {
  const last = connection.prepare<{ seq: number | null }>('SELECT max(seq) AS seq FROM records').get();
  return Math.max(since, last?.seq ?? 0);
}

/**
 * Returns the sequence number of the first record after `since` that is from a time on, so that earlier ones need not
 * be searched.
 */
function findFirstSeq(connection: Connection, from: number, since: number): number {
  const first = connection
    .prepare<{ seq: number | null }>(
      'SELECT min(seq) AS seq FROM records INDEXED BY records_time WHERE time >= ? AND seq > ?',
    )
    .get(from, since);
  return first?.seq ?? findLastSeq(connection, since) + 1;
}

export function findRecords(connection: Connection, query: LineQuery): RecordLines {
  return readPage(connection, buildSearch(connection, query), query);
}

export function searchRecords(connection: Connection, query: RecordQuery): RecordPage {
  const where = buildSearch(connection, query);
  return { ...readPage(connection, where, query), ...countFound(connection, where, query) };
}

/**
 * Builds the condition of a search. It is built again if the search asks for words in a short time, because they are
 * then searched only there.
 */
export function buildSearch(connection: Connection, query: RecordFilter & Partial<RecordQuery>): SqlCondition {
  const asked = askJobLines(query);
  const found = asked === undefined ? [] : findDocuments(connection, COLLECTIONS.jobLines, asked);
  const lines = readJobLines(found, query);
  const where = buildWhere(query, lines);
  const seqs = where.sql.includes('words MATCH') ? findSeqs(connection, query) : undefined;
  return letStop(seqs === undefined ? where : buildWhere(query, lines, seqs), query);
}

/**
 * Makes a statement stoppable. The number of all records, without bars and facets, is known without reading them, so
 * there is nothing to stop.
 */
function letStop(where: SqlCondition, { histogramBuckets, facets }: Partial<RecordQuery>): SqlCondition {
  if (where.sql === '1' && histogramBuckets === undefined && facets !== true) return where;
  return joinConditions('AND', [where, { sql: goesOn('seq'), params: [] }]);
}

/**
 * Returns the range of sequence numbers that has all records of a time, if the time is so short that the range is found
 * faster than a frequent word.
 */
function findSeqs(connection: Connection, query: RecordFilter): SeqRange | undefined {
  const range = buildRange(query);
  if (range.length === 0) return undefined;
  const { sql, params } = joinConditions('AND', range);
  const found = connection
    .prepare<{ first: number | null; last: number | null; many: number }>(
      `SELECT min(seq) AS first, max(seq) AS last, count(*) AS many FROM (SELECT seq FROM records WHERE ${sql} LIMIT ?)`,
    )
    .get(...params, MAX_SEQS + 1);
  if (found === undefined || found.many > MAX_SEQS) return undefined;
  return { first: found.first ?? 0, last: found.last ?? -1 };
}

function readPage(connection: Connection, where: SqlCondition, query: LineQuery): RecordLines {
  const limit = query.limit > 0 ? query.limit : PAGE_RECORDS;
  const page =
    query.after === undefined
      ? where
      : joinConditions('AND', [where, buildAfter(decodePosition(query.after), query.order)]);
  const direction = query.order === 'newest' ? 'DESC' : 'ASC';
  const order = SEARCH_ORDER.map((column) => `${column} ${direction}`).join(', ');
  // The inner SELECT keeps the texts out of the sorting.
  const rows = connection
    .prepare<Row>(
      `SELECT * FROM records WHERE seq IN (SELECT seq FROM records WHERE ${page.sql} ORDER BY ${order} LIMIT ?) ORDER BY ${order}`,
    )
    .all(...page.params, limit + 1);
  const records = rows.slice(0, limit).map(readRow);
  const last = rows[limit - 1];
  if (rows.length <= limit || last === undefined) return { records };
  const next = encodePosition([Number(last['time']), String(last['file']), Number(last['offset']), String(last['id'])]);
  return { records, next };
}

/**
 * Counts what was found. The records are searched once for bars and facets, because finding costs more than counting.
 */
function countFound(
  connection: Connection,
  where: SqlCondition,
  query: RecordQuery,
): Pick<RecordPage, 'total' | 'histogram' | 'facets'> {
  const hasBars = query.histogramBuckets !== undefined;
  const hasFacets = query.facets === true;
  // Bars from one given time to another cover every record that is found.
  const isTimed = hasBars && query.from !== undefined && query.to !== undefined;
  const found = isTimed ? undefined : findRange(connection, where, hasBars);
  const bars = hasBars ? chooseBars(query, found) : undefined;
  const parts = [...(bars === undefined ? [] : [countBars(bars)]), ...(hasFacets ? FACETS : [])];
  const counts = parts.length === 0 ? [] : readCounts(connection, where, parts);
  const total = found?.total ?? sumBars(counts);
  return {
    total,
    ...(hasBars && { histogram: bars === undefined || total === 0 ? [] : fillHistogram(bars, counts) }),
    ...(hasFacets && { facets: fillFacets(counts) }),
  };
}

/**
 * Returns the total, and with bars the range of times. SQLite knows the total of all records alone without reading
 * them.
 */
function findRange(connection: Connection, where: SqlCondition, hasBars: boolean): Found {
  const range = hasBars ? ', min(time) AS first, max(time) AS last' : '';
  const found = connection
    .prepare<Found>(`SELECT count(*) AS total${range} FROM records WHERE ${where.sql}`)
    .get(...where.params);
  return found ?? { total: 0 };
}

/**
 * Chooses the bars, or returns undefined if nothing was found. `found` is left out if the search gives both ends of its
 * range.
 */
function chooseBars(query: RecordQuery, { first = null, last = null }: Partial<Found> = {}): Bars | undefined {
  const fromMs = query.from === undefined ? first : parseTime('from', query.from);
  const lastMs = query.to === undefined ? last : parseTime('to', query.to) - 1;
  if (fromMs === null || lastMs === null) return undefined;
  const toMs = lastMs + 1;
  return { fromMs, toMs, barMs: fillBarMs(fromMs, toMs, query.histogramBuckets ?? 1) };
}

function countBars({ barMs }: Bars): string {
  const bar = `time / ${barMs} - (time < 0 AND time % ${barMs} <> 0)`;
  return `SELECT 'bar' AS "of", ifnull(level, 'NONE') AS value, ${bar} AS bar, count(*) AS count FROM found WHERE ${goesOn('seq')} GROUP BY 2, 3`;
}

const FACETS = Object.keys(FACET_COLUMNS).map(
  (facet) =>
    `SELECT * FROM (SELECT '${facet}' AS "of", ${facet} AS value, 0 AS bar, count(*) AS count FROM found WHERE ${facet} IS NOT NULL AND ${goesOn('seq')} GROUP BY 2 ORDER BY 4 DESC, 2 LIMIT ${FACET_VALUES})`,
);

function readCounts(connection: Connection, where: SqlCondition, parts: readonly string[]): readonly Count[] {
  const columns = Object.entries(FACET_COLUMNS).map(([facet, column]) => `${column} AS ${facet}`);
  return connection
    .prepare<Count>(
      `WITH found AS MATERIALIZED (SELECT seq, time, ${columns.join(', ')} FROM records WHERE ${where.sql}) ${parts.join(' UNION ALL ')}`,
    )
    .all(...where.params);
}

function sumBars(counts: readonly Count[]): number {
  return counts.reduce((sum, { of, count }) => (of === 'bar' ? sum + count : sum), 0);
}

function fillHistogram({ fromMs, toMs, barMs }: Bars, counts: readonly Count[]): Histogram {
  const found = new Map<number, Histogram[number]['counts']>();
  for (const { of, value, bar, count } of counts)
    if (of === 'bar') found.set(bar * barMs, { ...found.get(bar * barMs), [value]: count });
  return fillBars(fromMs, toMs, barMs, found, {});
}

function fillFacets(counts: readonly Count[]): Facets {
  const read = (facet: keyof Facets): Facets['level'] =>
    counts.flatMap(({ of, value, count }) => (of === facet ? [{ value, count }] : []));
  return {
    level: read('level'),
    job: read('job'),
    cluster: read('cluster'),
    process: read('process'),
    component: read('component'),
    host: read('host'),
    logger: read('logger'),
    errorType: read('errorType'),
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
