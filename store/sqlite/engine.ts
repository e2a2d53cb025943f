// Opens SQLite. Node.js includes it from 22.13 on. For Node.js 20 the same module is a package with its binaries
// inside, so that nothing is compiled when Jobtrace is installed. Both write the same files. sqlite.ts opens
// connections here, and sees one set of calls and one kind of error with every Node.js.
import { createRequire } from 'node:module';

export interface Changes {
  readonly changes: number;
  readonly lastInsertRowid: number;
}

/** Prepared statement. Values are texts, numbers, bytes and null. */
export interface Statement<Row> {
  run(...values: readonly unknown[]): Changes;
  get(...values: readonly unknown[]): Row | undefined;
  all(...values: readonly unknown[]): Row[];
}

export interface Connection {
  readonly readonly: boolean;
  /** Runs statements that take no values and return no rows. */
  exec(sql: string): void;
  prepare<Row extends object = Readonly<Record<string, unknown>>>(sql: string): Statement<Row>;
  /** Sets or queries a PRAGMA. Returns the first value of its answer. */
  pragma(text: string): unknown;
  /** Does all of the work or nothing of it. The right to write is taken at once. */
  transact<Result>(work: () => Result): Result;
  /** Closes the connection. It may be called more than once. */
  close(): void;
}

export interface OpenOptions {
  readonly readonly: boolean;
  /** Longest time, in milliseconds, that a call waits for another process that writes. */
  readonly busyMs: number;
  /**
   * Function that a statement with GOES_ON calls now and then. If it returns false, the statement ends with
   * StatementStopped. Without it, no statement ends early.
   */
  readonly goesOn?: (() => boolean) | undefined;
}

/** Error of a statement that was ended because OpenOptions.goesOn returned false. */
export class StatementStopped extends Error {
  override readonly name = 'StatementStopped';
}

/**
 * Returns a condition that is always true and that ends the statement when it must stop. SQLite offers no other way to
 * end a statement from JavaScript. `number` is a column or an expression: a call for each thousandth row costs nothing.
 */
export function goesOn(number: string, mask = 1023): string {
  return `(${number} & ${mask} OR ${GOES_ON}())`;
}

const GOES_ON = 'goes_on';
/** Text of our error. Node.js throws that error again; the package throws an error of its own with the same text. */
const STOPPED = 'the statement was stopped';

/** Error of SQLite. `code` is SQLite's own name of the error, without its extended code: SQLITE_FULL, SQLITE_BUSY. */
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

/** Part of node:sqlite that is used. */
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

/** Opens or creates the file. Throws SqliteError. */
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
    // All rows are read, because `incremental_vacuum` frees a page with each.
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

/**
 * Writes the log into the file. The package's connection lives until its statements are garbage-collected, and nothing
 * must wait in the log until then.
 */
function emptyLog(database: Database): void {
  try {
    database.exec('PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // A damaged file, or a full disk: the log is taken up when the file is opened again.
  }
}

function chooseEngine(): SqliteModule {
  return loadBuiltIn() ?? loadPackage();
}

/**
 * Loads the module of Node.js, or returns undefined if there is none or only with a flag. The warning that it is
 * experimental is suppressed, because a user cannot do anything about it.
 */
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
    // The word index leaves its own row numbers behind, which Node.js 26 refuses to return as plain numbers.
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

/** Escape for what must not be in texts. It is not a character. */
const ESCAPE = '\uffff';
const NUL = '\0';
const ESCAPED_NUL = `${ESCAPE}0`;
const ESCAPED_ESCAPE = `${ESCAPE}f`;

/**
 * Escapes NUL, because some engines cut a text off there: that of Node.js 22 when it is read, the package when it is
 * written.
 */
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
      // SQLite has already rolled back, as it does on a full disk. The first error says why.
    }
    throw error;
  }
}

/** Results of SQLite that have advice of their own: number, name, and the text of SQLite. */
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

/** Returns the name of an error. The package reports no number when it reads many rows, so the text is compared. */
function readCode(error: Error): string {
  // The upper bits have the extended code.
  const number = 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
  const found = RESULTS.find(([known, , text]) =>
    number === undefined ? error.message.includes(text) : known === number,
  );
  return found?.[1] ?? 'SQLITE_ERROR';
}
