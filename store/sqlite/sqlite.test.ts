import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeStore, describeStoreDocuments } from '../testing/contract.js';
import { describeCollections } from '../testing/contract/collections.js';
import { describeFormer } from '../testing/contract/former.js';
import { FORMER, readFormerFile } from '../testing/former.js';
import { erase } from '../erase.js';
import { appendRecords, makeIncident, makeRecord } from '../testing/samples.js';
import { openConnection } from './engine.js';
import { MIGRATIONS } from './schema.js';
import { openSqliteStore } from './sqlite.js';
import { openStore } from '../open.js';
import { COLLECTIONS, openCollection } from '../collections.js';
import type { AgentStatus } from '../../core/documents/agent.js';
import type { Store } from '../store.js';

/** Schema version of former/documents.db.gz. */
const FORMER_VERSION = 13;

describeStore('SQLite in memory', async () => openStore({ kind: 'sqlite', path: ':memory:' }));

describe('collections of SQLite', () =>
  describeCollections(async (schemas) => openSqliteStore({ path: ':memory:' }, schemas)));

const former = mkdtempSync(join(tmpdir(), 'jobtrace-former-'));
afterAll(() => rmSync(former, { recursive: true }));
let files = 0;
const openFormer = (fill: (path: string) => void): Store => {
  const path = join(former, `${files++}.db`);
  fill(path);
  return openSqliteStore({ path });
};

describe('a file of the release before', () => {
  let store: Store;
  beforeEach(() => (store = openFormer((path) => writeFileSync(path, readFormerFile()))));
  afterEach(() => store.close());
  describeFormer(() => store);
});

describeStoreDocuments('SQLite in a file of the release before', async () =>
  openFormer((path) => {
    const connection = openConnection(path, { readonly: false, busyMs: 0 });
    for (const step of MIGRATIONS.slice(0, FORMER_VERSION)) connection.exec(step);
    connection.pragma(`user_version = ${FORMER_VERSION}`);
    connection.close();
  }),
);

const readMode = (folder: string, name: string): string => (statSync(join(folder, name)).mode & 0o777).toString(8);

