// Lists patterns as people write them in log4j2 and logback, each with the line that it renders and the parts that are
// read from it. The event is always the same; parts that a pattern leaves out cannot be read. lab/reference/writers.ts
// proves that log4j2 and logback write these lines. For tests.

export const LOGGER = 'org.apache.flink.runtime.taskexecutor.TaskExecutor';
export const THREAD = 'flink-akka.actor.default-dispatcher-4';
export const MESSAGE = 'Connect to ResourceManager - attempt 3';
export const TIME = '2026-03-02T10:15:01.123Z';
/** Logger as logback abbreviates it to 36 characters. */
const SHORT = 'o.a.f.r.taskexecutor.TaskExecutor';
const SECOND = '2026-03-02T10:15:01.000Z';
export const JOB = '0123456789abcdef0123456789abcdef';

export interface Rendered {
  readonly pattern: string;
  readonly line: string;
  /** Differences from level WARN, LOGGER, THREAD and TIME. */
  readonly but?: Readonly<Partial<Record<'time' | 'logger' | 'thread' | 'jobId', string | undefined>>>;
}

const NO_THREAD = { thread: undefined };

export const LOG4J2: readonly Rendered[] = [
  {
    pattern: '%d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %-60c %x - %m%n',
    line: `2026-03-02 10:15:01,123 WARN  ${LOGGER.padEnd(60)} [] - ${MESSAGE}`,
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
    but: { ...NO_THREAD, time: SECOND, logger: 'TaskExecutor' },
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
    pattern: '%d{yyyy-MM-dd HH:mm:ss,SSS z} %-5p %c - %m%n',
    line: `2026-03-02 10:15:01,123 UTC WARN  ${LOGGER} - ${MESSAGE}`,
    but: NO_THREAD,
  },
  {
    pattern:
      '%style{%d{ISO8601}}{black} %highlight{%-5level }[%style{%t}{bright,blue}] %style{%C{1.}}{bright,yellow}: %msg%n',
    line: `\u001b[30m2026-03-02T10:15:01,123\u001b[m \u001b[33mWARN  \u001b[m[\u001b[1;34m${THREAD}\u001b[m] \u001b[1;33mo.a.f.r.t.TaskExecutor\u001b[m: ${MESSAGE}`,
    but: { logger: 'o.a.f.r.t.TaskExecutor' },
  },
  {
    pattern: '%level{WARN=W} %d{ISO8601} <%t> %c: %m%n',
    line: `W 2026-03-02T10:15:01,123 <${THREAD}> ${LOGGER}: ${MESSAGE}`,
  },
  {
    pattern: '%d{ISO8601} %p{length=1} [%t] %c - %m%n',
    line: `2026-03-02T10:15:01,123 W [${THREAD}] ${LOGGER} - ${MESSAGE}`,
  },
  {
    pattern: '%d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %t %c - %m%n',
    line: `2026-03-02 10:15:01,123 WARN  ${THREAD} ${LOGGER} - ${MESSAGE}`,
  },
];

export const LOGBACK: readonly Rendered[] = [
  {
    pattern: '%d{yyyy-MM-dd HH:mm:ss.SSS} [%thread] %-5level %logger{60} %X{sourceThread} - %msg%n',
    line: `2026-03-02 10:15:01.123 [${THREAD}] WARN  ${LOGGER}  - ${MESSAGE}`,
  },
  {
    pattern: '%d{HH:mm:ss.SSS} [%thread] %-5level %logger{36} - %msg%n',
    line: `10:15:01.123 [${THREAD}] WARN  ${SHORT} - ${MESSAGE}`,
    but: { time: undefined, logger: SHORT },
  },
  {
    pattern: '%date %level [%thread] %logger{10} [%file:%line] %msg%n',
    line: `2026-03-02 10:15:01,123 WARN [${THREAD}] o.a.f.r.t.TaskExecutor [TaskExecutor.java:1234] ${MESSAGE}`,
    but: { logger: 'o.a.f.r.t.TaskExecutor' },
  },
  {
    pattern: "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %5p 1 --- [%15.15t] %-40.40logger{39} : %m%n",
    line: `2026-03-02T10:15:01.123Z  WARN 1 --- [lt-dispatcher-4] o.a.f.runtime.taskexecutor.TaskExecutor  : ${MESSAGE}`,
    but: { logger: 'o.a.f.runtime.taskexecutor.TaskExecutor', thread: 'lt-dispatcher-4' },
  },
  {
    pattern: '%date{ISO8601} %-5level node-7 %logger{60} [%thread] %msg%n',
    line: `2026-03-02 10:15:01,123 WARN  node-7 ${LOGGER} [${THREAD}] ${MESSAGE}`,
  },
  {
    pattern: '[%d{yyyy-MM-dd HH:mm:ss.SSS}] [%level] [%thread] [%logger{50}:%line] - %msg%n',
    line: `[2026-03-02 10:15:01.123] [WARN] [${THREAD}] [${LOGGER}:1234] - ${MESSAGE}`,
  },
  {
    pattern: '%d{yyyy-MM-dd HH:mm:ss.SSS, UTC} %p [%X{traceId:-},%X{spanId:-}] %t %c{0}: %m%n',
    line: `2026-03-02 10:15:01.123 WARN [,] ${THREAD} TaskExecutor: ${MESSAGE}`,
    but: { logger: 'TaskExecutor' },
  },
  {
    pattern: '%d{ISO8601} %.-1level [%thread] %logger{60} - %msg%n',
    line: `2026-03-02 10:15:01,123 W [${THREAD}] ${LOGGER} - ${MESSAGE}`,
  },
];
