import { describe, expect, it } from 'vitest';
import { createError } from '../../core/errors.js';
import {
  AUTHOR,
  bearer,
  createFilledStore,
  FRAUD,
  get,
  incidentOf,
  READER,
  startServer,
  TEAM,
} from '../testing/server.js';

const ORDERS_TEAM = { ...TEAM, role: 'author' } as const;
/** Current time of the server. */
const NOW = '2026-11-20T10:01:00.000Z';

function say(url: string, word: object, token: string, incident = 'i-orders') {
  return get(`${url}/api/v1/incidents/${incident}/triage`, {
    method: 'POST',
    body: JSON.stringify(word),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
  });
}

async function listRows(url: string, query = ''): Promise<readonly { readonly id: string; readonly triage: object }[]> {
  const { text } = await get(`${url}/api/v1/incidents/rows${query}`, bearer(AUTHOR.token));
  return JSON.parse(text).rows;
}

describe('the triage of an incident', () => {
  it('has the last word as its state, and all of them with who and when', async () => {
    const { url } = await startServer({ settings: { tokens: [AUTHOR, ORDERS_TEAM] } });
    expect((await get(`${url}/api/v1/incidents/i-orders/triage`, bearer(AUTHOR.token))).body).toEqual({
      state: 'open',
      words: [],
      merged: [],
    });

    const { status, body } = await say(url, { state: 'acknowledged', comment: 'I look' }, ORDERS_TEAM.token);

    const words = [{ incidentId: 'i-orders', state: 'acknowledged', comment: 'I look', by: 'orders-team', at: NOW }];
    expect(status).toBe(200);
    expect(body).toEqual({ state: 'acknowledged', words, merged: [] });
    expect((await get(`${url}/api/v1/incidents/i-orders/triage`, bearer(AUTHOR.token))).body).toEqual(body);
  });

  it('is shown in the list, which is narrowed by it', async () => {
    const { url, store } = await startServer({ settings: { tokens: [AUTHOR] } });
    await store.saveIncident(incidentOf('i-other', FRAUD));
    const until = '2026-11-20T11:00:00.000Z';
    await say(url, { state: 'ignored', until }, AUTHOR.token, 'i-orders');
    for (const id of ['i-other', 'i-fraud']) await say(url, { state: 'acknowledged' }, AUTHOR.token, id);

    const rows = new Map((await listRows(url)).map(({ id, triage }) => [id, triage]));
    expect(rows.get('i-orders')).toEqual({ state: 'ignored', by: 'author', until });
    expect(rows.get('i-other')).toEqual({ state: 'acknowledged', by: 'author' });
    // The job runs again, so it is resolved regardless of the annotations.
    expect(rows.get('i-fraud')).toEqual({ state: 'resolved' });
    const find = async (state: string) => (await listRows(url, `?triage=${state}`)).map(({ id }) => id);
    expect(await find('ignored')).toEqual(['i-orders']);
    expect(await find('acknowledged')).toEqual(['i-other']);
    expect(await find('resolved')).toEqual(['i-fraud']);
    expect(await find('open')).toEqual([]);

    await say(url, { state: 'open' }, AUTHOR.token, 'i-orders');
    await say(url, { state: 'resolved' }, AUTHOR.token, 'i-other');
    await store.saveIncident(incidentOf('i-other', FRAUD, { lastSeen: '2026-11-20T10:02:00.000Z' }));

    expect(await find('open')).toEqual(['i-other', 'i-orders']);
    expect((await listRows(url, '?triage=open'))[0]?.triage).toEqual({ state: 'regressed' });
  });

  it('lets another card stand for it, until it is split off', async () => {
    const { url, store } = await startServer({ settings: { tokens: [AUTHOR] } });
    await store.saveIncident(incidentOf('i-other', FRAUD));
    await say(url, { state: 'merged', into: 'i-orders' }, AUTHOR.token, 'i-other');

    expect((await listRows(url, '?top=true')).map(({ id }) => id)).toEqual(['i-fraud', 'i-orders']);
    expect((await listRows(url, '?job=fraud')).map(({ id }) => id)).toEqual(['i-fraud', 'i-other']);
    expect((await listRows(url, '?triage=merged'))[0]?.triage).toEqual({
      state: 'merged',
      by: 'author',
      into: 'i-orders',
    });
    expect((await get(`${url}/api/v1/incidents/i-orders/triage`, bearer(AUTHOR.token))).body).toMatchObject({
      state: 'open',
      merged: [{ id: 'i-other', subject: 'fraud' }],
    });
    expect((await say(url, { state: 'merged', into: 'i-other' }, AUTHOR.token)).status).toBe(400);
    expect((await say(url, { state: 'merged', into: 'none' }, AUTHOR.token)).status).toBe(404);

    await say(url, { state: 'open' }, AUTHOR.token, 'i-other');

    expect((await listRows(url, '?top=true')).map(({ id }) => id)).toContain('i-other');
  });

  it.each([
    ['a reader may not', 403, READER.token, { state: 'acknowledged' }, 'i-orders'],
    ['another word', 400, AUTHOR.token, { state: 'closed' }, 'i-orders'],
    ['an end that is over', 400, AUTHOR.token, { state: 'ignored', until: NOW }, 'i-orders'],
    ['an end of what is not ignored', 400, AUTHOR.token, { state: 'open', until: '2026-12-20T10:01:00Z' }, 'i-orders'],
    ['an incident that is not there', 404, AUTHOR.token, { state: 'acknowledged' }, 'none'],
    ['an incident of others', 404, ORDERS_TEAM.token, { state: 'acknowledged' }, 'i-fraud'],
  ])('is refused: %s', async (_name, status, token, word, incident) => {
    const { url, store } = await startServer({ settings: { tokens: [READER, AUTHOR, ORDERS_TEAM] } });

    expect((await say(url, word, token, incident)).status).toBe(status);
    expect(await store.triage.find()).toEqual([]);
  });

  it('holds up no list where the store gives no right to it', async () => {
    const denied = createError('JT_STORE_DENIED', { url: 'es', problem: 'no right' });
    const filled = await createFilledStore();
    const store = { ...filled, triage: { ...filled.triage, find: () => Promise.reject(denied) } };
    const { url } = await startServer({ store, settings: { tokens: [AUTHOR] } });

    expect((await listRows(url)).map(({ triage }) => triage)).toContainEqual({ state: 'open' });
    const { body } = await get(`${url}/api/v1/incidents/i-orders/triage`, bearer(AUTHOR.token));
    expect(body).toEqual({ state: 'open', words: [], merged: [] });
  });
});
