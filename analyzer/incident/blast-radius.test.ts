// Tests which job a failure is assigned to if two jobs of a session cluster fail at once. The lines are those of Flink
// 1.20.
import { describe, expect, it } from 'vitest';
import { nameFailingJob, renderFailingJobs } from '../../bench/logs/flood.js';
import { splitText } from '../input/read.js';
import { loadCatalog } from '../catalog/catalog.js';
import { jobIdOf } from '../topology/meaning.js';
import { JOB_A, JOB_B } from '../testing/samples.js';
import { collectClusters, groupCluster, type ClusterSignals } from './clusters.js';
import { diagnose } from './diagnose.js';
import { MAX_SHARED } from './blast-radius.js';

const GRAPH = 'org.apache.flink.runtime.executiongraph.ExecutionGraph';
const TASK = 'org.apache.flink.runtime.taskmanager.Task';
const EXECUTOR = 'org.apache.flink.runtime.taskexecutor.TaskExecutor';
const JOB_MANAGER = 'flink-u-standalonesession-0-host0.log';
const DISK = [
  'java.io.IOException: No space left on device',
  '\tat java.base/java.io.FileOutputStream.writeBytes(Native Method)',
  '\tat org.apache.flink.core.fs.local.LocalDataOutputStream.write(LocalDataOutputStream.java:61)',
].join('\n');
const CODE = [
  'java.lang.NullPointerException: Cannot invoke "com.acme.Order.id()" because "order" is null',
  '\tat com.acme.OrderMapper.map(OrderMapper.java:42)',
  '\tat org.apache.flink.streaming.api.operators.StreamMap.processElement(StreamMap.java:38)',
].join('\n');

interface Job {
  readonly name: string;
  readonly id: string;
  /** Hex digit that fills the job's ids. */
  readonly digit: string;
  /** TaskManager that runs the task of the job. */
  readonly host: string;
  /** Time of the failure, in seconds. */
  readonly at: number;
  readonly trace: string;
}

const ORDERS: Job = { name: 'orders', id: JOB_A, digit: '1', host: 'host1', at: 20, trace: DISK };
const CARTS: Job = { name: 'carts', id: JOB_B, digit: '2', host: 'host2', at: 25, trace: CODE };

function line(second: number, logger: string, text: string): string {
  return `2026-03-02 10:00:${String(second).padStart(2, '0')},000 INFO  ${logger.padEnd(60)} [] - ${text}\n`;
}

function attempt({ digit }: Job): string {
  return `${digit.repeat(32)}_${'c'.repeat(32)}_0_0`;
}

/** Returns the lines that the JobManager and the TaskManager write about the job. */
function writeLogs(job: Job): Readonly<Record<'jobManager' | 'taskManager', string>> {
  const { name, id, digit, host, at, trace } = job;
  const task = `Map ${name} (1/1)`;
  const ids = `with attempt id ${attempt(job)} and vertex id ${'c'.repeat(32)}_0`;
  const place = `${host}:1-aa @ ${host} (dataPort=2)`;
  const slot = digit.repeat(30) + 'ff';
  return {
    jobManager: [
      line(1, GRAPH, `Job ${name} (${id}) switched from state CREATED to RUNNING.`),
      line(2, GRAPH, `Deploying ${task} (attempt #0) ${ids} to ${place} with allocation id ${slot}`),
      line(3, GRAPH, `${task} (${attempt(job)}) switched from INITIALIZING to RUNNING.`),
      line(at, GRAPH, `${task} (${attempt(job)}) switched from RUNNING to FAILED on ${place}.\n${trace}`),
      line(at, GRAPH, `Job ${name} (${id}) switched from state RUNNING to RESTARTING.\n${trace}`),
    ].join(''),
    taskManager: [
      line(
        2,
        EXECUTOR,
        `Receive slot request ${slot} for job ${id} from resource manager with leader id ${'0'.repeat(32)}.`,
      ),
      line(3, TASK, `${task}#0 (${attempt(job)}) switched from INITIALIZING to RUNNING.`),
      line(at, TASK, `${task}#0 (${attempt(job)}) switched from RUNNING to FAILED with failure cause:\n${trace}`),
    ].join(''),
  };
}

