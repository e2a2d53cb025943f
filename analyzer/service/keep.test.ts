import { describe, expect, it } from 'vitest';
import { findSmallest } from '../../core/sequence.js';
import { concludeCluster } from '../incident/clusters.js';
import {
  COMPACT_DEFAULTS,
  compactMemory,
  createClusterMemory,
  dateSignals,
  exportMemory,
  isEvent,
  keepLastLine,
  keepSignal,
} from './keep.js';
import { JOB_A, JOB_B, makeCatalog, makeLog, readRecording, TEST_RULES } from '../testing/samples.js';
import { scanEntry } from '../entry/scan.js';
import type { Signal } from '../entry/signal.js';

const catalog = makeCatalog(TEST_RULES);
const JM = 'log/flink-flink-standalonesession-0-node-1.log';

function completed(time: string, job: string, id: number): string {
  return `${time} INFO org.apache.flink.runtime.checkpoint.CheckpointCoordinator - Completed checkpoint ${id} for job ${job} (1 bytes, checkpointDuration=1 ms, finalizationTime=1 ms).`;
}

function scanAll(entries: ReturnType<typeof makeLog>): readonly Signal[] {
  return entries.flatMap((entry) => scanEntry(entry, catalog) ?? []);
}

describe('compactMemory', () => {
  it('keeps a healthy job small however long it runs', () => {
    const memory = createClusterMemory();
    const start = `10:00:00 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state CREATED to RUNNING.`;
    const checkpoints = Array.from(
      { length: 3000 },
      (_, index) =>
        `${String(10 + Math.floor(index / 300)).padStart(2, '0')}:${String(Math.floor(index / 5) % 60).padStart(2, '0')}:${String((index % 5) * 12).padStart(2, '0')} INFO org.apache.flink.runtime.checkpoint.CheckpointCoordinator - Completed checkpoint ${index + 1} for job ${JOB_A} (1 bytes, checkpointDuration=1 ms, finalizationTime=1 ms).`,
    );
    for (const signal of scanAll(makeLog(JM, [start, ...checkpoints]))) keepSignal(memory, signal);

    compactMemory(memory, { ...COMPACT_DEFAULTS, now: Date.parse('2026-03-03T00:00:00Z') });

    expect(memory.signals.size).toBeLessThan(10);
  });

  it('does not change the diagnosis of a recent failure', () => {
    const memory = createClusterMemory();
    for (const signal of scanAll(readRecording('lab/recordings/memory.heap-oom/out-file-only/1.20.5')))
      keepSignal(memory, signal);
    const before = concludeCluster('', [...memory.signals.values()], new Map(), catalog, { now: memory.lastTime });

    compactMemory(memory, { ...COMPACT_DEFAULTS, now: memory.lastTime });

    expect(concludeCluster('', memory.signals.values(), new Map(), catalog, { now: memory.lastTime })).toEqual(before);
    expect(before).toHaveLength(1);
  });

  it('bounds a restart loop and keeps its beginning', () => {
    const memory = createClusterMemory();
    const loop = Array.from({ length: 300 }, (_, index) => [
      `10:${String(Math.floor(index / 60)).padStart(2, '0')}:${String(index % 60).padStart(2, '0')} INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state RUNNING to RESTARTING.`,
      'java.io.IOException: No space left on device',
      '\tat org.apache.flink.A.b(A.java:1)',
    ]).flat();
    for (const signal of scanAll(makeLog(JM, loop))) keepSignal(memory, signal);
    const [first] = concludeCluster('', memory.signals.values(), new Map(), catalog);

    compactMemory(memory, { keepMs: COMPACT_DEFAULTS.keepMs, maxEvents: 150, now: memory.lastTime });
    const [after] = concludeCluster('', memory.signals.values(), new Map(), catalog);

    expect(memory.eventCount).toBe(150);
    expect([after?.id, after?.firstSeen, after?.lastSeen]).toEqual([first?.id, first?.firstSeen, first?.lastSeen]);
  });

  it('keeps of a healthy job no more because its neighbour has been failing for long', () => {
    const memory = createClusterMemory();
    const hours = Array.from({ length: 10 }, (_, index) => 10 + index);
    const lines = hours.flatMap((hour) =>
      Array.from({ length: 60 }, (_, minute) => {
        const time = `${hour}:${String(minute).padStart(2, '0')}`;
        return [
          `${time}:00 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state RUNNING to RESTARTING.`,
          'java.io.IOException: No space left on device',
          '\tat org.apache.flink.A.b(A.java:1)',
          completed(`${time}:30`, JOB_B, hour * 60 + minute),
        ];
      }).flat(),
    );
    for (const signal of scanAll(makeLog(JM, lines))) keepSignal(memory, signal);
    const begun = Date.parse('2026-03-02T10:00:00Z');
    memory.saved = [{ id: 'x', subject: JOB_A, first: begun, last: memory.lastTime, hash: '', restarts: 600 }];
    const [before] = concludeCluster('', memory.signals.values(), new Map(), catalog);

    compactMemory(memory, { ...COMPACT_DEFAULTS, now: memory.lastTime });

    const [after] = concludeCluster('', memory.signals.values(), new Map(), catalog);
    expect(after).toEqual(before);
    expect(memory.eventCount).toBe(600);
    expect([...memory.signals.values()].filter((signal) => !isEvent(signal))).toHaveLength(1);
  });

  it('keeps the course of a healthy job only as far back as that of any job, however long its neighbour fails', () => {
    const memory = createClusterMemory();
    const lines = Array.from({ length: 600 }, (_, index) => {
      const time = `${10 + Math.floor(index / 60)}:${String(index % 60).padStart(2, '0')}`;
      return [
        `${time}:00 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state RUNNING to RESTARTING.`,
        'java.io.IOException: No space left on device',
        '\tat org.apache.flink.A.b(A.java:1)',
        `${time}:30 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job clicks (${JOB_B}) switched from state CREATED to RUNNING.`,
      ];
    }).flat();
    for (const signal of scanAll(makeLog(JM, lines))) keepSignal(memory, signal);
    const begun = Date.parse('2026-03-02T10:00:00Z');
    memory.saved = [{ id: 'x', subject: JOB_A, first: begun, last: memory.lastTime, hash: '', restarts: 600 }];

    compactMemory(memory, { ...COMPACT_DEFAULTS, now: memory.lastTime });

    const times = [...memory.signals.values()].flatMap(({ place, facts }) =>
      facts.some((fact) => fact.type === 'job-state' && fact.jobId === JOB_B) ? [place.time ?? 0] : [],
    );
    expect(times.length).toBeGreaterThan(300);
    expect(findSmallest(times)).toBeGreaterThanOrEqual(memory.lastTime - COMPACT_DEFAULTS.keepMs);
  });

  it('keeps of the checkpoints before a failure only the last ones', () => {
    const memory = createClusterMemory();
    const checkpoints = Array.from({ length: 300 }, (_, index) =>
      completed(
        `10:${String(Math.floor(index / 6)).padStart(2, '0')}:${(index % 6) * 10}`.replace(/:0$/, ':00'),
        JOB_A,
        index,
      ),
    );
    const failed = [
      `10:50:05 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state RUNNING to RESTARTING.`,
      'java.io.IOException: No space left on device',
      '\tat org.apache.flink.A.b(A.java:1)',
      completed('10:55:00', JOB_A, 300),
    ];
    for (const signal of scanAll(makeLog(JM, [...checkpoints, ...failed]))) keepSignal(memory, signal);
    const [before] = concludeCluster('', memory.signals.values(), new Map(), catalog);

    compactMemory(memory, { ...COMPACT_DEFAULTS, now: memory.lastTime });

    const [after] = concludeCluster('', memory.signals.values(), new Map(), catalog);
    expect(before?.facts.lastCheckpoint?.id).toBe(299);
    expect(after).toEqual(before);
    expect(memory.signals.size).toBeLessThan(25);
  });

  it('comes back from its exported state', () => {
    const memory = createClusterMemory();
    for (const signal of scanAll(readRecording('lab/recordings/code.user-exception/null-pointer/1.20.5')))
      keepSignal(memory, signal);

    const again = createClusterMemory(JSON.parse(JSON.stringify(exportMemory(memory))));

    expect(concludeCluster('', again.signals.values(), new Map(), catalog)).toEqual(
      concludeCluster('', memory.signals.values(), new Map(), catalog),
    );
    expect(again.eventCount).toBe(memory.eventCount);
  });
});

