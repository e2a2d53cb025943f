import { describe, expect, it } from 'vitest';
import type { Incident } from '../../core/documents/incident.js';
import { makeCatalog, makeLog, JOB_A, JOB_B, TEST_RULES } from '../testing/samples.js';
import { diagnose } from './diagnose.js';

const catalog = makeCatalog(TEST_RULES);
const JM = 'log/flink-flink-standalonesession-0-node-1.log';
const CLIENT = 'log/flink-flink-client-node-1.log';
const OTHER_JM = 'log/flink-flink-standalonesession-1-node-2.log';
const TM = 'log/flink-flink-taskexecutor-0-node-1.log';
const GRAPH = 'org.apache.flink.runtime.executiongraph.ExecutionGraph';

function tell(time: string, from: string, to: string, job = JOB_A): string {
  return `${time} INFO ${GRAPH} - Job orders (${job}) switched from state ${from} to ${to}.`;
}

const FAILED_ONCE = [
  tell('10:00:00', 'CREATED', 'RUNNING'),
  tell('10:05:00', 'RUNNING', 'RESTARTING'),
  'java.io.IOException: No space left on device',
  '\tat org.apache.flink.core.fs.FileSystem.write(FileSystem.java:1) ~[flink-dist-1.20.1.jar:1.20.1]',
];
const RUNS_AGAIN = [...FAILED_ONCE, tell('10:05:10', 'RESTARTING', 'RUNNING')];

function checkpoint(time: string): string {
  return `${time} INFO org.apache.flink.runtime.checkpoint.CheckpointCoordinator - Completed checkpoint 7 for job ${JOB_A} (1 bytes, checkpointDuration=1 ms, finalizationTime=1 ms).`;
}

function line(time: string): string {
  return `${time} INFO com.example.Progress - 4711 orders read`;
}

const REFUSED = [
  '10:00:00 ERROR org.apache.flink.client.cli.CliFrontend - Error while running the command.',
  'org.apache.flink.client.program.ProgramInvocationException: The main method caused an error: No operators defined',
  '\tat org.apache.flink.client.program.PackagedProgram.callMainMethod(PackagedProgram.java:1) ~[flink-dist-1.20.1.jar:1.20.1]',
];
const NEVER_BEGAN = [
  `10:00:00 INFO org.apache.flink.runtime.jobmaster.JobMaster - Using restart back off time strategy NoRestartBackoffTimeStrategy for orders (${JOB_A}).`,
  '10:00:01 ERROR org.apache.flink.runtime.webmonitor.handlers.JarRunHandler - Exception occurred in REST handler: Could not execute application.',
  ...REFUSED.slice(1),
];
const ASKED = [
  REFUSED[0] ?? '',
  `org.apache.flink.util.FlinkException: Could not cancel job ${JOB_A}.`,
  REFUSED[2] ?? '',
];
const DIED = [
  '10:00:00 ERROR org.apache.flink.runtime.taskexecutor.TaskManagerRunner - Terminating TaskManagerRunner with exit code 1.',
  'java.io.IOException: No space left on device',
  '\tat org.apache.flink.core.fs.FileSystem.write(FileSystem.java:1) ~[flink-dist-1.20.1.jar:1.20.1]',
];
const ATTEMPT = `${'c'.repeat(32)}_${'d'.repeat(32)}_0_0`;
const SLOT = `10:00:00 INFO org.apache.flink.runtime.taskexecutor.TaskExecutor - Receive slot request ${'e'.repeat(32)} for job ${JOB_A} from resource manager with leader id ${'0'.repeat(32)}.`;
const TASK_FAILED = [
  `10:00:00 INFO org.apache.flink.runtime.taskexecutor.TaskExecutor - Received task Map (1/1)#0 (${ATTEMPT}), deploy into slot with allocation id ${'e'.repeat(32)}.`,
  `10:00:00 INFO org.apache.flink.runtime.taskexecutor.TaskExecutor - Establish JobManager connection for job ${JOB_A}.`,
  `10:00:01 WARN org.apache.flink.runtime.taskmanager.Task - Map (1/1)#0 (${ATTEMPT}) switched from RUNNING to FAILED with failure cause:`,
  ...DIED.slice(1),
];

interface Case {
  readonly what: string;
  readonly logs: Readonly<Record<string, readonly string[]>>;
  readonly now?: string;
  readonly outcome: Incident['outcome'];
}

