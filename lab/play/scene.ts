// Holds a scenario while it is played: its cluster, services, jobs and files. Resolves the names that scenario.yaml
// uses for them. run.ts creates it; steps.ts and submit.ts work on it.
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { FlinkCluster, FlinkProcess } from '../parts/services/flink.js';
import type { Scenario } from '../define/scenario.js';
import type { LabService } from '../define/services.js';
import { fillValues } from '../define/vary.js';
import type { FlinkVersion } from '../define/versions.js';

/** User part of the log files' names. */
export const IDENT = 'flink';

export interface Job {
  readonly id: string;
  readonly name: string;
}

export interface Scene {
  readonly scenario: Scenario;
  readonly version: FlinkVersion;
  /** The run's own folder: conf/, log/, checkpoints/, data/ … */
  readonly dir: string;
  readonly cluster: FlinkCluster;
  readonly services: ReadonlyMap<string, LabService>;
  /** Jobs in the order of their submission. */
  readonly jobs: Job[];
  /** Ids of the jobs of scenarios that were played earlier on this cluster. */
  readonly earlier: ReadonlySet<string>;
  /** Path of the last savepoint. */
  savepoint: string;
  /** Id → state of the jobs at the moment when a step stopped the cluster. */
  readonly lastStates: Map<string, string>;
}

/**
 * Returns the values that any text of the scenario may name: its parameters, the addresses of its services, `RUN` (its
 * folder).
 */
export function listValues(
  scenario: Scenario,
  dir: string,
  services: ReadonlyMap<string, LabService>,
): ReadonlyMap<string, string> {
  return new Map([
    ...scenario.values,
    ...[...services.values()].flatMap((service) => Object.entries(service.values)),
    ['RUN', dir],
  ]);
}

/**
 * Replaces every `@name@` in the texts of a step, including `@JOB@` (the last job) and `@SAVEPOINT@` (the last
 * savepoint).
 */
export function fillScene<T>(scene: Scene, value: T): T {
  const now = new Map([
    ...listValues(scene.scenario, scene.dir, scene.services),
    ['JOB', scene.jobs.at(-1)?.id ?? ''],
    ['SAVEPOINT', scene.savepoint],
  ]);
  return fillValues(value, now);
}

/** Asks the cluster for jobs that no client reported (an application's own, a recovered one). */
export async function noticeJobs({
  cluster,
  jobs,
  earlier,
}: Pick<Scene, 'cluster' | 'jobs' | 'earlier'>): Promise<void> {
  for (const { id, name } of await cluster.jobs())
    if (!earlier.has(id) && !jobs.some((job) => job.id === id)) jobs.push({ id, name });
}

export function findJob(scene: Pick<Scene, 'jobs'>, name: string | undefined): Job {
  const job = name === undefined ? scene.jobs.at(-1) : scene.jobs.findLast((known) => known.name === name);
  if (job === undefined)
    throw new Error(name === undefined ? 'No job was submitted so far.' : `No job "${name}" was submitted so far.`);
  return job;
}

type Members = Pick<Scene, 'cluster' | 'services'>;

/** Returns the log, the output and the garbage collector's file of a process, by its name in scenario.yaml. */
export function findFiles(scene: Members, name: string): string[] {
  const { logFile, outFile } = findProcess(scene, name) ?? clientFiles(scene.cluster, name);
  return [logFile, outFile, logFile.replace(/\.log$/, '.gc.log')];
}

export function requireProcess(scene: Members, name: string): FlinkProcess {
  const process = findProcess(scene, name);
  if (process === undefined) throw new Error(`There is no process "${name}" in this run.`);
  return process;
}

export function findProcess({ cluster, services }: Members, name: string): FlinkProcess | undefined {
  if (name === 'dead-taskmanager') return cluster.taskManagers.find((worker) => !worker.isAlive());
  const [, told] = /^taskmanager-of: (.+)$/.exec(name) ?? [];
  if (told !== undefined)
    return cluster.taskManagers.find(
      ({ logFile }) => existsSync(logFile) && readFileSync(logFile, 'utf8').includes(told),
    );
  const [, kind, number = '1'] = /^(jobmanager|taskmanager)(?:-([1-9]))?$/.exec(name) ?? [];
  if (kind === undefined) return services.get(name)?.process;
  return (kind === 'jobmanager' ? cluster.jobManagers : cluster.taskManagers)[Number(number) - 1];
}

/**
 * Returns the files of a client. flink-<user>-client-<host>.log is Flink's own name; the output of the client is next
 * to it.
 */
export function clientFiles(cluster: FlinkCluster, client: string): { logFile: string; outFile: string } {
  const prefix = join(cluster.logDir, `flink-${IDENT}-${client}-${hostname()}`);
  return { logFile: `${prefix}.log`, outFile: `${prefix}.out` };
}
