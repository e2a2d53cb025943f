// Tests TLS between Jobtrace and Elasticsearch: a private authority, a server that asks for a client certificate, and
// the messages if one of them is missing.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeAuthority, type Authority } from '../testing/tls-front.js';
import { openClient, type ElasticsearchSettings } from './client.js';

const dir = mkdtempSync(join(tmpdir(), 'jobtrace-tls-'));
let authority: Authority;
let server: Server;
let url: string;

beforeAll(async () => {
  authority = makeAuthority(dir);
  const { key, cert, caFile } = authority;
  server = createServer(
    { key, cert, ca: readFileSync(caFile), requestCert: true, rejectUnauthorized: true },
    (_, answer) => {
      answer.writeHead(200, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' });
      answer.end('{"status":"green"}');
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `https://127.0.0.1:${address === null || typeof address === 'string' ? 0 : address.port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(dir, { recursive: true, force: true });
});

async function ask(settings: Partial<ElasticsearchSettings>): Promise<unknown> {
  const client = openClient({ nodes: [url], ...settings });
  try {
    return (await client.send({ method: 'GET', path: '/_cluster/health' })).body;
  } finally {
    await client.close();
  }
}

describe('an Elasticsearch that asks for a client certificate', () => {
  const ca = (): string => readFileSync(authority.caFile, 'utf8');
  const [cert, key] = [() => authority.cert.toString('utf8'), () => authority.key.toString('utf8')];

  it('is used with the authority, the certificate and its key', async () => {
    expect(await ask({ ca: ca(), cert: cert(), key: key() })).toEqual({ status: 'green' });
  });

  it('is not used without the authority: what to set is said', async () => {
    await expect(ask({})).rejects.toThrowError(/store\.caFile or JOBTRACE_STORE_CA_FILE/);
  });

  it('is not used without the certificate: what to set is said', async () => {
    await expect(ask({ ca: ca() })).rejects.toThrowError(/store\.certFile and store\.keyFile/);
  });
});
