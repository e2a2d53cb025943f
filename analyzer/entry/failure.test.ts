import { describe, expect, it } from 'vitest';
import { scanEntry } from './scan.js';
import { makeCatalog, TEST_RULES } from '../testing/samples.js';
import { splitText } from '../input/read.js';
import { diagnose } from '../incident/diagnose.js';
import { flattenIncidents } from '../incident/document.js';

const catalog = makeCatalog(TEST_RULES);
const failures = (text: string): readonly (string | undefined)[] =>
  splitText(text, 'flink-flink-sql-client-node-1.log').map((entry) => scanEntry(entry, catalog)?.failure?.kind);

const UNFINISHED = (logger: string, message: string): string =>
  `2026-11-20 10:04:29,235 ERROR ${logger} [] - ${message}\n` +
  'org.apache.flink.table.gateway.service.utils.SqlExecutionException: Failed to execute the operation b874f8ca-b809-44b5-a572-5cf8697353f7.\n' +
  '\tat org.apache.flink.table.gateway.service.operation.OperationManager$Operation.processThrowable(OperationManager.java:414)\n' +
  'Caused by: org.apache.flink.table.api.SqlParserEOFException: Encountered "<EOF>" at line 2, column 80.\n' +
  '\tat org.apache.flink.table.planner.parse.CalciteParser.parseSqlList(CalciteParser.java:79)\n';

