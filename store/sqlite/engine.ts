// The door to SQLite itself. Node brings SQLite along from 22.13 on; for Node 20 the same module comes as a package
// with its binaries inside, so that nothing is compiled when Jobtrace is installed. Both write the same files.
// sqlite.ts opens connections here and sees one set of calls and one kind of error, on every Node.
import { createRequire } from 'node:module';

export interface Changes {
  readonly changes: number;
  readonly lastInsertRowid: number;
}

/** Values are texts, numbers, bytes and null. */
export interface Statement<Row> {
  run(...values: readonly unknown[]): Changes;
  get(...values: readonly unknown[]): Row | undefined;
  all(...values: readonly unknown[]): Row[];
}

export interface Connection {
  readonly readonly: boolean;
  /** Runs statements that take no values and give no rows. */
  exec(sql: string): void;
  prepare<Row extends object = Readonly<Record<string, unknown>>>(sql: string): Statement<Row>;
  /** Sets or asks a PRAGMA; the first value of its answer. */
  pragma(text: string): unknown;
  /** All of the work or nothing of it; the right to write is taken at once. */
  transact<Result>(work: () => Result): Result;
  /** Once or more often. */
  close(): void;
}

export interface OpenOptions {
  readonly readonly: boolean;
  /** How long a call waits for another process that writes. */
  readonly busyMs: number;
  /** Asked now and then by a statement that holds GOES_ON; false ends it with StatementStopped. Left out: none ends. */
  readonly goesOn?: (() => boolean) | undefined;
}

/** A statement was ended because OpenOptions.goesOn said so. */
export class StatementStopped extends Error {
  override readonly name = 'StatementStopped';
}

/**
 * A condition that is always true and stops the statement when it shall not go on. SQLite offers no other way to end a
 * statement from JavaScript. `number` is a column or an expression: a call for each thousandth row costs nothing.
 */
export function goesOn(number: string, mask = 1023): string {
  return `(${number} & ${mask} OR ${GOES_ON}())`;
}

const GOES_ON = 'goes_on';
/** Node throws our error again; the package makes one of its own with the same text. */
const STOPPED = 'the statement was stopped';

/** `code` is SQLite's own name of what went wrong, without its finer kinds: SQLITE_FULL, SQLITE_BUSY. */
export class SqliteError extends Error {
  override readonly name = 'SqliteError';
  constructor(
    readonly code: string,
    message: string,
    cause: unknown,
  ) {
    super(message, { cause });
  }
}

/** The part of node:sqlite that is used. */
export interface SqliteModule {
  readonly DatabaseSync: new (path: string, options: { readonly readOnly: boolean }) => Database;
}

interface Database {
  exec(sql: string): void;
  prepare<Row>(sql: string): NativeStatement<Row>;
  function(name: string, options: { readonly deterministic: boolean }, work: () => number): void;
  close(): void;
}

interface NativeStatement<Row> extends Omit<Statement<Row>, 'run'> {
  run(...values: readonly unknown[]): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint };
  setReadBigInts(enabled: boolean): void;
}

/** Opens or makes the file. Throws SqliteError. */
export function openConnection(path: string, options: OpenOptions, engine: SqliteModule = chooseEngine()): Connection {
  const database = explain(() => new engine.DatabaseSync(path, { readOnly: options.readonly }));
  const exec = (sql: string): void => explain(() => database.exec(sql));
  const prepare = <Row extends object>(sql: string): Statement<Row> =>
    wrapStatement(explain(() => database.prepare<Row>(sql)));
  explain(() => database.function(GOES_ON, { deterministic: false }, () => checkGoesOn(options.goesOn)));
  let isOpen = true;
  const connection: Connection = {
    readonly: options.readonly,
    exec,
    prepare,
    // All rows are taken: `incremental_vacuum` frees a page with each.
    pragma: (text) => Object.values(prepare(`PRAGMA ${text}`).all()[0] ?? {})[0],
    transact: (work) => transact(exec, work),
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      if (!options.readonly) emptyLog(database);
      database.close();
    },
  };
  connection.pragma(`busy_timeout = ${options.busyMs}`);
  return connection;
}

function checkGoesOn(mayGoOn: OpenOptions['goesOn']): number {
  if (mayGoOn?.() === false) throw new StatementStopped(STOPPED);
  return 1;
}

