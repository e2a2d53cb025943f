// Plays scenarios on a real cluster, one alone or several in turn: start, steps, check of the expected end, stop.
// Returns what every process logged (read before the cluster is stopped, unless a step stopped it), for record.ts and
// for the tests. A scenario that does not reach its end throws, with the tails of all logs.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { clearCluster, fillFolder, readHeader, startCluster, waitForQuiet } from './scenario-cluster.js';
import type { FlinkCluster } from '../parts/services/flink.js';
import { readLastLines, waitFor } from '../parts/process.js';
import type { Scenario } from '../define/scenario.js';
import { findFiles, findProcess, noticeJobs, requireProcess, type Job, type Scene } from './scene.js';
import { startServices, stopServices, type LabService } from '../define/services.js';
import { takeSnapshots, type Snapshot } from './snapshot.js';
import type { ScenarioStep } from '../define/steps-schema.js';
import { countText, describeStep, runStep } from './steps.js';
import type { FlinkVersion } from '../define/versions.js';
import { errorText } from '../../core/fault.js';

/** File that a process wrote. */
export interface LogFile {
  readonly name: string;
  readonly text: string;
}

export interface ProcessFiles {
  /** Name, e.g. `jobmanager` or `taskmanager-1`. */
  readonly name: string;
  readonly resourceId?: string;
  /** True if it still ran at the end; always false for a client. */
  readonly alive: boolean;
  /** Names of its files. */
  readonly files: readonly string[];
}

export interface RunOutcome {
  readonly flinkVersion: string;
  readonly dir: string;
  readonly config: Readonly<Record<string, string>>;
  readonly jobs: readonly (Job & { readonly state: string })[];
  readonly processes: readonly ProcessFiles[];
  readonly files: readonly LogFile[];
  /** Answers of the REST API at the end. */
  readonly snapshots: readonly Snapshot[];
  /** Steps with their times (UTC). */
  readonly steps: readonly { readonly at: string; readonly step: ScenarioStep }[];
}

export interface RunOptions {
  readonly version: FlinkVersion;
  readonly say: (line: string) => void;
  /** True to keep the run's folder for inspection. */
  readonly keep?: boolean;
  /** Starts something before the cluster starts. `logs` is the folder into which the cluster will write; it exists. */
  readonly beside?: (logs: string) => Promise<void>;
}

/** Plays the scenario on a cluster of its own. */
export async function runScenario({
  scenario,
  ...options
}: RunOptions & { readonly scenario: Scenario }): Promise<RunOutcome> {
  let outcome: RunOutcome | undefined;
  await runShared([scenario], options, async (_, play) => {
    outcome = await play();
  });
  if (outcome === undefined) throw new Error(`${scenario.id} was not played.`);
  return outcome;
}

/** Plays scenarios with equal clusters on one cluster, in turn. `take` handles the outcome or the error of each. */
export async function runShared(
  scenarios: readonly Scenario[],
  options: RunOptions,
  take: (scenario: Scenario, play: () => Promise<RunOutcome>) => Promise<void>,
): Promise<void> {
  const { version, say, keep = false, beside } = options;
  const [first, ...others] = scenarios;
  if (first === undefined) return;
  const dir = mkdtempSync(join(tmpdir(), 'jobtrace-lab-'));
  let services: ReadonlyMap<string, LabService> = new Map();
  let cluster: FlinkCluster | undefined;
  try {
    services = await startServices(first.cluster.services ?? {}, dir);
    fillFolder(first, dir, services);
    mkdirSync(join(dir, 'log'));
    await beside?.(join(dir, 'log'));
    const started = await startCluster(first, version, dir, services, say);
    cluster = started;
    const scene = { version, cluster: started, services, savepoint: '' };
    const header = others.length === 0 ? undefined : await readHeader(started);
    await take(first, () =>
      playOn({ ...scene, scenario: first, dir, jobs: [], earlier: new Set(), lastStates: new Map() }, say),
    );
    for (const [index, scenario] of others.entries()) {
      await take(scenario, async () => {
        const own = join(dir, `scenario-${index + 2}`);
        fillFolder(scenario, own, services);
        const earlier = await clearCluster(started, header ?? new Map());
        return playOn({ ...scene, scenario, dir: own, jobs: [], earlier, lastStates: new Map() }, say);
      });
    }
  } finally {
    await cluster?.stop();
    await stopServices(services);
    if (keep) say(`the run's folder is ${dir}`);
    else rmSync(dir, { recursive: true, force: true });
  }
}

