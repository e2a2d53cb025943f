// Helpers for the tests of this folder: entries of real recordings and logs made of lines, as records where the store is
// asked. Not used by the program.
import type { Entry, LogRecord, Source } from '../core/types.js';
import { parseEntry } from '../flink/layout.js';
import { readEntries, splitText } from './read.js';

export const BUFFER_RULE = 'rules/network/insufficient-buffers/total';
export const BUFFER_RECORDING = 'lab/recordings/network.insufficient-buffers/total/1.20.5';

export function readRecording(path: string): readonly Entry[] {
  return [...readEntries([path])];
}

export const JOB_A = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1';
export const JOB_B = 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb2';

/** Lines of one process: `10:00:01 INFO logger - text`; a line that begins with a blank goes on with the one before. */
export function makeLog(path: string, lines: readonly string[], source: Partial<Source> = {}): readonly Entry[] {
  const text = lines.map((line) => line.replace(/^(\d\d:\d\d:\d\d)(?:,(\d{3}))? (\w+) (\S+) - /, (_all, time: string, ms: string | undefined, level: string, logger: string) => `2026-03-02 ${time},${ms ?? '000'} ${level.padEnd(5)} ${logger.padEnd(60)} [] - `)).join('\n');
  return splitText(`${text}\n`, path).map((entry) => ({ ...entry, source: { ...entry.source, ...source } }));
}

export function toRecord(entry: Entry, host = 'node-1'): LogRecord {
  const parsed = parseEntry(entry.bytes);
  const time = parsed.time ?? entry.previousTime ?? 0;
  return {
    id: `${host}:${entry.source.path}:${String(entry.offset).padStart(12, '0')}`,
    '@timestamp': new Date(time).toISOString(),
    message: parsed.message,
    'event.original': entry.bytes.toString('utf8'),
    ...(parsed.level === undefined ? {} : { 'log.level': parsed.level }),
    'log.file.path': entry.source.path,
    'log.offset': entry.offset,
    'host.name': entry.source.host ?? host,
    'flink.cluster': entry.source.cluster ?? 'cluster-1',
    ...(entry.source.component === undefined ? {} : { 'flink.component': entry.source.component }),
    ...(parsed.jobId === undefined ? {} : { 'flink.job.id': parsed.jobId }),
    'jobtrace.process': entry.source.process,
    'jobtrace.kind': entry.source.kind,
    'jobtrace.layout': parsed.layout,
    'jobtrace.length': entry.bytes.length,
    ...(time === 0 ? { 'jobtrace.flags': ['undated' as const] } : {}),
  };
}

/** The same order for the same seed. */
export function shuffle<Item>(items: readonly Item[], seed: number): Item[] {
  const shuffled = [...items];
  let state = seed;
  for (let index = shuffled.length - 1; index > 0; index--) {
    state = (state * 1103515245 + 12345) % 2147483648;
    const other = state % (index + 1);
    const [a, b] = [shuffled[index], shuffled[other]];
    if (a !== undefined && b !== undefined) [shuffled[index], shuffled[other]] = [b, a];
  }
  return shuffled;
}
