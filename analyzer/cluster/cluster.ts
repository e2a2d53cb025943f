// The signals of one cluster → who is who: jobs with their states and checkpoints, processes with their options and
// ends, which task, attempt and slot belongs to which job, and which jobs had tasks on a process at a time. Signals are
// added one by one, in any order, and once more without effect; a view is made of what they said so far, and only what
// they changed is made anew. Blaming a healthy neighbour is the worst mistake, so a name that could be of two jobs is
// of none. Pure; called by incident.ts and by the service.
import { findLargest, findSmallest, groupBy } from '../../core/sequence.js';
import type { Fact } from '../../flink/facts/fact.js';
import type { JobLines } from '../../store/store.js';
import { WHOLE_LOG, type Reading } from '../entry/reading.js';
import type { EntryPlace, Signal } from '../entry/signal.js';
import { compactJob, createJob, tellJob, viewJob, type JobMemory } from './job.js';
import { jobIdOf, meaningOf, type TaskMention } from './meaning.js';
import { compareFactPlaces, factPlaceOf, forgetFacts, type FactPlace, type ToldFact } from './told.js';
import {
  addJobId,
  createOwners,
  forgetIds,
  graphOf,
  hasGraph,
  jobOfId,
  joinIds,
  listIds,
  listOwnIds,
  printId,
  onlyJob,
  type Owners,
  type TaskOwner,
} from './owner.js';
import { listLines, type JobStay } from './lines.js';
import { addStay, forgetStays, listStays, wasThere } from './place.js';
import { addPresence, findOnlyHere, forgetPresences, hadLeft, type Presences } from './presence.js';
import {
  tellProcess,
  createProcess,
  findByHost,
  indexNames,
  meetProcess,
  viewProcess,
  type ProcessMemory,
} from './process.js';
import { forgetBefore } from './task-sum.js';
import { normalizeName, type JobView, type ProcessView } from './view.js';

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
  /** By its own log the process had the job, and has it no more at that time. */
  hasLeft(process: string, jobId: string, time: number | undefined): boolean;
  /** Jobs with tasks on the process at that time; undefined when nothing is known about the process. */
  jobsOn(process: string, time: number | undefined): ReadonlySet<string> | undefined;
  /** A resource id, host:port or address → the process of that name. */
  processOf(name: string): ProcessView | undefined;
  readonly taskManagers: number;
  /** How its logs are read. */
  readonly reading: Reading;
}

export interface ClusterIndex {
  /** What stands in the signal; its time is that of its place. */
  add(signal: Signal): void;
  /** What is known now; the next `add` may change it. */
  view(reading: Reading): ClusterView;
  /**
   * Forgets what no later diagnosis needs: what was before `horizon`, or before the beginning of a job's own episode
   * (by its id) that still goes on.
   */
  compact(horizon: number, beginnings: ReadonlyMap<string, number>): void;
  /** Which lines are whose, as far as is known; what is open now is believed up to `until`. */
  lines(until: number): readonly JobLines[];
  /** With such lines around it an error that ended nothing is known to have ended nothing. */
  tellsOfRunning(): boolean;
  /** A process tells how it starts. */
  tellsOfStart(): boolean;
}

interface Mention {
  from: number;
  to: number;
}

interface Memory {
  readonly id: string;
  readonly owners: Owners;
  readonly jobs: Map<string, JobMemory>;
  readonly processes: Map<string, ProcessMemory>;
  /** Whose tasks have the name. */
  readonly tasks: Map<string, Set<TaskOwner>>;
  /** Whose tasks were there, by process or resource id. */
  readonly places: Map<string, Set<TaskOwner>>;
  /** Jobs that a process has, as it says itself. */
  readonly presences: Presences;
  /** Where a JobManager tells first of an execution graph. */
  readonly graphs: Map<string, FactPlace>;
  /** Jobs that the entries of a process name, with the times of the first and the last. */
  readonly named: Map<string, Map<string, Mention>>;
  /** What names no job, and is about the one that its entry can only be about. */
  readonly nameless: Map<string, { readonly signal: Signal; readonly fact: ToldFact }>;
  readonly registered: Set<string>;
  lastTime: number;
  tellsOfRunning: boolean;
  tellsOfStart: boolean;
  readonly views: Views;
}

/** What is made of the memory, until that changes. */
interface Views {
  readonly jobs: Map<string, JobView>;
  readonly processes: Map<string, ProcessView>;
  names: ReadonlyMap<string, string> | undefined;
  /** Names by the process: the way back. */
  aliases: ReadonlyMap<string, readonly string[]>;
  readonly staleJobs: Set<string>;
  readonly staleProcesses: Set<string>;
}

