// Embedded store: one SQLite file that one process writes; others may read it at the same time. engine.ts wraps SQLite
// itself. The sequence number of a record is its position in the feed; a record that is replaced gets a new one.
// schema.ts has the tables.
import { existsSync } from 'node:fs';
import { createError } from '../../core/errors.js';
import { openCollections, SCHEMAS, type DocumentPort, type CollectionSchema } from '../collections.js';
import type { Store } from '../store.js';
import { parseTime } from '../page.js';
import { createAppend } from './append.js';
import { createDocuments, createTables } from './documents.js';
import { openConnection, type Connection } from './engine.js';
import { deleteRecords, purgeDeleted } from './erase.js';
import { explainFailure, runTask } from './failure.js';
import {
  countJobIncidents,
  countJobRecords,
  fillRows,
  findEpoch,
  findIncident,
  findIncidents,
  findNewest,
  pageIncidents,
  removeIncident,
  saveIncident,
  sumGroup,
} from './incidents.js';
import { checkDiskSpace, makePrivate, type DiskSpace } from './file.js';
import { deleteBefore, deleteInfoBefore } from './retention.js';
import { MIGRATIONS } from './schema.js';
import { findContext, findRecords, joinCursors, readFeed, searchRecords } from './search.js';

export interface SqliteSettings {
  /** Path of the file. ":memory:" keeps everything in memory and nothing after close. */
  readonly path: string;
  /** Largest size of the file, in bytes. When it is reached, records wait, as on a full disk. */
  readonly maxBytes?: number;
  /** True if the file is only read. It must exist then. */
  readonly readonly?: boolean;
  /** Function that ends the running search with StatementStopped as soon as it returns false. */
  readonly goesOn?: () => boolean;
}

const BUSY_MS = 5_000;

/** Opens the store. Throws JT_STORE_TOO_NEW, JT_STORE_UNUSABLE, JT_FILE_UNWRITABLE or JT_DISK_FULL. */
export function openSqliteStore(settings: SqliteSettings, schemas = SCHEMAS): Store & DocumentPort {
  const connection = openFile(settings, schemas);
  const run = <Result>(work: () => Result): Promise<Result> => runTask(settings.path, work);
  const space: DiskSpace = { lackingBytes: undefined };
  const append = createAppend(connection, space);
  const documents = createDocuments(connection, run);
  return {
    encoding: { kind: 'sqlite' },
    append: async (batch) => append(batch),
    readRecords: (cursor, options) => run(() => readFeed(connection, cursor, options)),
    countPartitions: () => Promise.resolve(1),
    findPartition: () => 0,
    joinCursors,
    // No record is kept aside here, because a table accepts every record.
    findRefused: () => Promise.resolve({ records: [] }),
    removeRefused: () => Promise.resolve(),
    searchRecords: (query) => run(() => searchRecords(connection, query)),
    findRecords: (query) => run(() => findRecords(connection, query)),
    countJobRecords: (query) => run(() => countJobRecords(connection, query)),
    findContext: (id, lines) => run(() => findContext(connection, id, lines)),
    saveIncident: (incident, epoch) =>
      run(() => connection.transact(() => saveIncident(connection, { incident, epoch }))),
    saveIncidents: (writes) =>
      run(() => connection.transact(() => writes.map((write) => saveIncident(connection, write)))),
    removeIncident: (id, epoch) => run(() => removeIncident(connection, id, epoch)),
    findNewest: (from) => run(() => findNewest(connection, from)),
    // The clock of a file is that of its machine.
    readTime: () => Promise.resolve(Date.now()),
    readKeyEnd: () => Promise.resolve(undefined),
    findEpoch: (id) => run(() => findEpoch(connection, id)),
    findIncident: (id) => run(() => findIncident(connection, id)),
    findIncidents: (query) => run(() => findIncidents(connection, query)),
    pageIncidents: (query) => run(() => pageIncidents(connection, query)),
    countJobIncidents: (query) => run(() => countJobIncidents(connection, query)),
    sumGroup: (query) => run(() => sumGroup(connection, query)),
    ...documents,
    ...openCollections(documents),
    deleteBefore: (time) => deleteBefore(connection, settings.path, parseTime('time', time), schemas),
    deleteRecords: (query) => deleteRecords(connection, settings.path, query),
    purgeDeleted: () => purgeDeleted(connection, settings.path),
    deleteInfoBefore: (time) => deleteInfoBefore(connection, settings.path, parseTime('time', time)),
    check: () =>
      run(() => ({
        kind: 'sqlite' as const,
        version: String(connection.prepare<{ v: string }>('SELECT sqlite_version() AS v').get()?.v),
      })),
    checkDiskSpace: () => run(() => checkDiskSpace(space, connection, settings.path)),
    close: () => run(() => void connection.close()),
  };
}

function openFile(settings: SqliteSettings, schemas: readonly CollectionSchema[]): Connection {
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
    const connection = openConnection(path, { readonly: isReadonly, busyMs: BUSY_MS, goesOn: settings.goesOn });
    try {
      setUp(connection, settings, schemas);
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  } catch (error) {
    throw explainFailure(path, error);
  }
}

/** Pages that a connection keeps. What readers do not keep, the operating system does, once for all of them. */
const WRITER_CACHE_KIB = 65_536;
const READER_CACHE_KIB = 16_384;

/**
 * Prepares the file. The order matters: auto_vacuum and page size only take effect before the first table. With FULL,
 * an acknowledged batch survives a power cut.
 */
function setUp(connection: Connection, settings: SqliteSettings, schemas: readonly CollectionSchema[]): void {
  const found = Number(connection.pragma('user_version'));
  if (found > MIGRATIONS.length)
    throw createError('JT_STORE_TOO_NEW', { path: settings.path, found, known: MIGRATIONS.length });
  connection.pragma(`cache_size = -${settings.readonly === true ? READER_CACHE_KIB : WRITER_CACHE_KIB}`);
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
    createTables(connection, schemas);
    fillRows(connection);
    connection.pragma(`user_version = ${MIGRATIONS.length}`);
  });
}
