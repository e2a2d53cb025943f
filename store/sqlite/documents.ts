// Stores the documents of all collections: a table for each, with a column for its time and for each of its keys. The
// tables follow the declarations (store/collections.ts), so that a new collection or key needs no migration.
import type { Glob } from '../../core/text/glob.js';
import type { DocumentPort, CollectionSchema, KeyQuery, StoredDocument } from '../collections.js';
import type { Connection } from './engine.js';
import { isOneOf } from './incidents.js';
import { compareShape, joinConditions, type SqlCondition } from './query.js';

/** Creates missing tables, columns and indices. A column that is added gets the values of the stored documents. */
export function createTables(connection: Connection, schemas: readonly CollectionSchema[]): void {
  for (const { name, keys } of schemas) {
    connection.exec(
      `CREATE TABLE IF NOT EXISTS "${name}" (id TEXT PRIMARY KEY, time INTEGER, body TEXT NOT NULL) WITHOUT ROWID`,
    );
    const columns = connection.prepare<{ name: string }>('SELECT name FROM pragma_table_info(?)').all(name);
    for (const key of keys)
      if (!columns.some((column) => column.name === key))
        connection.exec(
          `ALTER TABLE "${name}" ADD COLUMN "${key}" TEXT; UPDATE "${name}" SET "${key}" = json_extract(body, '$.${key}')`,
        );
    for (const column of ['time', ...keys])
      connection.exec(`CREATE INDEX IF NOT EXISTS "${name}_${column}" ON "${name}" ("${column}")`);
  }
}

/** Returns the port on this connection. `run` gives each task the errors of the store. */
export function createDocuments(
  connection: Connection,
  run: <Result>(task: () => Result) => Promise<Result>,
): DocumentPort {
  return {
    saveDocuments: (schema, documents) =>
      run(() => connection.transact(() => saveDocuments(connection, schema, documents))),
    loadDocument: ({ name }, id) =>
      run(() => connection.prepare<{ body: string }>(`SELECT body FROM "${name}" WHERE id = ?`).get(id)?.body),
    findDocuments: (schema, query) => run(() => findDocuments(connection, schema, query)),
    removeDocuments: ({ name }, ids) =>
      run(() => {
        const { sql, params } = isOneOf('id', ids);
        connection.prepare(`DELETE FROM "${name}" WHERE ${sql}`).run(...params);
      }),
    replaceDocument: (schema, known, next) => run(() => replaceDocument(connection, schema, known, next)),
  };
}

function saveDocuments(connection: Connection, schema: CollectionSchema, documents: readonly StoredDocument[]): void {
  const insert = connection.prepare(`INSERT OR REPLACE ${into(schema)}`);
  for (const document of documents) insert.run(...fill(schema, document));
}

export function findDocuments(
  connection: Connection,
  { name, order }: CollectionSchema,
  { where, matching, afterMs, limit }: KeyQuery,
): readonly Pick<StoredDocument, 'id' | 'text'>[] {
  const { sql, params } = joinConditions('AND', [
    ...Object.entries(where).map(([key, values]) => isOneOf(`"${key}"`, values)),
    ...(matching === undefined
      ? []
      : [
          joinConditions(
            'OR',
            matching.globs.flatMap((glob) => matchKeys(matching.keys, glob)),
          ),
        ]),
    ...(afterMs === undefined ? [] : [{ sql: 'time > ?', params: [afterMs] }]),
  ]);
  return connection
    .prepare<{ id: string; text: string }>(
      `SELECT id, body AS text FROM "${name}" WHERE ${sql} ORDER BY ${order === 'id' ? 'id' : 'time DESC, id'} LIMIT ?`,
    )
    .all(...params, limit);
}

function matchKeys(keys: readonly string[], glob: Glob): SqlCondition[] {
  const { sql, params } = compareShape(glob);
  return keys.map((key) => ({ sql: `ifnull("${key}" ${sql}, 0)`, params }));
}

function replaceDocument(
  connection: Connection,
  schema: CollectionSchema,
  known: string | undefined,
  next: StoredDocument,
): boolean {
  const values = fill(schema, next);
  if (known === undefined)
    return connection.prepare(`INSERT ${into(schema)} ON CONFLICT DO NOTHING`).run(...values).changes === 1;
  const columns = listColumns(schema).map((column) => `"${column}" = ?`);
  const update = connection.prepare(`UPDATE "${schema.name}" SET ${columns.join(', ')} WHERE id = ? AND body = ?`);
  return update.run(...values, next.id, known).changes === 1;
}

function listColumns({ keys }: CollectionSchema): readonly string[] {
  return ['id', 'time', 'body', ...keys];
}

function into(schema: CollectionSchema): string {
  const columns = listColumns(schema);
  return `INTO "${schema.name}" (${columns.map((column) => `"${column}"`).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
}

function fill({ keys }: CollectionSchema, document: StoredDocument): readonly (string | number | null)[] {
  return [document.id, document.timeMs ?? null, document.text, ...keys.map((key) => document.keys[key] ?? null)];
}