const CASES: readonly Case[] = [
  { what: 'restarts', logs: { [JM]: FAILED_ONCE }, outcome: 'failing' },
  { what: 'has just begun to run again', logs: { [JM]: RUNS_AGAIN }, now: '10:09:00', outcome: 'failing' },
  {
    what: 'runs again and completes checkpoints for long',
    logs: { [JM]: [...RUNS_AGAIN, checkpoint('10:06:00'), checkpoint('10:15:30')] },
    outcome: 'recovered',
  },
  {
    what: 'is RUNNING again, makes checkpoints, and has completed none since',
    logs: { [JM]: [FAILED_ONCE[0] ?? '', checkpoint('10:02:00'), ...RUNS_AGAIN.slice(1), line('10:20:00')] },
    now: '10:21:00',
    outcome: 'failing',
  },
  {
    what: 'is RUNNING again, and a task of it that failed has not run since',
    logs: { [JM]: [...RUNS_AGAIN, line('10:20:00')], [TM]: [SLOT, ...TASK_FAILED] },
    now: '10:21:00',
    outcome: 'failing',
  },
  {
    what: 'runs again, and its JobManager goes on writing whatever it is',
    logs: { [JM]: [...RUNS_AGAIN, line('10:20:00')] },
    now: '10:21:00',
    outcome: 'recovered',
  },
  {
    what: 'ran again, and then nobody wrote anything',
    logs: { [JM]: [...RUNS_AGAIN, checkpoint('10:06:00')] },
    now: '11:00:00',
    outcome: 'silent',
  },
  {
    what: 'ran again, and only its TaskManager, which lost the JobManager, goes on writing',
    logs: { [JM]: RUNS_AGAIN, [TM]: [line('10:06:00'), line('10:59:00')] },
    now: '11:00:00',
    outcome: 'silent',
  },
  {
    what: "ran again, and only another job's JobManager goes on writing",
    logs: { [JM]: RUNS_AGAIN, [OTHER_JM]: [tell('10:00:00', 'CREATED', 'RUNNING', JOB_B), line('10:59:00')] },
    now: '11:00:00',
    outcome: 'silent',
  },
  {
    what: 'waited for its restart when the cluster fell silent',
    logs: { [JM]: FAILED_ONCE },
    now: '11:00:00',
    outcome: 'silent',
  },
  {
    what: 'failed for good',
    logs: { [JM]: [...FAILED_ONCE, tell('10:05:10', 'RESTARTING', 'FAILED')] },
    now: '11:00:00',
    outcome: 'failed',
  },
  {
    what: 'was canceled by a person',
    logs: {
      [JM]: [...FAILED_ONCE, tell('10:05:10', 'RESTARTING', 'CANCELLING'), tell('10:05:11', 'CANCELLING', 'CANCELED')],
    },
    now: '11:00:00',
    outcome: 'canceled',
  },
  {
    what: 'came to its end',
    logs: { [JM]: [...RUNS_AGAIN, tell('10:06:00', 'RUNNING', 'FINISHED')] },
    outcome: 'recovered',
  },
];

describe('the outcome of an incident', () => {
  it.each(CASES)('is $outcome where the job $what', ({ logs, now, outcome }) => {
    const entries = Object.entries(logs).flatMap(([path, lines]) => makeLog(path, lines));
    const present = now === undefined ? undefined : Date.parse(`2026-03-02T${now}Z`);

    expect(diagnose(entries, catalog, { now: present }).map((incident) => incident.outcome)).toEqual([outcome]);
  });

  it.each([
    ['failed where a submission was refused', { [CLIENT]: REFUSED }, 'failed'],
    ['failed where a process died that had no job', { [TM]: DIED }, 'failed'],
    ['failed where the JobManager could not execute the program whose job it knows', { [JM]: NEVER_BEGAN }, 'failed'],
    [
      'unknown where a client names a job, which may go on',
      { [CLIENT]: ASKED, [TM]: TASK_FAILED.slice(0, 2) },
      'unknown',
    ],
    ['unknown where only the TaskManager tells of the job, which may go on', { [TM]: TASK_FAILED }, 'unknown'],
    ['unknown also where that died of it', { [TM]: [...TASK_FAILED, ...DIED] }, 'unknown'],
  ] as const)('is %s', (_what, logs, outcome) => {
    const entries = Object.entries(logs).flatMap(([path, lines]) => makeLog(path, lines));

    const found = diagnose(entries, catalog);

    expect(found.map((incident) => incident.outcome)).toEqual([outcome]);
    if (outcome === 'unknown') expect(found[0]?.job?.id).toBe(JOB_A);
  });
});
