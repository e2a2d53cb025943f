// The signals of one cluster → who is who: jobs with their states and checkpoints, processes with their options and
// ends, which task, attempt and slot belongs to which job, and which jobs had tasks on a process at a time. Blaming a
// healthy neighbour is the worst mistake, so a name that could be of two jobs is of none. Pure; called by incident.ts.
import type { Fact } from '../../flink/facts/fact.js';
import { jobIdOf, joinOwners, type Owners } from './owner.js';
import { collectProcesses, findByHost, indexNames, normalizeName, type ProcessView } from './process.js';
import type { Excerpt, Signal } from '../entry/signal.js';

export interface JobView {
  readonly id: string;
  name?: string;
  readonly states: { readonly time: number; readonly from: string; readonly to: string }[];
  strategy?: string;
  readonly checkpoints: { readonly id: number; readonly time: number }[];
  /** Times at which one of its tasks began to run. */
  readonly taskRuns: number[];
  readonly deployments: { readonly time: number; readonly attempt: number }[];
  readonly tasks: Map<string, number>;
}

interface Placement {
  readonly jobId: string;
  readonly place: string;
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
  /** Only what somebody cut out of the logs. */
  readonly excerpt: Excerpt | undefined;
}

/** A task that ended this long before is still counted as being there: its process may be found dead later. */
const PLACEMENT_SLACK_MS = 60_000;

export function joinCluster(id: string, signals: readonly Signal[], excerpt?: Excerpt): ClusterView {
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
    excerpt,
  };
}

function collectTaskNames(signal: Signal, owners: Owners, taskJobs: Map<string, Set<string>>): void {
  for (const fact of signal.facts) {
    if (fact.type !== 'task-deployed' && fact.type !== 'task-received' && fact.type !== 'task-state') continue;
    const jobId = signal.hints.jobId ?? (fact.attemptId === undefined ? undefined : owners.jobOfId(fact.attemptId));
    if (jobId === undefined) continue;
    const jobs = taskJobs.get(fact.task);
    if (jobs === undefined) taskJobs.set(fact.task, new Set([jobId]));
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
  const attempts = signal.facts.flatMap((fact) =>
    'attemptId' in fact && fact.attemptId !== undefined ? [owners.jobOfId(fact.attemptId)] : [],
  );
  const byAttempt = onlyOne(attempts);
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
  for (const { place, jobId } of placements) put(place, jobId);
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
      if (fact.type !== 'task-deployed' && fact.type !== 'task-received' && fact.type !== 'task-state') continue;
      const attemptId = fact.attemptId ?? ('allocationId' in fact ? fact.allocationId : undefined);
      const jobId = hints.jobId ?? (attemptId === undefined ? undefined : owners.jobOfId(attemptId));
      const where =
        'resourceId' in fact && fact.resourceId !== undefined
          ? (names.get(normalizeName(fact.resourceId)) ?? normalizeName(fact.resourceId))
          : place.component === 'jobmanager'
            ? undefined
            : place.process;
      if (attemptId === undefined || jobId === undefined || where === undefined) continue;
      const key = `${attemptId}@${where}`;
      const time = place.time ?? 0;
      const placement = byAttempt.get(key) ?? { jobId, place: where, from: time, to: Number.POSITIVE_INFINITY };
      placement.from = Math.min(placement.from, time);
      if (fact.type === 'task-state' && isTerminal(fact.to)) placement.to = time;
      byAttempt.set(key, placement);
    }
  }
  return [...byAttempt.values()];
}

function isTerminal(state: string): boolean {
  return state === 'FINISHED' || state === 'CANCELED' || state === 'FAILED';
}

/** By the process, or by the resource id of one whose log is not there. */
function indexPlacements(placements: readonly Placement[]): (process: string) => readonly Placement[] {
  const index = new Map<string, Placement[]>();
  for (const placement of placements) {
    const list = index.get(placement.place);
    if (list === undefined) index.set(placement.place, [placement]);
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
  const time = signal.place.time ?? 0;
  for (const fact of signal.facts) {
    const jobId =
      jobIdOf(fact) ??
      (fact.type === 'task-state' || fact.type === 'task-deployed'
        ? (signal.hints.jobId ?? (fact.attemptId === undefined ? undefined : owners.jobOfId(fact.attemptId)))
        : fact.type === 'checkpoint'
          ? jobOf(signal)
          : undefined);
    const job = jobId === undefined ? undefined : jobs.get(jobId);
    if (job !== undefined) applyJobFact(job, fact, time);
  }
}

function applyJobFact(job: JobView, fact: Fact, time: number): void {
  switch (fact.type) {
    case 'job-submitted':
      job.name = fact.jobName;
      return;
    case 'job-state':
      job.states.push({ time, from: fact.from, to: fact.to });
      if (fact.jobName !== undefined) job.name ??= fact.jobName;
      return;
    case 'restart-strategy':
      job.strategy = fact.strategy;
      return;
    case 'checkpoint':
      if (fact.event === 'completed' && fact.savepoint !== true) job.checkpoints.push({ id: fact.checkpointId, time });
      return;
    case 'task-state':
      if (fact.to === 'RUNNING') job.taskRuns.push(time);
      if (fact.parallelism !== undefined) job.tasks.set(fact.task, fact.parallelism);
      return;
    case 'task-deployed':
      job.deployments.push({ time, attempt: fact.attempt });
      job.tasks.set(fact.task, fact.parallelism);
      return;
    default:
  }
}

function countTaskManagers(signals: readonly Signal[]): number {
  const ids = new Set(
    signals.flatMap((signal) =>
      signal.facts.flatMap((fact) => (fact.type === 'taskmanager-registered' ? [normalizeName(fact.resourceId)] : [])),
    ),
  );
  if (ids.size > 0) return ids.size;
  return new Set(
    signals.filter((signal) => signal.place.component === 'taskmanager').map((signal) => signal.place.process),
  ).size;
}
