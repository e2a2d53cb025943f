// Renders a JobManager's log in which very many jobs fail once each, as Flink 1.20 prints it. For bench/flood.ts,
// bench/backlog.ts and the tests of the cost of such a log.
import { DISK_FULL } from './restarts.js';

export interface FailingJobs {
  readonly jobs: number;
  /** True if all jobs fail because of one full disk; otherwise each fails with its own exception. */
  readonly isShared: boolean;
  /** True if their tasks fail first, in lines that name no job. */
  readonly hasTasks: boolean;
  /** Start time in milliseconds since 1970; default: a day in March 2026. */
  readonly start?: number;
  /** Milliseconds between two failures. */
  readonly everyMs?: number;
  /** Number of the first job, so that several logs have different jobs. */
  readonly first?: number;
  /** Number of healthy lines after each failure. */
  readonly between?: number;
}

const GRAPH = 'org.apache.flink.runtime.executiongraph.ExecutionGraph';
const START = Date.parse('2026-03-02T10:00:00Z');
const JOBS_OF_ONE = 10;

export function renderFailingJobs({ jobs, isShared, hasTasks, start = START, ...more }: FailingJobs): string {
  const { everyMs = 2, first = 0, between = 0 } = more;
  const lines: string[] = [];
  for (let index = 0; index < jobs; index++) {
    const number = first + index;
    const stamp = new Date(start + index * everyMs).toISOString().replace('T', ' ').replace('.', ',').replace('Z', '');
    const say = (text: string): void => void lines.push(`${stamp} INFO  ${GRAPH.padEnd(60)} [] - ${text}`);
    const trace = isShared ? DISK_FULL : renderTrace(number);
    if (hasTasks) for (const text of renderTask(number, trace)) say(text);
    say(`Job ${nameFailingJob(number)} (${hex(0xabc00000 + number)}) switched from state RUNNING to FAILED.\n${trace}`);
    for (let line = 0; line < between; line++)
      say(`Triggering checkpoint ${line} (type=CheckpointType{name='Checkpoint'}) for another job of this cluster.`);
  }
  return `${lines.join('\n')}\n`;
}

export function nameFailingJob(number: number): string {
  return `job-${number}`;
}

function renderTrace(number: number): string {
  const name = `${number.toString(36)}x`;
  return [
    `java.lang.IllegalStateException: account ${name} is closed`,
    `\tat com.acme.Job${number}.map(Job${number}.java:${(number % 900) + 1})`,
    '\tat org.apache.flink.streaming.api.operators.StreamMap.processElement(StreamMap.java:38)',
  ].join('\n');
}

/** Renders a task that is deployed and fails. */
function renderTask(number: number, trace: string): readonly string[] {
  const task = `Source: ${nameFailingJob(number)} -> Sink (1/1)`;
  const attempt = `${hex(number + 1)}_${hex(number + 7)}_0_0`;
  const place = `host:${Math.floor(number / JOBS_OF_ONE)}-a @ host (dataPort=2)`;
  return [
    `Deploying ${task} (attempt #0) with attempt id ${attempt} and vertex id ${hex(number + 7)}_0 to ${place} with allocation id ${hex(1_000_000 + number)}`,
    `${task} (${attempt}) switched from RUNNING to FAILED on ${place}.\n${trace}`,
  ];
}

function hex(number: number): string {
  return number.toString(16).padStart(32, '0');
}
