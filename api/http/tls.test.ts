import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../core/log.js';
import { makeAuthority, type Authority } from '../../store/testing/tls-front.js';
import { createProbe } from '../probe.js';
import { startServer } from '../testing/server.js';
import type { TlsFiles } from './tls.js';

let dir: string;
let files: TlsFiles;
let authority: Authority;

/** Creates a certificate with its own authority. */
function makePair(name: string): Authority {
  mkdirSync(join(dir, name));
  return makeAuthority(join(dir, name));
}

const caOf = ({ caFile }: Authority): Buffer => readFileSync(caFile);

function write({ cert, key }: Pick<Authority, 'cert' | 'key'>): void {
  writeFileSync(files.certFile, cert);
  writeFileSync(files.keyFile, key);
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'jobtrace-tls-'));
  files = { part: 'api', certFile: join(dir, 'cert.pem'), keyFile: join(dir, 'key.pem') };
  write((authority = makePair('first')));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function ask(url: string, ca: Buffer): Promise<{ readonly status: number | undefined; readonly hsts: unknown }> {
  return new Promise((resolve, reject) => {
    request(url, { ca, agent: false }, (answer) => {
      answer.resume();
      resolve({ status: answer.statusCode, hsts: answer.headers['strict-transport-security'] });
    })
      .on('error', reject)
      .end();
  });
}

function fingerprint(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    }).on('error', reject);
  });
}

describe('the API with a certificate', () => {
  it('serves https and nothing else, and says so to browsers', async () => {
    const { url } = await startServer({ settings: { tls: files } });

    expect(url).toMatch(/^https:/);
    expect(await ask(`${url}/health/live`, caOf(authority))).toEqual({ status: 200, hsts: 'max-age=31536000' });
    await expect(fetch(url.replace('https:', 'http:'))).rejects.toThrow();
    await expect(ask(`${url}/health/live`, caOf(makePair('stranger')))).rejects.toThrow(/certificate/);
  });

  it('takes a renewed certificate, and keeps the one before while the files do not fit', async () => {
    const { url } = await startServer({ settings: { tls: files } });
    const before = await fingerprint(url);
    const next = makePair('next');

    writeFileSync(files.certFile, next.cert);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await fingerprint(url)).toBe(before);
    write(next);

    await expect.poll(() => fingerprint(url), { timeout: 20_000 }).not.toBe(before);
  });

  it.each([
    ['no file', () => rmSync(files.keyFile), 'JT_FILE_UNREADABLE'],
    ['the key of another', () => writeFileSync(files.keyFile, makePair('other').key), 'JT_CONFIG_INVALID'],
    ['no PEM', () => writeFileSync(files.certFile, 'x'), 'JT_CONFIG_INVALID'],
  ])('does not start with %s', async (_what, spoil, code) => {
    spoil();
    await expect(startServer({ settings: { tls: files } })).rejects.toMatchObject({ code });
  });
});

describe('the numbers of an agent or an analyzer with a certificate', () => {
  it('are served by https', async () => {
    const GOOD = { isGood: true, reasons: [] };
    const probe = await createProbe({
      setting: 'agent.listen',
      log: createLog('silent'),
      tls: files,
      readHealth: () => ({ live: GOOD, ready: GOOD }),
      metrics: { contentType: 'text/plain', renderText: async () => 'a 1' },
    });
    const { port } = await probe.listen({ host: '127.0.0.1', port: 0 });

    expect((await ask(`https://127.0.0.1:${port}/metrics`, caOf(authority))).status).toBe(200);
    await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
    await probe.close();
  });
});
