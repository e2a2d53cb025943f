// Sets up a site where Jobtrace works as at a user's: a real Flink cluster with a healthy job, a webhook receiver, and
// the built program around them: the parts of a cluster installation on a real Elasticsearch, or "jobtrace up", or
// both. A test may kill the programs and the Elasticsearch and start them again.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Incident } from '../core/documents/incident.js';
import type { LogRecord } from '../core/types.js';
import { startElasticsearch, type Elasticsearch } from '../lab/parts/services/elasticsearch.js';
import { startFlink, type FlinkCluster, type FlinkConfig } from '../lab/parts/services/flink.js';
import { findElasticsearch, removeAll } from '../lab/parts/testing/use-elasticsearch.js';
import { runProgram, startProgram, startReceiver, waitUntil, type RunningProgram } from './program.js';

export const KIT = fileURLToPath(new URL('../docker/flink/', import.meta.url));
/** Memory of 1 GiB, for which Flink's own defaults leave exactly 2,048 network buffers, the minimum of 64 MiB. */
export const MEMORY = { 'taskmanager.memory.process.size': '1g' };
/** Defaults of the lab that keep its clusters small, removed here. */
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

export interface SiteOptions {
  /** Replacement for the kit's own file, if logs are separated. */
  readonly log4jProperties?: string;
  /** Number of TaskManagers; one by default. */
  readonly taskManagers?: number;
  /** Settings that override those of every site; null removes one. */
  readonly config?: FlinkConfig;
  /** True to use a separate Elasticsearch, not the shared one, for a test that kills it. */
  readonly hasOwnElasticsearch?: boolean;
  /** False to run no healthy job. */
  readonly hasHealthyJob?: boolean;
}

/** Part of Jobtrace that runs as a separate process, and continues under the same name after it was killed. */
export interface SiteService {
  readonly name: string;
  /** Sends SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Starts the same command line again, but only if it does not run. */
  start(): void;
  isRunning(): boolean;
  /** Returns what it wrote to standard error in all its lives. */
  stderr(): string;
}

/** Results of one Jobtrace about the cluster. */
export interface SiteView {
  readonly receiver: Awaited<ReturnType<typeof startReceiver>>;
  incidents(): Promise<readonly Incident[]>;
  search(query: string): Promise<readonly LogRecord[]>;
}

export interface Site extends SiteView {
  readonly cluster: FlinkCluster;
  /** Id of the healthy job; empty if there is none. */
  readonly healthyId: string;
  readonly folder: string;
  /** Returns a service by name: "agent" and "analyzer", or "up". */
  service(name: string): SiteService;
  /** Elasticsearch of this site, if it has its own. */
  readonly elasticsearch: Elasticsearch | undefined;
  /** Starts "jobtrace up" next to what runs here, with a separate receiver. */
  addUp(): Promise<SiteView>;
}

type Closer = () => Promise<unknown>;

/** Opens a site: Flink with its TaskManagers and the healthy job, and agent, analyzer and API around it. */
export async function openSite(
  separated: boolean,
  way: 'elasticsearch' | 'up',
  options: SiteOptions = {},
): Promise<{ site: Site; close: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-pipeline-'));
  const closers: Closer[] = [];
  const close = async (): Promise<void> => {
    const problems: unknown[] = [];
    // All are closed, even if one of them fails.
    for (const closer of closers.splice(0).reverse()) await closer().catch((error: unknown) => problems.push(error));
    rmSync(folder, { recursive: true, force: true });
    if (problems.length > 0) throw problems[0];
  };
  try {
    return { site: await buildSite({ separated, way, options, folder, closers }), close };
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}

interface Ground {
  readonly separated: boolean;
  readonly way: 'elasticsearch' | 'up';
  readonly options: SiteOptions;
  readonly folder: string;
  readonly closers: Closer[];
}

async function buildSite({ separated, way, options, folder, closers }: Ground): Promise<Site> {
  const { cluster, elasticsearch, url } = await startServers({ separated, way, options, folder, closers });
  const open = async (start: (webhook: string) => Programs | Promise<Programs>): Promise<SiteView & Programs> => {
    const receiver = await startReceiver();
    closers.push(() => receiver.close());
    const programs = await start(receiver.url);
    closers.push(() => stopAll(programs.services));
    return { ...openView(programs.store, receiver), ...programs };
  };
  const openUp = (): Promise<SiteView & Programs> => open((webhook) => startUp(folder, cluster, webhook));
  const { services, ...view } =
    url === undefined ? await openUp() : await open((webhook) => startInstallation(folder, cluster, webhook, url));
  const healthyId = options.hasHealthyJob === false ? '' : await startHealthyJob(cluster);
  return {
    ...view,
    cluster,
    healthyId,
    folder,
    service: (name) => {
      const found = services.find((service) => service.name === name);
      if (found === undefined) throw new Error(`no program of this site is called "${name}"`);
      return found;
    },
    elasticsearch,
    addUp: openUp,
  };
}

/** Opens a view. `store` holds the arguments by which the command line finds the store. */
function openView(store: readonly string[], receiver: SiteView['receiver']): SiteView {
  return {
    receiver,
    incidents: async () => {
      const answer = await askStore(['incidents', ...store, '--format', 'json']);
      return (JSON.parse(answer) as { incidents: Incident[] }).incidents;
    },
    search: async (query) => {
      const answer = await askStore(['search', query, ...store, '--format', 'ndjson', '--limit', '0']);
      return answer
        .trim()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as LogRecord);
    },
  };
}

