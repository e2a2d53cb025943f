import { describe, expect, it } from 'vitest';
import { loadCatalog, type Catalog } from '../catalog/catalog.js';
import { findAlternativeMisfit, matchAlternative } from '../entry/match.js';
import { BUFFER_LOG, JOB_A, makeCatalog, makeLog, readRecording, TEST_RULES } from '../testing/samples.js';
import { readCandidate } from '../entry/scan.js';
import { readPasted } from '../input/read.js';
import { readCases } from './cases.js';
import { tryRule, type Trial } from './why.js';

const TM = 'log/flink-flink-taskexecutor-0-node-1.log';
const TASK = `org.apache.flink.runtime.taskmanager.Task - Map (1/1)#0 (11111111111111111111111111111111_90bea66de1c231edf33913ecd54406c1_0_0) switched from RUNNING to FAILED with failure cause:`;
const FAILED = [
  `10:00:00 WARN ${TASK}`,
  'java.lang.IllegalStateException: ledger 7 of shard eu-1 is closed',
  '\tat com.acme.Ledger.write(Ledger.java:40) ~[job.jar:?]',
];

function tryOn(rule: string, lines: readonly string[], others: Readonly<Record<string, string>> = {}): Trial {
  const catalog = makeCatalog({ 'code.user-exception/ledger': rule, ...others });
  return explain(catalog, 'code.user-exception/ledger', lines);
}

function explain(catalog: Catalog, id: string, lines: readonly string[]): Trial {
  const rule = catalog.findRule(id);
  if (rule === undefined) throw new Error(`no rule ${id}`);
  return tryRule(rule, makeLog(TM, lines), catalog);
}

