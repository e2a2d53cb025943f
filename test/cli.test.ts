// The front door as a user meets it: the built program, real files, exit codes, and what is said about bad input.
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../cli/main.js';
import { createError, ERRORS } from '../core/errors.js';
import type { Incident, LogRecord } from '../core/types.js';
import { runProgram, startProgram, waitUntil } from './program.js';

const BUFFERS_LOG = fileURLToPath(new URL('../rules/network/insufficient-buffers/total/match.log', import.meta.url));
const CAUSE = 'network.insufficient-buffers';
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobtrace-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** What went wrong, without what only follows from it. */
function causesOf(stdout: string): readonly string[] {
  return (JSON.parse(stdout) as { diagnoses: { cause: string; symptom: boolean }[] }).diagnoses
    .filter((diagnosis) => !diagnosis.symptom)
    .map((diagnosis) => diagnosis.cause);
}

describe('help', () => {
  it.each(COMMANDS.map((command) => [command.name]))('jobtrace %s --help explains the command', async (name) => {
    const { code, stdout } = await runProgram([...name.split(' '), '--help']);

    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: jobtrace ${name}`);
  });

  it('lists every command', async () => {
    const { stdout } = await runProgram(['--help']);

    for (const command of COMMANDS) expect(stdout).toContain(`  ${command.name} `);
  });

  it('prints the version of the package', async () => {
    const { stdout } = await runProgram(['--version']);
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };

    expect(stdout.trim()).toBe(version);
  });
});

describe('diagnose', () => {
  it('prints the contract as JSON', async () => {
    const { code, stdout } = await runProgram(['diagnose', '--format', 'json', BUFFERS_LOG]);
    const document = JSON.parse(stdout) as {
      diagnoses: Record<string, unknown>[];
      unknown: unknown[];
      facts: Record<string, unknown>;
    };

    expect(code).toBe(0);
    expect(document.diagnoses[0]).toMatchObject({
      cause: CAUSE,
      rule: `${CAUSE}/total`,
      symptom: false,
      owner: 'configuration',
      severity: 'error',
    });
    for (const key of [
      'title',
      'summary',
      'confidence',
      'job',
      'firstSeen',
      'count',
      'reasons',
      'fixes',
      'evidence',
      'explains',
      'references',
    ])
      expect(document.diagnoses[0]).toHaveProperty(key);
    expect(document.facts['flinkVersion']).toMatch(/^1\.20/);
  });

  it('does not call healthy what it has not read', async () => {
    const empty = join(folder, 'empty.log');
    writeFileSync(empty, '');
    const { code, stdout } = await runProgram(['diagnose', empty]);

    expect(code).toBe(0);
    expect(stdout).toContain('There was no log to read');
    expect(stdout).not.toContain('No failure');
  });

  it('prints people a cause, a fix with its options, and the line that proves it', async () => {
    const { stdout } = await runProgram(['diagnose', BUFFERS_LOG]);

    expect(stdout).toContain('taskmanager.memory.network.min: 112m');
    expect(stdout).toMatch(/match\.log:\d+/);
    expect(
      Math.max(
        ...stdout
          .split('\n')
          .filter((line) => !line.includes('/'))
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(120);
  });

  it('speaks Chinese', async () => {
    const { stdout } = await runProgram(['diagnose', '--lang', 'zh', BUFFERS_LOG]);

    expect(stdout).toContain('网络缓冲区不足');
    expect(stdout).toContain('taskmanager.memory.network.min: 112m');
  });

  it('reads standard input, folders and gzip files', async () => {
    const log = readFileSync(BUFFERS_LOG);
    file('folder/jm.log', log);
    const packed = file('jm.log.gz', gzipSync(log));

    for (const run of [
      runProgram(['diagnose', '--format', 'json', '-'], { input: log }),
      runProgram(['diagnose', '--format', 'json', join(folder, 'folder')]),
      runProgram(['diagnose', '--format', 'json', packed]),
    ]) {
      const { stdout } = await run;
      expect(causesOf(stdout)).toEqual([CAUSE]);
    }
  });

  it('exits with 1 only when asked to and something that severe was found', async () => {
    const healthy = file(
      'healthy.log',
      '2026-03-02 10:15:01,120 INFO  org.apache.flink.runtime.jobmaster.JobMaster [] - Starting.\n',
    );

    expect((await runProgram(['diagnose', '--fail-on', 'error', BUFFERS_LOG])).code).toBe(1);
    expect((await runProgram(['diagnose', '--fail-on', 'critical', BUFFERS_LOG])).code).toBe(0);
    expect((await runProgram(['diagnose', '--fail-on', 'info', healthy])).code).toBe(0);
  });
});

describe('rules explain', () => {
  it('names the condition that failed with the line of the log and of the rule', async () => {
    const { code, stdout } = await runProgram([
      'rules',
      'explain',
      BUFFERS_LOG.replace('match.log', 'nearmiss.log'),
      `${CAUSE}/total`,
    ]);

    expect(code).toBe(0);
    expect(stdout).toMatch(/with-size: where\.exception does not hold .*rule\.yaml:\d+:\d+\)/);
    expect(stdout).toMatch(/line +\S+nearmiss\.log:3\n/);
    expect(stdout).toContain('has      java.lang.IllegalArgumentException');
    expect(stdout).toContain('The rule does not match');
  });

  it('says that a rule stands first and what it captured', async () => {
    const { stdout } = await runProgram(['rules', 'explain', BUFFERS_LOG, `${CAUSE}/total`]);

    expect(stdout).toContain('It matches and stands first');
    expect(stdout).toContain('required = "17"');
  });
});

const LEDGER_LOG = [
  '2026-03-02 10:15:01,120 INFO  org.apache.flink.runtime.taskmanager.Task                    [] - Sink: ledger (1/2)#0 (11111111111111111111111111111111_90bea66de1c231edf33913ecd54406c1_0_0) switched from INITIALIZING to RUNNING.',
  '2026-03-02 10:15:09,004 WARN  org.apache.flink.runtime.taskmanager.Task                    [] - Sink: ledger (1/2)#0 (11111111111111111111111111111111_90bea66de1c231edf33913ecd54406c1_0_0) switched from RUNNING to FAILED with failure cause:',
  'com.acme.ledger.LedgerException: ledger 7 of shard eu-1 was closed by its owner',
  '\tat com.acme.ledger.LedgerWriter.write(LedgerWriter.java:40) ~[job.jar:?]',
  '\tat org.apache.flink.streaming.runtime.tasks.StreamTask.invoke(StreamTask.java:942) ~[flink-dist-1.20.1.jar:1.20.1]',
  '',
].join('\n');

describe("the author's loop", () => {
  const ID = 'connector.ledger/closed';
  const own = (): string => join(folder, 'own-rules');
  const ruleFile = (): string => join(own(), 'connector/ledger/closed/rule.yaml');

  it('rules new writes a rule that is valid, and rules test says what is left to do', async () => {
    const log = file('ledger/taskmanager.log', LEDGER_LOG);
    const made = await runProgram(['rules', 'new', log, '--id', ID, '--rules', own()]);
    const checked = await runProgram(['rules', 'check', '--rules', own()]);
    const tested = await runProgram(['rules', 'test', '--rules', own(), ID]);

    expect(made.stderr).toBe('');
    expect(made.stdout).toContain('anchor    "was closed by its owner"');
    expect(made.stdout).toContain('captures  ledger, shard');
    expect(made.stdout).toContain('connector.ledger is a new cause');
    expect(checked.stdout).toMatch(/rules are valid/);
    expect(tested.code).toBe(2);
    expect(tested.stdout).toContain('the title is still to be written (English)');
    expect(tested.stdout).toContain('nearmiss.log is a template');
    expect(tested.stdout).not.toContain('match.log:');
    expect((await runProgram(['rules', 'new', log, '--id', ID, '--rules', own()])).stderr).toContain(
      'holds a rule already',
    );
  });

  it('a rule whose texts are written passes rules test', async () => {
    for (const path of [ruleFile(), ruleFile().replace('rule.yaml', 'proof.yaml'), join(own(), 'causes.yaml')])
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/TODO(: |：)/g, 'Ledger: '));

    expect(await runProgram(['rules', 'test', '--rules', own(), ID])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('1 rules, 2 proofs, 0 failed'),
    });
    expect(
      (await runProgram(['diagnose', '--rules', own(), '--format', 'json', join(folder, 'ledger')])).stdout,
    ).toContain('"ledger": "7"');
  });

  it('rules list and rules test know the rows of the engine by table and id', async () => {
    const listed = await runProgram(['rules', 'list', 'engine.printed']);

    expect(listed.stdout.trim().split('\n')).toHaveLength(2);
    expect(listed.stdout).toContain('engine.printed/script');
    expect(await runProgram(['rules', 'test', 'engine.printed/script'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('0 rules, 1 rows of the engine, 3 proofs, 0 failed'),
    });
    expect((await runProgram(['rules', 'test', 'engine.printed/scrip'])).stderr).toContain('engine.printed/script');
  });

  it('rules list takes any pattern, for rules and for rows of the engine', async () => {
    const list = async (pattern: string): Promise<string[]> =>
      (await runProgram(['rules', 'list', pattern])).stdout.split('\n').map((line) => line.split(' ')[0] ?? '');

    expect(await list('*.insufficient-buffers')).toContain('network.insufficient-buffers/total');
    expect(await list('*printed/*')).toContain('engine.printed/script');
    expect(await list('*')).toEqual(
      expect.arrayContaining(['network.insufficient-buffers/total', 'engine.printed/script']),
    );
  });

  it('rules new reads standard input and refuses a log without a failure', async () => {
    const piped = await runProgram(['rules', 'new', '-', '--rules', join(folder, 'piped')], { input: LEDGER_LOG });
    const healthy = await runProgram(['rules', 'new', '-', '--rules', join(folder, 'piped')], {
      input: LEDGER_LOG.split('\n')[0] ?? '',
    });

    expect(piped.stdout).toContain('code.user-exception/ledger-was-closed-by-its-owner');
    expect(healthy).toMatchObject({ code: 2, stderr: expect.stringContaining('holds no failure') });
  });

  it('rules backtest counts what the rules would claim and exits with 1 when they steal', async () => {
    file('stored/job-1/taskmanager.log', LEDGER_LOG);
    file('stored/job-2/jobmanager.log', readFileSync(BUFFERS_LOG));
    const fair = await runProgram(['rules', 'backtest', '--rules', own(), join(folder, 'stored')]);
    file(
      'greedy/connector/ledger/any/rule.yaml',
      'status: test\nseverity: error\nowner: connector\nrole: cause\nconfidence: 1\nexplains: [network.insufficient-buffers]\ntitle: { en: a, zh: b }\nsummary: { en: a, zh: b }\nmatch: [{ id: a, anchor: "Insufficient number" }]\nfixes: [{ id: a, risk: low, text: { en: a, zh: b } }]\nreferences: []\n',
    );
    file('greedy/causes.yaml', readFileSync(join(own(), 'causes.yaml')));
    const greedy = await runProgram([
      'rules',
      'backtest',
      '--rules',
      join(folder, 'greedy'),
      'connector.ledger/any',
      join(folder, 'stored'),
    ]);

    expect(fair).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('2 jobs, 0 unknown failures claimed, 0 diagnoses stolen, 0 healthy jobs hit'),
    });
    expect(fair.stdout).toContain('takes 1 from the general rule code.user-exception/');
    expect(greedy).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('steals 1 first diagnoses of network.insufficient-buffers/total'),
    });
  });

  it('up takes a saved rule without a restart, refuses a broken one and says why', async () => {
    const logs = join(folder, 'live-logs');
    mkdirSync(logs);
    mkdirSync(join(folder, 'live-rules'));
    const program = startProgram([
      'up',
      logs,
      '--rules',
      join(folder, 'live-rules'),
      '--listen',
      '127.0.0.1:0',
      '--data',
      join(folder, 'live-data'),
    ]);
    try {
      const url = await waitUntil('the address', () => /Page: (\S+)/.exec(program.stdout())?.[1], {
        deadlineMs: 120_000,
      });
      const readRules = async (): Promise<{ rules: { id: string }[]; problems: string[] }> =>
        (await fetch(`${url}/api/v1/rules`)).json() as Promise<{ rules: { id: string }[]; problems: string[] }>;
      const rule = readFileSync(ruleFile(), 'utf8');
      file('live-rules/causes.yaml', readFileSync(join(own(), 'causes.yaml')));
      file('live-rules/connector/ledger/closed/rule.yaml', rule);
      await waitUntil(
        'the new rule',
        async () => ((await readRules()).rules.some(({ id }) => id === ID) ? true : undefined),
        { deadlineMs: 60_000 },
      );

      file('live-rules/connector/ledger/closed/rule.yaml', rule.replace('severity: error', 'severity: eror'));
      const problems = await waitUntil(
        'the refusal',
        async () => ((await readRules()).problems.length > 0 ? (await readRules()).problems : undefined),
        { deadlineMs: 60_000 },
      );
      file('live-logs/flink-flink-taskexecutor-0-node-1.log', LEDGER_LOG);

      expect(problems[0]).toMatch(/rule\.yaml:3:11 `severity` must be one of .*did you mean `error`/);
      expect((await readRules()).rules.some(({ id }) => id === ID)).toBe(true);
      expect(program.stderr()).toContain('Rules with mistakes were refused');
      await waitUntil(
        'the diagnosis by the rule that stayed',
        () => (program.stdout().includes(ID) ? true : undefined),
        { deadlineMs: 60_000, saw: () => program.stdout() },
      );
    } finally {
      await program.stop();
    }
  }, 300_000);
});

describe('bad input', () => {
  it('names a missing path and exits with 3, without a stack trace', async () => {
    const { code, stdout, stderr } = await runProgram(['diagnose', join(folder, 'nowhere.log')]);

    expect(code).toBe(3);
    expect(stdout).toBe('');
    expect(stderr).toContain('nowhere.log cannot be read');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it.each([
    ['an unknown command', ['diagnoze'], 'There is no command "diagnoze"'],
    [
      'an operand where none is taken',
      ['incidents', 'orders'],
      '"incidents" takes options only, but was given "orders"',
    ],
    ['an unknown option', ['diagnose', '--frmat', 'json', 'x'], '--frmat'],
    ['a wrong value', ['diagnose', '--lang', 'fr', 'x'], '--lang is "fr", but must be one of en, zh'],
    ['no file', ['diagnose'], 'at least one file'],
    ['no folder', ['up'], 'needs a folder to watch'],
    ['a wrong limit', ['search', '--limit', 'many'], '--limit is "many"'],
    [
      'no log to explain',
      ['rules', 'explain', 'network.insufficient-buffers/total'],
      'rules explain needs a log and the id of a rule',
    ],
    [
      'an unknown rule',
      ['rules', 'test', 'network.insufficient-buffer/total'],
      'the nearest is "network.insufficient-buffers/total"',
    ],
  ])('says what is wrong with %s and exits with 2', async (_, args, message) => {
    const { code, stderr } = await runProgram(args);

    expect(code).toBe(ERRORS.JT_USAGE.exitCode);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/\nRun "jobtrace .*" to see /);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('names a missing folder to watch', async () => {
    const { code, stderr } = await runProgram(['up', join(folder, 'nowhere'), '--data', join(folder, 'data-none')]);

    expect(code).toBe(3);
    expect(stderr).toContain('nowhere cannot be read');
  });

  it('tells every mistake of a rule at once, with file:line:column', async () => {
    file(
      'rules/network/insufficient-buffers/mine/rule.yaml',
      'status: tst\nseverity: error\nowner: configuration\nrole: cause\ntitel: { en: a, zh: b }\nsummary: { en: a, zh: b }\nmatch:\n  - id: one\n    anchor: "some literal text"\n    regex: "(?=look)ahead"\nfixes: []\nreferences: []\n',
    );
    const { code, stderr } = await runProgram(['rules', 'check', '--rules', join(folder, 'rules')]);

    expect(code).toBe(2);
    expect(stderr).toMatch(/rule\.yaml:1:9 .*status/);
    expect(stderr).toMatch(/rule\.yaml:5:1 .*titel.*title/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('checks the rules of a folder that is named', async () => {
    const broken = file('checked/cluster/lost/x/rule.yaml', 'titel: no\n');
    const { code, stderr } = await runProgram(['rules', 'check', join(folder, 'checked')]);

    expect(code).toBe(2);
    expect(stderr).toContain(`${broken}:1:1`);
  });

  it('tells every mistake of the settings at once, with file:line:column and the nearest name', async () => {
    const config = file('broken.yaml', 'store:\n  knd: sqlite\nagent:\n  scanIntervalMs: fast\nlanguage: fr\n');
    const { code, stderr } = await runProgram(['config', 'print', '--config', config]);

    expect(code).toBe(2);
    expect(stderr).toMatch(/broken\.yaml:2:3 .*kind/);
    expect(stderr).toMatch(/broken\.yaml:4:19 /);
    expect(stderr).toMatch(/broken\.yaml:5:11 /);
  });

  it('says which settings file is not there, and that none is needed', async () => {
    const path = join(folder, 'no-settings.yaml');
    const { code, stderr } = await runProgram(['diagnose', '--config', path, BUFFERS_LOG]);

    const said = createError('JT_CONFIG_NOT_FOUND', { path, problem: 'it does not exist' });
    expect(code).toBe(said.exitCode);
    expect(stderr).toBe(`jobtrace: ${said.message}\n${said.fix}\n`);
  });

  it('refuses a secret that is given twice', async () => {
    const secret = file('password.txt', 'hunter2hunter2');
    const config = file('twice.yaml', `store:\n  password: one\n  passwordFile: ${secret}\n`);
    const { code, stderr } = await runProgram(['config', 'print', '--config', config]);

    expect(code).toBe(2);
    expect(stderr).toContain('store.password');
    expect(stderr).not.toContain('hunter2');
  });

  it('hides secrets in the printed settings and says where each value came from', async () => {
    const config = file(
      'good.yaml',
      'store:\n  password: hunter2hunter2\nnotify:\n  receivers:\n    - { name: a, kind: webhook, url: "http://127.0.0.1/secret-path" }\n',
    );
    const { code, stdout } = await runProgram(['config', 'print', '--config', config], {
      env: { JOBTRACE_LOG_LEVEL: 'debug' },
    });

    expect(code).toBe(0);
    expect(stdout).not.toMatch(/hunter2|secret-path/);
    expect(stdout).toContain('store.password: "***"  # file');
    expect(stdout).toContain('logLevel: "debug"  # environment');
    expect(stdout).toContain('language: "en"  # default');
  });

  it('says that a port is in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { code, stderr } = await runProgram([
      'up',
      folder,
      '--data',
      join(folder, 'data-port'),
      '--listen',
      `127.0.0.1:${port}`,
    ]);
    server.close();

    expect(code).toBe(2);
    expect(stderr).toContain(`127.0.0.1:${port} is already in use`);
  });

  it('says that the store cannot be reached and exits with 4', async () => {
    const { code, stderr } = await runProgram(['search', 'x', '--store', 'http://127.0.0.1:9']);

    expect(code).toBe(4);
    expect(stderr).toContain('cannot be reached');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('says that a folder holds no data', async () => {
    const { code, stderr } = await runProgram(['incidents', '--data', join(folder, 'empty')]);

    const said = createError('JT_DATA_MISSING', { path: join(folder, 'empty') });
    expect(code).toBe(said.exitCode);
    expect(stderr).toBe(`jobtrace: ${said.message}\n${said.fix}\n`);
  });

  it('leaves a binary file out, notes it, and diagnoses the others', async () => {
    file('mixed/core.log', Buffer.concat([Buffer.from('\x7fELF', 'latin1'), Buffer.alloc(4096, 1)]));
    file('mixed/empty.log', '');
    file('mixed/jm.log', readFileSync(BUFFERS_LOG));
    const { code, stdout, stderr } = await runProgram(['diagnose', '--format', 'json', join(folder, 'mixed')]);

    expect(code).toBe(0);
    expect(causesOf(stdout)).toEqual([CAUSE]);
    expect(stderr).toMatch(/core\.log was left out: it is a binary file/);
  });

  it('finds nothing in an empty file', async () => {
    const { code, stdout } = await runProgram(['diagnose', '--format', 'json', file('nothing.log', '')]);

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ diagnoses: [], unknown: [] });
  });

  it('goes on after a line of 50 MB and after invalid UTF-8', async () => {
    const path = file('long.log', '2026-03-02 10:00:00,000 INFO  com.example.Dump [] - ');
    for (let part = 0; part < 50; part++) appendFileSync(path, Buffer.alloc(1_000_000, 'x'));
    appendFileSync(
      path,
      Buffer.concat([
        Buffer.from('\n2026-03-02 10:00:01,000 INFO  com.example.Dump [] - '),
        Buffer.from([0xff, 0xfe, 0xc3, 0x28]),
        Buffer.from('\n'),
        readFileSync(BUFFERS_LOG),
      ]),
    );
    const { code, stdout } = await runProgram(['diagnose', '--format', 'json', path]);

    expect(code).toBe(0);
    expect(causesOf(stdout)).toEqual([CAUSE]);
  });
});

describe('up', () => {
  it('watches a folder, keeps the records, prints the diagnosis, and stops cleanly', async () => {
    const logs = join(folder, 'watched');
    const data = join(folder, 'data-up');
    mkdirSync(logs, { recursive: true });
    const up = startProgram(['up', logs, '--data', data, '--listen', '127.0.0.1:0']);
    await waitUntil('the address of the page', () => /http:\/\/127\.0\.0\.1:\d+/.exec(up.stdout())?.[0], {
      saw: () => [up.stdout(), up.stderr()],
    });
    const text = withPresentTime(readFileSync(BUFFERS_LOG, 'utf8'));
    appendFileSync(join(logs, 'flink-flink-standalonesession-0-node-1.log'), text);
    await waitUntil(
      'the diagnosis',
      () => (up.stdout().includes('taskmanager.memory.network.min: 112m') ? true : undefined),
      { saw: () => [up.stdout(), up.stderr()] },
    );
    const { stdout: found } = await runProgram(['incidents', '--data', data, '--format', 'json']);
    // The last entry is open until the file has been idle for a moment.
    const all = await waitUntil('the last entry', async () => {
      const { stdout } = await runProgram(['search', '--data', data, '--format', 'ndjson', '--limit', '0']);
      return stdout.includes('switched from state FAILING to FAILED') ? stdout : undefined;
    });
    const code = await up.stop();

    expect(code).toBe(0);
    expect(
      (JSON.parse(found) as { incidents: Incident[] }).incidents.map((incident) => incident.diagnoses.en[0]?.cause),
    ).toEqual([CAUSE]);
    const records = all
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as LogRecord);
    expect(`${records.map((record) => record['event.original']).join('\n')}\n`).toBe(text);
    expect(up.stdout().match(/taskmanager\.memory\.network\.min: 112m/g)).toHaveLength(1);
  });

  it('goes on where it stopped: nothing is stored or announced twice', async () => {
    const data = join(folder, 'data-up');
    const before = await runProgram(['search', '--data', data, '--format', 'ndjson', '--limit', '0']);
    const up = startProgram(['up', join(folder, 'watched'), '--data', data, '--listen', '127.0.0.1:0']);
    await waitUntil('the address of the page', () => /http:\/\/127\.0\.0\.1:\d+/.exec(up.stdout())?.[0]);
    appendFileSync(
      join(folder, 'watched', 'flink-flink-standalonesession-0-node-1.log'),
      withPresentTime('2026-03-02 10:16:09,000 INFO  com.example.Marker [] - the marker line\n'),
    );
    await waitUntil('the marker', async () =>
      (await runProgram(['search', 'marker', '--data', data, '--format', 'ndjson'])).stdout.includes('the marker line')
        ? true
        : undefined,
    );
    await up.stop();
    const after = await runProgram(['search', '--data', data, '--format', 'ndjson', '--limit', '0']);

    expect(after.stdout.split('\n').length).toBe(before.stdout.split('\n').length + 1);
    expect(up.stdout()).not.toContain('taskmanager.memory.network.min');
  });

  it('goes on with the rules before when a file of its rules is beyond all measure, and says so', async () => {
    const rules = join(folder, 'monstrous');
    const logs = join(folder, 'beside-monstrous');
    mkdirSync(logs, { recursive: true });
    mkdirSync(rules, { recursive: true });
    const data = join(folder, 'data-monstrous');
    const up = startProgram(['up', logs, '--rules', rules, '--data', data, '--listen', '127.0.0.1:0']);
    const address = await waitUntil('the address', () => /http:\/\/127\.0\.0\.1:\d+/.exec(up.stdout())?.[0]);

    for (const [name, text] of [
      ['deep', '- '.repeat(100_000)],
      ['long', `match: [{ id: a, anchor: b }]\nlet: { n: "${'1+'.repeat(20_000)}1" }\n`],
    ] as const)
      file(join('monstrous', 'kafka', 'auth', name, 'rule.yaml'), text);
    await waitUntil(
      'both refusals',
      () =>
        ['auth/deep/rule.yaml:1:1 nests 100001 deep', 'auth/long/rule.yaml:'].every((part) =>
          up.stderr().includes(part),
        )
          ? true
          : undefined,
      { saw: () => up.stderr() },
    );
    file(
      join('beside-monstrous', 'flink-flink-standalonesession-0-n.log'),
      withPresentTime(readFileSync(BUFFERS_LOG, 'utf8')),
    );
    await waitUntil('the diagnosis', () =>
      up.stdout().includes('taskmanager.memory.network.min: 112m') ? true : undefined,
    );

    expect((await fetch(`${address}/health/ready`)).status).toBe(200);
    expect(await up.stop()).toBe(0);
  });

  it('refuses an open address without tokens', async () => {
    const { code, stderr } = await runProgram([
      'up',
      folder,
      '--data',
      join(folder, 'data-open'),
      '--listen',
      '0.0.0.0:0',
    ]);

    expect(code).toBe(2);
    expect(stderr).toContain('api.tokens');
  });
});

describe('a part of a cluster', () => {
  it('waits for a store that is down, says so, and still stops at once', async () => {
    const agent = startProgram(
      ['agent', folder, '--store', 'http://127.0.0.1:9', '--data', join(folder, 'data-agent')],
      {},
    );
    await waitUntil('the condition', () => (agent.stderr().includes('JT_STORE_UNREACHABLE') ? true : undefined), {
      saw: () => agent.stderr(),
    });

    expect(await agent.stop()).toBe(0);
    expect(agent.stderr()).not.toMatch(/^\s+at /m);
  });
});

/** The same log with the present time, as a running Flink would write it. */
function withPresentTime(text: string): string {
  const first = Date.parse('2026-03-02T10:15:01.120Z');
  const shift = Date.now() - 60_000 - first - new Date().getTimezoneOffset() * 60_000;
  return text.replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d),(\d{3})/gm, (_, day: string, clock: string, ms: string) =>
    new Date(Date.parse(`${day}T${clock}.${ms}Z`) + shift)
      .toISOString()
      .replace('T', ' ')
      .replace('.', ',')
      .replace('Z', ''),
  );
}
