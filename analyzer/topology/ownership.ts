// Finds the job of an entry, if that is certain: the job that the entry names, or the only one there is. It also finds
// the jobs that had tasks on a process at a time. A name that could mean two jobs means none, because blaming a healthy
// neighbour is the worst mistake. In: what is remembered of the cluster, with the views of its processes. Pure
// functions.
import { findLargest } from '../../core/sequence.js';
import type { Signal } from '../entry/signal.js';
import type { KnownCluster } from './memory.js';
import { jobIdOf, meaningOf } from './meaning.js';
import { graphOf, hasGraph, isOnlyJob, jobOfId, onlyJob, type TaskOwner } from './connected-ids.js';
import { wasOnProcess } from './attempt-spans.js';
import { findOnlyHere } from './process-jobs.js';
import { normalizeName } from './view.js';

/** Returns the job that the entry is about, if that is certain. */
export function findJob(signal: Signal, memory: KnownCluster): string | undefined {
  return findNamedJob(signal, memory) ?? findOnlyJob(signal.place.process, memory) ?? findOnlyThen(signal, memory);
}

/** Returns the job that the entry itself names, by an id or by a task that only this job has. */
export function findNamedJob(signal: Signal, memory: KnownCluster): string | undefined {
  return findCertainJob(signal, memory) ?? onlyOne(listOwners(signal.hints.tasks, memory));
}

function* listOwners(tasks: readonly string[], memory: KnownCluster): Iterable<string | undefined> {
  for (const task of tasks) for (const owner of memory.tasks.get(task) ?? []) yield onlyJob(owner);
}

/** Returns the job that an id in the entry names. */
export function findCertainJob({ hints, facts }: Signal, memory: KnownCluster): string | undefined {
  if (hints.jobId !== undefined) return hints.jobId;
  const named = onlyOne(facts.map(jobIdOf));
  if (named !== undefined) return named;
  const byAttempt = onlyOne(facts.map((fact) => findByAttempt(meaningOf(fact).task?.(fact).attemptId, memory)));
  return byAttempt ?? onlyOne(hints.ids.map((item) => jobOfId(memory.owners, item)));
}

function findByAttempt(attemptId: string | undefined, memory: KnownCluster): string | undefined {
  return jobOfId(memory.owners, attemptId) ?? findByGraph(graphOf(attemptId) ?? '', memory);
}

/**
 * Returns the job of an execution graph for which no line names a job. It is the only job that the JobManager had when
 * it first logged the graph, if its log is known from its start on. A job with another known graph does not count.
 */
export function findByGraph(graph: string, { graphs, views, processJobs, owners }: KnownCluster): string | undefined {
  const at = graphs.get(graph);
  const starts = (views.processes.get(at?.process ?? '')?.starts ?? []).filter((start) => start <= (at?.time ?? 0));
  if (at === undefined || starts.length === 0) return undefined;
  const job = findOnlyHere(processJobs, at.process, findLargest(starts), at.time);
  return job === undefined || hasGraph(owners, job) ? undefined : job;
}

function onlyOne(items: Iterable<string | undefined>): string | undefined {
  let only: string | undefined;
  for (const item of items) {
    if (item === undefined || item === only) continue;
    if (only !== undefined) return undefined;
    only = item;
  }
  return only;
}

/** Returns the only job that the process ever had, or the only job of the cluster. */
function findOnlyJob(process: string, memory: KnownCluster): string | undefined {
  let only: string | undefined;
  for (const job of jobsOf(process, memory)) {
    if (only !== undefined && job !== only) return undefined;
    only = job;
  }
  if (only !== undefined) return only;
  const { jobIds } = memory.owners;
  const [first] = jobIds;
  return jobIds.size === 1 ? first : undefined;
}

/** Lists the jobs that the process ever had, some of them more than once. There may be thousands. */
function* jobsOf(process: string, memory: KnownCluster): Iterable<string> {
  yield* memory.named.get(process)?.keys() ?? [];
  for (const name of namesOf(process, memory))
    for (const owner of memory.places.get(name) ?? []) {
      const job = onlyJob(owner);
      if (job !== undefined) yield job;
    }
}

/** Returns the only job that a TaskManager had at that time, if its own log is known from its start on. */
function findOnlyThen({ place: { process, component, time } }: Signal, memory: KnownCluster): string | undefined {
  const { processJobs, views } = memory;
  if (component !== 'taskmanager' || time === undefined) return undefined;
  const starts = (views.processes.get(process)?.starts ?? []).filter((start) => start <= time);
  return starts.length === 0 ? undefined : findOnlyHere(processJobs, process, findLargest(starts), time);
}

/**
 * Returns a test for jobs that had tasks on the process at that time; undefined if nothing is known about the process.
 */
export function findThere(
  process: string,
  time: number | undefined,
  memory: KnownCluster,
): ((jobId: string) => boolean) | undefined {
  const names = listPlaces(process, memory);
  if (!names.some((name) => hasOwner(name, memory))) return undefined;
  const isOn = (owner: TaskOwner | undefined, jobId: string): boolean =>
    owner !== undefined && isOnlyJob(owner, jobId) && names.some((name) => wasOnProcess(owner.places, name, time));
  return (jobId) => isOn(memory.owners.connectedIds.get(jobId), jobId) || isOn(memory.jobs.get(jobId)?.named, jobId);
}

export function hadTasks(process: string, time: number | undefined, memory: KnownCluster): boolean {
  for (const name of listPlaces(process, memory))
    for (const owner of memory.places.get(name) ?? [])
      if (onlyJob(owner) !== undefined && wasOnProcess(owner.places, name, time)) return true;
  return false;
}

function listPlaces(process: string, memory: KnownCluster): readonly string[] {
  const own = namesOf(process, memory);
  return own.some((name) => hasOwner(name, memory)) ? own : [normalizeName(process)];
}

function hasOwner(name: string, { places }: KnownCluster): boolean {
  for (const owner of places.get(name) ?? []) if (onlyJob(owner) !== undefined) return true;
  return false;
}

/** Returns the owners that hold the tasks of the job. */
export function ownersOf(jobId: string, { owners, jobs }: KnownCluster): readonly TaskOwner[] {
  return [owners.connectedIds.get(jobId), jobs.get(jobId)?.named].flatMap((owner) =>
    owner !== undefined && isOnlyJob(owner, jobId) ? [owner] : [],
  );
}

/** Returns the names by which lines may say that tasks are on the process. */
function namesOf(process: string, { views }: KnownCluster): readonly string[] {
  return [...new Set([process, ...(views.aliases.get(process) ?? [])])];
}
