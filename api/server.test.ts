import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { Ajv } from 'ajv';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createError } from '../core/errors.js';
import { createLog } from '../core/log.js';
import type { Diagnosis, Incident } from '../core/types.js';
import { openRecord } from '../lab/parts/machine/running.js';
import { mountSmallDisk } from '../lab/parts/machine/small-disk.js';
import { startElasticsearch, type Elasticsearch } from '../lab/parts/services/elasticsearch.js';
import { describeWithParts } from '../lab/parts/testing/describe-part.js';
import { openStore } from '../store/open.js';
import { appendRecords, makeIncident, makeRecord, waitUntil } from '../store/testing/samples.js';
import type { AgentStatus, Alert, RecordPage, Store } from '../store/store.js';
import type { ReceivedAlert } from '../core/types.js';
import { createServer, type ApiServer, type ServerOptions } from './server.js';

const ORDERS = ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'orders'] as const;
const FRAUD = ['bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'fraud'] as const;
const RULE = {
  id: 'network.insufficient-buffers/total',
  title: { en: 'Not enough network buffers', zh: '网络缓冲不足' },
  status: 'stable',
  role: 'cause',
} as const;
const READER = { name: 'reader', token: 'reader-0123456789abcdef', role: 'reader', scope: [] } as const;
const TEAM = { name: 'orders-team', token: 'team-0123456789abcdef', role: 'reader', scope: ['order*'] } as const;
const AUTHOR = { name: 'author', token: 'author-0123456789abcdef', role: 'author', scope: [] } as const;

let running: ApiServer[] = [];
afterEach(async () => {
  await Promise.all(running.map((server) => server.close()));
  running = [];
});

function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

function diagnosisIn(text: string): Diagnosis {
  return {
    cause: 'network.insufficient-buffers',
    rule: RULE.id,
    title: text,
    summary: text,
    severity: 'error',
    confidence: 0.97,
    symptom: false,
    owner: 'configuration',
    status: 'stable',
    count: 1,
    reasons: [],
    fixes: [{ id: 'raise', text, patch: { 'taskmanager.memory.network.min': '112m' }, risk: 'low' }],
    evidence: [
      {
        file: '/logs/tm.log',
        line: 0,
        text: 'Insufficient number of network buffers',
        recordId: 'r',
        highlights: [[0, 12]],
      },
    ],
    explains: [],
    references: [],
    values: {},
    score: {},
  };
}

function incidentOf(id: string, job: readonly [string, string], more: Partial<Incident> = {}): Incident {
  return makeIncident(id, {
    job: { id: job[0], name: job[1] },
    diagnoses: { en: [diagnosisIn('Not enough network buffers')], zh: [diagnosisIn('网络缓冲不足')] },
    ...more,
  });
}

async function createFilledStore(): Promise<Store> {
  const store = await openStore({ kind: 'sqlite', path: ':memory:' });
  await appendRecords(store, [
    makeRecord(0, { text: 'orders started', job: ORDERS, level: 'INFO' }),
    makeRecord(1, {
      text: 'orders met java.io.IOException',
      job: ORDERS,
      level: 'ERROR',
      error: ['java.io.IOException'],
    }),
    makeRecord(2, { text: 'fraud started', job: FRAUD, level: 'INFO' }),
    makeRecord(3, { text: 'the process itself', level: 'WARN' }),
  ]);
  await store.saveIncident(incidentOf('i-orders', ORDERS));
  await store.saveIncident(incidentOf('i-fraud', FRAUD, { outcome: 'recovered' }));
  const alert: Alert = {
    id: 'i-orders/hook/1',
    incidentId: 'i-orders',
    receiver: 'hook',
    reason: 'new-incident',
    cause: RULE.id,
    sentAt: '2026-11-20T10:00:01.000Z',
    state: 'undeliverable',
    attempts: 3,
    error: 'it answered with status 410',
    payload: '{"secret":"words"}',
  };
  await store.rememberAlert(alert);
  await store.rememberAlert({ ...alert, id: 'i-fraud/hook/1', incidentId: 'i-fraud', state: 'sent' });
  await store.saveAgentStatus({
    id: 'h1',
    host: 'h1',
    time: '2026-11-20T10:00:00.000Z',
    files: 2,
    lagBytes: 10,
    shippedRecords: 4,
    counters: { cut: 1 },
    conditions: [
      {
        code: 'JT_FILE_UNREADABLE',
        message: '/logs/fraud.log cannot be read: permission denied.',
        values: { path: '/logs/fraud.log', problem: 'permission denied' },
        since: '2026-11-20T10:00:00.000Z',
      },
      { code: 'JT_OF_A_LATER_VERSION', message: 'Something new.', since: '2026-11-20T10:00:00.000Z' },
    ],
  });
  return store;
}

type Change = Partial<Omit<ServerOptions, 'settings' | 'store'>> & {
  readonly store?: Store;
  readonly settings?: Partial<ServerOptions['settings']>;
};

async function startServer(change: Change = {}): Promise<{ url: string; store: Store; server: ApiServer }> {
  const store = change.store ?? (await createFilledStore());
  const { settings, ...rest } = change;
  const server = createServer({
    store,
    catalogInfo: () => [RULE],
    ruleProblems: () => ['own/rule.yaml:3:8 `owner` must be one of …'],
    log: createLog('silent'),
    now: () => Date.parse('2026-11-20T10:01:00.000Z'),
    ...rest,
    settings: {
      version: '0.1.0',
      language: 'en',
      tokens: [],
      webDir: '/nowhere',
      livePollMs: 20,
      liveHeartbeatMs: 3_600_000,
      ...settings,
    },
  });
  running.push(server);
  const { url } = await server.listen({ host: '127.0.0.1', port: 0 });
  return { url, store, server };
}

/** What any answer may hold; a test reads what it asked for. */
interface Body extends Pick<Required<RecordPage>, 'records' | 'total' | 'histogram' | 'facets'> {
  readonly next: string;
  readonly index: number;
  readonly error: { readonly code: string; readonly message: string; readonly fix: string };
  readonly incidents: readonly (Omit<Incident, 'diagnoses'> & { readonly diagnoses: readonly Diagnosis[] })[];
  readonly diagnoses: readonly Diagnosis[];
  readonly jobs: readonly { readonly id: string; readonly name: string }[];
  readonly alerts: readonly Alert[];
  readonly agents: readonly AgentStatus[];
  readonly rules: readonly unknown[];
  readonly problems: readonly string[];
  readonly paths: Readonly<
    Record<
      string,
      {
        readonly get: {
          readonly responses: Readonly<
            Record<string, { readonly content: Readonly<Record<string, { readonly schema: object }>> }>
          >;
        };
      }
    >
  >;
}

async function get(
  url: string,
  init: RequestInit = {},
): Promise<{ status: number; body: Body; text: string; headers: Headers }> {
  const response = await fetch(url, init);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return { status: response.status, body: JSON.parse(isJson ? text : '{}'), text, headers: response.headers };
}

function readSchema(document: Body, path: string, status: string): object {
  const schema = document.paths[path]?.get.responses[status]?.content['application/json']?.schema;
  if (schema === undefined) throw new Error(`no schema for ${path} ${status}`);
  return schema;
}

function post(url: string, body: string, type: string): Promise<{ status: number; body: Body; text: string }> {
  return get(url, { method: 'POST', body, headers: { 'content-type': type } });
}

const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });
const messages = (body: Body): string[] => body.records.map((record) => record.message);