/** Returns the causes by job, each with its count. */
function findCauses(jobs: readonly Job[]): unknown {
  const hosts = [...new Set(jobs.map(({ host }) => host))];
  const resource = (host: string): string => line(0, EXECUTOR, `Starting TaskManager with ResourceID: ${host}:1-aa`);
  const entries = [
    ...splitText(jobs.map((job) => writeLogs(job).jobManager).join(''), JOB_MANAGER),
    ...hosts.flatMap((host) =>
      splitText(
        resource(host) + jobs.flatMap((job) => (job.host === host ? writeLogs(job).taskManager : [])).join(''),
        `flink-u-taskexecutor-0-${host}.log`,
      ),
    ),
  ];
  return Object.fromEntries(
    diagnose(entries, loadCatalog()).map(({ job, diagnoses }) => [
      job?.name,
      diagnoses.en.map(({ cause, count }) => [cause, count]),
    ]),
  );
}

describe('a failure that the JobManager tells of the task of one job', () => {
  it('is none of a job that was on another TaskManager', () => {
    expect(findCauses([ORDERS, CARTS])).toEqual({
      orders: [['cluster.disk-full', 1]],
      carts: [['code.user-exception', 1]],
    });
  });

  it('is one of each job that was there and does not say it itself', () => {
    expect(findCauses([ORDERS, { ...CARTS, host: 'host1' }])).toEqual({
      orders: [['cluster.disk-full', 1]],
      carts: [
        ['cluster.disk-full', 1],
        ['code.user-exception', 1],
      ],
    });
  });

  it('is counted for its own job alone where another says the same of the same process', () => {
    expect(findCauses([ORDERS, { ...CARTS, host: 'host1', trace: DISK }])).toEqual({
      orders: [['cluster.disk-full', 1]],
      carts: [['cluster.disk-full', 1]],
    });
  });
});

describe('a TaskManager that was lost', () => {
  const lost = (time: string): string =>
    `2026-03-02 ${time},000 WARN  org.apache.flink.runtime.jobmaster.JobMaster [] - TaskManager with id host9:1-aa is no longer reachable.\n`;
  const listFirst = (time: string): unknown => {
    const { jobManager, taskManager } = writeLogs(CARTS);
    const entries = [
      ...splitText(lost(time) + jobManager, JOB_MANAGER),
      ...splitText(taskManager, `flink-u-taskexecutor-0-${CARTS.host}.log`),
    ];
    return diagnose(entries, loadCatalog())
      .filter(({ job }) => job?.name === CARTS.name)
      .map(({ firstSeen, diagnoses }) => [firstSeen, diagnoses.en.map(({ cause }) => cause)]);
  };

  it('before a job was there is nothing of that job', () => {
    expect(listFirst('09:58:30')).toEqual([['2026-03-02T10:00:25.000Z', ['code.user-exception']]]);
  });

  it('while it came to run may be of it', () => {
    expect(listFirst('09:59:30')).toEqual([
      ['2026-03-02T09:59:30.000Z', expect.arrayContaining(['cluster.taskmanager-lost', 'code.user-exception'])],
    ]);
  });
});

describe('thousands of jobs that fail at once', () => {
  it('are given what they share a limited number of times, and each keeps its own failure', () => {
    const jobs = 600;
    const text = renderFailingJobs({ jobs, isShared: true, hasTasks: true });
    const [cluster] = collectClusters(splitText(text, JOB_MANAGER), loadCatalog(), {});
    const { groups } = groupCluster(cluster as ClusterSignals, loadCatalog());

    expect(groups.map(({ job }) => job?.name).sort()).toEqual(
      Array.from({ length: jobs }, (_, number) => nameFailingJob(number)).sort(),
    );
    for (const { job, events } of groups) {
      expect(events.filter((event) => event.signal.facts.some((fact) => jobIdOf(fact) === job?.id))).toHaveLength(1);
      expect(events.length).toBeLessThanOrEqual(MAX_SHARED + 1);
    }
  });

  it('do not hide what happened to a process when they had enough of it', () => {
    const text = renderFailingJobs({ jobs: 600, isShared: true, hasTasks: true });
    const later = `2026-03-02 15:00:00,000 WARN  ${TASK} [] - Late (1/1)#0 (${'9'.repeat(32)}_${'c'.repeat(32)}_0_0) switched from RUNNING to FAILED with failure cause:\n${DISK}\n`;
    const entries = [...splitText(text, JOB_MANAGER), ...splitText(later, 'flink-u-taskexecutor-9-host9.log')];

    expect(diagnose(entries, loadCatalog()).filter(({ job }) => job === undefined)).toMatchObject([
      { firstSeen: '2026-03-02T15:00:00.000Z' },
    ]);
  });
});
