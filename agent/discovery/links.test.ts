// Tests links that lead out of the watched folders or into other users' folders, and those of Kubernetes and Docker.
import { chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lines, openAgentFixture, type AgentFixture } from '../../test/agent-fixture.js';
import { createScanMemory, discoverFiles } from './discover.js';

let root: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'jobtrace-links-')));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text = 'x\n'): string {
  const whole = join(root, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, text);
  return whole;
}

function link(path: string, target: string): string {
  const whole = join(root, path);
  mkdirSync(dirname(whole), { recursive: true });
  symlinkSync(target, whole);
  return whole;
}

async function scan(patterns: readonly string[], linksInto: readonly string[] = []) {
  const { files, refused } = await discoverFiles(
    patterns.map((pattern) => join(root, pattern)),
    [],
    createScanMemory(),
    () => undefined,
    linksInto.map((folder) => join(root, folder)),
  );
  return {
    files: files.map(({ path, captures }) => [path.slice(root.length + 1), captures.cluster]),
    refused: refused.map(({ path, target, reason }) => [
      path.slice(root.length + 1),
      target.slice(root.length + 1),
      reason,
    ]),
  };
}

describe('a symbolic link', () => {
  it.each([
    ['a file', 'shadow', 'logs/teamA/flink-a-taskexecutor-0-ha.log', '../../shadow'],
    ['a file by its whole path', 'shadow', 'logs/teamA/flink-a-taskexecutor-0-ha.log', undefined],
    ['a folder', 'secret/flink-x-taskexecutor-0-h.log', 'logs/teamA/more', '../../secret'],
  ])('that leads out of the watched folders is not followed: %s', async (_, target, path, text) => {
    const whole = write(target);
    link(path, text ?? whole);

    for (const pattern of ['logs/{cluster}/**', 'logs/{cluster}/*.log', 'logs']) {
      const { files, refused } = await scan([pattern]);
      expect(files).toEqual([]);
      if (pattern !== 'logs/{cluster}/*.log' || path.endsWith('.log'))
        expect(refused).toMatchObject([[path, /./, 'outside']].map(([a, , c]) => [a, expect.any(String), c]));
    }
  });

  it("to another team's log takes nothing from it: the file goes by its own name", async () => {
    write('logs/teamB/flink-b-taskexecutor-0-hb.log');
    link('logs/teamA/flink-a-taskexecutor-2-ha.log', '../teamB/flink-b-taskexecutor-0-hb.log');
    link('logs/teamA/all', '../teamB');

    expect((await scan(['logs/{cluster}/**'])).files).toEqual([['logs/teamB/flink-b-taskexecutor-0-hb.log', 'teamB']]);
  });

  it.runIf(process.getuid?.() === 0)('to a file of another owner is not followed', async () => {
    const target = write('logs/.store/7.txt');
    chownSync(target, 12_345, 12_345);
    link('logs/teamA/a.log', '../.store/7.txt');

    expect(await scan(['logs/{cluster}/*.log'])).toEqual({
      files: [],
      refused: [['logs/teamA/a.log', 'logs/.store/7.txt', 'owner']],
    });
  });

  it('within the watched folders is followed, and to a named one', async () => {
    write('logs/.store/7.txt');
    write('docker/containers/0a/0a-json.log');
    link('logs/teamA/a.log', '../.store/7.txt');
    link('pods/flink_orders-taskmanager-1-1_0a/main/0.log', '../../../docker/containers/0a/0a-json.log');

    expect(await scan(['logs/{cluster}/*.log', 'pods'], ['docker/containers'])).toEqual({
      files: [
        ['logs/teamA/a.log', 'teamA'],
        ['pods/flink_orders-taskmanager-1-1_0a/main/0.log', undefined],
      ],
      refused: [],
    });
    expect((await scan(['pods'])).refused).toHaveLength(1);
  });

  it('that the operator named as the place to watch is followed', async () => {
    write('data/releases/7/log/flink-u-taskexecutor-0-h.log');
    link('current', 'data/releases/7/log');

    expect((await scan(['current'])).files).toEqual([['current/flink-u-taskexecutor-0-h.log', undefined]]);
  });
});

describe('the agent', () => {
  let fixture: AgentFixture | undefined;
  afterEach(() => fixture?.close());

  it('reports a link that it does not follow, until it is gone', async () => {
    fixture = openAgentFixture();
    const target = write('shadow', lines(0, 3));
    const path = join(fixture.logs, 'flink-u-taskexecutor-0-h.log');
    symlinkSync(target, path);
    await fixture.poll(2);
    expect(await fixture.texts()).toEqual([]);
    expect(fixture.conditions()).toEqual(['JT_LINK_REFUSED']);

    rmSync(path);
    await fixture.poll(2);
    expect(fixture.conditions()).toEqual([]);
  });
});
