// Reads the entries of real recordings, and converts an entry into the record that a store has of it. Used by tests,
// and by benches, which run without a test runner.
import type { Entry, LogRecord } from '../../core/types.js';
import { parseEntry } from '../../flink/layout/layout.js';
import { readEntries } from '../input/read.js';

export function readRecording(path: string): readonly Entry[] {
  return [...readEntries([path])];
}

export function toRecord(entry: Entry, host = 'node-1'): LogRecord {
  const parsed = parseEntry(entry.bytes);
  const time = parsed.time ?? entry.previousTime ?? 0;
  return {
    id: `${host}:${entry.source.path}:${String(entry.offset).padStart(12, '0')}`,
    '@timestamp': new Date(time).toISOString(),
    message: parsed.message,
    'event.original': entry.bytes.toString('utf8'),
    'log.level': parsed.level,
    'log.file.path': entry.source.path,
    'log.offset': entry.offset,
    'host.name': entry.source.host ?? host,
    'flink.cluster': entry.source.cluster ?? 'cluster-1',
    'flink.component': entry.source.component,
    'flink.job.id': parsed.jobId,
    'jobtrace.process': entry.source.process,
    'jobtrace.kind': entry.source.kind,
    'jobtrace.layout': parsed.layout,
    'jobtrace.length': entry.bytes.length,
    ...(time === 0 ? { 'jobtrace.flags': ['undated' as const] } : {}),
  };
}
