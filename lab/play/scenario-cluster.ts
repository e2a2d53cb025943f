// Prepares the cluster that scenarios are played on: its folder, options, libraries and start, and its reset between
// two scenarios that share it. run.ts plays on it; lab/parts runs the processes themselves.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packJobs, packShared } from './jobs.js';
import { getConnectors } from '../parts/services/connectors.js';
import { JAVA_OPTIONS, SMALL_MEMORY } from '../parts/services/conf.js';
import { startFlink, type FlinkCluster, type FlinkConfig, type FlinkOptions } from '../parts/services/flink.js';
import { getPart } from '../parts/parts.js';
import { waitFor } from '../parts/process.js';
import type { Scenario } from '../define/scenario.js';
import { IDENT, listValues } from './scene.js';
import type { LabService } from '../define/services.js';
import { fillText, fillValues } from '../define/vary.js';
import { nameOption, type FlinkVersion } from '../define/versions.js';

const SEPARATED = fileURLToPath(new URL('../../docker/flink/log4j.properties', import.meta.url));

/**
 * Memory of 1 GB per process, with the sizes that Flink itself computes instead of the tests' smaller ones, so that the
 * logs look like users' logs.
 */
const MEMORY: FlinkConfig = {
  ...Object.fromEntries(Object.keys(SMALL_MEMORY).map((key) => [key, null])),
  'jobmanager.memory.process.size': '1g',
  'taskmanager.memory.process.size': '1g',
};

/** Copies data/ of the scenario into the run's folder, where SQL finds it as @RUN@/data. */
export function fillFolder(scenario: Scenario, dir: string, services: ReadonlyMap<string, LabService>): void {
  mkdirSync(join(dir, 'checkpoints'), { recursive: true });
  const data = join(scenario.folder, 'data');
  if (!existsSync(data)) return;
  cpSync(data, join(dir, 'data'), { recursive: true });
  const values = listValues(scenario, dir, services);
  for (const name of readdirSync(join(dir, 'data'), { recursive: true, encoding: 'utf8' })) {
    const file = join(dir, 'data', name);
    if (statSync(file).isFile() && /\.(csv|json|txt|yaml|properties)$/.test(name))
      writeFileSync(file, fillText(readFileSync(file, 'utf8'), values));
  }
}

export async function startCluster(
  scenario: Scenario,
  version: FlinkVersion,
  dir: string,
  services: ReadonlyMap<string, LabService>,
  say: (line: string) => void,
): Promise<FlinkCluster> {
  const { taskManagers, logging, jobManager, java, network, application } = scenario.cluster;
  const { home } = await getPart(`flink-${version}`);
  const zookeeper = services.get('zookeeper')?.values['ZOOKEEPER'];
  const values = listValues(scenario, dir, services);
  say(`start Flink ${version} with ${taskManagers} TaskManagers`);
  return startFlink({
    version,
    dir,
    ident: IDENT,
    env: { TZ: 'UTC' },
    startDeadlineMs: 240_000,
    taskManagers,
    config: fillConfig(scenario, version, values),
    libraries: await findLibraries(scenario, version, home, dir),
    jobManager,
    java,
    network,
    zookeeper,
    application:
      application === undefined
        ? undefined
        : {
            jars: [await packJobs(home, dir, { folder: scenario.folder })],
            mainClass: application.class,
            args: fillValues(application.args ?? [], values),
          },
    ...(logging === 'separated' ? { logging: { log4jProperties: SEPARATED } } : {}),
  });
}

async function findLibraries(
  { folder, cluster: { libraries = [], plugins = [], without = [], shared } }: Scenario,
  version: FlinkVersion,
  home: string,
  dir: string,
): Promise<NonNullable<FlinkOptions['libraries']>> {
  const found = await Promise.all(
    plugins.map(async (plugin) => [plugin, await getConnectors([plugin], version)] as const),
  );
  const own = shared === undefined ? [] : [await packShared(home, dir, folder, shared)];
  return { lib: [...(await getConnectors(libraries, version)), ...own], plugins: Object.fromEntries(found), without };
}

/** JVM option that writes a log of the garbage collector next to the process's own log. */
const GC_LOG = '-Xlog:gc*:file=${FLINK_LOG_PREFIX}.gc.log';

function fillConfig(
  { cluster: { config = {}, gcLogs = false } }: Scenario,
  version: FlinkVersion,
  values: ReadonlyMap<string, string>,
): FlinkConfig {
  const own: FlinkConfig = Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      nameOption(key, version),
      value === null ? null : fillText(value, values),
    ]),
  );
  const logs = gcLogs ? JAVA_OPTIONS.map((key) => [key, [own[key], GC_LOG].filter(Boolean).join(' ')]) : [];
  return { ...MEMORY, ...own, ...Object.fromEntries(logs) };
}

/** Returns name → size of the logs of a cluster on which nothing was played so far. */
export async function readHeader(cluster: FlinkCluster): Promise<ReadonlyMap<string, number>> {
  await waitForQuiet(cluster);
  return new Map(readdirSync(cluster.logDir).map((name) => [name, statSync(join(cluster.logDir, name)).size]));
}

/**
 * Resets the cluster as if nothing had been played on it: no job runs, all slots are free, and the logs end where the
 * start did (Flink appends to them). Returns the ids of the earlier jobs.
 */
export async function clearCluster(
  cluster: FlinkCluster,
  header: ReadonlyMap<string, number>,
): Promise<ReadonlySet<string>> {
  // a scenario that needs only the client has no JobManager
  const answers = cluster.jobManagers.some((process) => process.isAlive());
  const jobs = answers ? await cluster.jobs() : [];
  for (const { id, state } of jobs.filter(({ state }) => !/^(FAILED|CANCELED|FINISHED)$/.test(state))) {
    if (state !== 'CANCELLING') await cluster.cancel(id);
    await cluster.waitForJob(id, 'CANCELED', 60_000);
  }
  if (answers)
    await waitFor('all slots are free', 30_000, async () => {
      const [, total = '', free = ''] =
        /"slots-total":(\d+),"slots-available":(\d+)/.exec(JSON.stringify(await cluster.rest('/overview'))) ?? [];
      return total === free ? true : `${free} of ${total}`;
    });
  await waitForQuiet(cluster);
  for (const name of readdirSync(cluster.logDir)) {
    const size = header.get(name);
    if (size === undefined) rmSync(join(cluster.logDir, name));
    else truncateSync(join(cluster.logDir, name), size);
  }
  return new Set(jobs.map(({ id }) => id));
}

/** Waits until no log has grown for a second, so that a recording does not end in the middle of a failure. */
export async function waitForQuiet(cluster: FlinkCluster): Promise<void> {
  let size = -1;
  let since = Date.now();
  const end = Date.now() + 6_000;
  await waitFor('logs have come to rest', 10_000, () => {
    const now = readdirSync(cluster.logDir).reduce(
      (sum, name) => sum + readFileSync(join(cluster.logDir, name)).length,
      0,
    );
    if (now !== size) since = Date.now();
    size = now;
    return Promise.resolve(Date.now() - since > 1_000 || Date.now() > end ? true : 'still growing');
  });
}