describe('records', () => {
  it('are searched by query, filters and range, with total, histogram and facets', async () => {
    const { url } = await startServer();

    const { status, body } = await get(
      `${url}/api/v1/records?query=started&job=${ORDERS[0]}&level=INFO&level=ERROR&from=2026-11-20T18:00:00%2B08:00&to=2026-11-20T11:00:00Z&histogram=10&facets=true&cluster=session-1`,
    );

    expect(status).toBe(200);
    expect(messages(body)).toEqual(['orders started']);
    expect(body.total).toBe(1);
    expect(body.facets.job).toEqual([{ value: 'orders', count: 1 }]);
    expect(body.histogram.reduce((sum, bar) => sum + (bar.counts.INFO ?? 0), 0)).toBe(1);
  });

  it('are paged newest first by default, oldest first on demand', async () => {
    const { url } = await startServer();

    const first = await get(`${url}/api/v1/records?limit=3`);
    const second = await get(`${url}/api/v1/records?limit=3&after=${encodeURIComponent(first.body.next)}`);
    const oldest = await get(`${url}/api/v1/records?limit=1&order=oldest`);

    expect([...messages(first.body), ...messages(second.body)]).toEqual([
      'the process itself',
      'fraud started',
      'orders met java.io.IOException',
      'orders started',
    ]);
    expect(second.body.next).toBeUndefined();
    expect(messages(oldest.body)).toEqual(['orders started']);
  });

  it('are refused with every problem at once when the parameters do not fit', async () => {
    const { url } = await startServer();

    const { status, body } = await get(`${url}/api/v1/records?levl=ERROR&level=LOUD&limit=many&from=yesterday`);

    expect(status).toBe(400);
    expect(body.error.code).toBe('JT_REQUEST_INVALID');
    expect(body.error.message).toContain('parameter "levl" is not known; did you mean "level"?');
    expect(body.error.message).toContain('parameter "level[0]" must be one of TRACE, DEBUG');
    expect(body.error.message).toContain('parameter "limit" must be of type integer');
    expect(body.error.message).toContain('parameter "from" must be a time with zone');
  });

  it.each(['limit=0', 'limit=1001', 'histogram=501', 'facets=maybe', 'order=up', 'component=worker'])(
    'refuse %s',
    async (query) => {
      const { url } = await startServer();

      expect(await get(`${url}/api/v1/records?${query}`)).toMatchObject({
        status: 400,
        body: { error: { code: 'JT_REQUEST_INVALID' } },
      });
    },
  );

  it('refuse a range that ends before it begins and a query that cannot be read', async () => {
    const { url } = await startServer();

    expect(
      (await get(`${url}/api/v1/records?from=2026-11-20T11:00:00Z&to=2026-11-20T10:00:00Z`)).body.error.message,
    ).toContain('must be before');
    expect(await get(`${url}/api/v1/records?query=level%3ALOUD`)).toMatchObject({
      status: 400,
      body: { error: { code: 'JT_QUERY_INVALID' } },
    });
  });

  it('come with their neighbours; an unknown one is not found', async () => {
    const { url } = await startServer();
    const id = makeRecord(1).id;

    const found = await get(`${url}/api/v1/records/${encodeURIComponent(id)}/context?before=1&after=1`);
    const gone = await get(`${url}/api/v1/records/nothing/context`);

    expect(messages(found.body)).toEqual(['orders started', 'orders met java.io.IOException', 'fraud started']);
    expect(found.body.index).toBe(1);
    expect(gone).toMatchObject({ status: 404, body: { error: { code: 'JT_NOT_FOUND' } } });
  });
});

