// Contract of what is known of a job's lines: `job:` finds them, whether they name the job or not.
import { beforeAll, describe, expect, it } from 'vitest';
import type { JobLines } from '../../../core/documents/job.js';
import type { Store } from '../../store.js';
import { appendRecords, makeRecord, waitUntil } from '../samples.js';
import { ALL, waitForTotal } from './reading.js';

const BEGIN = Date.parse('2026-11-20T10:00:00.000Z');
const GRAPH = 'ab'.repeat(16);
const ORDERS = ['a1'.repeat(16), 'Orders'] as const;
const CLICKS = ['c1'.repeat(16), 'clicks'] as const;
const NEXT_RUN = 'a2'.repeat(16);

/**
 * Records of the test. Entry number n was written n seconds after ten, by the process `h1-tm` unless it says otherwise.
 */
const RECORDS = [
  makeRecord(1, { text: 'before the job' }),
  makeRecord(2, { text: 'a trace that names nobody' }),
  makeRecord(3, { text: 'clicks were here', job: CLICKS }),
  makeRecord(4, { text: 'with its id', job: ORDERS }),
  { ...makeRecord(5, { text: 'with its id alone' }), 'flink.job.id': ORDERS[0] },
  { ...makeRecord(6, { text: 'with its name alone' }), 'flink.job.name': ORDERS[1] },
  makeRecord(7, { text: 'after the job' }),
  makeRecord(8, { text: `Map (1/2) (${GRAPH}_${'cd'.repeat(16)}_0_1) failed`, host: 'h2' }),
  makeRecord(9, { text: `attempts of ${GRAPH}`, host: 'h2', job: CLICKS }),
  makeRecord(10, { text: 'what an incident shows', host: 'h2' }),
  makeRecord(11, { text: 'a neighbour that names nobody', host: 'h2' }),
  makeRecord(12, { text: `${GRAPH} elsewhere`, cluster: 'c-other' }),
  makeRecord(13, { text: 'of the next run', cluster: 'c-next' }),
  { ...makeRecord(14, { text: 'beside the next run', cluster: 'c-next', host: 'h3' }) },
];

const LINES: readonly JobLines[] = [
  {
    cluster: 'session-1',
    jobId: ORDERS[0],
    jobName: ORDERS[1],
    spans: [{ process: 'h1-tm', fromMs: BEGIN + 2_000, toMs: BEGIN + 6_000 }],
    words: [GRAPH],
    records: [RECORDS[9]?.id ?? ''],
    lastMs: BEGIN + 6_000,
  },
  {
    cluster: 'c-next',
    jobId: NEXT_RUN,
    jobName: ORDERS[1],
    spans: [{ toMs: BEGIN + 13_000 }],
    words: [],
    records: [],
    lastMs: BEGIN + 13_000,
  },
];

