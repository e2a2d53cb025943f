// Plays one scenario on a real cluster of its own: start, steps, the check of what must be seen at the end, stop.
// Gives back what every process logged (read before the cluster is stopped, unless a step stopped it), for
// record.ts and for the tests. A scenario that does not reach its end throws, with the tails of all logs.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SMALL_MEMORY } from './parts/flink-conf.js';
import { startFlink, type FlinkCluster, type FlinkConfig } from './parts/flink.js';
import { getPart } from './parts/parts.js';
import { readTails, waitFor } from './parts/process.js';
import { startZookeeper } from './parts/zookeeper.js';
import type { FlinkVersion, Scenario } from './scenario.js';
import type { Step } from './steps-schema.js';
import { IDENT, countText, describeStep, fillRun, findFiles, runStep, type Job, type Scene } from './steps.js';

const SEPARATED = fileURLToPath(new URL('../docker/flink/log4j.properties', import.meta.url));

/** Processes of 1 GB with the shares that Flink itself computes, instead of the tests' smaller ones: what users' logs show. */
const MEMORY: FlinkConfig = {
  ...Object.fromEntries(Object.keys(SMALL_MEMORY).map((key) => [key, null])),
  'jobmanager.memory.process.size': '1g',
  'taskmanager.memory.process.size': '1g',
};

/** One file that a process wrote. */
export interface LogFile {
  readonly name: string;
  readonly text: string;
}

export interface ProcessFiles {
  /** `jobmanager`, `taskmanager-1` … */
  readonly name: string;
  readonly resourceId?: string;
  /** Whether it still ran at the end; a client never does. */
  readonly alive: boolean;
  /** Names of its files. */
  readonly files: readonly string[];
}

export interface Outcome {
  readonly flinkVersion: string;
  readonly dir: string;
  readonly config: Readonly<Record<string, string>>;
  readonly jobs: readonly (Job & { readonly state: string })[];
  readonly processes: readonly ProcessFiles[];
  readonly files: readonly LogFile[];
  /** What was done when (UTC). */
  readonly steps: readonly { readonly at: string; readonly step: Step }[];
}

export interface RunOptions {
  readonly scenario: Scenario;
  readonly version: FlinkVersion;
  readonly say: (line: string) => void;
  /** Leave the run's folder for a look. */
  readonly keep?: boolean;
}

export async function runScenario({ scenario, version, say, keep = false }: RunOptions): Promise<Outcome> {
  const dir = mkdtempSync(join(tmpdir(), 'jobtrace-lab-'));
  try {
    prepareFolder(scenario, dir);
    return await playScenario(scenario, version, dir, say);
  } finally {
    if (keep) say(`the run's folder is ${dir}`);
    else rmSync(dir, { recursive: true, force: true });
  }
}

/** data/ of the scenario goes into the run's folder, where SQL finds it as @RUN@/data. */
function prepareFolder(scenario: Scenario, dir: string): void {
  mkdirSync(join(dir, 'checkpoints'));
  const data = join(scenario.folder, 'data');
  if (existsSync(data)) cpSync(data, join(dir, 'data'), { recursive: true });
}

async function playScenario(scenario: Scenario, version: FlinkVersion, dir: string, say: (line: string) => void): Promise<Outcome> {
  const { java } = await getPart(version === '1.20' ? 'flink-1.20' : 'flink-2.3');
  const zookeeper = scenario.cluster.zookeeper === true ? await startZookeeper({ dir: join(dir, 'zookeeper') }) : undefined;
  try {
    say(`start Flink ${version} with ${scenario.cluster.taskManagers} TaskManagers`);
    const cluster = await startFlink({
      version, dir, ident: IDENT, env: { TZ: 'UTC' }, startDeadlineMs: 240_000,
      taskManagers: scenario.cluster.taskManagers,
      config: fillConfig(scenario, dir),
      ...(zookeeper === undefined ? {} : { zookeeper: zookeeper.connect }),
      ...(scenario.cluster.logging === 'separated' ? { logging: { log4jProperties: SEPARATED } } : {}),
    });
    return await playOn(cluster, { scenario, dir, cluster, java, zookeeper, jobs: [], savepoint: '', lastStates: new Map() }, say);
  } finally {
    await zookeeper?.stop();
  }
}

