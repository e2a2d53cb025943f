// Whose is it? An entry → its job, where that is certain: named by the entry, or the only one there is; and which jobs
// had tasks on a process at a time. A name that could be of two jobs is of none: blaming a healthy neighbour is the
// worst mistake. In: what is remembered of the cluster, with the views of its processes. Called by cluster.ts. Pure.
import { findLargest } from '../../core/sequence.js';
import type { Signal } from '../entry/signal.js';
import type { KnownCluster } from './memory/memory.js';
import { jobIdOf, meaningOf } from './memory/meaning.js';
import { graphOf, hasGraph, jobOfId, onlyJob } from './memory/owner.js';
import { wasThere } from './memory/place.js';
import { findOnlyHere } from './memory/presence.js';
import { normalizeName } from './memory/view.js';

/** The job that the entry is about, when that is certain. */
export function findJob(signal: Signal, memory: KnownCluster): string | undefined {
  return findNamedJob(signal, memory) ?? findOnlyJob(signal.place.process, memory) ?? findOnlyThen(signal, memory);
}

/** The job that the entry itself names, by an id or a task that only it has. */
export function findNamedJob({ hints, facts }: Signal, memory: KnownCluster): string | undefined {
  const { owners, tasks } = memory;
  if (hints.jobId !== undefined) return hints.jobId;
  const named = onlyOne(facts.map(jobIdOf));
  if (named !== undefined) return named;
  const byAttempt = onlyOne(facts.map((fact) => findByAttempt(meaningOf(fact).task?.(fact).attemptId, memory)));
  if (byAttempt !== undefined) return byAttempt;
  const byId = onlyOne(hints.ids.map((item) => jobOfId(owners, item)));
  if (byId !== undefined) return byId;
  return onlyOne(hints.tasks.flatMap((task) => [...(tasks.get(task) ?? [])].map(onlyJob)));
}

function findByAttempt(attemptId: string | undefined, memory: KnownCluster): string | undefined {
  return jobOfId(memory.owners, attemptId) ?? findByGraph(graphOf(attemptId) ?? '', memory);
}

/**
 * The only job that the JobManager had, as its log tells from its start on, when it told of the graph first: a graph
 * of which no line says whose it is. Of that job no other graph is known.
 */
export function findByGraph(graph: string, { graphs, views, presences, owners }: KnownCluster): string | undefined {
  const at = graphs.get(graph);
  const starts = (views.processes.get(at?.process ?? '')?.starts ?? []).filter((start) => start <= (at?.time ?? 0));
  if (at === undefined || starts.length === 0) return undefined;
  const job = findOnlyHere(presences, at.process, findLargest(starts), at.time);
  return job === undefined || hasGraph(owners, job) ? undefined : job;
}

function onlyOne(items: readonly (string | undefined)[]): string | undefined {
  const distinct = new Set(items.filter((item) => item !== undefined));
  const [first] = distinct;
  return distinct.size === 1 ? first : undefined;
}

/** The only job that the process ever had, or the only one of the cluster. */
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

/** Those that the process ever had, some more than once: there may be thousands. */
function* jobsOf(process: string, memory: KnownCluster): Iterable<string> {
  yield* memory.named.get(process)?.keys() ?? [];
  for (const name of namesOf(process, memory))
    for (const owner of memory.places.get(name) ?? []) {
      const job = onlyJob(owner);
      if (job !== undefined) yield job;
    }
}

/** The only job that a TaskManager had at that time, as its own log tells from its start on. */
function findOnlyThen({ place: { process, component, time } }: Signal, memory: KnownCluster): string | undefined {
  const { presences, views } = memory;
  if (component !== 'taskmanager' || time === undefined) return undefined;
  const starts = (views.processes.get(process)?.starts ?? []).filter((start) => start <= time);
  return starts.length === 0 ? undefined : findOnlyHere(presences, process, findLargest(starts), time);
}

export function findJobsOn(
  process: string,
  time: number | undefined,
  memory: KnownCluster,
): ReadonlySet<string> | undefined {
  const own = namesOf(process, memory);
  const names = own.some((name) => hasOwner(name, memory)) ? own : [normalizeName(process)];
  let isKnown = false;
  const jobs = new Set<string>();
  for (const name of names) {
    for (const owner of memory.places.get(name) ?? []) {
      const job = onlyJob(owner);
      isKnown ||= job !== undefined;
      if (job !== undefined && wasThere(owner.places, name, time)) jobs.add(job);
    }
  }
  return isKnown ? jobs : undefined;
}

function hasOwner(name: string, { places }: KnownCluster): boolean {
  return [...(places.get(name) ?? [])].some((owner) => onlyJob(owner) !== undefined);
}

/** Under which names tasks may be said to be on the process. */
export function namesOf(process: string, { views }: KnownCluster): readonly string[] {
  return [...new Set([process, ...(views.aliases.get(process) ?? [])])];
}
