// Appends a batch of encoded rows to the tables, in one transaction. A record that is already stored is a duplicate, an
// older version that is replaced, or a collision (conflict.ts decides).
import { errorText } from '../../core/fault.js';
import type { LogRecord } from '../../core/types.js';
import { sliceRecord } from '../batch.js';
import { decideConflict } from '../conflict.js';
import type { AppendOutcome, EncodedBatch } from '../store.js';
import { decodeRow, readEncodedRow, type EncodedRow } from './encode.js';
import type { Connection, Statement } from './engine.js';
import { isTemporary, readCode } from './failure.js';
import { noteAppend, type DiskSpace } from './file.js';
import { readRow, RECORD_COLUMNS } from './schema.js';

type Row = Readonly<Record<string, unknown>>;

interface AppendStatements {
  readonly insert: Statement<Row>;
  readonly insertWords: Statement<Row>;
  readonly find: Statement<Row>;
  readonly remove: Statement<Row>;
  readonly removeWords: Statement<Row>;
}

/**
 * Creates the function that appends a batch. A full disk or a busy file gives `retry` for the whole batch, because the
 * transaction was rolled back.
 */
export function createAppend(
  connection: Connection,
  space: DiskSpace,
): (batch: EncodedBatch) => readonly AppendOutcome[] {
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
      noteAppend(space, undefined, 0);
      return outcomes;
    } catch (error) {
      noteAppend(space, readCode(error), batch.bytes.length);
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

/** Inserts a row, or returns false if its id is taken. The last of the row's values is the time when it was stored. */
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