async function playOn(cluster: FlinkCluster, scene: Scene, say: (line: string) => void): Promise<Outcome> {
  const { scenario, dir } = scene;
  try {
    const steps = await playSteps(scene, say);
    const jobs = await readJobs(scene);
    await checkEnd(scene, jobs);
    return { flinkVersion: cluster.version, dir, config: cluster.config, jobs, steps, ...readFiles(scene) };
  } catch (error) {
    throw new Error(`${scenario.id} on Flink ${cluster.version} did not reach its end: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    await cluster.stop();
  }
}

function fillConfig(scenario: Scenario, dir: string): FlinkConfig {
  const own = Object.entries(scenario.cluster.config ?? {}).map(([key, value]) => [key, value === null ? null : fillRun(value, dir)]);
  return { ...MEMORY, ...Object.fromEntries(own) };
}

async function playSteps(scene: Scene, say: (line: string) => void): Promise<Outcome['steps']> {
  const done: { at: string; step: Step }[] = [];
  for (const step of scene.scenario.steps) {
    say(describeStep(step));
    done.push({ at: new Date().toISOString(), step });
    await runStep(scene, step);
  }
  return done;
}

/** Last state of every job. */
async function readJobs({ cluster, jobs, lastStates }: Scene): Promise<Outcome['jobs']> {
  const states = cluster.jobManager.isAlive() ? new Map((await cluster.jobs()).map(({ id, state }) => [id, state])) : lastStates;
  return jobs.map((job) => ({ ...job, state: states.get(job.id) ?? '' }));
}

/** What must be seen at the end. Logs are buffered and processes end in their own time, so it waits a little. */
async function checkEnd(scene: Scene, jobs: Outcome['jobs']): Promise<void> {
  const { expect } = scene.scenario;
  for (const [name, state] of Object.entries(expect.jobs ?? {})) {
    const seen = jobs.findLast((job) => job.name === name);
    if (seen?.state !== state) throw new Error(`Job ${name} was to end ${state}, but is ${seen?.state ?? 'unknown'}.`);
  }
  for (const { process, text } of expect.logs) {
    const files = findFiles(scene, process);
    await waitFor(`${process} has logged "${text}"`, 10_000, () => Promise.resolve(files.some((file) => countText(file, text) > 0) ? true : 'not there'), () => readTails(files, 40));
  }
  await waitForQuiet(scene.cluster);
}

/** Until no log has grown for a second, so that a recording does not end in the middle of a failure. */
async function waitForQuiet(cluster: FlinkCluster): Promise<void> {
  let size = -1;
  let since = Date.now();
  const end = Date.now() + 6_000;
  await waitFor('logs have come to rest', 10_000, () => {
    const now = readdirSync(cluster.logDir).reduce((sum, name) => sum + readFileSync(join(cluster.logDir, name)).length, 0);
    if (now !== size) since = Date.now();
    size = now;
    return Promise.resolve(Date.now() - since > 1_000 || Date.now() > end ? true : 'still growing');
  });
}

/** The files of every process, by its name in the scenario; ZooKeeper's lie in a folder of their own. */
function readFiles(scene: Scene): Pick<Outcome, 'processes' | 'files'> {
  const { cluster, zookeeper } = scene;
  const workers = cluster.taskManagers.map((worker, index) => ({ name: `taskmanager-${index + 1}`, resourceId: worker.id, alive: worker.isAlive() }));
  const named: Omit<ProcessFiles, 'files'>[] = [
    { name: 'jobmanager', alive: cluster.jobManager.isAlive() }, ...workers,
    { name: 'client', alive: false }, { name: 'sql-client', alive: false }, { name: 'zookeeper', alive: zookeeper?.isAlive() ?? false },
  ];
  const found = named.map((process) => ({ process, paths: findFiles(scene, process.name).flatMap(listGenerations) })).filter(({ paths }) => paths.length > 0);
  return {
    processes: found.map(({ process, paths }) => ({ ...process, files: paths.map((path) => basename(path)) })),
    files: found.flatMap(({ paths }) => paths.map((path) => ({ name: basename(path), text: readFileSync(path, 'utf8') }))),
  };
}

/** The file, its rotations (`.log.1`) and per-job files (`.log.job-…`): all begin with its name. */
function listGenerations(path: string): string[] {
  const folder = dirname(path);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).sort().filter((name) => name === basename(path) || name.startsWith(`${basename(path)}.`)).map((name) => join(folder, name));
}