/** Asks the store, again if it does not answer yet (an index was just created, a server starts). */
async function askStore(args: readonly string[]): Promise<string> {
  return waitUntil(
    'the store to answer',
    async () => {
      const { stdout, stderr, code } = await runProgram(args);
      if (code === 0) return stdout;
      if (stderr.includes('Jobtrace retries automatically')) return undefined;
      throw new Error(stderr);
    },
    { deadlineMs: 60_000, saw: () => args },
  );
}

interface Servers {
  readonly cluster: FlinkCluster;
  readonly elasticsearch: Elasticsearch | undefined;
  /** Address of the Elasticsearch that is used. */
  readonly url: string | undefined;
}

/** Starts both servers at once. A server that was started is closed even if the other one fails. */
async function startServers({ separated, way, options, folder, closers }: Ground): Promise<Servers> {
  const isShared = way === 'elasticsearch' && options.hasOwnElasticsearch !== true;
  const [cluster, elasticsearch] = await Promise.allSettled([
    startFlink({
      version: '1.20',
      dir: join(folder, 'flink'),
      taskManagers: options.taskManagers ?? 1,
      config: { ...LAB_DEFAULTS, 'taskmanager.numberOfTaskSlots': '32', ...MEMORY, ...options.config },
      logging: separated ? { log4jProperties: options.log4jProperties ?? join(KIT, 'log4j.properties') } : 'stock',
    }),
    way === 'elasticsearch' && !isShared ? startElasticsearch({ version: 8 }) : undefined,
  ]);
  for (const server of [cluster, elasticsearch])
    if (server.status === 'fulfilled') closers.push(async () => server.value?.stop());
  if (cluster.status === 'rejected') throw cluster.reason;
  if (elasticsearch.status === 'rejected') throw elasticsearch.reason;
  if (!isShared) return { cluster: cluster.value, elasticsearch: elasticsearch.value, url: elasticsearch.value?.url };
  const url = await findElasticsearch();
  closers.push(() => removeAll(url, 'jobtrace'));
  return { cluster: cluster.value, elasticsearch: undefined, url };
}

async function startHealthyJob(cluster: FlinkCluster): Promise<string> {
  expect((await cluster.runSql(HEALTHY_SQL)).error).toBe('');
  return waitUntil('the healthy job', async () => (await cluster.jobs()).find((job) => job.state === 'RUNNING')?.id, {
    deadlineMs: 60_000,
  });
}

interface RunningService extends SiteService {
  readonly current: () => RunningProgram;
}

function startService(name: string, args: readonly string[]): RunningService {
  const lives = [startProgram(args)];
  const current = (): RunningProgram => lives[lives.length - 1] as RunningProgram;
  const isRunning = (): boolean => current().process.exitCode === null && current().process.signalCode === null;
  return {
    name,
    current,
    isRunning,
    kill: async () => void (await current().stop('SIGKILL')),
    start: () => {
      if (!isRunning()) lives.push(startProgram(args));
    },
    stderr: () => lives.map((program) => program.stderr()).join(''),
  };
}

/** Stops all services that still run; they must end well. */
async function stopAll(services: readonly RunningService[]): Promise<void> {
  const running = services.filter((service) => service.isRunning());
  const codes = await Promise.all(running.map((service) => service.current().stop()));
  expect(codes, running.map((service) => service.stderr()).join('\n')).toEqual(running.map(() => 0));
}

interface Programs {
  readonly services: readonly RunningService[];
  /** Arguments by which the command line finds the store. */
  readonly store: readonly string[];
}

async function startUp(folder: string, cluster: FlinkCluster, webhook: string): Promise<Programs> {
  const data = join(folder, 'up');
  const config = join(folder, 'up.yaml');
  writeFileSync(config, `notify:\n  receivers:\n    - { name: test, kind: webhook, url: "${webhook}" }\n`);
  const up = startService('up', ['up', cluster.logDir, '--data', data, '--config', config, '--listen', '127.0.0.1:0']);
  await waitUntil('jobtrace up', () => (/http:\/\/127\.0\.0\.1:\d+/.test(up.current().stdout()) ? true : undefined), {
    saw: () => [up.current().stdout(), up.stderr()],
  });
  return { services: [up], store: ['--data', data] };
}

function startInstallation(folder: string, cluster: FlinkCluster, webhook: string, elasticsearch: string): Programs {
  const config = join(folder, 'jobtrace.yaml');
  mkdirSync(join(folder, 'data'));
  writeFileSync(
    config,
    [
      `dataDir: ${join(folder, 'data')}`,
      'store:',
      '  kind: elasticsearch',
      `  urls: ["${elasticsearch}"]`,
      'agent:',
      `  paths: ["${cluster.logDir}"]`,
      'notify:',
      '  receivers:',
      `    - { name: test, kind: webhook, url: "${webhook}" }`,
    ].join('\n'),
  );
  const services = ['agent', 'analyzer'].map((part) => startService(part, [part, '--config', config]));
  return { services, store: ['--store', elasticsearch] };
}
