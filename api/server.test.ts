import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { createError } from '../core/errors.js';
import { createLog } from '../core/log.js';
import { appendRecords, makeRecord } from '../store/testing/samples.js';
import { createServer } from './server.js';
import { RULE, startServer, get, post, readSchema, createFilledStore } from './testing/server.js';

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

    expect(await post(`${url}/api/v1/agents`, '{}', 'application/json')).toMatchObject({
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
        agents: {
          ...inner.agents,
          find: async () => {
            throw new TypeError('undefined is not a thing at /home/x.js:1');
          },
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

  it('says that there is no folder for rules', async () => {
    const { url } = await startServer();
    const rule = { id: 'connector.ledger/closed', rule: 'x', match: 'x', nearMiss: 'x' };

    expect(await post(`${url}/api/v1/rules`, JSON.stringify(rule), 'application/json')).toMatchObject({
      status: 409,
      body: { error: { code: 'JT_RULES_FOLDER_MISSING' } },
    });
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

  it('sends the page as the build compressed it, to those who take that', async () => {
    const webDir = mkdtempSync(join(tmpdir(), 'jobtrace-web-'));
    const page = '<title>Jobtrace</title>';
    writeFileSync(join(webDir, 'index.html'), page);
    writeFileSync(join(webDir, 'index.html.gz'), gzipSync(page));
    const { url } = await startServer({ settings: { webDir } });

    const said = await Promise.all(
      ['/', '/incidents/i-orders'].flatMap((path) =>
        ['gzip', 'identity'].map(async (accepted) => {
          const response = await fetch(`${url}${path}`, { headers: { 'accept-encoding': accepted } });
          return [await response.text(), response.headers.get('content-encoding'), response.headers.get('vary')];
        }),
      ),
    );

    const [small, plain] = [
      [page, 'gzip', 'accept-encoding'],
      [page, null, 'accept-encoding'],
    ];
    expect(said).toEqual([small, plain, small, plain]);
    rmSync(webDir, { recursive: true });
  });

  it('sends a long answer compressed to those who take that, a short one and a live stream as they are', async () => {
    const { url, store } = await startServer();
    await appendRecords(
      store,
      Array.from({ length: 100 }, (_, index) => makeRecord(100 + index)),
    );
    const ask = async (path: string, accepted: string): Promise<Response> =>
      fetch(`${url}${path}`, { headers: { 'accept-encoding': accepted } });

    const [small, plain] = await Promise.all(['gzip', 'identity'].map((how) => ask('/api/v1/records?limit=100', how)));

    expect(small?.headers.get('content-encoding')).toBe('gzip');
    expect(small?.headers.get('vary')).toContain('accept-encoding');
    expect(plain?.headers.get('content-encoding')).toBeNull();
    expect(await small?.json()).toEqual(await plain?.json());
    const short = await ask('/health/live', 'gzip');
    const stream = await ask('/api/v1/records/stream', 'gzip');
    expect([short, stream].map(({ headers }) => headers.get('content-encoding'))).toEqual([null, null]);
    await stream.body?.cancel();
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
      ['/api/v1/diagnosis', '?job=orders'],
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
