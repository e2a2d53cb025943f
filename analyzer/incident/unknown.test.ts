// Tests failures whose root no rule knows, under the wrappers and beside the sentences with which Flink reports every
// failure. The root is first, whoever threw it, and its consequences are not listed.
import { describe, expect, it } from 'vitest';
import { buildCatalog, loadCatalog } from '../catalog/catalog.js';
import type { FailureGroup } from '../../core/documents/incident.js';
import { splitText } from '../input/read.js';
import { diagnose } from './diagnose.js';
import { flattenIncidents } from './document.js';

const catalog = loadCatalog();
const ruleless = buildCatalog([], catalog.causes, catalog.engine);

interface Thrown {
  /** Class, then message, as in a stack trace. */
  readonly text: string;
  readonly frames: readonly string[];
}

const JOB = '5f2a0c7e91b84d3aa6c1d20e8b7f4c11';
const TASK = 'Source: orders -> Map (1/2)';
const ATTEMPT = '9c1de0aa52f34e0b7d7b6e1f2c3a4b5d_cbc357ccb763df2852fee8c4fc7d55f2_0_0';

function thrown(text: string, ...frames: string[]): Thrown {
  return { text, frames };
}

function print(...chain: readonly Thrown[]): string {
  return chain
    .map(({ text, frames }, at) =>
      [`${at === 0 ? '' : 'Caused by: '}${text}`, ...frames.map((frame) => `\tat ${frame}`)].join('\n'),
    )
    .join('\n');
}

function line(second: number, level: string, logger: string, message: string): string {
  return `2024-03-05 14:02:${String(second).padStart(2, '0')},017 ${level.padEnd(5)} ${logger} [] - ${message}\n`;
}

const GRAPH = 'org.apache.flink.runtime.executiongraph.ExecutionGraph';

function jobState(second: number, from: string, to: string, trace = ''): string {
  return line(second, 'INFO', GRAPH, `Job orders (${JOB}) switched from state ${from} to ${to}.${trace}`);
}

/** Returns the JobManager's log of a job that is not restarted. */
function jobLog(strategy: string, ...chain: readonly Thrown[]): string {
  const end = thrown(
    `org.apache.flink.runtime.JobException: Recovery is suppressed by ${strategy}`,
    'org.apache.flink.runtime.executiongraph.failover.flip1.ExecutionFailureHandler.handleFailure(ExecutionFailureHandler.java:139)',
    'org.apache.flink.runtime.scheduler.DefaultScheduler.recordTaskFailure(DefaultScheduler.java:258)',
  );
  return [
    jobState(1, 'CREATED', 'RUNNING'),
    line(5, 'INFO', GRAPH, `${TASK} (${ATTEMPT}) switched from INITIALIZING to RUNNING.`),
    line(
      11,
      'WARN',
      GRAPH,
      `${TASK} (${ATTEMPT}) switched from RUNNING to FAILED on tm-1:41567-2a3b4c @ tm-1 (dataPort=38117).\n${print(...chain)}`,
    ),
    jobState(12, 'RUNNING', 'FAILING', `\n${print(end, ...chain)}`),
    jobState(13, 'FAILING', 'FAILED', `\n${print(end, ...chain)}`),
  ].join('');
}

const NO_RESTART = 'NoRestartBackoffTimeStrategy';
const wrapped =
  (...wrappers: readonly Thrown[]) =>
  (root: Thrown): string =>
    jobLog(NO_RESTART, ...wrappers, root);

const MAIN = 'org.apache.flink.client.program.ProgramInvocationException: The main method caused an error: ';

function mainFailed({ text }: Thrown): Thrown {
  return thrown(
    `${MAIN}${text.slice(text.indexOf(': ') + 2)}`,
    'org.apache.flink.client.program.PackagedProgram.callMainMethod(PackagedProgram.java:372)',
  );
}

const APPLICATION = [
  thrown(
    'java.util.concurrent.CompletionException: org.apache.flink.client.deployment.application.ApplicationExecutionException: Could not execute application.',
    'java.util.concurrent.CompletableFuture.encodeThrowable(CompletableFuture.java:314)',
  ),
  thrown(
    'org.apache.flink.client.deployment.application.ApplicationExecutionException: Could not execute application.',
    'org.apache.flink.client.deployment.application.ApplicationDispatcherBootstrap.runApplicationEntryPoint(ApplicationDispatcherBootstrap.java:337)',
  ),
];

