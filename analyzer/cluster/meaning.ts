// What each type of fact means, one row a type: whose it is, which ids it joins, what it is the newest word about, what
// it does to a job and to a process. The compiler refuses a type without a row. owner.ts, cluster.ts, process.ts, the
// diagnosis and the service's memory read the rows, and none of them knows a type by its name. Pure.
import type { Fact } from '../../flink/facts/fact.js';
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

/**
 * How long the service needs a fact of which there is a newer one: for as long as its time is recent; only if something
 * of its job failed within an hour and before the newer one; or not at all.
 */
export type Keeping = 'recent' | 'before-event' | 'never';

/** What is left out says: nothing. */
export interface FactMeaning<F extends Fact> {
  /** The job that it names. */
  job?(fact: F): string | undefined;
  /** Without a name it is about the job of its task, or about that of its entry. */
  readonly jobBy?: 'task' | 'entry';
  task?(fact: F): TaskMention;
  /** Ids, beside those of the task, that are one job's. */
  joins?(fact: F): readonly (string | undefined)[];
  /** What it is the newest word about; of each name the service keeps the newest fact for ever. */
  newest?(fact: F, process: string): readonly string[];
  keep?(fact: F): Keeping;
  applyJob?(job: JobView, fact: F, time: number, process: string): void;
  applyProcess?(process: ProcessView, fact: F, time: number): void;
  /** The process that says it tells what becomes of the job. */
  readonly isTold?: true;
  /** With it around an error that ended nothing is known to have ended nothing. */
  tellsOfRunning?(fact: F): boolean;
  /** The TaskManager that it shows to belong to the cluster. */
  taskManager?(fact: F): string;
}

type FactOf<Type extends Fact['type']> = Extract<Fact, { readonly type: Type }>;

const MEANINGS: { readonly [Type in Fact['type']]: FactMeaning<FactOf<Type>> } = {
  version: {
    newest: aboutProcess,
    applyProcess(process, { version, component }) {
      process.version = version;
      if (process.component === 'unknown') process.component = component;
    },
  },
  'jar-version': {
    newest: aboutProcess,
    applyProcess(process, { version }) {
      process.jarVersion ??= version;
    },
  },
  option: {
    newest: ({ key, dynamic }, process) => [`option ${process} ${dynamic} ${key}`],
    applyProcess(process, { key, value, dynamic }) {
      (dynamic ? process.dynamicOptions : process.options).set(key, value);
    },
  },
  memory: {
    newest: aboutProcess,
    applyProcess(process, { component, bytes }) {
      if (process.component === component || process.component === 'unknown')
        process.memory = { ...process.memory, ...bytes };
    },
  },
  'network-pool': { newest: aboutProcess },
  'process-id': {
    newest: aboutProcess,
    applyProcess(process, { resourceId, address }) {
      process.names.add(normalizeName(resourceId));
      if (address !== undefined) process.names.add(normalizeName(address));
      if (process.component === 'unknown') process.component = 'taskmanager';
    },
  },
  'process-start': {
    newest: aboutProcess,
    applyProcess(process, { component }, time) {
      process.starts.push(time);
      if (process.component === 'unknown') process.component = component;
    },
    tellsOfRunning: always,
  },
  'process-end': {
    newest: ({ reason }, process) => [`process-end ${process} ${reason}`],
    applyProcess(process, { reason, detail }, time) {
      process.ends.push({ time, reason, detail });
    },
  },
  'taskmanager-registered': { newest: aboutTaskManager, taskManager: ({ resourceId }) => resourceId },
  'taskmanager-lost': { newest: aboutTaskManager },
  'job-submitted': {
    job: ownJob,
    newest: aboutJob,
    applyJob(job, { jobName }) {
      job.name = jobName;
    },
  },
  'job-state': {
    job: ownJob,
    newest: ({ jobId, to }) => [`job-state ${jobId} ${to}`, `job-state ${jobId}`],
    applyJob(job, { from, to, jobName }, time, process) {
      job.states.push({ time, from, to, process });
      job.name ??= jobName;
    },
    isTold: true,
    tellsOfRunning: always,
  },
  'restart-strategy': {
    job: ownJob,
    newest: aboutJob,
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
    applyJob(job, { task, parallelism, attempt }, time) {
      job.deployments.push({ time, attempt });
      job.tasks.set(task, parallelism);
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
    applyJob(job, { task, parallelism, to }, time) {
      if (to === 'RUNNING') job.taskRuns.push(time);
      if (parallelism !== undefined) job.tasks.set(task, parallelism);
    },
    tellsOfRunning: always,
  },
  'tasks-restarting': {},
  slot: { job: ownJob, joins: ({ jobId, allocationId }) => [jobId, allocationId] },
  'job-connection': { job: ownJob },
  checkpoint: {
    job: ({ jobId }) => jobId,
    jobBy: 'entry',
    newest: ({ jobId, event, savepoint }, process) => [
      `checkpoint ${jobId ?? process} ${event}${savepoint === true ? ' savepoint' : ''}`,
    ],
    // Every checkpoint is triggered before it completes: that alone is never asked for.
    keep: ({ event }) => (event === 'completed' || event === 'restored' ? 'before-event' : 'never'),
    applyJob(job, { event, savepoint, checkpointId }, time) {
      if (event === 'completed' && savepoint !== true) job.checkpoints.push({ id: checkpointId, time });
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

function always(): boolean {
  return true;
}

function ownJob({ jobId }: { readonly jobId: string }): string {
  return jobId;
}

function aboutProcess({ type }: Fact, process: string): readonly string[] {
  return [`${type} ${process}`];
}

function aboutTaskManager({ type, resourceId }: FactOf<'taskmanager-registered' | 'taskmanager-lost'>): string[] {
  return [`${type} ${resourceId}`];
}

function aboutJob({ type, jobId }: FactOf<'job-submitted' | 'restart-strategy'>): readonly string[] {
  return [`${type} ${jobId}`];
}
