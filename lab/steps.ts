// What each step kind does to the cluster of a run: one table, one function per kind. Called by run.ts, in the
// order of scenario.yaml; a step that cannot do its work throws, and the scenario has failed.
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packJobs } from './jobs.js';
import type { ClientResult, FlinkCluster, FlinkProcess } from './parts/flink.js';
import { readTails, stopProcess, waitFor } from './parts/process.js';
import type { Zookeeper } from './parts/zookeeper.js';
import type { Scenario } from './scenario.js';
import type { StepKind, StepValues, Step } from './steps-schema.js';

/** The user part of the log files' names. */
export const IDENT = 'flink';

export interface Job {
  readonly id: string;
  readonly name: string;
}

/** A scenario being played. */
export interface Scene {
  readonly scenario: Scenario;
  /** The run's own folder: conf/, log/, checkpoints/, data/ … */
  readonly dir: string;
  readonly cluster: FlinkCluster;
  readonly java: string;
  readonly zookeeper: Zookeeper | undefined;
  /** In the order of their submission. */
  readonly jobs: Job[];
  /** Path of the savepoint that was taken last. */
  savepoint: string;
  /** Id → state of the jobs when a step stopped the cluster. */
  readonly lastStates: Map<string, string>;
}

type Actions = { readonly [K in StepKind]: (scene: Scene, value: NonNullable<Step[K]>) => Promise<void> };

const ACTIONS: Actions = {
  submitJar,
  submitSql,
  waitLog,
  waitState: ({ cluster, ...scene }, value) => cluster.waitForJob(findJob(scene, value.job).id, value.state, (value.timeoutSeconds ?? 120) * 1000),
  kill: (scene, { process }) => sendSignal(scene, process, 'SIGKILL'),
  stop: (scene, { process }) => sendSignal(scene, process, 'SIGSTOP'),
  continue: (scene, { process }) => sendSignal(scene, process, 'SIGCONT'),
  startTaskManager: async ({ cluster }, { count }) => {
    for (let started = 0; started < count; started++) await cluster.addTaskManager();
  },
  savepoint: takeSavepoint,
  cancel: async ({ cluster, ...scene }, { job }) => {
    const { id } = findJob(scene, job);
    await cluster.cancel(id);
    await cluster.waitForJob(id, 'CANCELED', 120_000);
  },
  block: (scene, { path }) => Promise.resolve(blockPath(join(scene.dir, path))),
  hold: (_scene, { seconds }) => sleep(seconds * 1000),
  stopCluster: async ({ cluster, lastStates }) => {
    for (const { id, state } of await cluster.jobs()) lastStates.set(id, state);
    for (const process of [...cluster.taskManagers, cluster.jobManager]) await stopProcess(process.pid, 20_000);
  },
};

/** Does one step; it has exactly one key (the schema says so). */
export async function runStep(scene: Scene, step: Step): Promise<void> {
  for (const kind of listKinds()) await runKind(scene, step, kind);
}

/** The step in one line, for people and for the manifest. */
export function describeStep(step: Step): string {
  return Object.entries(step).map(([kind, value]) => `${kind} ${JSON.stringify(value)}`).join(' ');
}

async function runKind<K extends StepKind>(scene: Scene, step: Step, kind: K): Promise<void> {
  const value = step[kind];
  if (value !== undefined) await ACTIONS[kind](scene, value);
}

function listKinds(): StepKind[] {
  return Object.keys(ACTIONS).filter((name): name is StepKind => name in ACTIONS);
}

async function submitJar(scene: Scene, value: StepValues['submitJar']): Promise<void> {
  const jar = await packJobs(scene.cluster.home, scene.java, scene.dir, value.without);
  const options = Object.entries(value.options ?? {}).map(([key, option]) => `-D${key}=${fillRun(option, scene.dir)}`);
  if (value.fromSavepoint === true) options.push('-s', scene.savepoint);
  const result = await scene.cluster.runJar({ jar, mainClass: value.class, args: value.args ?? [], options });
  await keepClient(scene, 'client', result, value.fails ?? false);
}

async function submitSql(scene: Scene, value: StepValues['submitSql']): Promise<void> {
  const file = join(scene.dir, value.file);
  writeFileSync(file, fillRun(readFileSync(join(scene.scenario.folder, value.file), 'utf8'), scene.dir));
  const result = await scene.cluster.runSql({ file });
  // The SQL client ends with 0 whatever its statements did.
  await keepClient(scene, 'sql-client', result.error === '' ? result : { ...result, code: 1 }, value.fails ?? false);
}

