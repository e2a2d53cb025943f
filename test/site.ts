// A place where Jobtrace works as at a user's: a real Flink cluster with a healthy job, a webhook receiver, and the
// built program around them, either the parts of a cluster installation on a real Elasticsearch or "jobtrace up".
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Incident, LogRecord } from '../core/types.js';
import { startElasticsearch } from '../lab/parts/elasticsearch.js';
import { startFlink, type FlinkCluster } from '../lab/parts/flink.js';
import { runProgram, startProgram, startReceiver, waitUntil, type Program } from './program.js';

const KIT = fileURLToPath(new URL('../docker/flink/', import.meta.url));
/** Flink's own defaults on 1 GiB leave exactly 2,048 network buffers, the minimum of 64 MiB. */
export const MEMORY = { 'taskmanager.memory.process.size': '1g' };
/** What the lab sets to keep its clusters small. */
const LAB_DEFAULTS = {
  'taskmanager.memory.jvm-metaspace.size': null,
  'taskmanager.memory.jvm-overhead.min': null,
  'taskmanager.memory.jvm-overhead.max': null,
  'taskmanager.memory.framework.heap.size': null,
  'taskmanager.memory.framework.off-heap.size': null,
  'taskmanager.memory.managed.size': null,
  'taskmanager.memory.network.min': null,
  'taskmanager.memory.network.max': null,
};

const HEALTHY_SQL = `
SET 'pipeline.name' = 'payments-audit';
SET 'parallelism.default' = '1';
SET 'execution.checkpointing.interval' = '2s';
CREATE TABLE payments (id BIGINT, amount DOUBLE) WITH ('connector' = 'datagen', 'rows-per-second' = '5');
CREATE TABLE audit (id BIGINT, amount DOUBLE) WITH ('connector' = 'blackhole');
INSERT INTO audit SELECT id, amount FROM payments WHERE amount > 0;
`;
export interface Site {
  readonly cluster: FlinkCluster;
  readonly healthyId: string;
  readonly receiver: Awaited<ReturnType<typeof startReceiver>>;
  readonly folder: string;
  incidents(): Promise<readonly Incident[]>;
  search(query: string): Promise<readonly LogRecord[]>;
}

/** Flink with one TaskManager and the healthy job; agent, analyzer and API around it. */
export async function openSite(separated: boolean, way: 'elasticsearch' | 'up'): Promise<{ site: Site; close: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-pipeline-'));
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.reverse()) await closer();
    rmSync(folder, { recursive: true, force: true });
  };
  const receiver = await startReceiver();
  closers.push(() => receiver.close());
  const cluster = await startFlink({
    version: '1.20',
    dir: join(folder, 'flink'),
    taskManagers: 1,
    config: { ...LAB_DEFAULTS, 'taskmanager.numberOfTaskSlots': '32', ...MEMORY },
    logging: separated ? { log4jProperties: join(KIT, 'log4j.properties') } : 'stock',
  });
  closers.push(() => cluster.stop());
  const programs = way === 'up' ? await startUp(folder, cluster, receiver.url) : await startInstallation(folder, cluster, receiver.url, closers);
  closers.push(async () => {
    const codes = await Promise.all(programs.list.map((program) => program.stop()));
    expect(codes, programs.list.map((program) => program.stderr()).join('\n')).toEqual(programs.list.map(() => 0));
  });
  expect((await cluster.runSql(HEALTHY_SQL)).error).toBe('');
  const healthyId = await waitUntil('the healthy job', async () => (await cluster.jobs()).find((job) => job.state === 'RUNNING')?.id, { deadlineMs: 60_000 });
  const site: Site = {
    cluster,
    healthyId,
    receiver,
    folder,
    incidents: async () => {
      const { stdout, stderr, code } = await runProgram(['incidents', ...programs.store, '--format', 'json']);
      if (code !== 0) throw new Error(stderr);
      return (JSON.parse(stdout) as { incidents: Incident[] }).incidents;
    },
    search: async (query) => {
      const { stdout } = await runProgram(['search', query, ...programs.store, '--format', 'ndjson', '--limit', '0']);
      return stdout.trim().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as LogRecord);
    },
  };
  return { site, close };
}

interface Programs {
  readonly list: readonly Program[];
  /** How the command line finds the store. */
  readonly store: readonly string[];
}

async function startUp(folder: string, cluster: FlinkCluster, webhook: string): Promise<Programs> {
  const data = join(folder, 'data');
  const config = join(folder, 'jobtrace.yaml');
  writeFileSync(config, `notify:\n  receivers:\n    - { name: test, kind: webhook, url: "${webhook}" }\n`);
  const up = startProgram(['up', cluster.logDir, '--data', data, '--config', config, '--listen', '127.0.0.1:0']);
  await waitUntil('jobtrace up', () => (/http:\/\/127\.0\.0\.1:\d+/.test(up.stdout()) ? true : undefined), { saw: () => [up.stdout(), up.stderr()] });
  return { list: [up], store: ['--data', data] };
}

async function startInstallation(folder: string, cluster: FlinkCluster, webhook: string, closers: (() => Promise<unknown>)[]): Promise<Programs> {
  const elasticsearch = await startElasticsearch({ version: 8 });
  closers.push(() => elasticsearch.stop());
  const config = join(folder, 'jobtrace.yaml');
  mkdirSync(join(folder, 'data'));
  writeFileSync(
    config,
    [
      `dataDir: ${join(folder, 'data')}`,
      'store:',
      '  kind: elasticsearch',
      `  urls: ["${elasticsearch.url}"]`,
      'agent:',
      `  paths: ["${cluster.logDir}"]`,
      'notify:',
      '  receivers:',
      `    - { name: test, kind: webhook, url: "${webhook}" }`,
    ].join('\n'),
  );
  const list = ['agent', 'analyzer'].map((part) => startProgram([part, '--config', config]));
  return { list, store: ['--store', elasticsearch.url] };
}
