// Tests an agent as a hardened container runs it: as the user nobody, on a root file system that is read-only except
// for its data folder. If this process may not mount (it is not root, or in a container without the right), the test is
// skipped.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../store/sqlite/sqlite.js';
import { expected, lines } from './agent-fixture.js';
import { FRONT_DOOR, waitUntil } from './program.js';

const NOBODY = 65_534;
const AS_NOBODY = `exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups --no-new-privs`;

/** Returns the command in a separate mount namespace, which is invisible to others. */
function harden(dataDir: string, command: string): readonly string[] {
  return ['-m', 'sh', '-c', `mount --bind "$0" "$0" && mount -o remount,ro,bind / && ${AS_NOBODY} ${command}`, dataDir];
}

function canHarden(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-mount-'));
  const ended = spawnSync('unshare', [...harden(folder, 'test -r "$1"'), FRONT_DOOR]);
  rmSync(folder, { recursive: true });
  return ended.status === 0;
}

describe.skipIf(!canHarden())('an agent without rights on a read-only file system', () => {
  let folder: string;
  let dataDir: string;
  let logs: string;
  let agent: ChildProcess | undefined;
  let said = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'jobtrace-readonly-'));
    [dataDir, logs] = [join(folder, 'data'), join(folder, 'log')];
    chmodSync(folder, 0o755);
    for (const path of [dataDir, logs]) mkdirSync(path);
    chownSync(dataDir, NOBODY, NOBODY);
    said = '';
  });
  afterEach(() => {
    agent?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  function start(): ChildProcess {
    const config = join(folder, 'jobtrace.yaml');
    writeFileSync(config, JSON.stringify({ dataDir, agent: { paths: [logs], scanIntervalMs: 100 } }));
    const args = harden(dataDir, '"$1" "$2" agent --config "$3"');
    const child = spawn('unshare', [...args, process.execPath, FRONT_DOOR, config], {
      cwd: '/',
      env: { ...process.env, HOME: '/nonexistent' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.on('data', (data: Buffer) => (said += data.toString('utf8')));
    agent = child;
    return child;
  }

  async function findTexts(): Promise<readonly string[]> {
    const store = openSqliteStore({ path: join(dataDir, 'jobtrace.db'), readonly: true });
    const { records } = await store.readRecords(undefined, { limit: 1000 });
    await store.close();
    return records.map((record) => record['event.original']).sort();
  }

  async function waitForRecords(count: number): Promise<void> {
    await waitUntil(
      `${count} records`,
      async () => ((await findTexts().catch(() => [])).length === count ? true : undefined),
      { saw: () => said },
    );
  }

  async function stop(child: ChildProcess): Promise<unknown> {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    return (await ended)[0];
  }

  it('ships, follows a rotation, unpacks an archive and goes on after a restart', async () => {
    const path = join(logs, 'a.log');
    writeFileSync(path, lines(0, 20));
    writeFileSync(join(logs, 'b.log.1.gz'), gzipSync(lines(100, 120)));
    const first = start();
    await waitForRecords(40);
    renameSync(path, `${path}.1`);
    writeFileSync(path, lines(20, 30));
    await waitForRecords(50);
    const code = await stop(first);
    writeFileSync(path, lines(20, 40));
    const second = start();
    await waitForRecords(60);

    expect([code, await stop(second)]).toEqual([0, 0]);
    expect(await findTexts()).toEqual([...expected(0, 40), ...expected(100, 120)].sort());
    expect(said).not.toMatch(/"level":"(?:warn|error)"/);
  });
});
