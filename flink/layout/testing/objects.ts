// Provides the same three events of Flink as other layouts and log stores write them, in the same order. Each text must
// be read as three entries, with time and level. log4j 2.24.3 wrote the files in objects/.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Event {
  readonly m: string;
  readonly l: string;
  readonly c: string;
  readonly t?: string;
}

const T =
  'java.lang.RuntimeException: Could not set up\n\tat W.main(W.java:9)\nCaused by: java.io.IOException: Insufficient number of network buffers: required 17, but only 0 available. The total number of network buffers is currently set to 2048 of 32768 bytes each.\n\tat org.apache.flink.runtime.io.network.buffer.NetworkBufferPool.internalCreateMemorySegmentPool(NetworkBufferPool.java:400)\n';
const ROOT = T.split('\n')[2]?.slice('Caused by: java.io.IOException: '.length) ?? '';
const J = '0f3a7c1e9b2d4c5f8a6b7c8d9e0f1a2b';
const EG = 'org.apache.flink.runtime.executiongraph.ExecutionGraph',
  TK = 'org.apache.flink.runtime.taskmanager.Task';
const ev: readonly Event[] = [
  { m: `Job orders (${J}) switched from state CREATED to RUNNING.`, l: 'INFO', c: EG },
  {
    m: `Source: orders -> Sink: out (1/1)#0 (b1c2d3e4f5a6978897a6b5c4d3e2f101_cbc357ccb763df2852fee8c4fc7d55f2_0_0) switched from RUNNING to FAILED with failure cause:`,
    l: 'WARN',
    c: TK,
    t: T,
  },
  { m: `Job orders (${J}) switched from state RUNNING to FAILED.`, l: 'INFO', c: EG },
];
const iso = (i: number): string => new Date(Date.UTC(2026, 10, 29, 13, 26, i)).toISOString();
const lines = (f: (e: Event, i: number) => unknown): string =>
  ev.map((e, i) => JSON.stringify(f(e, i))).join('\n') + '\n';
