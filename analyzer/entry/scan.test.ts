import { describe, expect, it } from 'vitest';
import type { Entry } from '../../core/types.js';
import { loadCatalog } from '../catalog/catalog.js';
import { BUFFER_LOG, JOB_A, makeCatalog, makeLog, readRecording, TEST_RULES } from '../testing/samples.js';
import { scanEntry } from './scan.js';
import { splitText } from '../input/read.js';

const catalog = makeCatalog(TEST_RULES);

describe('scanEntry', () => {
  it('says nothing about an ordinary line', () => {
    expect(
      makeLog('a.log', ['10:00:00 INFO com.example.Progress - 4711 rows, no errors']).map((entry) =>
        scanEntry(entry, catalog),
      ),
    ).toEqual([undefined]);
  });

  it('keeps the entry as it was written and marks the captured words in it', () => {
    const whole = loadCatalog();
    const signals = readRecording(BUFFER_LOG)
      .flatMap((entry) => scanEntry(entry, whole) ?? [])
      .filter((signal) => signal.matches.length > 0);
    const [first] = signals;
    const marked = first?.matches[0]?.highlights.map(([start, end]) => first.text?.slice(start, end));

    expect(first?.text).toMatch(/^2026-03-02 10:16:02,377 INFO {2}org\.apache/);
    expect(marked).toEqual(['Insufficient number of network buffers: required ', '17', '0', '2048', '32768']);
  });

  it('finds the job and the task that an entry names', () => {
    const [signal] = makeLog('a.log', [
      `10:00:00 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state RUNNING to FAILED.`,
      'java.io.IOException: No space left on device',
      '\tat org.apache.flink.A.b(A.java:1)',
    ]).map((entry) => scanEntry(entry, catalog));

    expect(signal?.hints.ids).toEqual([JOB_A]);
    expect(signal?.failure).toMatchObject({
      kind: 'job',
      chain: [{ type: 'java.io.IOException', message: 'No space left on device' }],
    });
    expect(signal?.matches.map((match) => match.rule)).toEqual(['cluster.disk-full/any']);
  });

  it('takes what user code logs or prints for its own words: neither a failure nor a fact of Flink', () => {
    const failed = `Job orders (${JOB_A}) switched from state RUNNING to FAILED.`;
    const scan = (logger: string): ReturnType<typeof scanEntry> =>
      scanEntry(
        makeLog('a.log', [
          `10:00:00 WARN ${logger} - ${failed}`,
          'java.io.IOException: No space left on device',
          '\tat org.apache.flink.A.b(A.java:1)',
        ])[0] as Entry,
        catalog,
      );
    const printed = splitText(
      `{"level":"ERROR","message":"${failed}","stack_trace":"java.io.IOException: No space left on device"}`,
      'flink-u-taskexecutor-0-h.out',
    ).flatMap((entry) => scanEntry(entry, catalog) ?? []);

    const typed = splitText('> -- java.io.IOException: No space left on device', 'flink-u-sql-client-h.out').flatMap(
      (entry) => scanEntry(entry, catalog) ?? [],
    );

    for (const logger of [
      'com.acme.support.Tickets$Sort',
      'org.apache.flink.runtime.taskexecutor.SystemOutRedirectionUtils',
    ]) {
      expect(scan(logger), logger).toMatchObject({ fromUserCode: true, facts: [] });
      expect(scan(logger)?.failure, logger).toBeUndefined();
    }
    for (const logger of [
      'org.apache.flink.runtime.executiongraph.ExecutionGraph',
      'o.a.f.r.executiongraph.ExecutionGraph',
      'ExecutionGraph',
    ])
      expect(scan(logger)?.failure, logger).toMatchObject({ kind: 'job' });
    expect(
      [...printed, ...typed].filter((signal) => signal.fromUserCode !== true || signal.failure !== undefined),
    ).toEqual([]);
  });

  it('takes only the alternative whose exception class fits, also when the class was lost on its way', () => {
    const scan = (text: string): readonly string[] =>
      splitText(text, 'a.log').flatMap((entry) => scanEntry(entry, catalog)?.matches.map((match) => match.rule) ?? []);
    const frame = '\tat org.apache.flink.A.b(A.java:1)\n';

    expect(scan(`java.io.IOException: No space left on device\n${frame}`)).toEqual(['cluster.disk-full/any']);
    expect(scan(`java.io.UncheckedIOException: No space left on device\n${frame}`)).toEqual([]);
    expect(scan(`org.apache.flink.util.SerializedThrowable: No space left on device\n${frame}`)).toEqual([
      'cluster.disk-full/any',
    ]);
  });

  it('is silent when an exception of the rule fits', () => {
    const local = makeCatalog({
      'cluster.disk-full/a':
        'match: [{ id: a, anchor: "No space left" }]\nunless: [{ text: "/scratch" }, { where: { logger: [Backup] } }]',
    });
    const scan = (line: string): boolean =>
      makeLog('a.log', [line]).some((entry) => (scanEntry(entry, local)?.matches.length ?? 0) > 0);

    expect(scan('10:00:00 WARN com.example.Writer - No space left on /data')).toBe(true);
    expect(scan('10:00:00 WARN com.example.Writer - No space left on /scratch')).toBe(false);
    expect(scan('10:00:00 WARN com.example.Backup - No space left on /data')).toBe(false);
  });

  it('looks only where the rule says: level, component, kind of file', () => {
    const local = makeCatalog({
      'memory.heap-oom/a':
        'match: [{ id: a, anchor: "out of memory", where: { level: [ERROR], component: [taskmanager], file: [log] } }]',
    });
    const scan = (path: string, line: string): boolean =>
      makeLog(path, [line]).some((entry) => scanEntry(entry, local) !== undefined);

    expect(scan('flink-u-taskexecutor-0-h.log', '10:00:00 ERROR a.B - out of memory')).toBe(true);
    expect(scan('flink-u-taskexecutor-0-h.log', '10:00:00 WARN a.B - out of memory')).toBe(false);
    expect(scan('flink-u-standalonesession-0-h.log', '10:00:00 ERROR a.B - out of memory')).toBe(false);
    expect(scan('flink-u-taskexecutor-0-h.out', '10:00:00 ERROR a.B - out of memory')).toBe(false);
  });
});