/** Way in which Flink reports a failure → function that returns the log of such a failure with this root. */
const REPORTS: Readonly<Record<string, (root: Thrown) => string>> = {
  'a task, no restarts': wrapped(),
  'a task, fixed delay': (root) =>
    jobLog('FixedDelayRestartBackoffTimeStrategy(maxNumberRestartAttempts=3, backoffTimeMS=10000)', root),
  'a task, failure rate': (root) =>
    jobLog(
      'FailureRateRestartBackoffTimeStrategy(FailureRateRestartBackoffTimeStrategy(failuresIntervalMS=300000,backoffTimeMS=10000,maxFailuresPerInterval=3)',
      root,
    ),
  'a task, exponential delay': (root) =>
    jobLog(
      'ExponentialDelayRestartBackoffTimeStrategy(initialBackoffMS=1000, maxBackoffMS=60000, backoffMultiplier=1.5, resetBackoffThresholdMS=3600000, jitterFactor=0.1, currentBackoffMS=1000, lastFailureTimestamp=0)',
      root,
    ),
  'the next operator of a chain': wrapped(
    thrown(
      'org.apache.flink.streaming.runtime.tasks.ExceptionInChainedOperatorException: Could not forward element to next operator',
      'org.apache.flink.streaming.runtime.tasks.CopyingChainingOutput.pushToOperator(CopyingChainingOutput.java:92)',
    ),
  ),
  'an asynchronous function': wrapped(
    thrown(
      'java.lang.Exception: Could not complete the stream element: Record @ 1709647331000 : order-77.',
      'org.apache.flink.streaming.api.operators.async.AsyncWaitOperator$ResultHandler.completeExceptionally(AsyncWaitOperator.java:633)',
    ),
    thrown(
      'java.util.concurrent.CompletionException: failed',
      'java.util.concurrent.CompletableFuture.encodeThrowable(CompletableFuture.java:273)',
    ),
  ),
  'a timer': (root) =>
    jobLog(
      NO_RESTART,
      thrown(
        `TimerException{${root.text}}`,
        'org.apache.flink.streaming.runtime.tasks.StreamTask.invokeProcessingTimeCallback(StreamTask.java:1739)',
      ),
      root,
    ),
  'a reader of splits': wrapped(
    thrown(
      'java.lang.RuntimeException: One or more fetchers have encountered exception',
      'org.apache.flink.connector.base.source.reader.fetcher.SplitFetcherManager.checkErrors(SplitFetcherManager.java:333)',
    ),
    thrown(
      'java.lang.RuntimeException: SplitFetcher thread 0 received unexpected exception while polling the records',
      'org.apache.flink.connector.base.source.reader.fetcher.SplitFetcher.runOnce(SplitFetcher.java:168)',
    ),
  ),
  'a coordinator': wrapped(
    thrown(
      "org.apache.flink.util.FlinkException: Global failure triggered by OperatorCoordinator for 'Source: orders -> Map' (operator cbc357ccb763df2852fee8c4fc7d55f2).",
      'org.apache.flink.runtime.operators.coordination.OperatorCoordinatorHolder$LazyInitializedCoordinatorContext.failJob(OperatorCoordinatorHolder.java:624)',
    ),
  ),
  'a call by reflection': wrapped(
    thrown('java.lang.reflect.UndeclaredThrowableException: null', 'com.sun.proxy.$Proxy44.store(Unknown Source)'),
    thrown('java.lang.reflect.InvocationTargetException: null', 'java.lang.reflect.Method.invoke(Method.java:498)'),
  ),
  'an exception that travelled': (root) =>
    jobLog(NO_RESTART, {
      ...root,
      text: `org.apache.flink.runtime.util.SerializedThrowable: ${root.text}`,
    }),
  'a writer of JDBC': wrapped(
    thrown(
      'java.io.IOException: Writing records to JDBC failed.',
      'org.apache.flink.connector.jdbc.internal.JdbcOutputFormat.writeRecord(JdbcOutputFormat.java:170)',
    ),
  ),
  'a writer of Kafka': wrapped(
    thrown(
      "org.apache.flink.util.FlinkRuntimeException: Failed to send data to Kafka bills-0@-1 with FlinkKafkaInternalProducer{transactionalId='null', inTransaction=false, closed=false}",
      'org.apache.flink.connector.kafka.sink.KafkaWriter$WriterCallback.throwException(KafkaWriter.java:428)',
    ),
  ),
  'a generated class': wrapped(
    thrown(
      "java.lang.RuntimeException: Could not instantiate generated class 'StreamExecCalc$12'",
      'org.apache.flink.table.runtime.generated.GeneratedClass.newInstance(GeneratedClass.java:74)',
    ),
  ),
  'a wrapper without words': wrapped(
    thrown('java.lang.RuntimeException', 'org.apache.flink.util.ExceptionUtils.rethrow(ExceptionUtils.java:321)'),
  ),
  'a job that cannot be set up': (root) =>
    line(
      2,
      'INFO',
      'org.apache.flink.runtime.dispatcher.StandaloneDispatcher',
      `Received JobGraph submission 'orders' (${JOB}).`,
    ) +
    line(
      4,
      'ERROR',
      'org.apache.flink.runtime.dispatcher.StandaloneDispatcher',
      `Job ${JOB} reached terminal state FAILED.\n${print(
        thrown(
          'org.apache.flink.runtime.client.JobInitializationException: Could not start the JobMaster.',
          'org.apache.flink.runtime.jobmaster.DefaultJobMasterServiceProcess.lambda$new$0(DefaultJobMasterServiceProcess.java:97)',
        ),
        thrown(
          `java.util.concurrent.CompletionException: java.lang.RuntimeException: ${root.text}`,
          'java.util.concurrent.CompletableFuture.encodeThrowable(CompletableFuture.java:314)',
        ),
        thrown(
          `java.lang.RuntimeException: ${root.text}`,
          'org.apache.flink.util.ExceptionUtils.rethrow(ExceptionUtils.java:321)',
        ),
        root,
      )}`,
    ),
  'a main method': (root) =>
    line(
      3,
      'ERROR',
      'org.apache.flink.client.cli.CliFrontend',
      `Error while running the command.\n${print(mainFailed(root), root)}`,
    ),
  'an application': (root) =>
    line(
      3,
      'WARN',
      'org.apache.flink.client.deployment.application.ApplicationDispatcherBootstrap',
      `Application failed unexpectedly: \n${print(...APPLICATION, mainFailed(root), root)}`,
    ) +
    line(
      4,
      'ERROR',
      'org.apache.flink.runtime.entrypoint.ClusterEntrypoint',
      `Fatal error occurred in the cluster entrypoint.\n${print(...APPLICATION, mainFailed(root), root)}`,
    ),
  'a JobManager that cannot start': (root) =>
    line(
      4,
      'ERROR',
      'org.apache.flink.runtime.entrypoint.ClusterEntrypoint',
      `Could not start cluster entrypoint StandaloneSessionClusterEntrypoint.\n${print(
        thrown(
          'org.apache.flink.runtime.entrypoint.ClusterEntrypointException: Failed to initialize the cluster entrypoint StandaloneSessionClusterEntrypoint.',
          'org.apache.flink.runtime.entrypoint.ClusterEntrypoint.startCluster(ClusterEntrypoint.java:262)',
        ),
        thrown(
          'org.apache.flink.util.FlinkException: Could not create the DispatcherResourceManagerComponent.',
          'org.apache.flink.runtime.entrypoint.component.DefaultDispatcherResourceManagerComponentFactory.create(DefaultDispatcherResourceManagerComponentFactory.java:287)',
        ),
        root,
      )}`,
    ),
  'a TaskManager that cannot start': (root) =>
    line(
      4,
      'ERROR',
      'org.apache.flink.runtime.taskexecutor.TaskManagerRunner',
      `Terminating TaskManagerRunner with exit code 1.\n${print(
        thrown(
          'org.apache.flink.util.FlinkException: Failed to start the TaskManagerRunner.',
          'org.apache.flink.runtime.taskexecutor.TaskManagerRunner.runTaskManager(TaskManagerRunner.java:488)',
        ),
        root,
      )}`,
    ),
  'a TaskManager that ends itself': (root) =>
    line(
      4,
      'ERROR',
      'org.apache.flink.runtime.taskexecutor.TaskExecutor',
      `Fatal error occurred in TaskExecutor akka.tcp://flink@tm-1:41567/user/rpc/taskmanager_0.\n${print(root)}`,
    ) +
    line(
      5,
      'ERROR',
      'org.apache.flink.runtime.taskexecutor.TaskManagerRunner',
      `Fatal error occurred while executing the TaskManager. Shutting it down...\n${print(root)}`,
    ),
  'a thread that nobody guards': (root) =>
    line(
      4,
      'ERROR',
      'org.apache.flink.util.FatalExitExceptionHandler',
      `FATAL: Thread 'flink-akka.actor.default-dispatcher-15' produced an uncaught exception. Stopping the process...\n${print(root)}`,
    ),
};

