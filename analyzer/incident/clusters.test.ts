// Tests that a conclusion from the cache is never older than its sources.
import { describe, expect, it } from 'vitest';
import type { Incident } from '../../core/documents/incident.js';
import { createClusterIndex } from '../topology/cluster.js';
import { scanEntry } from '../entry/scan.js';
import type { Signal } from '../entry/signal.js';
import { JOB_A, JOB_B, makeCatalog, makeLog, TEST_RULES } from '../testing/samples.js';
import { concludeCluster, type ConclusionCache } from './clusters.js';

const catalog = makeCatalog(TEST_RULES);
const GRAPH = 'org.apache.flink.runtime.executiongraph.ExecutionGraph';

function failed(time: string, job: string): readonly string[] {
  return [
    `${time} INFO ${GRAPH} - Job orders (${job}) switched from state RUNNING to RESTARTING.`,
    'java.io.IOException: No space left on device',
    '\tat org.apache.flink.A.b(A.java:1)',
  ];
}

const base = [
  `10:00:00 INFO ${GRAPH} - Job orders (${JOB_A}) switched from state CREATED to RUNNING.`,
  ...failed('10:05:00', JOB_A),
];

function scan(lines: readonly string[]): readonly Signal[] {
  return makeLog('log/flink-u-standalonesession-0-jm.log', lines).flatMap((entry) => scanEntry(entry, catalog) ?? []);
}

/** Concludes before and after the later lines are added, with a cache and without one. */
function conclude(later: readonly string[]): { before: Incident[]; after: Incident[]; anew: Incident[] } {
  const index = createClusterIndex('');
  const signals: Signal[] = [];
  const memo: ConclusionCache = new Map();
  const learn = (more: readonly Signal[]): void => {
    for (const signal of more) {
      index.add(signal);
      signals.push(signal);
    }
  };
  const look = (kept?: ConclusionCache): Incident[] => [
    ...concludeCluster({ cluster: '', index, signals, lastLines: new Map(), cache: kept }, catalog),
  ];
  const known = scan(base);
  learn(known);
  const before = look(memo);
  learn(scan([...base, ...later]).slice(known.length));
  return { before, after: look(memo), anew: look() };
}

describe('a conclusion that is kept', () => {
  it.each([
    ['a line that matches', ['10:05:01 WARN com.acme.Sink - cannot write', ...failed('', '').slice(1)]],
    [
      'a checkpoint of its job',
      [
        `10:04:00 INFO org.apache.flink.runtime.checkpoint.CheckpointCoordinator - Completed checkpoint 7 for job ${JOB_A} (1 bytes, checkpointDuration=1 ms, finalizationTime=1 ms).`,
      ],
    ],
    [
      'the version of a process',
      [
        '10:00:00 INFO org.apache.flink.runtime.entrypoint.ClusterEntrypoint - Starting StandaloneSessionClusterEntrypoint (Version: 1.20.5, Scala: 2.12, Rev:abc, Date:2026-01-01T00:00:00+00:00)',
      ],
    ],
    [
      'a TaskManager',
      [
        '10:00:01 INFO org.apache.flink.runtime.resourcemanager.StandaloneResourceManager - Registering TaskManager with ResourceID tm-1:1-a (pekko.tcp://flink@h:1/user/rpc/taskmanager_0) at ResourceManager',
      ],
    ],
  ])('is made anew by %s', (_, later) => {
    const { before, after, anew } = conclude(later);

    expect(after).toEqual(anew);
    expect(after[0]?.id).toBe(before[0]?.id);
    expect(after).not.toEqual(before);
  });

  it('stays as it is where another job fails', () => {
    const { before, after, anew } = conclude(failed('10:06:00', JOB_B));

    const own = after.find(({ job }) => job?.id === JOB_A);
    expect(after).toEqual(anew);
    expect(own?.diagnoses).toBe(before[0]?.diagnoses);
  });
});
