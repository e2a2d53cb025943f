// What each type of fact means, one row a type: whose it is, which ids it joins, what it is the newest word about, what
// it does to a job and to a process. The compiler refuses a type without a row. The rooms around it and the diagnosis
// read the rows, and none of them knows a type by its name. Pure.
import type { Fact } from '../../../flink/facts/fact.js';
import { addAttempt, addDeployment, addLife, addParallelism, addRun, type TaskSum } from './task-sum.js';
import { normalizeName, type JobView, type ProcessView } from './view.js';

/** What a fact says about one task. */
export interface TaskMention {
  readonly task: string;
  readonly attemptId: string | undefined;
  readonly allocationId: string | undefined;
  /** The TaskManager on which it is; undefined when the process that says so is meant. */
  readonly resourceId: string | undefined;
  readonly hasEnded: boolean;
}

/** What is left out says: nothing. */
export interface FactMeaning<F extends Fact> {
  /** The job that it names. */
  job?(fact: F): string | undefined;
  /** Without a name it is about the job of its task, or about that of its entry. */
  readonly jobBy?: 'task' | 'entry';
  task?(fact: F): TaskMention;
  /** Ids, beside those of the task, that are one job's. */
  joins?(fact: F): readonly (string | undefined)[];
  /**
   * What it is the newest word about, of its process or of its job: an earlier one of the same name says nothing beside
   * it. Undefined: it is of no account.
   */
  about?(fact: F, time: number, process: string): string | undefined;
  /** Of which series of its process or job it is one: all of them count, the old ones the less. */
  series?(fact: F): string;
  applyJob?(job: JobView, fact: F, time: number, process: string): void;
  applyProcess?(process: ProcessView, fact: F, time: number): void;
  /** To what is summed up of the tasks of its job. */
  applyTask?(sum: TaskSum, fact: F, time: number): void;
  /** Whether the process that says it has the job from then on. */
  isHere?(fact: F): boolean | undefined;
  /** The process that says it tells what becomes of the job. */
  readonly isTold?: true;
  /** With it around an error that ended nothing is known to have ended nothing. */
  tellsOfRunning?(fact: F): boolean;
  /** A process tells how it starts. */
  readonly tellsOfStart?: true;
  /** The TaskManager that it shows to belong to the cluster. */
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
    tellsOfStart: true,
    tellsOfRunning: always,
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
    isTold: true,
    tellsOfRunning: always,
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
    tellsOfRunning: always,
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
    tellsOfRunning: ({ event }) => event === 'completed',
  },
};

/** A row is only ever asked about facts of its own type. */
const BY_TYPE: Readonly<Record<Fact['type'], FactMeaning<Fact>>> = MEANINGS;

/** Every type that there is, because the compiler wants a row for each. */
export const FACT_TYPES: readonly string[] = Object.keys(MEANINGS);

export function meaningOf(fact: Fact): FactMeaning<Fact> {
  return BY_TYPE[fact.type];
}

/** The job that the fact names. */
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