describe('openSqliteStore', () => {
  let folder: string;
  let path: string;
  const opened: Store[] = [];
  const open = (more: { maxBytes?: number; readonly?: boolean } = {}): Store => {
    const store = openSqliteStore({ path, ...more });
    opened.push(store);
    return store;
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'jobtrace-sqlite-'));
    path = join(folder, 'data', 'jobtrace.db');
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    rmSync(folder, { recursive: true });
  });

  it('has after a restart what it had before, and goes on counting', async () => {
    const first = open();
    await appendRecords(first, [makeRecord(1), makeRecord(2)]);
    const { cursor } = await first.readRecords(undefined, { limit: 10 });
    await first.close();

    const second = open();
    expect(await appendRecords(second, [makeRecord(2), makeRecord(3)])).toEqual([
      { kind: 'duplicate' },
      { kind: 'stored' },
    ]);

    expect((await second.readRecords(cursor, { limit: 10 })).records).toEqual([makeRecord(3)]);
  });

  it('never gives a cursor position twice, even when the newest record is gone', async () => {
    const store = open();
    await appendRecords(store, [makeRecord(1)]);
    const { cursor } = await store.readRecords(undefined, { limit: 10 });
    await store.deleteBefore('2026-12-01T00:00:00.000Z');

    await appendRecords(store, [makeRecord(2)]);

    expect((await store.readRecords(cursor, { limit: 10 })).records).toEqual([makeRecord(2)]);
  });

  it('lets another process read while it writes', async () => {
    const writer = open();
    await appendRecords(writer, [makeRecord(1)]);
    const reader = open({ readonly: true });
    await appendRecords(writer, [makeRecord(2)]);

    expect((await reader.searchRecords({ limit: 10, order: 'oldest' })).total).toBe(2);
    expect(await appendRecords(reader, [makeRecord(3)])).toMatchObject([{ kind: 'retry' }]);
  });

  it('asks to try again when the disk is full, keeps what it has, and goes on when there is room', async () => {
    const text = 'some words of a long line '.repeat(400);
    const small = open({ maxBytes: 1_000_000 });
    const outcomes: string[] = [];
    for (let number = 0; number < 200; number += 1)
      outcomes.push((await appendRecords(small, [makeRecord(number, { text: text + number })]))[0]?.kind ?? '');
    const stored = outcomes.filter((kind) => kind === 'stored').length;
    expect(new Set(outcomes)).toEqual(new Set(['stored', 'retry']));
    expect((await small.searchRecords({ limit: 1, order: 'oldest' })).total).toBe(stored);
    await expect(small.states.save({ key: 'big', value: 'x'.repeat(1_000_000) })).rejects.toMatchObject({
      code: 'JT_DISK_FULL',
    });
    await small.close();

    const larger = open();
    expect(await appendRecords(larger, [makeRecord(199, { text: `${text}199` })])).toEqual([{ kind: 'stored' }]);
  });

  it('gives space back after retention', async () => {
    const store = open();
    const text = 'word '.repeat(2_000);
    await appendRecords(
      store,
      Array.from({ length: 2_500 }, (_, number) =>
        makeRecord(number, { text: `${text}${number}`, time: '2026-11-01T00:00:00.000Z' }),
      ),
    );
    await store.close();
    const before = statSync(path).size;

    const again = open();
    expect(await again.deleteBefore('2026-11-05T00:00:00.000Z')).toBe(2_500);
    await again.close();

    expect(statSync(path).size).toBeLessThan(before / 4);
  });

  it('leaves no byte of what was deleted on request in its files', async () => {
    const store = open();
    const name = 'Wilhelmine';
    const read = (): string =>
      ['', '-wal']
        .map((ending) => `${path}${ending}`)
        .filter((file) => existsSync(file))
        .map((file) => readFileSync(file, 'latin1').toLowerCase())
        .join('');
    await appendRecords(
      store,
      Array.from({ length: 3_000 }, (_, number) =>
        makeRecord(number, { text: number % 10 === 0 ? `login of ${name} ${number}` : `step ${number} is done` }),
      ),
    );
    await store.saveIncident(makeIncident('i', { diagnosis: `no such user: ${name}` }));
    await store.triage.save({ incidentId: 'i', state: 'open', by: 'ben', at: '2026-11-20T10:00:00Z', comment: name });
    expect(read()).toContain(name.toLowerCase());

    expect(await erase(store, { contains: name }, { settleMs: 0 })).toMatchObject({ records: 300, incidents: 1 });

    expect(read()).not.toContain(name.toLowerCase());
    expect((await store.searchRecords({ query: 'step', limit: 1, order: 'newest' })).total).toBe(2_700);
  });

  it('keeps the text of an entry once', async () => {
    const store = open();
    const line = (number: number): string =>
      `2026-11-20 10:00:00,000 INFO some.Logger [] - ${`unusual${number} `.repeat(1_000)}`;
    const records = Array.from({ length: 200 }, (_, number) => ({
      ...makeRecord(number),
      'event.original': line(number),
      message: line(number).slice(46),
      'error.stack_trace': line(number).slice(100),
    }));
    await appendRecords(store, records);
    await store.close();

    expect(statSync(path).size).toBeLessThan(
      1.6 * records.reduce((sum, record) => sum + record['event.original'].length, 0),
    );
    expect((await open().readRecords(undefined, { limit: 200 })).records).toEqual(records);
  });

  it('refuses data of a newer version and leaves it alone', async () => {
    await open().close();
    const bytes = readFileSync(path);
    bytes.writeUInt32BE(99, 60); // user_version in the file's header
    writeFileSync(path, bytes);

    expect(() => open()).toThrow(expect.objectContaining({ code: 'JT_STORE_TOO_NEW' }));
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it('says so when the file is not a database, is missing, or cannot be made', () => {
    const text = join(folder, 'text.db');
    writeFileSync(text, 'this is not a database, only some text that is long enough to be looked at');

    expect(() => openSqliteStore({ path: text })).toThrow(expect.objectContaining({ code: 'JT_STORE_UNUSABLE' }));
    expect(() => openSqliteStore({ path: join(folder, 'none.db'), readonly: true })).toThrow(
      expect.objectContaining({ code: 'JT_STORE_UNUSABLE' }),
    );
    expect(() => openSqliteStore({ path: join(text, 'x', 'y.db') })).toThrow(
      expect.objectContaining({ code: 'JT_FILE_UNWRITABLE' }),
    );
  });

  it('lets only its owner read what it makes, whatever the umask, and closes what was open', async () => {
    const before = process.umask(0);
    try {
      const store = open();
      await appendRecords(store, [makeRecord(1)]);
      const modes = ['jobtrace.db', 'jobtrace.db-wal', 'jobtrace.db-shm'].map((name) => readMode(dirname(path), name));

      expect(modes).toEqual(['600', '600', '600']);
      expect(readMode(folder, 'data')).toBe('700');
      for (const name of ['jobtrace.db', 'jobtrace.db-wal', 'jobtrace.db-shm'])
        chmodSync(join(dirname(path), name), 0o644);
      open();
      expect(readMode(dirname(path), 'jobtrace.db')).toBe('600');
      expect(readMode(dirname(path), 'jobtrace.db-wal')).toBe('600');
      expect(readMode(dirname(path), 'jobtrace.db-shm')).toBe('600');
    } finally {
      process.umask(before);
    }
  });

  it('finds the words of a short time wherever its records stand', async () => {
    const store = open();
    const at = (minute: number, text: string) =>
      makeRecord(minute, { text, time: `2026-11-20T10:${String(minute).padStart(2, '0')}:00.000Z` });
    const records = [
      at(30, 'block late'),
      at(11, 'block one'),
      at(12, 'another'),
      at(40, 'block'),
      at(13, 'block two'),
    ];
    for (const record of records) await appendRecords(store, [record]);
    const find = async (query: string): Promise<readonly string[]> => {
      const range = { from: '2026-11-20T10:10:00.000Z', to: '2026-11-20T10:20:00.000Z' };
      const page = await store.searchRecords({ query, ...range, limit: 10, order: 'oldest', facets: true });
      expect(page.total).toBe(page.records.length);
      return page.records.map(({ message }) => message);
    };

    expect(await find('block')).toEqual(['block one', 'block two']);
    expect(await find('-block')).toEqual(['another']);
    expect(await find('bl*')).toEqual(['block one', 'block two']);
    expect(await find('*ock -one')).toEqual(['block two']);
    expect(await find('block OR another')).toEqual(['block one', 'another', 'block two']);
    expect(await find('late')).toEqual([]);
  });

  it('finds documents that were stored before their key was declared by it', async () => {
    const declared = { ...COLLECTIONS.agents, keys: ['host'] as const };
    const first = open();
    await first.agents.saveAll(FORMER.agents);
    await first.close();

    const second = openSqliteStore({ path }, [declared]);
    opened.push(second);
    const agents = openCollection<AgentStatus, 'host'>(declared, second);
    expect(await agents.find({ where: { host: 'h1' } })).toEqual(FORMER.agents);
    expect(await agents.find({ where: { host: 'h2' } })).toEqual([]);
  });

  it('says what it is', async () => {
    expect(await open().check()).toEqual({ kind: 'sqlite', version: expect.stringMatching(/^3\.\d+/) });
  });

  it('refuses a cursor of another store', async () => {
    await expect(open().readRecords('{"v":1}', { limit: 1 })).rejects.toMatchObject({ code: 'JT_REQUEST_INVALID' });
  });
});
