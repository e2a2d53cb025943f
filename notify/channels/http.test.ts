import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeReceiver } from '../../core/testing/incidents.js';
import { hideAddress, postJson } from './http.js';

const SLACK = 'https://hooks.example.com/services/T024BE7LD/B08GZ5RQ1/xoYz9Kq3vWm1';
const DINGTALK = 'https://oapi.example.com/robot/send?access_token=4f%2B9a1c77d0e5&sign=Zm9v';

describe('an address', () => {
  it.each([
    ['the whole', SLACK, `no such hook: ${SLACK}`, 'no such hook: ***'],
    ['its path', SLACK, 'Cannot POST /services/T024BE7LD/B08GZ5RQ1/xoYz9Kq3vWm1', 'Cannot POST ***'],
    ['a part of the path', SLACK, 'no team T024BE7LD has the hook xoYz9Kq3vWm1', 'no team *** has the hook ***'],
    [
      'the path as JSON writes it',
      SLACK,
      '{"path":"\\/services\\/T024BE7LD\\/xoYz9Kq3vWm1"}',
      '{"path":"\\/services\\/***\\/***"}',
    ],
    ['the path in other letters', SLACK, 'unknown: XOYZ9KQ3VWM1', 'unknown: ***'],
    ['a parameter as it was sent', DINGTALK, 'token 4f%2B9a1c77d0e5 is not known', 'token *** is not known'],
    ['a parameter as it was read', DINGTALK, 'token 4f+9a1c77d0e5 is not known', 'token *** is not known'],
    ['a short parameter', DINGTALK, 'sign Zm9v does not fit', 'sign *** does not fit'],
    ['a parameter with a plus', 'https://a.example/send?key=Zm9+vYmFy', 'bad key Zm9+vYmFy', 'bad key ***'],
    ['a parameter without a name', 'https://a.example/send?sEcret-1', 'bad key sEcret-1', 'bad key ***'],
    ['a parameter as HTML writes it', 'https://a.example/send?a=1&k=sEcret-1', '?a=1&amp;k=sEcret-1', '?a=1&amp;k=***'],
    ['a password', 'http://jobtrace:geheim12@am:9093/', 'user jobtrace with geheim12', 'user *** with ***'],
    ['nothing of it', SLACK, 'invalid_blocks: services are fine', 'invalid_blocks: services are fine'],
  ])('does not come back in a text that holds %s', (_what, url, text, shown) => {
    expect(hideAddress(text, url)).toBe(shown);
  });
});

describe('a receiver that repeats what it was asked', () => {
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const asked = new URL(request.url ?? '', 'http://here');
      response.writeHead(404).end(`Cannot POST ${asked.pathname}: no robot ${asked.searchParams.get('access_token')}`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const bound = server.address();
    url = `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}/hooks/geheim?access_token=auch%2Bgeheim`;
  });
  afterAll(() => server.close());

  it('does not tell its address to whoever reads the error', async () => {
    const result = await postJson(url, '{}', {}, { receiver: makeReceiver({ url }) });

    expect(result).toMatchObject({ ok: false, error: 'it answered with status 404: Cannot POST ***: no robot ***' });
  });
});
