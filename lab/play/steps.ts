// Implements each step kind: one table, one function per kind. run.ts runs the steps in the order of scenario.yaml. A
// step that cannot do its work throws, and the scenario has failed. submit.ts contains the steps that submit a job to
// the cluster.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fitsGlob, hasStar, parseGlob } from '../../core/text/glob.js';
import { waitHealthy } from './healthy.js';
import type { NetworkHost } from '../parts/network.js';
import { readLastLines, runCommand, stopProcess, waitFor } from '../parts/process.js';
import { clientFiles, fillScene, findFiles, findJob, noticeJobs, requireProcess, type Scene } from './scene.js';
import { SERVICE_ACTIONS } from './service-steps.js';
import type { LabService } from '../define/services.js';
import type { ScenarioStep, StepKind, StepValues } from '../define/steps-schema.js';
import { runScript, submitJar, submitSql, takeSavepoint } from './submit.js';
import { nameOption } from '../define/versions.js';

type Actions = { readonly [K in StepKind]: (scene: Scene, value: NonNullable<ScenarioStep[K]>) => Promise<unknown> };

const WAIT_SECONDS = 120;

const ACTIONS: Actions = {
  submitJar,
  submitSql,
  run: runScript,
  ...SERVICE_ACTIONS,
  waitLog,
  waitState: async (scene, { job, state, timeoutSeconds = WAIT_SECONDS }) => {
    await noticeJobs(scene);
    await scene.cluster.waitForJob(findJob(scene, job).id, state, timeoutSeconds * 1000);
  },
  waitHealthy,
  waitRest,
  waitDead: (scene, { process, timeoutSeconds = WAIT_SECONDS }) =>
    waitFor(
      `${process} has ended`,
      timeoutSeconds * 1000,
      () => Promise.resolve(requireProcess(scene, process).isAlive() ? 'alive' : true),
      () => readLastLines(findFiles(scene, process)),
    ),
  rest: ({ cluster }, { method, path, body }) => cluster.rest(path, method, body),
  kill: (scene, { process }) => sendSignal(scene, process, 'SIGKILL'),
  stop: (scene, { process }) => sendSignal(scene, process, 'SIGSTOP'),
  continue: (scene, { process }) => sendSignal(scene, process, 'SIGCONT'),
  cutNetwork: (scene, { process }) => requireNetwork(scene, process).cut(),
  mendNetwork: (scene, { process }) => requireNetwork(scene, process).mend(),
  resetConnections: ({ services }, { service }) => Promise.resolve(resetConnections(services.get(service), service)),
  idleConnections: ({ services }, { service, count }) => Promise.resolve(services.get(service)?.idle?.(count)),
  mountSmallDisk: ({ cluster, dir }, { path, megabytes }) => cluster.mountSmallDisk(join(dir, path), megabytes),
  remount: ({ dir }, { path, option }) => remount(join(dir, path), option),
  terminate: (scene, { process }) => stopProcess(requireProcess(scene, process).pid, 30_000),
  startJobManager,
  startTaskManager,
  savepoint: takeSavepoint,
  cancel: async (scene, { job }) => {
    const { id } = findJob(scene, job);
    await scene.cluster.cancel(id);
    await scene.cluster.waitForJob(id, 'CANCELED', 120_000);
  },
  block: ({ dir }, { path }) => Promise.resolve(blockPath(join(dir, path))),
  remove: ({ dir }, { path }) => Promise.resolve(removePath(dir, path)),
  write: ({ dir }, { path, text, append = false }) =>
    Promise.resolve(
      writeText(hasStar(parseGlob(path)) ? (requireMatches(dir, path)[0] ?? '') : join(dir, path), text, append),
    ),
  hold: (_scene, { seconds }) => sleep(seconds * 1000),
  stopCluster: async ({ cluster, lastStates }) => {
    for (const { id, state } of await cluster.jobs()) lastStates.set(id, state);
    for (const process of [...cluster.taskManagers, ...cluster.jobManagers]) await stopProcess(process.pid, 20_000);
  },
};

/** Runs one step, which has exactly one key (the schema guarantees that). */
export async function runStep(scene: Scene, step: ScenarioStep): Promise<void> {
  for (const kind of listKinds()) await runKind(scene, step, kind);
}

/** Renders the step in one line, for people and for the manifest. */
export function describeStep(step: ScenarioStep): string {
  return Object.entries(step)
    .map(([kind, value]) => `${kind} ${JSON.stringify(value)}`)
    .join(' ');
}

