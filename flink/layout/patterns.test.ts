// Patterns as people write them in log4j2 and logback, each with a line that it renders: what is read of it without any
// word of configuration. The line is always of the same event; what a pattern leaves out is not there to be read. What
// stands before the message is stored as a pattern of our own, which gives back the line as it was.
import { describe, expect, it } from 'vitest';
import type { LogRecord } from '../../core/types.js';
import { renderHead, splitHead } from '../../store/head.js';
import { isEntryStart, parseEntry } from './layout.js';

const LOGGER = 'org.apache.flink.runtime.taskexecutor.TaskExecutor';
const THREAD = 'flink-akka.actor.default-dispatcher-4';
const MESSAGE = 'Connect to ResourceManager - attempt 3';
const TIME = '2026-03-02T10:15:01.123Z';
const SECOND = '2026-03-02T10:15:01.000Z';
const JOB = '0123456789abcdef0123456789abcdef';

interface Rendered {
  readonly pattern: string;
  readonly line: string;
  /** What differs from level WARN, LOGGER, THREAD and TIME. */
  readonly but?: Readonly<
    Partial<Record<'time' | 'logger' | 'thread' | 'level' | 'jobId' | 'message', string | undefined>> & {
      /** Left out: true. */
      readonly starts?: boolean;
    }
  >;
}

const NO_THREAD = { thread: undefined };