describe('a failure', () => {
  it('is none when the gateway tells its client that a statement goes on in the next line', () => {
    expect(
      failures(UNFINISHED('org.apache.flink.table.gateway.service.SqlGatewayServiceImpl', 'Failed to fetchResults.')),
    ).toEqual([undefined]);
  });

  it('is one when the client gives up on the statement', () => {
    expect(
      failures(UNFINISHED('org.apache.flink.table.client.cli.CliClient', 'Could not execute SQL statement.')),
    ).toEqual(['client']);
  });

  it('is a program that the JobManager ran for its client and that ended with an exception', () => {
    const log =
      '2026-11-20 12:50:43,859 WARN  org.apache.flink.client.deployment.application.DetachedApplicationRunner [] - Could not execute application: \norg.apache.flink.client.program.ProgramInvocationException: The main method caused an error: No data\n\tat org.apache.flink.client.program.PackagedProgram.callMainMethod(PackagedProgram.java:373)\n';

    expect(failures(log)).toEqual(['client']);
  });

  it('is what a program that the client runs logs as an error in words of its own, not what it warns of', () => {
    const logged = (level: string): string =>
      `2026-03-02 10:15:01,120 ${level} com.acme.orders.Main [] - 任务执行失败：\njava.lang.IllegalStateException: No rates\n\tat com.acme.orders.Main.main(Main.java:31)\n\tat org.apache.flink.client.program.PackagedProgram.callMainMethod(PackagedProgram.java:355)\n`;

    expect(failures(logged('ERROR'))).toEqual(['client']);
    expect(failures(logged('WARN '))).toEqual([undefined]);
  });

  it('is what a program logs of its job that failed', () => {
    const logged = (exception: string): string =>
      `2026-03-02 10:15:01,120 [main] ERROR com.acme.orders.Main - No result\n${exception}: x\n\tat com.acme.orders.Main.main(Main.java:31)\n`;

    expect(failures(logged('org.apache.flink.runtime.client.JobExecutionException'))).toEqual(['client']);
    expect(failures(logged('java.lang.IllegalStateException'))).toEqual([undefined]);
  });

  it('is none where a process or a library tries something and goes on without it', () => {
    const tried = (exception: string, frame: string): string => `${exception}\n\tat ${frame}(A.java:1)\n`;

    expect(
      failures(
        tried(
          'java.lang.NoClassDefFoundError: org/apache/hadoop/hdfs/HdfsConfiguration',
          'org.apache.flink.runtime.security.modules.HadoopModuleFactory.createModule',
        ),
      ),
    ).toEqual([undefined]);
    expect(
      failures(
        tried(
          'javax.management.MalformedObjectNameException: Invalid character',
          'javax.management.ObjectName.construct',
        ),
      ),
    ).toEqual([undefined]);
    expect(
      failures(
        tried(
          'java.lang.NoClassDefFoundError: org/apache/hadoop/hdfs/HdfsConfiguration',
          'org.apache.flink.runtime.fs.hdfs.HadoopFsFactory.create',
        ),
      ),
    ).toEqual(['bare']);
  });

  it('is a job that is failing, also when its exception stands elsewhere; a job that restarts without one is rescaled', () => {
    const switchTo = (state: string): string =>
      `2026-03-02 10:15:01,120 INFO  org.apache.flink.runtime.executiongraph.ExecutionGraph [] - Job clicks (5a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d) switched from state RUNNING to ${state}.\n`;

    expect(failures(switchTo('FAILING'))).toEqual(['job']);
    expect(failures(switchTo('RESTARTING'))).toEqual([undefined]);
  });

  it('is what a CDC source reports of its reader, unless the reader was interrupted', () => {
    const report = (exception: string): string =>
      `2026-03-02 10:15:01,120 ERROR com.ververica.cdc.debezium.internal.Handover [] - Reporting error:\n${exception}: x\n\tat io.debezium.pipeline.ErrorHandler.setProducerThrowable(ErrorHandler.java:42)\n`;

    expect(failures(report('org.apache.kafka.connect.errors.ConnectException'))).toEqual(['bare']);
    expect(failures(report('java.lang.InterruptedException'))).toEqual([undefined]);
  });

  it('is what Debezium tells of what ended its reader', () => {
    const tell = (line: string): string =>
      `2026-03-02 10:15:01,120 ERROR io.debezium.${line}\njava.sql.SQLException: x\n\tat io.debezium.jdbc.JdbcConnection.query(JdbcConnection.java:553)\n`;

    expect(
      [
        'pipeline.ErrorHandler [] - Producer failure',
        'connector.mysql.BinlogReader [] - Failed due to error: Error processing binlog event',
      ]
        .map(tell)
        .flatMap(failures),
    ).toEqual(['bare', 'bare']);
    expect(failures(tell('jdbc.JdbcConnection [] - Failed to close a statement'))).toEqual([undefined]);
  });

  it("is what Hudi's coordinator fails the job by, not what came of the sync to Hive", () => {
    const tell = (action: string): string =>
      `2026-03-02 10:15:01,120 ERROR org.apache.hudi.sink.StreamWriteOperatorCoordinator [] - Executor executes action [${action}] error\norg.apache.hudi.exception.HoodieLockException: x\n\tat org.apache.hudi.client.transaction.lock.LockManager.lock(LockManager.java:87)\n`;

    expect(
      [
        'commits the instant 20260302101500120',
        'initialize instant ',
        'handle write metadata event for instant 20260302101500120',
      ]
        .map(tell)
        .flatMap(failures),
    ).toEqual(['bare', 'bare', 'bare']);
    expect(failures(tell('sync hive metadata for instant 20260302101500120'))).toEqual([undefined]);
  });

  it('is a JobManager that says at level INFO why it does not start; without a trace the line only follows the job', () => {
    const shut = (diagnostics: string): string =>
      `2026-03-02 10:15:01,120 INFO  org.apache.flink.runtime.entrypoint.ClusterEntrypoint [] - Shutting YarnJobClusterEntrypoint down with application status FAILED. Diagnostics ${diagnostics}.\n`;

    expect(
      failures(
        shut(
          'java.lang.NullPointerException\n\tat org.apache.flink.runtime.entrypoint.ClusterEntrypoint.startCluster(ClusterEntrypoint.java:173)\n',
        ),
      ),
    ).toEqual(['process']);
    expect(
      failures(
        shut(
          'java.net.BindException: Address already in use\n\tat org.apache.flink.runtime.entrypoint.ClusterEntrypoint.startCluster(ClusterEntrypoint.java:173)\n',
        ),
      ),
    ).toEqual(['process']);
    expect(failures(shut('null'))).toEqual([undefined]);
  });

  it('is none when those who watch could not be told', () => {
    const log = (logger: string): string =>
      `2026-03-02 10:15:01,120 ERROR ${logger} [] - Could not send\njava.net.ConnectException: Connection refused\n\tat a.b.C.d(C.java:1)\n`;
    const unnamed = (text: string): number => flattenIncidents(diagnose(splitText(text), catalog), 'en').unknown.length;

    expect(
      [
        'io.openlineage.flink.client.EventEmitter',
        'org.apache.flink.metrics.prometheus.PrometheusPushGatewayReporter',
        'org.apache.flink.runtime.blob.BlobClient',
      ]
        .map(log)
        .map(unnamed),
    ).toEqual([0, 0, 1]);
  });

  it('is none when Netty looks which of its libraries are there, and one when a library of the program is missing', () => {
    const missing = (library: string): string =>
      `java.lang.UnsatisfiedLinkError: no ${library} in java.library.path\n\tat java.lang.ClassLoader.loadLibrary(ClassLoader.java:1867)\n`;

    expect(
      ['netty_transport_native_epoll_x86_64', 'org_apache_flink_shaded_netty4_netty_transport_native_kqueue_aarch_64']
        .map(missing)
        .flatMap(failures),
    ).toEqual([undefined, undefined]);
    expect(failures(missing('acme_codec'))).toEqual(['bare']);
  });

  it('is a trace behind a gap, which belongs to no line that was left', () => {
    const cut = (gap: string): string =>
      `2026-03-02 10:15:01,120 INFO  org.apache.flink.runtime.executiongraph.ExecutionGraph [] - Deploying Map (1/1)\n${gap}\n\tat a.b.C.d(C.java:1)\nCaused by: java.lang.IllegalStateException: x\n\tat a.b.C.e(C.java:2)\n`;

    expect(['[...]', '...', '(…)'].map(cut).flatMap(failures)).toEqual(['bare', 'bare', 'bare']);
    expect(failures(cut('and so on'))).toEqual([undefined]);
  });

  it('is one when a console put a time and a level in front of the lines of a trace', () => {
    const console = [
      'a.b.CException: The main method caused an error: x',
      'at a.b.C.d(C.java:1)',
      'Caused by: java.lang.IllegalStateException: x',
      'at a.b.C.e(C.java:2)',
    ];

    expect(failures(console.map((line, index) => `2026-03-02 10:15:01,12${index} [INFO] ${line}`).join('\n'))).toEqual([
      'bare',
    ]);
  });

  it('is a JobManager of one application that finds no program to run', () => {
    const log =
      '2026-03-02 10:15:01,120 ERROR org.apache.flink.runtime.entrypoint.ClusterEntrypoint [] - Could not create application program.\norg.apache.flink.util.FlinkException: Failed to find job JAR on class path. Please provide the job class name explicitly.\n\tat a.b.C.d(C.java:1)\n';

    expect(failures(log)).toEqual(['process']);
  });

  it('is what fails a job in the JobManager, though the job itself says so only later', () => {
    const says = (message: string): string =>
      `2026-03-02 10:15:01,120 ERROR org.apache.flink.runtime.source.coordinator.SourceCoordinator [] - ${message}\njava.lang.IllegalStateException: x\n\tat a.b.C.d(C.java:1)\n`;

    expect(failures(says('Failed to create Source Enumerator for source Source: orders'))).toEqual(['job']);
    expect(
      failures(
        says(
          'Uncaught exception in the SplitEnumerator for Source Source: orders while handling operator event. Triggering job failover.',
        ),
      ),
    ).toEqual(['job']);
    expect(failures(says('Trying to recover from a global failure.').replace('ERROR', 'INFO'))).toEqual(['job']);
    expect(failures(says('Uncaught exception while closing'))).toEqual([undefined]);
  });

  it('is none when only the trace of a known warning was kept', () => {
    expect(
      failures(
        'java.lang.UnsupportedOperationException: FlinkRunnerResult does not support cancel.\n\tat org.apache.beam.runners.flink.FlinkRunnerResult.cancel(FlinkRunnerResult.java:64)\n',
      ),
    ).toEqual([undefined]);
    expect(
      failures(
        'org.apache.flink.util.FlinkException: The file LOG is not available on the TaskExecutor.\n\tat org.apache.flink.runtime.taskexecutor.TaskExecutor.requestFileUpload(TaskExecutor.java:1890)\n',
      ),
    ).toEqual([undefined]);
    expect(
      failures(
        'org.apache.flink.util.FlinkRuntimeException: InterruptedException while waiting for asynchronously snapshot split\n\tat org.apache.flink.cdc.connectors.mysql.source.assigners.MySqlSnapshotSplitAssigner.getNext(MySqlSnapshotSplitAssigner.java:235)\n',
      ),
    ).toEqual([undefined]);
    expect(
      failures(
        'javax.management.InstanceAlreadyExistsException: kafka.consumer:type=app-info,id=consumer-1\n\tat com.sun.jmx.mbeanserver.Repository.addMBean(Repository.java:437)\n',
      ),
    ).toEqual([undefined]);
    expect(
      failures(
        'javax.management.InstanceAlreadyExistsException: com.acme:type=Orders\n\tat com.sun.jmx.mbeanserver.Repository.addMBean(Repository.java:437)\n',
      ),
    ).toEqual(['bare']);
    const timer = (file: string): string =>
      `Traceback (most recent call last):\n  File "/usr/lib/python3.8/${file}", line 218, in run\n    while not self._finished.wait(next_call - time.time()):\n  File "/usr/lib/python3.8/threading.py", line 300, in wait\n    gotit = waiter.acquire(True, timeout)\nOverflowError: timeout value is too large\n`;
    expect(failures(timer('apache_beam/runners/worker/data_plane.py'))).toEqual([undefined]);
    expect(failures(timer('orders.py'))).toEqual(['bare']);
    const missing = (caller: string): string =>
      `java.lang.NoClassDefFoundError: org/apache/hadoop/conf/Configuration\n\tat ${caller}(CliFrontend.java:1150)\n`;
    expect(failures(missing('org.apache.flink.client.cli.CliFrontend.loadCustomCommandLines'))).toEqual([undefined]);
    expect(failures(missing('org.apache.flink.client.cli.CliFrontend.run'))).toEqual(['bare']);
    const metric = (caller: string): string =>
      `java.lang.IllegalStateException: Cannot find Kafka metric matching current filter.\n\tat org.apache.flink.connector.kafka.MetricUtil.lambda$getKafkaMetric$1(MetricUtil.java:63)\n\tat org.apache.flink.connector.kafka.${caller}(Caller.java:7)\n`;
    expect(failures(metric('source.metrics.KafkaSourceReaderMetrics.getRecordsLagMetric'))).toEqual([undefined]);
    expect(failures(metric('sink.KafkaWriter.<init>'))).toEqual(['bare']);
  });

  it('is a program that a JobManager could not run, though its handler only warns', () => {
    const refused = (logger: string): string =>
      `2026-03-02 10:15:01,120 WARN  ${logger} [] - Could not execute application: \n` +
      'org.apache.flink.client.program.ProgramInvocationException: The main method caused an error: Two operators have this uid.\n' +
      '\tat org.apache.flink.client.program.PackagedProgram.callMainMethod(PackagedProgram.java:372)\n';

    expect(failures(refused('org.apache.flink.client.deployment.application.DetachedApplicationRunner'))).toEqual([
      'client',
    ]);
    expect(failures(refused('com.acme.orders.Starter'))).toEqual([undefined]);
  });

  it('is none when a library looks for a class of the job while its client ends', () => {
    const late = (thread: string): string =>
      `Exception in thread "${thread}" java.lang.IllegalStateException: Trying to access closed classloader. Please check.\n\tat org.apache.flink.util.A.b(A.java:1)\n`;

    expect(failures(late('Thread-5'))).toEqual([undefined]);
    expect(failures(late('main'))).toEqual(['client']);
  });
});
