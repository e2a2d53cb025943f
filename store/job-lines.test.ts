import { describe, expect, it } from 'vitest';
import type { JobLines, JobSpan } from '../core/documents/job.js';
import type { QueryNode } from './query/query.js';
import { keepRange, resolveJobs } from './job-lines.js';

function makeLines(run: number, spans: readonly JobSpan[], cluster = 'c'): JobLines {
  return { cluster, jobId: `a${run}`, jobName: 'Orders', spans, words: [], records: [], lastMs: 0 };
}

function listSpans(node: QueryNode): readonly JobSpan[] {
  if (node.kind === 'place') return node.spans ?? [];
  return node.kind === 'and' || node.kind === 'or' ? node.nodes.flatMap(listSpans) : [];
}

function resolve(lines: readonly JobLines[]): object[] {
  return listSpans(resolveJobs({ kind: 'job', glob: ['orders'] }, lines)).map(
    ({ process = 'everywhere', fromMs = 'ever', toMs = 'ever' }) => [process, fromMs, toMs],
  );
}

describe('resolveJobs', () => {
  it('makes one of spans of a process that meet, of one run or of several, the latest first', () => {
    expect(
      resolve([
        makeLines(2, [
          { process: 'tm-1', fromMs: 31 },
          { process: 'tm-2', fromMs: 12, toMs: 20 },
        ]),
        makeLines(1, [
          { process: 'tm-1', fromMs: 20, toMs: 30 },
          { process: 'tm-1', fromMs: 22, toMs: 25 },
          { process: 'tm-2', fromMs: 5, toMs: 10 },
          { fromMs: 1, toMs: 2 },
        ]),
      ]),
    ).toEqual([
      ['tm-1', 20, 'ever'],
      ['tm-2', 12, 20],
      ['tm-2', 5, 10],
      ['everywhere', 1, 2],
    ]);
  });

  it('leaves those of two clusters apart', () => {
    const span = { process: 'tm-1', fromMs: 1, toMs: 2 };

    expect(resolve([makeLines(1, [span]), makeLines(2, [span], 'other')])).toHaveLength(2);
  });

  it('asks for the latest where there are too many', () => {
    const spans = Array.from({ length: 300 }, (_, at) => ({ process: 'tm', fromMs: at * 10, toMs: at * 10 + 5 }));

    const asked = resolve([makeLines(1, spans)]);

    expect(asked).toHaveLength(200);
    expect(asked[0]).toEqual(['tm', 2_990, 2_995]);
  });
});

describe('keepRange', () => {
  it('cuts spans to what is asked for, and drops those outside', () => {
    const lines = makeLines(1, [{ fromMs: 5 }, { toMs: 30 }, { fromMs: 12, toMs: 15 }, { toMs: 9 }, { fromMs: 20 }]);

    expect(keepRange(lines, 10, 20).spans).toEqual([
      { process: undefined, fromMs: 10, toMs: 19 },
      { process: undefined, fromMs: 10, toMs: 19 },
      { process: undefined, fromMs: 12, toMs: 15 },
    ]);
    expect(keepRange(lines, -Infinity, 20).spans[1]).toEqual({ process: undefined, fromMs: undefined, toMs: 19 });
    expect(keepRange(lines, 10, Infinity).spans[1]).toEqual({ process: undefined, fromMs: 10, toMs: 30 });
  });
});
