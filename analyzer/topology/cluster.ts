// Builds the view of one cluster from its signals: jobs with their states and checkpoints, processes with their options
// and ends, which task, attempt and slot belongs to which job, and which jobs had tasks on a process at a time. Signals
// are added one by one (memory.ts). A view covers all signals so far; only the parts that changed are rebuilt. No I/O.
import type { JobLines } from '../../core/documents/job.js';
import { WHOLE_LOG, type Reading } from '../entry/reading.js';
import type { Signal } from '../entry/signal.js';
import { createLineList } from './lines.js';
import { viewJob } from './job.js';
import { addSignal, compactMemory, createMemory, type KnownCluster } from './memory.js';
import type { ObservedFact } from './observed.js';
import { hadLeft } from './process-jobs.js';
import { findByHost, indexNames, viewProcess, type ProcessMemory } from './process.js';
import { normalizeName, type JobView, type ProcessView } from './view.js';
import { listPlacements } from './placements.js';
import { findCertainJob, findJob, findNamedJob, findThere, hadTasks } from './ownership.js';

export interface ClusterView {
  readonly id: string;
  readonly jobs: ReadonlyMap<string, JobView>;
  readonly processes: ReadonlyMap<string, ProcessView>;
  /** Latest time of any signal. */
  readonly lastTime: number;
  /**
   * Returns the job that the entry is about, if that is certain: the job that the entry names, or the only one there
   * is.
   */
  jobOf(signal: Signal): string | undefined;
  /** Returns the job that the entry itself names, by an id or by a task that only this job has. */
  namedJobOf(signal: Signal): string | undefined;
  /** Returns the job that the entry names by an id. */
  certainJobOf(signal: Signal): string | undefined;
  /** True if the process, by its own log, had the job and does not have it any more at that time. */
  hasLeft(process: string, jobId: string, time: number | undefined): boolean;
  /**
   * Returns a test for jobs that had tasks on the process at that time; undefined if nothing is known about the
   * process.
   */
  thereOn(process: string, time: number | undefined): ((jobId: string) => boolean) | undefined;
  /** True if any job had tasks on the process at that time. */
  hadTasks(process: string, time: number | undefined): boolean;
  /** Returns the process that has this name: a resource id, host:port or address. */
  processOf(name: string): ProcessView | undefined;
  readonly taskManagers: number;
  /** Way in which its logs are read. */
  readonly reading: Reading;
}

export interface ClusterIndex {
  /** Adds the content of a signal; its time is the time of its position. */
  add(signal: Signal): void;
  /** Returns what is known now; the next `add` may change it. */
  view(reading: Reading): ClusterView;
  /**
   * Forgets what no later diagnosis needs: signals before `horizon` and, for a job with an open episode, before the
   * beginning of that episode. `beginnings` holds these beginnings by the id of the job.
   */
  compact(horizon: number, beginnings: ReadonlyMap<string, number>): void;
  /**
   * Returns the lines of each job, as far as they are known. What is open now is assumed to last up to `until`. A job
   * of which nothing has changed has the same object as before.
   */
  lines(until: number): readonly JobLines[];
  /**
   * True if lines show a running job. An error between such lines is known to be harmless if no failure followed it.
   */
  showsRunning(): boolean;
  /** True if a process logged how it starts. */
  showsStart(): boolean;
}

export function createClusterIndex(id: string): ClusterIndex {
  const memory = createMemory(id);
  const lines = createLineList(id);
  return {
    add: (signal) => addSignal(memory, signal),
    view: (reading) => viewCluster(memory, reading),
    compact: (horizon, beginnings) => compactMemory(memory, horizon, beginnings),
    lines: (until) => lines.list(listPlacements(viewCluster(memory, WHOLE_LOG).jobs.values(), memory), until),
    showsRunning: () => memory.showsRunning,
    showsStart: () => memory.showsStart,
  };
}

function viewCluster(memory: KnownCluster, reading: Reading): ClusterView {
  const { views, processes } = memory;
  const areNamesStale = refreshProcesses(memory);
  if (areNamesStale || views.names === undefined) {
    views.names = indexNames(views.processes);
    views.aliases = invertMap(views.names);
    views.placements.clear();
  }
  const { names } = views;
  const jobOf = (signal: Signal): string | undefined => findJob(signal, memory);
  refreshJobs(memory, jobOf);
  return {
    id: memory.id,
    jobs: views.jobs,
    processes: views.processes,
    lastTime: memory.lastTime,
    jobOf,
    namedJobOf: (signal) => findNamedJob(signal, memory),
    certainJobOf: (signal) => findCertainJob(signal, memory),
    hasLeft: (process, jobId, time) => time !== undefined && hadLeft(memory.processJobs, process, jobId, time),
    thereOn: (process, time) => findThere(process, time, memory),
    hadTasks: (process, time) => hadTasks(process, time, memory),
    processOf: (name) => views.processes.get(names.get(normalizeName(name)) ?? '') ?? findByHost(name, views.processes),
    taskManagers: memory.registered.size > 0 ? memory.registered.size : countTaskManagers(processes),
    reading,
  };
}

/** Updates the views of processes. Returns true if a process has another name than before. */
function refreshProcesses({ processes, views }: KnownCluster): boolean {
  let hasNames = false;
  for (const name of views.staleProcesses) {
    const process = processes.get(name);
    if (process === undefined) continue;
    const view = viewProcess(process);
    hasNames ||= view.names.size !== (views.processes.get(name)?.names.size ?? 0);
    views.processes.set(name, view);
  }
  views.staleProcesses.clear();
  return hasNames;
}

function invertMap(names: ReadonlyMap<string, string>): ReadonlyMap<string, readonly string[]> {
  const aliases = new Map<string, string[]>();
  for (const [name, process] of names) {
    const known = aliases.get(process);
    if (known === undefined) aliases.set(process, [name]);
    else known.push(name);
  }
  return aliases;
}

function refreshJobs(memory: KnownCluster, jobOf: (signal: Signal) => string | undefined): void {
  const { jobs, owners, nameless, views } = memory;
  const more = new Map<string, ObservedFact[]>();
  for (const { signal, fact } of nameless.values()) {
    const job = jobOf(signal);
    if (job !== undefined) more.set(job, [...(more.get(job) ?? []), fact]);
  }
  // Each job that becomes known may change which job the nameless facts belong to.
  const stale = nameless.size > 0 ? jobs.keys() : views.staleJobs;
  for (const id of stale) {
    const job = jobs.get(id);
    if (job !== undefined) views.jobs.set(id, viewJob(job, owners, more.get(id) ?? []));
  }
  views.staleJobs.clear();
}

function countTaskManagers(processes: ReadonlyMap<string, ProcessMemory>): number {
  return [...processes.values()].filter(({ component }) => component?.name === 'taskmanager').length;
}
