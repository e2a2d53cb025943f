// Tests how the kit's jar finds the job of a line if Flink does not state it: JobIds.java is asked about lines as 1.13
// and 1.17 log them, thread by thread. No Flink runs here; separation.test.ts tests the same on clusters.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getJava } from '../parts.js';
import { runCommand } from '../process.js';
import { KIT } from './kit.js';

const A = 'a'.repeat(32),
  B = 'b'.repeat(32);
const SLOT = '5'.repeat(32),
  OTHER_SLOT = '6'.repeat(32);
const TRY = '7'.repeat(32),
  OTHER_TRY = '8'.repeat(32),
  LATER_TRY = '9'.repeat(32);
const OPERATOR = 'cbc357ccb763df2852fee8c4fc7d55f2';
const TASK_EXECUTOR = 'org.apache.flink.runtime.taskexecutor.TaskExecutor';
const TASK = 'org.apache.flink.runtime.taskmanager.Task';
const GRAPH = 'org.apache.flink.runtime.executiongraph.ExecutionGraph';

type Line = readonly [thread: string, logger: string, message: string];

describe('the jar that finds job ids', () => {
  let dir: string;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'jobtrace-job-ids-'));
    const java = join(await getJava(17), 'bin', 'javac');
    const reader = fileURLToPath(new URL('job-id/JobIdsReader.java', import.meta.url));
    const compiled = await runCommand(java, [
      '--release',
      '8',
      '-Xlint:-options',
      '-d',
      dir,
      join(KIT, 'job-id', 'java', 'JobIds.java'),
      reader,
    ]);
    expect(compiled.stderr).toBe('');
  });

  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  /** Returns the jobs of the lines, in a process that has seen nothing before them. */
  async function findJobs(lines: readonly Line[]): Promise<string[]> {
    const java = join(await getJava(17), 'bin', 'java');
    const asked = await runCommand(java, ['-cp', dir, 'io.jobtrace.joblog.JobIdsReader'], {
      input: lines.map((line) => line.join('|')).join('\n'),
    });
    return asked.stdout
      .trimEnd()
      .split('\n')
      .map((id) => (id === A ? 'A' : id === B ? 'B' : id));
  }

  it('follows a job on a TaskManager from its slot through its attempt to every line of its task', async () => {
    expect(
      await findJobs([
        [
          'rpc',
          TASK_EXECUTOR,
          `Receive slot request ${SLOT} for job ${A} from resource manager with leader id 00000000000000000000000000000000.`,
        ],
        [
          'rpc',
          TASK_EXECUTOR,
          `Received task Source: orders (1/2)#0 (${TRY}), deploy into slot with allocation id ${SLOT}.`,
        ],
        ['rpc', 'org.apache.flink.runtime.taskexecutor.slot.TaskSlotTableImpl', `Activate slot ${SLOT}.`],
        ['task one', 'com.acme.Orders', 'nothing is known of this thread so far'],
        ['task one', TASK, `Source: orders (1/2)#0 (${TRY}) switched from CREATED to DEPLOYING.`],
        ['task one', 'com.acme.Orders', `an order of job ${B}`],
        ['task two', 'com.acme.Orders', 'another task'],
        [
          'rpc',
          TASK_EXECUTOR,
          `Un-registering task and sending final execution state FINISHED to JobManager for task Source: orders (1/2)#0 ${TRY}.`,
        ],
      ]),
    ).toEqual(['A', 'A', 'A', '-', 'A', 'A', '-', 'A']);
  });

  it('follows a job on a JobManager, where attempts are scheduled before anything ties them to it', async () => {
    expect(
      await findJobs([
        ['rpc 1', 'org.apache.flink.runtime.jobmaster.JobMaster', `Initializing job orders (${A}).`],
        ['rpc 1', GRAPH, `Job orders (${A}) switched from state CREATED to RUNNING.`],
        ['rpc 2', GRAPH, `Job bills (${B}) switched from state CREATED to RUNNING.`],
        ['rpc 1', GRAPH, `Source: orders (1/2) (${TRY}) switched from CREATED to SCHEDULED.`],
        ['rpc 2', GRAPH, `Source: orders (1/2) (${OTHER_TRY}_${OPERATOR}_0_0) switched from CREATED to SCHEDULED.`],
        ['rpc 1', 'org.apache.flink.runtime.jobmaster.JobMaster', 'Connecting to ResourceManager'],
        ['rpc 1', GRAPH, `Sink: orders (1/2) (${LATER_TRY}) switched from CREATED to SCHEDULED.`],
        ['rpc 3', GRAPH, `Source: orders (1/2) (${TRY}) switched from SCHEDULED to DEPLOYING.`],
        ['rpc 3', GRAPH, `Source: orders (1/2) (${OTHER_TRY}_${OPERATOR}_0_0) switched from DEPLOYING to RUNNING.`],
      ]),
    ).toEqual(['A', 'A', 'B', 'A', 'B', '-', '-', 'A', 'B']);
  });

  it('reads the job out of the lines of every version that names it', async () => {
    expect(
      await findJobs([
        [
          'rpc',
          'org.apache.flink.runtime.dispatcher.StandaloneDispatcher',
          `Received JobGraph submission ${A} (orders).`,
        ],
        [
          'rpc',
          'org.apache.flink.runtime.dispatcher.StandaloneDispatcher',
          `Received JobGraph submission 'orders' (${A}).`,
        ],
        ['rpc', 'org.apache.flink.runtime.jobmaster.JobMaster', `Stopping the JobMaster for job bills(${B}).`],
        [
          'rpc',
          'org.apache.flink.client.deployment.application.executors.EmbeddedExecutor',
          `Submitting Job with JobId=${B}.`,
        ],
        [
          'rpc',
          'org.apache.flink.runtime.checkpoint.CheckpointCoordinator',
          `Completed checkpoint 3 for job ${B} (12 bytes in 4 ms).`,
        ],
        [
          'rpc',
          'org.apache.flink.runtime.jobmaster.JobMaster',
          `Using restart back off time strategy NoRestartBackoffTimeStrategy for orders (${A}).`,
        ],
      ]),
    ).toEqual(['A', 'A', 'B', 'B', 'B', 'A']);
  });

  it('names no job where a line could be of two', async () => {
    expect(
      await findJobs([
        ['rpc', TASK_EXECUTOR, `Receive slot request ${SLOT} for job ${A} from resource manager with leader id 1.`],
        [
          'rpc',
          TASK_EXECUTOR,
          `Receive slot request ${OTHER_SLOT} for job ${B} from resource manager with leader id 1.`,
        ],
        ['rpc', TASK_EXECUTOR, `Slots ${SLOT} and ${OTHER_SLOT} are there.`],
        ['rpc', TASK_EXECUTOR, `Receive slot request ${SLOT} for job ${B} from resource manager with leader id 1.`],
        ['rpc', TASK_EXECUTOR, `Free slot with allocation id ${SLOT} because: it is no longer needed`],
        ['rpc', TASK_EXECUTOR, `Slots of job ${A} and job ${B} are free.`],
      ]),
    ).toEqual(['A', 'B', '-', 'B', '-', '-']);
  });

  it('believes no words but those of Flink itself, and gives no job when a message cannot be read', async () => {
    expect(
      await findJobs([
        ['rpc', TASK_EXECUTOR, `Establish JobManager connection for job ${A}.`],
        ['pool', 'com.acme.Orders', `reading about job ${A}`],
        ['rpc', TASK_EXECUTOR, 'THROW'],
        ['rpc', TASK_EXECUTOR, `Close JobManager connection for job ${A}.`],
      ]),
    ).toEqual(['A', '-', '-', 'A']);
  });
});

describe('build.sh', () => {
  it('says that there is nothing to build for where no logging library is', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'jobtrace-no-lib-'));

    const ended = await runCommand(join(KIT, 'job-id', 'build.sh'), [empty, join(empty, 'x.jar')]);

    rmSync(empty, { recursive: true });
    expect(ended).toMatchObject({
      code: 1,
      stderr: `No log4j-core-2*.jar and no logback-classic-*.jar in ${empty}: there is nothing to build for.\n`,
    });
  });
});
