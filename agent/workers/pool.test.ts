import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { describeWords } from '../../flink/bytes/words.js';
import { expected, line, lines, openAgentFixture, type AgentFixture } from '../../test/agent-fixture.js';

const RULES = join(import.meta.dirname, '..', '..', 'rules');
const LARGEST = 16;

const open: AgentFixture[] = [];
afterEach(async () => {
  for (const fixture of open.splice(0)) await fixture.close();
});

function openFixture(options: Parameters<typeof openAgentFixture>[0] = {}): AgentFixture {
  const fixture = openAgentFixture({ workers: 2, ...options });
  open.push(fixture);
  return fixture;
}

/** Copies logs of the rules into one folder: the largest one, and each sixteenth of the others. */
function copyRecordings(folder: string): number {
  const logs = readdirSync(RULES, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.log'));
  const sizes = new Map(logs.map((name) => [name, statSync(join(RULES, name)).size]));
  const bySize = logs.toSorted((a, b) => (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0) || (a < b ? -1 : 1));
  const some = bySize.filter((_name, index) => index < LARGEST || index % 16 === 0);
  mkdirSync(folder, { recursive: true });
  for (const name of some) copyFileSync(join(RULES, name), join(folder, name.replaceAll('/', '-')));
  return some.length;
}

describe('an agent with several workers', () => {
  it('follows the rotations of each file, a trace that one cut in two as well', async () => {
    const fixture = openFixture();
    const paths = ['a.log', 'b.log', 'c.log'].map((name) => join(fixture.logs, name));
    for (const path of paths) writeFileSync(path, `${lines(0, 50)}${line(50)}\njava.lang.Error: x\n`);
    await fixture.poll(2);
    for (const path of paths) {
      renameSync(path, `${path}.1`);
      writeFileSync(path, `\tat a.B.c(B.java:1)\n${lines(51, 100)}`);
    }
    await fixture.poll(4);

    const cut = `${line(50)}\njava.lang.Error: x\n\tat a.B.c(B.java:1)`;
    for (const name of ['a.log', 'b.log', 'c.log'])
      expect(new Set(await fixture.texts(name))).toEqual(new Set([...expected(0, 50), cut, ...expected(51, 100)]));
    expect(await fixture.records()).toHaveLength(300);
    expect(fixture.counter('joinedEntries')).toBe(3);
    expect(fixture.counter('lostBytes')).toBe(0);
  });

  it('tells all of them the words that matter, those that come later as well', async () => {
    const [first, next] = [describeWords(['event 3 of']), describeWords(['nothing of the kind'])];
    const fixture = openFixture({ words: first });
    const paths = ['a.log', 'b.log', 'c.log'].map((name) => join(fixture.logs, name));
    for (const path of paths)
      writeFileSync(path, `${line(0)}\n${line(3, 'event 3 of four')}\n${line(4)}\n${line(5)}\n`);
    await fixture.poll(2);
    fixture.agent.setWords(next);
    for (const path of paths) appendFileSync(path, `${line(6)}\n${line(7)}\n${line(8)}\n`);
    await fixture.poll(2);

    for (const name of ['a.log', 'b.log', 'c.log']) {
      const found = (await fixture.records()).filter((record) => record['log.file.path'].endsWith(name));
      const told = found.sort((a, b) => a['log.offset'] - b['log.offset']).map((record) => record['jobtrace.signal']);
      const { version } = first;
      // The last entry of the first part may have continued until then.
      expect(told.slice(0, 3)).toEqual([`no.${version}`, `yes.${version}`, `no.${version}`]);
      expect(new Set(told.slice(4))).toEqual(new Set([`no.${next.version}`]));
    }
  });

  it('goes on in the copy of a truncated file', async () => {
    const fixture = openFixture();
    const paths = ['a.log', 'b.log'].map((name) => join(fixture.logs, name));
    for (const path of paths) writeFileSync(path, lines(0, 50));
    await fixture.poll(2);
    for (const path of paths) {
      appendFileSync(path, lines(50, 60));
      copyFileSync(path, `${path}.1`);
      truncateSync(path);
      appendFileSync(path, lines(60, 70));
    }
    await fixture.poll(8);

    expect(await fixture.records()).toHaveLength(140);
    expect(fixture.counter('continuedFiles')).toBe(2);
    expect(fixture.counter('lostBytes')).toBe(0);
  });

  it('loses nothing and stores nothing twice when it is killed, also with other workers than before', async () => {
    const fixture = openFixture();
    const names = ['a.log', 'b.log', 'c.log', 'd.log'];
    for (const [turn, workers] of [2, 3, 1, 2].entries()) {
      for (const name of names) appendFileSync(join(fixture.logs, name), lines(turn * 100, turn * 100 + 100));
      await fixture.poll();
      // The file gets the name of another family while no agent is running.
      if (turn === 1) renameSync(join(fixture.logs, 'd.log'), join(fixture.logs, 'e.log'));
      if (turn === 1) names[3] = 'e.log';
      fixture.restart({ workers });
    }
    await fixture.poll(4);

    for (const name of ['a.log', 'b.log', 'c.log']) expect(await fixture.texts(name)).toEqual(expected(0, 400));
    expect(await fixture.records()).toHaveLength(1600);
    expect(fixture.counter('lostBytes')).toBe(0);
  });

  it('adds nothing when the checkpoint is gone', async () => {
    const fixture = openFixture();
    for (const name of ['a.log', 'b.log', 'c.log']) writeFileSync(join(fixture.logs, name), lines(0, 100));
    await fixture.poll(2);
    fixture.stop();
    rmSync(fixture.dataDir, { recursive: true });
    await fixture.poll(2);

    expect(await fixture.records()).toHaveLength(300);
    expect(fixture.counter('duplicateRecords')).toBe(300);
  });

  it('uses other settings without a restart', async () => {
    const fixture = openFixture();
    const other = join(fixture.folder, 'other');
    mkdirSync(other);
    for (const name of ['a.log', 'b.log']) writeFileSync(join(fixture.logs, name), lines(0, 10));
    await fixture.poll(2);
    writeFileSync(join(other, 'c.log'), `${line(0, 'order 4711 of alice')}\n`);

    fixture.agent.reload(() => ({ ...fixture.settings, paths: [fixture.logs, other], redactPatterns: ['order \\d+'] }));
    await fixture.poll(2);

    expect(await fixture.texts('c.log')).toEqual([line(0, '*** of alice')]);
    expect(fixture.agent.status().files).toBe(3);
  });

  it('stores the same records with any number of workers', async () => {
    const logs = join(openFixture().folder, 'recordings');
    const files = copyRecordings(logs);
    const stored = [];
    for (const workers of [1, 2, 4]) {
      const fixture = openFixture({ workers, paths: [logs], undecidedFlushMs: 1000 });
      await fixture.poll(4);
      await fixture.agent.flush();
      expect(fixture.agent.status().files).toBe(files);
      stored.push(new Map((await fixture.records()).map((record) => [record.id, record])));
    }

    const [one, two, four] = stored;
    expect(one?.size).toBeGreaterThan(500);
    expect(two).toEqual(one);
    expect(four).toEqual(one);
  });

  it('says once what several workers say', async () => {
    const fixture = openFixture({ isStoreShared: true });
    for (const name of ['a.log', 'b.log', 'c.log']) writeFileSync(join(fixture.logs, name), lines(0, 10));

    await fixture.poll(2);

    expect(fixture.conditions()).toEqual(['JT_CLUSTER_UNNAMED']);
    expect(fixture.counter('newFiles')).toBe(3);
  });

  it('ends with an error when a worker does, and the next one sends what was not stored', async () => {
    const workers: Worker[] = [];
    const fixture = openFixture({ onWorker: (worker) => workers.push(worker) });
    for (const name of ['a.log', 'b.log']) writeFileSync(join(fixture.logs, name), lines(0, 100));
    await fixture.poll();
    for (const name of ['a.log', 'b.log']) appendFileSync(join(fixture.logs, name), lines(100, 200));
    const ended = fixture.agent.run(new AbortController().signal);
    void workers[1]?.terminate();

    await expect(ended).rejects.toThrow('worker 2 of the agent ended');
    fixture.restart();
    await fixture.poll(3);

    for (const name of ['a.log', 'b.log']) expect(await fixture.texts(name)).toEqual(expected(0, 200));
  });
});
