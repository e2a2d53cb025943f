// Provokes each condition that no other test of this stage provokes, and checks that none is left out.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { CONDITIONS } from '../core/conditions.js';
import { createError } from '../core/errors.js';
import { openSqliteStore } from '../store/sqlite/sqlite.js';
import { expected, lines, openAgentFixture, type AgentFixture } from '../test/agent-fixture.js';

const CHILD = fileURLToPath(new URL('../test/agent-child.ts', import.meta.url));

let fixture: AgentFixture | undefined;
afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
});

describe('the conditions of an agent', () => {
  it('are each raised by a test', () => {
    const tests = readdirSync(import.meta.dirname, { recursive: true, withFileTypes: true })
      .filter((item) => item.isFile() && item.name.endsWith('.test.ts'))
      .map((item) => readFileSync(join(item.parentPath, item.name), 'utf8'))
      .join('\n');

    expect(Object.keys(CONDITIONS).filter((code) => !tests.includes(`'${code}'`))).toEqual([]);
  });

  it('say what is so in both languages with the same values, and what to do', () => {
    const slots = (text: string): readonly string[] => [...text.matchAll(/\{\w+\}/g)].map(([slot]) => slot).sort();
    for (const [code, { message, fix }] of Object.entries(CONDITIONS)) {
      expect(new Set(slots(message.zh)), code).toEqual(new Set(slots(message.en)));
      expect(fix.en, code).toMatch(/[.]$/);
      expect(fix.zh, code).toMatch(/[。]$/);
    }
  });
});

describe('a file whose lines are hours off the clock', () => {
  it('is told with the probable zone, until its lines are of now', async () => {
    fixture = openAgentFixture({ zone: 'UTC' });
    const path = join(fixture.logs, 'flink-u-taskexecutor-0-h.log');
    const write = async (hours: number): Promise<void> => {
      const stamp = new Date(Date.now() + hours * 3_600_000).toISOString().replace('T', ' ').replace('.', ',');
      appendFileSync(path, `${stamp.slice(0, 23)} INFO  org.example.Writer [] - a line\n`);
      await fixture?.poll(3);
    };
    for (let round = 0; round < 5; round++) await write(8);
    const board = fixture.agent.status().conditions.map(({ code, values }) => [code, values]);
    for (let round = 0; round < 2; round++) await write(0);

    expect(board).toEqual([['JT_CLOCK_OR_ZONE', { path, difference: '8 h ahead', zone: 'UTC+08:00' }]]);
    expect(fixture.conditions()).toEqual([]);
  });
});

describe('a store that takes no batch', () => {
  const errors = [
    createError('JT_STORE_REFUSED', { url: 'http://es', problem: 'mapping' }),
    createError('JT_STORE_UNUSABLE', { url: 'records.db', problem: 'malformed', advice: 'Move it away.' }),
    createError('JT_STORE_TOO_NEW', { path: 'records.db', found: 9, known: 8 }),
    createError('JT_DISK_FULL', { path: 'records.db' }),
    createError('JT_STORE_FULL', { url: 'http://es', problem: 'status 429' }),
    createError('JT_FILE_UNWRITABLE', { path: 'records.db', problem: 'permission denied' }),
  ];
  const codes = [
    'JT_STORE_REFUSED',
    'JT_STORE_UNUSABLE',
    'JT_STORE_TOO_NEW',
    'JT_DISK_FULL',
    'JT_STORE_FULL',
    'JT_FILE_UNWRITABLE',
  ];

  it.each(errors)('is reported with the reason, until it takes them: $code', async (error) => {
    let isDown = true;
    fixture = openAgentFixture({
      wrap: (store) => ({ ...store, append: (batch) => (isDown ? Promise.reject(error) : store.append(batch)) }),
    });
    writeFileSync(join(fixture.logs, 'a.log'), lines(0, 3));
    await fixture.poll(2, 60_000);
    const [during] = fixture.agent.status().conditions;
    isDown = false;
    await fixture.poll(2, 60_000);

    expect(codes).toContain(error.code);
    expect(during).toMatchObject({ code: error.code, message: expect.not.stringContaining('{') });
    expect(during?.message).toContain(error.details['url'] ?? error.details['path']);
    expect(fixture.conditions()).toEqual([]);
    expect(await fixture.texts()).toEqual(expected(0, 3));
  });

  it('for a reason that is no error of ours counts as not reachable', async () => {
    fixture = openAgentFixture({
      wrap: (store) => ({ ...store, append: () => Promise.reject(new TypeError('not a function')) }),
    });
    writeFileSync(join(fixture.logs, 'a.log'), lines(0, 3));

    await fixture.poll();

    expect(fixture.agent.status().conditions).toMatchObject([
      { code: 'JT_STORE_UNREACHABLE', message: 'The store cannot be reached (?): not a function.' },
    ]);
  });
});

