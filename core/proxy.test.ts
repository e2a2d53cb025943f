import { describe, expect, it } from 'vitest';
import { chooseWay, describeWay, findProxyProblem, NO_PROXIES, renderCredentials, type Proxies } from './proxy.js';

const PROXY = 'http://proxy.example:3128';
const ALL: Proxies = { ...NO_PROXIES, http: PROXY, https: PROXY };

/** Returns the host of the proxy, or the reason for going direct. */
function choose(address: string, proxies: Partial<Proxies> = {}, own?: string): string {
  const way = chooseWay(address, { ...NO_PROXIES, ...proxies }, own);
  return way.kind === 'proxy' ? way.proxy.host : way.reason;
}

describe('a way to a receiver', () => {
  it.each<[string, Partial<Proxies>, string]>([
    ['https://chat.example/x', {}, 'none'],
    ['https://chat.example/x', { https: PROXY }, 'proxy.example:3128'],
    ['http://chat.example/x', { https: PROXY }, 'none'],
    ['http://chat.example/x', { http: 'http://a:1', all: 'http://b:2' }, 'a:1'],
    ['https://chat.example/x', { http: 'http://a:1', all: 'http://b:2' }, 'b:2'],
    ['smtps://mail.example:465', { http: 'http://a:1', https: 'http://a:1' }, 'none'],
    ['smtps://mail.example:465', { all: 'http://b:2' }, 'b:2'],
    ['https://chat.example/x', { https: 'proxy.example:3128' }, 'proxy.example:3128'],
    ['https://chat.example/x', { https: 'socks5://proxy.example:1080' }, 'unusable'],
    ['https://chat.example/x', { https: 'http://' }, 'unusable'],
  ])('%s with %j goes by %s', (address, proxies, said) => {
    expect(choose(address, proxies)).toBe(said);
  });

  it.each([
    'http://localhost:1/',
    'http://x.localhost/',
    'http://127.9.8.7/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
  ])('to this machine is straight, whatever is set: %s', (address) => {
    expect(choose(address, { ...ALL, all: PROXY }, PROXY)).toBe('loopback');
  });

  it.each<[string, string, boolean]>([
    ['*', 'https://chat.example/', true],
    ['chat.example', 'https://chat.example/', true],
    ['CHAT.example', 'https://chat.EXAMPLE./', true],
    ['example', 'https://chat.example/', true],
    ['.example', 'https://chat.example/', true],
    ['*.example', 'https://chat.example/', true],
    ['hat.example', 'https://chat.example/', false],
    ['chat.example:443', 'https://chat.example/', true],
    ['chat.example:8443', 'https://chat.example/', false],
    ['chat.example:8443', 'https://chat.example:8443/', true],
    ['10.1.2.3', 'http://10.1.2.3/', true],
    ['10.1.2.3', 'http://10.1.2.4/', false],
    ['10.0.0.0/8', 'http://10.200.2.4/', true],
    ['10.0.0.0/8', 'http://11.0.0.1/', false],
    ['10.0.0.0/8', 'http://ten.example/', false],
    ['10.0.0.0/99', 'http://10.0.0.1/', false],
    ['fd00::/8', 'http://[fd12::1]:80/', true],
    ['[fd12::1]:81', 'http://[fd12::1]/', false],
    ['[fd12::1]:80', 'http://[fd12::1]/', true],
    ['a.example, b.example  chat.example', 'https://chat.example/', true],
    ['', 'https://chat.example/', false],
    ['.', 'https://chat.example/', false],
  ])('is straight or not where "%s" is bypassed: %s → %s', (rule, address, isStraight) => {
    expect(choose(address, { ...ALL, bypass: [rule] })).toBe(isStraight ? 'bypass' : 'proxy.example:3128');
  });

  it('is what the receiver says of its own, also against the list', () => {
    expect(choose('https://chat.example/', { ...ALL, bypass: ['*'] }, 'http://own:1')).toBe('own:1');
    expect(choose('https://chat.example/', ALL, 'none')).toBe('own');
  });
});

describe('a proxy with a password', () => {
  const secret = 'http://jobtrace:geh%25eim@proxy.example:3128';

  it('is given it, and nobody else reads it', () => {
    expect(renderCredentials(new URL(secret))).toBe(`Basic ${Buffer.from('jobtrace:geh%eim').toString('base64')}`);
    expect(describeWay(chooseWay('https://a.example/', { ...NO_PROXIES, https: secret }))).toBe(
      'through the proxy proxy.example:3128',
    );
    expect(describeWay(chooseWay('https://a.example/', { ...NO_PROXIES, https: 'socks5://u:geheim@p' }))).toMatch(
      /^without a proxy: .*socks5.*only http and https/,
    );
    expect(findProxyProblem('http://u:%zz@p')).toMatch(/"%25"/);
  });
});
