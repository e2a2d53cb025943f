import { describe, expect, it } from 'vitest';
import type { JobLines } from '../../core/documents/job.js';
import { createLineList } from './lines.js';
import type { JobInterval, JobPlacement } from './view.js';

const MINUTE = 60_000;
const UNTIL = 1_000 * MINUTE;
const A = 'a'.repeat(32);
const B = 'b'.repeat(32);
const GRAPH = 'c'.repeat(32);

type JobRun = Omit<JobPlacement, 'intervals'>;
type OwnedInterval = JobInterval & { readonly job: string };

function run(id: string, name?: string, ids: readonly string[] = []): JobRun {
  return { id, name, ids };
}

/** Makes an interval from times in minutes. */
function makeInterval(job: string, process: string, from: number, to: number, isGuess?: true): OwnedInterval {
  return { job, process, from: from * MINUTE, to: to * MINUTE, isGuess };
}

function listLines(runs: readonly JobRun[], intervals: readonly OwnedInterval[]): readonly JobLines[] {
  return createLineList('c').list(place(runs, intervals), UNTIL);
}

function place(runs: readonly JobRun[], intervals: readonly OwnedInterval[]): readonly JobPlacement[] {
  return runs.map((one) => ({ ...one, intervals: intervals.filter(({ job }) => job === one.id) }));
}

/** Returns the spans of each job as process, from and to in milliseconds, the latest first. */
function describeSpans(runs: readonly JobRun[], intervals: readonly OwnedInterval[]): Record<string, unknown> {
  return Object.fromEntries(
    listLines(runs, intervals).map(({ jobId, spans }) => [
      jobId[0],
      spans.map(({ process, fromMs, toMs }) => [process, fromMs, toMs]),
    ]),
  );
}

const SECOND = 1_000;
const MS = 1;

describe('createLineList', () => {
  it('gives all of a cluster with one job to that job, in one span', () => {
    const stays = [
      makeInterval(A, 'jm', 10, Infinity),
      makeInterval(A, 'tm-1', 11, 12),
      makeInterval(A, 'tm-2', 30, 40),
    ];

    expect(describeSpans([run(A, 'orders')], stays)).toEqual({ a: [[undefined, undefined, UNTIL]] });
    expect(describeSpans([run(A, 'orders')], [...stays].reverse())).toEqual({ a: [[undefined, undefined, UNTIL]] });
  });

  it('parts runs of one name where the next begins', () => {
    const stays = [makeInterval(A, 'jm', 10, 20), makeInterval(B, 'jm', 30, 40)];

    expect(describeSpans([run(A, 'orders'), run(B, 'orders')], stays)).toEqual({
      a: [[undefined, undefined, 21 * MINUTE]],
      b: [[undefined, 30 * MINUTE - SECOND, UNTIL]],
    });
  });

  it('gives a process to the job that is alone there, and nothing of a place of two', () => {
    const stays = [
      makeInterval(A, 'jm', 10, 20),
      makeInterval(B, 'jm', 10, 20),
      makeInterval(A, 'tm-1', 11, 15),
      makeInterval(B, 'tm-2', 11, 15),
      makeInterval(B, 'tm-1', 13, 14),
    ];

    expect(describeSpans([run(A), run(B)], stays)).toEqual({
      a: [
        ['tm-1', 14 * MINUTE + SECOND + MS, 16 * MINUTE],
        ['tm-1', 11 * MINUTE - SECOND, 13 * MINUTE - SECOND - MS],
      ],
      b: [['tm-2', 11 * MINUTE - SECOND, 16 * MINUTE]],
    });
  });

  it('ends what comes after a job where the next one comes, even one that came before and stayed', () => {
    const stays = [makeInterval(A, 'jm', 10, 20), makeInterval(B, 'jm', 15, 20.5)];

    expect(describeSpans([run(A), run(B)], stays)).toEqual({
      a: [[undefined, 10 * MINUTE - SECOND, 15 * MINUTE - SECOND - MS]],
      b: [[undefined, 20 * MINUTE + SECOND + MS, 21.5 * MINUTE]],
    });
  });

  it('takes a job whose beginning is not told for one that may have been there, without giving it that', () => {
    const stays = [
      makeInterval(A, 'jm', 10, 20),
      makeInterval(B, 'jm', 30, Infinity),
      makeInterval(B, 'jm', -Infinity, Infinity, true),
    ];

    expect(describeSpans([run(A), run(B)], stays)).toEqual({ a: [], b: [[undefined, 30 * MINUTE - SECOND, UNTIL]] });
  });

  it('names the ids of the job, the latest first, and none that is no word', () => {
    const [lines] = listLines([run(A, undefined, ['graph:x', GRAPH, B])], []);

    expect(lines?.words).toEqual([A, B, GRAPH]);
    expect(lines?.spans).toEqual([]);
  });

  it('has an end where a job restarts on new processes all day', () => {
    const stays = Array.from({ length: 3_000 }, (_, at) => makeInterval(A, `tm-${at}`, at / 4, at / 4 + 1));
    const others = Array.from({ length: 3_000 }, (_, at) => makeInterval(B, `of-b-${at}`, at / 4, at / 4 + 1));

    const [lines] = listLines([run(A), run(B)], [...stays, ...others]);

    expect(lines?.spans).toHaveLength(400);
    expect(lines?.spans[0]?.process).toBe('tm-2999');
  });

  it('gives the same object for a job of which nothing has changed, whatever became of others elsewhere', () => {
    const list = createLineList('c');
    const before = [makeInterval(A, 'tm-1', 10, 20), makeInterval(B, 'tm-2', 10, 20)];
    const jobs = place([run(A), run(B)], before);
    const [a, b] = list.list(jobs, UNTIL);
    const later = place([run(B)], [...before, makeInterval(B, 'tm-2', 30, 40)]);
    const [sameA, otherB] = list.list([...jobs.slice(0, 1), ...later], UNTIL);

    expect(sameA).toBe(a);
    expect(otherB?.spans).not.toEqual(b?.spans);
    const crowded = place([run(B)], [...before, makeInterval(B, 'tm-1', 15, 40)]);
    expect(list.list([...jobs.slice(0, 1), ...crowded], UNTIL)[0]?.spans).not.toEqual(a?.spans);
  });
});
