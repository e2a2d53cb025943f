import { describe, expect, it } from 'vitest';
import { createBatchWriter } from '../../batch.js';
import type { FileFields, PlainRecord } from '../../store.js';
import { createPlainEncoder } from './encode-fast.js';

const TEXT = Buffer.from('2026-11-24 10:00:00,000 INFO  a.B [] - said');
const PREAMBLE = { 'jobtrace.layout': 'log4j', 'log.level': 'INFO', 'log.logger': 'a.B' } as const;

function createRecord(file: FileFields, name: string, offset: number): PlainRecord {
  return {
    ...{
      key: '5f00aa0102030405060708ff',
      offset,
      crc: 1,
      bytes: TEXT,
      start: 0,
      messageStart: 39,
      messageEnd: 43,
      end: 43,
    },
    ...{ time: Date.UTC(2026, 10, 24, 10), aheadMs: 0, file, preamble: PREAMBLE, thrown: undefined },
    job: { 'flink.job.id': '0'.repeat(32), 'flink.job.name': name },
  };
}

function createFile(name: string): FileFields {
  const path = `/${name}`;
  return { 'log.file.path': path, 'host.name': 'a', 'flink.cluster': 'c', 'jobtrace.process': `a:${path}` };
}

function encodeAll(records: readonly PlainRecord[]): string {
  const writer = createBatchWriter();
  const encode = createPlainEncoder('jobtrace', writer);
  for (const record of records) encode(record);
  return Buffer.from(writer.take().bytes).toString();
}

describe('createPlainEncoder', () => {
  it('writes what records share anew when there was no room for all of it', () => {
    const names = [...'abcdefghijklmnopqrstuvwxyz'].map((letter) => letter.repeat(100_000));
    const [files, file] = [names.map(createFile), createFile('a')];
    const ofFiles = files.map((each, at) => createRecord(each, 'nightly', at));
    const ofJobs = names.map((name, at) => createRecord(file, name, at));
    const records = [...ofFiles, ...ofFiles, ...ofJobs, ...ofJobs];

    expect(encodeAll(records) === records.map((record) => encodeAll([record])).join('')).toBe(true);
  });
});
