// Tests the advice of JT_STORE_UNUSABLE for a database that cannot be used: following it literally gets the logs that
// still exist into a new one.
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAgent } from '../agent/agent.js';
import { fillAgentSettings } from '../agent/settings.js';
import { JobtraceError } from '../core/errors.js';
import { createLog } from '../core/log.js';
import { openSqliteStore } from '../store/sqlite/sqlite.js';
import { expected, lines } from './agent-fixture.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobtrace-lost-'));
  mkdirSync(join(folder, 'log'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs one life of "jobtrace up" as far as the store sees it, and returns the stored lines. */
async function readLogs(): Promise<readonly string[]> {
  const store = openSqliteStore({ path: join(folder, 'data', 'jobtrace.db') });
  const settings = fillAgentSettings({
    paths: [join(folder, 'log')],
    dataDir: join(folder, 'data'),
    host: 'node-1',
    watch: false,
  });
  const agent = createAgent(settings, { store, log: createLog('silent') });
  await agent.pollOnce();
  await agent.flush();
  agent.close();
  const { records } = await store.readRecords(undefined, { limit: 1000 });
  await store.close();
  return records.map((record) => record['event.original']);
}

function openDamaged(): JobtraceError {
  try {
    openSqliteStore({ path: join(folder, 'data', 'jobtrace.db') });
  } catch (error) {
    if (error instanceof JobtraceError) return error;
    throw error;
  }
  throw new Error('A damaged database was opened.');
}

describe('a damaged database', () => {
  it('moved away as the error advises, lets the logs that are still there be read again', async () => {
    const log = join(folder, 'log', 'a.log');
    writeFileSync(log, lines(0, 20));
    expect(await readLogs()).toEqual(expected(0, 20));
    writeFileSync(join(folder, 'data', 'jobtrace.db'), 'no database any more, '.repeat(1000));
    appendFileSync(log, lines(20, 25));

    const { code, fix } = openDamaged();
    const [, names = '', place = ''] = /move (.+), both in (.+), away/.exec(fix) ?? [];
    mkdirSync(join(folder, 'aside'));
    for (const name of names.split(' and ')) renameSync(join(place, name), join(folder, 'aside', name));

    expect(code).toBe('JT_STORE_UNUSABLE');
    expect(await readLogs()).toEqual(expected(0, 25));
  });
});
