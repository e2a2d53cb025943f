// Tests "jobtrace analyzer" as a process, started as for a fleet.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../store/sqlite/sqlite.js';
import { startProgram, startReceiver, waitUntil, type RunningProgram } from '../../test/program.js';
import { readRecent } from '../../test/recent.js';
import { shipAll } from '../../test/shipped.js';

const FAILURE = fileURLToPath(
  new URL('../../rules/recordings/network.insufficient-buffers.total.log', import.meta.url),
);

let folder: string;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
let program: RunningProgram | undefined;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jobtrace-analyzer-process-'));
  mkdirSync(join(folder, 'data'));
  receiver = await startReceiver();
});
afterEach(async () => {
  await program?.stop('SIGKILL');
  program = undefined;
  await receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(listen: string): RunningProgram {
  const config = join(folder, 'jobtrace.yaml');
  const settings = {
    dataDir: join(folder, 'data'),
    analyzer: { listen },
    notify: { receivers: [{ name: 'test', kind: 'webhook', url: receiver.url }] },
  };
  writeFileSync(config, JSON.stringify(settings));
  program = startProgram(['analyzer', '--config', config]);
  return program;
}

async function shipFailure(): Promise<void> {
  const path = join(folder, 'flink-flink-standalonesession-0-node-1.log');
  writeFileSync(
    path,
    readRecent(FAILURE)
      .map((line) => `${line}\n`)
      .join(''),
  );
  const store = openSqliteStore({ path: join(folder, 'data', 'jobtrace.db') });
  await shipAll(store, [{ cluster: 'shop', paths: [path] }]);
  await store.close();
}

const RECORDS = /^jobtrace_analyzer_records_total [1-9]/m;

describe('jobtrace analyzer', () => {
  it('serves its numbers and its health where it is told to, and ends with them', async () => {
    await shipFailure();
    const running = start('127.0.0.1:0');
    const port = await waitUntil(
      'the address',
      () => /"port":(\d+),"msg":"Numbers and health are served/.exec(running.stderr())?.[1],
      { saw: running.stderr },
    );
    const url = `http://127.0.0.1:${port}`;

    // A message may be sent before the step that caused it has counted its records.
    const done = [/^jobtrace_alert_deliveries_total\{channel="webhook",result="sent"\} 1$/m, RECORDS];
    const text = await waitUntil('a message', async () => {
      const answer = await (await fetch(`${url}/metrics`)).text();
      return done.every((line) => line.test(answer)) ? answer : undefined;
    });
    const ready = await fetch(`${url}/health/ready`);
    const live = await fetch(`${url}/health/live`);
    const code = await running.stop();

    expect(text).toMatch(/^jobtrace_rules_loaded [1-9]\d\d/m);
    expect(text).toMatch(/^jobtrace_analyzer_behind_seconds \d/m);
    for (const line of ['jobtrace_analyzer_parts 1', 'jobtrace_analyzer_incidents 1', 'jobtrace_analyzer_failing 0'])
      expect(text.split('\n')).toContain(line);
    expect([ready.status, live.status, code]).toEqual([200, 200, 0]);
    expect(receiver.received).toHaveLength(1);
  });

  it('does not start at an address that cannot be used', async () => {
    const running = start('nowhere');

    expect(await running.ended).toBe(2);
    expect(running.stderr()).toContain('analyzer.listen is "nowhere", but must be HOST:PORT');
  });
});
