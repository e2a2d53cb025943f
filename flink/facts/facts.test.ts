import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Fact } from './fact.js';
import { FACT_ANCHORS, NAMING_ANCHORS, readFacts, readJarVersion, readNamingFacts } from './facts.js';
import { createSplitter } from '../layout/split.js';
import { parseEntry } from '../layout/layout.js';
import { describeFile } from '../layout/names.js';

const RECORDING = new URL('../../lab/recordings/memory.heap-oom/out-file-only/1.20.5/', import.meta.url);
const MANIFEST = readFileSync(new URL('manifest.yaml', RECORDING), 'utf8');
const JOB = /^ {2}- id: "?([0-9a-f]{32})/m.exec(MANIFEST)?.[1] ?? '';
/** Resource ids of the TaskManager that died and of the other one. */
const [LOST = '', LEFT = ''] = [...MANIFEST.matchAll(/resourceId: "?([\w:-]+)/g)].map(([, id]) => id);
const ID = expect.stringMatching(/^[0-9a-f]{32}$/) as string;
const ATTEMPT = expect.stringMatching(/^[0-9a-f]{32}_[0-9a-f]{32}_\d+_0$/) as string;
const SOURCE = { path: 'x.log', kind: 'log', process: 'x' } as const;

interface Found {
  readonly text: string;
  readonly facts: readonly Fact[];
}

function readRecording(name: string): Found[] {
  const { kind, processKey, component } = describeFile(name);
  const splitter = createSplitter({ kind });
  const entries = [...splitter.push(readFileSync(new URL(name, RECORDING))), ...splitter.flush()];
  return entries.map(({ bytes }) => ({
    text: bytes.toString(),
    facts: readFacts(parseEntry(bytes), { path: name, kind, process: processKey, component }),
  }));
}

function factsOf(name: string): Fact[] {
  return readRecording(name).flatMap(({ facts }) => facts);
}

function factsIn(message: string, logger = 'org.apache.flink.runtime.Foo'): Fact[] {
  return readFacts(parseEntry(Buffer.from(`2026-08-07 05:43:13,867 INFO  ${logger}  [] - ${message}`)), SOURCE);
}

function ofType<T extends Fact['type']>(facts: readonly Fact[], type: T): Extract<Fact, { type: T }>[] {
  return facts.filter((fact): fact is Extract<Fact, { type: T }> => fact.type === type);
}

describe('readFacts on a recorded TaskManager', () => {
  const facts = factsOf('flink-flink-taskexecutor-1-node-1.log');

  it('knows its version, its resource id and its network pool', () => {
    expect(ofType(facts, 'version')).toEqual([{ type: 'version', version: '1.20.5', component: 'taskmanager' }]);
    expect(ofType(facts, 'process-id')).toEqual([{ type: 'process-id', resourceId: LEFT }]);
    expect(ofType(facts, 'network-pool')).toEqual([
      { type: 'network-pool', megabytes: 64, segments: 2048, segmentBytes: 32_768 },
    ]);
  });

  it('reads the whole memory table from the Preconfiguration block', () => {
    expect(ofType(facts, 'memory')[0]).toEqual({
      type: 'memory',
      component: 'taskmanager',
      bytes: {
        totalProcess: 1_073_741_824,
        totalFlink: 603_979_776,
        jvmHeap: 161_061_270,
        frameworkHeap: 134_217_728,
        taskHeap: 26_843_542,
        managed: 241_591_914,
        directLimit: 201_326_592,
        frameworkOffHeap: 134_217_728,
        taskOffHeap: 0,
        network: 67_108_864,
        jvmMetaspace: 268_435_456,
        jvmOverhead: 201_326_592,
      },
    });
  });

  it('tells options of the file from those of the command line, and both from JVM properties', () => {
    const options = ofType(facts, 'option');

    expect(options).toContainEqual({
      type: 'option',
      key: 'taskmanager.memory.process.size',
      value: '1g',
      dynamic: false,
    });
    expect(options).toContainEqual({
      type: 'option',
      key: 'taskmanager.memory.network.min',
      value: '67108864b',
      dynamic: true,
    });
    expect(options.filter(({ key }) => /log/.test(key))).toEqual([]);
  });

  it('ties slots, tasks and the job together', () => {
    expect(facts).toContainEqual({ type: 'slot', allocationId: ID, jobId: JOB, event: 'requested' });
    expect(facts).toContainEqual({ type: 'job-connection', jobId: JOB, event: 'established' });
    expect(facts).toContainEqual({ type: 'job-connection', jobId: JOB, event: 'closed' });
    expect(ofType(facts, 'task-received')).toContainEqual({
      type: 'task-received',
      task: 'Source: orders -> to-order',
      subtask: expect.any(Number) as number,
      parallelism: 2,
      attempt: 0,
      attemptId: ATTEMPT,
      allocationId: ID,
    });
    expect(ofType(facts, 'task-state').filter(({ to }) => to === 'FAILED').length).toBeGreaterThan(0);
  });
});

describe('readFacts on a recorded JobManager', () => {
  const facts = factsOf('flink-flink-standalonesession-0-node-1.log');

  it('follows the job through its restart to its end', () => {
    const states = ofType(facts, 'job-state').filter(({ from }) => from !== 'UNKNOWN');

    expect(states.map(({ from, to }) => `${from}>${to}`)).toEqual([
      'CREATED>RUNNING',
      'RUNNING>RESTARTING',
      'RESTARTING>RUNNING',
      'RUNNING>FAILING',
      'FAILING>FAILED',
    ]);
    expect(new Set(states.map(({ jobId, jobName }) => `${jobName ?? ''} ${jobId}`))).toEqual(
      new Set([`customer-profiles ${JOB}`]),
    );
    expect(ofType(facts, 'restart-strategy')[0]).toMatchObject({
      jobId: JOB,
      strategy: 'FixedDelayRestartBackoffTimeStrategy(maxNumberRestartAttempts=1, backoffTimeMS=2000)',
    });
  });

  it('names the TaskManager that was lost, and not the one that was let go at the end', () => {
    expect(new Set(ofType(facts, 'taskmanager-registered').map(({ resourceId }) => resourceId))).toEqual(
      new Set([LOST, LEFT]),
    );
    expect(new Set(ofType(facts, 'taskmanager-lost').map(({ resourceId }) => resourceId))).toEqual(new Set([LOST]));
  });

  it('says where each attempt ran', () => {
    const deployed = ofType(facts, 'task-deployed').find(
      ({ task, attempt }) => task === 'Source: orders -> to-order' && attempt === 0,
    );

    expect(deployed).toMatchObject({ parallelism: 2, attemptId: ATTEMPT, vertexId: ID, allocationId: ID });
    expect([LOST, LEFT]).toContain(deployed?.resourceId);
  });
});

describe('readFacts', () => {
  it('sees the end that the JVM wrote to the .out file alone', () => {
    expect(factsOf('flink-flink-taskexecutor-0-node-1.out')).toEqual([
      {
        type: 'process-end',
        reason: 'fatal',
        detail: 'Terminating due to java.lang.OutOfMemoryError: Java heap space',
      },
    ]);
  });

  it('sees a JVM that got no memory from the host', () => {
    expect(
      readFacts(
        parseEntry(
          Buffer.from(
            '#\n# There is insufficient memory for the Java Runtime Environment to continue.\n# Native memory',
          ),
        ),
        SOURCE,
      ),
    ).toEqual([
      {
        type: 'process-end',
        reason: 'fatal',
        detail: 'There is insufficient memory for the Java Runtime Environment to continue.',
      },
    ]);
  });

  it.each<readonly [string, Fact]>([
    ['Triggering checkpoint 7 @ 1533620593867', { type: 'checkpoint', checkpointId: 7, event: 'triggered' }],
    [
      `Triggering checkpoint 7 (type=SavepointType{name='Savepoint', postCheckpointAction=NONE}) @ 1533620593867 for job ${JOB}.`,
      { type: 'checkpoint', checkpointId: 7, event: 'triggered', jobId: JOB, savepoint: true },
    ],
    ['Completed checkpoint 7 (1234 bytes in 56 ms).', { type: 'checkpoint', checkpointId: 7, event: 'completed' }],
    [
      `Completed checkpoint 7 for job ${JOB} (1234 bytes, checkpointDuration=56 ms, finalizationTime=1 ms).`,
      { type: 'checkpoint', checkpointId: 7, event: 'completed', jobId: JOB },
    ],
    [
      `Checkpoint 7 of job ${JOB} expired before completing.`,
      { type: 'checkpoint', checkpointId: 7, event: 'expired', jobId: JOB },
    ],
    [
      `Decline checkpoint 7 by task 0123456789abcdef0123456789abcdef of job ${JOB} at container_1 @ host (dataPort=1).`,
      { type: 'checkpoint', checkpointId: 7, event: 'declined', jobId: JOB },
    ],
    [
      `Restoring job ${JOB} from Checkpoint 7 @ 1533620593867 for ${JOB} located at file:/x.`,
      { type: 'checkpoint', checkpointId: 7, event: 'restored', jobId: JOB },
    ],
    [
      `Starting job ${JOB} from savepoint file:/c/chk-12 ()`,
      { type: 'checkpoint', checkpointId: 12, event: 'restored', jobId: JOB },
    ],
    [
      '3 tasks should be restarted to recover the failed task bc4197a480c92c793190a9f8c0afc54c_0. ',
      { type: 'tasks-restarting', count: 3 },
    ],
    [
      'The heartbeat of TaskManager with id container_1_2_3_000002  timed out.',
      { type: 'taskmanager-lost', resourceId: 'container_1_2_3_000002', reason: 'heartbeat timed out' },
    ],
    [
      'Heartbeat of TaskManager with id a:1-2 timed out.',
      { type: 'taskmanager-lost', resourceId: 'a:1-2', reason: 'heartbeat timed out' },
    ],
    [
      'Worker flink-taskmanager-1-1 is terminated. Diagnostics: Pod terminated, container termination statuses: [flink-main-container(exitCode=137, reason=OOMKilled, message=null)]',
      {
        type: 'taskmanager-lost',
        resourceId: 'flink-taskmanager-1-1',
        reason:
          'Pod terminated, container termination statuses: [flink-main-container(exitCode=137, reason=OOMKilled, message=null)]',
      },
    ],
    [
      'Starting TaskManager with ResourceID: container_1_2_3_000002(node-7:8041)',
      { type: 'process-id', resourceId: 'container_1_2_3_000002', address: 'node-7:8041' },
    ],
    [
      'RECEIVED SIGNAL 15: SIGTERM. Shutting down as requested.',
      { type: 'process-end', reason: 'signal', detail: '15: SIGTERM. Shutting down as requested.' },
    ],
    ['Shutting down TaskExecutorLocalStateStoresManager.', { type: 'process-end', reason: 'shutdown' }],
    [`Received JobGraph submission ${JOB} (my job).`, { type: 'job-submitted', jobId: JOB, jobName: 'my job' }],
    [`Received job submission 'a (b) 'c'' (${JOB}).`, { type: 'job-submitted', jobId: JOB, jobName: "a (b) 'c'" }],
    [
      `Job insert-into (x)\n (y) (${JOB}) switched from state RUNNING to FAILING.`,
      { type: 'job-state', jobId: JOB, jobName: 'insert-into (x)\n (y)', from: 'RUNNING', to: 'FAILING' },
    ],
    [`Job ${JOB} reached terminal state FAILED.`, { type: 'job-state', jobId: JOB, from: 'UNKNOWN', to: 'FAILED' }],
    [
      'Map (3/8) (0123456789abcdef0123456789abcdef) switched from RUNNING to FAILED on container_1(node:1) @ node.example.com (dataPort=4).',
      {
        type: 'task-state',
        task: 'Map',
        subtask: 3,
        parallelism: 8,
        attemptId: '0123456789abcdef0123456789abcdef',
        from: 'RUNNING',
        to: 'FAILED',
        resourceId: 'container_1',
        host: 'node.example.com',
      },
    ],
    [
      'Map (3/8)#2 (<hash>) switched from RUNNING to FAILED with failure cause:',
      {
        type: 'task-state',
        task: 'Map',
        subtask: 3,
        parallelism: 8,
        attempt: 2,
        attemptId: '<hash>',
        from: 'RUNNING',
        to: 'FAILED',
      },
    ],
    [
      'Job orders (xxxx) switched from state RUNNING to FAILING.',
      { type: 'job-state', jobId: 'xxxx', jobName: 'orders', from: 'RUNNING', to: 'FAILING' },
    ],
    [
      'Map (3/8)#2 (0123456789abcdef0123456789abcdef) switched from RUNNING to FAILED with failure cause:',
      {
        type: 'task-state',
        task: 'Map',
        subtask: 3,
        parallelism: 8,
        attempt: 2,
        attemptId: '0123456789abcdef0123456789abcdef',
        from: 'RUNNING',
        to: 'FAILED',
      },
    ],
    [
      'Deploying Map (3/8) (attempt #1) to container_1 @ node (dataPort=4)',
      { type: 'task-deployed', task: 'Map', subtask: 3, parallelism: 8, attempt: 1, resourceId: 'container_1' },
    ],
    [
      'Deploying Map (3/8) (attempt #1) to node',
      { type: 'task-deployed', task: 'Map', subtask: 3, parallelism: 8, attempt: 1 },
    ],
  ])('reads "%s"', (message, fact) => {
    expect(factsIn(message)).toEqual([fact]);
  });

  it('reads the banner of old releases', () => {
    expect(factsIn(' Starting TaskManager (Version: 1.5.2, Rev:1, Date:2018)')).toEqual([
      { type: 'version', version: '1.5.2', component: 'taskmanager' },
      { type: 'process-start', component: 'taskmanager' },
    ]);
  });

  it('finds nothing in a user text that only looks alike', () => {
    expect(factsIn('customer switched from BASIC to PREMIUM.')).toEqual([]);
    expect(factsIn('Worker threads: 4')).toEqual([]);
    expect(factsIn('    indented = value')).toEqual([]);
    expect(factsIn("Disconnect TaskExecutor a:1-2 because: Stopping JobMaster for job 'x'.")).toEqual([]);
  });
});

describe('readJarVersion', () => {
  const version = (jar: string): unknown =>
    readJarVersion(parseEntry(Buffer.from(`java.lang.IllegalStateException: x\n\tat a.b.C.d(C.java:1) ~[${jar}]`)));

  it("reads the release from the names of Flink's own jars, not from those of connectors", () => {
    expect(
      [
        'flink-dist_2.11-1.13.6.jar:1.13.6',
        'flink-table-api-java-uber-1.16.2.jar:1.16.2',
        'flink-dist-1.15-vvr-6.0.7.jar:1.15-vvr',
      ].map(version),
    ).toEqual([
      [{ type: 'jar-version', version: '1.13.6' }],
      [{ type: 'jar-version', version: '1.16.2' }],
      [{ type: 'jar-version', version: '1.15' }],
    ]);
    expect(
      [
        'flink-sql-connector-kafka-3.2.0-1.19.jar:3.2.0',
        'flink-connector-hive_2.12-1.14.6.jar:1.14.6',
        'job.jar:?',
      ].map(version),
    ).toEqual([[], [], []]);
  });
});

describe('FACT_ANCHORS', () => {
  it('hold one text of every entry that states a fact, and few of the others', () => {
    const entries = [
      'flink-flink-standalonesession-0-node-1.log',
      'flink-flink-taskexecutor-1-node-1.log',
      'flink-flink-taskexecutor-0-node-1.out',
      'flink-flink-client-node-1.log',
    ].flatMap(readRecording);
    const hits = entries.filter(({ text }) => FACT_ANCHORS.some((anchor) => text.includes(anchor)));

    expect(entries.filter(({ facts }) => facts.length > 0).every((entry) => hits.includes(entry))).toBe(true);
    expect(hits.length).toBeLessThan(entries.filter(({ facts }) => facts.length > 0).length * 1.5);
  });

  it('lead to the same facts for a reader who knows which of them an entry holds, and that it holds no exception', () => {
    const texts = ['flink-flink-standalonesession-0-node-1.log', 'flink-flink-taskexecutor-1-node-1.log']
      .flatMap(readRecording)
      .map(({ text }) => text)
      .filter((text) => !text.includes('Exception'));
    const all = texts.map((text) => readFacts(parseEntry(Buffer.from(text)), SOURCE));

    expect(all.flat().length).toBeGreaterThan(50);
    expect(
      texts.map((text) =>
        readFacts(
          parseEntry(Buffer.from(text), { isPlain: true }),
          SOURCE,
          FACT_ANCHORS.filter((anchor) => text.includes(anchor)),
        ),
      ),
    ).toEqual(all);
  });
});

describe('readNamingFacts', () => {
  it('reads each fact that says whose an entry is, and where none of its anchors stands there is none', () => {
    const entries = ['flink-flink-standalonesession-0-node-1.log', 'flink-flink-taskexecutor-1-node-1.log']
      .flatMap(readRecording)
      .map(({ text }) => ({ text, parsed: parseEntry(Buffer.from(text)) }));
    const pick = (facts: readonly Fact[]): readonly Fact[] =>
      facts.filter((fact) => 'jobId' in fact || ['process-start', 'version', 'process-id'].includes(fact.type));
    const naming = entries.map(({ parsed }) => pick(readFacts(parsed, SOURCE)));

    expect(naming.flat().length).toBeGreaterThan(10);
    expect(entries.map(({ parsed }) => pick(readNamingFacts(parsed, SOURCE)))).toEqual(naming);
    expect(
      entries.filter(
        ({ text }, index) =>
          (naming[index] ?? []).length > 0 && !NAMING_ANCHORS.some((anchor) => text.includes(anchor)),
      ),
    ).toEqual([]);
  });
});
