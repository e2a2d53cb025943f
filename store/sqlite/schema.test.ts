import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeRecords } from '../encode.js';
import { appendRecords, makeRecord } from '../testing/samples.js';
import { createAppend } from './append.js';
import { openConnection } from './engine.js';
import { MIGRATIONS, RECORD_COLUMNS } from './schema.js';
import { openSqliteStore } from './sqlite.js';

describe('the tables of the embedded store', () => {
  it('have a column for each field of the table of fields, and no other', () => {
    const created = /CREATE TABLE records \(([^;]*)\);/.exec(MIGRATIONS[0] ?? '')?.[1] ?? '';
    const added = MIGRATIONS.flatMap((step) => [...step.matchAll(/ALTER TABLE records ADD COLUMN "?(\w+)/g)]);
    const columns = [...created.matchAll(/(?:^|,)\s*"?(\w+)"? (?:TEXT|INTEGER)/g), ...added].map((found) => found[1]);

    expect(columns.sort()).toEqual(['seq', ...RECORD_COLUMNS].sort());
  });
});

describe('the tables of a release before', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'jobtrace-schema-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  // The first one is the version whose records have all fields of today.
  it.each(MIGRATIONS.map((_, version) => version).slice(2))('become those of today: version %d', async (version) => {
    const path = join(folder, 'jobtrace.db');
    const former = openConnection(path, { readonly: false, busyMs: 0 });
    for (const step of MIGRATIONS.slice(0, version)) former.exec(step);
    former.pragma(`user_version = ${version}`);
    const orders = makeRecord(1, { job: ['a1'.repeat(16), 'Orders'] });
    createAppend(former, { lackingBytes: undefined })(encodeRecords({ kind: 'sqlite' }, [orders, makeRecord(2)]));
    former.close();

    const store = openSqliteStore({ path });
    try {
      const next = makeRecord(3, { job: ['A2'.repeat(16), 'ORDERS'] });
      await appendRecords(store, [next]);

      const find = async (query: object): Promise<object> =>
        (await store.searchRecords({ limit: 10, order: 'oldest', ...query })).records;
      expect(await find({ query: 'job:orders' })).toEqual([orders, next]);
      expect(await find({ query: `job:${'a2'.repeat(16)}` })).toEqual([next]);
      expect(await find({ jobId: 'a2'.repeat(16) })).toEqual([]);
      expect(await find({ jobId: 'A2'.repeat(16) })).toEqual([next]);
    } finally {
      await store.close();
    }
  });
});
