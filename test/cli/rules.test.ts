// Tests the built program for authors of rules: why a rule matches, the way from a log to a tested rule, and rules that
// change while it runs.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../store/open.js';
import { appendRecords, makeIncident, makeRecord } from '../../store/testing/samples.js';
import { runProgram, startProgram, waitUntil } from '../program.js';
import { BUFFERS_LOG, CAUSE, useFolder } from '../cli-folder.js';

const { folder, file } = useFolder();

const NEAR_LOG = `2026-03-02 10:16:02,377 INFO  com.example.support.TicketFunction [] - ticket 4711 came in
2026-03-02 10:16:02,601 WARN  com.example.support.TicketFunction [] - Could not classify ticket 4711
java.lang.IllegalArgumentException: Insufficient number of network buffers: required 17, but only 0 available.
	at com.example.support.TicketFunction.classify(TicketFunction.java:41) ~[support.jar:?]
`;

describe('rules explain', () => {
  it('names the condition that failed with the line of the log and of the rule', async () => {
    const near = file('near.log', NEAR_LOG);
    const { code, stdout } = await runProgram(['rules', 'explain', near, `${CAUSE}/total`]);

    expect(code).toBe(0);
    expect(stdout).toMatch(/with-size: where\.exception does not hold .*total\.yaml:\d+:\d+\)/);
    expect(stdout).toMatch(/line +\S+near\.log:3\n/);
    expect(stdout).toContain('has      java.lang.IllegalArgumentException');
    expect(stdout).toContain('The rule does not match');
  });

  it('says that a rule stands first and what it captured', async () => {
    const { stdout } = await runProgram(['rules', 'explain', BUFFERS_LOG, `${CAUSE}/total`]);

    expect(stdout).toContain('It matches and is the top diagnosis');
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
  const ruleFile = (): string => join(own(), 'connector/ledger/closed.yaml');

  it('rules new writes a rule that is valid, and rules test says what is left to do', async () => {
    const log = file('ledger/taskmanager.log', LEDGER_LOG);
    const made = await runProgram(['rules', 'new', log, '--id', ID, '--rules', own()]);
    const checked = await runProgram(['rules', 'check', '--rules', own()]);
    const tested = await runProgram(['rules', 'test', '--rules', own(), ID]);

    expect(made.stderr).toBe('');
    expect(made.stdout).toContain('anchor    "was closed by its owner"');
    expect(made.stdout).toContain('captures  ledger, shard');
    expect(made.stdout).toContain('connector.ledger is a new cause');
    expect(checked.stdout).toMatch(/rules and \d+ engine entries are valid/);
    expect(tested.code).toBe(2);
    expect(tested.stdout).toContain('the title is still to be written');
    expect(tested.stdout).toContain('is a template: a program that handles');
    expect(tested.stdout).not.toContain('log 2026');
    expect((await runProgram(['rules', 'new', log, '--id', ID, '--rules', own()])).stderr).toContain(
      'already has a rule; use another --id',
    );
  });

  it('a rule whose texts are written passes rules test', async () => {
    for (const path of [ruleFile(), join(own(), 'causes.yaml')])
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/TODO(: |：)/g, 'Ledger: '));

    expect(await runProgram(['rules', 'test', '--rules', own(), ID])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('1 rule, 2 tests, 0 failed'),
    });
    expect(
      (await runProgram(['diagnose', '--rules', own(), '--format', 'json', join(folder, 'ledger')])).stdout,
    ).toContain('"ledger": "7"');
  });

  it('a CI step gets each case as a test, and each problem at its line', async () => {
    const tested = await runProgram(['rules', 'test', '--rules', own(), ID, '--format', 'junit']);
    const broken = file('broken/connector/ledger/closed.yaml', 'status: tset\n');
    const checked = await runProgram(['rules', 'check', join(folder, 'broken'), '--format', 'sarif']);

    expect(tested.stdout).toContain('<testsuites name="jobtrace rules" tests="2" failures="0">');
    expect(tested.stdout).toMatch(
      /<testcase classname="connector.ledger\/closed" name="connector.ledger\/closed: 1 log 2026/,
    );
    expect(checked.code).toBe(2);
    expect(JSON.parse(checked.stdout)).toMatchObject({
      version: '2.1.0',
      runs: [
        {
          results: expect.arrayContaining([
            expect.objectContaining({
              level: 'error',
              message: { text: expect.stringContaining('must be one of') },
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: expect.stringContaining('connector/ledger/closed.yaml') },
                    region: { startLine: 1, startColumn: 9 },
                  },
                },
              ],
            }),
          ]),
        },
      ],
    });
    expect(broken).toContain('broken');
  });

  it('rules test --watch runs again when a rule changes', async () => {
    const watched = join(folder, 'watched');
    file('watched/causes.yaml', readFileSync(join(own(), 'causes.yaml')));
    const text = readFileSync(ruleFile(), 'utf8');
    file('watched/connector/ledger/closed.yaml', text);
    const program = startProgram(['rules', 'test', '--rules', watched, '--watch', ID]);
    try {
      await waitUntil('the first run', () => (program.stdout().includes('2 tests, 0 failed') ? true : undefined));
      file('watched/connector/ledger/closed.yaml', text.replace('{ ledger: "7"', '{ ledger: "8"'));
      await waitUntil('the second run', () => (program.stdout().includes('2 tests, 1 failed') ? true : undefined));
      expect(program.stdout()).toContain('the value ledger is 7, not 8');
    } finally {
      await program.stop();
    }
  });

  it('rules list and rules test know the rows of the engine by table and id', async () => {
    const listed = await runProgram(['rules', 'list', 'engine.printed']);

    expect(listed.stdout.trim().split('\n')).toHaveLength(2);
    expect(listed.stdout).toContain('engine.printed/script');
    expect(await runProgram(['rules', 'test', 'engine.printed/script'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('0 rules, 1 engine entry, 3 tests, 0 failed'),
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
    expect(healthy).toMatchObject({ code: 2, stderr: expect.stringContaining('has no failure') });
  });

  it('incidents gives the lines of a group, of which rules new makes a rule', async () => {
    const group = 'g1-0123456789ab';
    const data = join(folder, 'data');
    mkdirSync(data);
    const store = await openStore({ kind: 'sqlite', path: join(data, 'jobtrace.db') });
    const record = makeRecord(1, { text: LEDGER_LOG });
    await appendRecords(store, [record]);
    const evidence = [{ file: '/logs/tm.log', line: 0, text: 'com.acme.ledger…', recordId: record.id }];
    const incident = makeIncident('i1', { group });
    await store.saveIncident({ ...incident, unknown: incident.unknown.map((item) => ({ ...item, evidence })) });
    await store.saveIncident(makeIncident('i2', { group: 'g1-another00000' }));
    await store.close();

    const told = await runProgram(['incidents', '--data', data, '--group', group]);
    const lines = await runProgram(['incidents', '--data', data, '--group', group, '--format', 'log']);
    const made = await runProgram(['rules', 'new', '-', '--rules', join(folder, 'of-group')], { input: lines.stdout });

    expect(told.stdout.match(/g1-\w+/g)).toEqual([group]);
    expect(lines.stdout).toBe(LEDGER_LOG);
    expect(made.stdout).toContain('code.user-exception/ledger-was-closed-by-its-owner');
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
      stdout: expect.stringContaining(
        '2 jobs, 0 unknown failures diagnosed, 0 taken from other rules, 0 healthy jobs matched',
      ),
    });
    expect(fair.stdout).toContain('takes 1 from the general rule code.user-exception/');
    expect(greedy).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('takes 1 top diagnosis of network.insufficient-buffers/total'),
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
      file('live-rules/connector/ledger/closed.yaml', rule);
      await waitUntil(
        'the new rule',
        async () => ((await readRules()).rules.some(({ id }) => id === ID) ? true : undefined),
        { deadlineMs: 60_000 },
      );

      file('live-rules/connector/ledger/closed.yaml', rule.replace('status: draft', 'status: drafft'));
      const problems = await waitUntil(
        'the refusal',
        async () => ((await readRules()).problems.length > 0 ? (await readRules()).problems : undefined),
        { deadlineMs: 60_000 },
      );
      file('live-logs/flink-flink-taskexecutor-0-node-1.log', LEDGER_LOG);

      expect(problems[0]).toMatch(/closed\.yaml:2:9 `status` must be one of .*did you mean `draft`/);
      expect((await readRules()).rules.some(({ id }) => id === ID)).toBe(true);
      expect(program.stderr()).toContain('Rules with errors were rejected; their previous versions stay active.');
      await waitUntil(
        'the diagnosis by the rule that stayed',
        () => (program.stdout().includes(ID) ? true : undefined),
        { deadlineMs: 60_000, saw: () => program.stdout() },
      );
    } finally {
      await program.stop();
    }
  });
});
