import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive, killProcess, waitFor } from './process.js';
import { isOwned, listRunning, openRecord, stopRunning } from './running.js';

const before = process.env['JOBTRACE_PARTS'];
let dir = '';

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'jobtrace-running-'));
  process.env['JOBTRACE_PARTS'] = dir;
});

afterAll(() => {
  if (before === undefined) delete process.env['JOBTRACE_PARTS'];
  else process.env['JOBTRACE_PARTS'] = before;
  rmSync(dir, { recursive: true, force: true });
});

function spawnSleep(): number {
  return spawn('sleep', ['60'], { stdio: 'ignore' }).pid ?? 0;
}

describe('openRecord', () => {
  it('lists what runs, with its owner, until it is forgotten', async () => {
    const pid = spawnSleep();
    const record = openRecord('zookeeper', '/tmp/x', '127.0.0.1:1');
    record.add(pid);

    expect(listRunning()).toMatchObject([
      { part: 'zookeeper', dir: '/tmp/x', address: '127.0.0.1:1', owner: process.pid, pids: [pid] },
    ]);

    await killProcess(pid);
    record.forget();
    expect(listRunning()).toEqual([]);
  });

  it('has the processes killed when the one that started them dies without stopping them', async () => {
    const modules = new URL('./running.ts', import.meta.url).pathname;
    const script = join(dir, 'owner.mts');
    const { writeFileSync } = await import('node:fs');
    writeFileSync(
      script,
      `
      import { spawn } from 'node:child_process';
      import { openRecord } from ${JSON.stringify(modules)};
      const record = openRecord('alertmanager', '/tmp/y', '');
      const child = spawn('sh', ['-c', 'sleep 60 & wait'], { detached: true, stdio: 'ignore', env: { ...process.env, ...record.env } });
      record.add(child.pid ?? 0);
      setInterval(() => undefined, 1000);`,
    );
    const owner = spawn(process.execPath, ['--import', 'tsx', script], { stdio: 'ignore' });
    await waitFor(
      'a record',
      10_000,
      async () => (listRunning().length === 1 && isOwned(listRunning()[0] ?? never())) || 'none',
    );
    const [left = never()] = listRunning();

    owner.kill('SIGKILL');

    await waitFor(
      'the end of the sleeper',
      10_000,
      async () => left.pids.every((pid) => !isAlive(pid)) || 'still there',
    );
  });
});

describe('stopRunning', () => {
  it('ends what was started to outlive its starter', async () => {
    const pid = spawnSleep();
    openRecord('flink-1.20', '/tmp/z', 'http://x', true).add(pid);
    const [running = never()] = listRunning();

    await stopRunning(running);

    expect(running.owner).toBe(0);
    expect(isAlive(pid)).toBe(false);
    expect(listRunning()).toEqual([]);
  });
});

function never(): never {
  throw new Error('nothing is on record');
}
