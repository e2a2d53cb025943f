import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../core/log.js';
import type { Store } from '../store/store.js';
import { openSqliteStore } from '../store/sqlite/sqlite.js';
import { line } from '../test/agent-fixture.js';
import { createServiceAgent } from './services.js';
import { readSettings } from './settings.js';

let folder: string;
let store: Store;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobtrace-services-'));
  mkdirSync(join(folder, 'log'));
  store = openSqliteStore({ path: ':memory:' });
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Polls an agent once that has its settings from jobtrace.yaml; returns what is stored. */
async function shipWith(settingsFile: string): Promise<readonly string[]> {
  const config = join(folder, 'jobtrace.yaml');
  writeFileSync(config, settingsFile);
  const { settings } = readSettings({
    option: (name) => (name === 'config' ? config : undefined),
    terminal: { environment: {} },
  });
  const agent = createServiceAgent(settings, [join(folder, 'log')], store, createLog('silent'));
  await agent.pollOnce();
  agent.close();
  const { records } = await store.readRecords(undefined, { limit: 100 });
  return records.map((record) => record['event.original']);
}

describe('the agent of the service', () => {
  it('stores nothing that a pattern of agent.redactPatterns matches', async () => {
    writeFileSync(join(folder, 'log', 'a.log'), `${line(1, 'order of cust-4711')}\n${line(2, 'next')}\n`);

    const texts = await shipWith('dataDir: data\nagent:\n  idleFlushMs: 50\n  redactPatterns: ["cust-[0-9]+"]\n');

    expect(texts).toContain(line(1, 'order of ***'));
  });
});