/** Invented exceptions by the code that throws them. */
const ROOTS: Readonly<Record<string, readonly Thrown[]>> = {
  'the job': [
    thrown(
      'com.acme.pricing.TariffGapException: no tariff for zone 17 between 2024-01-01 and 2024-02-01',
      'com.acme.pricing.Tariffs.find(Tariffs.java:88)',
      'com.acme.jobs.PriceMapper.map(PriceMapper.java:41)',
      'org.apache.flink.streaming.api.operators.StreamMap.processElement(StreamMap.java:38)',
    ),
    thrown(
      'java.lang.IllegalStateException: shard map 41 is older than 43',
      'com.acme.lookup.Client.route(Client.java:19)',
    ),
    thrown('com.acme.jobs.RateMissingException: no rate of EUR at 10:15', 'com.acme.jobs.Rates.of(Rates.java:12)'),
    thrown('java.lang.UnsupportedOperationException: orders of kind 7', 'com.acme.jobs.Kinds.read(Kinds.java:3)'),
    thrown('java.util.NoSuchElementException: no basket 4711', 'com.acme.jobs.Baskets.next(Baskets.java:77)'),
    thrown(
      'com.acme.orders.BrokenSum$NegativeException: the sum of basket 9 is -3',
      'com.acme.orders.Sums.add(Sums.java:5)',
    ),
    thrown('java.io.UncheckedIOException: the price list ended early', 'com.acme.jobs.Lists.read(Lists.java:44)'),
  ],
  'a library': [
    thrown(
      'io.zetastore.client.EpochClosedException: epoch 4 of cell 17 is closed',
      'io.zetastore.client.Cell.append(Cell.java:88)',
      'io.zetastore.flink.ZetaWriter.write(ZetaWriter.java:31)',
    ),
    thrown('io.zetastore.QuorumSplitError: two leaders of cell 4', 'io.zetastore.Quorum.vote(Quorum.java:9)'),
    thrown('net.quillmq.StaleTicketException: ticket 17 was used', 'net.quillmq.client.Ticket.use(Ticket.java:21)'),
    thrown('java.lang.IllegalStateException: the ring of feed 3 is torn', 'net.quillmq.Feed.turn(Feed.java:60)'),
    thrown('org.brightdb.BrightException: code BR-17, page 4 is dim', 'org.brightdb.jdbc.Page.read(Page.java:2)'),
    thrown('java.io.IOException: frame of 12 bytes begins in frame 3', 'org.brightdb.Frames.cut(Frames.java:30)'),
  ],
  'Flink itself': [
    thrown(
      'java.lang.IllegalStateException: Unexpected ordinal 17 of credit ring',
      'org.apache.flink.runtime.io.network.ring.CreditRing.take(CreditRing.java:88)',
    ),
    thrown(
      'org.apache.flink.runtime.ring.RingOrderException: slot 9 was granted before slot 8',
      'org.apache.flink.runtime.ring.Ring.grant(Ring.java:140)',
    ),
    thrown(
      'org.apache.flink.runtime.ring.TornRingException: ring 3 has two ends',
      'org.apache.flink.runtime.ring.Ring.close(Ring.java:7)',
    ),
    thrown(
      'java.lang.IllegalArgumentException: a lane of width 0',
      'org.apache.flink.runtime.lanes.Lane.widen(Lane.java:51)',
    ),
  ],
  'the JVM': [
    thrown(
      'java.lang.ArrayStoreException: [Lorg.apache.flink.core.Segment;',
      'java.lang.System.arraycopy(Native Method)',
      'org.apache.flink.core.Segments.grow(Segments.java:61)',
    ),
    thrown('java.lang.StringIndexOutOfBoundsException: begin 4, end 2, length 9', 'com.acme.jobs.Cut.cut(Cut.java:8)'),
    thrown('java.lang.ArithmeticException: BigInteger would overflow', 'com.acme.jobs.Powers.raise(Powers.java:4)'),
  ],
};

