// Tests how SQLite executes a search for a job, or for a level that few records have: it looks up what it finds, and
// reads nothing else.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobLines } from '../../core/documents/job.js';
import { openConnection, type Connection } from './engine.js';
import { buildWhere } from './query.js';
import { MIGRATIONS } from './schema.js';

const LINES: JobLines = {
  cluster: 'c',
  jobId: 'a1'.repeat(16),
  jobName: 'Orders',
  spans: [{ process: 'tm', fromMs: 1_000, toMs: 2_000 }, { fromMs: 5_000 }],
  words: ['ab'.repeat(16)],
  records: ['h:/a:0'],
  lastMs: 9_000,
};

describe('a search for a job', () => {
  let connection: Connection;
  beforeAll(() => {
    connection = openConnection(':memory:', { readonly: false, busyMs: 0 });
    for (const step of MIGRATIONS) connection.exec(step);
  });
  afterAll(() => connection.close());

  const explain = (query: object, columns: string, end = ''): string[] => {
    const where = buildWhere(query, [LINES]);
    return connection
      .prepare<{ detail: string }>(`EXPLAIN QUERY PLAN SELECT ${columns} FROM records WHERE ${where.sql} ${end}`)
      .all(...where.params)
      .map(({ detail }) => detail);
  };

  it.each<[string, object]>([
    ['by its name', { query: 'job:orders' }],
    ['by its id', { query: `job:${LINES.jobId}` }],
    ['by the filter, with a level', { job: 'Orders', levels: ['ERROR'] }],
    ['beside a word', { query: 'job:orders timeout' }],
    ['or another', { query: 'job:orders OR job:clicks' }],
    ['in an hour', { query: 'job:orders', from: '2026-11-20T10:00:00Z', to: '2026-11-20T11:00:00Z' }],
  ])('reads no record that is not its: %s', (_, query) => {
    const plans = [
      explain(query, 'seq', 'ORDER BY time DESC, file DESC, "offset" DESC, id DESC LIMIT 101'),
      explain(query, 'count(*)'),
      explain(query, 'time / 60000, level, count(*)', 'GROUP BY 1, 2'),
      explain(query, 'process, count(*)', 'GROUP BY 1'),
    ];

    for (const plan of plans) {
      expect(plan.filter((step) => step.startsWith('SCAN records'))).toEqual([]);
      expect(plan).toContain('SEARCH records USING INTEGER PRIMARY KEY (rowid=?)');
      expect(plan).toContainEqual(expect.stringMatching(/USING COVERING INDEX records_process \(process=\?/));
      expect(plan).toContainEqual(expect.stringMatching(/USING (COVERING )?INDEX records_job_name \(job_name=\?/));
    }
  });

  it.each<[string, object, string]>([
    ['level:ERROR', { query: 'level:ERROR' }, 'records_level'],
    ['level:warn of a day', { query: 'level:warn', from: '2026-11-20T00:00:00Z' }, 'records_level'],
    ['a filter of two', { levels: ['ERROR', 'WARN'] }, 'records_level'],
    ['level:INFO of a day', { query: 'level:INFO', from: '2026-11-20T00:00:00Z' }, 'records_time'],
  ])('looks up %s', (_name, query, index) => {
    expect(explain(query, 'count(*)').join()).toContain(`INDEX ${index} (`);
  });
});
