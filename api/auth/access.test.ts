import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { omitMissing } from '../../core/json.js';
import type { Store } from '../../store/store.js';
import { createSessions } from './sessions.js';
import { bearer, createFilledStore, get, READER, startServer, type Change } from '../testing/server.js';

const ADMIN = { name: 'root', token: 'admin-0123456789abcdef', role: 'admin', scope: [] } as const;
const PASSWORD = 'correct horse battery';
const START = Date.parse('2026-11-20T10:01:00.000Z');

let nowMs = START;
let store: Store;
const now = (): number => nowMs;
beforeEach(async () => {
  nowMs = START;
  store = await createFilledStore();
});
afterEach(() => store.close());

async function serve(
  tokens: readonly (typeof ADMIN | typeof READER)[] = [ADMIN],
  settings: Change['settings'] = {},
): Promise<string> {
  const own = { tokens, liveRecheckMs: 20, sessionMs: 3_600_000, ...settings };
  return (await startServer({ store, now, settings: own })).url;
}

function send(url: string, method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const type = body === undefined ? undefined : 'application/json';
  return get(`${url}${path}`, {
    method,
    headers: omitMissing({ 'content-type': type, ...headers }),
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

const asAdmin = { authorization: `Bearer ${ADMIN.token}` };

async function createToken(url: string, more: object = {}): Promise<{ id: string; secret: string }> {
  const body = { name: 'grafana', role: 'reader', scope: ['order*'], ...more };
  const { text } = await send(url, 'POST', '/api/v1/tokens', body, asAdmin);
  const { token, secret } = JSON.parse(text) as { token: { id: string }; secret: string };
  return { id: token.id, secret };
}

async function createUser(url: string, more: object = {}): Promise<void> {
  const body = { name: 'anna', role: 'author', scope: [], password: PASSWORD, ...more };
  expect((await send(url, 'POST', '/api/v1/users', body, asAdmin)).status).toBe(200);
}

async function signIn(url: string, password = PASSWORD): Promise<string> {
  const { status, headers, text } = await send(url, 'POST', '/api/v1/session', { name: 'anna', password });
  expect(status, text).toBe(200);
  return (headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

const see = (url: string, headers: Record<string, string>) => get(`${url}/api/v1/incidents`, { headers });

describe('a token that was made', () => {
  it('is answered within its role and scope, and its secret is nowhere in the store', async () => {
    const url = await serve();
    const { secret } = await createToken(url);

    const found = await see(url, { authorization: `Bearer ${secret}` });

    expect(found.body.incidents.map(({ id }) => id)).toEqual(['i-orders']);
    expect((await get(`${url}/api/v1/tokens`, bearer(secret))).status).toBe(403);
    const kept = (await store.access.load('access/tokens'))?.value ?? '';
    expect(kept).toContain('grafana');
    expect(kept).not.toContain(secret.slice('jt_0123456789ab_'.length));
    expect((await get(`${url}/api/v1/tokens`, bearer(ADMIN.token))).text).not.toMatch(/hash|jt_/);
  });

  it('is refused as soon as it is revoked, or has expired, or is another one', async () => {
    const url = await serve();
    const first = await createToken(url, { days: 1 });
    const second = await createToken(url, { days: 30 });

    expect((await see(url, { authorization: `Bearer ${first.secret}` })).status).toBe(200);
    nowMs = START + 86_400_001;
    expect((await see(url, { authorization: `Bearer ${first.secret}` })).status).toBe(401);
    expect((await see(url, { authorization: `Bearer ${second.secret}` })).status).toBe(200);
    await send(url, 'DELETE', `/api/v1/tokens/${second.id}`, undefined, asAdmin);
    expect((await see(url, { authorization: `Bearer ${second.secret}` })).status).toBe(401);
    const mixed = `jt_${first.id}_${second.secret.split('_').slice(2).join('_')}`;
    expect((await see(url, { authorization: `Bearer ${mixed}` })).status).toBe(401);
    expect((await send(url, 'DELETE', '/api/v1/tokens/none', undefined, asAdmin)).status).toBe(404);
  });

  it('is refused by another process within a second', async () => {
    const [here, there] = [await serve(), await serve()];
    const { id, secret } = await createToken(here);
    expect((await see(there, { authorization: `Bearer ${secret}` })).status).toBe(200);

    await send(here, 'DELETE', `/api/v1/tokens/${id}`, undefined, asAdmin);
    nowMs += 1000;

    expect((await see(there, { authorization: `Bearer ${secret}` })).status).toBe(401);
  });

  it('ends the stream that is followed with it when it is revoked', async () => {
    const url = await serve();
    const { id, secret } = await createToken(url);
    const stream = await fetch(`${url}/api/v1/records/stream`, bearer(secret));
    const ended = stream.text();

    await send(url, 'DELETE', `/api/v1/tokens/${id}`, undefined, asAdmin);

    expect(await ended).toContain(': jobtrace');
  });

  it('is not given by who sees a part, and ends the time when nobody needs one', async () => {
    const open = await serve([]);
    expect((await send(open, 'GET', '/api/v1/access')).text).toBe('{"open":true,"users":false}');
    expect((await get(`${open}/api/v1/viewer`)).text).toContain('"kind":"local"');
    const body = { name: 'team', role: 'admin', scope: ['order*'] };
    const { secret } = JSON.parse((await send(open, 'POST', '/api/v1/tokens', body)).text) as { secret: string };

    expect((await get(`${open}/api/v1/records`)).status).toBe(401);
    expect((await send(open, 'GET', '/api/v1/access')).text).toBe('{"open":false,"users":false}');
    const more = await send(open, 'POST', '/api/v1/tokens', body, { authorization: `Bearer ${secret}` });
    expect(more).toMatchObject({ status: 403, body: { error: { code: 'JT_FORBIDDEN' } } });
  });
});

describe('a user', () => {
  it('signs in with a cookie that no script reads, and out again', async () => {
    const url = await serve();
    await createUser(url, { scope: ['order*'] });
    const { headers } = await send(url, 'POST', '/api/v1/session', { name: 'anna', password: PASSWORD });
    const cookie = (headers.get('set-cookie') ?? '').split(';')[0] ?? '';

    expect(headers.getSetCookie()[0]).toMatch(/^jobtrace=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=3600$/);
    expect((await see(url, { cookie })).body.incidents.map(({ id }) => id)).toEqual(['i-orders']);
    expect((await send(url, 'DELETE', '/api/v1/session', undefined, { cookie })).headers.get('set-cookie')).toMatch(
      /^jobtrace=; .*Max-Age=0$/,
    );
    expect((await see(url, { cookie })).status).toBe(401);
    const kept = `${(await store.access.load('access/users'))?.value ?? ''}${(await store.access.load('access/sessions'))?.value ?? ''}`;
    expect(kept).toContain('scrypt$32768$8$3$');
    expect(kept).not.toContain(PASSWORD);
    expect(kept).not.toContain(cookie.split('=')[1]);
  });

  it('keeps the cookie on TLS alone where the page is reached so', async () => {
    const { url } = await startServer({ store, now, settings: { tokens: [ADMIN], publicUrl: 'https://logs.example' } });
    await createUser(url);

    const { headers } = await send(url, 'POST', '/api/v1/session', { name: 'anna', password: PASSWORD });

    expect(headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-jobtrace=.*; Path=\/; .*; Secure$/),
      expect.stringMatching(/^__Host-jobtrace-device=.*; Path=\/; .*; Secure$/),
    ]);
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
  });

  it.each([
    ['the time is over', async () => void (nowMs += 3_600_000)],
    ['the password is another one', (url: string) => createUser(url, { password: 'another good password' })],
    ['the user is removed', (url: string) => send(url, 'DELETE', '/api/v1/users/anna', undefined, asAdmin)],
  ])('is signed out when %s', async (_name, change) => {
    const url = await serve();
    await createUser(url);
    const cookie = await signIn(url);
    nowMs += 1;

    await change(url);

    expect((await see(url, { cookie })).status).toBe(401);
  });

  it('may do at once what its new role allows, after it has signed in again', async () => {
    const url = await serve();
    await createUser(url, { role: 'reader' });
    const before = await signIn(url);
    nowMs += 1;
    await createUser(url, { role: 'admin', password: undefined });

    expect((await see(url, { cookie: before })).status).toBe(401);
    expect((await get(`${url}/api/v1/users`, { headers: { cookie: await signIn(url) } })).status).toBe(200);
  });

  it('is told the same for a wrong password and a wrong name, and has to wait after five', async () => {
    const url = await serve();
    await createUser(url);
    const wrong = (name: string) => send(url, 'POST', '/api/v1/session', { name, password: 'wrong password' });

    for (const name of ['anna', 'nobody'])
      for (let time = 0; time < 5; time++)
        expect(await wrong(name)).toMatchObject({ status: 401, body: { error: { code: 'JT_SIGNIN_WRONG' } } });
    for (const name of ['anna', 'nobody'])
      expect(await wrong(name)).toMatchObject({ status: 429, body: { error: { code: 'JT_SIGNIN_PAUSED' } } });
    nowMs += 2000;
    await signIn(url);
  });

  it.each(['', '  ', 'a\u0000b', 'x'.repeat(101), '../x'])('has no name such as %j', async (name) => {
    const body = { name, role: 'reader', password: PASSWORD };
    expect((await send(await serve(), 'POST', '/api/v1/users', body, asAdmin)).status).toBe(400);
  });
});

describe('a change with the cookie of who has signed in', () => {
  const feedback = { rule: 'network.insufficient-buffers/total', verdict: 'right' };
  const say = async (headers: Record<string, string>) => {
    const url = await serve();
    await createUser(url);
    const sessions = createSessions(store, { now, lastsMs: 3_600_000 });
    const cookie = `jobtrace=${await sessions.start({ name: 'anna', of: 'user' })}`;
    const own = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace('OWN', url)]));
    return send(url, 'POST', '/api/v1/incidents/i-orders/feedback', feedback, { cookie, ...own });
  };

  const ours: readonly Record<string, string>[] = [{ origin: 'OWN' }, { 'sec-fetch-site': 'same-origin' }];
  it.each(ours)('is taken from our page: %j', async (headers) => {
    expect((await say(headers)).status).toBe(200);
  });

  const theirs: readonly Record<string, string>[] = [
    {},
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },

    { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-origin' },
  ];
  it.each(theirs)('is refused from elsewhere: %j', async (headers) => {
    expect(await say(headers)).toMatchObject({ status: 403, body: { error: { code: 'JT_ORIGIN_REFUSED' } } });
    expect(await store.feedback.find()).toEqual([]);
  });
});

