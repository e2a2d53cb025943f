// Signs a browser in at a real OpenID Connect provider and checks the identity, the permissions of its groups, and the
// handling of answers that nobody requested.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Browser, CLIENT, findFreePort, startProvider, type RunningProvider } from '../testing/provider.js';
import { createFilledStore, get, startServer, type Change } from '../testing/server.js';
import type { Store } from '../../store/store.js';
import { describePerson, findGrants, type GroupGrant } from './provider.js';

const GRANTS: readonly GroupGrant[] = [
  { group: 'platform', role: 'admin', scope: [] },
  { group: 'orders', role: 'author', scope: ['order*'] },
];
const GROUPS: Readonly<Record<string, readonly string[]>> = { ada: ['platform'], ben: ['x', 'orders'], eve: ['sales'] };

let idp: RunningProvider;
let url: string;

interface SessionList {
  readonly sessions: readonly {
    readonly id: string;
    readonly name: string;
    readonly of: string;
    readonly own: boolean;
  }[];
}

const ADMIN = { name: 'root', token: 'admin-0123456789abcdef', role: 'admin', scope: [] } as const;

describe('a provider', () => {
  const settings = { clientId: CLIENT.id, name: '', asks: 'openid profile', groupsClaim: 'groups', grants: GRANTS };
  let port: number;
  let store: Store;
  let restart: (settings: Change['settings']) => Promise<void>;
  let providerSettings: typeof settings & { issuer: string; clientSecret: string; redirectUri: string };

  beforeAll(async () => {
    port = await findFreePort();
    idp = await startProvider([`http://127.0.0.1:${port}/api/v1/oidc/callback`], GROUPS);
  });
  afterAll(() => idp.close());
  beforeEach(async () => {
    const publicUrl = `http://127.0.0.1:${port}`;
    const redirectUri = `${publicUrl}/api/v1/oidc/callback`;
    const provider = { ...settings, issuer: idp.issuer, clientSecret: CLIENT.secret, redirectUri };
    store = await createFilledStore();
    let running = await startServer({ store, port, now: Date.now, settings: { publicUrl, provider } });
    url = running.url;
    restart = async (change) => {
      await running.server.close();
      const settings = { publicUrl, tokens: [ADMIN], ...change };
      running = await startServer({ store, port, now: Date.now, settings });
    };
    providerSettings = provider;
  });

  it('says who signs in, and its groups what they may see', async () => {
    const [ada, ben] = [new Browser(url), new Browser(url)];

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
    const eve = new Browser(url);

    expect((await eve.signIn('eve')).search).toBe('?signin=refused');
    expect((await eve.viewer()).status).toBe(401);
  });

  it('is believed only where this browser began the sign-in, and once', async () => {
    const [ada, eve] = [new Browser(url), new Browser(url)];
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

  it('says with each request what its groups may do now, and nothing where it is no more the provider', async () => {
    const ada = new Browser(url);
    await ada.signIn('ada');
    const grants = [{ group: 'platform', role: 'reader', scope: ['fraud*'] }] as const;
    await restart({ provider: { ...providerSettings, grants } });

    expect(JSON.parse((await ada.viewer()).text)).toMatchObject({ role: 'reader', scope: ['fraud*'] });

    for (const provider of [
      { ...providerSettings, grants: [{ group: 'sales', role: 'admin', scope: [] }] } as const,
      { ...providerSettings, issuer: 'http://127.0.0.1:9' },
      undefined,
    ]) {
      await restart({ provider });
      expect((await ada.viewer()).status).toBe(401);
    }
  });

  it('is asked for where one signs out there, and who is signed in can be seen and ended', async () => {
    const [ada, ben] = [new Browser(url), new Browser(url)];
    await ada.signIn('ada');
    await ben.signIn('ben');
    const send = (who: Browser, method: string, path: string) =>
      get(`${url}${path}`, { method, headers: { cookie: who.cookie(), origin: url } });

    const all = JSON.parse((await send(ada, 'GET', '/api/v1/sessions')).text) as SessionList;
    const own = JSON.parse((await send(ben, 'GET', '/api/v1/sessions')).text) as SessionList;
    expect(all.sessions.map(({ name, of, own: isOwn }) => [name, of, isOwn])).toEqual([
      ['ben', 'provider', false],
      ['ada', 'provider', true],
    ]);
    expect(own.sessions.map(({ name }) => name)).toEqual(['ben']);
    const [ofBen, ofAda] = all.sessions.map(({ id }) => id);
    expect((await send(ben, 'DELETE', `/api/v1/sessions/${ofAda ?? ''}`)).status).toBe(404);
    expect((await send(ada, 'DELETE', `/api/v1/sessions/${ofBen ?? ''}`)).status).toBe(200);
    expect((await ben.viewer()).status).toBe(401);

    const out = JSON.parse((await send(ada, 'DELETE', '/api/v1/session')).text) as { location: string };
    expect(out.location).toMatch(new RegExp(`^${idp.issuer}/session/end\\?client_id=jobtrace`));
    expect((await ada.viewer()).status).toBe(401);
  });

  it('leaves no trace of answers that no browser of ours asked for, and one a minute of others', async () => {
    const [ada, eve] = [new Browser(url), new Browser(url)];
    await ada.signIn('ada');
    const call = (cookie: string) =>
      fetch(`${url}/api/v1/oidc/callback?error=x`, { redirect: 'manual', headers: { cookie } });
    const audit = async () =>
      JSON.parse((await get(`${url}/api/v1/audit`, { headers: { cookie: ada.cookie() } })).text) as {
        entries: { what: string; by: string; count?: number }[];
      };

    for (const cookie of ['', 'jobtrace-oidc=a.b.c', `jobtrace-oidc=${'x'.repeat(300)}`]) await call(cookie);
    expect((await audit()).entries.map(({ what, by }) => [what, by])).toEqual([['sign-in', 'provider']]);

    const started = await fetch(`${url}/api/v1/oidc/start`, { redirect: 'manual' });
    const cookie = started.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    expect(cookie).not.toMatch(/\./);
    for (let time = 0; time < 30; time++) await call(cookie);
    expect((await audit()).entries).toMatchObject([{ what: 'sign-in.refused', count: 30 }, { what: 'sign-in' }]);
    expect((await call(cookie)).headers.getSetCookie()).toEqual([expect.stringMatching(/^jobtrace-oidc=;.*Max-Age=0/)]);
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

const ALL_GRANTS: readonly GroupGrant[] = [...GRANTS, { group: '*', role: 'reader', scope: ['open-*'] }];

describe('describePerson', () => {
  const of = (claims: object, groupsClaim = 'groups') =>
    describePerson({ ...claims }, { grants: ALL_GRANTS, groupsClaim, issuer: 'https://idp.example' });

  it('takes all grants that fit, and that of everybody where none does', () => {
    const roleOf = (claims: object, groupsClaim?: string) =>
      findGrants(of(claims, groupsClaim).groups, ALL_GRANTS)
        .map(({ role }) => role)
        .join(' ');

    expect(of({ sub: 's', email: 'a@b', groups: ['orders', 'platform'] })).toEqual({
      name: 'a@b',
      issuer: 'https://idp.example',
      subject: 's',
      groups: ['orders', 'platform'],
    });
    expect(roleOf({ sub: 's', groups: ['orders', 'platform'] })).toBe('admin author');
    expect(roleOf({ sub: 's', groups: 'orders' })).toBe('author');
    expect(roleOf({ sub: 's', realm_access: { roles: ['platform'] } }, 'realm_access.roles')).toBe('admin');
    expect(roleOf({ sub: 's', groups: [{ platform: 1 }, 7] })).toBe('reader');
  });

  it('takes of a name what a name is made of, and not all of a long one', () => {
    const nameOf = (name: string) => of({ sub: 's', preferred_username: name }).name;

    expect(nameOf('<img src=x onerror=alert(1)>')).toBe('_img src_x onerror_alert(1)_');
    expect(nameOf('ad\u202ea\u{e0041}\u200b')).toBe('ad_a__');
    expect(nameOf("Zoë O'Brien (ops)")).toBe("Zoë O'Brien (ops)");
    expect(nameOf('x'.repeat(5000))).toHaveLength(100);
    expect(nameOf(' ')).toBe('s');
  });

  it('keeps the groups that the grants name, of however many', () => {
    const groups = [...Array.from({ length: 5000 }, (_, index) => `g${index}`), 'platform'];

    const kept = of({ sub: 's', groups }).groups;

    expect(kept[0]).toBe('platform');
    expect(kept).toHaveLength(200);
  });
});
