// Renders the lines of a session cluster around the restart of a job, as Flink 1.20 prints them in the logs of its
// JobManager and of its TaskManagers, each of which has the tasks of ten jobs. bench/analyzer.ts makes loops of any
// length and any number of jobs and clusters from them.
import type { LogRecord } from '../../core/types.js';

/** Job of a made-up cluster; the number determines its names. */
export interface MadeJob {
  readonly cluster: string;
  readonly id: number;
}

type Component = 'jobmanager' | 'taskmanager';

const JOBS_OF_ONE = 10;
const ENTRYPOINT = 'org.apache.flink.runtime.entrypoint.ClusterEntrypoint';
const JOB_MANAGER =
  ' Starting StandaloneSessionClusterEntrypoint (Version: 1.20.1, Scala: 2.12, Rev:f5c6d5a, Date:2025-02-01T00:00:00+01:00)';
const EXECUTOR = 'org.apache.flink.runtime.taskexecutor.TaskExecutor';
const GRAPH = 'org.apache.flink.runtime.executiongraph.ExecutionGraph';
const TASK = 'org.apache.flink.runtime.taskmanager.Task';
/** Stack trace of a task whose TaskManager has a full disk. */
export const DISK_FULL = [
  'java.io.IOException: No space left on device',
  '\tat java.base/java.io.FileOutputStream.writeBytes(Native Method)',
  '\tat java.base/java.io.FileOutputStream.write(FileOutputStream.java:349)',
  '\tat org.apache.flink.core.fs.local.LocalDataOutputStream.write(LocalDataOutputStream.java:61)',
  '\tat org.apache.flink.streaming.runtime.tasks.StreamTask.runMailboxLoop(StreamTask.java:903)',
  '\tat org.apache.flink.runtime.taskmanager.Task.doRun(Task.java:746)',
].join('\n');

let offset = 0;

/**
 * Renders the start of a job. The first job of a JobManager or of a TaskManager also renders the start of that process.
 */
export function renderStart(job: MadeJob, time: number): readonly LogRecord[] {
  const id = jobIdOf(job);
  const say = (text: string): LogRecord => line(job, 'taskmanager', time + 2, 'INFO', EXECUTOR, text);
  return [
    ...(job.id === 0 ? [line(job, 'jobmanager', time - 1000, 'INFO', ENTRYPOINT, JOB_MANAGER)] : []),
    ...(job.id % JOBS_OF_ONE === 0 ? [say(`Starting TaskManager with ResourceID: ${resourceOf(job)}`)] : []),
    state(job, time, 'INITIALIZING to CREATED'),
    say(`Receive slot request ${slotOf(job)} for job ${id} from resource manager with leader id ${hex(0)}.`),
    say(`Establish JobManager connection for job ${id}.`),
    state(job, time + 10, 'CREATED to RUNNING'),
    ...renderRun(job, time + 10, 0),
  ];
}

/** Renders a failure and restart of the job, with a healthy line next to each of its own. */
export function renderRestart(job: MadeJob, time: number, number: number): readonly LogRecord[] {
  const task = nameTask(job, number);
  const own = [
    line(
      job,
      'taskmanager',
      time,
      'WARN',
      TASK,
      `${task} switched from RUNNING to FAILED with failure cause:\n${DISK_FULL}`,
    ),
    line(
      job,
      'jobmanager',
      time + 5,
      'INFO',
      GRAPH,
      `${task} switched from RUNNING to FAILED on ${resourceOf(job)} @ host (dataPort=2).\n${DISK_FULL}`,
    ),
    state(job, time + 6, 'RUNNING to RESTARTING', `\n${DISK_FULL}`),
    state(job, time + 1000, 'RESTARTING to RUNNING'),
    ...renderRun(job, time + 1010, number + 1),
  ];
  const quiet = own.map((_, index) =>
    line(
      job,
      'taskmanager',
      time + 2000 + index,
      'INFO',
      'com.acme.Report',
      `Report ${index} of ${number} is written to the archive.`,
    ),
  );
  return [...own, ...quiet];
}