describe('tryRule', () => {
  it('names the nearest line when no entry holds the anchor', () => {
    const [alternative] = tryOn('match: [{ id: a, anchor: "ledger is closed for writing" }]', [
      '10:00:00 INFO com.acme.Ledger - Ready.',
      ...FAILED,
    ]).alternatives;

    expect(alternative).toMatchObject({
      anchored: 0,
      at: { file: TM, line: 3, text: FAILED[1] },
      likeness: { shared: ['ledger', 'is', 'closed'], missing: ['for', 'writing'], beginning: 'ledger ' },
    });
  });

  it.each([
    ['where.level', 'where: { level: [ERROR] }', 'ERROR', 'WARN'],
    ['where.component', 'where: { component: [jobmanager] }', 'jobmanager', 'taskmanager'],
    ['where.file', 'where: { file: [out] }', 'out', 'log'],
    ['where.logger', 'where: { logger: JobMaster }', 'JobMaster', 'org.apache.flink.runtime.taskmanager.Task'],
    [
      'where.frame',
      'where: { frame: org.apache.kafka. }',
      'org.apache.kafka.',
      'com.acme.Ledger.write(Ledger.java:40)',
    ],
    ['where.userFrame', 'where: { userFrame: false }', 'false', 'com.acme.Ledger.write(Ledger.java:40)'],
    [
      'where.thrownBy',
      'where: { thrownBy: [connector] }',
      'connector',
      'user-code, at com.acme.Ledger.write(Ledger.java:40)',
    ],
    ['where.failure', 'where: { failure: false }', 'false', 'the entry is a failure'],
    ['where.message', "where: { message: '^Checkpoint' }", '^Checkpoint', expect.stringContaining('Map (1/1)#0')],
    [
      'where.exception',
      'where: { exception: [IOException, TimeoutException] }',
      'IOException, TimeoutException',
      'java.lang.IllegalStateException',
    ],
    ['where.root', 'where: { root: IOException }', 'IOException', 'java.lang.IllegalStateException'],
  ])('says that %s fails, what is asked and what the entry has', (key, condition, asked, found) => {
    const [alternative] = tryOn(`match: [{ id: a, anchor: "is closed", ${condition} }]`, FAILED).alternatives;

    expect(alternative).toMatchObject({
      anchored: 1,
      fitting: 0,
      at: { line: 2 },
      misfit: { key, asked, found, path: ['match', 0, ...key.split('.')] },
    });
  });

  it('says how far a pattern fits and what it has captured by then', () => {
    const rule =
      "captures: { ledger: int, shard: text }\ntitle: { en: '{ledger} {shard}', zh: '{ledger} {shard}' }\nmatch: [{ id: a, anchor: is closed, where: { exception: IllegalStateException }, regex: 'ledger (?P<ledger>\\d+) of (?P<shard>us-\\d+) is' }]";
    const [alternative] = tryOn(rule, FAILED).alternatives;

    expect(alternative?.misfit).toMatchObject({
      key: 'regex',
      found: 'java.lang.IllegalStateException: ledger 7 of shard eu-1 is closed',
      partial: { pattern: 'ledger (?P<ledger>\\d+) of (?P<shard>', groups: { ledger: '7' } },
    });
  });

  it('takes the entry that passes most conditions as the nearest', () => {
    const [alternative] = tryOn(
      'match: [{ id: a, anchor: "is closed", where: { level: [WARN], root: IOException } }]',
      ['10:00:00 INFO com.acme.Ledger - A ledger is closed', ...FAILED],
    ).alternatives;

    expect(alternative).toMatchObject({ anchored: 2, at: { line: 3 }, misfit: { key: 'where.root' } });
  });

  it('names the exception under unless that fits', () => {
    const [alternative] = tryOn(
      'match: [{ id: a, anchor: "is closed" }]\nunless: [{ text: "of shard us" }, { regex: "shard eu-\\\\d" }]',
      FAILED,
    ).alternatives;

    expect(alternative?.misfit).toMatchObject({ key: 'unless[1]', path: ['unless', 1] });
  });

  it('says that a line of the start-up dump of options is not looked at', () => {
    const [alternative] = tryOn('match: [{ id: a, anchor: "is closed" }]', [
      '10:00:00 INFO org.apache.flink.configuration.GlobalConfiguration - Loading configuration property: note, is closed',
    ]).alternatives;

    expect(alternative?.misfit?.found).toContain('start-up dump of options');
  });

  it('says which step does not hold', () => {
    const rule =
      'match: [{ id: a, anchor: "is closed" }]\nsteps: [{ id: opened, anchor: "Ledger opened", on: process, order: before, within: "1 min" }]';
    const { outcome } = tryOn(rule, ['09:00:00 INFO com.acme.Ledger - Ledger opened', ...FAILED]);

    expect(outcome).toMatchObject({ kind: 'step', failed: { step: { id: 'opened' }, found: [], anywhere: 1 } });
  });

  it('says that nothing failed by a match', () => {
    const lines = [
      `09:00:00 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state CREATED to RUNNING.`,
      `10:00:00 WARN org.apache.flink.runtime.A - Job ${JOB_A}: ledger is closed`,
      `11:00:00 INFO org.apache.flink.runtime.A - Job ${JOB_A} goes on.`,
    ];

    expect(tryOn('match: [{ id: a, anchor: "is closed" }]', lines).outcome.kind).toBe('harmless');
  });

  it('names the rule that hides a general one', () => {
    const { outcome } = tryOn('general: true\nmatch: [{ id: a, anchor: " to FAILED" }]', FAILED, {
      'kafka.auth/own': 'match: [{ id: b, anchor: "is closed", where: { root: IllegalStateException } }]',
    });

    expect(outcome).toMatchObject({ kind: 'hidden', by: [{ id: 'kafka.auth/own' }] });
  });

  it.each([
    [
      'rule',
      '',
      { 'kafka.auth/own': 'explains: [code.user-exception/ledger]\nmatch: [{ id: b, anchor: "is closed" }]' },
    ],
    ['symptom', 'role: symptom', { 'kafka.auth/own': 'match: [{ id: b, anchor: "is closed" }]' }],
    ['score', 'confidence: 0.1', { 'kafka.auth/own': 'match: [{ id: b, anchor: "is closed" }]' }],
  ])('says why another rule stands before it: %s', (why, extra, others) => {
    const { outcome } = tryOn(`${extra}\nmatch: [{ id: a, anchor: "is closed" }]`, FAILED, others);

    expect(outcome).toMatchObject({ kind: 'after', why, first: { rule: { id: 'kafka.auth/own' } } });
  });

  it('says that a deeper exception stands before it', () => {
    const catalog = makeCatalog({
      ...TEST_RULES,
      'kafka.auth/outer': 'match: [{ id: o, anchor: "cannot write", where: { exception: FlinkException } }]',
    });
    const { outcome } = explain(catalog, 'kafka.auth/outer', [
      `10:00:00 WARN ${TASK}`,
      'org.apache.flink.util.FlinkException: cannot write',
      '\tat org.apache.flink.A.b(A.java:1)',
      'Caused by: java.io.IOException: No space left on device',
      '\tat org.apache.flink.C.d(C.java:1)',
    ]);

    expect(outcome).toMatchObject({ kind: 'after', why: 'deeper', by: { rule: { id: 'cluster.disk-full/any' } } });
  });

  it('says that it stands first, and where in the log', () => {
    const catalog = loadCatalog();
    const rule = catalog.findRule('network.insufficient-buffers/total');
    if (rule === undefined) throw new Error('the model rule is missing');
    const { outcome, alternatives } = tryRule(rule, readRecording(BUFFER_LOG), catalog);

    expect(outcome).toMatchObject({ kind: 'first', match: { captures: { required: '17', available: '0' } } });
    expect(alternatives[0]?.at?.text).toContain(rule.alternatives[0]?.anchor);
  });
});

describe('findAlternativeMisfit', () => {
  it('decides as matchAlternative does, for every rule on its own logs and on every sixtieth other entry that holds its anchor', () => {
    const catalog = loadCatalog();
    const logs = catalog.rules.flatMap(({ id, file }) =>
      readCases({ file }).cases.flatMap(({ bytes, log }) =>
        [...readPasted(bytes, {}, log)].map((entry) => ({ id, entry })),
      ),
    );
    const differing: string[] = [];
    let [compared, others] = [0, 0];

    for (const { id, entry } of logs) {
      const all = catalog.scanner.scan(entry.bytes).flatMap((literal) => catalog.usesOf(literal));
      const uses = all
        .flatMap((use) => (use.kind === 'alternative' ? [use] : []))
        .filter(({ rule }) => rule.id === id || others++ % 60 === 0);
      if (uses.length === 0) continue;
      const { candidate } = readCandidate(entry, all, catalog.engine, {});
      for (const use of uses) {
        compared++;
        const fits = findAlternativeMisfit(use.rule, use.alternative, candidate) === undefined;
        if (fits !== (matchAlternative(use.rule, use.alternative, candidate) !== undefined))
          differing.push(`${use.rule.id} on ${entry.source.path}:${entry.line}`);
      }
    }

    expect(differing).toEqual([]);
    expect(compared).toBeGreaterThan(catalog.rules.length);
  });
});
