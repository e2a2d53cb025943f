import { describe, expect, it } from 'vitest';
import { ALL_CLUSTERS } from '../../core/types.js';
import { appendRecords, makeIncident, makeRecord } from '../../store/testing/samples.js';
import { makeDiagnosis } from '../../core/testing/incidents.js';
import { createAudit } from '../auth/audit.js';
import {
  bearer,
  createFilledStore,
  FRAUD,
  get,
  incidentOf,
  ORDERS,
  startServer,
  UNDELIVERABLE,
} from '../testing/server.js';

describe('incidents, jobs and alerts', () => {
  it('lists incidents in the language asked for, filtered', async () => {
    const { url } = await startServer();

    const all = await get(`${url}/api/v1/incidents`);
    const open = await get(`${url}/api/v1/incidents?lang=zh&outcome=failing&job=${ORDERS[0]}`);

    expect(all.body.incidents).toHaveLength(2);
    expect(all.body.incidents[0]?.diagnoses[0]?.title).toBe('Not enough network buffers');
    expect(open.body.incidents).toHaveLength(1);
    expect(open.body.incidents[0]).toMatchObject({
      id: 'i-orders',
      language: 'zh',
      diagnoses: [{ title: '网络缓冲不足' }],
    });
  });

  it('lists heads of cards, a hundredth of them, and all of each where it is asked for', async () => {
    const { url, store } = await startServer();
    const evidence = Array.from({ length: 200 }, (_, line) => ({ file: 'tm.log', line, text: 'x'.repeat(100) }));
    const large = incidentOf('i-large', ORDERS);
    const diagnoses = large.diagnoses.en.map((diagnosis) => ({ ...diagnosis, evidence }));
    await store.saveIncident({ ...large, diagnoses: { en: diagnoses, zh: diagnoses } });

    const heads = await get(`${url}/api/v1/incidents`);
    const head = heads.body.incidents.find(({ id }) => id === 'i-large');
    const full = await get(`${url}/api/v1/incidents?fields=full`);

    expect(head).toMatchObject({ id: 'i-large', outcome: large.outcome, diagnoses: [{ title: diagnoses[0]?.title }] });
    expect(JSON.stringify(head).length).toBeLessThan(2000);
    expect(full.body.incidents.find(({ id }) => id === 'i-large')?.diagnoses[0]?.evidence).toEqual(evidence);
    expect((await get(`${url}/api/v1/incidents/i-large`)).body.diagnoses[0]?.evidence).toEqual(evidence);
  });

  it('lists rows of incidents with counts, page by page', async () => {
    const { url } = await startServer();
    const ask = (query: string) => get(`${url}/api/v1/incidents/rows?${query}`);

    const { body: first } = await ask('limit=1&lang=zh');
    const { body: second } = await ask(`limit=1&after=${first.next}`);
    const { body: end } = await ask(`limit=1&after=${second.next}`);

    expect(first).toMatchObject({ total: 2, rows: [{ title: '网络缓冲不足' }] });
    expect(first.rows[0]).not.toHaveProperty('diagnoses');
    expect(new Set([first.rows[0]?.id, second.rows[0]?.id])).toEqual(new Set(['i-orders', 'i-fraud']));
    expect(end).toMatchObject({ total: 2, rows: [] });
    expect(end.next).toBeUndefined();
    const [cause] = first.counts.cause;
    expect((await ask(`cause=${cause?.value}`)).body.total).toBe(cause?.count);
    expect((await ask('severity=dreadful')).status).toBe(400);
    expect((await ask('after=x')).status).toBe(400);
  });

  it('names in a row what else failed the job in other attempts', async () => {
    const { url, store } = await startServer();
    const incident = incidentOf('i-orders', ORDERS);
    const heap = { rule: 'memory.heap-oom/any', beside: true } as const;
    const second = (title: string) => makeDiagnosis(heap.rule, { ...heap, title });
    await store.saveIncident({
      ...incident,
      diagnoses: {
        en: [...incident.diagnoses.en, second('The heap is full')],
        zh: [...incident.diagnoses.zh, second('堆内存已满')],
      },
    });

    const { body } = await get(`${url}/api/v1/incidents/rows?lang=zh`);
    const rows = body.rows as readonly { readonly id: string; readonly beside?: readonly string[] }[];

    expect(Object.fromEntries(rows.map(({ id, beside }) => [id, beside]))).toEqual({
      'i-orders': ['堆内存已满'],
      'i-fraud': undefined,
    });
  });

  it('gives one incident with its alerts, without their messages', async () => {
    const { url } = await startServer();

    const { body } = await get(`${url}/api/v1/incidents/i-orders`);

    expect(body.diagnoses[0]?.fixes[0]?.patch).toEqual({ 'taskmanager.memory.network.min': '112m' });
    expect(body.alerts).toEqual([{ ...UNDELIVERABLE, payload: undefined }]);
    expect(JSON.stringify(body)).not.toContain('secret');
    expect(await get(`${url}/api/v1/incidents/none`)).toMatchObject({ status: 404 });
  });

  it('gives the incident that a card has joined, with what was told of both', async () => {
    const store = await createFilledStore();
    const { url } = await startServer({ store });
    await store.saveIncident(makeIncident('heir', { joined: ['old'] }));
    for (const incidentId of ['heir', 'old'])
      await store.alerts.save({ ...UNDELIVERABLE, id: `alert of ${incidentId}`, incidentId });

    const { body } = await get(`${url}/api/v1/incidents/old`);

    expect(body).toMatchObject({ id: 'heir', joined: ['old'] });
    expect(body.alerts.map(({ id }: { id: string }) => id)).toEqual(['alert of heir', 'alert of old']);
  });

  it.each([
    ['?format=csv', 'text/csv', /^id,firstSeen,[^]*\r\ni-(?:orders|fraud),/],
    ['?format=ndjson&limit=1', 'application/x-ndjson', /^\{"id":"i-(?:orders|fraud)",[^\n]*\}\n$/],
    ['?format=markdown', 'text/markdown', /## Not enough network buffers[^]*## Not enough network buffers/],
    [
      '/i-orders?format=markdown&lang=zh',
      'text/markdown',
      /^## 网络缓冲不足\n[^]*<https:\/\/page\/incidents\/i-orders>/,
    ],
  ])('exports %s', async (path, type, text) => {
    const { url } = await startServer({ settings: { publicUrl: 'https://page' } });

    const answer = await fetch(`${url}/api/v1/incidents${path}`);

    expect(answer.headers.get('content-type')).toContain(type);
    expect(await answer.text()).toMatch(text);
  });

  it('notes in the trail who took which incidents away, and no list that was looked at', async () => {
    const tokens = [{ name: 'anna', token: 'anna-0123456789abcdef', role: 'reader' as const, scope: [] }];
    const { url, store } = await startServer({ settings: { tokens } });
    const ask = (query: string) => fetch(`${url}/api/v1/incidents${query}`, bearer('anna-0123456789abcdef'));

    await ask('?cluster=session-1&format=csv');
    await ask('?cluster=session-1');

    const trail = await createAudit(store, Date.now).list({ limit: 9 });
    expect(trail.map(({ who, by, what, about, detail }) => [who, by, what, about, detail])).toEqual([
      ['anna', 'token', 'read.export', 'incidents', 'format=csv cluster=session-1'],
    ]);
  });

  it('tells in an export as little of a platform incident as in the list', async () => {
    const tokens = [{ name: 'team', token: 'token-of-the-team', role: 'reader' as const, scope: ['session-1'] }];
    const { url, store } = await startServer({ settings: { tokens } });
    await store.saveIncident(incidentOf('i-orders', ORDERS, { parent: 'p-of-all' }));
    const headers = { authorization: 'Bearer token-of-the-team' };
    const texts = await Promise.all(
      ['csv', 'ndjson', 'markdown'].map(async (format) =>
        (await fetch(`${url}/api/v1/incidents?format=${format}`, { headers })).text(),
      ),
    );

    for (const text of texts) {
      expect(text).toContain('i-orders');
      expect(text).not.toContain('p-of-all');
    }
  });

  it('shows what a platform incident stands for when it is asked for, and each child its parent', async () => {
    const { url, store } = await startServer();
    const platform = { kind: 'zookeeper', thing: 'zk:2181', jobs: 3, clusters: 2 };
    const children = [{ id: 'i-orders', cluster: 'session-1', outcome: 'failing' as const }];
    await store.saveIncident(incidentOf('i-orders', ORDERS, { parent: 'p' }));
    await store.saveIncident(
      incidentOf('p', ORDERS, { cluster: ALL_CLUSTERS, job: undefined, platform: { ...platform, children } }),
    );

    const { body } = await get(`${url}/api/v1/incidents`);
    const find = (id: string): unknown => body.incidents.find((incident: { id: string }) => incident.id === id);

    expect(find('p')).toMatchObject({ cluster: '*', platform });
    expect(JSON.stringify(find('p'))).not.toContain('i-orders');
    expect(find('i-orders')).toMatchObject({ parent: 'p' });
    expect((await get(`${url}/api/v1/incidents/p`)).body).toMatchObject({ platform: { ...platform, children } });
  });

  it('keeps a platform incident from a viewer who does not see all clusters', async () => {
    const tokens = [{ name: 'team', token: 'token-of-the-team', role: 'reader' as const, scope: ['session-1'] }];
    const { url, store } = await startServer({ settings: { tokens } });
    await store.saveIncident(incidentOf('i-orders', ORDERS, { parent: 'p' }));
    await store.saveIncident(
      incidentOf('p', ORDERS, {
        cluster: ALL_CLUSTERS,
        job: undefined,
        platform: { kind: 'zookeeper', jobs: 3, clusters: 2, children: [] },
      }),
    );
    const headers = { authorization: 'Bearer token-of-the-team' };
    const ask = (path: string) => get(`${url}/api/v1/incidents${path}`, { headers });

    expect(JSON.stringify((await ask('')).body)).not.toMatch(/"p"|platform/);
    const { body } = await ask('/rows?top=true');
    expect(body.rows.map(({ id }) => id)).toContain('i-orders');
    expect(JSON.stringify(body)).not.toMatch(/"p"|platform|"\*"/);
    expect(await ask('/p')).toMatchObject({ status: 404 });
  });

  it('lists jobs with level counts, those with open incidents first', async () => {
    const { url } = await startServer();

    const { body } = await get(`${url}/api/v1/jobs`);

    expect(body.jobs).toEqual([
      {
        id: ORDERS[0],
        name: 'orders',
        cluster: 'session-1',
        lastSeen: '2026-11-20T10:00:01.000Z',
        total: 2,
        levels: { INFO: 1, ERROR: 1 },
        openIncidents: 1,
        incidents: 1,
      },
      {
        id: FRAUD[0],
        name: 'fraud',
        cluster: 'session-1',
        lastSeen: '2026-11-20T10:00:02.000Z',
        total: 1,
        levels: { INFO: 1 },
        openIncidents: 0,
        incidents: 1,
      },
    ]);
  });

  it('counts a job once whose lines have the name only in part', async () => {
    const { url, store } = await startServer();
    await appendRecords(store, [{ ...makeRecord(9, { text: 'only the id' }), 'flink.job.id': FRAUD[0] }]);

    const { body } = await get(`${url}/api/v1/jobs`);

    expect(body.jobs.map(({ name }) => name).sort()).toEqual(['fraud', 'orders']);
    expect(body.jobs.find(({ name }) => name === 'fraud')).toMatchObject({ id: FRAUD[0], total: 2 });
  });

  it('gives one job, by its name or its id', async () => {
    const { url } = await startServer();

    for (const job of FRAUD)
      expect((await get(`${url}/api/v1/jobs?job=${job}`)).body).toMatchObject({ total: 1, jobs: [{ name: 'fraud' }] });
    expect((await get(`${url}/api/v1/jobs?job=nobody`)).body).toMatchObject({ total: 0, jobs: [] });
  });

  it('lists 3,000 jobs and asks the store as often as for one', async () => {
    const asked: string[] = [];
    const store = await createFilledStore();
    const counting = new Proxy(store, {
      get(target, name, receiver) {
        asked.push(String(name));
        return Reflect.get(target, name, receiver);
      },
    });
    const { url } = await startServer({ store: counting });
    asked.length = 0;
    await get(`${url}/api/v1/jobs`);
    const ofOne = [...asked].sort();
    const numbers = Array.from({ length: 3_000 }, (_, number) => number);
    const job = (number: number) => [number.toString(16).padStart(32, '0'), `job ${number}`] as const;
    await appendRecords(
      store,
      numbers.flatMap((number) => [
        makeRecord(number, {
          path: '/logs/many.log',
          time: '2026-11-20T10:00:00.000Z',
          job: job(number),
          level: 'INFO',
        }),
        {
          ...makeRecord(number, { path: '/logs/ids.log', time: '2026-11-20T10:00:00.000Z', level: 'WARN' }),
          'flink.job.id': job(number)[0],
        },
      ]),
    );
    await store.saveIncident(incidentOf('i-2999', job(2999), { outcome: 'failed' }));
    asked.length = 0;

    const { body } = await get(`${url}/api/v1/jobs?limit=10000`);

    expect([...asked].sort()).toEqual(ofOne);
    expect(body).toMatchObject({ total: 3_002, complete: true });
    expect(body.jobs).toHaveLength(3_002);
    expect(new Set(body.jobs.map(({ name }) => name)).size).toBe(3_002);
    expect(body.jobs[0]).toMatchObject({ name: 'orders', openIncidents: 1 });
    expect(body.jobs.find(({ name }) => name === 'job 2999')).toMatchObject({
      total: 2,
      levels: { INFO: 1, WARN: 1 },
      openIncidents: 0,
      incidents: 1,
    });
    expect((await get(`${url}/api/v1/jobs`)).body).toMatchObject({ total: 3_002, jobs: { length: 50 } });
  });

  it('lists alerts by state', async () => {
    const { url } = await startServer();

    const { body } = await get(`${url}/api/v1/alerts?state=undeliverable`);

    expect(body.alerts.map((alert) => alert.id)).toEqual(['i-orders/hook/1']);
    expect(JSON.stringify(body)).not.toContain('words');
  });
});