describe('the live stream', () => {
  async function openTail(
    url: string,
    headers: Record<string, string> = {},
  ): Promise<{ text: () => string; messages: () => string[]; end: Promise<void>; stop: () => void }> {
    const abort = new AbortController();
    const response = await fetch(url, { headers, signal: abort.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    let text = '';
    const read = async (): Promise<void> => {
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
    };
    const end = read().catch(() => undefined);
    return {
      text: () => text,
      messages: () =>
        [...text.matchAll(/^event: record\n(?:id: .*\n)?data: (.*)\n/gm)].map(
          (hit) => JSON.parse(hit[1] ?? '').message,
        ),
      end,
      stop: () => abort.abort(),
    };
  }

  it('sends each new record of the filters once, a late one with an earlier time too', async () => {
    const { url, store } = await startServer();
    const tail = await openTail(`${url}/api/v1/records/stream?query=fresh`);
    await appendRecords(store, [makeRecord(50, { text: 'fresh 50' }), makeRecord(51, { text: 'other' })]);
    await waitUntil('the first', async () => tail.messages().includes('fresh 50') || tail.text());

    await appendRecords(store, [
      makeRecord(49, { text: 'fresh 49', path: '/logs/late.log' }),
      ...Array.from({ length: 450 }, (_, index) => makeRecord(60 + index, { text: `fresh ${60 + index}` })),
    ]);
    await waitUntil('all', async () => tail.messages().length >= 452 || `${tail.messages().length}`);

    expect(new Set(tail.messages()).size).toBe(452);
    expect(tail.messages()).toHaveLength(452);
    expect(tail.messages()).toContain('fresh 49');
    expect(tail.messages()).not.toContain('other');
    tail.stop();
  });

  it('does not show what was there before, unless "from" or the last seen event asks for it', async () => {
    const { url, store } = await startServer();
    const [now, from, resumed] = await Promise.all([
      openTail(`${url}/api/v1/records/stream`),
      openTail(`${url}/api/v1/records/stream?from=2026-11-20T10:00:02Z`),
      openTail(`${url}/api/v1/records/stream`, { 'last-event-id': '2026-11-20T10:00:01.000Z' }),
    ]);
    await waitUntil(
      'the old ones',
      async () =>
        (from.messages().length === 2 && resumed.messages().length === 4) || `${from.text()} ${resumed.text()}`,
    );

    await appendRecords(store, [makeRecord(70, { text: 'new' })]);
    await waitUntil('the new one', async () => now.messages().includes('new') || now.text());

    expect(now.messages()).toEqual(['new']);
    expect(from.messages()).toEqual(expect.arrayContaining(['fraud started', 'the process itself']));
    for (const tail of [now, from, resumed]) tail.stop();
  });

  it('says so when more comes at once than it takes, and goes on with what is new', async () => {
    const { url, store } = await startServer({ settings: { liveMaxRecords: 200 } });
    const tail = await openTail(`${url}/api/v1/records/stream`);
    await waitUntil('the beginning', async () => tail.text().includes('retry:') || tail.text());
    await appendRecords(
      store,
      Array.from({ length: 500 }, (_, index) => makeRecord(100 + index, { text: `many ${100 + index}` })),
    );
    await waitUntil('the newest', async () => tail.messages().includes('many 599') || `${tail.messages().length}`);

    await appendRecords(store, [makeRecord(700, { text: 'after' })]);
    await waitUntil('the next', async () => tail.messages().includes('after') || `${tail.messages().length}`);

    expect(tail.text().match(/^event: gap\ndata: .*$/gm)).toEqual([
      `event: gap\ndata: ${JSON.stringify({ before: makeRecord(400)['@timestamp'] })}`,
    ]);
    expect(tail.messages()).toHaveLength(201);
    tail.stop();
  });

  it('sends an entry again when it grew', async () => {
    const { url, store } = await startServer();
    await appendRecords(store, [makeRecord(50, { text: 'begins' })]);
    const tail = await openTail(`${url}/api/v1/records/stream?from=2026-11-20T10:00:30Z`);
    await waitUntil('the short one', async () => tail.messages().includes('begins') || tail.text());

    await appendRecords(store, [makeRecord(50, { text: 'begins\n\tat a.B.c(D.java:1)' })]);

    await waitUntil('the longer one', async () => tail.text().includes('at a.B.c') || tail.text());
    tail.stop();
  });

  it('says that it is alive, and ends when the server closes', async () => {
    let time = Date.parse('2026-11-20T10:01:00.000Z');
    const { url, server } = await startServer({ now: () => (time += 1000), settings: { liveHeartbeatMs: 5000 } });
    const tail = await openTail(`${url}/api/v1/records/stream`);
    await waitUntil('a heartbeat', async () => tail.text().includes(': alive') || tail.text());

    await server.close();

    await tail.end;
  });

  it('tells of a store that is away and goes on when it is back', async () => {
    const inner = await createFilledStore();
    let isAway = false;
    const store: Store = {
      ...inner,
      searchRecords: async (query) => {
        if (isAway) throw createError('JT_STORE_UNREACHABLE', { url: 'x', problem: 'away' });
        return inner.searchRecords(query);
      },
    };
    const { url } = await startServer({ store });
    const tail = await openTail(`${url}/api/v1/records/stream`);
    await waitUntil('the beginning', async () => tail.text().includes('retry:') || tail.text());
    isAway = true;
    await waitUntil('the problem', async () => tail.text().includes('JT_STORE_UNREACHABLE') || tail.text());

    await appendRecords(inner, [makeRecord(80, { text: 'written meanwhile' })]);
    isAway = false;

    await waitUntil('the record', async () => tail.messages().includes('written meanwhile') || tail.text());
    tail.stop();
  });

  it('does not take what was there before for new when its first look fails', async () => {
    const inner = await createFilledStore();
    let looks = 0;
    const store: Store = {
      ...inner,
      searchRecords: async (query) => {
        looks += 1;
        if (looks === 2) throw createError('JT_STORE_UNREACHABLE', { url: 'x', problem: 'away' });
        return inner.searchRecords(query);
      },
    };
    const { url } = await startServer({ store });
    const tail = await openTail(`${url}/api/v1/records/stream`);
    await waitUntil('some looks', async () => looks > 4);

    await appendRecords(inner, [makeRecord(80, { text: 'new' })]);
    await waitUntil('the new one', async () => tail.messages().includes('new') || tail.text());

    expect(tail.messages()).toEqual(['new']);
    tail.stop();
  });

  it('answers a wrong query as an error, not as a stream', async () => {
    const { url } = await startServer();

    expect(await get(`${url}/api/v1/records/stream?query=level%3ALOUD`)).toMatchObject({
      status: 400,
      body: { error: { code: 'JT_QUERY_INVALID' } },
    });
  });
});

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

  it('gives one incident with its alerts, without their messages', async () => {
    const { url } = await startServer();

    const { body } = await get(`${url}/api/v1/incidents/i-orders`);

    expect(body.diagnoses[0]?.fixes[0]?.patch).toEqual({ 'taskmanager.memory.network.min': '112m' });
    expect(body.alerts).toEqual([
      {
        id: 'i-orders/hook/1',
        incidentId: 'i-orders',
        receiver: 'hook',
        reason: 'new-incident',
        cause: RULE.id,
        sentAt: '2026-11-20T10:00:01.000Z',
        state: 'undeliverable',
        attempts: 3,
        error: 'it answered with status 410',
      },
    ]);
    expect(await get(`${url}/api/v1/incidents/none`)).toMatchObject({ status: 404 });
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

describe('deliveries', () => {
  it('names the receivers that do not take alerts, since when, how many, and why', async () => {
    const { url, store } = await startServer();
    const alert: Alert = {
      id: 'i-fraud/hook/2',
      incidentId: 'i-fraud',
      receiver: 'hook',
      reason: 'new-incident',
      cause: RULE.id,
      sentAt: '2026-11-20T09:00:00.000Z',
      state: 'pending',
      attempts: 4,
      error: 'no answer within 10 s',
      payload: '{"secret":"words"}',
    };
    await store.rememberAlert(alert);
    await store.rememberAlert({ ...alert, id: 'i-fraud/chat/1', receiver: 'chat' });
    await store.rememberAlert({ ...alert, id: 'i-fraud/new/1', receiver: 'new', error: undefined });
    await store.rememberAlert({
      ...alert,
      id: 'old/1',
      receiver: 'old',
      state: 'undeliverable',
      sentAt: '2026-11-01T00:00:00.000Z',
    });

    const { body, text } = await get(`${url}/api/v1/deliveries`);

    expect(body).toEqual({
      receivers: [
        {
          receiver: 'hook',
          undeliverable: 1,
          waiting: 1,
          since: '2026-11-20T09:00:00.000Z',
          lastError: 'it answered with status 410',
        },
        {
          receiver: 'chat',
          undeliverable: 0,
          waiting: 1,
          since: '2026-11-20T09:00:00.000Z',
          lastError: 'no answer within 10 s',
        },
      ],
      complete: true,
    });
    expect(text).not.toContain('words');
  });

  it('shows a team only those of its incidents', async () => {
    const { url, store } = await startServer({ settings: { tokens: [TEAM] } });
    const [alert] = await store.findAlerts({ incidentId: 'i-fraud', limit: 1 });
    if (alert === undefined) throw new Error('no alert');
    await store.rememberAlert({ ...alert, id: 'i-fraud/hook/3', receiver: 'fraud-hook', state: 'undeliverable' });

    const { body } = await get(`${url}/api/v1/deliveries`, bearer(TEAM.token));

    expect(body).toMatchObject({ receivers: [{ receiver: 'hook', undeliverable: 1 }] });
  });
});

describe('streams', () => {
  it('are limited in all, whoever asks, and make room when they end', async () => {
    const people = Array.from({ length: 6 }, (_, number) => ({
      ...READER,
      name: `reader-${number}`,
      token: `reader-${number}-0123456789abcdef`,
    }));
    const { url } = await startServer({ settings: { tokens: people, livePollMs: 60_000 } });
    const abort = new AbortController();
    const openStream = (token: string) =>
      fetch(`${url}/api/v1/records/stream?query=nothing`, { ...bearer(token), signal: abort.signal });
    const hundred = await Promise.all(
      people.slice(0, 5).flatMap(({ token }) => Array.from({ length: 20 }, () => openStream(token))),
    );

    const refused = await openStream(people[5]?.token ?? '');

    expect(hundred.map(({ status }) => status)).toEqual(Array.from({ length: 100 }, () => 200));
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({
      error: { code: 'JT_BUSY', message: expect.not.stringContaining('for one token') },
    });
    expect((await get(`${url}/health/live`)).status).toBe(200);
    abort.abort();
    await waitUntil('room for another', async () => {
      const next = await fetch(`${url}/api/v1/records/stream`, bearer(people[5]?.token ?? ''));
      await next.body?.cancel();
      return next.status === 200 || `status ${next.status}`;
    });
  });

  it('are limited for one token, which keeps none from another, and make room when they end', async () => {
    const { url } = await startServer({ settings: { tokens: [READER, AUTHOR] } });
    const openStream = async (token: string) => {
      const abort = new AbortController();
      const response = await fetch(`${url}/api/v1/records/stream`, { ...bearer(token), signal: abort.signal });
      return { status: response.status, response, stop: () => abort.abort() };
    };
    const twenty = await Promise.all(Array.from({ length: 20 }, () => openStream(READER.token)));
    expect(new Set(twenty.map(({ status }) => status))).toEqual(new Set([200]));

    const refused = await openStream(READER.token);
    const other = await openStream(AUTHOR.token);

    expect(refused.status).toBe(429);
    expect(refused.response.headers.get('retry-after')).toBe('5');
    expect(await refused.response.json()).toMatchObject({ error: { code: 'JT_BUSY' } });
    expect(other.status).toBe(200);

    twenty[0]?.stop();
    await waitUntil('room for another', async () => {
      const next = await openStream(READER.token);
      if (next.status !== 200) return `status ${next.status}`;
      next.stop();
      return true;
    });
    for (const stream of [...twenty, other]) stream.stop();
  });
});

describe('a full disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-full-'));
  const record = openRecord('small-disk', folder, '');
  afterAll(() => {
    record.forget();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is no place to be ready, until there is room again', async () => {
    const disk = join(folder, 'disk');
    await mountSmallDisk(record, disk, 8);
    const store = await openStore({ kind: 'sqlite', path: join(disk, 'store.db') });
    const { url } = await startServer({ store });
    expect((await get(`${url}/health/ready`)).status).toBe(200);

    const filler = openSync(join(disk, 'filler'), 'w');
    expect(() => {
      for (;;) writeSync(filler, Buffer.alloc(65_536));
    }).toThrow('ENOSPC');
    closeSync(filler);
    const full = await get(`${url}/health/ready`);
    expect((await get(`${url}/health/live`)).status).toBe(200);
    rmSync(join(disk, 'filler'));

    expect(full).toMatchObject({
      status: 503,
      body: {
        status: 'unavailable',
        error: { code: 'JT_DISK_FULL', message: expect.stringContaining('no space is left') },
      },
    });
    expect((await get(`${url}/health/ready`)).status).toBe(200);
    await store.close();
  });

  it('is told by what an append met for as long as it is full, and no longer', async () => {
    const disk = join(folder, 'quiet');
    await mountSmallDisk(record, disk, 8);
    const store = await openStore({ kind: 'sqlite', path: join(disk, 'store.db') });
    const { url } = await startServer({ store });
    const filler = openSync(join(disk, 'filler'), 'w');
    writeSync(filler, Buffer.alloc(5_500_000));
    closeSync(filler);
    const big = (number: number) => makeRecord(number, { text: `${number} ${'x'.repeat(900_000)}` });
    expect((await get(`${url}/health/ready`)).status).toBe(200);

    const outcomes = await appendRecords(store, [big(1), big(2), big(3)]);
    const full = await get(`${url}/health/ready`);
    rmSync(join(disk, 'filler'));

    expect(outcomes.map(({ kind }) => kind)).toEqual(['retry', 'retry', 'retry']);
    expect(full).toMatchObject({ status: 503, body: { error: { code: 'JT_DISK_FULL' } } });
    // Nobody appended since: it is tried.
    expect((await get(`${url}/health/ready`)).status).toBe(200);
    expect(await store.loadState('store/room')).toBeUndefined();
    await store.close();
  });

  it('is not forgotten while nobody appends', async () => {
    const store = await openStore({ kind: 'sqlite', path: join(folder, 'kept.db'), maxBytes: 400_000 });
    const { url } = await startServer({ store });
    await appendRecords(store, [makeRecord(1, { text: `1 ${'x'.repeat(600_000)}` })]);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    const anHourLater = await get(`${url}/health/ready`);
    vi.useRealTimers();

    expect(anHourLater).toMatchObject({ status: 503, body: { error: { code: 'JT_DISK_FULL' } } });
    await store.close();
  });

  it('is told as well where the store may not grow any more, until an append finds room', async () => {
    const store = await openStore({ kind: 'sqlite', path: join(folder, 'small.db'), maxBytes: 400_000 });
    const { url } = await startServer({ store });
    const big = (number: number) => makeRecord(number, { text: `${number} ${'x'.repeat(200_000)}` });

    const outcomes = await appendRecords(store, [big(1), big(2), big(3)]);

    expect(outcomes.map(({ kind }) => kind)).toEqual(['retry', 'retry', 'retry']);
    expect(await get(`${url}/health/ready`)).toMatchObject({ status: 503, body: { error: { code: 'JT_DISK_FULL' } } });
    expect((await appendRecords(store, [makeRecord(4)])).map(({ kind }) => kind)).toEqual(['stored']);
    expect((await get(`${url}/health/ready`)).status).toBe(200);
    await store.close();
  });
});

describeWithParts(['elasticsearch-9'], 'an Elasticsearch whose disk is over the flood stage', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-flood-'));
  let node: Elasticsearch;
  beforeAll(async () => {
    node = await startElasticsearch({ version: 9, dir: join(folder, 'node') });
  }, 240_000);
  afterAll(async () => {
    await node.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is no place to be ready, until the block is lifted', async () => {
    const store = await openStore({ kind: 'elasticsearch', nodes: [node.url], indexPrefix: 'flood', refreshMs: 200 });
    const block = (value: boolean | null) =>
      fetch(`${node.url}/flood-*/_settings`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ 'index.blocks.read_only_allow_delete': value }),
      });
    const { url } = await startServer({ store });
    await appendRecords(store, [makeRecord(1, { time: '2026-11-20T10:00:00.000Z' })]);
    expect((await get(`${url}/health/ready`)).status).toBe(200);

    await block(true);
    const full = await get(`${url}/health/ready`);
    await block(null);

    expect(full).toMatchObject({
      status: 503,
      body: {
        status: 'unavailable',
        error: {
          code: 'JT_STORE_FULL',
          message: expect.stringMatching(
            `${node.url} .*flood-stage watermark.* flood-logs-2026\\.11\\.20 and 1 more of its indices`,
          ),
          fix: expect.stringContaining('Free space on its data nodes'),
        },
      },
    });
    expect((await get(`${url}/health/ready`)).status).toBe(200);
    await store.close();
  });
});

