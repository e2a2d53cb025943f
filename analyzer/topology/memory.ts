// Remembers one cluster: its jobs and processes, which jobs own the tasks, ids and slots, which jobs each process had,
// and which entries name which job. It also holds the views that were made of this, and knows which views are stale.
// Signals may come in any order, and a signal that comes again has no effect. cluster.ts makes the views.
import { findSmallest } from '../../core/sequence.js';
import type { Fact } from '../../flink/facts/fact.js';
import type { EntryPosition, Signal } from '../entry/signal.js';
import { compactJob, createJob, observeJob, ownTasks, type JobMemory } from './job.js';
import { jobIdOf, meaningOf, type TaskMention } from './meaning.js';
import { compareFactPositions, factPositionOf, forgetFacts, type FactPosition, type ObservedFact } from './observed.js';
import {
  addJobId,
  createOwners,
  forgetIds,
  graphOf,
  joinIds,
  listIds,
  type Owners,
  type TaskOwner,
} from './connected-ids.js';
import { addAttemptSpan, forgetSpans } from './attempt-spans.js';
import { addJobMention, forgetJobMentions, type ProcessJobs } from './process-jobs.js';
import { observeProcess, createProcess, registerProcess, type ProcessMemory } from './process.js';
import { forgetBefore } from './task-sum.js';
import { normalizeName, type JobView, type ProcessView, type JobPlacement } from './view.js';

/** Times of the first and the last mention of a job, in milliseconds since 1970. */
export interface Mention {
  from: number;
  to: number;
}

export interface KnownCluster {
  readonly id: string;
  readonly owners: Owners;
  readonly jobs: Map<string, JobMemory>;
  readonly processes: Map<string, ProcessMemory>;
  /** Owners of the tasks with a name, by that name. */
  readonly tasks: Map<string, Set<TaskOwner>>;
  /** Owners of the tasks that were on a process, by process or resource id. */
  readonly places: Map<string, Set<TaskOwner>>;
  /** Jobs that each process has, as its own log says. */
  readonly processJobs: ProcessJobs;
  /** Position of the first entry of a JobManager about an execution graph, by graph. */
  readonly graphs: Map<string, FactPosition>;
  /** Jobs that the entries of a process name, each with the times of the first and the last mention. */
  readonly named: Map<string, Map<string, Mention>>;
  /** Facts that name no job. Each is about the only job that its entry can be about. */
  readonly nameless: Map<string, { readonly signal: Signal; readonly fact: ObservedFact }>;
  readonly registered: Set<string>;
  lastTime: number;
  showsRunning: boolean;
  showsStart: boolean;
  readonly views: ClusterViews;
}

/** Views made of the memory, valid until the memory changes. */
interface ClusterViews {
  readonly jobs: Map<string, JobView>;
  readonly processes: Map<string, ProcessView>;
  names: ReadonlyMap<string, string> | undefined;
  /** Names of each process, by the process; the reverse of `names`. */
  aliases: ReadonlyMap<string, readonly string[]>;
  readonly staleJobs: Set<string>;
  readonly staleProcesses: Set<string>;
  /** Whereabouts by job. There is no entry for a job of which something has changed. */
  readonly placements: Map<string, JobPlacement>;
}

export function createMemory(id: string): KnownCluster {
  return {
    id,
    owners: createOwners(),
    jobs: new Map(),
    processes: new Map(),
    tasks: new Map(),
    places: new Map(),
    processJobs: new Map(),
    graphs: new Map(),
    named: new Map(),
    nameless: new Map(),
    registered: new Set(),
    lastTime: 0,
    showsRunning: false,
    showsStart: false,
    views: {
      jobs: new Map(),
      processes: new Map(),
      names: undefined,
      aliases: new Map(),
      staleJobs: new Set(),
      staleProcesses: new Set(),
      placements: new Map(),
    },
  };
}

