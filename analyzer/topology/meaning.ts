// Defines what each type of fact means, in one row for each type: which job it belongs to, which ids it joins, what it
// is the newest statement about, and what it does to a job and to a process. The compiler refuses a type without a row.
// The code around it and the diagnosis read the rows, and do not know any type by its name. Pure functions.
import type { Fact } from '../../flink/facts/fact.js';
import { addAttempt, addDeployment, addLife, addParallelism, addRun, type TaskSum } from './task-sum.js';
import { normalizeName, type JobView, type ProcessView } from './view.js';

/** Statement of a fact about one task. */
export interface TaskMention {
  readonly task: string;
  readonly attemptId: string | undefined;
  readonly allocationId: string | undefined;
  /** TaskManager on which the task is; undefined if it is the process that logs the fact. */
  readonly resourceId: string | undefined;
  readonly hasEnded: boolean;
}

/** Meaning of a type of fact. A member that is left out means that the fact says nothing about it. */
export interface FactMeaning<F extends Fact> {
  /** Returns the job that the fact names. */
  job?(fact: F): string | undefined;
  /** Source of the job if the fact does not name one: the job of its task, or the job of its entry. */
  readonly jobBy?: 'task' | 'entry';
  task?(fact: F): TaskMention;
  /** Returns the ids, besides those of the task, that belong to one job. */
  joins?(fact: F): readonly (string | undefined)[];
  /**
   * Returns a name for what the fact is about, within its process or its job. Only the newest fact of the same name
   * counts. Undefined if the fact does not count at all.
   */
  about?(fact: F, time: number, process: string): string | undefined;
  /**
   * Returns the series of its process or job to which the fact belongs. All facts of a series count, but old ones count
   * less.
   */
  series?(fact: F): string;
  applyJob?(job: JobView, fact: F, time: number, process: string): void;
  applyProcess?(process: ProcessView, fact: F, time: number): void;
  /** Adds the fact to the sum of the tasks of its job. */
  applyTask?(sum: TaskSum, fact: F, time: number): void;
  /** True if the process that logs the fact has the job from then on; undefined if the fact does not say. */
  isHere?(fact: F): boolean | undefined;
  /** True if the process that logs the fact states what becomes of the job. */
  readonly isObserved?: true;
  /**
   * True if the fact shows a running job. An error that ended nothing, with such a fact around it, is known to have
   * ended nothing.
   */
  showsRunning?(fact: F): boolean;
  /** True if the fact is logged when a process starts. */
  readonly showsStart?: true;
  /** Returns the TaskManager that the fact shows to belong to the cluster. */
  taskManager?(fact: F): string;
}

type FactOf<Type extends Fact['type']> = Extract<Fact, { readonly type: Type }>;

