// Defines what is known of a job and of a process of a cluster. meaning.ts fills these views fact by fact; job.ts and
// process.ts make them for the code that groups and diagnoses incidents.
import type { Component } from '../../core/types.js';
import type { EndReason } from '../../flink/facts/fact.js';
import type { JobRuns } from '../restarts/failures.js';
import type { Interval } from './attempt-spans.js';

export interface JobView extends JobRuns {
  readonly id: string;
  name?: string;
  /** States of the job. `process` is the JobManager whose log says so. */
  readonly states: { readonly time: number; readonly from: string; readonly to: string; readonly process: string }[];
  strategy?: string;
  readonly checkpoints: { readonly id: number; readonly time: number }[];
  /** Failures of checkpoints for which a trace gives the reason. */
  readonly refusals: { readonly time: number; readonly reason: string }[];
  /** Times at which one of its tasks began to run. */
  readonly taskRuns: number[];
  /** Times at which tasks ran in a later attempt than before, by their own lines. */
  readonly attemptBegins: number[];
  /** Names of tasks of which one failed or was canceled and none has run since. */
  readonly stopped: readonly string[];
  readonly deployments: { readonly time: number; readonly attempt: number }[];
  /** Parallelism by the name of the task. */
  readonly tasks: Map<string, number>;
}

export interface ProcessView {
  readonly process: string;
  component: Component;
  host?: string;
  /** Version that the process logged when it started. */
  version?: string;
  /** Version in the names of the jars in its stack traces. */
  jarVersion?: string;
  /** Resource ids, addresses and host:port pairs by which others name it. */
  readonly names: Set<string>;
  readonly options: Map<string, string>;
  readonly dynamicOptions: Map<string, string>;
  readonly ends: { readonly time: number; readonly reason: EndReason; readonly detail?: string }[];
  readonly starts: number[];
  /** Parts of its memory in bytes, as printed. */
  memory: Readonly<Record<string, number>>;
}

/** Interval of a job on a process, in milliseconds since 1970; both ends are inclusive and may be infinite. */
export interface JobInterval extends Interval {
  readonly process: string;
  /** True if the job only may have been there. Then no other job was alone there, and neither was this one. */
  readonly isGuess?: true;
}

/** Processes where a job was, and ids by which it is known. */
export interface JobPlacement {
  readonly id: string;
  readonly name: string | undefined;
  /** Attempts, slots and execution graphs that only this job has, the latest last. */
  readonly ids: readonly string[];
  readonly intervals: readonly JobInterval[];
}

/**
 * Makes names comparable, such as `akka.tcp://flink@host:123/user/rpc/tm_0`, `host/10.0.0.1:123` and
 * `host:123-ab12cd [ … ] `.
 */
export function normalizeName(name: string): string {
  return name
    .trim()
    .replace(/^[a-z.]+:\/\/[\w-]+@/, '')
    .replace(/\/user\/.*$/s, '')
    .replace(/^'|'$/g, '')
    .toLowerCase();
}
