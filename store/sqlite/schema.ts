// Tables of the embedded store, as a list of migrations that only grows, and the conversion between a record and its
// row, which follows the table of fields (core/record.ts). A row has the entry's text once: `message` and the stack
// trace are kept as their position in `original` if they are there. The word index keeps no text at all (contentless
// FTS5). Pure functions.
import { FIELD_ROWS, type FieldName, type RecordField, type ValueField } from '../../core/record.js';
import type { LogRecord } from '../../core/types.js';
import { formatTime, readTime } from '../page.js';
import { isLogRecord, parseJson } from '../stored.js';

interface FieldColumn {
  readonly column: string;
  readonly field: FieldName;
}

// Computed once, because rows are filled and read by the thousand.
const SLICES = FIELD_ROWS.filter((row) => row.isSlice === true).map(listColumn);
const LISTS = FIELD_ROWS.filter(isList).map(listColumn);
/** Columns that hold a field as it is. */
const PLAIN = FIELD_ROWS.filter((row) => row.isSlice !== true && !isList(row)).map(listColumn);

export const RECORD_COLUMNS: readonly string[] = [
  ...[...PLAIN, ...LISTS, ...SLICES].map(({ column }) => column),
  'time',
  'undated',
  'stored_at',
];

/** Migrations, one for each schema version, in order. A published migration is never changed. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE records (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     id TEXT NOT NULL UNIQUE, length INTEGER NOT NULL, timestamp TEXT NOT NULL, time INTEGER NOT NULL, undated INTEGER NOT NULL, stored_at INTEGER NOT NULL,
     level TEXT, logger TEXT, file TEXT NOT NULL, "offset" INTEGER NOT NULL, thread TEXT, error_type TEXT, host TEXT NOT NULL, container TEXT, namespace TEXT, pod TEXT,
     cluster TEXT NOT NULL, job_id TEXT, job_name TEXT, component TEXT, resource_id TEXT, version TEXT, process TEXT NOT NULL, kind TEXT NOT NULL, layout TEXT NOT NULL,
     chain TEXT, flags TEXT, message TEXT NOT NULL, error_message TEXT, stack_trace TEXT, original TEXT NOT NULL);
   CREATE INDEX records_time ON records (time);
   CREATE INDEX records_process ON records (process, time);
   CREATE INDEX records_job ON records (job_id, time) WHERE job_id IS NOT NULL;
   CREATE VIRTUAL TABLE words USING fts5 (text, content='', contentless_delete=1, tokenize='ascii');
   CREATE VIRTUAL TABLE vocabulary USING fts5vocab (words, 'row');
   CREATE TABLE incidents (id TEXT PRIMARY KEY, cluster TEXT NOT NULL, job_id TEXT, job_name TEXT, outcome TEXT NOT NULL, first_seen INTEGER, last_seen INTEGER, body TEXT NOT NULL) WITHOUT ROWID;
   CREATE INDEX incidents_last_seen ON incidents (last_seen);
   CREATE TABLE alerts (id TEXT PRIMARY KEY, incident_id TEXT NOT NULL, state TEXT NOT NULL, sent_at INTEGER, body TEXT NOT NULL) WITHOUT ROWID;
   CREATE INDEX alerts_incident ON alerts (incident_id);
   CREATE TABLE states (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE agents (id TEXT PRIMARY KEY, time INTEGER, body TEXT NOT NULL) WITHOUT ROWID;`,
  'ALTER TABLE records ADD COLUMN signal TEXT;',
  "CREATE INDEX records_facts ON records (cluster, time) WHERE signal >= 'fact.' AND signal < 'fact/';",
  `ALTER TABLE incidents ADD COLUMN failure_group TEXT;
   CREATE INDEX incidents_group ON incidents (failure_group) WHERE failure_group IS NOT NULL;`,
  `CREATE TABLE job_lines (cluster TEXT NOT NULL, job_id TEXT NOT NULL, job_name TEXT, last_ms INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (cluster, job_id)) WITHOUT ROWID;
   CREATE INDEX job_lines_last ON job_lines (last_ms);`,
  `DROP INDEX records_job;
   CREATE INDEX records_job ON records (job_id COLLATE NOCASE, time) WHERE job_id IS NOT NULL;
   CREATE INDEX records_job_name ON records (job_name COLLATE NOCASE, time) WHERE job_name IS NOT NULL;`,
  `CREATE TABLE feedback (id TEXT PRIMARY KEY, incident_id TEXT NOT NULL, at INTEGER, body TEXT NOT NULL) WITHOUT ROWID;
   CREATE INDEX feedback_incident ON feedback (incident_id);`,
  'ALTER TABLE incidents ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;',
  // Values that a list of incidents shows, filters and counts, so that their documents need not be read.
  `CREATE TABLE incident_rows (id TEXT PRIMARY KEY, last_seen INTEGER, first_seen INTEGER, outcome TEXT NOT NULL, cluster TEXT NOT NULL, job_id TEXT, job_name TEXT, failure_group TEXT, lead TEXT NOT NULL, severity TEXT, owner TEXT, parent TEXT, body TEXT NOT NULL);
   CREATE INDEX incident_rows_last_seen ON incident_rows (last_seen DESC, id);
   CREATE TRIGGER incidents_removed AFTER DELETE ON incidents BEGIN DELETE FROM incident_rows WHERE id = OLD.id; END;`,
  'CREATE TABLE silences (id TEXT PRIMARY KEY, ends_at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;',
  `CREATE TABLE joined_incidents (id TEXT PRIMARY KEY, heir TEXT NOT NULL) WITHOUT ROWID;
   CREATE INDEX joined_incidents_heir ON joined_incidents (heir);
   CREATE TRIGGER heirs_removed AFTER DELETE ON incidents BEGIN DELETE FROM joined_incidents WHERE heir = OLD.id; END;`,
  `CREATE TABLE triage (id TEXT PRIMARY KEY, incident_id TEXT NOT NULL, at INTEGER, body TEXT NOT NULL) WITHOUT ROWID;
   CREATE INDEX triage_incident ON triage (incident_id);`,
  // The records of these levels are few, and they are asked for most.
  "CREATE INDEX records_level ON records (level COLLATE NOCASE, time) WHERE level NOT IN ('INFO', 'DEBUG', 'TRACE');",
  // Tables of collections have the columns that documents.ts makes of a declaration.
  `DROP INDEX alerts_incident; ALTER TABLE alerts RENAME COLUMN incident_id TO incidentId; ALTER TABLE alerts RENAME COLUMN sent_at TO time;
   DROP INDEX feedback_incident; ALTER TABLE feedback RENAME COLUMN incident_id TO incidentId; ALTER TABLE feedback RENAME COLUMN at TO time;
   DROP INDEX triage_incident; ALTER TABLE triage RENAME COLUMN incident_id TO incidentId; ALTER TABLE triage RENAME COLUMN at TO time;
   ALTER TABLE silences RENAME COLUMN ends_at TO time;
   CREATE TABLE access (id TEXT PRIMARY KEY, time INTEGER, body TEXT NOT NULL) WITHOUT ROWID;
   INSERT INTO access SELECT key, NULL, value FROM states WHERE key LIKE 'access/%';
   DELETE FROM states WHERE key LIKE 'access/%';
   ALTER TABLE states RENAME COLUMN key TO id; ALTER TABLE states RENAME COLUMN value TO body; ALTER TABLE states ADD COLUMN time INTEGER;
   CREATE TABLE jobLines (id TEXT PRIMARY KEY, time INTEGER, body TEXT NOT NULL, cluster TEXT, jobId TEXT, jobName TEXT) WITHOUT ROWID;
   INSERT INTO jobLines SELECT 'lines/' || cluster || '/' || job_id, last_ms, body, cluster, job_id, job_name FROM job_lines;
   DROP TABLE job_lines;`,
];

/** Returns the column of a field that a search can ask for, and whether it is a JSON list. */
export function findColumn(field: ValueField): { readonly column: string; readonly isList: boolean } {
  const row = FIELD_ROWS.find(({ name }) => name === field);
  if (row === undefined) throw new Error(`There is no column for ${field}.`);
  return { column: `"${row.column}"`, isList: isList(row) };
}