describe('dateSignals', () => {
  const fileTime = Date.parse('2026-03-02T10:05:00Z');
  const [printed] = scanAll(
    makeLog('log/flink-flink-taskexecutor-0-node-1.out', ['java.lang.OutOfMemoryError: Java heap space']).map(
      (entry) => ({
        ...entry,
        fileTime,
      }),
    ),
  );

  /** When it was printed, by what is known of the process's last line at a time, step by step. */
  function date(steps: readonly (readonly [last: number | undefined, now: number])[]): number | undefined {
    const memory = createClusterMemory();
    if (printed === undefined) throw new Error('nothing was found in the line');
    keepSignal(memory, printed);
    for (const [time, now] of steps) {
      if (time !== undefined)
        keepLastLine(memory, printed.place.process, { path: 'log', line: 1, offset: time, text: '', time });
      dateSignals(memory, now);
    }
    return memory.signals.get(printed.place.key)?.place.time;
  }

  it('dates what was printed by the last line of a process that died then, however late that is read', () => {
    const last = fileTime - 2000;
    const late = fileTime + 600_000;

    expect(
      date([
        [last, fileTime],
        [undefined, late],
      ]),
    ).toBe(last);
    expect(
      date([
        [last - 60_000, fileTime],
        [last, fileTime + 30_000],
        [undefined, late],
      ]),
    ).toBe(last);
  });

  it('dates it by its file where the process went on, whatever was read first', () => {
    const next = fileTime + 30_000;

    expect(date([[next, next]])).toBe(fileTime);
    expect(
      date([
        [fileTime - 60_000, fileTime],
        [next, next],
        [next + 60_000, next + 60_000],
      ]),
    ).toBe(fileTime);
  });

  it('dates it by its file where the process wrote nothing else', () => {
    expect(date([[undefined, fileTime]])).toBeUndefined();
    expect(date([[undefined, fileTime + 600_000]])).toBe(fileTime);
  });
});
