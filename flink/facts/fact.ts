// What one entry tells about its cluster, beside being a failure or not: versions, options, memory, who is who,
// and the transitions of jobs, tasks and checkpoints. readFacts (facts.ts) makes them; the analyzer joins them.
import type { Component } from '../../core/types.js';

/** A signal asked it to stop; a fatal error; Flink's own way out; its services were closed and nothing says why. */
export type EndReason = 'signal' | 'fatal' | 'exit' | 'shutdown';

export type Fact =
  | { readonly type: 'version'; readonly version: string; readonly component: Component }
  /** The release of Flink's own jars in a stack trace. */
  | { readonly type: 'jar-version'; readonly version: string }
  /** The effective option; `dynamic` (command line) wins over the file. */
  | { readonly type: 'option'; readonly key: string; readonly value: string; readonly dynamic: boolean }
  /**
   * May hold only a part (JVM options come one by one). Bytes by the names of flink/memory/memory.ts (e.g. "network",
   * "taskHeap"), from the BashJavaUtils block or JVM options.
   */
  | {
      readonly type: 'memory';
      readonly component: 'taskmanager' | 'jobmanager';
      readonly bytes: Readonly<Record<string, number>>;
    }
  /** The process that wrote this entry says its own resource id. */
  | { readonly type: 'process-id'; readonly resourceId: string; readonly address?: string }
  /** A TaskManager registered at the ResourceManager (said by the JobManager). */
  | { readonly type: 'taskmanager-registered'; readonly resourceId: string; readonly address?: string }
  | { readonly type: 'taskmanager-lost'; readonly resourceId: string; readonly reason?: string }
  | { readonly type: 'job-submitted'; readonly jobId: string; readonly jobName: string }
  | {
      readonly type: 'job-state';
      readonly jobId: string;
      readonly jobName?: string;
      readonly from: string;
      readonly to: string;
    }
  | { readonly type: 'restart-strategy'; readonly jobId: string; readonly strategy: string }
  /** `subtask` from 1, `attempt` from 0; `attemptId` as printed; `jobId` when the line itself names it. */
  | {
      readonly type: 'task-deployed';
      readonly task: string;
      readonly subtask: number;
      readonly parallelism: number;
      readonly attempt: number;
      readonly attemptId?: string;
      readonly vertexId?: string;
      readonly resourceId?: string;
      readonly allocationId?: string;
    }
  | {
      readonly type: 'task-received';
      readonly task: string;
      readonly subtask: number;
      readonly parallelism: number;
      readonly attempt?: number;
      readonly attemptId?: string;
      readonly allocationId?: string;
    }
  | {
      readonly type: 'task-state';
      readonly task: string;
      readonly subtask?: number;
      readonly parallelism?: number;
      readonly attempt?: number;
      readonly attemptId: string;
      readonly from: string;
      readonly to: string;
      readonly resourceId?: string;
      readonly host?: string;
    }
  /** A slot belongs to a job: ties allocation ids (and so tasks) to jobs. */
  | {
      readonly type: 'slot';
      readonly allocationId?: string;
      readonly jobId: string;
      readonly event: 'requested' | 'allocated' | 'active' | 'freed';
    }
  | { readonly type: 'job-connection'; readonly jobId: string; readonly event: 'established' | 'closed' }
  /** `checkpointId` is -1 when the line names none (a start from a savepoint). */
  | {
      readonly type: 'checkpoint';
      readonly jobId?: string;
      readonly checkpointId: number;
      readonly event: 'triggered' | 'completed' | 'failed' | 'declined' | 'expired' | 'restored';
      readonly savepoint?: boolean;
      /** Of one that failed or was declined: the root of what was thrown, as group.ts of the room `trace` has it. */
      readonly reason?: string;
    }
  | { readonly type: 'tasks-restarting'; readonly count: number }
  /** Buffers of the network pool: total segments and bytes of each. */
  | {
      readonly type: 'network-pool';
      readonly segments: number;
      readonly segmentBytes: number;
      readonly megabytes: number;
    }
  | { readonly type: 'process-end'; readonly reason: EndReason; readonly detail?: string }
  | { readonly type: 'process-start'; readonly component: Component };
