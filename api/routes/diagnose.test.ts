import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { waitUntil } from '../../store/testing/samples.js';
import { post, startServer, withResolvers } from '../testing/server.js';

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
