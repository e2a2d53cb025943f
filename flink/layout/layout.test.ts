import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FileKind } from '../../core/types.js';
import { createSplitter } from './split.js';
import { isEntryStart, parseEntry } from './layout.js';
import { describeFile } from './names.js';

const RECORDINGS = new URL('../../lab/recordings/', import.meta.url);
const JOB = '0123456789abcdef0123456789abcdef';
const TIME = Date.UTC(2026, 7, 7, 5, 43, 13, 867);

function parse(text: string, zone?: string) {
  return parseEntry(Buffer.from(text), { zone });
}

function starts(line: string, kind: FileKind = 'log'): boolean {
  const bytes = Buffer.from(line);
  return isEntryStart(bytes, 0, bytes.length, kind);
}

function entriesOf(text: string, kind: FileKind): string[] {
  const splitter = createSplitter({ kind });
  return [...splitter.push(Buffer.from(text)), ...splitter.flush()].map(({ bytes }) => bytes.toString());
}

describe('isEntryStart', () => {
  it.each([
    '2018-08-07 05:43:13,867 INFO  org.apache.flink.Foo  - text',
    '2018-08-07T05:43:13.867Z INFO text',
    '2018-08-07T05:43:13.867+08:00 text',
    '2018/08/07 05:43:13 text',
    '18/08/07 05:43:13 INFO text',
    '08-07 05:43:13.867 [main] INFO text',
    '07/08 05:43:13,867 [main] INFO text',
    '[2018-08-07 05:43:13,867] INFO text',
    'INFO  2018-08-07 05:43:13,867 text',
    '[WARN ] 2018-08-07 05:43:13,867 text',
    '\u001b[33m2018-08-07 05:43:13,867 text',
    '2018-08-07T05:43:13.867000000Z stdout F 2018-08-07 05:43:13,867 INFO text',
    '{"log":"2018-08-07 05:43:13,867 INFO text\\n","stream":"stdout","time":"2018-08-07T05:43:13.867Z"}',
    'taskmanager-1  | 2018-08-07 05:43:13,867 INFO text',
    '[pod/orders-taskmanager-1-1/flink-main-container] 2018-08-07 05:43:13,867 INFO text',
    'orders-taskmanager-1-1 flink-main-container 2018-08-07 05:43:13,867 INFO text',
    '> > 2018-08-07 05:43:13,867 INFO text',
    '[0.123s][info][gc] text',
    '[2018-08-07T05:43:13.867+0000][0.1s][info][gc] text',
    'E0512 12:00:00.123456       1 reflector.go:125] text',
    'Mar 05, 2024 10:11:12 AM a.b.C main',
    '19:29:14,123 INFO text',
    '{"@timestamp":"2018-08-07T05:43:13.867Z","message":"text"}',
    'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space',
    '# There is insufficient memory for the Java Runtime Environment to continue.',
  ])('is true for "%s"', (line) => {
    expect(starts(line)).toBe(true);
  });

  it.each([
    '',
    '   ',
    '\tat org.apache.flink.Foo.bar(Foo.java:1)',
    '    at org.apache.flink.Foo.bar(Foo.java:1) ~[a.jar:1]',
    'at org.apache.flink.Foo.bar(Foo.java:1)',
    'Caused by: java.io.IOException: x',
    '\tSuppressed: java.io.IOException: x',
    '\t... 12 more',
    '... 12 common frames omitted',
    'java.io.IOException: x',
    'INFO  [] - Loading configuration property: a, b',
    'text that goes on',
    '2018-08-07 05:43:13,867 [INFO] at org.apache.flink.Foo.bar(Foo.java:1)',
    '2018-08-07T05:43:13.867+08:00 \tat org.apache.flink.Foo.bar(Foo.java:1)',
    '2018-08-07T05:43:13.867000000Z stdout F \tat org.apache.flink.Foo.bar(Foo.java:1)',
    '{"log":"\\tat org.apache.flink.Foo.bar(Foo.java:1)\\n","stream":"stdout","time":"2018-08-07T05:43:13.867Z"}',
    '[pod/orders-taskmanager-1-1/flink-main-container] \tat org.apache.flink.Foo.bar(Foo.java:1)',
    'orders-taskmanager-1-1 flink-main-container Caused by: java.io.IOException: x',
    '>     at org.apache.flink.Foo.bar(Foo.java:1)',
    '> INSERT INTO sink SELECT a FROM orders;',
    '2018-08-07 text',
    '12345 text',
  ])('is false for "%s" in a log', (line) => {
    expect(starts(line)).toBe(false);
  });

  it('takes each printed line and each exception of an .out file for itself', () => {
    expect(
      ['(hello,1)', 'java.lang.IllegalStateException: x', 'OpenJDK 64-Bit Server VM warning: x'].map((line) =>
        starts(line, 'out'),
      ),
    ).toEqual([true, true, true]);
    expect(
      ['\tat a.b.C.d(C.java:1)', 'Caused by: a.b.XException', '\t... 3 more'].map((line) => starts(line, 'out')),
    ).toEqual([false, false, false]);
  });
});

