// Tests the package alone: its tarball is installed outside of the repository as docs/install.md says, with the
// versions of the lock file in it and the prebuilt binary of re2 (npm run matrix compiles it). Then it diagnoses, and
// it watches a folder.
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../cli/version.js';
import { waitUntil } from '../program.js';
import { mirrorRe2, packTarball } from './packed.js';

const RULE = 'network.insufficient-buffers/total';
const LOG = join(PACKAGE_ROOT, 'rules', 'recordings', `${RULE.replace('/', '.')}.log`);

interface Lock {
  readonly packages: Readonly<
    Record<
      string,
      { readonly version?: string; readonly dev?: boolean; readonly optional?: boolean; readonly peer?: boolean }
    >
  >;
}

describe('the packed package in an empty folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-install-'));
  const home = join(folder, 'home');
  const logs = join(folder, 'logs');
  const jobtrace = join(folder, 'jobtrace');
  /** Environment of a machine that has Node.js and nothing of Jobtrace. */
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
  let service: ChildProcess | undefined;

  beforeAll(async () => {
    for (const path of [home, logs]) mkdirSync(path);
    cpSync(LOG, join(logs, 'flink-taskexecutor.log'));
    const run = promisify(execFile);
    const variables = { ...process.env, ...mirrorRe2(join(folder, 're2')) };
    await run('tar', ['xzf', await packTarball(folder), '-C', home, '--strip-components=1']);
    const quiet = ['--prefer-offline', '--no-audit', '--no-fund'];
    await run('npm', ['ci', '--omit=dev', '--ignore-scripts', ...quiet], { cwd: home, env: variables });
    await run('npm', ['rebuild', 're2', '@photostructure/sqlite'], { cwd: home, env: variables });
    symlinkSync(join(home, 'dist', 'cli.js'), jobtrace);
  });
  afterAll(() => {
    service?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it('has the very packages that were tested, down to the last version', () => {
    const lock = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package-lock.json'), 'utf8')) as Lock;
    const locked = Object.entries(lock.packages).filter(
      ([place, { dev, optional, peer }]) => place !== '' && [dev, optional, peer].every((is) => is !== true),
    );
    expect(locked.length).toBeGreaterThan(100);
    const installed = locked.map(([place]) => {
      const file = readFileSync(join(home, place, 'package.json'), 'utf8');
      return [place, (JSON.parse(file) as { readonly version: string }).version];
    });
    expect(Object.fromEntries(installed)).toEqual(
      Object.fromEntries(locked.map(([place, { version }]) => [place, version])),
    );
  });

  it('diagnoses a log', () => {
    const said = execFileSync(jobtrace, ['diagnose', 'flink-taskexecutor.log'], { cwd: logs, env, encoding: 'utf8' });

    expect(said).toContain(RULE);
  });

  it('watches a folder, serves the page and what it found, and stops when it is told to', async () => {
    let said = '';
    service = spawn(jobtrace, ['up', logs, '--listen', '127.0.0.1:0'], { cwd: home, env });
    service.stdout?.on('data', (data: Buffer) => (said += data.toString('utf8')));
    service.stderr?.on('data', (data: Buffer) => (said += data.toString('utf8')));
    const saw = { saw: () => said };
    const url = await waitUntil('its address', () => /http:\/\/[\d.:]+/.exec(said)?.[0], saw);
    const ended = once(service, 'exit');

    expect(await (await fetch(url)).text()).toContain('<div id="root">');
    await waitUntil('the diagnosis', () => (said.includes(RULE) ? true : undefined), saw);
    const incidents = await fetch(`${url}/api/v1/incidents`);
    expect(await incidents.text()).toContain(RULE);
    service.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
  });
});
