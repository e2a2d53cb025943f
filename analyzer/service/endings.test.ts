// Tests endings over a real store: takes reports of agents and lines of JobManagers (Flink 1.20.5), and checks the
// incidents that are reported.
import { describe, expect, it } from 'vitest';
import { createLog } from '../../core/log.js';
import type { Incident } from '../../core/documents/incident.js';
import type { AgentStatus, ProcessReport } from '../../core/documents/agent.js';
import type { LogRecord } from '../../core/types.js';
import type { Store } from '../../store/store.js';
import { appendRecords } from '../../store/testing/samples.js';
import { createStaticLease } from '../platform/lease.js';
import { JOB_A, makeLog, toRecord } from '../testing/samples.js';
import { createAnalyzer, type Analyzer } from './analyzer.js';
import { catalog, drain, openStore } from './testing/service.js';

const START = Date.parse('2026-11-20T10:00:00Z');
const PATH = '/log/flink-u-standalonesession-0-node1.log';
const [PROCESS, CLUSTER] = [`node1:${PATH.slice(0, -4)}`, 'session-a'];
const iso = (seconds: number): string => new Date(START + seconds * 1000).toISOString();

function line(seconds: number, logger: string, message: string): string {
  return `${iso(seconds).replace('T', ' ').replace('.000Z', ',000')} INFO  ${logger} [] - ${message}`;
}

const COORDINATOR = 'org.apache.flink.runtime.checkpoint.CheckpointCoordinator';
const LINES = [
  line(
    0,
    'org.apache.flink.runtime.entrypoint.ClusterEntrypoint',
    ' Starting StandaloneSessionClusterEntrypoint (Version: 1.20.5, Scala: 2.12, Rev:83d3d2d, Date:2025-01-01T00:00:00+01:00)',
  ),
  line(5, 'org.apache.flink.runtime.jobmaster.JobMaster', `Initializing job 'orders' (${JOB_A}).`),
  line(
    6,
    'org.apache.flink.runtime.executiongraph.ExecutionGraph',
    `Job orders (${JOB_A}) switched from state CREATED to RUNNING.`,
  ),
  ...Array.from({ length: 60 }, (_, index) =>
    line(
      10 + 5 * index,
      COORDINATOR,
      `Completed checkpoint ${index + 1} for job ${JOB_A} (0 bytes, checkpointDuration=19 ms, finalizationTime=2 ms).`,
    ),
  ),
];
const SIGNAL = line(
  306,
  'org.apache.flink.runtime.entrypoint.ClusterEntrypoint',
  'RECEIVED SIGNAL 15: SIGTERM. Shutting down as requested.',
);

interface Stage {
  readonly store: Store;
  readonly published: Incident[];
  /** Adds a line that was logged before. */
  say(text: string): Promise<void>;
  /** Moves the clock to that second and stores the agent's report; undefined means that there is no report. */
  at(seconds: number, report?: Partial<AgentStatus> & { readonly life?: Partial<ProcessReport> }): Promise<void>;
  restart(): void;
}

async function open(lines: readonly string[] = LINES): Promise<Stage> {
  const store = openStore();
  const published: Incident[] = [];
  let now = START;
  const start = (): Analyzer =>
    createAnalyzer({
      store,
      catalog,
      log: createLog('silent'),
      // A shared lease: platform incidents that others wrote are checked every ten seconds.
      lease: { ...createStaticLease(), isShared: () => true },
      now: () => now,
      onIncident: (incident) => void published.push(incident),
    });
  let analyzer = start();
  const entries = makeLog(PATH, lines, { process: PROCESS, cluster: CLUSTER, component: 'jobmanager', host: 'node1' });
  await appendRecords(
    store,
    entries.map((entry) => nameJob(toRecord(entry))),
  );
  return {
    store,
    published,
    say: async (text) => {
      const about = { process: PROCESS, cluster: CLUSTER, component: 'jobmanager', host: 'node1' } as const;
      const later = makeLog(PATH, [...lines, text], about).slice(lines.length);
      await appendRecords(
        store,
        later.map((entry) => nameJob(toRecord(entry))),
      );
    },
    restart: () => {
      analyzer = start();
    },
    async at(seconds, report) {
      now = START + seconds * 1000;
      if (report !== undefined) {
        const { life, ...more } = report;
        await store.agents.save({
          ...{ id: 'node1-1', host: 'node1', time: iso(seconds), files: 1, lagBytes: 0, shippedRecords: 1 },
          ...{ counters: {}, conditions: [] },
          processes: [
            { process: PROCESS, cluster: CLUSTER, component: 'jobmanager', wrote: iso(305), started: iso(-5), ...life },
          ],
          ...more,
        });
      }
      await drain(analyzer);
    },
  };
}

/** Sets the job as an agent reads it from the line. */
function nameJob(record: LogRecord): LogRecord {
  return record.message.includes(JOB_A) ? { ...record, 'flink.job.id': JOB_A, 'flink.job.name': 'orders' } : record;
}

const print = (incidents: readonly Incident[]): readonly string[] =>
  incidents.map(({ outcome, diagnoses }) => `${outcome} ${diagnoses.en[0]?.cause}`);

