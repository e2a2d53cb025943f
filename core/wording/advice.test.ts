import { describe, expect, it } from 'vitest';
import { describeAdvice, sumAdvice, type AdvisedIncident } from './advice.js';

function incident(id: string, version: string | undefined, values: Readonly<Record<string, string>>): AdvisedIncident {
  return {
    id,
    cluster: 'shop',
    job: { id: id.repeat(32), name: `job-${id}` },
    facts: version === undefined ? {} : { flinkVersion: version },
    diagnoses: [
      { rule: 'restart.exhausted/suppressed', values: {} },
      { rule: 'cluster.flink-bug/known', values },
    ],
  };
}

const TOP_N = { ticket: 'FLINK-28019', mended: '1.14.6 or 1.15.1' };

describe('advice from past incidents', () => {
  it('counts defects by the version that fixes them, nearest to the one in use', () => {
    const advice = sumAdvice([
      incident('a', '1.14.2', TOP_N),
      incident('b', '1.14.4', { ...TOP_N, ticket: 'FLINK-27762' }),
      incident('c', '1.15.0', TOP_N),
      incident('d', '1.13.6', TOP_N),
      incident('e', undefined, TOP_N),
      incident('f', '1.20.5', {}),
    ]);

    expect(advice).toEqual({
      incidents: 6,
      mended: [
        { version: '1.14.6', incidents: 3, jobs: 3, defects: ['FLINK-27762', 'FLINK-28019'] },
        { version: '1.15.1', incidents: 2, jobs: 2, defects: ['FLINK-28019'] },
      ],
    });
    expect(describeAdvice(advice, 'en')[0]).toBe(
      '3 of the last 6 incidents are Flink defects that 1.14.6 fixes (FLINK-27762, FLINK-28019), on 3 jobs.',
    );
    expect(describeAdvice(advice, 'zh')).toHaveLength(2);
  });

  it('has nothing to say of other causes', () => {
    expect(describeAdvice(sumAdvice([incident('a', '1.20.5', {})]), 'en')).toEqual([]);
  });
});