export function addSignal(memory: KnownCluster, signal: Signal): void {
  const { place: position, hints, facts } = signal;
  memory.lastTime = Math.max(memory.lastTime, position.time ?? 0);
  const process = findProcess(memory, position);
  if (hints.jobId !== undefined) registerJob(memory, hints.jobId, position);
  for (const fact of facts) {
    const jobId = jobIdOf(fact);
    if (jobId !== undefined) registerJob(memory, jobId, position);
    const { task, joins, applyProcess, taskManager, isHere, showsRunning, showsStart } = meaningOf(fact);
    memory.showsRunning ||= showsRunning?.(fact) === true;
    memory.showsStart ||= showsStart === true;
    const { time = 0 } = position;
    if (applyProcess !== undefined && observeProcess(process, fact, factPositionOf(position)))
      memory.views.staleProcesses.add(position.process);
    const here = isHere?.(fact);
    if (here !== undefined && jobId !== undefined)
      addJobMention(memory.processJobs, position.process, jobId, time, here);
    if (joins !== undefined) joinOwners(memory, fact, hints.jobId);
    if (task !== undefined) addTask(memory, signal, fact, task(fact), time);
    else addJobFact(memory, signal, fact, jobId);
    if (taskManager !== undefined) memory.registered.add(normalizeName(taskManager(fact)));
  }
}

function findProcess({ processes, views }: KnownCluster, position: EntryPosition): ProcessMemory {
  let process = processes.get(position.process);
  if (process === undefined) {
    processes.set(position.process, (process = createProcess(position.process)));
    views.staleProcesses.add(position.process);
  }
  if (registerProcess(process, position)) {
    views.staleProcesses.add(position.process);
    views.placements.clear();
  }
  return process;
}

function registerJob(memory: KnownCluster, jobId: string, position: EntryPosition): void {
  noteMention(memory.named, position, jobId);
  memory.views.placements.delete(jobId);
  if (memory.jobs.has(jobId)) return;
  memory.jobs.set(jobId, createJob(jobId));
  addJobId(memory.owners, jobId);
  invalidateJob(memory, jobId);
}

/** Invalidates the views of a job. */
function invalidateJob({ views }: KnownCluster, jobId: string): void {
  views.staleJobs.add(jobId);
  views.placements.delete(jobId);
}

function noteMention(named: KnownCluster['named'], { process, time }: EntryPosition, jobId: string): void {
  let jobs = named.get(process);
  if (jobs === undefined) named.set(process, (jobs = new Map()));
  const known = jobs.get(jobId);
  const [from, to] = time === undefined ? [-Infinity, Infinity] : [time, time];
  if (known === undefined) jobs.set(jobId, { from, to });
  else {
    known.from = Math.min(known.from, from);
    known.to = Math.max(known.to, to);
  }
}

function joinOwners(memory: KnownCluster, fact: Fact, jobId: string | undefined): TaskOwner | undefined {
  const { owners, tasks, places } = memory;
  const connected = joinIds(owners, listIds(fact, jobId), (gone, kept) => {
    for (const name of gone.tasks) moveOwner(tasks, name, gone, kept);
    for (const name of gone.places.keys()) moveOwner(places, name, gone, kept);
    for (const job of kept.jobs) invalidateJob(memory, job);
  });
  for (const job of connected?.jobs ?? []) invalidateJob(memory, job);
  return connected;
}

function moveOwner(index: Map<string, Set<TaskOwner>>, name: string, gone: TaskOwner, kept: TaskOwner): void {
  index.get(name)?.delete(gone);
  addToSet(index, name, kept);
}

/** Adds what is said about a task to its job, or else to the connected ids of the task, whose job may show later. */
function addTask(
  memory: KnownCluster,
  { place: position, hints: { jobId } }: Signal,
  fact: Fact,
  mention: TaskMention,
  time: number,
): void {
  const connected = joinOwners(memory, fact, jobId);
  if (position.component === 'jobmanager') registerGraph(memory, graphOf(mention.attemptId), factPositionOf(position));
  const job = jobId === undefined ? undefined : memory.jobs.get(jobId);
  const owner = job === undefined ? connected : ownTasks(job);
  if (owner === undefined) return;
  const { task, attemptId, allocationId, hasEnded } = mention;
  const on = findTaskManager(mention, position);
  const attempt = attemptId ?? allocationId;
  if (jobId !== undefined || attemptId !== undefined) {
    owner.tasks.add(task);
    addToSet(memory.tasks, task, owner);
    meaningOf(fact).applyTask?.(owner.sum, fact, time);
  }
  if (on !== undefined && attempt !== undefined) {
    addAttemptSpan(owner.places, on, attempt, time, hasEnded);
    addToSet(memory.places, on, owner);
  }
  for (const id of owner.jobs) invalidateJob(memory, id);
}