const MEANINGS: { readonly [Type in Fact['type']]: FactMeaning<FactOf<Type>> } = {
  version: {
    about: ({ type }) => type,
    applyProcess(process, { version, component }) {
      process.version = version;
      if (process.component === 'unknown') process.component = component;
    },
  },
  'jar-version': {
    about: ({ type }) => type,
    applyProcess(process, { version }) {
      process.jarVersion = version;
    },
  },
  option: {
    about: ({ type, key, dynamic }) => `${type} ${dynamic} ${key}`,
    applyProcess(process, { key, value, dynamic }) {
      (dynamic ? process.dynamicOptions : process.options).set(key, value);
    },
  },
  memory: {
    about: ({ type, component, bytes }) => `${type} ${component} ${Object.keys(bytes).join(' ')}`,
    applyProcess(process, { component, bytes }) {
      if (process.component === component || process.component === 'unknown')
        process.memory = { ...process.memory, ...bytes };
    },
  },
  'network-pool': {},
  'process-id': {
    about: ({ type, resourceId, address }) => `${type} ${resourceId} ${address}`,
    applyProcess(process, { resourceId, address }) {
      process.names.add(normalizeName(resourceId));
      if (address !== undefined) process.names.add(normalizeName(address));
      if (process.component === 'unknown') process.component = 'taskmanager';
    },
  },
  'process-start': {
    about: ({ type }, time) => `${type} ${time}`,
    series: () => '',
    applyProcess(process, { component }, time) {
      process.starts.push(time);
      if (process.component === 'unknown') process.component = component;
    },
    showsStart: true,
    showsRunning: always,
  },
  'process-end': {
    about: ({ type, reason }, time) => `${type} ${time} ${reason}`,
    series: ({ reason }) => reason,
    applyProcess(process, { reason, detail }, time) {
      process.ends.push({ time, reason, detail });
    },
  },
  'taskmanager-registered': { taskManager: ({ resourceId }) => resourceId },
  'taskmanager-lost': {},
  'job-submitted': {
    job: ownJob,
    about: ({ type }) => type,
    applyJob(job, { jobName }) {
      job.name = jobName;
    },
  },
  'job-state': {
    job: ownJob,
    about: ({ type, from, to }, time, process) => `${type} ${time} ${from} ${to} ${process}`,
    series: ({ to }) => to,
    applyJob(job, { from, to, jobName }, time, process) {
      job.states.push({ time, from, to, process });
      job.name ??= jobName;
    },
    isHere: ({ to }) => !JOB_ENDS.has(to),
    isObserved: true,
    showsRunning: always,
  },
  'restart-strategy': {
    job: ownJob,
    about: ({ type }) => type,
    applyJob(job, { strategy }) {
      job.strategy = strategy;
    },
  },
  'task-deployed': {
    jobBy: 'task',
    task: ({ task, attemptId, allocationId, resourceId }) => ({
      task,
      attemptId,
      allocationId,
      resourceId,
      hasEnded: false,
    }),
    applyTask(sum, { task, parallelism, attempt }, time) {
      addDeployment(sum, time, attempt);
      addParallelism(sum, time, task, parallelism);
    },
  },
  'task-received': {
    task: ({ task, attemptId, allocationId }) => ({
      task,
      attemptId,
      allocationId,
      resourceId: undefined,
      hasEnded: false,
    }),
  },
  'task-state': {
    jobBy: 'task',
    task: ({ task, attemptId, resourceId, to }) => ({
      task,
      attemptId,
      allocationId: undefined,
      resourceId,
      hasEnded: TASK_ENDS.has(to),
    }),
    applyTask(sum, { task, parallelism, to, attempt }, time) {
      if (to === 'RUNNING') {
        addRun(sum, time);
        addLife(sum, task, { ran: time });
        if (attempt !== undefined) addAttempt(sum, time, attempt);
      } else if (to !== 'FINISHED') addLife(sum, task, { ended: time });
      if (parallelism !== undefined) addParallelism(sum, time, task, parallelism);
    },
    showsRunning: always,
  },
  'tasks-restarting': {},
  slot: {
    job: ownJob,
    joins: ({ jobId, allocationId }) => [jobId, allocationId],
    isHere: ({ event }) => (event === 'freed' ? undefined : true),
  },
  'job-connection': { job: ownJob, isHere: ({ event }) => event === 'established' },
  checkpoint: {
    job: ({ jobId }) => jobId,
    jobBy: 'entry',
    about: ({ type, event, savepoint, checkpointId, reason }, time) =>
      reason !== undefined || (event === 'completed' && savepoint !== true)
        ? `${type} ${event} ${checkpointId} ${time}`
        : undefined,
    series: ({ event }) => event,
    applyJob(job, { checkpointId, reason }, time) {
      if (reason === undefined) job.checkpoints.push({ id: checkpointId, time });
      else job.refusals.push({ time, reason });
    },
    showsRunning: ({ event }) => event === 'completed',
  },
};

/** Rows by type. A row is only ever asked about facts of its own type. */
const BY_TYPE: Readonly<Record<Fact['type'], FactMeaning<Fact>>> = MEANINGS;

/** All types of facts. The list is complete, because the compiler requires a row for each type. */
export const FACT_TYPES: readonly string[] = Object.keys(MEANINGS);

export function meaningOf(fact: Fact): FactMeaning<Fact> {
  return BY_TYPE[fact.type];
}

/** Returns the job that the fact names. */
export function jobIdOf(fact: Fact): string | undefined {
  return meaningOf(fact).job?.(fact);
}

const TASK_ENDS: ReadonlySet<string> = new Set(['FINISHED', 'CANCELED', 'FAILED']);
const JOB_ENDS: ReadonlySet<string> = new Set([...TASK_ENDS, 'SUSPENDED']);

function always(): boolean {
  return true;
}

function ownJob({ jobId }: { readonly jobId: string }): string {
  return jobId;
}