export function createClusterIndex(id: string): ClusterIndex {
  const memory: Memory = {
    id,
    owners: createOwners(),
    jobs: new Map(),
    processes: new Map(),
    tasks: new Map(),
    places: new Map(),
    presences: new Map(),
    graphs: new Map(),
    named: new Map(),
    nameless: new Map(),
    registered: new Set(),
    lastTime: 0,
    tellsOfRunning: false,
    tellsOfStart: false,
    views: {
      jobs: new Map(),
      processes: new Map(),
      names: undefined,
      aliases: new Map(),
      staleJobs: new Set(),
      staleProcesses: new Set(),
    },
  };
  return {
    add: (signal) => addSignal(memory, signal),
    view: (reading) => viewCluster(memory, reading),
    compact: (horizon, beginnings) => compactCluster(memory, horizon, beginnings),
    lines: (until) => listLines(id, listRuns(memory), listJobStays(memory), until),
    tellsOfRunning: () => memory.tellsOfRunning,
    tellsOfStart: () => memory.tellsOfStart,
  };
}

function addSignal(memory: Memory, signal: Signal): void {
  const { place, hints, facts } = signal;
  memory.lastTime = Math.max(memory.lastTime, place.time ?? 0);
  const process = findProcess(memory, place);
  if (hints.jobId !== undefined) meetJob(memory, hints.jobId, place);
  for (const fact of facts) {
    const jobId = jobIdOf(fact);
    if (jobId !== undefined) meetJob(memory, jobId, place);
    const { task, joins, applyProcess, taskManager, isHere, tellsOfRunning, tellsOfStart } = meaningOf(fact);
    memory.tellsOfRunning ||= tellsOfRunning?.(fact) === true;
    memory.tellsOfStart ||= tellsOfStart === true;
    const { time = 0 } = place;
    if (applyProcess !== undefined && tellProcess(process, fact, factPlaceOf(place)))
      memory.views.staleProcesses.add(place.process);
    const here = isHere?.(fact);
    if (here !== undefined && jobId !== undefined) addPresence(memory.presences, place.process, jobId, time, here);
    if (joins !== undefined) joinOwners(memory, fact, hints.jobId);
    if (task !== undefined) addTask(memory, signal, fact, task(fact), time);
    else addJobFact(memory, signal, fact, jobId);
    if (taskManager !== undefined) memory.registered.add(normalizeName(taskManager(fact)));
  }
}

function findProcess({ processes, views }: Memory, place: EntryPlace): ProcessMemory {
  let process = processes.get(place.process);
  if (process === undefined) {
    processes.set(place.process, (process = createProcess(place.process)));
    views.staleProcesses.add(place.process);
  }
  if (meetProcess(process, place)) views.staleProcesses.add(place.process);
  return process;
}

function meetJob(memory: Memory, jobId: string, place: EntryPlace): void {
  noteMention(memory.named, place, jobId);
  if (memory.jobs.has(jobId)) return;
  memory.jobs.set(jobId, createJob(jobId));
  addJobId(memory.owners, jobId);
  memory.views.staleJobs.add(jobId);
}

