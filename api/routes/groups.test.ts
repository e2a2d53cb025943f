import { describe, expect, it } from 'vitest';
import { makeIncident } from '../../store/testing/samples.js';
import { bearer, createFilledStore, FRAUD, get, ORDERS, startServer, TEAM } from '../testing/server.js';

const GROUP = 'g1-0123456789ab';

async function createGroupedStore(): ReturnType<typeof createFilledStore> {
  const store = await createFilledStore();
  const save = (id: string, [job, name]: readonly [string, string], time: string): Promise<boolean> =>
    store.saveIncident(makeIncident(id, { group: GROUP, job: { id: job, name }, firstSeen: time, lastSeen: time }));
  const agoMs = (hours: number): string =>
    new Date(Date.parse('2026-11-20T10:00:00.000Z') - hours * 3_600_000).toISOString();
  await save('u1', ORDERS, agoMs(1));
  await save('u2', ORDERS, agoMs(30));
  await save('u3', FRAUD, agoMs(400));
  return store;
}

describe('the group of an unknown failure', () => {
  it('is counted over time, with its jobs and by what it is the same', async () => {
    const { url } = await startServer({ store: await createGroupedStore() });

    const { body } = await get(`${url}/api/v1/groups/${GROUP}`);

    expect(body).toMatchObject({ id: GROUP, type: 'a.B', message: 'm *', newest: 'u1', jobsTotal: 2 });
    expect(body).toMatchObject({ incidents: 3, lastDay: 1, lastWeek: 2 });
    expect(body.jobs.map(({ name, incidents }) => [name, incidents])).toEqual([
      ['orders', 2],
      ['fraud', 1],
    ]);
    expect(await get(`${url}/api/v1/groups/none`)).toMatchObject({ status: 404 });
  });

  it('shows a viewer with a scope its own jobs alone', async () => {
    const { url } = await startServer({ store: await createGroupedStore(), settings: { tokens: [TEAM] } });

    const { body } = await get(`${url}/api/v1/groups/${GROUP}`, bearer(TEAM.token));

    expect(body).toMatchObject({ incidents: 2, jobsTotal: 1 });
  });

  it('chooses incidents of a list', async () => {
    const { url } = await startServer({ store: await createGroupedStore() });

    const { body } = await get(`${url}/api/v1/incidents?group=${GROUP}`);

    expect(body.incidents.map(({ id }) => id)).toEqual(['u1', 'u2', 'u3']);
  });
});