/** The package's connection lives on until its statements are collected: nothing waits in the log until then. */
function emptyLog(database: Database): void {
  try {
    database.exec('PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // A damaged file, or a full disk: what waits is taken up when the file is opened again.
  }
}

function chooseEngine(): SqliteModule {
  return loadBuiltIn() ?? loadPackage();
}

/** Undefined where Node has none, or only with a flag. Node calls it experimental: to a user that is no news. */
export function loadBuiltIn(): SqliteModule | undefined {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    const module = process.getBuiltinModule('node:sqlite');
    return module !== undefined && isEngine(module) ? module : undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}

function isEngine(module: object): module is SqliteModule {
  return 'DatabaseSync' in module;
}

export function loadPackage(): SqliteModule {
  const engine: SqliteModule = createRequire(import.meta.filename)('@photostructure/sqlite');
  return engine;
}

function wrapStatement<Row extends object>(statement: NativeStatement<Row>): Statement<Row> {
  let hasBigInts = false;
  const setBigInts = (wanted: boolean): void => {
    if (wanted !== hasBigInts) statement.setReadBigInts(wanted);
    hasBigInts = wanted;
  };
  return {
    // The word index leaves row numbers of its own behind, which Node 26 refuses to give as plain numbers.
    run: (...values) => {
      setBigInts(true);
      const done = explain(() => statement.run(...values.map(encodeValue)));
      return { changes: Number(done.changes), lastInsertRowid: Number(done.lastInsertRowid) };
    },
    get: (...values) => {
      setBigInts(false);
      const row = explain(() => statement.get(...values.map(encodeValue)));
      return row === undefined ? undefined : decodeRow(row);
    },
    all: (...values) => {
      setBigInts(false);
      return explain(() => statement.all(...values.map(encodeValue))).map(decodeRow);
    },
  };
}

/** Not a character; it stands in texts for what must not be in them. */
const ESCAPE = '\uffff';
const NUL = '\0';
const ESCAPED_NUL = `${ESCAPE}0`;
const ESCAPED_ESCAPE = `${ESCAPE}f`;

/** Some engines cut a text off at a NUL: that of Node 22 when it is read, the package when it is written. */
function encodeValue(value: unknown): unknown {
  if (typeof value !== 'string' || !(value.includes(NUL) || value.includes(ESCAPE))) return value;
  return value.replaceAll(ESCAPE, ESCAPED_ESCAPE).replaceAll(NUL, ESCAPED_NUL);
}

function decodeRow<Row extends object>(row: Row): Row {
  for (const [name, value] of Object.entries(row))
    if (typeof value === 'string' && value.includes(ESCAPE))
      Object.assign(row, { [name]: value.replaceAll(ESCAPED_NUL, NUL).replaceAll(ESCAPED_ESCAPE, ESCAPE) });
  return row;
}

function transact<Result>(exec: (sql: string) => void, work: () => Result): Result {
  exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    exec('COMMIT');
    return result;
  } catch (error) {
    try {
      exec('ROLLBACK');
    } catch {
      // SQLite rolled back by itself, as it does on a full disk. The first error says why.
    }
    throw error;
  }
}

/** SQLite's results that lead to an advice of their own: number, name, and what SQLite says of it. */
const RESULTS: readonly (readonly [number: number, code: string, text: string])[] = [
  [5, 'SQLITE_BUSY', 'database is locked'],
  [6, 'SQLITE_LOCKED', 'database table is locked'],
  [7, 'SQLITE_NOMEM', 'out of memory'],
  [8, 'SQLITE_READONLY', 'attempt to write a readonly database'],
  [10, 'SQLITE_IOERR', 'disk I/O error'],
  [11, 'SQLITE_CORRUPT', 'database disk image is malformed'],
  [13, 'SQLITE_FULL', 'database or disk is full'],
  [14, 'SQLITE_CANTOPEN', 'unable to open database file'],
  [19, 'SQLITE_CONSTRAINT', 'constraint failed'],
  [26, 'SQLITE_NOTADB', 'file is not a database'],
];

function explain<Result>(call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    if (error instanceof Error && error.message.includes(STOPPED))
      throw new StatementStopped(STOPPED, { cause: error });
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR')) throw error;
    throw new SqliteError(readCode(error), error.message, error);
  }
}

/** The package tells no number when it reads many rows. */
function readCode(error: Error): string {
  // The upper bits hold the finer kind.
  const number = 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
  const found = RESULTS.find(([known, , text]) =>
    number === undefined ? error.message.includes(text) : known === number,
  );
  return found?.[1] ?? 'SQLITE_ERROR';
}