describe('the viewer', () => {
  it('is told who it is', async () => {
    const { url } = await startServer({ settings: { tokens: [READER, TEAM] } });

    expect((await get(`${url}/api/v1/viewer`, bearer(READER.token))).body).toEqual({ name: 'reader', role: 'reader' });
    expect((await get(`${url}/api/v1/viewer`, bearer(TEAM.token))).body).toMatchObject({ scope: ['order*'] });
    expect((await get(`${url}/api/v1/viewer`, bearer('not-a-token-at-all'))).status).toBe(401);
  });
});

describe('rules, agents, health and metrics', () => {
  it('gives the catalog and one rule by its id', async () => {
    const { url } = await startServer();

    expect((await get(`${url}/api/v1/rules`)).body.rules).toEqual([RULE]);
    expect((await get(`${url}/api/v1/rules`)).body.problems).toEqual(['own/rule.yaml:3:8 `owner` must be one of …']);
    expect((await get(`${url}/api/v1/rules/${encodeURIComponent(RULE.id)}`)).body).toEqual(RULE);
    expect(await get(`${url}/api/v1/rules/none`)).toMatchObject({
      status: 404,
      body: { error: { code: 'JT_RULE_NOT_FOUND' } },
    });
  });

  it('gives the agents with their conditions', async () => {
    const { url } = await startServer();

    expect((await get(`${url}/api/v1/agents`)).body.agents[0]).toMatchObject({
      host: 'h1',
      lagBytes: 10,
      conditions: [
        {
          code: 'JT_FILE_UNREADABLE',
          severity: 'warning',
          message: '/logs/fraud.log cannot be read: permission denied.',
          fix: expect.stringContaining('permissions'),
        },
        { code: 'JT_OF_A_LATER_VERSION', message: 'Something new.' },
      ],
    });
  });

  it('gives the conditions of agents in the language asked for', async () => {
    const { url } = await startServer();

    expect((await get(`${url}/api/v1/agents?lang=zh`)).body.agents[0]?.conditions[0]).toMatchObject({
      message: '无法读取 /logs/fraud.log：permission denied。',
      fix: expect.stringContaining('权限'),
    });
  });

  it('is ready with its store, and says why not without', async () => {
    const inner = await createFilledStore();
    const { url } = await startServer({ store: inner });
    const away = await startServer({
      store: {
        ...inner,
        check: async () => {
          throw createError('JT_STORE_UNREACHABLE', { url: 'http://es:9200', problem: 'connection refused' });
        },
      },
    });

    expect(await get(`${url}/health/live`)).toMatchObject({ status: 200, body: { status: 'ok', version: '0.1.0' } });
    expect(await get(`${url}/health/ready`)).toMatchObject({
      status: 200,
      body: { status: 'ok', store: { kind: 'sqlite' } },
    });
    expect(await get(`${away.url}/health/ready`)).toMatchObject({
      status: 503,
      body: { error: { code: 'JT_STORE_UNREACHABLE' } },
    });
  });

  it('counts what the agents report and its own answers for Prometheus', async () => {
    const { url } = await startServer();
    await get(`${url}/api/v1/rules`);

    await get(`${url}/metrics`);
    const { text, headers } = await get(`${url}/metrics`);

    expect(headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(text).toContain('jobtrace_lines_ingested_total 4\n');
    expect(text).toContain('jobtrace_agent_lag_bytes 10\n');
    expect(text).toContain('jobtrace_agent_conditions{code="JT_FILE_UNREADABLE"} 1\n');
    expect(text).toContain('jobtrace_rules_loaded 1\n');
    expect(text).toContain('jobtrace_build_info{version="0.1.0"} 1\n');
    expect(text).toContain('jobtrace_http_request_duration_seconds_count{route="/api/v1/rules",status="200"} 1\n');
  });
});

describe('a pasted log', () => {
  const hooks = {
    diagnosePaste: async (bytes: Buffer, language: string) => ({
      diagnoses: [],
      unknown: [],
      facts: { text: bytes.toString('utf8'), language },
    }),
  };

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/octet-stream'])(
    'is diagnosed when sent as %s',
    async (type) => {
      const { url } = await startServer({ analyzerHooks: hooks });

      expect(await post(`${url}/api/v1/diagnose?lang=zh`, 'a line & 100%\n', type)).toMatchObject({
        status: 200,
        body: { facts: { text: 'a line & 100%\n', language: 'zh' } },
      });
    },
  );

  it('is refused when it is too large or of another kind', async () => {
    const { url } = await startServer({ analyzerHooks: hooks });

    expect(await post(`${url}/api/v1/diagnose`, 'x'.repeat(20 * 1_048_576 + 1), 'text/plain')).toMatchObject({
      status: 413,
      body: { error: { code: 'JT_REQUEST_TOO_LARGE' } },
    });
    expect(await post(`${url}/api/v1/diagnose`, '{"text":"x"}', 'application/json')).toMatchObject({
      status: 400,
      body: { error: { code: 'JT_REQUEST_INVALID' } },
    });
    expect(await post(`${url}/api/v1/diagnose?lang=fr`, 'x', 'text/plain')).toMatchObject({ status: 400 });
  });

  it('is unpacked as its header says, within the limit', async () => {
    const { url } = await startServer({ analyzerHooks: hooks });
    const send = async (body: Buffer, encoding: string) => {
      const answer = await fetch(`${url}/api/v1/diagnose`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'text/plain', 'content-encoding': encoding },
      });
      return { status: answer.status, body: await answer.json() };
    };
    const log = Buffer.from('a line\n');

    for (const [encoding, bytes] of [
      ['gzip', gzipSync(log)],
      ['deflate', deflateSync(log)],
      ['br', brotliCompressSync(log)],
    ] as const)
      expect(await send(bytes, encoding)).toMatchObject({ status: 200, body: { facts: { text: 'a line\n' } } });
    expect(await send(gzipSync(Buffer.alloc(21 * 1_048_576, 'x')), 'gzip')).toMatchObject({ status: 413 });
    expect(await send(log, 'zstd')).toMatchObject({
      status: 415,
      body: { error: { code: 'JT_ENCODING_UNSUPPORTED' } },
    });
    expect(await send(log, 'gzip')).toMatchObject({ status: 400, body: { error: { code: 'JT_REQUEST_INVALID' } } });
  });

  it.each(['', ' \n\t\r\n', '\0'.repeat(1024), '\ufeff', '\ufeff\n'])(
    'is refused when it is empty: %j',
    async (text) => {
      const { url } = await startServer({ analyzerHooks: hooks });

      const { status, body } = await post(`${url}/api/v1/diagnose`, text, 'text/plain');

      expect(status).toBe(400);
      expect(body.error.message).toContain('the body is empty');
    },
  );

  it('is told to come again when four are there', async () => {
    const release = withResolvers();
    const begun: string[] = [];
    const { url } = await startServer({
      analyzerHooks: {
        diagnosePaste: async (bytes) => {
          begun.push(bytes.toString());
          await release.promise;
          return { diagnoses: [], unknown: [], facts: {} };
        },
      },
    });
    const four = ['1', '2', '3', '4'].map((text) => post(`${url}/api/v1/diagnose`, text, 'text/plain'));
    await waitUntil('four pastes', async () => begun.length === 4);

    const fifth = await fetch(`${url}/api/v1/diagnose`, { method: 'POST', body: '5' });

    expect(fifth.status).toBe(429);
    expect(fifth.headers.get('retry-after')).toBe('5');
    expect(await fifth.json()).toMatchObject({ error: { code: 'JT_BUSY' } });
    release.resolve();
    expect((await Promise.all(four)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await post(`${url}/api/v1/diagnose`, '6', 'text/plain')).status).toBe(200);
  });

  it('is not found where nobody can diagnose', async () => {
    const { url } = await startServer();

    expect(await post(`${url}/api/v1/diagnose`, 'x', 'text/plain')).toMatchObject({ status: 404 });
  });
});