/** What a client printed is part of the recording; the jobs that it submitted are remembered with their names. */
async function keepClient(scene: Scene, client: string, result: ClientResult, fails: boolean): Promise<void> {
  appendFileSync(clientFiles(scene.cluster, client).outFile, `${result.stdout}${result.stderr}`);
  if ((result.code !== 0) !== fails) {
    throw new Error(`The ${client} ${fails ? 'was to fail, but ended well' : `ended with code ${result.code}`}:\n${`${result.stdout}${result.stderr}`.trim().split('\n').slice(-25).join('\n')}`);
  }
  const known = result.jobIds.length === 0 ? [] : await scene.cluster.jobs();
  for (const id of result.jobIds) scene.jobs.push({ id, name: known.find((job) => job.id === id)?.name ?? '' });
}

async function waitLog(scene: Scene, { process, text, times = 1, again = false, timeoutSeconds = 120 }: StepValues['waitLog']): Promise<void> {
  const files = findFiles(scene, process);
  const countAll = (): number => files.reduce((sum, file) => sum + countText(file, text), 0);
  const before = again ? countAll() : 0;
  await waitFor(`${process} logs "${text}" (${times} times${again ? ' more' : ''})`, timeoutSeconds * 1000, () => {
    const seen = countAll() - before;
    return Promise.resolve(seen >= times ? true : `${seen} times`);
  }, () => readTails(files));
}

export function countText(file: string, text: string): number {
  return existsSync(file) ? readFileSync(file, 'utf8').split(text).length - 1 : 0;
}

function sendSignal(scene: Scene, name: string, signal: NodeJS.Signals): Promise<void> {
  const process = findProcess(scene, name);
  if (process === undefined) throw new Error(`There is no process "${name}" in this run.`);
  if (!process.signal(signal)) throw new Error(`${name} was dead before it got ${signal}.`);
  return Promise.resolve();
}

async function takeSavepoint(scene: Scene, { job, stop = false }: StepValues['savepoint']): Promise<void> {
  const target = `file://${join(scene.dir, 'savepoints')}`;
  const { id } = findJob(scene, job);
  const result = await scene.cluster.runScript('flink', stop ? ['stop', '--savepointPath', target, id] : ['savepoint', id, target]);
  await keepClient(scene, 'client', { ...result, jobIds: [] }, false);
  const path = /Path: (\S+)/.exec(result.stdout)?.[1];
  if (path === undefined) throw new Error(`The client named no savepoint:\n${result.stdout}`);
  scene.savepoint = path;
}

/** The folder goes aside, a regular file takes its place: "Not a directory" for whoever writes below it. */
function blockPath(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path)) renameSync(path, `${path}.aside`);
  writeFileSync(path, '');
}

function findJob(scene: Pick<Scene, 'jobs'>, name: string | undefined): Job {
  const job = name === undefined ? scene.jobs.at(-1) : scene.jobs.findLast((known) => known.name === name);
  if (job === undefined) throw new Error(name === undefined ? 'No job was submitted so far.' : `No job "${name}" was submitted so far.`);
  return job;
}

/** Log and output file of a process of the run by its name in scenario.yaml. */
export function findFiles(scene: Pick<Scene, 'cluster' | 'zookeeper'>, name: string): string[] {
  const process = findProcess(scene, name) ?? clientFiles(scene.cluster, name);
  return [process.logFile, process.outFile];
}

function findProcess({ cluster, zookeeper }: Pick<Scene, 'cluster' | 'zookeeper'>, name: string): FlinkProcess | undefined {
  if (name === 'jobmanager') return cluster.jobManager;
  if (name === 'zookeeper') return zookeeper === undefined ? undefined : { ...zookeeper, outFile: zookeeper.logFile.replace(/\.log$/, '.out') };
  if (name === 'dead-taskmanager') return cluster.taskManagers.find((worker) => !worker.isAlive());
  const number = /^taskmanager-([1-9])$/.exec(name)?.[1];
  return number === undefined ? undefined : cluster.taskManagers[Number(number) - 1];
}

/** flink-<user>-client-<host>.log is Flink's own name; what the client printed lies beside it. */
function clientFiles(cluster: FlinkCluster, client: string): { logFile: string; outFile: string } {
  const prefix = join(cluster.logDir, `flink-${IDENT}-${client}-${hostname()}`);
  return { logFile: `${prefix}.log`, outFile: `${prefix}.out` };
}

/** `@RUN@` is the run's own folder. */
export function fillRun(text: string, dir: string): string {
  return text.replaceAll('@RUN@', dir);
}