function registerGraph({ graphs }: KnownCluster, graph: string | undefined, at: FactPosition): void {
  if (graph === undefined) return;
  const known = graphs.get(graph);
  if (known === undefined || compareFactPositions(at, known) < 0) graphs.set(graph, at);
}

/** Returns the process, or its resource id; undefined if a JobManager names neither. */
function findTaskManager({ resourceId }: TaskMention, position: EntryPosition): string | undefined {
  if (resourceId !== undefined) return normalizeName(resourceId);
  return position.component === 'jobmanager' ? undefined : position.process;
}

function addJobFact(memory: KnownCluster, signal: Signal, fact: Fact, jobId: string | undefined): void {
  const { applyJob, about, jobBy } = meaningOf(fact);
  if (applyJob === undefined) return;
  const at = factPositionOf(signal.place);
  const job = jobId === undefined ? undefined : memory.jobs.get(jobId);
  if (job !== undefined) {
    if (observeJob(job, fact, at)) invalidateJob(memory, job.id);
    return;
  }
  const name = jobBy === 'entry' ? about?.(fact, at.time, at.process) : undefined;
  if (name !== undefined) memory.nameless.set(`${at.process} ${name}`, { signal, fact: { fact, at } });
}

function addToSet<Item>(index: Map<string, Set<Item>>, name: string, item: Item): void {
  const items = index.get(name);
  if (items === undefined) index.set(name, new Set([item]));
  else items.add(item);
}

/** Maximum number of nameless facts, and of execution graphs, that are kept. */
const MAX_NAMELESS = 1000;
const MAX_GRAPHS = 4000;
/** Time, in milliseconds, in which entries about an attempt may still come, in any order. */
const SETTLED_MS = 900_000;

export function compactMemory(memory: KnownCluster, horizon: number, beginnings: ReadonlyMap<string, number>): void {
  const { jobs, processes, owners, nameless, graphs, views } = memory;
  const begin = findSmallest([horizon, ...beginnings.values()]);
  for (const job of jobs.values())
    if (compactJob(job, Math.min(horizon, beginnings.get(job.id) ?? horizon))) invalidateJob(memory, job.id);
  for (const { process, observed } of processes.values()) {
    forgetFacts(observed, begin);
    views.staleProcesses.add(process);
  }
  const taskOwners = new Set([
    ...owners.connectedIds.values(),
    ...[...jobs.values()].flatMap(({ named }) => named ?? []),
  ]);
  for (const owner of taskOwners)
    if (compactOwner(memory, owner, begin)) for (const job of owner.jobs) invalidateJob(memory, job);
  forgetJobMentions(memory.processJobs, begin);
  for (const connected of forgetIds(owners)) for (const job of connected.jobs) invalidateJob(memory, job);
  for (const name of [...nameless.keys()].slice(0, -MAX_NAMELESS)) nameless.delete(name);
  for (const graph of [...graphs.keys()].slice(0, -MAX_GRAPHS)) graphs.delete(graph);
}

/** Forgets what was before `begin`; returns false if nothing was forgotten. */
function compactOwner({ places, lastTime }: KnownCluster, owner: TaskOwner, begin: number): boolean {
  const isShorter = forgetBefore(owner.sum, begin);
  const before = [...owner.places.keys()];
  const hasLess = forgetSpans(owner.places, begin, Math.max(begin, lastTime - SETTLED_MS));
  for (const name of before) if (!owner.places.has(name)) places.get(name)?.delete(owner);
  return isShorter || hasLess;
}