describe('a JobManager', () => {
  it('that is gone is told once, with its jobs and their last checkpoint, also by an analyzer that starts anew', async () => {
    const stage = await open();
    await stage.at(310, { life: {} });
    await stage.at(320, { life: { gone: iso(312) } });
    await stage.at(325, { life: { gone: iso(312) } });
    stage.restart();
    await stage.at(330, { life: { gone: iso(312) } });
    await stage.at(340, { life: { gone: iso(312) } });

    expect(print(stage.published)).toEqual(['failing cluster.jobmanager-lost']);
    expect(stage.published[0]?.diagnoses.en[0]?.fixes[0]?.text).toContain('orders (chk-60, 2026-11-20T10:05:05Z');
    expect(stage.published[0]?.diagnoses.zh[0]?.summary).toContain('orders');
    expect(stage.published[0]).toMatchObject({ cluster: CLUSTER, platform: { kind: 'cluster', jobs: 1 } });
    await stage.store.close();
  });

  it('stands beside what jobs share, which takes away neither its incident nor that of an agent', async () => {
    const stage = await open();
    await stage.at(310, { life: {} });
    await stage.at(320, { life: { gone: iso(312) } });
    await stage.store.agents.save({
      ...{ id: 'node2-1', host: 'node2', time: iso(300), files: 1, lagBytes: 0, shippedRecords: 1, counters: {} },
      conditions: [],
      processes: [],
    });
    for (const second of [325, 335, 345, 355, 360]) await stage.at(second, { life: { gone: iso(312) } });
    stage.restart();
    for (const second of [365, 380, 395, 400, 405, 410]) await stage.at(second, { life: { gone: iso(312) } });

    expect(print(await stage.store.findIncidents({ limit: 10 }))).toEqual(
      expect.arrayContaining(['failing cluster.jobmanager-lost', 'failing jobtrace.agent-silent']),
    );
    await stage.store.close();
  });

  it('that was told to stop is a notice, and no job of it is said to be lost', async () => {
    const stage = await open([...LINES, SIGNAL]);
    await stage.at(320, { life: { gone: iso(312) } });

    expect(print(stage.published)).toEqual(['canceled cluster.stopped']);
    expect(stage.published[0]?.diagnoses.en[0]?.severity).toBe('info');
    await stage.store.close();
  });

  it('whose last lines come late is waited for, and no job of it is said to be lost', async () => {
    const stage = await open();
    const life = { gone: iso(312), wrote: iso(312) };
    await stage.at(320, { life });
    await stage.at(330, { life });
    await stage.say(SIGNAL);
    await stage.at(340, { life });
    await stage.at(370, { life });

    expect(print(stage.published)).toEqual(['canceled cluster.stopped']);
    await stage.store.close();
  });

  it('whose last lines come later than anybody waits is told, and that it was told to stop when they come', async () => {
    const stage = await open();
    const life = { gone: iso(312), wrote: iso(312) };
    await stage.at(320, { life });
    await stage.at(365, { life });
    expect(print(stage.published)).toEqual(['failing cluster.jobmanager-lost']);
    await stage.say(SIGNAL);
    await stage.at(375, { life });

    expect(stage.published.at(-1)).toMatchObject({ id: stage.published[0]?.id, outcome: 'canceled' });
    await stage.store.close();
  });

  it('that is gone for hours when an analyzer first looks is no news', async () => {
    const stage = await open();
    await stage.at(20_000, { life: { gone: iso(312) } });

    expect(stage.published).toEqual([]);
    await stage.store.close();
  });

  it('that nobody sees is silent after three of its longest pauses, at least a minute, and over when it writes', async () => {
    const stage = await open();
    const unseen = { started: undefined };
    await stage.at(310, { life: unseen });
    for (const second of [330, 350, 364]) await stage.at(second, { life: unseen });
    expect(stage.published).toEqual([]);
    for (const second of [370, 376]) await stage.at(second, { life: unseen });
    await stage.at(390, { life: { ...unseen, wrote: iso(388) } });

    expect(print(stage.published)).toEqual(['failing cluster.silent', 'recovered cluster.silent']);
    await stage.store.close();
  });

  it('that nobody sees and that wrote little is never silent', async () => {
    const stage = await open(LINES.slice(0, 10));
    for (const second of [310, 400, 900, 2000])
      await stage.at(second, { life: { started: undefined, wrote: iso(45) } });

    expect(stage.published).toEqual([]);
    await stage.store.close();
  });
});

describe('an agent', () => {
  it('that says nothing more is told once, with the jobs of its clusters, and over when it is back', async () => {
    const stage = await open();
    await stage.at(310, { life: {} });
    await stage.at(314);
    await stage.at(325);
    expect(stage.published).toEqual([]);
    for (const second of [336, 341, 346]) await stage.at(second);
    stage.restart();
    for (const second of [351, 360, 370, 382, 390]) await stage.at(second);
    await stage.at(395, { life: {} });

    expect(print(stage.published)).toEqual(['failing jobtrace.agent-silent', 'recovered jobtrace.agent-silent']);
    expect(stage.published[0]?.diagnoses.en[0]?.summary).toContain('within the last hour: orders');
    expect(stage.published[0]).toMatchObject({ cluster: '*', platform: { kind: 'agent', thing: 'node1', jobs: 1 } });
    await stage.store.close();
  });

  it('that was stopped in order is a notice when it is not started again soon', async () => {
    const stage = await open();
    await stage.at(310, { life: {}, stopped: iso(310) });
    await stage.at(340);
    await stage.at(350, { life: {} });
    for (const second of [355, 360]) await stage.at(second, { life: {} });
    expect(stage.published).toEqual([]);
    await stage.at(365, { life: {}, stopped: iso(365) });
    for (const second of [380, 400, 430, 440, 500]) await stage.at(second);

    expect(print(stage.published)).toEqual(['canceled jobtrace.agent-stopped']);
    await stage.store.close();
  });

  it('is not silent for a store that was away, nor for an analyzer that slept', async () => {
    const stage = await open();
    await stage.at(310, { life: {} });
    await stage.at(900);
    await stage.at(910);
    await stage.at(920, { life: {} });

    expect(stage.published).toEqual([]);
    await stage.store.close();
  });
});
