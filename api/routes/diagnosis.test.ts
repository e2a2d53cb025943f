// Tests the lookup of a diagnosis by job and time over HTTP.
import { describe, expect, it } from 'vitest';
import { FRAUD, get, incidentOf, ORDERS, READER, startServer, TEAM } from '../testing/server.js';

const url = (base: string, query: string): string => `${base}/api/v1/diagnosis?${query}`;

describe('the diagnosis of a job at some time', () => {
  it.each([`job=${ORDERS[0]}`, 'job=orders', 'job=orders&cluster=session-1&at=2026-11-20T10:30:00%2B00:00'])(
    'is that of its incident: %s',
    async (query) => {
      const server = await startServer({ settings: { publicUrl: 'https://page' } });

      const { status, body } = await get(url(server.url, `${query}&lang=zh`));

      expect(status).toBe(200);
      expect(body).toMatchObject({
        incident: { id: 'i-orders', cluster: 'session-1', job: { id: ORDERS[0], name: 'orders' }, outcome: 'failing' },
        diagnosis: { title: '网络缓冲不足', fixes: [{ patch: { 'taskmanager.memory.network.min': '112m' } }] },
        unknown: null,
        links: { incident: 'https://page/incidents/i-orders' },
      });
    },
  );

  it('is that of the nearest incident, and of two that last then, of the one that goes on', async () => {
    const { url: base, store } = await startServer();
    const save = (id: string, firstSeen: string, lastSeen: string, outcome: 'failed' | 'recovered') =>
      store.saveIncident(incidentOf(id, ['c'.repeat(32), 'clicks'], { firstSeen, lastSeen, outcome }));
    await save('early', '2026-11-20T08:00:00.000Z', '2026-11-20T08:10:00.000Z', 'failed');
    await save('near', '2026-11-20T09:00:00.000Z', '2026-11-20T09:20:00.000Z', 'recovered');
    await save('open', '2026-11-20T09:10:00.000Z', '2026-11-20T09:20:00.000Z', 'failed');
    const find = async (at: string): Promise<unknown> =>
      (await get(url(base, `job=clicks&at=2026-11-20T${at}:00Z`))).body.incident.id;

    expect(await find('08:20')).toBe('early');
    expect(await find('08:40')).toBe('early');
    expect(await find('08:51')).toBe('near');
    expect(await find('09:15')).toBe('open');
  });

  it('is a card where Markdown is asked for', async () => {
    const server = await startServer();

    const answer = await fetch(url(server.url, 'job=orders&format=markdown'));

    expect(answer.headers.get('content-type')).toContain('text/markdown');
    expect(await answer.text()).toMatch(/^## Not enough network buffers\n/);
  });

  it.each([
    [
      'job=orders&at=2026-11-01T00:00:00Z',
      404,
      'An incident of the job "orders" from 2026-10-31T23:00:00.000Z to 2026-11-01T00:10:00.000Z was not found.',
    ],
    ['job=orders&cluster=c9', 404, 'An incident of the job "orders" in the cluster "c9" from '],
    ['job=nobody', 404, 'An incident of the job "nobody" from '],
    ['cluster=c1', 400, '"job" is missing'],
    ['job=orders&at=yesterday', 400, '"at" must be a time'],
  ])('is refused with what is wrong: %s', async (query, status, message) => {
    const server = await startServer();

    const answer = await get(url(server.url, query));

    expect(answer.status).toBe(status);
    expect(answer.body.error.message).toContain(message);
  });

  it('is hidden from whoever may not see the job', async () => {
    const { url: base } = await startServer({ settings: { tokens: [READER, TEAM] } });
    const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

    expect(await get(url(base, `job=${FRAUD[1]}`), as(READER.token))).toMatchObject({ status: 200 });
    expect(await get(url(base, `job=${FRAUD[1]}`), as(TEAM.token))).toMatchObject({ status: 404 });
    expect(await get(url(base, 'job=orders'), as(TEAM.token))).toMatchObject({ status: 200 });
  });
});