function noteMention(named: Memory['named'], { process, time }: EntryPlace, jobId: string): void {
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

function joinOwners(memory: Memory, fact: Fact, jobId: string | undefined): TaskOwner | undefined {
  const { owners, tasks, places, views } = memory;
  const kin = joinIds(owners, listIds(fact, jobId), (gone, kept) => {
    for (const name of gone.tasks) moveOwner(tasks, name, gone, kept);
    for (const name of gone.places.keys()) moveOwner(places, name, gone, kept);
    for (const job of kept.jobs) views.staleJobs.add(job);
  });
  for (const job of kin?.jobs ?? []) views.staleJobs.add(job);
  return kin;
}

function moveOwner(index: Map<string, Set<TaskOwner>>, name: string, gone: TaskOwner, kept: TaskOwner): void {
  index.get(name)?.delete(gone);
  addToSet(index, name, kept);
}

/** What is said of a task is its job's, or the job's of its ids, which may show later whose they are. */
function addTask(
  memory: Memory,
  { place, hints: { jobId } }: Signal,
  fact: Fact,
  mention: TaskMention,
  time: number,
): void {
  const kin = joinOwners(memory, fact, jobId);
  if (place.component === 'jobmanager') meetGraph(memory, graphOf(mention.attemptId), factPlaceOf(place));
  const owner = (jobId === undefined ? undefined : memory.jobs.get(jobId)?.named) ?? kin;
  if (owner === undefined) return;
  const { task, attemptId, allocationId, hasEnded } = mention;
  const on = findTaskManager(mention, place);
  const attempt = attemptId ?? allocationId;
  if (jobId !== undefined || attemptId !== undefined) {
    owner.tasks.add(task);
    addToSet(memory.tasks, task, owner);
    meaningOf(fact).applyTask?.(owner.sum, fact, time);
  }
  if (on !== undefined && attempt !== undefined) {
    addStay(owner.places, on, attempt, time, hasEnded);
    addToSet(memory.places, on, owner);
  }
  for (const job of owner.jobs) memory.views.staleJobs.add(job);
}

function meetGraph({ graphs }: Memory, graph: string | undefined, at: FactPlace): void {
  if (graph === undefined) return;
  const known = graphs.get(graph);
  if (known === undefined || compareFactPlaces(at, known) < 0) graphs.set(graph, at);
}

/** The process, or the resource id of one; what a JobManager says of no place is nowhere. */
function findTaskManager({ resourceId }: TaskMention, place: EntryPlace): string | undefined {
  if (resourceId !== undefined) return normalizeName(resourceId);
  return place.component === 'jobmanager' ? undefined : place.process;
}

function addJobFact(memory: Memory, signal: Signal, fact: Fact, jobId: string | undefined): void {
  const { applyJob, about, jobBy } = meaningOf(fact);
  if (applyJob === undefined) return;
  const at = factPlaceOf(signal.place);
  const job = jobId === undefined ? undefined : memory.jobs.get(jobId);
  if (job !== undefined) {
    if (tellJob(job, fact, at)) memory.views.staleJobs.add(job.id);
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

/** Names of no job that are kept, and execution graphs. */
const MOST_NAMELESS = 1000;
const MOST_GRAPHS = 4000;

function compactCluster(memory: Memory, horizon: number, beginnings: ReadonlyMap<string, number>): void {
  const { jobs, processes, owners, nameless, graphs, views } = memory;
  const begin = findSmallest([horizon, ...beginnings.values()]);
  for (const job of jobs.values()) {
    compactJob(job, Math.min(horizon, beginnings.get(job.id) ?? horizon));
    views.staleJobs.add(job.id);
  }
  for (const { process, told } of processes.values()) {
    forgetFacts(told, begin);
    views.staleProcesses.add(process);
  }
  const taskOwners = new Set([...owners.kins.values(), ...[...jobs.values()].map(({ named }) => named)]);
  for (const owner of taskOwners) {
    forgetBefore(owner.sum, begin);
    const before = [...owner.places.keys()];
    forgetStays(owner.places, begin);
    for (const name of before) if (!owner.places.has(name)) memory.places.get(name)?.delete(owner);
  }
  forgetPresences(memory.presences, begin);
  forgetIds(owners);
  for (const name of [...nameless.keys()].slice(0, -MOST_NAMELESS)) nameless.delete(name);
  for (const graph of [...graphs.keys()].slice(0, -MOST_GRAPHS)) graphs.delete(graph);
}

function viewCluster(memory: Memory, reading: Reading): ClusterView {
  const { views, processes } = memory;
  const areNamesStale = refreshProcesses(memory);
  if (areNamesStale || views.names === undefined) {
    views.names = indexNames(views.processes);
    views.aliases = turnAround(views.names);
  }
  const { names } = views;
  const namedJobOf = (signal: Signal): string | undefined => findNamedJob(signal, memory);
  const jobOf = (signal: Signal): string | undefined =>
    namedJobOf(signal) ?? findOnlyJob(signal.place.process, memory) ?? findOnlyThen(signal, memory);
  refreshJobs(memory, jobOf);
  return {
    id: memory.id,
    jobs: views.jobs,
    processes: views.processes,
    lastTime: memory.lastTime,
    jobOf,
    namedJobOf,
    hasLeft: (process, jobId, time) => time !== undefined && hadLeft(memory.presences, process, jobId, time),
    jobsOn: (process, time) => findJobsOn(process, time, memory),
    processOf: (name) => views.processes.get(names.get(normalizeName(name)) ?? '') ?? findByHost(name, views.processes),
    taskManagers: memory.registered.size > 0 ? memory.registered.size : countTaskManagers(processes),
    reading,
  };
}

/** True when a process has another name than before. */
function refreshProcesses({ processes, views }: Memory): boolean {
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

function turnAround(names: ReadonlyMap<string, string>): ReadonlyMap<string, readonly string[]> {
  const aliases = new Map<string, string[]>();
  for (const [name, process] of names) {
    const known = aliases.get(process);
    if (known === undefined) aliases.set(process, [name]);
    else known.push(name);
  }
  return aliases;
}

function refreshJobs(memory: Memory, jobOf: (signal: Signal) => string | undefined): void {
  const { jobs, owners, nameless, views } = memory;
  const more = new Map<string, ToldFact[]>();
  for (const { signal, fact } of nameless.values()) {
    const job = jobOf(signal);
    if (job !== undefined) more.set(job, [...(more.get(job) ?? []), fact]);
  }
  // Whose they are may change with every job that becomes known.
  const stale = nameless.size > 0 ? jobs.keys() : views.staleJobs;
  for (const id of stale) {
    const job = jobs.get(id);
    if (job !== undefined) views.jobs.set(id, viewJob(job, owners, more.get(id) ?? []));
  }
  views.staleJobs.clear();
}

function findNamedJob({ hints, facts }: Signal, memory: Memory): string | undefined {
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

function findByAttempt(attemptId: string | undefined, memory: Memory): string | undefined {
  return jobOfId(memory.owners, attemptId) ?? findByGraph(graphOf(attemptId) ?? '', memory);
}

/**
 * The only job that the JobManager had, as its log tells from its start on, when it told of the graph first: a graph
 * of which no line says whose it is. Of that job no other graph is known.
 */
function findByGraph(graph: string, { graphs, views, presences, owners }: Memory): string | undefined {
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
function findOnlyJob(process: string, memory: Memory): string | undefined {
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
function* jobsOf(process: string, memory: Memory): Iterable<string> {
  yield* memory.named.get(process)?.keys() ?? [];
  for (const name of namesOf(process, memory))
    for (const owner of memory.places.get(name) ?? []) {
      const job = onlyJob(owner);
      if (job !== undefined) yield job;
    }
}

/** The only job that a TaskManager had at that time, as its own log tells from its start on. */
function findOnlyThen({ place: { process, component, time } }: Signal, memory: Memory): string | undefined {
  const { presences, views } = memory;
  if (component !== 'taskmanager' || time === undefined) return undefined;
  const starts = (views.processes.get(process)?.starts ?? []).filter((start) => start <= time);
  return starts.length === 0 ? undefined : findOnlyHere(presences, process, findLargest(starts), time);
}

function findJobsOn(process: string, time: number | undefined, memory: Memory): ReadonlySet<string> | undefined {
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

function hasOwner(name: string, { places }: Memory): boolean {
  return [...(places.get(name) ?? [])].some((owner) => onlyJob(owner) !== undefined);
}

/** Under which names tasks may be said to be on the process. */
function namesOf(process: string, { views }: Memory): readonly string[] {
  return [...new Set([process, ...(views.aliases.get(process) ?? [])])];
}

function listRuns(memory: Memory): Parameters<typeof listLines>[1] {
  const { jobs } = viewCluster(memory, WHOLE_LOG);
  const graphs = groupBy([...memory.graphs.keys()], (graph) => findByGraph(graph, memory) ?? '');
  return [...jobs.values()].map(({ id, name }) => ({
    id,
    name,
    ids: [...listOwnIds(memory.owners, id), ...(graphs.get(id) ?? [])].map(printId),
  }));
}

/** Where its tasks were, and whose logs spoke of it: a JobManager has it from its submission to its end. */
function listJobStays(memory: Memory): readonly JobStay[] {
  const stays: JobStay[] = [];
  for (const process of memory.processes.keys()) {
    for (const name of namesOf(process, memory))
      for (const owner of memory.places.get(name) ?? []) {
        const job = onlyJob(owner);
        if (job !== undefined) for (const stay of listStays(owner.places, name)) stays.push({ ...stay, job, process });
      }
    for (const [job, mention] of memory.named.get(process) ?? [])
      for (const stay of listMentions(memory, process, job, mention)) stays.push({ ...stay, job, process });
  }
  return stays;
}

const BEGINNINGS: ReadonlySet<string> = new Set(['INITIALIZING', 'CREATED']);
const ENDS: ReadonlySet<string> = new Set(['FAILED', 'CANCELED', 'FINISHED', 'SUSPENDED']);

/** What its log does not tell of the beginning or of the end is a guess. */
function listMentions(
  { processes, views }: Memory,
  process: string,
  job: string,
  mention: Mention,
): readonly Pick<JobStay, 'from' | 'to' | 'isGuess'>[] {
  if (processes.get(process)?.component?.name !== 'jobmanager') return [mention];
  const { states: all = [], name } = views.jobs.get(job) ?? {};
  const states = all.filter((state) => state.process === process);
  const [first, last] = [states[0], states.at(-1)];
  const hasBegun = BEGINNINGS.has(first?.from ?? '') || (first === undefined && name !== undefined);
  const hasEnded = ENDS.has(last?.to ?? '');
  const from = hasBegun ? mention.from : -Infinity;
  const to = hasEnded ? mention.to : Infinity;
  return [
    { from: mention.from, to: last === undefined ? mention.to : to },
    { from, to, isGuess: true },
  ];
}

function countTaskManagers(processes: ReadonlyMap<string, ProcessMemory>): number {
  return [...processes.values()].filter(({ component }) => component?.name === 'taskmanager').length;
}