const textOf = (e: Event): string => (e.t ? e.m + '\n' + e.t : e.m);
const MADE: Readonly<Record<string, string>> = {
  'logstash-message': lines((e, i) => ({
    '@timestamp': iso(i),
    '@version': '1',
    message: textOf(e),
    logger_name: e.c,
    level: e.l,
  })),
  'gcp-message': lines((e, i) => ({
    severity: e.l === 'WARN' ? 'WARNING' : e.l,
    timestampSeconds: Date.UTC(2026, 10, 29, 13, 26, i) / 1000,
    timestampNanos: 5,
    message: textOf(e),
    logger: e.c,
  })),
  bunyan: lines((e, i) => ({
    name: 'x',
    hostname: 'h',
    pid: 1,
    level: e.l === 'WARN' ? 40 : 30,
    logger: e.c,
    msg: e.m,
    ...(e.t ? { err: { message: 'Could not set up', name: 'java.lang.RuntimeException', stack: e.t } } : {}),
    time: iso(i),
    v: 0,
  })),
  'thrown-text': lines((e, i) => ({
    instant: { epochSecond: Date.UTC(2026, 10, 29, 13, 26, i) / 1000, nanoOfSecond: 1 },
    level: e.l,
    loggerName: e.c,
    message: e.m,
    ...(e.t ? { thrown: e.t } : {}),
  })),
  stackdriver: lines((e, i) => ({
    insertId: 'a' + i,
    jsonPayload: { message: e.m, logger: e.c, ...(e.t ? { exception: e.t } : {}) },
    resource: { type: 'k8s_container' },
    timestamp: iso(i),
    severity: e.l,
  })),
  'stackdriver-array':
    JSON.stringify(
      ev.map((e, i) => ({
        insertId: 'a' + i,
        jsonPayload: { message: textOf(e), logger: e.c },
        resource: { type: 'k8s_container' },
        timestamp: iso(i),
        severity: e.l,
      })),
      null,
      2,
    ) + '\n',
  'text-payload': lines((e, i) => ({
    insertId: 'a' + i,
    textPayload: `2026-11-29 13:26:0${i},123 ${e.l} ${e.c} [] - ${textOf(e)}`,
    timestamp: iso(i),
    severity: 'INFO',
  })),
  'array-oneline':
    JSON.stringify(
      ev.map((e, i) => ({
        '@timestamp': iso(i),
        'log.level': e.l,
        'log.logger': e.c,
        message: e.m,
        ...(e.t ? { 'error.stack_trace': e.t } : {}),
      })),
    ) + '\n',
  'array-lines':
    '[\n' +
    ev
      .map((e, i) =>
        JSON.stringify({
          '@timestamp': iso(i),
          'log.level': e.l,
          'log.logger': e.c,
          message: e.m,
          ...(e.t ? { 'error.stack_trace': e.t } : {}),
        }),
      )
      .join(',\n') +
    '\n]\n',
  'logstash-frames': lines((e, i) => ({
    '@timestamp': iso(i),
    '@version': 1,
    message: e.m,
    logger_name: e.c,
    level: e.l,
    ...(e.t
      ? {
          exception: {
            exception_class: 'java.io.IOException',
            exception_message: ROOT,
            stacktrace: [{ class: 'a.B', method: 'c', file: 'B.java', line: 3 }],
          },
        }
      : {}),
  })),
  'es-source': lines((e, i) => ({
    _index: 'logs',
    _id: 'x' + i,
    _source: {
      '@timestamp': iso(i),
      log: { level: e.l, logger: e.c },
      message: e.m,
      ...(e.t ? { error: { type: 'java.lang.RuntimeException', message: 'x', stack_trace: e.t } } : {}),
    },
  })),
  loki: lines((e, i) => ({
    labels: { app: 'x' },
    line: `2026-11-29 13:26:0${i},123 ${e.l} ${e.c} [] - ${textOf(e)}`,
    timestamp: iso(i),
  })),
  'pretty-ecs':
    ev
      .map((e, i) =>
        JSON.stringify(
          {
            '@timestamp': iso(i),
            'log.level': e.l,
            'log.logger': e.c,
            message: e.m,
            ...(e.t ? { 'error.stack_trace': e.t.split('\n') } : {}),
          },
          null,
          4,
        ),
      )
      .join('\n') + '\n',
  xml:
    '<?xml version="1.0" encoding="UTF-8"?>\n<Events xmlns="http://logging.apache.org/log4j/2.0/events">\n\n' +
    ev
      .map(
        (e, i) =>
          `<Event xmlns="http://logging.apache.org/log4j/2.0/events" thread="main" level="${e.l}" loggerName="${e.c}" endOfBatch="false">\n  <Instant epochSecond="${Date.UTC(2026, 10, 29, 13, 26, i) / 1000}" nanoOfSecond="352921896"/>\n  <Message>${e.m.replace('->', '-&gt;').replace('-> ', '-&gt; ')}</Message>\n${e.t ? '  <Thrown commonElementCount="0" localizedMessage="Could not set up" message="Could not set up" name="java.lang.RuntimeException">\n    <Cause commonElementCount="0" message="' + ROOT + '" name="java.io.IOException">\n      <ExtendedStackTrace>\n        <ExtendedStackTraceItem class="org.apache.flink.runtime.io.network.buffer.NetworkBufferPool" method="x" file="N.java" line="400" exact="false" location="?" version="?"/>\n      </ExtendedStackTrace>\n    </Cause>\n  </Thrown>\n' : ''}</Event>\n`,
      )
      .join('\n') +
    '</Events>\n',
  'log4j1-xml': ev
    .map(
      (e, i) =>
        `<log4j:event logger="${e.c}" timestamp="${Date.UTC(2026, 10, 29, 13, 26, i)}" level="${e.l}" thread="main">\n<log4j:message><![CDATA[${e.m}]]></log4j:message>\n${e.t ? `<log4j:throwable><![CDATA[${e.t}]]></log4j:throwable>\n` : ''}</log4j:event>\n`,
    )
    .join('\n'),
};

/** Wraps each line as a container runtime keeps it. */
const inDocker = (text: string): string =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map(
      (line) => `${JSON.stringify({ log: `${line}\n`, stream: 'stdout', time: '2026-11-29T13:26:00.000000000Z' })}\n`,
    )
    .join('');
const inCri = (text: string): string =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `2026-11-29T13:26:00.000000000Z stdout F ${line}\n`)
    .join('');

const FOLDER = join(import.meta.dirname, 'objects');
const written = readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')] as const);
const pretty = readFileSync(join(FOLDER, 'jsonlayout-default.log'), 'utf8');

/** Texts by the name of their layout. */
export const OBJECT_LOGS: readonly (readonly [name: string, text: string])[] = [
  ...written,
  ...Object.entries(MADE),
  ['xml-compact-noeol', (MADE.xml ?? '').replace(/\n\s*/g, '')],
  ['docker-pretty', inDocker(pretty)],
  ['cri-pretty', inCri(pretty)],
];