/** Renders a completed checkpoint, and this many bytes of irrelevant output of the job's program. */
export function renderQuiet(job: MadeJob, time: number, number: number, bytes: number): readonly LogRecord[] {
  const logger = 'org.apache.flink.runtime.checkpoint.CheckpointCoordinator';
  const completed = `Completed checkpoint ${number + 1} for job ${jobIdOf(job)} (123456 bytes, checkpointDuration=210 ms, finalizationTime=12 ms).`;
  const records = [line(job, 'jobmanager', time, 'INFO', logger, completed)];
  for (let written = 0; written < bytes;) {
    const text = `Report ${records.length} of ${number} is written to the archive: ${'0123456789abcdef '.repeat(12)}`;
    const record = line(job, 'taskmanager', time + records.length, 'INFO', 'com.acme.Report', text);
    written += record['jobtrace.length'];
    records.push(record);
  }
  return records;
}

function renderRun(job: MadeJob, time: number, number: number): readonly LogRecord[] {
  const task = nameTask(job, number);
  return [
    line(
      job,
      'jobmanager',
      time + 1,
      'INFO',
      GRAPH,
      `Deploying ${nameOf(job)} (attempt #${number}) with attempt id ${attemptOf(job, number)} and vertex id ${hex(job.id + 7)}_0 to ${resourceOf(job)} @ host (dataPort=2) with allocation id ${slotOf(job)}`,
    ),
    line(job, 'taskmanager', time + 5, 'INFO', TASK, `${task} switched from INITIALIZING to RUNNING.`),
    line(job, 'jobmanager', time + 6, 'INFO', GRAPH, `${task} switched from INITIALIZING to RUNNING.`),
  ];
}

/** Renders a state change of the job; `change` names both states. */
function state(job: MadeJob, time: number, change: string, trace = ''): LogRecord {
  const text = `Job job-${job.id} (${jobIdOf(job)}) switched from state ${change}.${trace}`;
  return line(job, 'jobmanager', time, 'INFO', GRAPH, text);
}

function line(
  job: MadeJob,
  component: Component,
  time: number,
  level: string,
  logger: string,
  text: string,
): LogRecord {
  const { cluster } = job;
  const number = component === 'jobmanager' ? 0 : executorOf(job);
  const name = `${component}-${number}-${hostOf(job)}`;
  const stamp = new Date(time).toISOString();
  const original = `${stamp.replace('T', ' ').replace('.', ',').replace('Z', '')} ${level.padEnd(5)} ${logger.padEnd(60)} [] - ${text}`;
  offset += original.length + 1;
  return {
    id: `${name}:${String(offset).padStart(14, '0')}`,
    '@timestamp': stamp,
    message: text.split('\n', 1)[0] ?? '',
    'event.original': original,
    'log.level': level === 'WARN' ? 'WARN' : 'INFO',
    'log.file.path': `/opt/flink/log/flink-u-${component === 'jobmanager' ? 'standalonesession' : 'taskexecutor'}-${number}-host.log`,
    'log.offset': offset,
    'host.name': hostOf(job),
    'flink.cluster': cluster,
    'flink.component': component,
    'flink.job.id': undefined,
    'jobtrace.process': name,
    'jobtrace.kind': 'log',
    'jobtrace.layout': 'log4j',
    'jobtrace.length': original.length,
  };
}

/** Returns the host of a cluster; no two clusters share a machine. */
function hostOf({ cluster }: MadeJob): string {
  return `host-${cluster}`;
}

function nameTask(job: MadeJob, number: number): string {
  return `${nameOf(job)} (${attemptOf(job, number)})`;
}

function nameOf({ id }: MadeJob): string {
  return `Source: job-${id} -> Sink (1/1)`;
}

function attemptOf(job: MadeJob, number: number): string {
  return `${hex(job.id + 1)}_${hex(job.id + 7)}_0_${number}`;
}

function jobIdOf({ id }: MadeJob): string {
  return hex(0xabc00000 + id);
}

function executorOf({ id }: MadeJob): number {
  return Math.floor(id / JOBS_OF_ONE);
}

function resourceOf(job: MadeJob): string {
  return `host:${executorOf(job)}-a`;
}

/** Returns the slot of a job, which stays the same over restarts. */
function slotOf({ id }: MadeJob): string {
  return hex(1_000_000 + id);
}

function hex(number: number): string {
  return number.toString(16).padStart(32, '0');
}
