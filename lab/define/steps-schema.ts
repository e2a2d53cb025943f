// Defines the steps of a scenario: one key names the kind, its value holds the details. Contains the types for the
// runner and the JSON schemas for scenario.yaml. The table in steps.ts defines what each kind does.
import { CONNECTORS, type Connector } from '../parts/services/connectors.js';

/**
 * Name of a process: `jobmanager`, `jobmanager-2` …, `taskmanager-1` … in the order of their start, `dead-taskmanager`
 * (whichever has died), `taskmanager-of: TEXT` (the first whose log contains the text), a service, `sql-client`,
 * `client`, `terminal`.
 */
export type ProcessName = string;

export interface StepValues {
  /** Compiles lab/jobs and the scenario's own *.java, packs the job's jar and submits it. */
  submitJar: {
    class: string;
    args?: readonly string[];
    /** Flink options of this job (-Dkey=value). */
    options?: Readonly<Record<string, string>>;
    /** Classes that the jar lacks. */
    without?: readonly string[];
    /**
     * Folder of the scenario whose classes replace those of the same name, as if another version of a library had been
     * packed.
     */
    instead?: string;
    /** Connectors that the jar carries in its lib/. */
    libraries?: readonly Connector[];
    /** Java version for which its classes are compiled. */
    release?: number;
    /**
     * Way of submission. `client` (default): `flink run -d`, as people do by hand. `rest`: upload and run through the
     * REST API, as platforms do; this is faster.
     */
    through?: 'client' | 'rest';
    /** Further arguments of `flink run`, before the jar. */
    flags?: readonly string[];
    /** True if it starts from the savepoint of an earlier step. */
    fromSavepoint?: boolean;
    /** Number of submissions, one after another; 1 by default. */
    times?: number;
    /** True if the submission must fail. */
    fails?: boolean;
  };
  /**
   * Runs an SQL script of the scenario's folder: with sql-client.sh (`client`, the default), or through the REST API as
   * the jar of a job does it (`jar`, faster).
   */
  submitSql: { file: string; through?: 'client' | 'jar'; fromSavepoint?: boolean; fails?: boolean };
  /** Creates a topic in the service `kafka`. */
  topic: { name: string; partitions?: number | string; config?: Readonly<Record<string, string>> };
  /**
   * Writes records into a topic, one per line. With `keyed` a line is key, tab, value. Equal keys go to the same
   * partition.
   */
  produce: { topic: string; lines: readonly string[]; keyed?: boolean };
  /** Drops the records of a topic before an offset (all records if it is absent), as its retention does over time. */
  deleteRecords: { topic: string; before?: number; partition?: number };
  /** Runs SQL statements in the service `postgres`. */
  postgres: { sql: string };
  /** Sends a request to the service `elasticsearch`. */
  elasticsearch: { method: string; path: string; body?: unknown };
  /** Restarts a service that was killed or terminated, on the same address and data. */
  restart: { process: ProcessName };
  /** Runs a script of Flink's bin/ with the cluster's configuration. Its output goes into the client's .out file. */
  run: { script: string; args: readonly string[]; fails?: boolean };
  /**
   * Waits until the process has logged the text `times` times (in its .log or .out) since the start, or from now on
   * with `again`.
   */
  waitLog: { process: ProcessName; text: string; times?: number; again?: boolean; timeoutSeconds?: number };
  /** Waits until the job (the last one submitted, or the named one) is in the state. */
  waitState: { state: string; job?: string; timeoutSeconds?: number };
  /**
   * Waits until every job has ended well, or has run for this long (15 s by default) and completed a checkpoint
   * meanwhile. The job must not have failed before, unless `restarts` is set.
   */
  waitHealthy: { seconds?: number; restarts?: boolean; timeoutSeconds?: number };
  /** Waits until the answer of the cluster's REST API contains the text. `@JOB@` is the id of the last job. */
  waitRest: { path: string; text: string; timeoutSeconds?: number };
  /** Waits until the process has ended. */
  waitDead: { process: ProcessName; timeoutSeconds?: number };
  /** Sends a request to the cluster's REST API. */
  rest: { method: string; path: string; body?: unknown };
  /** Sends SIGKILL. */
  kill: { process: ProcessName };
  /** Sends SIGSTOP: the process hangs, and its connections stay open. */
  stop: { process: ProcessName };
  /** Sends SIGCONT. */
  continue: { process: ProcessName };
  /**
   * Drops every packet of the TaskManager's network, as if its node were gone. Needs `network: true` in the cluster.
   */
  cutNetwork: { process: ProcessName };
  mendNetwork: { process: ProcessName };
  /** Resets every connection through the service `proxy`; the processes at both ends stay alive. */
  resetConnections: { service: string };
  /** Opens connections to the target of the service `proxy` that never send anything and stay open to the end. */
  idleConnections: { service: string; count: number };
  /**
   * Mounts a disk of that size at a folder below the run's own. It must come before the start of the process that uses
   * it.
   */
  mountSmallDisk: { path: string; megabytes: number };
  /** Remounts such a disk so that nothing can be written to it (`ro`), or no library on it can be loaded (`noexec`). */
  remount: { path: string; option: 'ro' | 'noexec' };
  /** Sends SIGTERM, as a resource manager does to end a process, and waits for its end. */
  terminate: { process: ProcessName };
  /** Starts one more JobManager. The output of the script goes into the terminal's .out file. */
  startJobManager: { config?: Readonly<Record<string, string>>; fails?: boolean };
  /** Starts TaskManagers. `fails`: the script or the process ends before it has offered slots. */
  startTaskManager: {
    count: number;
    config?: Readonly<Record<string, string>>;
    limits?: { openFiles?: number; processes?: number };
    fails?: boolean;
    /**
     * False if the step does not wait for the slots, because the TaskManager may never offer any. Default: true, unless
     * `fails` is set.
     */
    wait?: boolean;
  };
  /** Takes a savepoint. `through` has the same meaning as in submitJar. */
  savepoint: { job?: string; stop?: boolean; through?: 'client' | 'rest'; fails?: boolean };
  cancel: { job?: string };
  /**
   * Replaces a folder below the run's own with a regular file, so that nothing can be written there, not even by root.
   */
  block: { path: string };
  /** Removes files below the run's own folder, as a cleanup job does. `*` stands for any characters in one name. */
  remove: { path: string };
  /** Writes a text file below the run's own folder. With `*` in the path it overwrites the existing file. */
  write: { path: string; text: string; append?: boolean };
  /**
   * Lets time pass: the length of a fault, or of healthy running. It never replaces a wait for something that can be
   * observed.
   */
  hold: { seconds: number; why: string };
  /** Ends the TaskManagers, then the JobManager, as bin/stop-cluster.sh does. */
  stopCluster: { reason: string };
}

