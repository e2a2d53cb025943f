// The embedded store: one SQLite file in one process that writes; others may read it at the same time. SQLite itself
// is behind engine.ts. A record's sequence number is its place in the feed; a record that is replaced gets a new
// one. What the tables look like is in schema.ts, how a search becomes SQL in query.ts. SQLite has one shard: shard
// 0 of however many reads everything, the others nothing.
import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { createError } from '../../core/errors.js';
import type { Incident, LogRecord } from '../../core/types.js';
import { decideConflict } from '../conflict.js';
import { decodePosition, encodePosition, fillBarMs, fillBars, PAGE_RECORDS, parseTime, startOfDay } from '../page.js';
import { makePrivate } from './permissions.js';
import { openConnection, SqliteError, type Connection, type Statement } from './engine.js';
import { buildAfter, buildScope, buildWhere, joinConditions, SEARCH_ORDER, type SqlCondition } from './query.js';
import { checkRoom, noteAppend, type Room } from './room.js';
import { decodeRow, readEncodedRow, type EncodedRow } from './encode.js';
import { MIGRATIONS, readRow, RECORD_COLUMNS } from './schema.js';
import type {
  Alert,
  AppendOutcome,
  EncodedBatch,
  FeedPage,
  IncidentQuery,
  JobQuery,
  JobRows,
  RecordPage,
  RecordQuery,
  Store,
} from '../store.js';
import { groupJobs, MAX_JOB_ROWS, type JobPart } from '../jobs.js';
import { isAgentStatus, isAlert, isIncident, parseJson } from '../stored.js';
import { sliceRecord } from '../batch.js';
import { errorText } from '../../core/fault.js';

export interface SqliteSettings {
  /** ":memory:" keeps everything in memory and nothing after close. */
  readonly path: string;
  /** The file never grows beyond this; records then wait, as on a full disk. */
  readonly maxBytes?: number;
  /** Only reads; the file must exist. */
  readonly readonly?: boolean;
}

type Row = Readonly<Record<string, unknown>>;
type Counts = NonNullable<RecordPage['histogram']>[number]['counts'];
type Facets = NonNullable<RecordPage['facets']>;

const FACET_VALUES = 20;
const DELETE_CHUNK = 2_000;
const BUSY_MS = 5_000;
const FACET_COLUMNS = {
  level: 'level',
  job: 'ifnull(job_name, job_id)',
  process: 'process',
  logger: 'logger',
  errorType: 'error_type',
} as const;

/** Throws JT_STORE_TOO_NEW, JT_STORE_UNUSABLE, JT_FILE_UNWRITABLE or JT_DISK_FULL. */
export function openSqliteStore(settings: SqliteSettings): Store {
  const connection = openFile(settings);
  const run = <Result>(work: () => Result): Promise<Result> => runTask(settings.path, work);
  const room: Room = { lackingBytes: undefined };
  const append = createAppend(connection, room);
  return {
    encoding: { kind: 'sqlite' },
    append: async (batch) => append(batch),
    readRecords: (cursor, options) => run(() => readFeed(connection, cursor, options)),
    // Nothing is kept aside here: a table takes every record.
    findRefused: () => Promise.resolve({ records: [] }),
    removeRefused: () => Promise.resolve(),
    searchRecords: (query) => run(() => searchRecords(connection, query)),
    countJobRecords: (query) => run(() => countJobRecords(connection, query)),
    findContext: (id, lines) => run(() => findContext(connection, id, lines)),
    saveIncident: (incident) => run(() => saveIncident(connection, incident)),
    removeIncident: (id) => run(() => void connection.prepare('DELETE FROM incidents WHERE id = ?').run(id)),
    findIncident: (id) =>
      run(
        () => readBodies(connection, { sql: 'SELECT body FROM incidents WHERE id = ?', params: [id] }, isIncident)[0],
      ),
    findIncidents: (query) => run(() => findIncidents(connection, query)),
    countJobIncidents: (query) => run(() => countJobIncidents(connection, query)),
    rememberAlert: (alert) =>
      run(
        () =>
          void connection
            .prepare('INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?, ?)')
            .run(alert.id, alert.incidentId, alert.state, readTime(alert.sentAt), JSON.stringify(alert)),
      ),
    findAlerts: (query) => run(() => findAlerts(connection, query)),
    saveState: (key, value) =>
      run(() => void connection.prepare('INSERT OR REPLACE INTO states VALUES (?, ?)').run(key, value)),
    loadState: (key) =>
      run(() => connection.prepare<{ value: string }>('SELECT value FROM states WHERE key = ?').get(key)?.value),
    removeState: (key) => run(() => void connection.prepare('DELETE FROM states WHERE key = ?').run(key)),
    saveAgentStatus: (status) =>
      run(
        () =>
          void connection
            .prepare('INSERT OR REPLACE INTO agents VALUES (?, ?, ?)')
            .run(status.id, readTime(status.time), JSON.stringify(status)),
      ),
    findAgentStatuses: () =>
      run(() => readBodies(connection, { sql: 'SELECT body FROM agents ORDER BY id', params: [] }, isAgentStatus)),
    deleteBefore: (time) => deleteBefore(connection, settings.path, parseTime('time', time)),
    check: () =>
      run(() => ({
        kind: 'sqlite' as const,
        version: String(connection.prepare<{ v: string }>('SELECT sqlite_version() AS v').get()?.v),
      })),
    checkRoom: () => run(() => checkRoom(room, connection, settings.path)),
    close: () => run(() => void connection.close()),
  };
}

