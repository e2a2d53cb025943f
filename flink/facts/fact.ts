// Defines the facts that one entry states about its cluster, apart from being a failure or not: versions, options,
// memory, identities, and the transitions of jobs, tasks and checkpoints. readFacts (facts.ts) creates them; the
// analyzer joins them.
import type { Component } from '../../core/types.js';

/**
 * Reason for an end: stopped by a signal; a fatal error; Flink's own exit; services that were closed without any reason
 * in the log.
 */
export type EndReason = 'signal' | 'fatal' | 'exit' | 'shutdown';

export type Fact =
  | { readonly type: 'version'; readonly version: string; readonly component: Component }
  /** Release of Flink's own jars in a stack trace. */
  | { readonly type: 'jar-version'; readonly version: string }
  /** Effective option; `dynamic` (command line) wins over the file. */
  | { readonly type: 'option'; readonly key: string; readonly value: string; readonly dynamic: boolean }
  /**
   * Memory in bytes, by the names of flink/memory/memory.ts (e.g. "network", "taskHeap"), from the BashJavaUtils block
   * or JVM options. It may hold only a part, because JVM options come one by one.
   */
  | {
      readonly type: 'memory';
      readonly component: 'taskmanager' | 'jobmanager';
      readonly bytes: Readonly<Record<string, number>>;
    }
  /** Resource id of the process that wrote this entry. */
  | { readonly type: 'process-id'; readonly resourceId: string; readonly address?: string }
  /** Registration of a TaskManager at the ResourceManager, logged by the JobManager. */
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
  /**
   * Deployment. `subtask` counts from 1, `attempt` from 0; `attemptId` as printed; `jobId` if the line itself names it.
   */
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
  /** Slot of a job, which connects allocation ids (and so tasks) to jobs. */
  | {
      readonly type: 'slot';
      readonly allocationId?: string;
      readonly jobId: string;
      readonly event: 'requested' | 'allocated' | 'active' | 'freed';
    }
  | { readonly type: 'job-connection'; readonly jobId: string; readonly event: 'established' | 'closed' }
  /** Checkpoint. `checkpointId` is -1 if the line names none (a start from a savepoint). */
  | {
      readonly type: 'checkpoint';
      readonly jobId?: string;
      readonly checkpointId: number;
      readonly event: 'triggered' | 'completed' | 'failed' | 'declined' | 'expired' | 'restored';
      readonly savepoint?: boolean;
      /** Root of the exception of a failed or declined checkpoint, as flink/trace/group.ts describes it. */
      readonly reason?: string;
    }
  | { readonly type: 'tasks-restarting'; readonly count: number }
  /** Buffers of the network pool: number of segments, and bytes of each. */
  | {
      readonly type: 'network-pool';
      readonly segments: number;
      readonly segmentBytes: number;
      readonly megabytes: number;
    }
  | { readonly type: 'process-end'; readonly reason: EndReason; readonly detail?: string }
  | { readonly type: 'process-start'; readonly component: Component };
