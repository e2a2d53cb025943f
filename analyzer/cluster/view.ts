// What is known of a job and of a process of a cluster. meaning.ts fills them fact by fact, cluster.ts and process.ts
// make them, the rooms above read them.
import type { Component } from '../../core/types.js';
import type { EndReason } from '../../flink/facts/fact.js';

export interface JobView {
  readonly id: string;
  name?: string;
  /** `process`: whose log says so, its JobManager. */
  readonly states: { readonly time: number; readonly from: string; readonly to: string; readonly process: string }[];
  strategy?: string;
  readonly checkpoints: { readonly id: number; readonly time: number }[];
  /** Times at which one of its tasks began to run. */
  readonly taskRuns: number[];
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
  readonly paths: Set<string>;
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