describe('the webhook for Alertmanager', () => {
  const alert = {
    status: 'firing',
    labels: { alertname: 'A' },
    annotations: {},
    startsAt: '2026-11-20T10:00:00Z',
    endsAt: '0001-01-01T00:00:00Z',
    fingerprint: 'f1',
    silenceURL: 'http://grafana',
  };

  it('hands a valid message on, fields of other senders included, and answers per alert', async () => {
    const received: unknown[] = [];
    const answer: ReceivedAlert = { fingerprint: 'f1', status: 'firing', outcome: 'waiting' };
    const { url } = await startServer({
      notifyHooks: {
        receiveAlerts: async (message) => {
          received.push(message);
          return [answer];
        },
      },
    });
    const message = { version: '4', alerts: [alert], orgId: 1 };

    const { status, body } = await post(`${url}/api/v1/alertmanager`, JSON.stringify(message), 'application/json');

    expect(status).toBe(200);
    expect(body).toEqual({ alerts: [answer] });
    expect(received).toEqual([message]);
  });

  it.each([
    [
      'wrong types, unconverted',
      JSON.stringify({ version: 4, alerts: [{ ...alert, labels: { a: 1 }, status: 'on' }] }),
      [
        'field "version" must be "4"',
        'field "alerts[0].labels.a" must be of type string',
        'field "alerts[0].status" must be one of firing, resolved',
      ],
    ],
    [
      'missing fields',
      JSON.stringify({ version: '4', alerts: [{}] }),
      ['field "alerts[0].labels" is missing', 'field "alerts[0].startsAt" is missing'],
    ],
    [
      'a time that is none',
      JSON.stringify({ version: '4', alerts: [{ ...alert, startsAt: 'now' }] }),
      ['field "alerts[0].startsAt" must be a time'],
    ],
    ['broken JSON', '{"version": ', ['the body is not valid JSON']],
    ['no body', '', ['']],
    ['a list', '[]', ['the body must be a JSON object']],
  ])('refuses %s', async (_name, body, problems) => {
    const { url } = await startServer({ notifyHooks: { receiveAlerts: async () => [] } });

    const answer = await post(`${url}/api/v1/alertmanager`, body, 'application/json');

    expect(answer.status).toBe(400);
    expect(answer.body.error.code).toBe('JT_REQUEST_INVALID');
    for (const problem of problems) expect(answer.body.error.message).toContain(problem);
  });

  it('refuses what is not sent as JSON, so that no foreign web page can send it', async () => {
    const { url } = await startServer({ notifyHooks: { receiveAlerts: async () => [] } });

    expect(
      (await post(`${url}/api/v1/alertmanager`, JSON.stringify({ version: '4', alerts: [alert] }), 'text/plain')).body
        .error.message,
    ).toContain('Content-Type: application/json');
  });
});

