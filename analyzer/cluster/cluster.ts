// The signals of one cluster → who is who: jobs with their states and checkpoints, processes with their options and
// ends, which task, attempt and slot belongs to which job, and which jobs had tasks on a process at a time. Blaming a
// healthy neighbour is the worst mistake, so a name that could be of two jobs is of none. Pure; called by incident.ts.
import type { Reading } from '../entry/reading.js';
import type { EntryPlace, Signal } from '../entry/signal.js';
import { jobIdOf, meaningOf, type TaskMention } from './meaning.js';
import { joinOwners, type Owners } from './owner.js';
import { collectProcesses, findByHost, indexNames } from './process.js';
import { normalizeName, type JobView, type ProcessView } from './view.js';

/** An attempt of a task on a process. */
interface Placement {
  readonly jobId: string;
  readonly process: string;
  from: number;
  to: number;
}

export interface ClusterView {
  readonly id: string;
  readonly jobs: ReadonlyMap<string, JobView>;
  readonly processes: ReadonlyMap<string, ProcessView>;
  /** Latest time of any signal. */
  readonly lastTime: number;
  /** The job that the entry is about, when that is certain: named by the entry, or the only one there is. */
  jobOf(signal: Signal): string | undefined;
  /** The job that the entry itself names, by an id or a task that only it has. */
  namedJobOf(signal: Signal): string | undefined;
  /** Jobs with tasks on the process at that time; undefined when nothing is known about the process. */
  jobsOn(process: string, time: number | undefined): ReadonlySet<string> | undefined;
  /** A resource id, host:port or address → the process of that name. */
  processOf(name: string): ProcessView | undefined;
  readonly taskManagers: number;
  /** How its logs are read. */
  readonly reading: Reading;
}

/** A task that ended this long before is still counted as being there: its process may be found dead later. */
const PLACEMENT_SLACK_MS = 60_000;

export function joinCluster(id: string, signals: readonly Signal[], reading: Reading): ClusterView {
  const owners = joinOwners(signals);
  const processes = collectProcesses(signals);
  const names = indexNames(processes);
  const taskJobs = new Map<string, Set<string>>();
  const jobs = new Map<string, JobView>();
  for (const jobId of owners.jobIds)
    jobs.set(jobId, { id: jobId, states: [], checkpoints: [], taskRuns: [], deployments: [], tasks: new Map() });
  for (const signal of signals) collectTaskNames(signal, owners, taskJobs);
  const namedJobOf = (signal: Signal): string | undefined => findNamedJob(signal, owners, taskJobs);
  const jobOf = (signal: Signal): string | undefined => namedJobOf(signal) ?? processJobs.only(signal.place.process);
  const placements = collectPlacements(signals, owners, names);
  const processJobs = indexProcessJobs(signals, owners, placements);
  const placesOf = indexPlacements(placements);
  for (const signal of signals) collectJobFacts(signal, jobOf, owners, jobs);
  return {
    id,
    jobs,
    processes,
    lastTime: signals.reduce((last, signal) => Math.max(last, signal.place.time ?? 0), 0),
    jobOf,
    namedJobOf,
    jobsOn: (process, time) => findJobsOn(time, placesOf(process)),
    processOf: (name) => processes.get(names.get(normalizeName(name)) ?? '') ?? findByHost(name, processes),
    taskManagers: countTaskManagers(signals),
    reading,
  };
}

function collectTaskNames(signal: Signal, owners: Owners, taskJobs: Map<string, Set<string>>): void {
  for (const fact of signal.facts) {
    const mention = meaningOf(fact).task?.(fact);
    const jobId = mention === undefined ? undefined : (signal.hints.jobId ?? owners.jobOfId(mention.attemptId));
    if (mention === undefined || jobId === undefined) continue;
    const jobs = taskJobs.get(mention.task);
    if (jobs === undefined) taskJobs.set(mention.task, new Set([jobId]));
    else jobs.add(jobId);
  }
}

function findNamedJob(
  signal: Signal,
  owners: Owners,
  taskJobs: ReadonlyMap<string, ReadonlySet<string>>,
): string | undefined {
  if (signal.hints.jobId !== undefined) return signal.hints.jobId;
  const named = onlyOne(signal.facts.map(jobIdOf));
  if (named !== undefined) return named;
  const byAttempt = onlyOne(signal.facts.map((fact) => owners.jobOfId(meaningOf(fact).task?.(fact).attemptId)));
  if (byAttempt !== undefined) return byAttempt;
  const byId = onlyOne(signal.hints.ids.map((item) => owners.jobOfId(item)));
  if (byId !== undefined) return byId;
  return onlyOne(signal.hints.tasks.flatMap((task) => [...(taskJobs.get(task) ?? [])]));
}