function openFile(settings: SqliteSettings): Connection {
  const { path } = settings;
  const isReadonly = settings.readonly === true;
  if (isReadonly && !existsSync(path))
    throw createError('JT_STORE_UNUSABLE', {
      url: path,
      problem: 'there is no such file',
      advice: 'Give the folder that "jobtrace up" writes to with --data.',
    });
  try {
    if (path !== ':memory:' && !isReadonly) makePrivate(path);
    const connection = openConnection(path, { readonly: isReadonly, busyMs: BUSY_MS });
    try {
      setUp(connection, settings);
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  } catch (error) {
    throw explainFailure(path, error);
  }
}

/**
 * Order matters: auto_vacuum and page size only take effect before the first table. FULL: an acknowledged batch
 * survives a power cut.
 */
function setUp(connection: Connection, settings: SqliteSettings): void {
  const found = Number(connection.pragma('user_version'));
  if (found > MIGRATIONS.length)
    throw createError('JT_STORE_TOO_NEW', { path: settings.path, found, known: MIGRATIONS.length });
  connection.pragma('cache_size = -65536');
  if (settings.readonly === true) return;
  if (found === 0) {
    connection.pragma('page_size = 8192');
    connection.pragma('auto_vacuum = INCREMENTAL');
  }
  connection.pragma('journal_mode = WAL');
  connection.pragma('synchronous = FULL');
  if (settings.maxBytes !== undefined)
    connection.pragma(`max_page_count = ${Math.max(1, Math.floor(settings.maxBytes / 8192))}`);
  connection.transact(() => {
    for (const step of MIGRATIONS.slice(Number(connection.pragma('user_version')))) connection.exec(step);
    connection.pragma(`user_version = ${MIGRATIONS.length}`);
  });
}

interface AppendStatements {
  readonly insert: Statement<Row>;
  readonly insertWords: Statement<Row>;
  readonly find: Statement<Row>;
  readonly remove: Statement<Row>;
  readonly removeWords: Statement<Row>;
}

/** A full disk or a busy file gives "retry" for the whole batch: the transaction was rolled back. */
function createAppend(connection: Connection, room: Room): (batch: EncodedBatch) => readonly AppendOutcome[] {
  if (connection.readonly)
    return (batch) => batch.lengths.map(() => ({ kind: 'retry', error: 'the store was opened for reading only' }));
  const statements = prepareAppend(connection);
  const appendAll = (batch: EncodedBatch): AppendOutcome[] => {
    const nowMs = Date.now();
    return batch.lengths.map((_length, index) => {
      try {
        return appendOne(statements, sliceRecord(batch, index), nowMs);
      } catch (error) {
        if (readCode(error)?.startsWith('SQLITE_CONSTRAINT') !== true) throw error;
        return { kind: 'refused', error: errorText(error) };
      }
    });
  };
  return (batch) => {
    try {
      const outcomes = connection.transact(() => appendAll(batch));
      noteAppend(room, undefined, 0);
      return outcomes;
    } catch (error) {
      noteAppend(room, readCode(error), batch.bytes.length);
      if (!isTemporary(readCode(error))) throw error;
      return batch.lengths.map(() => ({ kind: 'retry', error: errorText(error) }));
    }
  };
}

function prepareAppend(connection: Connection): AppendStatements {
  const columns = RECORD_COLUMNS.map((column) => `"${column}"`).join(', ');
  const values = RECORD_COLUMNS.map(() => '?').join(', ');
  return {
    insert: connection.prepare(`INSERT INTO records (${columns}) VALUES (${values}) ON CONFLICT (id) DO NOTHING`),
    insertWords: connection.prepare('INSERT INTO words (rowid, text) VALUES (?, ?)'),
    find: connection.prepare('SELECT * FROM records WHERE id = ?'),
    remove: connection.prepare('DELETE FROM records WHERE seq = ?'),
    removeWords: connection.prepare('DELETE FROM words WHERE rowid = ?'),
  };
}

function appendOne(statements: AppendStatements, bytes: Buffer, nowMs: number): AppendOutcome {
  const row = readEncodedRow(bytes);
  if (insertRow(statements, row, nowMs)) return { kind: 'stored' };
  const record = decodeRow(bytes);
  const found = statements.find.get(record.id);
  if (found === undefined) throw new Error(`The record ${record.id} is there and is not.`);
  const stored = readRow(found);
  const conflict = decideConflict(readVersion(record), readVersion(stored));
  if (conflict === 'duplicate') return { kind: 'duplicate' };
  if (conflict === 'collision')
    return {
      kind: 'collision',
      error: `another entry of ${stored['log.file.path']} at offset ${stored['log.offset']} holds the id ${record.id}`,
    };
  statements.removeWords.run(found['seq']);
  statements.remove.run(found['seq']);
  insertRow(statements, row, nowMs);
  return { kind: 'stored' };
}

/** The last of the row's values is when it was stored. */
function insertRow(statements: AppendStatements, row: EncodedRow, nowMs: number): boolean {
  const done = statements.insert.run(...row.values.slice(0, -1), nowMs);
  if (done.changes !== 1) return false;
  statements.insertWords.run(done.lastInsertRowid, row.words);
  return true;
}

function readVersion(record: LogRecord): {
  length: number;
  text: string;
  flags: NonNullable<LogRecord['jobtrace.flags']>;
} {
  return { length: record['jobtrace.length'], text: record['event.original'], flags: record['jobtrace.flags'] ?? [] };
}

function readFeed(
  connection: Connection,
  cursor: string | undefined,
  options: { readonly limit: number; readonly shard?: { readonly index: number; readonly of: number } },
): FeedPage {
  const since = cursor === undefined || cursor === '' ? 0 : Number(cursor);
  if (!Number.isSafeInteger(since))
    throw createError('JT_REQUEST_INVALID', { problems: 'the cursor is not one of this store' });
  if (options.shard !== undefined && options.shard.index !== 0)
    return { records: [], cursor: String(since), drained: true };
  const rows = connection
    .prepare<Row>('SELECT * FROM records WHERE seq > ? ORDER BY seq LIMIT ?')
    .all(since, options.limit);
  return {
    records: rows.map(readRow),
    cursor: String(rows.at(-1)?.['seq'] ?? since),
    drained: rows.length < options.limit,
  };
}

function searchRecords(connection: Connection, query: RecordQuery): RecordPage {
  const where = buildWhere(query);
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

function countJobRecords(connection: Connection, query: JobQuery): JobRows {
  return countJobs(connection, 'records', { kind: `ifnull(level, 'NONE')`, last: 'time' }, buildWhere(query));
}

function countJobs(
  connection: Connection,
  table: 'records' | 'incidents',
  columns: { readonly kind: string; readonly last: string },
  where: SqlCondition,
): JobRows {
  const rows = connection
    .prepare<JobPart>(
      `SELECT job_id AS id, job_name AS name, cluster, ${columns.kind} AS kind, count(*) AS count, max(${columns.last}) AS lastMs
       FROM ${table} WHERE (${where.sql}) AND (job_id IS NOT NULL OR job_name IS NOT NULL) GROUP BY 1, 2, 3, 4 LIMIT ?`,
    )
    .all(...where.params, MAX_JOB_ROWS + 1);
  return groupJobs(rows.slice(0, MAX_JOB_ROWS), rows.length <= MAX_JOB_ROWS);
}

function findContext(
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

function saveIncident(connection: Connection, incident: Incident): void {
  connection
    .prepare('INSERT OR REPLACE INTO incidents VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    .run(
      incident.id,
      incident.cluster,
      incident.job?.id ?? null,
      incident.job?.name ?? null,
      incident.outcome,
      readTime(incident.firstSeen),
      readTime(incident.lastSeen),
      JSON.stringify(incident),
    );
}

function findIncidents(connection: Connection, query: IncidentQuery): Incident[] {
  const where = buildIncidentWhere(query);
  return readBodies(
    connection,
    {
      sql: `SELECT body FROM incidents WHERE ${where.sql} ORDER BY last_seen DESC NULLS LAST, id LIMIT ?`,
      params: [...where.params, query.limit],
    },
    isIncident,
  );
}

function countJobIncidents(connection: Connection, query: JobQuery): JobRows {
  return countJobs(connection, 'incidents', { kind: 'outcome', last: 'last_seen' }, buildIncidentWhere(query));
}

function buildIncidentWhere(query: Omit<IncidentQuery, 'limit'>): SqlCondition {
  const conditions: SqlCondition[] = [];
  const equals: readonly (readonly [string, string | undefined])[] = [
    ['job_id', query.jobId],
    ['cluster', query.cluster],
    ['outcome', query.outcome],
  ];
  for (const [column, value] of equals)
    if (value !== undefined) conditions.push({ sql: `${column} = ?`, params: [value] });
  if (query.from !== undefined) conditions.push({ sql: 'last_seen >= ?', params: [parseTime('from', query.from)] });
  if (query.to !== undefined) conditions.push({ sql: 'first_seen < ?', params: [parseTime('to', query.to)] });
  if (query.scope !== undefined) conditions.push(buildScope(query.scope));
  return joinConditions('AND', conditions);
}

function findAlerts(
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

function readBodies<Body>(
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

/**
 * Deletes in small transactions, so that appends get their turn between. Undated records go by when they were stored.
 */
async function deleteBefore(connection: Connection, path: string, timeMs: number): Promise<number> {
  const dayMs = startOfDay(timeMs);
  const rows = connection.prepare<{ seq: number }>(
    `SELECT seq FROM records WHERE CASE undated WHEN 1 THEN stored_at ELSE time END < ? AND (undated = 1 OR time < ?) LIMIT ${DELETE_CHUNK}`,
  );
  const removeChunk = (): number => {
    const found = rows.all(dayMs, dayMs);
    const removeWords = connection.prepare('DELETE FROM words WHERE rowid = ?');
    const remove = connection.prepare('DELETE FROM records WHERE seq = ?');
    for (const { seq } of found) {
      removeWords.run(seq);
      remove.run(seq);
    }
    return found.length;
  };
  let removed = 0;
  for (;;) {
    const count = await runTask(path, () => connection.transact(removeChunk));
    removed += count;
    if (count < DELETE_CHUNK) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await runTask(path, () => {
    connection.prepare('DELETE FROM incidents WHERE last_seen < ?').run(timeMs);
    connection.prepare('DELETE FROM alerts WHERE sent_at < ?').run(timeMs);
    connection.prepare('DELETE FROM agents WHERE time < ?').run(timeMs);
    if (removed > 0) connection.pragma('incremental_vacuum');
  });
  return removed;
}

function readTime(text: string | undefined): number | null {
  const time = text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(time) ? null : time;
}

/** Async, so that callers see one kind of failure: a rejected promise with a JobtraceError. */
async function runTask<Result>(path: string, work: () => Result): Promise<Result> {
  try {
    return work();
  } catch (error) {
    throw explainFailure(path, error);
  }
}

function isTemporary(code: string | undefined): boolean {
  return code !== undefined && /^SQLITE_(FULL|BUSY|LOCKED|IOERR|READONLY|NOMEM|CANTOPEN)/.test(code);
}

function readCode(error: unknown): string | undefined {
  return error instanceof SqliteError ? error.code : undefined;
}

/** The agent goes on where its checkpoint stands, whatever the store holds: the two go together. */
function adviseMoving(path: string): string {
  return (
    `Stop Jobtrace and move ${basename(path)} and checkpoint.log, both in ${dirname(path)}, away: ` +
    'logs that changed within the last day are then read again from their beginning ' +
    '(agent.startFromEndAfterMs sets how old they may be).'
  );
}

function explainFailure(path: string, error: unknown): unknown {
  const code = readCode(error) ?? (error instanceof Error && 'code' in error ? String(error.code) : undefined);
  const problem = errorText(error);
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') return createError('JT_DISK_FULL', { path }, error);
  if (code === 'SQLITE_NOTADB' || code?.startsWith('SQLITE_CORRUPT') === true) {
    return createError(
      'JT_STORE_UNUSABLE',
      {
        url: path,
        problem: `it is not a database, or it is damaged (${problem})`,
        advice: adviseMoving(path),
      },
      error,
    );
  }
  if (code?.startsWith('SQLITE_BUSY') === true)
    return createError(
      'JT_STORE_UNREACHABLE',
      { url: path, problem: 'another process is writing to it for too long' },
      error,
    );
  if (
    code?.startsWith('SQLITE_') === true ||
    code === 'EACCES' ||
    code === 'EROFS' ||
    code === 'ENOTDIR' ||
    code === 'EPERM'
  )
    return createError('JT_FILE_UNWRITABLE', { path, problem }, error);
  return error;
}