describe('who may ask', () => {
  it('is everybody on a loopback address without tokens, but only under its own name', async () => {
    const { url } = await startServer();
    const status = await new Promise<number | undefined>((resolve, reject) => {
      httpRequest(`${url}/api/v1/records`, { headers: { host: 'evil.example' } }, (response) =>
        resolve(response.resume().statusCode),
      )
        .on('error', reject)
        .end();
    });

    expect(status).toBe(403);
    expect((await get(`${url}/api/v1/records`)).status).toBe(200);
  });

  it('is nobody without a token where tokens are set, but health and page are open', async () => {
    const { url } = await startServer({ settings: { tokens: [READER] } });

    const refused = await get(`${url}/api/v1/records`);
    expect(refused).toMatchObject({ status: 401, body: { error: { code: 'JT_UNAUTHORIZED' } } });
    expect(refused.headers.get('www-authenticate')).toContain('Bearer');
    expect((await get(`${url}/api/v1/records`, bearer('reader-0123456789abcdeX'))).status).toBe(401);
    expect((await get(`${url}/api/v1/records`, { headers: { authorization: 'Basic abc' } })).status).toBe(401);
    expect((await get(`${url}/metrics`)).status).toBe(401);
    expect((await get(`${url}/health/ready`)).status).toBe(200);
    expect((await get(`${url}/`)).status).toBe(200);
    expect((await get(`${url}/api/v1/records`, bearer(READER.token))).status).toBe(200);
  });

  it('needs the role of the route', async () => {
    const { url } = await startServer({
      settings: { tokens: [READER, AUTHOR] },
      notifyHooks: { receiveAlerts: async () => [] },
    });
    const send = (token: string) =>
      get(`${url}/api/v1/alertmanager`, {
        method: 'POST',
        body: '{"version":"4","alerts":[{"status":"firing","labels":{},"startsAt":"2026-11-20T10:00:00Z"}]}',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      });

    expect(await send(READER.token)).toMatchObject({
      status: 403,
      body: { error: { code: 'JT_FORBIDDEN', message: expect.stringContaining('needs the role "author"') } },
    });
    expect((await send(AUTHOR.token)).status).toBe(200);
  });

  it('sees only the jobs of its scope, everywhere', async () => {
    const { url } = await startServer({ settings: { tokens: [TEAM] } });
    const ask = async (path: string) => get(`${url}${path}`, bearer(TEAM.token));

    expect(messages((await ask('/api/v1/records')).body)).toEqual(['orders met java.io.IOException', 'orders started']);
    expect(messages((await ask(`/api/v1/records/${encodeURIComponent(makeRecord(1).id)}/context`)).body)).toEqual([
      'orders started',
      'orders met java.io.IOException',
    ]);
    expect((await ask(`/api/v1/records/${encodeURIComponent(makeRecord(2).id)}/context`)).status).toBe(404);
    expect((await ask('/api/v1/incidents')).body.incidents.map((incident) => incident.id)).toEqual(['i-orders']);
    expect((await ask('/api/v1/incidents/i-fraud')).status).toBe(404);
    expect((await ask('/api/v1/jobs')).body.jobs.map((job) => job.name)).toEqual(['orders']);
    expect((await ask('/api/v1/alerts')).body.alerts.map((alert) => alert.incidentId)).toEqual(['i-orders']);
    expect((await ask('/api/v1/agents')).text).not.toContain('fraud');
  });
});