describe('a root that nobody knows', () => {
  for (const [whose, roots] of Object.entries(ROOTS))
    for (const root of roots)
      it.each(Object.entries(REPORTS))(
        `${root.text.split(':')[0] ?? ''} of ${whose} stands first in: %s`,
        (_, report) => {
          const { diagnoses, unknown } = flattenIncidents(diagnose(splitText(report(root)), catalog), 'en');

          const [type = '', message = ''] = root.text.split(': ');
          const [first] = diagnoses;
          if (first?.symptom === false) {
            expect(first.rule).toMatch(/^(?:code\.user-exception|[a-z]+\.other)\//);
            expect(`${first.title} ${first.summary}`).toContain(type);
            return;
          }
          expect(diagnoses.map(({ symptom }) => symptom)).not.toContain(false);
          expect(unknown).toMatchObject([{ message }]);
          expect(unknown[0]?.chain.at(-1)).toBe(type);
        },
      );
});

describe('the group of a failure that nobody knows', () => {
  const roots = Object.values(ROOTS).flat();
  const groupOf = (log: string): FailureGroup | undefined =>
    flattenIncidents(diagnose(splitText(log), ruleless), 'en').unknown[0]?.group;

  it.each(roots.map((root) => [root.text.split(':')[0] ?? '', root] as const))(
    'is one for %s, however Flink reports it',
    (_, root) => {
      const ids = Object.entries(REPORTS).map(([name, report]) => [name, groupOf(report(root))?.id]);

      expect(ids).toEqual(ids.map(([name]) => [name, ids[0]?.[1]]));
      expect(ids[0]?.[1]).toMatch(/^g1-[0-9a-f]{12}$/);
    },
  );

  it('is another one for each root', () => {
    expect(new Set(roots.map((root) => groupOf(wrapped()(root))?.id)).size).toBe(roots.length);
  });

  it('says by what it is the same', () => {
    const [, thrownByAnybody = thrown('')] = ROOTS['the job'] ?? [];

    expect(groupOf(wrapped()(thrownByAnybody))).toMatchObject({
      type: 'java.lang.IllegalStateException',
      message: 'shard map * is older than *',
      place: 'com.acme.lookup.Client.route',
    });
  });
});

/**
 * Returns the log of a job that fails because its checkpoints fail. The JobManager reports this with different words in
 * each version.
 */
function refuseCheckpoint(root: string, words = ''): string {
  const declined = `Decline checkpoint 7 by task ${ATTEMPT} of job ${JOB} at tm-1:41567-2a3b4c @ tm-1 (dataPort=38117).`;
  return [
    jobState(1, 'CREATED', 'RUNNING'),
    line(
      9,
      'INFO',
      'org.apache.flink.runtime.checkpoint.CheckpointCoordinator',
      `${declined}\n${print(thrown('java.lang.Exception: Could not materialize checkpoint 7'), thrown(root))}`,
    ),
    jobState(
      10,
      'RUNNING',
      'FAILING',
      `\n${print(thrown(`org.apache.flink.util.FlinkRuntimeException: Exceeded checkpoint tolerable failure threshold.${words}`))}`,
    ),
  ].join('');
}

describe('a failure that only says that something else failed', () => {
  const groupOf = (log: string): FailureGroup | undefined =>
    flattenIncidents(diagnose(splitText(log), ruleless), 'en').unknown[0]?.group;
  const [SPACE, SIZE] = ['com.acme.store.CellFullException: cell 17 is full', 'java.io.IOException: 4711 is no price'];

  it('is the same where the checkpoint failed of the same, in whatever words', () => {
    const group = groupOf(refuseCheckpoint(SPACE));

    expect(group).toMatchObject({ message: 'com.acme.store.CellFullException: cell * is full' });
    expect(groupOf(refuseCheckpoint(SPACE.replace('17', '4'), ' The latest checkpoint failed.'))).toEqual(group);
    expect(groupOf(refuseCheckpoint(SIZE))?.id).not.toBe(group?.id);
  });

  it('stands behind one that says more, although it came first', () => {
    const left = thrown(`java.lang.Exception: Job leader for job id ${JOB} lost leadership.`);
    const root = thrown('com.acme.lookup.GoneException: the lease of shop 17 is gone');

    const { unknown } = flattenIncidents(
      diagnose(
        splitText(
          [
            jobState(1, 'CREATED', 'RUNNING'),
            jobState(10, 'RUNNING', 'RESTARTING', `\n${print(left)}`),
            jobState(12, 'RESTARTING', 'RUNNING'),
            jobState(13, 'RUNNING', 'RESTARTING', `\n${print(root)}`),
          ].join(''),
        ),
        ruleless,
      ),
      'en',
    );

    expect(unknown.map(({ chain }) => chain.at(-1))).toEqual(['com.acme.lookup.GoneException', 'java.lang.Exception']);
  });
});