describe('the audit log', () => {
  it('says who did what, the newest first, to administrators alone', async () => {
    const url = await serve([ADMIN, READER]);
    const { id } = await createToken(url);
    await send(url, 'DELETE', `/api/v1/tokens/${id}`, undefined, asAdmin);
    await createUser(url);
    await send(url, 'POST', '/api/v1/session', { name: 'anna', password: 'wrong password' });
    const cookie = await signIn(url);
    const feedback = { rule: 'network.insufficient-buffers/total', verdict: 'right' };
    await send(url, 'POST', '/api/v1/incidents/i-orders/feedback', feedback, { cookie, origin: url });

    const { text } = await get(`${url}/api/v1/audit`, bearer(ADMIN.token));
    const { entries } = JSON.parse(text) as { entries: { who: string; by: string; what: string; about?: string }[] };

    expect(entries.map(({ who, by, what, about }) => [who, by, what, about])).toEqual([
      ['anna', 'user', 'feedback', 'i-orders'],
      ['anna', 'user', 'sign-in', undefined],
      ['anna', 'nobody', 'sign-in.refused', undefined],
      ['root', 'token', 'user.save', 'anna'],
      ['root', 'token', 'token.revoke', id],
      ['root', 'token', 'token.create', id],
    ]);
    expect(text).not.toContain(PASSWORD);
    expect((await get(`${url}/api/v1/audit`, bearer(READER.token))).status).toBe(403);
    expect(JSON.parse((await get(`${url}/api/v1/audit?what=sign-in&limit=1`, bearer(ADMIN.token))).text)).toMatchObject(
      {
        entries: [{ what: 'sign-in' }],
      },
    );
  });

  it('keeps what several processes note at once', async () => {
    const [here, there] = [await serve(), await serve()];
    await Promise.all([here, there, here, there, here, there].map((url) => createToken(url)));

    const { text } = await get(`${here}/api/v1/audit`, bearer(ADMIN.token));

    expect((JSON.parse(text) as { entries: unknown[] }).entries).toHaveLength(6);
  });
});

describe('an address that others reach', () => {
  it('is served when somebody can sign in, and then to nobody else', async () => {
    const admin = await serve();
    await createUser(admin);

    const { url } = await startServer({ store, now, host: '0.0.0.0' });

    expect((await get(`${url}/api/v1/records`)).status).toBe(401);
    const cookie = await signIn(url);
    expect((await see(url, { cookie })).status).toBe(200);
    await send(admin, 'DELETE', '/api/v1/users/anna', undefined, asAdmin);
    nowMs += 1000;
    expect((await get(`${url}/api/v1/records`)).status).toBe(401);
  });
});
