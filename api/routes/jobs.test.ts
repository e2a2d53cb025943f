import { describe, expect, it } from 'vitest';
import { mergeJobs } from './jobs.js';

const [EARLY, LATE] = ['2026-11-20T10:00:00.000Z', '2026-11-20T11:00:00.000Z'];

describe('mergeJobs', () => {
  it('counts a job once whose lines have the name, the id, or both', () => {
    const jobs = mergeJobs(
      [
        { id: 'j1', name: 'orders', cluster: 'c', lastSeen: EARLY, counts: { INFO: 2 } },
        { id: 'j1', cluster: 'c', lastSeen: LATE, counts: { ERROR: 1, NONE: 3 } },
        { name: 'orders', cluster: 'c', lastSeen: EARLY, counts: { WARN: 1 } },
      ],
      [],
    );

    expect(jobs).toEqual([
      {
        id: 'j1',
        name: 'orders',
        cluster: 'c',
        lastSeen: LATE,
        total: 7,
        levels: { INFO: 2, ERROR: 1, WARN: 1 },
        openIncidents: 0,
        incidents: 0,
      },
    ]);
  });

  it('counts runs of one name as one job, with the id of the newest', () => {
    const jobs = mergeJobs(
      [
        { id: 'j2', name: 'orders', cluster: 'c', lastSeen: LATE, counts: { INFO: 1 } },
        { id: 'j1', name: 'orders', cluster: 'c', lastSeen: EARLY, counts: { INFO: 1 } },
      ],
      [{ id: 'j1', name: 'orders', cluster: 'c', lastSeen: EARLY, counts: { failed: 1 } }],
    );

    expect(jobs.map(({ id, total, incidents }) => [id, total, incidents])).toEqual([['j2', 2, 1]]);
  });

  it('takes for open what still fails or fell silent', () => {
    const [job] = mergeJobs(
      [],
      [
        {
          id: 'j1',
          cluster: 'c',
          lastSeen: EARLY,
          counts: { failing: 1, silent: 1, failed: 2, canceled: 1, recovered: 3, unknown: 4 },
        },
      ],
    );

    expect(job).toMatchObject({ id: 'j1', openIncidents: 2, incidents: 12, total: 0 });
  });

  it('keeps jobs of two clusters apart that share an id', () => {
    const zero = '00000000000000000000000000000000';

    const jobs = mergeJobs(
      [
        { id: zero, name: 'orders', cluster: 'a', lastSeen: EARLY, counts: { INFO: 2 } },
        { id: zero, name: 'clicks', cluster: 'b', lastSeen: EARLY, counts: { INFO: 1 } },
        { id: zero, cluster: 'b', lastSeen: EARLY, counts: { INFO: 5 } },
        { id: zero, cluster: 'c', lastSeen: EARLY, counts: { INFO: 1 } },
      ],
      [],
    );

    expect(jobs.map(({ name, cluster, total }) => [name, cluster, total])).toEqual([
      ['clicks', 'b', 6],
      ['orders', 'a', 2],
      [undefined, 'c', 1],
    ]);
  });
});
