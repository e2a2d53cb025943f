// Finds the job to which an id belongs. Ids that stand in one fact are connected (union-find): an attempt and its slot,
// a slot and its job, an attempt and its execution graph. Connected ids that hold the id of a job belong to that job,
// and so does what was said about their tasks. Vertex ids are not used, because two jobs made from the same program
// have the same ones. Facts may come in any order: two sets of ids are joined when they turn out to be one.
import type { Fact } from '../../flink/facts/fact.js';
import { meaningOf } from './meaning.js';
import { joinAttemptSpans, type AttemptSpans } from './attempt-spans.js';
import { createTaskSum, joinTaskSum, type TaskSum } from './task-sum.js';

/** Owner of tasks: a job that a line names itself, or the job of connected ids. */
export interface TaskOwner {
  /** Ids of its jobs: one if it is certain, none if it is not known yet, several if the logs contradict themselves. */
  readonly jobs: Set<string>;
  readonly sum: TaskSum;
  /** Names of the tasks. */
  readonly tasks: Set<string>;
  readonly places: AttemptSpans;
}

export interface ConnectedIds extends TaskOwner {
  readonly ids: Set<string>;
}

export interface Owners {
  /** Connected ids, by each of the ids. */
  readonly connectedIds: Map<string, ConnectedIds>;
  readonly jobIds: Set<string>;
}

export function createOwners(): Owners {
  return { connectedIds: new Map(), jobIds: new Set() };
}

export function createTaskOwner(jobs: readonly string[]): TaskOwner {
  return { jobs: new Set(jobs), sum: createTaskSum(), tasks: new Set(), places: new Map() };
}

/**
 * Returns the only job of an owner. Two jobs among connected ids are a contradiction in the log, so the ids then belong
 * to no job.
 */
export function onlyJob({ jobs }: TaskOwner): string | undefined {
  const [first] = jobs;
  return jobs.size === 1 ? first : undefined;
}

export function isOnlyJob({ jobs }: TaskOwner, jobId: string): boolean {
  return jobs.size === 1 && jobs.has(jobId);
}

export function jobOfId({ connectedIds, jobIds }: Owners, id: string | undefined): string | undefined {
  if (id === undefined || jobIds.has(id)) return id;
  const [own, graph] = [connectedIds.get(id), connectedIds.get(graphOf(id) ?? '')];
  return (own === undefined ? undefined : onlyJob(own)) ?? (graph === undefined ? undefined : onlyJob(graph));
}

export function addJobId({ connectedIds, jobIds }: Owners, jobId: string): void {
  jobIds.add(jobId);
  connectedIds.get(jobId)?.jobs.add(jobId);
}

/**
 * Connects ids that belong together, joins their sets, and returns the joined set. `onJoin` is called with the set that
 * is gone and the set that is kept.
 */
export function joinIds(
  { connectedIds, jobIds }: Owners,
  ids: readonly string[],
  onJoin: (gone: ConnectedIds, kept: ConnectedIds) => void,
): ConnectedIds | undefined {
  let connected: ConnectedIds | undefined;
  for (const id of ids) {
    const known = connectedIds.get(id);
    if (known !== undefined && known !== connected)
      connected = connected === undefined ? known : joinConnected(connectedIds, connected, known, onJoin);
  }
  if (ids.length === 0) return undefined;
  connected ??= { ...createTaskOwner([]), ids: new Set() };
  for (const id of ids) {
    connectedIds.set(id, connected);
    connected.ids.add(id);
    if (jobIds.has(id)) connected.jobs.add(id);
  }
  return connected;
}

/** Joins the smaller set into the larger one, so that no id moves often. */
function joinConnected(
  connectedIds: Map<string, ConnectedIds>,
  a: ConnectedIds,
  b: ConnectedIds,
  onJoin: (gone: ConnectedIds, kept: ConnectedIds) => void,
): ConnectedIds {
  const [kept, gone] = a.ids.size < b.ids.size ? [b, a] : [a, b];
  for (const id of gone.ids) {
    connectedIds.set(id, kept);
    kept.ids.add(id);
  }
  for (const job of gone.jobs) kept.jobs.add(job);
  for (const task of gone.tasks) kept.tasks.add(task);
  joinTaskSum(kept.sum, gone.sum);
  joinAttemptSpans(kept.places, gone.places);
  onJoin(gone, kept);
  return kept;
}

/**
 * Returns the id of the execution graph. Since Flink 1.16 an attempt id begins with it, and a graph belongs to one job.
 */
export function graphOf(attemptId: string | undefined): string | undefined {
  const end = attemptId?.indexOf('_') ?? -1;
  return attemptId === undefined || end < 0 ? undefined : `${GRAPH}${attemptId.slice(0, end)}`;
}

const GRAPH = 'graph:';

/** True if an execution graph is known to belong to the job. */
export function hasGraph({ connectedIds }: Owners, jobId: string): boolean {
  for (const id of connectedIds.get(jobId)?.ids ?? []) if (id.startsWith(GRAPH)) return true;
  return false;
}

/**
 * Returns the ids of a fact that belong together. An attempt that names its graph is represented by the graph alone.
 */
export function listIds(fact: Fact, jobId: string | undefined): readonly string[] {
  const { joins, task } = meaningOf(fact);
  if (task === undefined) return (joins?.(fact) ?? []).filter((id) => id !== undefined);
  const { attemptId, allocationId } = task(fact);
  return [jobId, graphOf(attemptId) ?? attemptId, allocationId].filter((id) => id !== undefined);
}

/** Returns the ids that only this job has: attempts, slots and execution graphs, the latest last. */
export function listOwnIds({ connectedIds }: Owners, jobId: string): readonly string[] {
  const connected = connectedIds.get(jobId);
  if (connected === undefined || onlyJob(connected) !== jobId) return [];
  return [...connected.ids].filter((id) => id !== jobId);
}

/** Returns the id as it stands in a line. */
export function printId(id: string): string {
  return id.startsWith(GRAPH) ? id.slice(GRAPH.length) : id;
}

/** Maximum number of connected ids. The oldest ids of a larger set are forgotten, because attempts come and go. */
const MAX_IDS = 4000;

/** Forgets old ids, and returns the sets of which something was forgotten. */
export function forgetIds({ connectedIds, jobIds }: Owners): readonly ConnectedIds[] {
  const large = [...new Set(connectedIds.values())].filter(({ ids }) => ids.size > MAX_IDS);
  for (const { ids } of large) {
    const old = [...ids].filter((id) => !jobIds.has(id) && !id.startsWith(GRAPH)).slice(0, -MAX_IDS / 2);
    for (const id of old) {
      ids.delete(id);
      connectedIds.delete(id);
    }
  }
  return large;
}