const LOG4J2: readonly Rendered[] = [
  {
    pattern: '%d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %-60c %x - %m%n',
    line: `2026-03-02 10:15:01,123 WARN  ${LOGGER.padEnd(60)}  - ${MESSAGE}`,
    but: NO_THREAD,
  },
  {
    pattern: '%d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %-60c [%X{flink-job-id}] - %m%n',
    line: `2026-03-02 10:15:01,123 WARN  ${LOGGER.padEnd(60)} [${JOB}] - ${MESSAGE}`,
    but: { ...NO_THREAD, jobId: JOB },
  },
  {
    pattern: '%d{ISO8601} %-5p [%t] %c{1} - %m%n',
    line: `2026-03-02T10:15:01,123 WARN  [${THREAD}] TaskExecutor - ${MESSAGE}`,
    but: { logger: 'TaskExecutor' },
  },
  {
    pattern: '%d{ISO8601_BASIC} %-5p [%t] %c - %m%n',
    line: `20260302T101501,123 WARN  [${THREAD}] ${LOGGER} - ${MESSAGE}`,
  },
  {
    pattern: '%d{ISO8601_OFFSET_DATE_TIME_HHCMM} %p %c{1.} [%t] %m%n',
    line: `2026-03-02T10:15:01,123+00:00 WARN o.a.f.r.t.TaskExecutor [${THREAD}] ${MESSAGE}`,
    but: { logger: 'o.a.f.r.t.TaskExecutor' },
  },
  {
    pattern: '%d{DEFAULT} [%t] %-5level %logger{36} - %msg%n',
    line: `2026-03-02 10:15:01,123 [${THREAD}] WARN  ${LOGGER} - ${MESSAGE}`,
  },
  {
    pattern: '%d{DEFAULT_MICROS} %-5p %c - %m%n',
    line: `2026-03-02 10:15:01,123456 WARN  ${LOGGER} - ${MESSAGE}`,
    but: NO_THREAD,
  },
  {
    pattern: '%d{COMPACT} %-5p %c - %m%n',
    line: `20260302101501123 WARN  ${LOGGER} - ${MESSAGE}`,
    but: NO_THREAD,
  },
  {
    pattern: '%d{DATE} %-5p %c - %m%n',
    line: `02 Mar 2026 10:15:01,123 WARN  ${LOGGER} - ${MESSAGE}`,
    but: NO_THREAD,
  },
  {
    pattern: '%d{UNIX_MILLIS} %-5p %c - %m%n',
    line: `${Date.parse(TIME)} WARN  ${LOGGER} - ${MESSAGE}`,
    but: NO_THREAD,
  },
  {
    pattern: '%-5p %d{yyyy-MM-dd HH:mm:ss,SSS} [%t] %c - %m%n',
    line: `WARN  2026-03-02 10:15:01,123 [${THREAD}] ${LOGGER} - ${MESSAGE}`,
  },
  {
    pattern: '[%-5p] %d{yyyy-MM-dd HH:mm:ss,SSS} [%t] %c - %m%n',
    line: `[WARN ] 2026-03-02 10:15:01,123 [${THREAD}] ${LOGGER} - ${MESSAGE}`,
  },
  {
    pattern: '[%d{yyyy-MM-dd HH:mm:ss}] [%p] [%t] [%c] - %m%n',
    line: `[2026-03-02 10:15:01] [WARN] [${THREAD}] [${LOGGER}] - ${MESSAGE}`,
    but: { time: SECOND },
  },
  {
    pattern: '%d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n',
    line: `26/03/02 10:15:01 WARN TaskExecutor: ${MESSAGE}`,
    // A word with a colon may begin the message as well.
    but: { ...NO_THREAD, time: SECOND, logger: undefined, message: `TaskExecutor: ${MESSAGE}` },
  },
  {
    pattern: '%d{yyyy/MM/dd HH:mm:ss.SSS} %p [%t] %c{2} (%F:%L) - %m%n',
    line: `2026/03/02 10:15:01.123 WARN [${THREAD}] taskexecutor.TaskExecutor (TaskExecutor.java:1234) - ${MESSAGE}`,
    but: { logger: 'taskexecutor.TaskExecutor' },
  },
  {
    pattern: '%d{yyyy-MM-dd HH:mm:ss.SSS} [%t] %-5level %logger{36} %L %M - %msg%n',
    line: `2026-03-02 10:15:01.123 [${THREAD}] WARN  ${LOGGER} 1234 connect - ${MESSAGE}`,
  },
  {
    pattern: '%d{yyyy-MM-dd HH:mm:ss.SSS}|%p|%t|%c|%m%n',
    line: `2026-03-02 10:15:01.123|WARN|${THREAD}|${LOGGER}|${MESSAGE}`,
  },
  {
    pattern: '%d{yyyy-MM-dd HH:mm:ss.SSS} | %-5p | %t | %c | %m%n',
    line: `2026-03-02 10:15:01.123 | WARN  | ${THREAD} | ${LOGGER} | ${MESSAGE}`,
  },
  {
    pattern: '%d{dd.MM.yyyy HH:mm:ss,SSS} %-5p %c - %m%n',
    line: `02.03.2026 10:15:01,123 WARN  ${LOGGER} - ${MESSAGE}`,
    but: NO_THREAD,
  },
  {
    pattern: '%d{dd/MMM/yyyy:HH:mm:ss Z} %p %c - %m%n',
    line: `02/Mar/2026:10:15:01 +0000 WARN ${LOGGER} - ${MESSAGE}`,
    but: { ...NO_THREAD, time: SECOND },
  },
  {
    pattern:
      '%d{yyyy-MM-dd HH:mm:ss,SSS}{GMT+8} %-5p %c - %m%n of a zone that is printed: %d{yyyy-MM-dd HH:mm:ss,SSS z}',
    line: `2026-03-02 10:15:01,123 UTC WARN  ${LOGGER} - ${MESSAGE}`,
    but: NO_THREAD,
  },
  {
    pattern:
      '%style{%d{ISO8601}}{black} %highlight{%-5level }[%style{%t}{bright,blue}] %style{%C{1.}}{bright,yellow}: %msg%n',
    line: `\u001b[30m2026-03-02T10:15:01,123\u001b[m \u001b[33mWARN  \u001b[m[\u001b[94m${THREAD}\u001b[m] \u001b[93mo.a.f.r.t.TaskExecutor\u001b[m: ${MESSAGE}`,
    but: { logger: 'o.a.f.r.t.TaskExecutor' },
  },
];