async function runKind<K extends StepKind>(scene: Scene, step: ScenarioStep, kind: K): Promise<void> {
  const value = step[kind];
  if (value !== undefined) await ACTIONS[kind](scene, fillScene(scene, value));
}

function listKinds(): StepKind[] {
  return Object.keys(ACTIONS).filter((name): name is StepKind => name in ACTIONS);
}

async function waitLog(
  scene: Scene,
  { process, text, times = 1, again = false, timeoutSeconds = WAIT_SECONDS }: StepValues['waitLog'],
): Promise<void> {
  const countAll = (): number => findFiles(scene, process).reduce((sum, file) => sum + countText(file, text), 0);
  const before = again ? countAll() : 0;
  await waitFor(
    `${process} logs "${text}" (${times} times${again ? ' more' : ''})`,
    timeoutSeconds * 1000,
    () => {
      const seen = countAll() - before;
      return Promise.resolve(seen >= times ? true : `${seen} times`);
    },
    () => readLastLines(findFiles(scene, process)),
  );
}

export function countText(file: string, text: string): number {
  return existsSync(file) ? readFileSync(file, 'utf8').split(text).length - 1 : 0;
}

function waitRest(
  { cluster }: Scene,
  { path, text, timeoutSeconds = WAIT_SECONDS }: StepValues['waitRest'],
): Promise<void> {
  return waitFor(`${path} answers with "${text}"`, timeoutSeconds * 1000, async () => {
    const answer = JSON.stringify(await cluster.rest(path));
    return answer.includes(text) ? true : answer.slice(0, 500);
  });
}

function sendSignal(scene: Scene, name: string, signal: NodeJS.Signals): Promise<void> {
  if (!requireProcess(scene, name).signal(signal)) throw new Error(`${name} was dead before it got ${signal}.`);
  return Promise.resolve();
}

function requireNetwork({ cluster }: Scene, name: string): NetworkHost {
  const { network } = cluster.taskManagers[Number(name.split('-')[1] ?? '1') - 1] ?? {};
  if (network === undefined) throw new Error(`${name} has no network of its own: say "network: true" in the cluster.`);
  return network;
}

function resetConnections(service: LabService | undefined, name: string): void {
  if (service?.reset === undefined) throw new Error(`There are no connections through "${name}" to reset.`);
  service.reset();
}

async function startJobManager(
  scene: Scene,
  { config = {}, fails = false }: StepValues['startJobManager'],
): Promise<void> {
  const started = await scene.cluster.startJobManager(nameOptions(scene, config), { fails });
  keepTerminal(scene, started.terminal);
}

async function startTaskManager(
  scene: Scene,
  { count, config = {}, limits, fails = false, wait = !fails }: StepValues['startTaskManager'],
): Promise<void> {
  for (let started = 0; started < count; started++) {
    const { terminal } = await scene.cluster.addTaskManager(nameOptions(scene, config), {
      fails,
      wait,
      limits,
    });
    keepTerminal(scene, terminal);
  }
}

function nameOptions({ version }: Scene, config: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [nameOption(key, version), value]));
}

/** Appends the output of the start scripts to the terminal's .out file. */
function keepTerminal({ cluster }: Scene, text: string): void {
  if (text !== '') appendFileSync(clientFiles(cluster, 'terminal').outFile, text);
}

async function remount(path: string, option: string): Promise<void> {
  const ended = await runCommand('mount', ['-o', `remount,${option}`, path]);
  if (ended.code !== 0) throw new Error(`${path} cannot be mounted ${option}: ${ended.stderr.trim()}`);
}

/** Moves the folder away and puts a regular file in its place, so that writes below it fail with "Not a directory". */
function blockPath(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path)) renameSync(path, `${path}.aside`);
  writeFileSync(path, '');
}

function removePath(dir: string, path: string): void {
  for (const item of requireMatches(dir, path)) rmSync(item, { recursive: true, force: true });
}

/**
 * Lists the matches of a path; `*` in a name stands for any characters. No match is an error, because the fault would
 * not happen.
 */
function requireMatches(dir: string, path: string): string[] {
  const found = path
    .split('/')
    .reduce<string[]>((folders, part) => folders.flatMap((folder) => listMatches(folder, part)), [dir]);
  if (found.length === 0) throw new Error(`There is nothing at ${path}.`);
  return found;
}

function listMatches(folder: string, part: string): string[] {
  const glob = parseGlob(part);
  return existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => fitsGlob(glob, name))
        .map((name) => join(folder, name))
    : [];
}

function writeText(path: string, text: string, append: boolean): void {
  mkdirSync(dirname(path), { recursive: true });
  if (append) appendFileSync(path, text);
  else writeFileSync(path, text);
}