export type StepKind = keyof StepValues;
export type ScenarioStep = { readonly [K in StepKind]?: StepValues[K] };

const text = { type: 'string', minLength: 1 };
const seconds = { type: 'number', minimum: 1, maximum: 300 };
const texts = { type: 'array', items: { type: 'string' } };
const options = { type: 'object', additionalProperties: { type: 'string' } };

function schema(required: readonly string[], properties: object): object {
  return { type: 'object', additionalProperties: false, required, properties };
}

const flag = { type: 'boolean' };
const process = { process: text };

export const STEP_SCHEMAS: Readonly<Record<StepKind, object>> = {
  submitJar: schema(['class'], {
    class: text,
    args: texts,
    options,
    without: texts,
    instead: text,
    libraries: { type: 'array', items: { enum: CONNECTORS } },
    release: { type: 'integer' },
    through: { enum: ['client', 'rest'] },
    flags: texts,
    fromSavepoint: flag,
    times: { type: 'integer', minimum: 1, maximum: 600 },
    fails: flag,
  }),
  submitSql: schema(['file'], { file: text, through: { enum: ['client', 'jar'] }, fromSavepoint: flag, fails: flag }),
  topic: schema(['name'], { name: text, partitions: { type: ['integer', 'string'] }, config: options }),
  produce: schema(['topic', 'lines'], { topic: text, lines: { ...texts, minItems: 1 }, keyed: flag }),
  deleteRecords: schema(['topic'], {
    topic: text,
    before: { type: 'integer', minimum: 0 },
    partition: { type: 'integer', minimum: 0 },
  }),
  postgres: schema(['sql'], { sql: text }),
  elasticsearch: schema(['method', 'path'], {
    method: { enum: ['GET', 'PUT', 'POST', 'DELETE'] },
    path: text,
    body: {},
  }),
  restart: schema(['process'], process),
  run: schema(['script', 'args'], { script: text, args: texts, fails: flag }),
  waitLog: schema(['process', 'text'], {
    ...process,
    text,
    times: { type: 'integer', minimum: 1 },
    again: flag,
    timeoutSeconds: seconds,
  }),
  waitState: schema(['state'], { state: text, job: text, timeoutSeconds: seconds }),
  waitHealthy: schema([], { seconds, restarts: flag, timeoutSeconds: seconds }),
  waitRest: schema(['path', 'text'], { path: text, text, timeoutSeconds: seconds }),
  waitDead: schema(['process'], { ...process, timeoutSeconds: seconds }),
  rest: schema(['method', 'path'], {
    method: { enum: ['GET', 'POST', 'PATCH', 'DELETE', 'PUT'] },
    path: text,
    body: {},
  }),
  kill: schema(['process'], process),
  stop: schema(['process'], process),
  continue: schema(['process'], process),
  cutNetwork: schema(['process'], process),
  mendNetwork: schema(['process'], process),
  resetConnections: schema(['service'], { service: text }),
  idleConnections: schema(['service', 'count'], { service: text, count: { type: 'integer', minimum: 1, maximum: 64 } }),
  mountSmallDisk: schema(['path', 'megabytes'], {
    path: text,
    megabytes: { type: 'integer', minimum: 1, maximum: 256 },
  }),
  remount: schema(['path', 'option'], { path: text, option: { enum: ['ro', 'noexec'] } }),
  terminate: schema(['process'], process),
  startJobManager: schema([], { config: options, fails: flag }),
  startTaskManager: schema(['count'], {
    count: { type: 'integer', minimum: 1, maximum: 4 },
    config: options,
    fails: flag,
    wait: flag,
    limits: schema([], { openFiles: { type: 'integer' }, processes: { type: 'integer' } }),
  }),
  savepoint: schema([], { job: text, stop: flag, through: { enum: ['client', 'rest'] }, fails: flag }),
  cancel: schema([], { job: text }),
  block: schema(['path'], { path: text }),
  remove: schema(['path'], { path: text }),
  write: schema(['path', 'text'], { path: text, text, append: flag }),
  hold: schema(['seconds', 'why'], { seconds, why: text }),
  stopCluster: schema(['reason'], { reason: text }),
};