const LOGBACK: readonly Rendered[] = [
  {
    pattern: '%d{yyyy-MM-dd HH:mm:ss.SSS} [%thread] %-5level %logger{60} %X{sourceThread} - %msg%n',
    line: `2026-03-02 10:15:01.123 [${THREAD}] WARN  ${LOGGER}  - ${MESSAGE}`,
  },
  {
    pattern: '%d{HH:mm:ss.SSS} [%thread] %-5level %logger{36} - %msg%n',
    line: `10:15:01.123 [${THREAD}] WARN  ${LOGGER} - ${MESSAGE}`,
    but: { time: undefined },
  },
  {
    pattern: '%date %level [%thread] %logger{10} [%file:%line] %msg%n',
    line: `2026-03-02 10:15:01,123 WARN [${THREAD}] o.a.f.r.t.TaskExecutor [TaskExecutor.java:1234] ${MESSAGE}`,
    but: { logger: 'o.a.f.r.t.TaskExecutor' },
  },
  {
    pattern:
      "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} ${LOG_LEVEL_PATTERN:-%5p} ${PID:- } --- [%15.15t] %-40.40logger{39} : %m%n",
    line: `2026-03-02T10:15:01.123+00:00  WARN 1 --- [${THREAD}] ${LOGGER} : ${MESSAGE}`,
  },
  {
    pattern: '%date{ISO8601} %-5level ${HOSTNAME} %logger{36} [%thread] %msg%n',
    line: `2026-03-02 10:15:01,123 WARN  node-7 ${LOGGER} [${THREAD}] ${MESSAGE}`,
    but: { ...NO_THREAD, logger: undefined, message: `node-7 ${LOGGER} [${THREAD}] ${MESSAGE}` },
  },
  {
    pattern: '[%d{yyyy-MM-dd HH:mm:ss.SSS}] [%level] [%thread] [%logger{50}:%line] - %msg%n',
    line: `[2026-03-02 10:15:01.123] [WARN] [${THREAD}] [${LOGGER}:1234] - ${MESSAGE}`,
  },
  {
    pattern: '%d{yyyy-MM-dd HH:mm:ss.SSS, UTC} %p [%X{traceId:-},%X{spanId:-}] %t %c{0}: %m%n',
    line: `2026-03-02 10:15:01.123 WARN [,] ${THREAD} TaskExecutor: ${MESSAGE}`,
    but: { thread: ',', logger: undefined, message: `${THREAD} TaskExecutor: ${MESSAGE}` },
  },
  {
    pattern: '%level{WARN=W} %d{ISO8601} <%t> %c: %m%n',
    line: `W 2026-03-02T10:15:01,123 <${THREAD}> ${LOGGER}: ${MESSAGE}`,
    but: {
      ...NO_THREAD,
      starts: false,
      time: undefined,
      level: undefined,
      logger: undefined,
      message: `W 2026-03-02T10:15:01,123 <${THREAD}> ${LOGGER}: ${MESSAGE}`,
    },
  },
];

function read(line: string): unknown {
  const parsed = parseEntry(Buffer.from(line));
  return {
    starts: isEntryStart(Buffer.from(line), 0, Buffer.byteLength(line), 'log'),
    time: parsed.time === undefined ? undefined : new Date(parsed.time).toISOString(),
    level: parsed.level,
    logger: parsed.logger,
    thread: parsed.thread,
    jobId: parsed.jobId,
    message: parsed.message,
  };
}

function toRecord(line: string): LogRecord {
  const { time = 0, level, logger, thread, message, layout } = parseEntry(Buffer.from(line));
  return {
    id: '1',
    '@timestamp': new Date(time).toISOString(),
    message,
    'event.original': line,
    'log.level': level,
    'log.logger': logger,
    'process.thread.name': thread,
    'log.file.path': '/log',
    'log.offset': 0,
    'host.name': 'node-7',
    'flink.cluster': 'orders',
    'jobtrace.process': '/log',
    'jobtrace.kind': 'log',
    'jobtrace.layout': layout,
    'jobtrace.length': line.length,
  };
}

describe.each([
  ['log4j2', LOG4J2],
  ['logback', LOGBACK],
])('a pattern of %s', (_, rows) => {
  it.each(rows)('$pattern', ({ line, but }) => {
    expect(read(line)).toEqual({
      starts: true,
      time: TIME,
      level: 'WARN',
      logger: LOGGER,
      thread: THREAD,
      jobId: undefined,
      message: MESSAGE,
      ...but,
    });
  });

  it.each(rows)('$pattern is given back as it was', ({ line }) => {
    const record = toRecord(line);
    const head = splitHead(record);

    expect(
      head === undefined ? line : `${renderHead(head, Date.parse(record['@timestamp']), record)}${record.message}`,
    ).toBe(line);
  });
});