describe('entries of a whole file', () => {
  it('keeps the notes of a dying JVM together', () => {
    const note =
      '#\n# There is insufficient memory for the Java Runtime Environment to continue.\n# Native memory allocation (mmap) failed\n# An error report file is saved as:\n# /tmp/hs_err_pid1.log';

    expect(entriesOf(`(a,1)\n${note}\n(b,2)\n`, 'out')).toEqual(['(a,1)', note, '(b,2)']);
  });

  it('takes a warning of the JVM alone', () => {
    expect(entriesOf('OpenJDK 64-Bit Server VM warning: x\n(a,1)\n(b,2)', 'unknown')).toHaveLength(3);
  });

  it('joins a message of several lines to the exception that it belongs to, in a pasted text without dates', () => {
    const text =
      'a.b.ValidationException: no factory.\n\nAvailable factories are:\n\nblackhole\nkafka\n\tat a.b.C.d(C.java:1)\nCaused by: a.b.XException: first\nsecond\n\tat a.b.C.e(C.java:1)';

    expect(entriesOf(`${text}\nprinted afterwards`, 'unknown')).toEqual([text, 'printed afterwards']);
  });

  it.each([
    'DEBUG org.apache.flink.A [] - one',
    '[main] ERROR org.apache.flink.A - one',
    '[Source: a[1] (1/1)] WARN org.apache.flink.A - one',
    '412 [main] WARN  o.a.f.A  - one',
  ])('joins a trace to "%s", which has no date', (line) => {
    const text = `${line}\na.b.CException: x\n\tat a.b.C.d(C.java:1)`;

    expect(entriesOf(`${text}\n${line}`, 'log')).toEqual([text, line]);
    expect(
      entriesOf(`${text.replace('org.apache.flink.A', 'printed').replace('o.a.f.A', 'printed')}\n${line}`, 'log'),
    ).toHaveLength(3);
    expect(entriesOf(`2018-08-07 05:43:13,867 INFO  a [] - first\n${text}`, 'log')).toHaveLength(1);
  });

  it('joins everything without a date to the dated line before it, and a time of day when dates are used', () => {
    const text = '2018-08-07 05:43:13,867 INFO  a [] - one\nINFO  [] - inner\n19:29:14,123 quoted\n\nlast';

    expect(entriesOf(`${text}\n2018-08-07 05:43:14,000 INFO  a [] - two`, 'log')).toEqual([
      text,
      '2018-08-07 05:43:14,000 INFO  a [] - two',
    ]);
    expect(entriesOf('19:29:14,123 INFO a [] - one\n19:29:14,124 INFO a [] - two', 'log')).toHaveLength(2);
  });
});

