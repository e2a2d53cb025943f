// Tests with real processes that name their log file as Flink's start scripts do.
import { spawn, type ChildProcess } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nameAgent } from './report.js';
import { discoverFiles } from './discovery/discover.js';
import { ProcessTracker } from './process-tracker.js';

const JOBMANAGER = 'flink-u-standalonesession-0-node7.log';
const settings = { host: 'node7', cluster: 'session-a', isStoreShared: true };

let folder: string;
let running: ChildProcess[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobtrace-lives-'));
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map(end));
  rmSync(folder, { recursive: true, force: true });
});

async function start(logFile: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [
    '-e',
    'console.log("up"); setInterval(() => {}, 1000)',
    '--',
    `-Dlog.file=${logFile}`,
  ]);
  running.push(child);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

async function look(lives: ProcessTracker, path = folder): Promise<ReturnType<ProcessTracker['list']>> {
  lives.sync((await discoverFiles([path])).files);
  return lives.list();
}

describe('the processes of a node', () => {
  it('are running, gone and started again, as the system says', async () => {
    const path = join(folder, JOBMANAGER);
    writeFileSync(path, 'a line\n');
    const lives = new ProcessTracker({ settings, wallClock: Date.now });
    const before = Date.now();
    const child = await start(path);

    const [first] = await look(lives);
    await end(child);
    const [second] = await look(lives);
    await start(path);
    const [third] = await look(lives);

    expect(first).toMatchObject({
      process: `node7:${path.slice(0, -4)}`,
      cluster: 'session-a',
      component: 'jobmanager',
    });
    expect(Math.abs(Date.parse(first?.started ?? '') - before)).toBeLessThan(60_000);
    expect(first).not.toHaveProperty('gone');
    expect(Date.parse(second?.gone ?? '')).toBeGreaterThanOrEqual(before);
    expect(third).not.toHaveProperty('gone');
    expect(Date.parse(third?.started ?? '')).toBeGreaterThan(Date.parse(first?.started ?? ''));
  });

  it('are found through a link, after a rotation, and when their folder is gone', async () => {
    const real = join(folder, 'real');
    mkdirSync(real);
    const path = join(real, JOBMANAGER);
    writeFileSync(path, 'a line\n');
    symlinkSync(real, join(folder, 'link'));
    const child = await start(join(folder, 'link', JOBMANAGER));
    const lives = new ProcessTracker({ settings, wallClock: Date.now });

    expect((await look(lives, real)).map(({ started }) => typeof started)).toEqual(['string']);
    renameSync(path, `${path}.1`);
    writeFileSync(path, 'after the rotation\n');
    const rotated = await look(lives, real);
    rmSync(real, { recursive: true });
    const [removed] = await look(lives, real);
    await end(child);
    const [gone] = await look(lives, real);

    expect(rotated).toHaveLength(1);
    expect(rotated[0]).not.toHaveProperty('gone');
    expect(removed).toMatchObject({ removed: expect.any(String) });
    expect(removed).not.toHaveProperty('gone');
    expect(gone).toMatchObject({ gone: expect.any(String) });
  });

  it('wrote when their latest file was written, whichever it is, and are forgotten a day later', async () => {
    const [log, gc] = [join(folder, JOBMANAGER), join(folder, 'flink-u-standalonesession-0-node7-gc.log')];
    writeFileSync(log, 'a line\n');
    writeFileSync(gc, 'a pause\n');
    utimesSync(log, 1_000_000, 1_000_000);
    utimesSync(gc, 1_000_600, 1_000_600);
    let now = 1_000_700_000;
    const lives = new ProcessTracker({ settings, wallClock: () => now });

    expect((await look(lives)).map(({ wrote }) => Date.parse(wrote))).toEqual([1_000_600_000]);
    appendFileSync(log, 'one more\n');
    utimesSync(log, 1_000_650, 1_000_650);
    expect(lives.list().map(({ wrote }) => Date.parse(wrote))).toEqual([1_000_650_000]);
    now += 86_400_000;
    expect(await look(lives)).toEqual([]);
  });

  it('of which nothing is seen are not said to be gone', async () => {
    writeFileSync(join(folder, JOBMANAGER), 'a line\n');
    const lives = new ProcessTracker({ settings, wallClock: Date.now });

    const [life] = await look(lives);

    expect(life).not.toHaveProperty('started');
    expect(life).not.toHaveProperty('gone');
  });
});

describe('the id of an agent', () => {
  it('is another one for each machine and each data folder, and the same after a restart', () => {
    const own = nameAgent({ host: 'node7', dataDir: '/var/lib/jobtrace' }, 'machine-1');

    expect(own).toMatch(/^node7-[0-9a-f]{8}$/);
    expect(nameAgent({ host: 'node7', dataDir: '/var/lib/jobtrace/' }, 'machine-1')).toBe(own);
    expect(nameAgent({ host: 'node7', dataDir: '/var/lib/jobtrace' }, 'machine-2')).not.toBe(own);
    expect(nameAgent({ host: 'node7', dataDir: '/var/lib/other' }, 'machine-1')).not.toBe(own);
  });
});