describe('pages of others', () => {
  const send = (url: string, headers: Record<string, string>, method = 'POST') =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const request = httpRequest(`${url}/api/v1/diagnose`, { method, headers }, async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(Buffer.from(chunk));
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
      });
      request.on('error', reject);
      request.end(method === 'POST' ? 'a line' : undefined);
    });
  const analyzerHooks = { diagnosePaste: async () => ({ diagnoses: [], unknown: [], facts: {} }) };

  it.each([
    ['a simple request', 'POST', { origin: 'http://evil.example', 'content-type': 'text/plain' }],
    ['a preflight', 'OPTIONS', { origin: 'http://evil.example', 'access-control-request-method': 'POST' }],
    ['a page in a sandbox', 'POST', { origin: 'null' }],
    ['another port of this machine', 'POST', { origin: 'http://127.0.0.1:1' }],
    ['a request without origin from another site', 'POST', { 'sec-fetch-site': 'cross-site' }],
  ])('may not send: %s', async (_name, method, headers) => {
    const { url } = await startServer({ analyzerHooks });

    const answer = await send(url, headers, method);

    expect(answer.status).toBe(403);
    expect(answer.body).toContain('JT_ORIGIN_REFUSED');
  });

  it('may not reach it through a name of theirs, but through one that is allowed', async () => {
    const { url } = await startServer({ analyzerHooks, settings: { allowedHosts: ['jobtrace.lan'] } });

    expect(await send(url, { host: 'evil.example' })).toMatchObject({
      status: 403,
      body: expect.stringContaining('"code":"JT_HOST_REFUSED"'),
    });
    expect(await send(url, { host: 'jobtrace.lan:8321', origin: 'http://jobtrace.lan:8321' })).toMatchObject({
      status: 200,
    });
    expect(await send(url, { origin: url })).toMatchObject({ status: 200 });
  });
});

