// Tests receivers that are reachable only through a proxy, and answers that do not end. A real forward proxy tunnels to
// the servers of this test, whatever name they are requested by, and may require credentials.
import { createServer, request, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReceiverSettings } from '../../core/config/receiver.js';
import { NO_PROXIES, type Proxies } from '../../core/proxy.js';
import { MAX_ANSWER_BYTES } from '../../core/fetch.js';
import { makeReceiver } from '../../core/testing/incidents.js';
import { openMailServer } from '../channels/testing/email.js';
import { postJson } from '../channels/http.js';
import type { SendResult } from '../channels/result.js';
import { makeCard } from '../channels/testing/cards.js';
import { renderCard } from '../card/card.js';
import { sendParts } from './send.js';

let open: Server[] = [];
let asked: string[];
let target: number;
beforeEach(async () => {
  asked = [];
  target = await listen(createServer((_request, response) => response.end('{"errcode":0}')));
});
afterEach(() => {
  for (const server of open) {
    server.closeAllConnections();
    server.close();
  }
  open = [];
});

async function listen(server: Server): Promise<number> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Opens a proxy. `wanted`: the credentials that it requires. */
async function openProxy(port: number, wanted?: string): Promise<string> {
  const mayPass = (given: string | undefined): boolean => wanted === undefined || given === `Basic ${btoa(wanted)}`;
  const proxy = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    if (!mayPass(incoming.headers['proxy-authorization'])) return void response.writeHead(407).end();
    const out = request({ port, path: new URL(incoming.url ?? '').pathname, method: 'POST' }, (answer) => {
      response.writeHead(answer.statusCode ?? 502);
      answer.pipe(response);
    });
    incoming.pipe(out);
  });
  proxy.on('connect', (incoming, socket) => {
    asked.push(`CONNECT ${incoming.url}`);
    if (!mayPass(incoming.headers['proxy-authorization'])) return socket.end('HTTP/1.1 407 Who\r\n\r\n');
    const out = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      out.pipe(socket).pipe(out);
    });
    socket.on('error', () => out.destroy());
    out.on('error', () => socket.destroy());
  });
  return `127.0.0.1:${await listen(proxy)}`;
}

function send(settings: Partial<ReceiverSettings>, proxies: Partial<Proxies> = {}): Promise<SendResult> {
  const receiver = makeReceiver({ url: 'http://hooks.company.invalid/in', ...settings });
  const parts = [{ message: renderCard(makeCard()), brief: {} }];
  return sendParts(parts, { receiver, id: 'msg_1', nowMs: Date.now(), proxies: { ...NO_PROXIES, ...proxies } }, 0);
}

describe('a receiver behind a proxy', () => {
  it('of http is asked for by its whole address', async () => {
    const proxy = await openProxy(target);

    expect(await send({}, { http: proxy })).toMatchObject({ ok: true });
    expect(asked).toEqual(['POST http://hooks.company.invalid/in']);
  });

  it('gets the credentials of the proxy, by the header and by the tunnel', async () => {
    const proxy = await openProxy(target, 'us er:ge@heim');

    expect(await send({ proxy: `http://us%20er:ge%40heim@${proxy}` })).toMatchObject({ ok: true });
    const refused = await send({ proxy: `http://us:geheim@${proxy}` });
    const tunnel = await send({ url: 'https://hooks.company.invalid/in', proxy: `http://us:geheim@${proxy}` });

    expect(refused).toMatchObject({ ok: false, retryable: true, error: expect.stringContaining(`proxy ${proxy}`) });
    expect(tunnel).toMatchObject({ ok: false, retryable: true, error: expect.stringContaining('407') });
    expect(JSON.stringify([refused, tunnel])).not.toContain('geheim');
  });

  it('of https is reached by a tunnel; a proxy that lets nobody out is named', async () => {
    const proxy = await openProxy(1);

    const result = await send({ url: 'https://oapi.dingtalk.invalid/robot' }, { https: `http://${proxy}` });

    expect(asked).toEqual(['CONNECT oapi.dingtalk.invalid:443']);
    expect(result).toMatchObject({ ok: false, retryable: true, error: expect.stringMatching(`proxy ${proxy}$`) });
  });

  it("sends mails through it, where it is the receiver's own or for all", async () => {
    const mails = await openMailServer({});
    const proxy = await openProxy(mails.port, 'user:pass');
    const settings = { kind: 'email', url: 'smtp://mail.company.invalid', from: 'a@b.c', to: ['d@e.f'] } as const;

    expect(await send({ ...settings, proxy: `http://user:pass@${proxy}` })).toMatchObject({ ok: true });
    expect(await send(settings, { all: `http://user:pass@${proxy}` })).toMatchObject({ ok: true });
    expect(asked).toEqual(['CONNECT mail.company.invalid:587', 'CONNECT mail.company.invalid:587']);
    expect(await send(settings, { all: `http://${proxy}` })).toMatchObject({
      ok: false,
      error: `the connection failed (EPROXY: Invalid response from proxy: 407), through the proxy ${proxy}`,
    });
    await mails.close();
  });

  it('that cannot be reached says whether a proxy was asked', async () => {
    const straight = await send({});
    const bypassed = await send({}, { http: 'http://proxy.invalid', bypass: ['company.invalid'] });
    const nobody = await send({}, { http: 'http://127.0.0.1:9' });

    expect(straight).toMatchObject({
      error: expect.stringMatching(/^the connection failed \(.+\), without a proxy: none/),
    });
    expect(bypassed).toMatchObject({ error: expect.stringMatching(/, without a proxy: .*NO_PROXY/) });
    expect(nobody).toMatchObject({ error: expect.stringMatching(/\(ECONNREFUSED\), through the proxy 127.0.0.1:9$/) });
  });
});

it('an answer that does not end is read to its first 64 KiB, and its connection is closed', async () => {
  let sent = 0;
  let isClosed = false;
  const endless = createServer((_request, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536, 'x'))) sent += 65_536;
    };
    response.on('drain', more).on('close', () => (isClosed = true));
    response.writeHead(500);
    more();
  });
  const url = `http://127.0.0.1:${await listen(endless)}/`;

  const result = await postJson(url, '{}', {}, { receiver: makeReceiver({ url }) });

  expect(result).toMatchObject({ ok: false, error: expect.stringMatching(/^it answered with status 500: x{200}$/) });
  await expect.poll(() => isClosed).toBe(true);
  expect(sent).toBeLessThan(200 * MAX_ANSWER_BYTES);
});