describe('a file', () => {
  it('that only looks like an archive is named', async () => {
    fixture = openAgentFixture();
    writeFileSync(join(fixture.logs, 'a.log.1.gz'), Buffer.from([0x1f, 0x8b, 0x63, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3]));

    await fixture.poll(3);

    expect(fixture.conditions()).toEqual(['JT_ARCHIVE_INVALID']);
  });

  it('whose cluster nothing names is said once where the store is shared', async () => {
    fixture = openAgentFixture({ isStoreShared: true });
    const container = join(fixture.logs, 'application_1700000000000_0001', 'container_1700000000000_0001_01_000002');
    mkdirSync(container, { recursive: true });
    writeFileSync(join(container, 'taskmanager.log'), lines(0, 2));
    await fixture.poll(2);
    const named = fixture.conditions();
    for (const name of ['a', 'b']) writeFileSync(join(fixture.logs, `${name}.log`), lines(2, 4));
    await fixture.poll(2);

    expect(named).toEqual([]);
    expect(fixture.conditions()).toEqual(['JT_CLUSTER_UNNAMED']);
    expect(new Set((await fixture.records()).map((record) => record['flink.cluster']))).toEqual(
      new Set(['application_1700000000000_0001', 'node-1']),
    );
  });
});

describe('a checkpoint', () => {
  it('that is damaged is said, and nothing is stored twice', async () => {
    fixture = openAgentFixture();
    writeFileSync(join(fixture.logs, 'a.log'), lines(0, 3));
    await fixture.poll(2);
    fixture.stop();
    appendFileSync(join(fixture.dataDir, 'checkpoint.log'), '00000000 {"key":"half a li');

    await fixture.poll(2);

    expect(fixture.agent.status().conditions).toMatchObject([
      { code: 'JT_CHECKPOINT_CORRUPT', values: { offset: expect.any(Number), valid: 1 } },
    ]);
    expect(await fixture.texts()).toEqual(expected(0, 3));
  });
});

// The loader of modules opens dozens of files at once, so the limit leaves room for them.
const FILES = 160;

describe('a process that may open few files', () => {
  it('says so and reads all of them in turn', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'jobtrace-descriptors-'));
    const logs = join(folder, 'log');
    const database = join(folder, 'records.db');
    mkdirSync(logs);
    for (let number = 0; number < FILES; number += 1)
      writeFileSync(join(logs, `f${String(number).padStart(3, '0')}.log`), lines(number, number + 1));
    const command = `ulimit -n 110; exec "$0" --import tsx "$1" "$2" "$3" "$4"`;
    const child = spawn('sh', ['-c', command, process.execPath, CHILD, logs, join(folder, 'data'), database], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exit = once(child, 'exit');
    await Promise.race([once(child.stdout, 'data'), exit]);
    const store = openSqliteStore({ path: database });
    const codes = new Set<string>();
    let count = 0;
    const until = performance.now() + 60_000;
    try {
      while ((count < FILES || codes.size === 0) && child.exitCode === null && performance.now() < until) {
        await new Promise<void>((resume) => void setTimeout(resume, 50));
        for (const agent of await store.agents.find()) for (const { code } of agent.conditions) codes.add(code);
        count = (await store.readRecords(undefined, { limit: 1000 })).records.length;
      }
    } finally {
      child.kill('SIGKILL');
      await exit;
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    }

    expect({ count, exit: child.exitCode }).toEqual({ count: FILES, exit: null });
    expect([...codes]).toContain('JT_TOO_MANY_OPEN_FILES');
  });
});