describe('what cannot be read', () => {
  it.each([
    ['broken percent encoding', '/api/v1/rules/%E0%A4%A', 400],
    ['an id that is too long', `/api/v1/rules/${'x'.repeat(3000)}`, 400],
    ['an address that is too long', `/${'x'.repeat(40_000)}`, 431],
    ['an unknown address', '/api/v1/nothing', 404],
  ])('is answered in the form of the API: %s', async (_name, path, status) => {
    const { url } = await startServer();

    const answer = await fetch(`${url}${path}`);

    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({
      error: { code: expect.stringMatching(/^JT_/), message: expect.any(String), fix: expect.any(String) },
    });
  });

  it('is answered so for a wrong method', async () => {
    const { url } = await startServer();

    expect(await post(`${url}/api/v1/rules`, '{}', 'application/json')).toMatchObject({
      status: 404,
      body: { error: { code: 'JT_NOT_FOUND' } },
    });
  });

  it.each(['records', 'incidents', 'jobs'])('takes a leap second in the range of %s', async (what) => {
    const { url } = await startServer();

    expect((await get(`${url}/api/v1/${what}?from=2016-12-31T23:59:60Z`)).status).toBe(200);
    expect((await get(`${url}/api/v1/${what}?from=2017-01-01T08:59:60.5%2B09:00`)).status).toBe(200);
    expect((await get(`${url}/api/v1/${what}?from=2016-13-31T23:59:00Z`)).status).toBe(400);
  });
});

describe('the server', () => {
  it('does not listen for others without tokens', async () => {
    const server = createServer({
      store: await createFilledStore(),
      catalogInfo: () => [],
      log: createLog('silent'),
      settings: { version: '0', language: 'en', tokens: [] },
    });

    await expect(server.listen({ host: '0.0.0.0', port: 0 })).rejects.toMatchObject({
      code: 'JT_CONFIG_INVALID',
      message: expect.stringContaining('api.tokens'),
    });
  });

  it('says when its port is taken', async () => {
    const { url, store } = await startServer();
    const second = createServer({
      store,
      catalogInfo: () => [],
      log: createLog('silent'),
      settings: { version: '0', language: 'en', tokens: [] },
    });

    await expect(second.listen({ host: '127.0.0.1', port: Number(new URL(url).port) })).rejects.toMatchObject({
      code: 'JT_PORT_IN_USE',
      message: expect.stringContaining(new URL(url).host),
    });
    await second.close();
  });

  it('shows no stack trace when it meets a defect', async () => {
    const inner = await createFilledStore();
    const { url } = await startServer({
      store: {
        ...inner,
        findAgentStatuses: async () => {
          throw new TypeError('undefined is not a thing at /home/x.js:1');
        },
      },
    });

    const { status, text, body } = await get(`${url}/api/v1/agents`);

    expect(status).toBe(500);
    expect(body.error.code).toBe('JT_DEFECT');
    expect(text).not.toContain('/home/x.js');
  });

  it('answers errors of ours with their own status', async () => {
    const inner = await createFilledStore();
    const { url } = await startServer({
      store: {
        ...inner,
        searchRecords: async () => {
          throw createError('JT_STORE_UNREACHABLE', { url: 'http://user:secret@es:9200', problem: 'refused' });
        },
      },
    });

    const { status, body, text } = await get(`${url}/api/v1/records`);

    expect(status).toBe(503);
    expect(body.error).toMatchObject({ code: 'JT_STORE_UNREACHABLE', fix: expect.any(String) });
    expect(text).not.toContain('secret');
  });

  it('sets security headers and answers unknown addresses as JSON', async () => {
    const { url } = await startServer();

    const { status, headers, body } = await get(`${url}/api/v1/nothing`);

    expect(status).toBe(404);
    expect(body.error.code).toBe('JT_NOT_FOUND');
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
  });

  it('serves the page for every address of its own, and says how to build it when it is not', async () => {
    const webDir = mkdtempSync(join(tmpdir(), 'jobtrace-web-'));
    mkdirSync(join(webDir, 'assets'));
    writeFileSync(join(webDir, 'index.html'), '<title>Jobtrace</title>');
    writeFileSync(join(webDir, 'assets', 'app.js'), 'run()');
    const built = await startServer({ settings: { webDir } });
    const bare = await startServer();

    expect((await get(`${built.url}/`)).text).toBe('<title>Jobtrace</title>');
    expect((await get(`${built.url}/incidents/i-orders?lang=zh`)).text).toBe('<title>Jobtrace</title>');
    expect((await get(`${built.url}/assets/app.js`)).headers.get('cache-control')).toContain('immutable');
    expect((await get(`${built.url}/assets/gone.js`)).status).toBe(404);
    expect((await get(`${built.url}/..%2f..%2fetc/passwd`)).text).not.toContain('root:');
    expect((await get(`${bare.url}/`)).text).toContain('npm run build');
    rmSync(webDir, { recursive: true });
  });

  it('describes itself as OpenAPI, and its answers are as described', async () => {
    const { url } = await startServer();
    const document = (await get(`${url}/openapi.json`)).body;
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
    const paths: readonly [string, string, string?][] = [
      ['/api/v1/records', '?facets=true&histogram=5'],
      ['/api/v1/records/{id}/context', '', makeRecord(1).id],
      ['/api/v1/incidents', ''],
      ['/api/v1/incidents/{id}', '', 'i-orders'],
      ['/api/v1/jobs', ''],
      ['/api/v1/rules', ''],
      ['/api/v1/rules/{id}', '', RULE.id],
      ['/api/v1/agents', ''],
      ['/api/v1/alerts', ''],
      ['/health/live', ''],
      ['/health/ready', ''],
    ];

    for (const [path, query, id] of paths) {
      const schema = readSchema(document, path, '200');
      const { body } = await get(`${url}${path.replace('{id}', encodeURIComponent(id ?? ''))}${query}`);
      expect({ path, fits: ajv.validate(schema, body), errors: ajv.errors }).toEqual({
        path,
        fits: true,
        errors: null,
      });
      const wrong = await get(`${url}/api/v1/records?nothing=1`);
      expect(ajv.validate(readSchema(document, '/api/v1/records', '400'), wrong.body)).toBe(true);
    }
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/api/v1/records/stream', '/api/v1/alertmanager', '/api/v1/diagnose']),
    );
    expect((await get(`${url}/docs/`)).text).toContain('Swagger UI');
  });
});
