import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createScanMemory, discoverFiles } from './discover.js';
import { familyName, isLogName } from './pattern.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobtrace-discover-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), path);
  }
}

async function find(...patterns: string[]): Promise<string[]> {
  const { files } = await discoverFiles(patterns.map((pattern) => join(folder, pattern)));
  return files.map((file) => file.path.slice(folder.length + 1)).sort();
}

describe('discoverFiles', () => {
  it('takes every log-like file below a folder', async () => {
    write(
      'a.log',
      'a.log.1',
      'a.log.2.gz',
      'x/b.out',
      'x/y/stderr',
      'gc.log.0.current',
      'flink.jar',
      'a.hprof',
      '.hidden.log',
      'conf/flink-conf.yaml',
      'a.log.zip',
    );

    expect(await find('.')).toEqual([
      ...['a.log', 'a.log.1', 'a.log.2.gz', 'a.log.zip', 'gc.log.0.current', 'x/b.out', 'x/y/stderr'],
    ]);
  });

  it('follows patterns with **, * and fixed parts', async () => {
    write(
      'app1/c1/jobmanager.log',
      'app1/c2/taskmanager.log',
      'app2/deep/er/taskmanager.log',
      'taskmanager.log',
      'app1/c2/taskmanager.out',
    );

    expect(await find('**/taskmanager.log')).toEqual([
      'app1/c2/taskmanager.log',
      'app2/deep/er/taskmanager.log',
      'taskmanager.log',
    ]);
    expect(await find('app*/c?/*manager.log')).toEqual(['app1/c1/jobmanager.log', 'app1/c2/taskmanager.log']);
    expect(await find('app1/**')).toEqual([
      'app1/c1/jobmanager.log',
      'app1/c2/taskmanager.log',
      'app1/c2/taskmanager.out',
    ]);
    expect(await find('taskmanager.log', '**/taskmanager.log')).toHaveLength(3);
  });

  it('captures placeholders', async () => {
    write('prod/88e211ca1877755cb3e0ac644cd0ad81/node-1.log', 'prod/88e211ca1877755cb3e0ac644cd0ad81/node-1.log.3');

    const { files } = await discoverFiles([join(folder, '{cluster}', '{job_id}', '{host}.log*')]);

    expect(files.map((file) => file.captures)).toEqual(
      Array.from({ length: 2 }, () => ({ cluster: 'prod', jobId: '88e211ca1877755cb3e0ac644cd0ad81', host: 'node-1' })),
    );
  });

  it('follows links, reports a circle once per scan and meets each file once', async () => {
    write('real/a.log');
    symlinkSync(join(folder, 'real'), join(folder, 'link'));
    symlinkSync(folder, join(folder, 'real', 'up'));
    symlinkSync('nowhere.log', join(folder, 'dead.log'));

    const scan = await discoverFiles([folder]);

    expect(scan.files).toHaveLength(1);
    expect(scan.problems).toEqual([]);
  });

  it('sees a rename although it remembers listings', async () => {
    const memory = createScanMemory();
    write('a.log');
    const first = await discoverFiles([folder], [], memory);
    renameSync(join(folder, 'a.log'), join(folder, 'a.log.1'));
    write('a.log');

    const second = await discoverFiles([folder], [], memory);

    expect(second.files.map((file) => file.path.slice(folder.length + 1))).toEqual(['a.log', 'a.log.1']);
    expect(second.files[1]?.inode).toBe(first.files[0]?.inode);
  });

  it('gives the same object again for a file that has not changed, and another one when it has', async () => {
    const memory = createScanMemory();
    write('a.log', 'b.log');
    const [a, b] = (await discoverFiles([folder], [], memory)).files;
    writeFileSync(join(folder, 'b.log'), 'longer than before\n', { flag: 'a' });

    const again = (await discoverFiles([folder], [], memory)).files;
    const named = (await discoverFiles([join(folder, '{cluster}.log')], [], memory)).files;

    expect(again[0]).toBe(a);
    expect(again[1]?.size).toBeGreaterThan(b?.size ?? 0);
    expect(named[0]?.captures).toEqual({ cluster: 'a' });
  });

  it('never enters the folder of the agent itself', async () => {
    write('.jobtrace/own.log', 'data/own.log', 'a.log');

    const { files } = await discoverFiles([folder], [join(folder, 'data'), join(folder, '.jobtrace')]);

    expect(files).toHaveLength(1);
  });
});

describe('familyName', () => {
  it('is the same for a file, its rotations and its archives', () => {
    expect(
      ['a.log', 'a.log.1', 'a.log.12.gz', 'a.log.2026-05-01', 'a-2026-05-01-2.log.gz', 'a.log-20260501'].map(
        familyName,
      ),
    ).toEqual(Array.from({ length: 6 }, () => 'a.log'));
    expect(familyName('flink-u-taskexecutor-0-h.out')).not.toBe(familyName('flink-u-taskexecutor-1-h.out'));
  });
});

describe('isLogName', () => {
  it('knows what is no log', () => {
    expect(['a.log.lck', 'heap.hprof', 'a.tar.gz', 'log4j.properties', 'a.log~'].filter(isLogName)).toEqual([]);
  });
});
