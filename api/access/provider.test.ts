// A browser signs in at a real OpenID Connect provider and comes back: who it is, what its groups may see, and what
// becomes of answers that nobody asked for.
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createNetServer, type AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { get, startServer } from '../testing/server.js';
import { describePerson, type GroupGrant } from './provider.js';

const GRANTS: readonly GroupGrant[] = [
  { group: 'platform', role: 'admin', scope: [] },
  { group: 'orders', role: 'author', scope: ['order*'] },
];
const GROUPS: Readonly<Record<string, readonly string[]>> = { ada: ['platform'], ben: ['x', 'orders'], eve: ['sales'] };

let issuer: string;
let idp: Server;
let url: string;

async function findFreePort(): Promise<number> {
  const server = createNetServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startProvider(redirectUri: string): Promise<void> {
  idp = createHttpServer();
  await new Promise<void>((resolve) => idp.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(idp.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'jobtrace',
        client_secret: 'secret-of-jobtrace',
        token_endpoint_auth_method: 'client_secret_post',
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, preferred_username: id, groups: [...(GROUPS[id] ?? [])] }),
    }),
    // Nobody is asked what the client may know.
    loadExistingGrant: async (context) => {
      const grant = new context.oidc.provider.Grant({
        clientId: context.oidc.client?.clientId,
        accountId: context.oidc.session?.accountId,
      });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
    cookies: { keys: ['a key of the test'] },
    pkce: { required: () => true },
  });
  idp.on('request', provider.callback());
}

/** As a browser: follows, and keeps cookies by origin. */
class Browser {
  readonly cookies = new Map<string, string>();

  async send(
    address: string,
    init: Pick<RequestInit, 'method' | 'body'> = {},
  ): Promise<{ readonly at: URL; readonly text: string }> {
    const at = new URL(address);
    const own = [...this.cookies].filter(([key]) => key.startsWith(`${at.origin} `));
    const cookie = own.map(([key, value]) => `${key.slice(at.origin.length + 1)}=${value}`).join('; ');
    const response = await fetch(at, { ...init, redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const [name = '', value = ''] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) this.cookies.delete(`${at.origin} ${name}`);
      else this.cookies.set(`${at.origin} ${name}`, value);
    }
    const text = await response.text();
    const location = response.headers.get('location');
    return location === null ? { at, text } : this.send(new URL(location, at).href);
  }

  /** Up to the form of the provider, and what is typed there. */
  async signIn(name: string): Promise<URL> {
    const form = await this.send(`${url}/api/v1/oidc/start`);
    expect(form.text).toContain('name="login"');
    const body = new URLSearchParams({ prompt: 'login', login: name, password: 'any' });
    return (await this.send(form.at.href, { method: 'POST', body })).at;
  }

  async viewer(): Promise<{ readonly status: number; readonly text: string }> {
    const cookie = `jobtrace=${this.cookies.get(`${url} jobtrace`) ?? ''}`;
    return get(`${url}/api/v1/viewer`, { headers: { cookie } });
  }
}

describe('a provider', () => {
  const settings = { clientId: 'jobtrace', name: '', asks: 'openid profile', groupsClaim: 'groups', grants: GRANTS };
  let port: number;

  beforeAll(async () => {
    port = await findFreePort();
    await startProvider(`http://127.0.0.1:${port}/api/v1/oidc/callback`);
  });
  afterAll(() => new Promise((resolve) => idp.close(resolve)));
  beforeEach(async () => {
    const publicUrl = `http://127.0.0.1:${port}`;
    const redirectUri = `${publicUrl}/api/v1/oidc/callback`;
    const provider = { ...settings, issuer, clientSecret: 'secret-of-jobtrace', redirectUri };
    url = (await startServer({ port, now: Date.now, settings: { publicUrl, provider } })).url;
  });

  it('says who signs in, and its groups what they may see', async () => {
    const [ada, ben] = [new Browser(), new Browser()];

    expect((await ada.signIn('ada')).pathname).toBe('/incidents');
    expect(JSON.parse((await ada.viewer()).text)).toEqual({ name: 'ada', kind: 'user', role: 'admin' });
    await ben.signIn('ben');
    expect(JSON.parse((await ben.viewer()).text)).toEqual({
      name: 'ben',
      kind: 'user',
      role: 'author',
      scope: ['order*'],
    });
    const cookie = `jobtrace=${ada.cookies.get(`${url} jobtrace`) ?? ''}`;
    const audit = await get(`${url}/api/v1/audit?what=sign-in`, { headers: { cookie } });
    expect(audit.text).toMatch(/"who":"ben".*"who":"ada"/);
  });

  it('lets nobody in whose groups may see nothing', async () => {
    const eve = new Browser();

    expect((await eve.signIn('eve')).search).toBe('?signin=refused');
    expect((await eve.viewer()).status).toBe(401);
  });

  it('is believed only where this browser began the sign-in, and once', async () => {
    const [ada, eve] = [new Browser(), new Browser()];
    let answer = '';
    const forward = ada.send.bind(ada);
    ada.send = (address, init) => {
      if (address.includes('/oidc/callback')) answer = address;
      return forward(address, init);
    };
    await ada.signIn('ada');
    expect(answer).toContain('code=');

    expect((await ada.send(answer)).at.search).toBe('?signin=failed');
    await eve.send(`${url}/api/v1/oidc/start`);
    for (const forged of [answer, `${url}/api/v1/oidc/callback`, `${url}/api/v1/oidc/callback?code=x&state=y`])
      expect((await eve.send(forged)).at.search).toBe('?signin=failed');
    expect((await eve.viewer()).status).toBe(401);
  });

  it('is said to be away when it is', async () => {
    const provider = { ...settings, issuer: 'http://127.0.0.1:9', clientSecret: '', redirectUri: `${url}/x` };
    const away = await startServer({ settings: { provider } });

    expect(await get(`${away.url}/api/v1/oidc/start`)).toMatchObject({
      status: 502,
      body: { error: { code: 'JT_PROVIDER_FAILED' } },
    });
    expect((await get(`${away.url}/api/v1/records`)).status).toBe(401);
    expect((await get(`${away.url}/api/v1/access`)).text).toBe('{"open":false,"users":false,"provider":"127.0.0.1:9"}');
  });
});

describe('describePerson', () => {
  const of = (claims: object, groupsClaim = 'groups') =>
    describePerson(
      { ...claims },
      {
        grants: [...GRANTS, { group: '*', role: 'reader', scope: ['open-*'] }],
        groupsClaim,
        issuer: 'https://idp.example',
      },
    );

  it('takes the first grant that fits', () => {
    expect(of({ sub: 's', email: 'a@b', groups: ['orders', 'platform'] })).toEqual({
      name: 'a@b',
      role: 'admin',
      scope: [],
    });
    expect(of({ sub: 's', groups: 'orders' })).toMatchObject({ name: 's', role: 'author' });
    expect(of({ sub: 's', realm_access: { roles: ['platform'] } }, 'realm_access.roles')).toMatchObject({
      role: 'admin',
    });
    expect(of({ sub: 's', groups: [{ platform: 1 }, 7] })).toMatchObject({ role: 'reader', scope: ['open-*'] });
  });
});
