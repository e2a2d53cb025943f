import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadCatalog } from '../catalog/catalog.js';
import { diagnose } from './diagnose.js';
import { flattenIncidents } from './document.js';
import { readEntries, splitText } from '../input/read.js';

const catalog = loadCatalog();
const BUFFERS = 'rules/recordings/network.insufficient-buffers.total.log';

describe('diagnose', () => {
  it('names missing network buffers with the patch that keeps the task heap', () => {
    const [incident, ...more] = diagnose(readEntries([BUFFERS]), catalog);

    expect(more).toEqual([]);
    expect(incident).toMatchObject({
      job: { id: '5a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d', name: 'orders-by-region' },
      outcome: 'failed',
      restarts: 0,
      unknown: [],
    });
    expect(incident?.diagnoses.en[0]).toMatchObject({
      rule: 'network.insufficient-buffers/total',
      symptom: false,
      count: 1,
      title: 'Not enough network buffers: 17 more are needed, 0 of 2048 are free',
      fixes: [
        {
          id: 'raise-min',
          patch: { 'taskmanager.memory.network.min': '112m', 'taskmanager.memory.process.size': '1104m' },
        },
        { id: 'lower-parallelism', patch: {} },
      ],
    });
    expect(incident?.diagnoses.en[0]?.reasons.map((reason) => [reason.id, reason.weight])).toEqual([
      ['min-binding', 0.7],
      ['many-connections', 0.3],
    ]);
    expect(incident?.facts.flinkVersion).toBe('1.20.1');
  });

  it('is silent for the same words in user data', () => {
    const words = 'Insufficient number of network buffers: required 17, but only 0 available.';
    const log = `2026-03-02 10:16:02,377 INFO  com.example.support.TicketFunction [] - ticket 4711: "${words}"
2026-03-02 10:16:02,601 WARN  com.example.support.TicketFunction [] - Could not classify ticket 4711
java.lang.IllegalArgumentException: ${words}
	at com.example.support.TicketFunction.classify(TicketFunction.java:41) ~[support.jar:?]
`;

    expect(diagnose(splitText(log), catalog)).toEqual([]);
  });

  it('is silent for what a healthy job printed, also without the logs of its process', () => {
    const printed = readdirSync('lab/recordings/healthy/frightening-words', {
      recursive: true,
      encoding: 'utf8',
    }).filter((name) => name.endsWith('.out'));

    expect(printed.length).toBeGreaterThan(4);
    for (const name of printed)
      expect(diagnose(readEntries([`lab/recordings/healthy/frightening-words/${name}`]), catalog), name).toEqual([]);
  });

  describe('of an excerpt that tells of nothing that ended', () => {
    const error = (level: string, logger = 'io.debezium.connector.mysql.MySqlConnection'): string =>
      `2026-03-02 10:16:02,210 ${level} ${logger} [] - Could not go on\n` +
      'io.debezium.DebeziumException: Cannot replicate because the master purged required binary logs.\n\tat io.debezium.connector.mysql.BinlogReader.failed(BinlogReader.java:241)\n';
    const strange = (text: string): string =>
      text
        .replaceAll('Cannot replicate because the master purged required binary logs.', 'Nobody knows.')
        .replaceAll('io.debezium.connector.mysql', 'org.apache.hadoop.net')
        .replaceAll('io.debezium.Debezium', 'java.io.IO');
    const first = (text: string): string => {
      const { diagnoses, unknown } = flattenIncidents(diagnose(splitText(text), catalog), 'en');
      return diagnoses[0]?.cause ?? (unknown.length > 0 ? 'unknown' : 'none');
    };
    const note = (line: string): string => `2026-03-02 10:16:05,000 INFO  ${line}\n`;

    it('takes the error for what it is about', () => {
      expect(first(error('ERROR'))).toBe('connector.mysql-cdc');
      expect(first(strange(error('ERROR')))).toBe('unknown');
      expect(first(error('INFO'))).toBe('none');
    });

    it('takes who was interrupted for cancelled', () => {
      expect(
        first(
          '2026-03-02 10:16:02,210 ERROR com.ververica.cdc.debezium.internal.Handover [] - Reporting error:\njava.lang.InterruptedException: null\n\tat java.lang.Object.wait(Native Method) ~[?:1.8.0_301]\n\tat com.ververica.cdc.debezium.internal.Handover.produce(Handover.java:115)\n',
        ),
      ).toBe('none');
    });

    it('takes a warning only for what a rule knows', () => {
      expect(first(error('WARN'))).toBe('connector.mysql-cdc');
      expect(first(strange(error('WARN')))).toBe('none');
    });

    it('takes a message without its class for what a rule knows', () => {
      const message =
        "Could not find any factory for identifier 'oracle-cdc' that implements 'org.apache.flink.table.factories.DynamicTableFactory' in the classpath.";
      const cut =
        "Unsupported options found for connector 'kafka'.\n\nUnsupported options:\n\nscan.startup\n\nSupported options:\n\nconnector\n";

      expect(first(message)).toBe('sql.factory-not-found');
      expect(first(`Then it says: ${message}`)).toBe('sql.factory-not-found');
      expect(first(`[ERROR] ${message}`)).toBe('sql.factory-not-found');
      expect(first(cut)).toBe('sql.options');
      expect(first(note(`com.acme.Orders [] - ${message}`))).toBe('none');
      expect(first(message.replace('Could not find any factory', 'There is a factory'))).toBe('none');
    });

    it('takes a message whose class is the anchor for what the words of the rule say, whatever stands before it', () => {
      const erased =
        "The return type of function 'main(Main.java:31)' could not be determined automatically, due to type erasure.";
      const cast = 'java.lang.String cannot be cast to java.lang.Long';

      expect(first(erased)).toBe('code.type-extraction');
      expect(first(`> - 现象：\`${erased}\``)).toBe('code.type-extraction');
      expect(first(cast)).toBe('code.cast');
      expect(first(`Tests in error: \n  windowTest(com.acme.WindowTest): ${cast}`)).toBe('code.cast');
      expect(first(note(`com.acme.Orders [] - ${erased}`))).toBe('none');
      expect(
        first(
          `${erased}\n${note('org.apache.flink.runtime.executiongraph.ExecutionGraph [] - Job orders (5a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d) switched from state CREATED to RUNNING.')}`,
        ),
      ).toBe('none');
    });

    it('takes the words in front of frames for what it is about', () => {
      const refusal =
        "Some lines before\nTable sink 'a.b.totals' doesn't support consuming update changes which is produced by node GroupAggregate";

      expect(first(`${refusal}\n\tat com.acme.orders.Main.main(Main.java:31)\n`)).toBe('sql.changelog');
      expect(first(`Nobody knows\n\tat com.acme.orders.Main.main(Main.java:31)\n`)).toBe('none');
    });

    it('asks the words beside a trace that no rule of its own knows', () => {
      const title =
        "My job fails: Could not find any factory for identifier 'oracle-cdc' that implements 'org.apache.flink.table.factories.DynamicTableFactory' in the classpath.";
      const trace =
        'java.lang.RuntimeException: One or more fetchers have encountered exception\n\tat org.apache.flink.connector.base.source.reader.fetcher.SplitFetcherManager.checkErrors(SplitFetcherManager.java:263)\n';

      const start = note(
        'org.apache.flink.runtime.taskexecutor.TaskManagerRunner [] -  Starting TaskManager (Version: 1.20.1, Scala: 2.12, Rev:2b6fd4d, Date:2025-02-05T20:32:14+01:00)',
      );

      expect(first(`My job fails\n${trace}`)).toBe('connector.other');
      expect(first(`${title}\n${trace}`)).toBe('sql.factory-not-found');
      const failed = `2026-03-02 10:16:02,210 WARN  org.apache.flink.runtime.taskmanager.Task [] - Source: orders (1/1)#0 (5a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d_cbc357ccb763df2852fee8c4fc7d55f2_0_0) switched from RUNNING to FAILED with failure cause:\n${trace}`;
      expect(first(`${title}\n${failed}`)).toBe('sql.factory-not-found');
      expect(first(`${title}\n${start}${failed}`)).toBe('connector.other');
    });

    it('reads a sentence that was broken into lines as one', () => {
      const broken =
        'cannot assign instance of\n   java.lang.invoke.SerializedLambda to field\norg.apache.flink.streaming.api.operators.AbstractUdfStreamOperator.userFunction\n   of type org.apache.flink.api.common.functions.Function';

      expect(first(broken)).toBe('classpath.loader-conflict');
      expect(first(broken.replace('cannot assign', 'can assign'))).toBe('none');
    });

    it('takes the whole message of what only wraps for that of a cause that is missing', () => {
      const message =
        "Could not find any factory for identifier 'oracle-cdc' that implements 'org.apache.flink.table.factories.DynamicTableFactory' in the classpath.";
      const trace = (type: string): string =>
        `${type}: ${message}\n\tat com.acme.platform.Runner.run(Runner.java:81)\n`;

      expect(first(trace('java.lang.RuntimeException'))).toBe('sql.factory-not-found');
      expect(first(trace('com.acme.platform.AuditException'))).toBe('code.user-exception');
    });

    it('goes by the class that a sentence quotes with its package', () => {
      expect(first('We see java.net.BindException: Nobody knows, what to do?')).toBe('network.port-conflict');
      expect(first('We see BindExceptions, what to do?')).toBe('none');
      expect(first(note('com.acme.Orders [] - We see java.net.BindException: Nobody knows'))).toBe('none');
    });

    it('takes a line whose head was cut off for one of any level and logger', () => {
      const line =
        'Connection to node -1 (kafka-1/192.0.2.7:9093) failed authentication due to: Authentication failed during authentication due to invalid credentials with SASL mechanism PLAIN';

      expect(first(line)).toBe('kafka.auth');
      expect(first(note(`org.apache.kafka.clients.NetworkClient [] - ${line}`))).toBe('none');
    });

    it('asks a title directly above a trace that was cut', () => {
      const cut = (title: string): string =>
        `${title}\n\norg.apache.flink.runtime.client.JobExecutionException: Job execution failed.\n\tat org.apache.flink.runtime.jobmaster.JobResult.toJobExecutionResult(JobResult.java:144)\n`;
      const incident = diagnose(splitText(cut('# Insufficient number of network buffers')), catalog)[0];

      expect(first(cut('# Insufficient number of network buffers'))).toBe('network.insufficient-buffers');
      expect(incident?.diagnoses.en[0]?.evidence[0]?.line).toBe(1);
      expect(first(cut('# What could it be?'))).toBe('unknown');
    });

    it('takes what a wrapper tells of a cause that was cut off', () => {
      const cut = (told: string): string =>
        `org.apache.flink.client.program.ProgramInvocationException: The main method caused an error: ${told}\n\tat org.apache.flink.client.program.PackagedProgram.callMainMethod(PackagedProgram.java:372)\n`;

      expect(
        first(
          cut(
            "The return type of function 'main(Main.java:31)' could not be determined automatically, due to type erasure.",
          ),
        ),
      ).toBe('code.type-extraction');
      expect(
        first(
          'java.lang.RuntimeException: Cannot write: Field 1 is null, but expected to hold a value.\n\tat org.apache.flink.api.java.typeutils.runtime.TupleSerializer.serialize(TupleSerializer.java:135)\n',
        ),
      ).toBe('code.serialization');
      expect(first(cut('Nobody knows'))).toBe('deploy.submission');
    });

    it.each([
      ['Flink tells by itself what it ended', error('WARN', 'org.apache.flink.runtime.taskmanager.Task')],
      [
        'a source asks once more',
        error('ERROR', 'org.apache.fluss.flink.source.enumerator.FlinkSourceEnumerator').replace(
          'Could not go on',
          'Failed to release kv snapshot lease. These snapshot need to re-enqueue',
        ),
      ],
      ['it was an answer to a browser', error('ERROR', 'org.apache.flink.runtime.rest.handler.job.JobDetailsHandler')],
      [
        'the job went on',
        error('ERROR') +
          note(
            'org.apache.flink.runtime.checkpoint.CheckpointCoordinator [] - Completed checkpoint 7 for job 5a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d (12 bytes, checkpointDuration=3 ms, finalizationTime=1 ms).',
          ),
      ],
      ['it is too long for one', error('ERROR') + note('com.acme.Orders [] - one more').repeat(6000)],
    ])('is silent where %s', (_, text) => {
      expect(first(text)).toBe('none');
    });
  });

  describe('of an exception whose message no rule knows', () => {
    const failed = (trace: string): string =>
      `2026-03-02 10:16:02,210 WARN  org.apache.flink.runtime.taskmanager.Task [] - orders (1/1)#0 (5a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d_cbc357ccb763df2852fee8c4fc7d55f2_0_0) switched from RUNNING to FAILED with failure cause:\n${trace}\n`;
    const client = 'org.apache.flink.client.program.ProgramInvocationException: Job failed\n';
    const rules = (text: string): readonly string[] =>
      flattenIncidents(diagnose(splitText(text), catalog), 'en').diagnoses.map(({ rule }) => rule);

    it('goes by its class', () => {
      expect(
        rules(
          failed('java.net.BindException: Nobody knows\n\tat org.apache.flink.runtime.net.Server.open(Server.java:7)'),
        ),
      ).toEqual(['network.port-conflict/class-alone']);
      expect(
        rules(
          failed(
            'java.lang.IllegalStateException: Nobody knows\n\tat org.apache.flink.runtime.net.Server.open(Server.java:7)',
          ),
        ),
      ).toEqual(['cluster.other/runtime']);
      expect(rules(failed('java.lang.IllegalStateException: Nobody knows'))).toEqual([]);
    });

    it('stands above the end of the process that it caused', () => {
      const fatal =
        '2026-03-02 10:16:02,210 ERROR org.apache.flink.runtime.entrypoint.ClusterEntrypoint [] - Fatal error occurred in the cluster entrypoint.\n';
      const dispatcher = '\n\tat org.apache.flink.runtime.dispatcher.Dispatcher.close(Dispatcher.java:7)\n';
      const found = (text: string): unknown =>
        flattenIncidents(diagnose(splitText(fatal + text), catalog), 'en').diagnoses.map(({ rule, symptom }) => [
          rule,
          symptom,
        ]);

      expect(found(`java.lang.IllegalStateException: Nobody knows${dispatcher}`)).toEqual([
        ['cluster.other/entrypoint', false],
        ['cluster.fatal-exit/uncaught', true],
      ]);
      expect(found(`java.time.DateTimeException: Nobody knows${dispatcher}`)).toEqual([
        ['code.user-exception/unexpected-value', false],
        ['cluster.fatal-exit/uncaught', true],
      ]);
      expect(found('')).toEqual([['cluster.fatal-exit/uncaught', false]]);
    });

    it('prefers every other rule', () => {
      expect(
        rules(failed('java.net.BindException: Nobody knows\n\tat com.acme.orders.Server.open(Server.java:7)')),
      ).toEqual(['code.user-exception/own-code']);
      expect(
        rules(
          `${client}org.apache.flink.runtime.io.network.netty.exception.RemoteTransportException: Connection unexpectedly closed by remote task manager 'node-2/10.0.0.2:6121'. This might indicate that the remote task manager was lost.\n`,
        )[0],
      ).toBe('cluster.taskmanager-lost/connection-closed');
    });
  });

  it('gives one document with the facts', () => {
    const document = flattenIncidents(diagnose(readEntries([BUFFERS]), catalog), 'zh');

    expect(document.diagnoses.filter((diagnosis) => !diagnosis.symptom)).toHaveLength(1);
    expect(document.diagnoses[0]?.title).toContain('网络缓冲区不足');
    expect(document.facts.flinkVersion).toBe('1.20.1');
  });
});