function listColumn(row: (typeof FIELD_ROWS)[number]): FieldColumn {
  return { column: row.column, field: row.name };
}

function isList({ type }: RecordField): boolean {
  return type === 'texts' || type === 'flags';
}

/** Returns the values of RECORD_COLUMNS, in their order. */
export function fillRow(record: LogRecord, isUndated: boolean, nowMs: number): (string | number | null)[] {
  const original = record['event.original'];
  const row: (string | number | null)[] = [];
  for (const { field } of PLAIN) row.push(readPlain(record[field]));
  for (const { field } of LISTS) row.push(record[field] === undefined ? null : JSON.stringify(record[field]));
  for (const { field } of SLICES) row.push(fillSlice(original, record[field]));
  row.push(readTime(record), isUndated ? 1 : 0, nowMs);
  return row;
}

/** Reads the record of a row. Throws a plain Error for a row that we cannot have written. */
export function readRow(row: Readonly<Record<string, unknown>>): LogRecord {
  const fields: Record<string, unknown> = {};
  for (const { column, field } of PLAIN) if (row[column] !== null) fields[field] = row[column];
  for (const { column, field } of LISTS) if (typeof row[column] === 'string') fields[field] = parseJson(row[column]);
  const original = String(row['original']);
  for (const { column, field } of SLICES)
    if (typeof row[column] === 'string') fields[field] = readSlice(original, row[column]);
  if (isLogRecord(fields)) return fields;
  throw new Error(
    `The row ${String(row['seq'])} of the records table is damaged (time ${formatTime(Number(row['time']))}).`,
  );
}

function readPlain(value: LogRecord[FieldName]): string | number | null {
  return typeof value === 'string' || typeof value === 'number' ? value : null;
}

function fillSlice(original: string, text: LogRecord[FieldName]): string | null {
  if (typeof text !== 'string') return null;
  const start = text.length > 0 ? original.indexOf(text) : -1;
  return start < 0 ? `=${text}` : `${start},${start + text.length}`;
}

function readSlice(original: string, place: string): string {
  if (place.startsWith('=')) return place.slice(1);
  const comma = place.indexOf(',');
  return original.slice(Number(place.slice(0, comma)), Number(place.slice(comma + 1)));
}
