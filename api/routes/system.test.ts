import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createError } from '../../core/errors.js';
import { waitUntil } from '../../store/testing/samples.js';
import type { ReceivedAlert } from '../../core/types.js';
import { RULE, SHEET, withResolvers, startServer, get, post, createFilledStore } from '../testing/server.js';

describe('rules, agents, health and metrics', () => {
  it('gives the catalog and one rule by its id', async () => {
    const { url } = await startServer();

    expect((await get(`${url}/api/v1/rules`)).body.rules).toEqual([RULE]);
    expect((await get(`${url}/api/v1/rules`)).body.problems).toEqual(['own/rule.yaml:3:8 `owner` must be one of …']);
    expect((await get(`${url}/api/v1/rules/${encodeURIComponent(RULE.id)}`)).body).toEqual({
      ...RULE,
      isOwn: false,
      sheet: SHEET,
    });
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
      incidents: [],
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

  it('is told to come again when three of the same caller are there', async () => {
    const release = withResolvers();
    const begun: string[] = [];
    const { url } = await startServer({
      analyzerHooks: {
        diagnosePaste: async (bytes) => {
          begun.push(bytes.toString());
          await release.promise;
          return { incidents: [], diagnoses: [], unknown: [], facts: {} };
        },
      },
    });
    const three = ['1', '2', '3'].map((text) => post(`${url}/api/v1/diagnose`, text, 'text/plain'));
    await waitUntil('three pastes', async () => begun.length === 3);

    const fourth = await fetch(`${url}/api/v1/diagnose`, { method: 'POST', body: '4' });

    expect(fourth.status).toBe(429);
    expect(fourth.headers.get('retry-after')).toBe('5');
    expect(await fourth.json()).toMatchObject({ error: { code: 'JT_BUSY' } });
    release.resolve();
    expect((await Promise.all(three)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await post(`${url}/api/v1/diagnose`, '5', 'text/plain')).status).toBe(200);
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

  it.each([
    ['alertmanager', '4'],
    ['grafana', '1'],
  ])('hands a valid message on from %s, fields of other senders included', async (sender, version) => {
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
    const message = { version, alerts: [alert], orgId: 1 };

    const { status, body } = await post(`${url}/api/v1/${sender}`, JSON.stringify(message), 'application/json');

    expect(status).toBe(200);
    expect(body).toEqual({ alerts: [answer] });
    expect(received).toEqual([message]);
  });

  it.each([
    [
      'wrong types, unconverted',
      JSON.stringify({ version: 4, alerts: [{ ...alert, labels: { a: 1 }, status: 'on' }] }),
      [
        'field "version" must be of type string',
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
