import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createAudit } from '../../api/auth/audit.js';
import { openStore } from '../../store/open.js';
import { appendRecords, makeIncident, makeRecord } from '../../store/testing/samples.js';
import type { Store } from '../../store/store.js';
import { runProgram } from '../../test/program.js';

let dataDir: string;
let store: Store;
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'jobtrace-delete-'));
  store = await openStore({ kind: 'sqlite', path: join(dataDir, 'jobtrace.db') });
  await appendRecords(store, [
    makeRecord(0, { text: 'login of anna@example.com' }),
    makeRecord(1, { text: 'started' }),
    makeRecord(2, { text: 'anna@example.com is locked' }),
  ]);
  await store.saveIncident(makeIncident('i', { diagnosis: 'no user anna@example.com' }));
});
afterEach(async () => {
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

function run(...args: string[]) {
  return runProgram(['delete', ...args, '--data', dataDir]);
}

async function count(): Promise<number> {
  return (await store.searchRecords({ limit: 1, order: 'newest' })).total;
}

it('says how much it would be, and deletes it when told so', async () => {
  const expected = '2 records, 1 incident, 0 messages, 0 remarks';

  expect(await run('--contains', 'anna@example.com', '--dry-run')).toMatchObject({
    code: 0,
    stdout: `${expected} would be deleted.\n`,
  });
  const asked = await run('--contains', 'anna@example.com');
  expect(asked).toMatchObject({ code: 2, stdout: '' });
  expect(asked.stderr).toContain(`${expected}: pass --yes`);
  expect(await count()).toBe(3);
  expect(await run('--contains', 'anna@example.com', '--yes')).toMatchObject({
    code: 0,
    stdout: `${expected} were deleted.\n`,
  });

  expect(await count()).toBe(1);
  expect(await store.findIncidents({ limit: 9 })).toEqual([]);
  expect(
    (await createAudit(store, Date.now).list({ limit: 9 })).map(({ by, what, detail }) => [by, what, detail]),
  ).toEqual([
    ['shell', 'delete', `${expected}: contains="anna@example.com"`],
    ['shell', 'delete.begin', 'contains="anna@example.com"'],
  ]);
});

it.each([
  [['--yes'], 'needs one of --cluster, --job, --contains and --file'],
  [['--before', '30d', '--yes'], 'needs one of --cluster, --job, --contains and --file'],
  [['--job', 'x', '--before', 'soon'], '--before is "soon"'],
  [['--contains', '!?', '--yes'], 'needs a letter or a digit'],
])('refuses %j and deletes nothing', async (args, problem) => {
  const { code, stderr } = await run(...args);

  expect(code).toBeGreaterThan(0);
  expect(stderr).toContain(problem);
  expect(await count()).toBe(3);
});
