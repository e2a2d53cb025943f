import { describe, expect, it } from 'vitest';
import { createAudit } from '../auth/audit.js';
import { AUTHOR, bearer, get, READER, startServer } from '../testing/server.js';

const ADMIN = { name: 'root', token: 'admin-0123456789abcdef', role: 'admin', scope: [] } as const;
const TEAM_ADMIN = { name: 'orders', token: 'orders-0123456789abcdef', role: 'admin', scope: ['order*'] } as const;
const TOKENS = [ADMIN, TEAM_ADMIN, READER, AUTHOR];

function ask(url: string, body: object, token: string = ADMIN.token): ReturnType<typeof get> {
  const { headers } = bearer(token);
  return get(`${url}/api/v1/deletions`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { ...headers, 'content-type': 'application/json' },
  });
}

describe('POST /api/v1/deletions', () => {
  it('deletes what an administrator names, after it said how much that is, and the trail says who did it', async () => {
    const { url, store } = await startServer({ settings: { tokens: TOKENS } });
    const expected = { records: 2, incidents: 1, alerts: 1, feedback: 0, triage: 0 };

    expect(await ask(url, { job: 'orders', dryRun: true })).toMatchObject({
      status: 200,
      body: { dryRun: true, ...expected },
    });
    expect((await store.searchRecords({ limit: 1, order: 'newest' })).total).toBe(4);
    expect(await ask(url, { job: 'orders' })).toMatchObject({ status: 200, body: { dryRun: false, ...expected } });

    expect((await store.searchRecords({ limit: 1, order: 'newest' })).total).toBe(2);
    expect((await store.findIncidents({ limit: 9 })).map(({ id }) => id)).toEqual(['i-fraud']);
    const trail = await createAudit(store, Date.now).list({ limit: 9 });
    expect(trail.map(({ who, by, what, detail }) => [who, by, what, detail])).toEqual([
      ['root', 'token', 'delete', '2 records, 1 incident, 1 message, 0 remarks: job="orders"'],
      ['root', 'token', 'delete.begin', 'job="orders"'],
    ]);
  });

  it.each([
    ['a reader', READER.token],
    ['an author', AUTHOR.token],
    ['an administrator of one team', TEAM_ADMIN.token],
  ])('is refused to %s, and nothing goes', async (_who, token) => {
    const { url, store } = await startServer({ settings: { tokens: TOKENS } });

    expect((await ask(url, { job: 'orders' }, token)).status).toBe(403);
    expect((await ask(url, { job: 'orders', dryRun: true }, token)).status).toBe(403);

    expect((await store.searchRecords({ limit: 1, order: 'newest' })).total).toBe(4);
    expect(await createAudit(store, Date.now).list({ limit: 9 })).toEqual([]);
  });

  it.each([
    [{}, 'one of "cluster", "job", "contains" and "file"'],
    [{ to: '2027-01-01T00:00:00Z' }, 'one of "cluster", "job", "contains" and "file"'],
    [{ contains: '@' }, 'needs a letter or a digit'],
    [{ file: '*' }, 'is every file'],
    [{ job: 'orders', from: '2026-02-01T00:00:00Z', to: '2026-01-01T00:00:00Z' }, 'must be before'],
    [{ job: 'orders', all: true }, 'all'],
  ])('refuses %j', async (body, problem) => {
    const { url, store } = await startServer({ settings: { tokens: TOKENS } });

    expect(await ask(url, body)).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining(problem) } },
    });
    expect(await createAudit(store, Date.now).list({ limit: 9 })).toEqual([]);
  });
});
