import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import { makeRecord } from '../store/testing/samples.js';
import { READER, TEAM, AUTHOR, startServer, get, bearer, messages } from './testing/server.js';

describe('the viewer', () => {
  it('is told who it is', async () => {
    const { url } = await startServer({ settings: { tokens: [READER, TEAM] } });

    expect((await get(`${url}/api/v1/viewer`, bearer(READER.token))).body).toEqual({
      name: 'reader',
      kind: 'token',
      role: 'reader',
    });
    expect((await get(`${url}/api/v1/viewer`, bearer(TEAM.token))).body).toMatchObject({ scope: ['order*'] });
    expect((await get(`${url}/api/v1/viewer`, bearer('not-a-token-at-all'))).status).toBe(401);
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
  const analyzerHooks = { diagnosePaste: async () => ({ diagnoses: [], unknown: [], facts: {}, incidents: [] }) };

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
