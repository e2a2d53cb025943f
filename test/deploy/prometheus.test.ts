// Tests the alert rules of docker/prometheus: promtool parses and plays each of them, the metrics that they use are
// exposed by a real Flink and Jobtrace, and their alerts name the job in the form that Jobtrace expects.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { SETTINGS } from '../../core/config/settings.js';
import { getPart } from '../../lab/parts/parts.js';
import { startFlink, type FlinkCluster } from '../../lab/parts/services/flink.js';
import { findFreePorts } from '../../lab/parts/process.js';
import { describeWithParts } from '../../lab/parts/testing/describe-part.js';
import { waitUntil } from '../../store/testing/samples.js';
import { listMetrics, renderOwnMetrics } from '../metrics.js';

const RULES = fileURLToPath(new URL('../../docker/prometheus/rules.yaml', import.meta.url));
const OPERATING = fileURLToPath(new URL('../../docs/operating.md', import.meta.url));
const PLAYED = fileURLToPath(new URL('alerts.yaml', import.meta.url));
const SQL = `
SET 'pipeline.name' = 'orders by day';
SET 'execution.checkpointing.interval' = '1s';
CREATE TABLE orders (customer BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '5');
CREATE TABLE nowhere (customer BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO nowhere SELECT customer FROM orders;
`;
/** Metrics that exist only with a Kafka source: FLIP-33, and FlinkKafkaConsumer. */
const OF_KAFKA = [
  'flink_taskmanager_job_task_operator_pendingRecords',
  'flink_taskmanager_job_task_operator_KafkaConsumer_records_lag_max',
];

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

const groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[] = parse(
  readFileSync(RULES, 'utf8'),
).groups;
const rulesOf = (name: string): readonly Rule[] => groups.find((group) => group.name === name)?.rules ?? [];
const namesOf = (name: string): readonly string[] => [
  ...new Set(rulesOf(name).flatMap(({ expr }) => listMetrics(expr))),
];

describeWithParts(['prometheus'], 'the alert rules', () => {
  it.each([
    ['check', 'rules', RULES],
    ['test', 'rules', PLAYED],
  ])('pass promtool %s %s', async (...args) => {
    const { home } = await getPart('prometheus');

    expect(execFileSync(join(home, 'bin', 'promtool'), args, { encoding: 'utf8' })).toContain('SUCCESS');
  });
});

describe('each alert', () => {
  const alerts = groups.flatMap(({ rules }) => rules).filter(({ alert }) => alert !== undefined);

  it.each(alerts.map((rule) => [rule.alert, rule] as const))(
    '%s is played, and speaks both languages',
    (name, rule) => {
      const played: { readonly tests: readonly { readonly alert_rule_test: readonly Record<string, unknown>[] }[] } =
        parse(readFileSync(PLAYED, 'utf8'));
      const fired = played.tests
        .flatMap((test) => test.alert_rule_test)
        .filter(({ alertname, exp_alerts }) => alertname === name && exp_alerts !== undefined);

      expect(fired).not.toEqual([]);
      expect(rule.annotations?.['summary']).toMatch(/^[^\u4e00-\u9fff]+$/);
      expect(rule.annotations?.['summary_zh']).toMatch(/[\u4e00-\u9fff]/);
    },
  );

  it('about Jobtrace has a runbook that stands in docs/operating.md', () => {
    const headings = readFileSync(OPERATING, 'utf8').match(/^### .+$/gm) ?? [];
    const anchors = headings.map((heading) => `docs/operating.md#${heading.slice(4).toLowerCase()}`);
    const runbooks = alerts
      .filter(({ alert }) => alert?.startsWith('Jobtrace'))
      .map(({ annotations }) => annotations?.['runbook']);

    expect(runbooks.length).toBeGreaterThan(5);
    expect(runbooks.filter((runbook) => runbook === undefined || !anchors.includes(runbook))).toEqual([]);
  });

  it('of a job carries labels by which Jobtrace finds it', () => {
    const labels = SETTINGS.find(({ name }) => name === 'notify.jobLabels')?.default;

    for (const { expr } of rulesOf('flink-jobs').filter(({ expr }) => !expr.includes('flink_job:')))
      expect(expr).toContain('by (cluster, namespace, job_id, job_name');
    expect(labels).toEqual(expect.arrayContaining(['job_id', 'job_name']));
  });
});

it('the rules about Jobtrace name metrics that it shows', async () => {
  const { sample } = await renderOwnMetrics();

  expect(namesOf('jobtrace')).not.toEqual([]);
  expect(namesOf('jobtrace').filter((name) => !sample.has(name))).toEqual([]);
});

describeWithParts(['flink-1.20'], 'with a real Flink', () => {
  let cluster: FlinkCluster;
  let ports: readonly number[];

  beforeAll(async () => {
    ports = await findFreePorts(2);
    cluster = await startFlink({
      version: '1.20',
      config: {
        'metrics.reporter.prom.factory.class': 'org.apache.flink.metrics.prometheus.PrometheusReporterFactory',
        'metrics.reporter.prom.port': ports.join(','),
      },
    });
    expect((await cluster.runSql(SQL)).error).toBe('');
  });
  afterAll(() => cluster?.stop());

  it('the metrics that the rules name are there, with the labels of the job', async () => {
    const wanted = namesOf('flink-jobs').filter((name) => name.startsWith('flink_') && !OF_KAFKA.includes(name));
    let text = '';
    await waitUntil(
      'the metrics',
      async () => {
        text = (await Promise.all(ports.map(async (port) => (await fetch(`http://localhost:${port}`)).text()))).join(
          '',
        );
        const missing = wanted.filter((name) => !text.includes(`\n${name}{`));
        return missing.length === 0 || `without ${missing.join(', ')}`;
      },
      60_000,
    );
    const [job] = await cluster.jobs();

    expect(wanted.length).toBeGreaterThan(6);
    for (const name of wanted) {
      const line = text.split('\n').find((candidate) => candidate.startsWith(`${name}{`));
      expect(line).toContain(`job_id="${job?.id}"`);
      // The reporter replaces what is no letter or digit by "_", unless filterLabelValueCharacters is false.
      expect(line).toContain('job_name="orders_by_day"');
    }
  });
});
