import { describe, expect, it } from 'vitest';
import { mayBeGrep, splitGrep } from './grep.js';
import { causesOf } from '../testing/verdict.js';

const LOST =
  '2026-03-02 10:15:01,120 WARN  org.apache.flink.runtime.taskmanager.Task [] - orders (1/1)#0 (5a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d) switched from RUNNING to FAILED with failure cause: java.lang.OutOfMemoryError: Java heap space';
const CALM =
  '2026-03-02 10:15:00,007 INFO  org.apache.flink.runtime.jobmaster.JobMaster [] - Connecting to ResourceManager';
const TM = 'log/flink-flink-taskexecutor-0-node-1.log';
const JM = 'log/flink-flink-standalonesession-0-node-2.log.1';

describe('what grep found in several logs', () => {
  it.each([
    ['with names', [`${TM}:${LOST}`, `${JM}:${CALM}`]],
    ['with numbers of lines', [`${TM}:17:${LOST}`, `${JM}:412:${CALM}`]],
    [
      'with the lines around',
      [`${TM}-16-${CALM}`, `${TM}:17:${LOST}`, `${TM}-18-\tat a.b.C.d(C.java:1)`, '--', `${JM}:412:${CALM}`],
    ],
  ])('is diagnosed %s', (_, lines) => {
    expect(causesOf(lines.join('\n')).diagnoses.map(({ cause }) => cause)).toEqual(['memory.heap-oom']);
  });

  it('is each log by itself', () => {
    expect(splitGrep(`${TM}:1:${CALM}\n${JM}:1:one\n--\n${TM}:9:two`)).toEqual([
      { path: TM, text: `${CALM}\ntwo\n` },
      { path: JM, text: 'one\n' },
    ]);
  });

  it('is no log that names a file, and no list of files', () => {
    expect(mayBeGrep(`${CALM}\n${TM}: No such file\n`)).toBe(false);
    expect(mayBeGrep(`${TM}: No such file or directory\n${JM}: No such file or directory\n`)).toBe(false);
  });
});
