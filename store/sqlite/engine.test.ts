// Runs the same calls with every engine that this Node.js can load.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadBuiltIn, loadPackage, openConnection, type Connection, type SqliteModule } from './engine.js';
import { MIGRATIONS } from './schema.js';

const ENGINES: readonly (readonly [string, SqliteModule])[] = [
  ['the package', loadPackage()],
  ...[loadBuiltIn()].flatMap((engine) => (engine === undefined ? [] : [['the built-in module', engine] as const])),
];
const FILE_ENGINE = fileURLToPath(new URL('engine.ts', import.meta.url));

describe.each(ENGINES)('SQLite of %s', (_, engine) => {
  let folder: string;
  let path: string;
  const opened: Connection[] = [];
  const open = (more: { file?: string; readonly?: boolean; by?: SqliteModule } = {}): Connection => {
    const connection = openConnection(
      more.file ?? path,
      { readonly: more.readonly ?? false, busyMs: 10 },
      more.by ?? engine,
    );
    opened.push(connection);
    return connection;
  };
  const codeOf = (work: () => unknown): unknown => {
    try {
      work();
    } catch (error) {
      return error instanceof Error && 'code' in error ? error.code : error;
    }
    return 'nothing was thrown';
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'jobtrace-engine-'));
    path = join(folder, 'a.db');
  });
  afterEach(() => {
    for (const connection of opened.splice(0)) connection.close();
    rmSync(folder, { recursive: true });
  });

  it('gives texts back as they were written, with NULs and with what stands for them', () => {
    const connection = open();
    connection.exec('CREATE TABLE t (a TEXT)');
    const texts = ['', 'a\0b', '\0', '\uffff', '\uffff0', '\uffff\0f', '\uffff\uffff0\0', 'a😀é漢\u0001'];
    for (const text of texts) connection.prepare('INSERT INTO t VALUES (?)').run(text);

    expect(
      connection
        .prepare<{ a: string }>('SELECT a FROM t')
        .all()
        .map(({ a }) => a),
    ).toEqual(texts);
    expect(connection.prepare<{ a: string }>('SELECT a FROM t WHERE a = ?').get('a\0b')?.a).toBe('a\0b');
  });

  it('gives numbers, bytes and what is missing back as they were written', () => {
    const connection = open();
    connection.exec('CREATE TABLE t (n INTEGER, r REAL, b BLOB, x TEXT)');
    connection.prepare('INSERT INTO t VALUES (?, ?, ?, ?)').run(1_764_000_000_123, 0.5, Buffer.from([0, 255]), null);

    expect({ ...connection.prepare('SELECT n, typeof(n) AS kind, r, b, x FROM t').get() }).toEqual({
      n: 1_764_000_000_123,
      kind: 'integer',
      r: 0.5,
      b: new Uint8Array([0, 255]),
      x: null,
    });
    expect(connection.prepare('SELECT * FROM t WHERE n = ?').get(1)).toBeUndefined();
  });

  it('counts what changed, also where the word index leaves odd row numbers behind', () => {
    const connection = open();
    for (const step of MIGRATIONS) connection.exec(step);
    const insert = connection.prepare('INSERT INTO words (rowid, text) VALUES (?, ?)');
    connection.transact(() => {
      for (let number = 1; number <= 3_000; number += 1) insert.run(number, `common word${number}`);
    });
    const remove = connection.prepare('DELETE FROM words WHERE rowid = ?');
    connection.transact(() => {
      for (let number = 1; number < 3_000; number += 1) expect(remove.run(number).changes).toBe(1);
    });

    expect(connection.prepare('SELECT rowid FROM words WHERE words MATCH ?').all('common')).toHaveLength(1);
  });

  it('does all of a transaction or nothing', () => {
    const connection = open();
    connection.exec('CREATE TABLE t (a)');
    expect(() =>
      connection.transact(() => {
        connection.prepare('INSERT INTO t VALUES (?)').run(1);
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(connection.transact(() => connection.prepare('INSERT INTO t VALUES (?)').run(2).changes)).toBe(1);

    expect(connection.prepare('SELECT a FROM t').all()).toMatchObject([{ a: 2 }]);
  });

  it('names a full disk and goes on after it', () => {
    const connection = open();
    connection.exec('CREATE TABLE t (a)');
    connection.pragma('max_page_count = 20');
    const fill = (): void =>
      connection.transact(() => {
        for (let number = 0; number < 100; number += 1)
          connection.prepare('INSERT INTO t VALUES (?)').run('x'.repeat(9_000));
      });

    expect(codeOf(fill)).toBe('SQLITE_FULL');
    expect(connection.prepare('SELECT a FROM t').all()).toEqual([]);
    expect(connection.prepare('INSERT INTO t VALUES (?)').run('y').changes).toBe(1);
  });

  it('lets a reader see what was committed while another writes, and refuses a second writer', () => {
    const writer = open();
    writer.pragma('journal_mode = WAL');
    writer.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)');
    const reader = open({ readonly: true });
    const second = open();
    writer.transact(() => {
      writer.exec('INSERT INTO t VALUES (2)');
      expect(reader.prepare('SELECT count(*) AS n FROM t').get()).toMatchObject({ n: 1 });
      expect(codeOf(() => second.transact(() => undefined))).toBe('SQLITE_BUSY');
    });

    expect(reader.prepare('SELECT count(*) AS n FROM t').all()).toMatchObject([{ n: 2 }]);
    expect(codeOf(() => reader.exec('INSERT INTO t VALUES (3)'))).toBe('SQLITE_READONLY');
  });

  it('names what is wrong with a file, however it is asked', () => {
    const text = join(folder, 'text.db');
    writeFileSync(text, 'this is not a database, only some text that is long enough to be looked at');
    const whole = open();
    whole.exec('CREATE TABLE t (a UNIQUE NOT NULL)');
    whole.transact(() => {
      for (let number = 0; number < 1_000; number += 1) whole.prepare('INSERT INTO t VALUES (?)').run(`text ${number}`);
    });
    whole.close();
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xff, 4096, 3 * 4096));

    expect(codeOf(() => open({ file: text }).pragma('user_version'))).toBe('SQLITE_NOTADB');
    expect(codeOf(() => open({ file: text }).prepare('SELECT * FROM t').get())).toBe('SQLITE_NOTADB');
    expect(codeOf(() => open().prepare('SELECT * FROM t').all())).toBe('SQLITE_CORRUPT');
    expect(codeOf(() => open().prepare('SELECT * FROM t').get())).toBe('SQLITE_CORRUPT');
    expect(codeOf(() => open({ file: join(folder, 'none', 'a.db') }))).toBe('SQLITE_CANTOPEN');
  });

  it('names a rule of a table that was broken', () => {
    const connection = open();
    connection.exec('CREATE TABLE t (a NOT NULL UNIQUE)');

    expect(codeOf(() => connection.prepare('INSERT INTO t VALUES (?)').run(null))).toBe('SQLITE_CONSTRAINT');
    expect(codeOf(() => connection.prepare('nonsense'))).toBe('SQLITE_ERROR');
  });

  it('leaves one file behind, which every other engine reads', () => {
    const connection = open();
    connection.pragma('journal_mode = WAL');
    for (const step of MIGRATIONS) connection.exec(step);
    const insert = connection.prepare('INSERT INTO words (rowid, text) VALUES (?, ?)');
    connection.transact(() => void insert.run(7, 'checkpoint expired'));
    connection.prepare('INSERT INTO states (id, body) VALUES (?, ?)').run('a', 'x\0y');
    connection.close();

    for (const [, other] of ENGINES) {
      const reader = open({ by: other });
      expect(reader.prepare('SELECT rowid AS n FROM words WHERE words MATCH ?').all('expired')).toMatchObject([
        { n: 7 },
      ]);
      expect(reader.prepare('SELECT body FROM states').get()).toMatchObject({ body: 'x\0y' });
      expect(reader.pragma('integrity_check')).toBe('ok');
      reader.close();
    }
  });
});

it('is loaded without a word about experiments', () => {
  const script = `import { openConnection } from ${JSON.stringify(FILE_ENGINE)};
    openConnection(':memory:', { readonly: false, busyMs: 1 }).exec('CREATE TABLE t (a)');`;

  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', script],
    { encoding: 'utf8' },
  );

  expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
});
