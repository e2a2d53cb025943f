// What is known of a job and of a process of a cluster. meaning.ts fills them fact by fact, cluster.ts and process.ts
// make them, the rooms above read them.
import type { Component } from '../../../core/types.js';
import type { EndReason } from '../../../flink/facts/fact.js';
import type { Interval } from './place.js';

/** Failures of a job of which the states are no longer kept: the middle of a long restart loop. */
export interface FoldedFailures {
  readonly from: number;
  readonly to: number;
  readonly failures: number;
  /** After so many of them it began anew. */
  readonly restarts: number;
}

export interface JobView {
  readonly id: string;
  name?: string;
  /** `process`: whose log says so, its JobManager. */
  readonly states: { readonly time: number; readonly from: string; readonly to: string; readonly process: string }[];
  readonly folded?: FoldedFailures;
  strategy?: string;
  readonly checkpoints: { readonly id: number; readonly time: number }[];
  /** Of checkpoints that failed, those of which a trace says why. */
  readonly refusals: { readonly time: number; readonly reason: string }[];
  /** Times at which one of its tasks began to run. */
  readonly taskRuns: number[];
  /** Times at which tasks ran in a later attempt than before, as they say themselves. */
  readonly attemptBegins: number[];
  /** Names of tasks of which one failed or was canceled, and none has run since. */
  readonly stopped: readonly string[];
  readonly deployments: { readonly time: number; readonly attempt: number }[];
  /** Parallelism by the name of the task. */
  readonly tasks: Map<string, number>;
}

export interface ProcessView {
  readonly process: string;
  component: Component;
  host?: string;
  /** As it said itself when it started. */
  version?: string;
  /** As the jars in its stack traces are named. */
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

/** A job on a process; milliseconds since 1970, both ends inclusive and perhaps infinite. */
export interface JobStay extends Interval {
  readonly process: string;
  /** It may have been there: nobody else was alone, and it was not either. */
  readonly isGuess?: true;
}

/** Where a job was, and by which ids it is known. */
export interface Whereabouts {
  readonly id: string;
  readonly name: string | undefined;
  /** Attempts, slots and execution graphs that only it has, the latest last. */
  readonly ids: readonly string[];
  readonly stays: readonly JobStay[];
}

/** `akka.tcp://flink@host:123/user/rpc/tm_0`, `host/10.0.0.1:123`, `host:123-ab12cd [ … ] ` → comparable names. */
export function normalizeName(name: string): string {
  return name
    .trim()
    .replace(/^[a-z.]+:\/\/[\w-]+@/, '')
    .replace(/\/user\/.*$/s, '')
    .replace(/^'|'$/g, '')
    .toLowerCase();
}

export interface JobFailure {
  readonly time: number;
  readonly restarted: boolean;
}

/** States in the order of time → when the job failed: FAILING → RESTARTING and FAILING → FAILED are one each. */
export function listFailures(states: JobView['states']): readonly JobFailure[] {
  const failures: { time: number; restarted: boolean }[] = [];
  let isOpen = false;
  for (const { time, to } of states) {
    if (to === 'RUNNING') isOpen = false;
    if (to !== 'RESTARTING' && to !== 'FAILING' && to !== 'FAILED') continue;
    if (!isOpen) failures.push({ time, restarted: false });
    isOpen = true;
    const last = failures.at(-1);
    if (last !== undefined && to === 'RESTARTING') last.restarted = true;
  }
  return failures;
}
