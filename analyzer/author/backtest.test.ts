import { describe, expect, it } from 'vitest';
import { compareCases, withoutRules, type RuleBacktest } from './backtest.js';
import { loadCatalog, type Catalog } from '../catalog/catalog.js';
import { diagnose } from '../incident/diagnose.js';
import { JOB_A, makeCatalog, makeLog, TEST_RULES } from '../testing/samples.js';

const TM = 'log/flink-flink-taskexecutor-0-node-1.log';
const TASK =
  '10:00:00 WARN org.apache.flink.runtime.taskmanager.Task - Map (1/1)#0 (11111111111111111111111111111111_90bea66de1c231edf33913ecd54406c1_0_0) switched from RUNNING to FAILED with failure cause:';
const DISK = [TASK, 'java.io.IOException: No space left on device', '\tat org.apache.flink.A.b(A.java:1)'];
const LEDGER = [TASK, 'com.acme.LedgerException: ledger 7 is closed', '\tat org.apache.flink.A.b(A.java:1)'];
const OWN = [TASK, 'com.acme.LedgerException: ledger 7 is closed', '\tat com.acme.Ledger.write(Ledger.java:40)'];
const HEALTHY = [
  `10:00:00 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state CREATED to RUNNING.`,
  '10:00:01 WARN org.apache.flink.runtime.A - ledger 7 is closed, opening the next one',
];

function backtest(rule: string, logs: Readonly<Record<string, readonly string[]>>): RuleBacktest | undefined {
  const catalog = makeCatalog({ ...TEST_RULES, 'kafka.auth/new': rule });
  const rules = catalog.rules.filter((item) => item.id === 'kafka.auth/new');
  const plain = withoutRules(catalog, rules, loadCatalog());
  const cases = Object.entries(logs).map(([name, lines]) => ({
    case: name,
    before: diagnose(makeLog(TM, lines), plain),
    after: diagnose(makeLog(TM, lines), catalog),
  }));
  return compareCases(rules, cases, catalog)[0];
}

describe('compareCases', () => {
  it('counts what no rule named before as claimed', () => {
    expect(backtest('match: [{ id: a, anchor: "is closed" }]', { a: LEDGER, b: DISK })).toMatchObject({
      claims: [{ case: 'a', file: TM, line: 1 }],
      takes: [],
      refines: [],
      healthy: [],
      follows: [],
    });
  });

  it('lists what it takes from another rule', () => {
    expect(
      backtest('confidence: 1\nexplains: [cluster.disk-full]\nmatch: [{ id: a, anchor: "No space left" }]', {
        a: LEDGER,
        b: DISK,
      }),
    ).toMatchObject({ claims: [], takes: [{ case: 'b', from: 'cluster.disk-full/any' }] });
  });

  it('does not call it theft when a general rule stood there', () => {
    expect(backtest('match: [{ id: a, anchor: "is closed" }]', { a: OWN })).toMatchObject({
      claims: [],
      takes: [],
      refines: [{ from: 'code.user-exception/any' }],
    });
  });

  it('counts jobs in which nothing failed', () => {
    expect(backtest('standsAlone: true\nmatch: [{ id: a, anchor: "is closed" }]', { a: HEALTHY })).toMatchObject({
      claims: [],
      healthy: [{ case: 'a' }],
    });
  });

  it('counts apart where it only stands below another', () => {
    expect(backtest('role: symptom\nmatch: [{ id: a, anchor: "No space left" }]', { a: DISK })).toMatchObject({
      takes: [],
      follows: [{ case: 'a' }],
    });
  });
});

describe('withoutRules', () => {
  it('brings the built-in rule back that a team had replaced', () => {
    const builtIn: Catalog = loadCatalog();
    const catalog = makeCatalog(
      { 'network.insufficient-buffers/total': 'match: [{ id: ours, anchor: "Insufficient number" }]' },
      {},
    );
    const replaced = catalog.findRule('network.insufficient-buffers/total');

    const plain = withoutRules(catalog, replaced === undefined ? [] : [replaced], builtIn);

    expect(plain.findRule('network.insufficient-buffers/total')?.file).toBe(
      builtIn.findRule('network.insufficient-buffers/total')?.file,
    );
    expect(plain.rules).toHaveLength(builtIn.rules.length);
  });
});
