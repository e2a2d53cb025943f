// Lists the endings that are played: what is done to a cluster or to a part of Jobtrace, which messages must come, how
// soon, and what repairs it. One row per ending.
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Elasticsearch } from '../parts/services/elasticsearch.js';
import { JOBS, type EndingPlace } from './ending-place.js';

/** Message that must come exactly once. */
export interface Expected {
  readonly receiver?: 'oncall' | 'emergency';
  readonly reason: RegExp;
  readonly cause: RegExp;
}

export interface PlayedEnding {
  readonly id: string;
  readonly what: string;
  readonly isHa?: true;
  readonly hasNetwork?: true;
  /** True if Jobtrace's parts must run as separate processes, on an Elasticsearch. */
  readonly needsParts?: true;
  readonly act: (place: EndingPlace, store: Elasticsearch | undefined) => Promise<void>;
  /** Messages that must come, in this order; no other may come. */
  readonly says: readonly Expected[];
  /** Longest time, in milliseconds, until the first message. */
  readonly withinMs: number;
  /** Ends the disturbance. */
  readonly mend?: (place: EndingPlace, store: Elasticsearch | undefined) => Promise<void>;
  /** Messages that must come after `mend`. */
  readonly saysAfter?: readonly Expected[];
}

const NEW = /^(?:new-incident|grown)$/;
const RESOLVED: Expected = { reason: /^resolved$/, cause: /./ };
const STORE_AWAY = /^jobtrace\.store-unreachable$/;
const SOON_MS = 60_000;

export const ENDINGS: readonly PlayedEnding[] = [
  {
    id: 'all-killed',
    what: 'all processes killed (SIGKILL)',
    act: async ({ flink }) => {
      flink.jobManager.signal('SIGKILL');
      for (const taskManager of flink.taskManagers) taskManager.signal('SIGKILL');
    },
    says: [{ reason: NEW, cause: /^cluster\.lost$/ }],
    withinMs: SOON_MS,
  },
  {
    id: 'jobmanager-killed',
    what: 'JobManager killed without HA, another one started, jobs submitted again',
    act: async ({ flink }) => {
      flink.jobManager.signal('SIGKILL');
      await sleep(3000);
      await flink.startJobManager();
    },
    says: [{ reason: NEW, cause: /^cluster\.jobmanager-lost$/ }],
    withinMs: SOON_MS,
    mend: async ({ submit }) => {
      for (const job of JOBS) await submit(job);
    },
    saysAfter: [RESOLVED],
  },
  {
    id: 'jobmanager-killed-ha',
    what: 'JobManager killed with HA, another one takes over',
    isHa: true,
    act: async ({ flink }) => {
      flink.jobManager.signal('SIGKILL');
      await sleep(3000);
      await flink.startJobManager();
    },
    says: [{ reason: NEW, cause: /^cluster\.jobmanager-lost$/ }],
    withinMs: SOON_MS,
    mend: () => Promise.resolve(),
    saysAfter: [RESOLVED],
  },
  {
    id: 'taskmanager-killed',
    what: 'TaskManager killed, another one started',
    act: async ({ flink }) => {
      flink.taskManagers.at(-1)?.signal('SIGKILL');
    },
    says: [{ reason: NEW, cause: /^cluster\.taskmanager-lost$/ }],
    withinMs: SOON_MS,
    mend: async ({ flink }) => {
      await flink.addTaskManager();
    },
    saysAfter: [RESOLVED],
  },
  {
    id: 'taskmanager-stopped',
    what: 'TaskManager stopped (SIGSTOP)',
    act: async ({ flink }) => {
      flink.taskManagers.at(-1)?.signal('SIGSTOP');
    },
    says: [{ reason: NEW, cause: /^cluster\.(?:heartbeat-timeout|taskmanager-lost)$/ }],
    withinMs: SOON_MS,
  },
  {
    id: 'taskmanager-cut-off',
    what: 'TaskManager cut off from the network',
    hasNetwork: true,
    act: async ({ flink }) => {
      await flink.taskManagers.at(-1)?.network?.cut();
    },
    says: [{ reason: NEW, cause: /^cluster\.(?:heartbeat-timeout|taskmanager-lost|node-lost)$/ }],
    withinMs: SOON_MS,
  },
  {
    id: 'cluster-stopped',
    what: "cluster stopped by Flink's scripts",
    act: async ({ flink }) => {
      await flink.runScript('taskmanager.sh', ['stop-all']);
      await flink.runScript('jobmanager.sh', ['stop-all']);
    },
    says: [{ reason: /^notice$/, cause: /^cluster\.stopped$/ }],
    withinMs: SOON_MS,
  },
  {
    id: 'planned-restart',
    what: 'JobManager stopped and started again',
    act: async ({ flink }) => {
      await flink.runScript('jobmanager.sh', ['stop-all']);
      await sleep(3000);
      await flink.startJobManager();
    },
    says: [{ reason: /^notice$/, cause: /^cluster\.stopped$/ }],
    withinMs: SOON_MS,
  },
  {
    id: 'job-cancelled',
    what: 'jobs cancelled by a person',
    act: async ({ flink }) => {
      for (const job of await flink.jobs()) await flink.cancel(job.id);
    },
    says: [],
    withinMs: SOON_MS,
  },
  {
    id: 'logs-gone',
    what: 'log folder removed while all runs',
    act: async ({ flink }) => {
      rmSync(flink.logDir, { recursive: true, force: true });
    },
    says: [{ reason: NEW, cause: /^cluster\.logs-gone$/ }],
    withinMs: SOON_MS,
  },
  {
    id: 'agent-killed',
    what: 'agent killed, and started again',
    needsParts: true,
    act: ({ signal }) => signal('agent', 'SIGKILL'),
    says: [{ reason: NEW, cause: /^jobtrace\.agent-silent$/ }],
    withinMs: SOON_MS,
    mend: ({ start }) => start('agent'),
    saysAfter: [RESOLVED],
  },
  {
    id: 'node-dead',
    what: 'node dead: agent and all of Flink killed',
    needsParts: true,
    act: async ({ flink, signal }) => {
      await signal('agent', 'SIGKILL');
      flink.jobManager.signal('SIGKILL');
      for (const taskManager of flink.taskManagers) taskManager.signal('SIGKILL');
    },
    says: [{ reason: NEW, cause: /^jobtrace\.agent-silent$/ }],
    withinMs: SOON_MS,
  },
  {
    id: 'analyzer-killed',
    what: 'the only analyzer killed, and started again',
    needsParts: true,
    act: ({ signal }) => signal('analyzer', 'SIGKILL'),
    says: [{ receiver: 'emergency', reason: NEW, cause: /^jobtrace\.no-analyzer$/ }],
    withinMs: 75_000,
    mend: ({ start }) => start('analyzer'),
    saysAfter: [{ receiver: 'emergency', reason: /^resolved$/, cause: /^jobtrace\.no-analyzer$/ }],
  },
  {
    id: 'store-stopped',
    what: 'Elasticsearch stopped, and started again',
    needsParts: true,
    act: async (_, store) => {
      await store?.stop();
    },
    // The analyzer and the API each report it, because both would have reported failures.
    says: [1, 2].map(() => ({ receiver: 'emergency', reason: NEW, cause: STORE_AWAY })),
    withinMs: SOON_MS,
    mend: async (_, store) => {
      await store?.restart();
    },
    saysAfter: [1, 2].map(() => ({ receiver: 'emergency', reason: /^resolved$/, cause: STORE_AWAY })),
  },
];