export function describeJobLines(store: () => Store): void {
  const find = async (query: object): Promise<number[]> => {
    const { records, total } = await store().searchRecords({ ...ALL, order: 'oldest', ...query });
    expect(total).toBe(records.length);
    return records.map((record) => record['log.offset'] / 1000);
  };

  beforeAll(async () => {
    await appendRecords(store(), RECORDS);
    await waitForTotal(store(), ALL, RECORDS.length);
    await store().jobLines.saveAll(LINES);
    await waitUntil(
      'the lines of the next run are known',
      async () => (await find({ query: `job:${NEXT_RUN}` })).length === 1,
    );
  });

  it.each<[string, number[]]>([
    ['job:orders', [2, 4, 5, 6, 8, 10, 13]],
    ['job:ORD*', [2, 4, 5, 6, 8, 10, 13]],
    [`job:${ORDERS[0]}`, [2, 4, 5, 6, 8, 10]],
    [`job:${NEXT_RUN}`, [13]],
    ['job:orders nobody', [2]],
    ['-job:orders', [1, 3, 7, 9, 11, 12, 14]],
    ['job:orders OR job:clicks', [2, 3, 4, 5, 6, 8, 9, 10, 13]],
    ['job:(orders OR clicks) -job:clicks', [2, 4, 5, 6, 8, 10, 13]],
    ['job:clicks', [3, 9]],
    // These find only what a line itself says.
    ['flink.job.name:orders', [4, 6]],
    [`flink.job.id:${ORDERS[0]}`, [4, 5]],
    ['job:*', [3, 4, 5, 6, 9]],
    ['-job:*', [1, 2, 7, 8, 10, 11, 12, 13, 14]],
  ])('%s', async (query, expected) => {
    expect(await find({ query })).toEqual(expected);
  });

  it('are found by the filter, beside a text, a range and a cluster', async () => {
    expect(await find({ job: 'Orders' })).toEqual([2, 4, 5, 6, 8, 10, 13]);
    expect(await find({ job: 'Orders', query: 'name*' })).toEqual([2, 6]);
    expect(await find({ job: 'Orders', from: '2026-11-20T10:00:05.000Z', to: '2026-11-20T10:00:09.000Z' })).toEqual([
      5, 6, 8,
    ]);
    expect(await find({ job: 'Orders', cluster: 'c-next' })).toEqual([13]);
    // A star is no pattern here.
    expect(await find({ job: 'Ord*' })).toEqual([]);
    expect(await find({ jobId: ORDERS[0] })).toEqual([4, 5]);
  });

  it('are counted by histogram and facets', async () => {
    const { histogram, facets } = await store().searchRecords({
      ...ALL,
      query: 'job:orders',
      histogramBuckets: 10,
      facets: true,
    });

    const counted = histogram?.flatMap(({ counts }) => Object.values(counts)).reduce((sum, count) => sum + count, 0);
    expect(counted).toBe(7);
    expect(facets?.process.map(({ value, count }) => [value, count])).toEqual([
      ['h1-tm', 5],
      ['h2-tm', 2],
    ]);
  });

  it('show nobody what another scope hides', async () => {
    expect(await find({ query: 'job:orders', scope: [['clicks']] })).toEqual([]);
  });

  it('are told for a cluster, and replaced', async () => {
    const [first] = LINES;

    expect(await store().jobLines.find({ where: { cluster: 'session-1' } })).toEqual([first]);
    expect(await store().jobLines.find({ where: { cluster: 'nowhere' } })).toEqual([]);
  });
}

/** Tests changes with a store of their own, because they change what is known. */
export function describeChangedJobLines(store: () => Store): void {
  const [first, next] = LINES;
  if (first === undefined || next === undefined) throw new Error('There are two runs.');

  describe('when they change', () => {
    it('only what was said last is known, and nothing when it is old', async () => {
      const changed = { ...first, spans: [], words: [] };
      await store().jobLines.saveAll([first, next]);
      await store().jobLines.saveAll([changed]);
      await waitUntil('the change is seen', async () => {
        const [found] = await store().jobLines.find({ where: { cluster: 'session-1' } });
        return JSON.stringify(found) === JSON.stringify(changed) || JSON.stringify(found);
      });

      await store().deleteBefore(new Date(first.lastMs + 1).toISOString());

      await waitUntil(
        'the old one is gone',
        async () => (await store().jobLines.find({ where: { cluster: 'session-1' } })).length === 0,
      );
      expect(await store().jobLines.find({ where: { cluster: 'c-next' } })).toEqual([next]);
    });

    it('a query has an end however much is known', async () => {
      const spans = Array.from({ length: 5_000 }, (_, second) => ({
        process: `tm-${second % 200}`,
        fromMs: BEGIN - second * 1_000,
        toMs: BEGIN - second * 1_000 + 500,
      }));
      const words = Array.from({ length: 5_000 }, (_, number) => number.toString(16).padStart(32, 'e'));
      const many = Array.from({ length: 150 }, (_, number): JobLines => ({
        ...first,
        jobId: number.toString(16).padStart(32, '0'),
        spans: spans.slice(0, number === 0 ? 5_000 : 100),
        words: words.slice(0, number === 0 ? 5_000 : 100),
        records: words.map((word) => `h1:${word}`).slice(0, 100),
      }));
      await appendRecords(store(), [makeRecord(0, { text: 'at the beginning', host: 'x' })]);
      await store().jobLines.saveAll(many);
      await waitUntil(
        'all are known',
        async () => (await store().jobLines.find({ where: { cluster: 'session-1' } })).length === many.length,
      );

      const { total } = await store().searchRecords({ ...ALL, query: 'job:orders' });

      expect(total).toBe(0);
    });
  });
}