describe('parseEntry', () => {
  it('keeps the class that stands before the exception it wraps, whatever mark stands in front', () => {
    expect(parse('`a.b.KException: a.b.CException: text`').chain).toEqual(['a.b.KException', 'a.b.CException']);
  });

  it.each([
    [
      '2026-08-07 05:43:13,867 WARN  a.b.C                           - text - more',
      { layout: 'log4j', level: 'WARN', logger: 'a.b.C', message: 'text - more' },
    ],
    [
      '2026-08-07 05:43:13,867 WARN  a.b.C                           [] - text',
      { layout: 'log4j', level: 'WARN', logger: 'a.b.C', message: 'text' },
    ],
    [
      '2026-08-07 05:43:13,867 WARN  a.b.C                            ] - text',
      { layout: 'log4j', level: 'WARN', logger: 'a.b.C', message: 'text' },
    ],
    [
      `2026-08-07 05:43:13,867 WARN  a.b.C                           [${JOB}] - text`,
      { layout: 'log4j', level: 'WARN', logger: 'a.b.C', jobId: JOB, message: 'text' },
    ],
    [
      `2026-08-07 05:43:13,867 [flink-job-id=${JOB}] WARN  a.b.C [] - text`,
      { layout: 'log4j', level: 'WARN', logger: 'a.b.C', jobId: JOB, message: 'text' },
    ],
    [
      '2026-08-07 05:43:13.867 [Source: a[1] -> Map (1/2)#0] WARN  a.b.C  - text',
      { layout: 'logback', level: 'WARN', logger: 'a.b.C', thread: 'Source: a[1] -> Map (1/2)#0', message: 'text' },
    ],
    [
      '2026-08-07 05:43:13.867 [main] WARN  a.b.C flink-akka.actor.default-dispatcher-3 - text',
      { layout: 'logback', level: 'WARN', logger: 'a.b.C', thread: 'main', message: 'text' },
    ],
    [
      '2026-08-07 05:43:13,867 a.b.C            [WARN ][flink/basic] text',
      { layout: 'log4j', level: 'WARN', logger: 'a.b.C', message: 'text' },
    ],
    [
      '2026-08-07 05:43:13.867  WARN 1 --- [main] a.b.C : text',
      { layout: 'log4j', level: 'WARN', logger: 'a.b.C', thread: 'main', message: 'text' },
    ],
    ['2026-08-07 05:43:13,867 WARN a.b.C: text', { layout: 'log4j', level: 'WARN', logger: 'a.b.C', message: 'text' }],
    [
      '2026-08-07 05:43:13,867 WARN something happened here',
      { layout: 'level', level: 'WARN', message: 'something happened here' },
    ],
    ['2026-08-07 05:43:13,867 something happened', { layout: 'timestamp', message: 'something happened' }],
    [
      'WARN  2026-08-07 05:43:13,867 a.b.C - text',
      { layout: 'log4j', level: 'WARN', logger: 'a.b.C', message: 'text' },
    ],
    [
      '2026-08-07T05:43:13.867Z stdout F 2026-08-07 05:43:13,867 WARN  a.b.C [] - text',
      { layout: 'cri/log4j', level: 'WARN', logger: 'a.b.C', message: 'text' },
    ],
    [
      'taskmanager_1  | 2026-08-07 05:43:13,867 WARN  a.b.C [] - text',
      { layout: 'compose/log4j', level: 'WARN', logger: 'a.b.C', message: 'text' },
    ],
    [
      'INFO:apache_beam.utils.subprocess_server:2026-08-07 05:43:13,867 WARN  a.b.C [] - text',
      { layout: 'beam/log4j', level: 'WARN', logger: 'a.b.C', message: 'text' },
    ],
    [
      '[pod/orders-taskmanager-1-1/flink-main-container] 2026-08-07 05:43:13,867 WARN  a.b.C [] - text',
      { layout: 'kubectl/log4j', level: 'WARN', logger: 'a.b.C', message: 'text' },
    ],
    [
      'orders-taskmanager-1-1 flink-main-container 2026-08-07 05:43:13,867 WARN  a.b.C [] - text',
      { layout: 'kubectl/log4j', level: 'WARN', logger: 'a.b.C', message: 'text' },
    ],
    [
      '> 2026-08-07 05:43:13,867 WARN  a.b.C [] - text',
      { layout: 'quoted/log4j', level: 'WARN', logger: 'a.b.C', message: 'text' },
    ],
    [
      '{"log":"printed text\\n","stream":"stdout","time":"2026-08-07T05:43:13.867Z"}',
      { layout: 'docker/none', message: 'printed text' },
    ],
    [
      `{"@timestamp":"2026-08-07T05:43:13.867Z","log.level":"WARN","message":"text","log.logger":"a.b.C","process.thread.name":"main","labels":{"flink-job-id":"${JOB}"}}`,
      { layout: 'json', level: 'WARN', logger: 'a.b.C', thread: 'main', jobId: JOB, message: 'text' },
    ],
    [
      `{"instant":{"epochSecond":${Math.floor(TIME / 1000)},"nanoOfSecond":867000000},"thread":"main","level":"WARN","loggerName":"a.b.C","message":"text","contextMap":{"flink-job-id":"${JOB}"}}`,
      { layout: 'json', level: 'WARN', logger: 'a.b.C', thread: 'main', jobId: JOB, message: 'text' },
    ],
    [
      '{"level":"error","ts":1786081393.867,"logger":"controllers.Orders","msg":"Failed to reconcile","error":"no such host"}',
      { layout: 'json', level: 'ERROR', logger: 'controllers.Orders', message: 'Failed to reconcile: no such host' },
    ],
    [
      '[2026-08-07T05:43:13.867+0000][0.123s][warning][gc,start    ] text',
      { layout: 'gc', level: 'WARN', message: 'text' },
    ],
  ])('reads "%s"', (text, expected) => {
    const { chain, links, ...entry } = parse(text);

    expect(entry).toEqual({ ...expected, time: TIME });
    expect([chain, links]).toEqual([[], []]);
  });

  it.each([
    ['[main] WARN a.b.C - text', 'main'],
    ['[Source: a[1] -> Map (1/2)#0] WARN  a.b.C  - text', 'Source: a[1] -> Map (1/2)#0'],
    ['412 [main] WARN  a.b.C  - text', 'main'],
  ])('reads "%s", which has no date', (text, thread) => {
    expect(parse(text)).toMatchObject({ layout: 'logback', level: 'WARN', logger: 'a.b.C', thread, message: 'text' });
  });

  it.each([
    ['as text', '"java.lang.IllegalStateException: x\\n\\tat a.b.C.d(C.java:1)\\n"'],
    ['as lines', '["java.lang.IllegalStateException: x","\\tat a.b.C.d(C.java:1)"]'],
  ])("reads a line of AWS's managed Flink, which has no time, and its trace %s", (_, trace) => {
    const entry = parse(
      `{ "applicationARN": "arn:aws:kinesisanalytics:eu-west-1:1:application/a", "logger": "a.b.C", "message": "text", "messageType": "WARN", "threadName": "main", "throwableInformation": ${trace} }`,
    );

    expect(entry).toMatchObject({
      layout: 'json',
      level: 'WARN',
      logger: 'a.b.C',
      thread: 'main',
      message: 'text',
      chain: ['java.lang.IllegalStateException'],
    });
    expect(entry.time).toBeUndefined();
  });

  it.each([
    [
      'was cut off',
      String.raw`{"type":"Error","attributes":{"exception_class":"a.b.CException","stackTrace":"a.b.CException: no \"d\"\n\tat a.b.C.d(C.java:1)\n\tat a.b.C.e(C.ja`,
    ],
    [
      'has fields of its own',
      String.raw`{"error":{"trace" : "a.b.CException: no \"d\"\n\tat a.b.C.d(C.java:1)\n","id":7},"text":"y.z.WException: quoted"}`,
    ],
  ])('takes the trace out of a line of JSON that %s', (_, line) => {
    expect(parse(line).links).toEqual([expect.objectContaining({ type: 'a.b.CException', message: 'no "d"' })]);
  });

  it('reads stamps in the zone given, with summer time, and obeys a zone in the stamp', () => {
    expect(parse('2026-08-07 13:43:13,867 INFO  a.b.C [] - x', 'Asia/Shanghai').time).toBe(TIME);
    expect(parse('2026-08-07 07:43:13,867 INFO  a.b.C [] - x', 'Europe/Berlin').time).toBe(TIME);
    expect(parse('2026-01-07 06:43:13,867 INFO  a.b.C [] - x', 'Europe/Berlin').time).toBe(
      Date.UTC(2026, 0, 7, 5, 43, 13, 867),
    );
    expect(parse('2026-08-07T13:43:13.867+08:00 INFO  a.b.C [] - x', 'Europe/Berlin').time).toBe(TIME);
    expect(parse('19:29:14,123 INFO  a.b.C [] - x')).toMatchObject({ level: 'INFO', logger: 'a.b.C', message: 'x' });
    expect(parse('19:29:14,123 INFO  a.b.C [] - x').time).toBeUndefined();
  });

  it('reads what stands behind a date without its year, which is no time', () => {
    for (const stamp of ['08-07 05:43:13.867', '08/07 05:43:13,867', '> 08/07 05:43:13.867']) {
      const entry = parse(`${stamp} [main] WARN  a.b.C - x`);

      expect(entry).toMatchObject({ level: 'WARN', logger: 'a.b.C', thread: 'main', message: 'x' });
      expect(entry.time).toBeUndefined();
    }
  });

  it('keeps what it does not know as it is', () => {
    expect(parse('printed\ntext')).toEqual({ layout: 'none', message: 'printed\ntext', chain: [], links: [] });
    expect(parseEntry(Buffer.from([0x61, 0xff, 0x62]))).toMatchObject({ layout: 'none', message: 'a\ufffdb' });
    expect(parse('')).toMatchObject({ layout: 'none', message: '' });
  });

  it('parts the stack trace from the message, also when the exception stands on the message line', () => {
    const trace =
      'java.lang.RuntimeException: bad\n\tat a.b.C.d(C.java:1)\nCaused by: java.io.IOException: disk\n\t... 1 more';
    const own = parse(
      `2026-08-07 05:43:13,867 WARN  a.b.C [] - Map (1/2)#0 (x) switched from RUNNING to FAILED with failure cause:\n${trace}`,
    );
    const inline = parse(
      `2026-08-07 05:43:13,867 WARN  a.b.C [] - Map (1/2)#0 (x) switched from RUNNING to FAILED with failure cause: ${trace}`,
    );

    for (const entry of [own, inline]) {
      expect(entry).toMatchObject({
        message: 'Map (1/2)#0 (x) switched from RUNNING to FAILED with failure cause:',
        stack: trace,
        error: { type: 'java.lang.RuntimeException', message: 'bad' },
        chain: ['java.lang.RuntimeException', 'java.io.IOException'],
      });
    }
  });

  it('reads a trace of docker compose whose lines a web page broke behind the name', () => {
    const lines = ['Caused by: java.io.IOException: disk', '\tat a.b.C.d(C.java:1)', '\tat a.b.C.e(C.java:2)'];
    const broken = parse(lines.map((line, at) => `flink_1${at === 0 ? '  ' : '\n '}| ${line}`).join('\n'));

    expect(broken).toEqual({ ...parse(lines.join('\n')), layout: 'compose/none' });
  });

  it('reads a trace as if nothing stood in front of its lines', () => {
    const lines = [
      '2026-08-07 05:43:13,867 WARN  a.b.C [] - Map (1/2)#0 (x) switched from RUNNING to FAILED with failure cause:',
      'a.b.ValidationException: no factory.',
      '',
      'Available factories are:',
      'kafka',
      '\tat a.b.C.d(C.java:1)',
      'Caused by: java.io.IOException: disk',
      '\t... 1 more',
    ];
    const plain = parse(lines.join('\n'));

    for (const prefix of [
      '> ',
      '> > ',
      '[pod/orders-jobmanager-0/flink-main-container] ',
      'orders-jobmanager-0 flink-main-container ',
      'jobmanager_1  | ',
      '2026-08-07T05:43:13.867000000Z stdout F ',
    ]) {
      const text = lines.map((line) => prefix + line).join('\n');

      expect(entriesOf(text, 'unknown'), prefix).toEqual([text]);
      expect({ ...parse(text), layout: plain.layout }, prefix).toEqual(plain);
    }
  });

  it('takes the exception for the message when nothing else is said', () => {
    expect(parse('2024-02-07 23:07:49\na.b.XException: gone\n\tat a.b.C.d(C.java:1)')).toMatchObject({
      message: 'a.b.XException: gone',
      chain: ['a.b.XException'],
    });
    expect(parse('Caused by: a.b.XException: gone\n\tat a.b.C.d(C.java:1)')).toMatchObject({
      message: 'Caused by: a.b.XException: gone',
      chain: ['a.b.XException'],
    });
    expect(parse('2026-08-07 05:43:13,867 INFO  a.b.C [] - the class java.io.IOException is known').chain).toEqual([]);
  });
});

describe('recordings of the lab', () => {
  const logs = readdirSync(RECORDINGS, { recursive: true, encoding: 'utf8' }).filter(
    (name) => describeFile(name).kind === 'log' && describeFile(name).jobId === undefined,
  );

  it('frame and parse without an unknown line', () => {
    expect(logs.length).toBeGreaterThan(3);
    for (const name of logs) {
      const splitter = createSplitter({ kind: 'log' });
      const entries = [...splitter.push(readFileSync(new URL(name, RECORDINGS))), ...splitter.flush()].map(
        ({ bytes }) => parseEntry(bytes),
      );
      const odd = entries.filter(
        (entry) =>
          entry.layout !== 'log4j' ||
          entry.time === undefined ||
          entry.logger === undefined ||
          /\n\s*at |^Caused by/m.test(entry.message),
      );

      expect(odd, name).toEqual([]);
      expect(
        entries.filter((entry) => entry.chain.length > 0 && entry.stack === undefined).map(({ message }) => message),
        name,
      ).toEqual([]);
    }
  });
});
