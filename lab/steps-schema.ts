// What a step of a scenario may say: one key names the kind, its value says the rest. Types for the runner
// and JSON schemas for scenario.yaml; what each kind does stands in the table of steps.ts.

/** `jobmanager`, `taskmanager-1` … in the order of their start, `dead-taskmanager` (whichever it is), `zookeeper`, `sql-client`, `client`. */
export type ProcessName = string;

export interface StepValues {
  /** Compiles lab/jobs, packs the job's jar and submits it with `flink run -d`. */
  submitJar: {
    class: string;
    args?: readonly string[];
    /** Flink options of this job (-Dkey=value). */
    options?: Readonly<Record<string, string>>;
    /** Classes that the jar lacks. */
    without?: readonly string[];
    /** Start from the savepoint of an earlier step. */
    fromSavepoint?: boolean;
    /** The client must fail. */
    fails?: boolean;
  };
  /** Runs an SQL script of the scenario's folder with sql-client.sh. */
  submitSql: { file: string; fails?: boolean };
  /** Waits until the process has logged the text `times` times (in its .log or .out) since the start, or with `again` from now on. */
  waitLog: { process: ProcessName; text: string; times?: number; again?: boolean; timeoutSeconds?: number };
  /** Waits until the job (the last one submitted, or by name) is in the state. */
  waitState: { state: string; job?: string; timeoutSeconds?: number };
  /** SIGKILL. */
  kill: { process: ProcessName };
  /** SIGSTOP: the process hangs, its connections stay open. */
  stop: { process: ProcessName };
  /** SIGCONT. */
  continue: { process: ProcessName };
  startTaskManager: { count: number };
  savepoint: { job?: string; stop?: boolean };
  cancel: { job?: string };
  /** Puts a regular file in the place of a folder below the run's own, so that nothing can be written there (root or not). */
  block: { path: string };
  /** Lets time pass: the length of a fault, or of healthy running. Never used to wait for something that can be seen. */
  hold: { seconds: number; why: string };
  /** Ends TaskManagers, then the JobManager, as bin/stop-cluster.sh does. */
  stopCluster: { reason: string };
}

export type StepKind = keyof StepValues;
export type Step = { readonly [K in StepKind]?: StepValues[K] };

const text = { type: 'string', minLength: 1 };
const seconds = { type: 'number', minimum: 1, maximum: 300 };
const texts = { type: 'array', items: { type: 'string' } };
const options = { type: 'object', additionalProperties: { type: 'string' } };

function schema(required: readonly string[], properties: object): object {
  return { type: 'object', additionalProperties: false, required, properties };
}

export const STEP_SCHEMAS: Readonly<Record<StepKind, object>> = {
  submitJar: schema(['class'], { class: text, args: texts, options, without: texts, fromSavepoint: { type: 'boolean' }, fails: { type: 'boolean' } }),
  submitSql: schema(['file'], { file: text, fails: { type: 'boolean' } }),
  waitLog: schema(['process', 'text'], { process: text, text, times: { type: 'integer', minimum: 1 }, again: { type: 'boolean' }, timeoutSeconds: seconds }),
  waitState: schema(['state'], { state: text, job: text, timeoutSeconds: seconds }),
  kill: schema(['process'], { process: text }),
  stop: schema(['process'], { process: text }),
  continue: schema(['process'], { process: text }),
  startTaskManager: schema(['count'], { count: { type: 'integer', minimum: 1, maximum: 4 } }),
  savepoint: schema([], { job: text, stop: { type: 'boolean' } }),
  cancel: schema([], { job: text }),
  block: schema(['path'], { path: text }),
  hold: schema(['seconds', 'why'], { seconds, why: text }),
  stopCluster: schema(['reason'], { reason: text }),
};
