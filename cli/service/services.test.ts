import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../core/log.js';
import type { Store } from '../../store/store.js';
import { openSqliteStore } from '../../store/sqlite/sqlite.js';
import { line } from '../../test/agent-fixture.js';
import { createServiceAgent } from './agent.js';
import { readSettings } from '../settings.js';

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

/** Polls an agent with settings from jobtrace.yaml once; returns what is stored. */
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

describe('the log of a service', () => {
  it('does not hold up the service where nobody reads it, and is whole when it is read', async () => {
    const script = `import { setImmediate } from 'node:timers/promises';
      import { runWithLog } from './cli/service/run-with-log.ts';
      process.stderr;
      await runWithLog({ logLevel: 'info' }, async (log) => {
        for (let number = 0; number < 1000; number += 1) log.info({ number }, 'x'.repeat(1000));
        await setImmediate();
        process.stdout.write('free');
      });`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
    });
    await once(child.stdout, 'data');

    const lines = (await text(child.stderr)).trim().split('\n');

    expect(lines.map((item) => (JSON.parse(item) as { number: number }).number)).toEqual([...lines.keys()]);
    expect(lines).toHaveLength(1000);
  });
});
