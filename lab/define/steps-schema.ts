// What a step of a scenario may say: one key names the kind, its value says the rest. Types for the runner
// and JSON schemas for scenario.yaml; what each kind does stands in the table of steps.ts.
import { CONNECTORS, type Connector } from '../parts/flink/connectors.js';

/**
 * `jobmanager`, `jobmanager-2` …, `taskmanager-1` … in the order of their start, `dead-taskmanager` (whichever it is),
 * `taskmanager-of: TEXT` (the first whose log has the text), a service, `sql-client`, `client`, `terminal`.
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
     * A folder of the scenario's: its classes take the place of those of the same name, as when another version of a
     * library was packed.
     */
    instead?: string;
    /** Connectors that the jar brings along in its lib/. */
    libraries?: readonly Connector[];
    /** Version of Java that its classes are made for. */
    release?: number;
    /** `client` (default): `flink run -d`, as people do by hand. `rest`: upload and run, as platforms do; faster. */
    through?: 'client' | 'rest';
    /** Further arguments of `flink run`, before the jar. */
    flags?: readonly string[];
    /** Start from the savepoint of an earlier step. */
    fromSavepoint?: boolean;
    /** How often it is submitted, one after another (1 unless it says otherwise). */
    times?: number;
    /** The submission must fail. */
    fails?: boolean;
  };
  /**
   * Runs an SQL script of the scenario's folder: with sql-client.sh (`client`, the default), or as a job's jar does it
   * through the REST API (`jar`; faster).
   */
  submitSql: { file: string; through?: 'client' | 'jar'; fromSavepoint?: boolean; fails?: boolean };
  /** Creates a topic in the service `kafka`. */
  topic: { name: string; partitions?: number | string; config?: Readonly<Record<string, string>> };
  /** Writes records into a topic, one a line; `keyed`: key, tab, value. All keys alike go to one partition. */
  produce: { topic: string; lines: readonly string[]; keyed?: boolean };
  /** Drops a topic's records before an offset (all of them without it), as its retention does in time. */
  deleteRecords: { topic: string; before?: number; partition?: number };
  /** Runs SQL statements in the service `postgres`. */
  postgres: { sql: string };
  /** A request to the service `elasticsearch`. */
  elasticsearch: { method: string; path: string; body?: unknown };
  /** Starts a service again that was killed or terminated, on the same address and data. */
  restart: { process: ProcessName };
  /**
   * Runs a script of Flink's bin/ with the cluster's configuration; what it prints goes into the client's .out file.
   */
  run: { script: string; args: readonly string[]; fails?: boolean };
  /**
   * Waits until the process has logged the text `times` times (in its .log or .out) since the start, or with `again`
   * from now on.
   */
  waitLog: { process: ProcessName; text: string; times?: number; again?: boolean; timeoutSeconds?: number };
  /** Waits until the job (the last one submitted, or by name) is in the state. */
  waitState: { state: string; job?: string; timeoutSeconds?: number };
  /**
   * Waits until every job has ended well, or has run for so long (15 s) and completed a checkpoint meanwhile; it must
   * not have failed before, unless `restarts`.
   */
  waitHealthy: { seconds?: number; restarts?: boolean; timeoutSeconds?: number };
  /** Waits until the answer of the cluster's REST API holds the text; `@JOB@` is the id of the last job. */
  waitRest: { path: string; text: string; timeoutSeconds?: number };
  /** Waits until the process has ended. */
  waitDead: { process: ProcessName; timeoutSeconds?: number };
  /** A request to the cluster's REST API. */
  rest: { method: string; path: string; body?: unknown };
  /** SIGKILL. */
  kill: { process: ProcessName };
  /** SIGSTOP: the process hangs, its connections stay open. */
  stop: { process: ProcessName };
  /** SIGCONT. */
  continue: { process: ProcessName };
  /** The TaskManager's network loses every packet, as when its node is gone; needs `network: true` in the cluster. */
  cutNetwork: { process: ProcessName };
  mendNetwork: { process: ProcessName };
  /** Every connection through the service `proxy` ends with a reset; the processes at both ends live on. */
  resetConnections: { service: string };
  /** Connections to what the service `proxy` passes on to that never say a word; they stay open to the end. */
  idleConnections: { service: string; count: number };
  /** A disk of that size at a folder below the run's own; put it there before the process that is to use it starts. */
  mountSmallDisk: { path: string; megabytes: number };
  /** Mounts such a disk anew: nothing can be written to it (`ro`), or no library on it can be loaded (`noexec`). */
  remount: { path: string; option: 'ro' | 'noexec' };
  /** SIGTERM, as a resource manager ends a process; waits for its end. */
  terminate: { process: ProcessName };
  /** One more JobManager. What the script prints goes into the terminal's .out file. */
  startJobManager: { config?: Readonly<Record<string, string>>; fails?: boolean };
  /** `fails`: the script or the process ends before it has offered slots. */
  startTaskManager: {
    count: number;
    config?: Readonly<Record<string, string>>;
    limits?: { openFiles?: number; processes?: number };
    fails?: boolean;
    /** Nobody waits for its slots: it may never offer any. */
    wait?: boolean;
  };
  /** `through`: as in submitJar. */
  savepoint: { job?: string; stop?: boolean; through?: 'client' | 'rest'; fails?: boolean };
  cancel: { job?: string };
  /**
   * Puts a regular file in the place of a folder below the run's own, so that nothing can be written there (root or
   * not).
   */
  block: { path: string };
  /** Removes files below the run's own folder, as a cleaner does; `*` stands for any characters of one name. */
  remove: { path: string };
  /** Writes a text file below the run's own folder; with `*` in its path, over the one that is there. */
  write: { path: string; text: string; append?: boolean };
  /**
   * Lets time pass: the length of a fault, or of healthy running. Never used to wait for something that can be seen.
   */
  hold: { seconds: number; why: string };
  /** Ends TaskManagers, then the JobManager, as bin/stop-cluster.sh does. */
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
