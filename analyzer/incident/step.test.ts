import { describe, expect, it } from 'vitest';
import type { Entry } from '../../core/types.js';
import { diagnose } from './diagnose.js';
import { JOB_A, JOB_B, makeCatalog, makeLog } from '../testing/samples.js';

const TM_1 = 'log/flink-flink-taskexecutor-0-node-1.log';
const TM_2 = 'log/flink-flink-taskexecutor-1-node-2.log';

function withSteps(steps: string, more = ''): ReturnType<typeof makeCatalog> {
  return makeCatalog({
    'memory.gc-pressure/a': `scope: process\n${more}match: [{ id: slow, anchor: "tasks are slow" ${more === '' ? '' : ', regex: "slow, see (?P<peer>\\\\S+)"'} }]\nsteps: [${steps}]`,
  });
}

function fires(catalog: ReturnType<typeof makeCatalog>, entries: readonly Entry[]): boolean {
  return diagnose(entries, catalog).length > 0;
}

const slow = (time: string): string => `${time} WARN a.Watch - tasks are slow`;
const pause = (time: string): string => `${time} WARN a.Pause - long pause of 9 s`;
const COUNT = '{ id: pauses, anchor: "long pause", on: process, order: before, within: 1 min, count: 2 }';

describe('confirmMatches', () => {
  it('wants as many entries as the step says, before the match and inside its window', () => {
    const catalog = withSteps(COUNT);

    expect(fires(catalog, makeLog(TM_1, [pause('10:00:10'), pause('10:00:40'), slow('10:01:00')]))).toBe(true);
    expect(fires(catalog, makeLog(TM_1, [pause('10:00:40'), slow('10:01:00')]))).toBe(false);
    expect(fires(catalog, makeLog(TM_1, [pause('09:58:00'), pause('10:00:40'), slow('10:01:00')]))).toBe(false);
    expect(fires(catalog, makeLog(TM_1, [pause('10:00:40'), slow('10:01:00'), pause('10:01:10')]))).toBe(false);
  });

  it('does not take what is said at the same time for a repetition', () => {
    const catalog = makeCatalog({
      'memory.gc-pressure/a':
        'scope: process\nmatch: [{ id: slow, anchor: "tasks are slow" }]\nsteps: [{ id: again, anchor: "tasks are slow", on: process, order: before, within: 1 min, apart: 5 s }]',
    });

    expect(fires(catalog, makeLog(TM_1, [slow('10:00:10'), slow('10:00:10'), slow('10:00:12')]))).toBe(false);
    expect(fires(catalog, makeLog(TM_1, [slow('10:00:10'), slow('10:00:20')]))).toBe(true);
  });

  it('takes what stands twice in an excerpt for what goes on and on', () => {
    const catalog = withSteps(COUNT.replace('count: 2', 'count: 5'));
    const lines = [pause('10:00:10'), pause('10:00:40'), slow('10:01:00')];
    const start =
      '10:00:00 INFO org.apache.flink.runtime.taskexecutor.TaskManagerRunner - Starting TaskManager (Version: 1.20.1, Scala: 2.12, Rev:2b6fd4d, Date:2025-02-05T20:32:14+01:00)';

    expect(fires(catalog, makeLog(TM_1, lines))).toBe(true);
    expect(fires(catalog, makeLog(TM_1, lines.slice(1)))).toBe(false);
    expect(fires(catalog, makeLog(TM_1, [start, ...lines]))).toBe(false);
  });

  it('takes what repeats itself for it where it is among the few lines that were picked', () => {
    const catalog = withSteps(
      '{ id: again, anchor: "tasks are slow", on: process, order: around, within: 1 min, count: 3 }',
    );
    const other = (time: string): string => `${time} INFO a.Watch - all tasks are watched`;

    expect(fires(catalog, makeLog(TM_1, [slow('10:00:10')]))).toBe(true);
    expect(
      fires(catalog, makeLog(TM_1, [slow('10:00:10'), other('10:00:11'), other('10:00:12'), other('10:00:13')])),
    ).toBe(false);
  });

  it('looks into the same process only', () => {
    const catalog = withSteps(COUNT);

    expect(
      fires(catalog, [...makeLog(TM_1, [slow('10:01:00')]), ...makeLog(TM_2, [pause('10:00:10'), pause('10:00:40')])]),
    ).toBe(false);
  });

  it('is silent when what must be absent is there', () => {
    const catalog = withSteps(
      '{ id: calm, anchor: "all is well", on: cluster, order: after, within: 30 s, absent: true }',
    );

    expect(fires(catalog, makeLog(TM_1, [slow('10:01:00')]))).toBe(true);
    expect(
      fires(catalog, [...makeLog(TM_1, [slow('10:01:00')]), ...makeLog(TM_2, ['10:01:20 INFO a.B - all is well'])]),
    ).toBe(false);
  });

  it('looks at the peer that the match names', () => {
    const catalog = withSteps(
      '{ id: pauses, anchor: "long pause", on: peer, within: 1 min }',
      'captures: { peer: text }\npeer: peer\n',
    );
    const complaint = makeLog(TM_1, ['10:01:00 WARN a.Watch - tasks are slow, see tm-2:40000-bbbbbb']);
    const start =
      '10:00:00 INFO org.apache.flink.runtime.taskexecutor.TaskManagerRunner - Starting TaskManager with ResourceID: ';

    expect(fires(catalog, [...complaint, ...makeLog(TM_2, [`${start}tm-2:40000-bbbbbb`, pause('10:00:50')])])).toBe(
      true,
    );
    expect(fires(catalog, [...complaint, ...makeLog(TM_2, [`${start}tm-3:40000-cccccc`, pause('10:00:50')])])).toBe(
      false,
    );
  });

  it('looks at the same job, not at its neighbour', () => {
    const catalog = makeCatalog({
      'checkpoint.timeout/a':
        'standsAlone: true\nmatch: [{ id: slow, anchor: "is late" }]\nsteps: [{ id: trigger, anchor: "was asked", on: job, within: 1 min }]',
    });
    const lines = (asked: string): readonly Entry[] =>
      makeLog('log/flink-flink-standalonesession-0-node-1.log', [
        `10:00:00 INFO org.apache.flink.runtime.jobmaster.JobMaster - Initializing job 'a' (${JOB_A}).`,
        `10:00:00 INFO org.apache.flink.runtime.jobmaster.JobMaster - Initializing job 'b' (${JOB_B}).`,
        `10:00:30 INFO ${'org.apache.flink.runtime.executiongraph.ExecutionGraph'} - Job a (${asked}) switched from state CREATED to RUNNING. was asked`,
        `10:00:40 WARN a.B - job ${JOB_A} is late`,
      ]);

    expect(fires(catalog, lines(JOB_A))).toBe(true);
    expect(fires(catalog, lines(JOB_B))).toBe(false);
  });
});
