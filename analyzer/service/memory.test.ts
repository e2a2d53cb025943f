import { describe, expect, it } from 'vitest';
import type { Incident } from '../../core/documents/incident.js';
import { concludeCluster } from '../incident/clusters.js';
import { scanEntry } from '../entry/scan.js';
import { WHOLE_LOG } from '../entry/reading.js';
import { JOB_A, JOB_B, makeCatalog, makeLog, readRecording, TEST_RULES } from '../testing/samples.js';
import { LIMITS } from '../restarts/limits.js';
import {
  COMPACT_DEFAULTS,
  compactMemory,
  createClusterMemory,
  dateSignals,
  keepLastLine,
  keepSignal,
  type ClusterMemory,
} from './memory.js';

const catalog = makeCatalog(TEST_RULES);
const JM = 'log/flink-flink-standalonesession-0-node-1.log';
const GRAPH = 'org.apache.flink.runtime.executiongraph.ExecutionGraph';

function completed(time: string, job: string, id: number): string {
  return `${time} INFO org.apache.flink.runtime.checkpoint.CheckpointCoordinator - Completed checkpoint ${id} for job ${job} (1 bytes, checkpointDuration=1 ms, finalizationTime=1 ms).`;
}

function restarting(time: string): readonly string[] {
  return [
    `${time} INFO ${GRAPH} - Job orders (${JOB_A}) switched from state RUNNING to RESTARTING.`,
    'java.io.IOException: No space left on device',
    '\tat org.apache.flink.A.b(A.java:1)',
  ];
}

function running(time: string, job = JOB_A): string {
  return `${time} INFO ${GRAPH} - Job orders (${job}) switched from state CREATED to RUNNING.`;
}

/** Returns the time that many seconds after 10:00:00. */
function clock(seconds: number): string {
  const parts = [10 + Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

function remember(entries: ReturnType<typeof makeLog>): ClusterMemory {
  const memory = createClusterMemory('');
  for (const entry of entries) {
    const signal = scanEntry(entry, catalog);
    if (signal !== undefined) keepSignal(memory, signal);
  }
  return memory;
}

function conclude({ index, signals }: ClusterMemory, now?: number): readonly Incident[] {
  return concludeCluster({ cluster: '', index, signals: signals.values(), lastLines: new Map() }, catalog, { now });
}

function compact(memory: ClusterMemory, { maxEvents = LIMITS.events.value, now = memory.lastTime } = {}): void {
  const events = { ...LIMITS.events, value: maxEvents, last: maxEvents - LIMITS.events.first };
  compactMemory(memory, { ...COMPACT_DEFAULTS, now, events });
}

function save(memory: ClusterMemory, subject: string, first: string): void {
  const begun = Date.parse(`2026-03-02T${first}Z`);
  memory.saved = [
    {
      id: 'x',
      subject,
      first: begun,
      last: memory.lastTime,
      hash: '',
      restarts: 0,
      since: 0,
      written: undefined,
      outcome: 'failing',
      cause: { en: '', zh: '' },
      flood: undefined,
    },
  ];
}

describe('compactMemory', () => {
  it('does not change the diagnosis of a recent failure', () => {
    const memory = remember(readRecording('lab/recordings/memory.heap-oom/out-file-only/1.20.5'));
    const before = conclude(memory, memory.lastTime);

    compact(memory);

    expect(conclude(memory, memory.lastTime)).toEqual(before);
    expect(before).toHaveLength(1);
  });

  it('bounds a restart loop, keeps its beginning, and counts each restart', () => {
    const loop = Array.from({ length: 3000 }, (_, index) => [
      ...restarting(clock(2 * index)),
      running(clock(2 * index + 1)),
    ]).flat();
    const memory = remember(makeLog(JM, [running('09:59:00'), ...loop]));
    const [first] = conclude(memory);
    save(memory, JOB_A, '10:00:00');

    compact(memory, { maxEvents: 800 });
    const [after, ...others] = conclude(memory);

    expect(others).toEqual([]);
    expect(memory.eventCount).toBe(800);
    expect(memory.index.view(WHOLE_LOG).jobs.get(JOB_A)?.states.length).toBeLessThan(900);
    expect(after?.restarts).toBe(3000);
    expect([after?.id, after?.firstSeen, after?.lastSeen]).toEqual([first?.id, first?.firstSeen, first?.lastSeen]);
    expect(after?.attempts.map(({ number, failedAt }) => [number, failedAt])).toEqual(
      first?.attempts.map(({ number, failedAt }) => [number, failedAt]),
    );
  });

  it('keeps no more of a healthy job because its neighbour has been failing for long', () => {
    const lines = Array.from({ length: 600 }, (_, index) => [
      ...restarting(clock(60 * index)),
      running(clock(60 * index + 30), JOB_B),
    ]).flat();
    const memory = remember(makeLog(JM, lines));
    save(memory, JOB_A, '10:00:00');
    const [before] = conclude(memory);

    compact(memory, { maxEvents: 1000 });

    const times = memory.index
      .view(WHOLE_LOG)
      .jobs.get(JOB_B)
      ?.states.map(({ time }) => time);
    const recent = times?.filter((time) => time >= memory.lastTime - COMPACT_DEFAULTS.keepMs);
    expect(conclude(memory)[0]).toEqual(before);
    expect(recent?.length).toBeGreaterThan(300);
    // The last state before the horizon stands for all older ones.
    expect(times?.length).toBe((recent?.length ?? 0) + 1);
  });

  it('keeps the last checkpoint before a failure, however long ago', () => {
    const checkpoints = Array.from({ length: 300 }, (_, index) => completed(clock(10 * index), JOB_A, index));
    const failed = [...restarting('20:50:05'), completed('20:55:00', JOB_A, 300)];
    const memory = remember(makeLog(JM, [...checkpoints, ...failed]));
    const [before] = conclude(memory);

    compact(memory);

    expect(before?.facts.lastCheckpoint?.id).toBe(299);
    expect(conclude(memory)).toEqual([before]);
    expect(
      memory.index
        .view(WHOLE_LOG)
        .jobs.get(JOB_A)
        ?.checkpoints.map(({ id }) => id),
    ).toEqual([299, 300]);
  });
});

describe('dateSignals', () => {
  const fileTime = Date.parse('2026-03-02T10:05:00Z');
  const [printed] = makeLog('log/flink-flink-taskexecutor-0-node-1.out', [
    'java.lang.OutOfMemoryError: Java heap space',
  ]).map((entry) => scanEntry({ ...entry, fileTime }, catalog));

  /**
   * Returns the time that the printed text gets, after each step with a known last line of the process and a current
   * time.
   */
  function date(steps: readonly (readonly [last: number | undefined, now: number])[]): number | undefined {
    const memory = createClusterMemory('');
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
