// Tests what is read from lines of log4j2 or logback without any configuration, whatever their pattern. The text before
// the message is stored as a pattern of Jobtrace, which restores the line as it was.
import { describe, expect, it } from 'vitest';
import type { LogRecord } from '../../core/types.js';
import { renderMessagePrefix, splitMessagePrefix } from '../../store/message-prefix.js';
import { isEntryStart, parseEntry } from './layout.js';
import { LOG4J2, LOGBACK, LOGGER, MESSAGE, THREAD, TIME } from './testing/patterns.js';

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
    const head = splitMessagePrefix(record);

    expect(
      head === undefined
        ? line
        : `${renderMessagePrefix(head, Date.parse(record['@timestamp']), record)}${record.message}`,
    ).toBe(line);
  });
});
