// Embedded store: one SQLite file that one process writes; others may read it at the same time. engine.ts wraps SQLite
// itself. The sequence number of a record is its position in the feed; a record that is replaced gets a new one.
// schema.ts has the tables.
import { existsSync } from 'node:fs';
import { createError } from '../../core/errors.js';
import type { IncidentWrite, Store } from '../store.js';
import { parseTime } from '../page.js';
import { createAppend } from './append.js';
import {
  countJobIncidents,
  countJobRecords,
  findAgentStatuses,
  findAlerts,
  findFeedback,
  findSilences,
  findTriage,
  findIncident,
  findIncidents,
  findNewest,
  findEpoch,
  removeIncident,
  saveAgentStatus,
  saveAlert,
  saveFeedback,
  saveSilence,
  saveTriage,
  saveIncident,
  sumGroup,
} from './documents.js';
import { openConnection, type Connection } from './engine.js';
import { fillRows, pageIncidents, saveRow } from './incident-rows.js';
import { deleteJobLines, deleteRecords, deleteAnnotations, purgeDeleted } from './erase.js';
import { explainFailure, runTask } from './failure.js';
import { loadJobLines, saveJobLines } from './job-lines.js';
import { checkRoom, makePrivate, type Room } from './file.js';
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
export function openSqliteStore(settings: SqliteSettings): Store {
  const connection = openFile(settings);
  const run = <Result>(work: () => Result): Promise<Result> => runTask(settings.path, work);
  const room: Room = { lackingBytes: undefined };
  const append = createAppend(connection, room);
  return {
    encoding: { kind: 'sqlite' },
    append: async (batch) => append(batch),
    readRecords: (cursor, options) => run(() => readFeed(connection, cursor, options)),
    countParts: () => Promise.resolve(1),
    findPart: () => 0,
    joinCursors,
    // No record is kept aside here, because a table accepts every record.
    findRefused: () => Promise.resolve({ records: [] }),
    removeRefused: () => Promise.resolve(),
    searchRecords: (query) => run(() => searchRecords(connection, query)),
    findRecords: (query) => run(() => findRecords(connection, query)),
    countJobRecords: (query) => run(() => countJobRecords(connection, query)),
    findContext: (id, lines) => run(() => findContext(connection, id, lines)),
    saveIncident: (incident, epoch) =>
      run(() => connection.transact(() => saveWithRow(connection, { incident, epoch }))),
    saveIncidents: (writes) =>
      run(() => connection.transact(() => writes.map((write) => saveWithRow(connection, write)))),
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
    saveJobLines: (lines) => run(() => saveJobLines(connection, lines)),
    loadJobLines: (cluster) => run(() => loadJobLines(connection, cluster)),
    rememberAlert: (alert) => run(() => saveAlert(connection, alert)),
    rememberAlerts: (alerts) =>
      run(() =>
        connection.transact(() => {
          for (const alert of alerts) saveAlert(connection, alert);
        }),
      ),
    findAlerts: (query) => run(() => findAlerts(connection, query)),
    saveFeedback: (feedback) => run(() => saveFeedback(connection, feedback)),
    findFeedback: (query) => run(() => findFeedback(connection, query)),
    saveTriage: (triage) => run(() => saveTriage(connection, triage)),
    findTriage: (query) => run(() => findTriage(connection, query)),
    saveSilence: (silence) => run(() => saveSilence(connection, silence)),
    findSilences: (query) => run(() => findSilences(connection, query)),
    saveState: (key, value) =>
      run(() => void connection.prepare('INSERT OR REPLACE INTO states VALUES (?, ?)').run(key, value)),
    loadState: (key) =>
      run(() => connection.prepare<{ value: string }>('SELECT value FROM states WHERE key = ?').get(key)?.value),
    removeState: (key) => run(() => void connection.prepare('DELETE FROM states WHERE key = ?').run(key)),
    replaceState: (key, known, value) => run(() => replaceState(connection, key, known, value)),
    saveAgentStatus: (status) => run(() => saveAgentStatus(connection, status)),
    findAgentStatuses: () => run(() => findAgentStatuses(connection)),
    deleteBefore: (time) => deleteBefore(connection, settings.path, parseTime('time', time)),
    deleteRecords: (query) => deleteRecords(connection, settings.path, query),
    deleteAnnotations: (kind, ids) => run(() => deleteAnnotations(connection, kind, ids)),
    deleteJobLines: (jobs) => run(() => deleteJobLines(connection, jobs)),
    purgeDeleted: () => purgeDeleted(connection, settings.path),
    deleteInfoBefore: (time) => deleteInfoBefore(connection, settings.path, parseTime('time', time)),
    check: () =>
      run(() => ({
        kind: 'sqlite' as const,
        version: String(connection.prepare<{ v: string }>('SELECT sqlite_version() AS v').get()?.v),
      })),
    checkRoom: () => run(() => checkRoom(room, connection, settings.path)),
    close: () => run(() => void connection.close()),
  };
}

function saveWithRow(connection: Connection, { incident, epoch }: IncidentWrite): boolean {
  const isSaved = saveIncident(connection, incident, epoch);
  if (isSaved) saveRow(connection, incident);
  return isSaved;
}

function replaceState(connection: Connection, key: string, known: string | undefined, value: string): boolean {
  const done =
    known === undefined
      ? connection.prepare('INSERT INTO states VALUES (?, ?) ON CONFLICT DO NOTHING').run(key, value)
      : connection.prepare('UPDATE states SET value = ? WHERE key = ? AND value = ?').run(value, key, known);
  return done.changes === 1;
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
    const connection = openConnection(path, { readonly: isReadonly, busyMs: BUSY_MS, goesOn: settings.goesOn });
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

/** Pages that a connection keeps. What readers do not keep, the operating system does, once for all of them. */
const WRITER_CACHE_KIB = 65_536;
const READER_CACHE_KIB = 16_384;

/**
 * Prepares the file. The order matters: auto_vacuum and page size only take effect before the first table. With FULL,
 * an acknowledged batch survives a power cut.
 */
function setUp(connection: Connection, settings: SqliteSettings): void {
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
    fillRows(connection);
    connection.pragma(`user_version = ${MIGRATIONS.length}`);
  });
}