function onlyOne(items: readonly (string | undefined)[]): string | undefined {
  const distinct = new Set(items.filter((item) => item !== undefined));
  const [first] = distinct;
  return distinct.size === 1 ? first : undefined;
}

interface ProcessJobs {
  /** The only job that the process ever had, or the only one of the cluster. */
  only(process: string): string | undefined;
}

function indexProcessJobs(signals: readonly Signal[], owners: Owners, placements: readonly Placement[]): ProcessJobs {
  const byProcess = new Map<string, Set<string>>();
  const put = (process: string, jobId: string | undefined): void => {
    if (jobId === undefined) return;
    const jobs = byProcess.get(process);
    if (jobs === undefined) byProcess.set(process, new Set([jobId]));
    else jobs.add(jobId);
  };
  for (const { process, jobId } of placements) put(process, jobId);
  for (const { place, hints, facts } of signals) {
    put(place.process, hints.jobId);
    for (const fact of facts) put(place.process, jobIdOf(fact));
  }
  return {
    only: (process) => {
      const own = byProcess.get(process);
      const jobs = own === undefined || own.size === 0 ? owners.jobIds : own;
      return jobs.size === 1 ? [...jobs][0] : undefined;
    },
  };
}

function collectPlacements(
  signals: readonly Signal[],
  owners: Owners,
  names: ReadonlyMap<string, string>,
): readonly Placement[] {
  const byAttempt = new Map<string, Placement>();
  for (const { place, facts, hints } of signals) {
    for (const fact of facts) {
      const mention = meaningOf(fact).task?.(fact);
      if (mention === undefined) continue;
      const attemptId = mention.attemptId ?? mention.allocationId;
      const jobId = hints.jobId ?? owners.jobOfId(attemptId);
      const on = findTaskManager(mention, place, names);
      if (attemptId === undefined || jobId === undefined || on === undefined) continue;
      const key = `${attemptId}@${on}`;
      const time = place.time ?? 0;
      const placement = byAttempt.get(key) ?? { jobId, process: on, from: time, to: Number.POSITIVE_INFINITY };
      placement.from = Math.min(placement.from, time);
      if (mention.hasEnded) placement.to = time;
      byAttempt.set(key, placement);
    }
  }
  return [...byAttempt.values()];
}

/** The process, or the resource id of one whose log is not there; what a JobManager says of no place is nowhere. */
function findTaskManager(
  { resourceId }: TaskMention,
  place: EntryPlace,
  names: ReadonlyMap<string, string>,
): string | undefined {
  if (resourceId !== undefined) return names.get(normalizeName(resourceId)) ?? normalizeName(resourceId);
  return place.component === 'jobmanager' ? undefined : place.process;
}

/** By the process, or by the resource id of one whose log is not there. */
function indexPlacements(placements: readonly Placement[]): (process: string) => readonly Placement[] {
  const index = new Map<string, Placement[]>();
  for (const placement of placements) {
    const list = index.get(placement.process);
    if (list === undefined) index.set(placement.process, [placement]);
    else list.push(placement);
  }
  return (process) => index.get(process) ?? index.get(normalizeName(process)) ?? [];
}

function findJobsOn(time: number | undefined, here: readonly Placement[]): ReadonlySet<string> | undefined {
  if (here.length === 0) return undefined;
  const then = here.filter(
    (placement) => time === undefined || (placement.from <= time + 1000 && placement.to >= time - PLACEMENT_SLACK_MS),
  );
  return new Set(then.map((placement) => placement.jobId));
}

function collectJobFacts(
  signal: Signal,
  jobOf: (signal: Signal) => string | undefined,
  owners: Owners,
  jobs: ReadonlyMap<string, JobView>,
): void {
  for (const fact of signal.facts) {
    const { job: named, jobBy, task, applyJob } = meaningOf(fact);
    if (applyJob === undefined) continue;
    const jobId =
      named?.(fact) ??
      (jobBy === 'task'
        ? (signal.hints.jobId ?? owners.jobOfId(task?.(fact).attemptId))
        : jobBy === 'entry'
          ? jobOf(signal)
          : undefined);
    const job = jobId === undefined ? undefined : jobs.get(jobId);
    if (job !== undefined) applyJob(job, fact, signal.place.time ?? 0, signal.place.process);
  }
}

function countTaskManagers(signals: readonly Signal[]): number {
  const ids = new Set(
    signals.flatMap(({ facts }) =>
      facts.flatMap((fact) => {
        const id = meaningOf(fact).taskManager?.(fact);
        return id === undefined ? [] : [normalizeName(id)];
      }),
    ),
  );
  if (ids.size > 0) return ids.size;
  return new Set(
    signals.filter((signal) => signal.place.component === 'taskmanager').map((signal) => signal.place.process),
  ).size;
}
