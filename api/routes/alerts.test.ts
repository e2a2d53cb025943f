import { describe, expect, it } from 'vitest';
import { AUTHOR, bearer, get, READER, startServer, TEAM } from '../testing/server.js';

const ORDERS_TEAM = { ...TEAM, role: 'author' } as const;
const END = '2026-11-20T12:00:00.000Z';

function post(url: string, path: string, token: string, body?: object) {
  const headers: Record<string, string> = { authorization: `Bearer ${token}` };
  if (body !== undefined) headers['content-type'] = 'application/json';
  return get(`${url}/api/v1/silences${path}`, {
    method: 'POST',
    headers,
    body: body === undefined ? null : JSON.stringify(body),
  });
}

describe('a silence', () => {
  it('is made with its end, its reason and who wants it, listed, and ended', async () => {
    const { url, store } = await startServer({ settings: { tokens: [AUTHOR, READER] } });
    const made = await post(url, '', AUTHOR.token, {
      matchers: { job: ['pay-*', '!pay-audit'], severity: 'error' },
      endsAt: '2026-11-20T20:00:00+08:00',
      comment: 'migration',
    });

    const expected = {
      id: made.body.id,
      matchers: { job: ['pay-*', '!pay-audit'], severity: 'error' },
      startsAt: '2026-11-20T10:01:00.000Z',
      endsAt: END,
      createdBy: 'author',
      comment: 'migration',
    };
    expect(made).toMatchObject({ status: 200, body: { ...expected, state: 'active' } });
    expect(await store.silences.find()).toEqual([expected]);
    expect((await get(`${url}/api/v1/silences`, bearer(READER.token))).body).toEqual({
      silences: [{ ...expected, state: 'active' }],
    });

    const ended = await post(url, `/${made.body.id}/expire`, AUTHOR.token);

    expect(ended.body).toEqual({ ...expected, endsAt: '2026-11-20T10:01:00.000Z', state: 'expired' });
    expect((await get(`${url}/api/v1/silences`, bearer(READER.token))).body).toEqual({ silences: [] });
    expect((await get(`${url}/api/v1/silences?expired=true`, bearer(READER.token))).body.silences).toHaveLength(1);
  });

  it.each([
    ['a reader may not', 403, READER.token, { matchers: { job: 'a' }, endsAt: END, comment: 'x' }],
    ['nothing is named', 400, AUTHOR.token, { matchers: {}, endsAt: END, comment: 'x' }],
    ['everything is named', 400, AUTHOR.token, { matchers: { job: ['*'] }, endsAt: END, comment: 'x' }],
    ['all but something is named', 400, AUTHOR.token, { matchers: { job: '!a' }, endsAt: END, comment: 'x' }],
    ['no reason', 400, AUTHOR.token, { matchers: { job: 'a' }, endsAt: END, comment: '' }],
    ['an unknown label', 400, AUTHOR.token, { matchers: { jobs: 'a' }, endsAt: END, comment: 'x' }],
    ['over already', 400, AUTHOR.token, { matchers: { job: 'a' }, endsAt: '2026-11-20T10:00:00Z', comment: 'x' }],
    ['not within the scope', 400, ORDERS_TEAM.token, { matchers: { job: 'fraud' }, endsAt: END, comment: 'x' }],
    ['wider than the scope', 400, ORDERS_TEAM.token, { matchers: { severity: 'error' }, endsAt: END, comment: 'x' }],
  ])('is refused: %s', async (_name, status, token, body) => {
    const { url, store } = await startServer({ settings: { tokens: [READER, AUTHOR, ORDERS_TEAM] } });

    expect((await post(url, '', token, body)).status).toBe(status);
    expect(await store.silences.find()).toEqual([]);
  });

  it('of others is not there for a token with a scope', async () => {
    const { url } = await startServer({ settings: { tokens: [AUTHOR, ORDERS_TEAM] } });
    const { body } = await post(url, '', AUTHOR.token, { matchers: { job: 'fraud' }, endsAt: END, comment: 'x' });
    const own = await post(url, '', ORDERS_TEAM.token, { matchers: { job: 'orders' }, endsAt: END, comment: 'x' });

    const { silences } = (await get(`${url}/api/v1/silences`, bearer(ORDERS_TEAM.token))).body;
    expect(silences.map(({ id }) => id)).toEqual([own.body.id]);
    expect((await post(url, `/${body.id}/expire`, ORDERS_TEAM.token)).status).toBe(404);
    expect((await post(url, '/none/expire', AUTHOR.token)).status).toBe(404);
  });
});