async function playOn(scene: Scene, say: (line: string) => void): Promise<RunOutcome> {
  const { scenario, cluster } = scene;
  const dir = dirname(cluster.logDir);
  try {
    const steps = await playSteps(scene, say);
    const jobs = await readJobs(scene);
    await checkEnd(scene, jobs);
    return {
      flinkVersion: cluster.version,
      dir,
      config: cluster.config,
      jobs,
      steps,
      snapshots: await takeSnapshots(scene),
      ...readFiles(scene),
    };
  } catch (error) {
    throw new Error(`${scenario.id} on Flink ${cluster.version} did not reach its end: ${errorText(error)}`, {
      cause: error,
    });
  }
}

async function playSteps(scene: Scene, say: (line: string) => void): Promise<RunOutcome['steps']> {
  const done: { at: string; step: ScenarioStep }[] = [];
  for (const step of scene.scenario.steps) {
    say(describeStep(step));
    done.push({ at: new Date().toISOString(), step });
    await runStep(scene, step);
  }
  return done;
}

/** Returns the last state of every job. */
async function readJobs(scene: Scene): Promise<RunOutcome['jobs']> {
  const { cluster, jobs, lastStates } = scene;
  const answers = jobs.length > 0 && cluster.jobManagers.some((process) => process.isAlive());
  if (answers) await noticeJobs(scene);
  const states = answers ? new Map((await cluster.jobs()).map(({ id, state }) => [id, state])) : lastStates;
  return jobs.map((job) => ({ ...job, state: states.get(job.id) ?? '' }));
}

/**
 * Checks what must be observed at the end. It waits a little, because logs are buffered and processes need time to end.
 */
async function checkEnd(scene: Scene, jobs: RunOutcome['jobs']): Promise<void> {
  const { expect } = scene.scenario;
  for (const [name, state] of Object.entries(expect.jobs ?? {})) {
    const seen = jobs.findLast((job) => job.name === name);
    if (seen?.state !== state) throw new Error(`Job ${name} was to end ${state}, but is ${seen?.state ?? 'unknown'}.`);
  }
  for (const name of expect.dead ?? []) {
    const process = requireProcess(scene, name);
    await waitFor(
      `${name} has died`,
      20_000,
      () => Promise.resolve(process.isAlive() ? 'alive' : true),
      () => readLastLines(findFiles(scene, name)),
    );
  }
  for (const { process, text } of expect.logs) {
    const files = findFiles(scene, process);
    await waitFor(
      `${process} has logged "${text}"`,
      10_000,
      () => Promise.resolve(files.some((file) => countText(file, text) > 0) ? true : 'not there'),
      () => readLastLines(files, 40),
    );
  }
  await waitForQuiet(scene.cluster);
}

/** Returns the files of every process, by its name in the scenario. */
function readFiles(scene: Scene): Pick<RunOutcome, 'processes' | 'files'> {
  const { cluster, services } = scene;
  const named: Omit<ProcessFiles, 'files'>[] = [
    ...cluster.jobManagers.map((process, index) => ({
      name: index === 0 ? 'jobmanager' : `jobmanager-${index + 1}`,
      alive: process.isAlive(),
    })),
    ...cluster.taskManagers.map((worker, index) => ({
      name: `taskmanager-${index + 1}`,
      ...(worker.id === '' ? {} : { resourceId: worker.id }),
      alive: worker.isAlive(),
    })),
    ...[
      'client',
      'sql-client',
      'sql-gateway-0',
      'terminal',
      ...[...services].filter(([, { recorded }]) => recorded).map(([name]) => name),
    ].map((name) => ({ name, alive: findProcess(scene, name)?.isAlive() ?? false })),
  ];
  const found = named
    .map((process) => ({ process, paths: findFiles(scene, process.name).flatMap(listGenerations) }))
    .filter(({ paths }) => paths.length > 0);
  return {
    processes: found.map(({ process, paths }) => ({ ...process, files: paths.map((path) => basename(path)) })),
    files: found.flatMap(({ paths }) =>
      paths.map((path) => ({ name: basename(path), text: readFileSync(path, 'utf8') })),
    ),
  };
}

/** Lists the file, its rotations (`.log.1`) and its per-job files (`.log.job-…`), which all begin with its name. */
function listGenerations(path: string): string[] {
  const folder = dirname(path);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .filter((name) => name === basename(path) || name.startsWith(`${basename(path)}.`))
    .map((name) => join(folder, name));
}
