// Attacks the sign-in without access: nobody may be locked out, no entry of the audit log may be lost, and limits
// must survive a restart and many names.
import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../store/store.js';
import { createFilledStore, get, startServer } from '../testing/server.js';
import { groupAddress } from './address.js';
import { createAudit } from './audit.js';
import { createSignInThrottle } from './sign-in-throttle.js';
import type { AuditEntry } from './entry.js';
import { createSessions } from './sessions.js';
import { createUsers } from './users.js';

const ADMIN = { name: 'root', token: 'admin-0123456789abcdef', role: 'admin', scope: [] } as const;
const PASSWORD = 'correct horse battery';
let nowMs = Date.parse('2026-11-20T10:01:00.000Z');
const now = (): number => nowMs;
let store: Store;
beforeEach(async () => void (store = await createFilledStore()));
afterEach(() => store.close());

const paused = { code: 'JT_SIGNIN_PAUSED' };

async function press(
  keys: Parameters<ReturnType<typeof createSignInThrottle>['recordFailure']>[0],
  times: number,
): Promise<void> {
  const brake = createSignInThrottle(store, now);
  for (let time = 0; time < times; time++) await brake.recordFailure(keys);
}

/** Signs in from an address of this machine, as a browser with these cookies. */
function signIn(
  url: string,
  { password = PASSWORD, cookie = '', from = '127.0.0.1' }: { password?: string; cookie?: string; from?: string } = {},
): Promise<{ readonly status: number; readonly cookies: readonly string[] }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      `${url}/api/v1/session`,
      { method: 'POST', localAddress: from, headers: { 'content-type': 'application/json', cookie } },
      (response) => {
        const cookies = (response.headers['set-cookie'] ?? []).map((line) => line.split(';')[0] ?? '');
        response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, cookies }));
      },
    );
    request.on('error', reject).end(JSON.stringify({ name: 'anna', password }));
  });
}

describe('wrong passwords', () => {
  it('keep out neither the browser that has signed in before nor other addresses', async () => {
    await createUsers(store, now).save({ name: 'anna', role: 'reader', scope: [], password: PASSWORD });
    const { url } = await startServer({ store, now, settings: { tokens: [ADMIN] } });
    const [, device = ''] = (await signIn(url)).cookies;
    expect(device).toMatch(/^jobtrace-device=/);
    await press({ pair: '127.0.0.1 anna', address: '127.0.0.1', name: 'anna' }, 50);
    // Counts of another process become visible after one second.
    nowMs += 1000;

    expect((await signIn(url)).status).toBe(429);
    expect((await signIn(url, { cookie: device })).status).toBe(200);
    expect((await signIn(url, { from: '127.0.0.2' })).status).toBe(200);
    expect((await signIn(url, { cookie: device.replace('=', '=A') })).status).toBe(429);
  });

  it('of a browser that has signed in before are counted by themselves', async () => {
    await press({ device: 'd1' }, 5);
    const brake = createSignInThrottle(store, now);

    await expect(brake.check({ device: 'd1' })).rejects.toMatchObject(paused);
    await brake.check({ device: 'd2' });
  });

  it('are remembered by a process that starts anew, and beside any number of names that nobody has', async () => {
    await press({ pair: 'a anna', address: 'a' }, 20);
    const brake = createSignInThrottle(store, now);
    for (let index = 0; index < 400; index++) await brake.recordFailure({ pair: `b name-${index}` });

    await expect(createSignInThrottle(store, now).check({ pair: 'a anna' })).rejects.toMatchObject(paused);
    await expect(createSignInThrottle(store, now).check({ address: 'a' })).rejects.toMatchObject(paused);
    await createSignInThrottle(store, now).check({ address: 'b' });
  });

  it('from everywhere let a name wait half a minute and no longer, and are forgotten after a day', async () => {
    await press({ name: 'anna' }, 130);
    const brake = createSignInThrottle(store, now);
    await expect(brake.check({ name: 'anna' })).rejects.toMatchObject({
      ...paused,
      message: expect.stringMatching(/try again in (?:[12]?\d|30) s/) as string,
    });

    nowMs += 86_400_001;
    await press({ name: 'anna' }, 1);
    await createSignInThrottle(store, now).check({ name: 'anna' });
  });
});

describe('the audit log', () => {
  const note = (what: string) => ({ who: 'root', by: 'token', what }) as const;

  it('keeps changes whatever is refused, read or signed in to', async () => {
    const audit = createAudit(store, now);
    await audit.note(note('token.create'));
    for (let index = 0; index < 700; index++) await audit.refuse({ who: `n${index}`, address: `10.0.${index}.1` });
    for (let index = 0; index < 450; index++) await audit.note(note(index % 2 === 0 ? 'sign-in' : 'read.export'));

    const { length } = await audit.list({ limit: 100_000 });
    const kept = await audit.list({ limit: 10, what: 'token.create' });

    expect(kept).toHaveLength(1);
    expect(length).toBe(1 + 450 + 201);
    await audit.close();
  });

  it('has of what an address is refused within a minute one entry, with the number', async () => {
    const told: AuditEntry[] = [];
    const audit = createAudit(store, now, (entry) => told.push(entry));
    for (let time = 0; time < 500; time++) await audit.refuse({ who: time < 5 ? 'anna' : 'ben', address: '10.0.0.1' });
    await audit.refuse({ who: 'eve', address: '10.0.0.2' });

    const entries = await audit.list({ limit: 10, what: 'sign-in.refused' });
    await audit.close();

    expect(entries).toMatchObject([
      { who: 'eve', address: '10.0.0.2' },
      { who: 'anna', address: '10.0.0.1', count: 500, detail: 'also as ben' },
    ]);
    expect(told.map(({ who, count }) => [who, count])).toEqual([
      ['anna', 500],
      ['eve', undefined],
    ]);
    expect(await createAudit(store, now).list({ limit: 10 })).toEqual(entries);
  });
});

describe('sign-ins', () => {
  it('of one person never end those of others', async () => {
    const sessions = createSessions(store, { now, lastsMs: 3_600_000 });
    const first = await sessions.start({ name: 'anna', of: 'user' });
    const early = await sessions.start({ name: 'ben', of: 'user' });
    for (let time = 0; time < 60; time++) await sessions.start({ name: 'ben', of: 'user' });

    expect(await sessions.find(first)).toMatchObject({ name: 'anna' });
    expect(await sessions.find(early)).toBeUndefined();
    expect(await sessions.list({ name: 'ben' })).toHaveLength(20);
    expect(await sessions.endAll({ name: 'ben' })).toHaveLength(20);
    expect(await sessions.list({})).toMatchObject([{ name: 'anna' }]);
  });

  it('are not given out with what opens them', async () => {
    const sessions = createSessions(store, { now, lastsMs: 3_600_000 });
    const secret = await sessions.start({ name: 'anna', of: 'user', address: '10.0.0.1', agent: 'Browser' });
    const { url } = await startServer({ store, now, settings: { tokens: [ADMIN] } });

    const { text } = await get(`${url}/api/v1/sessions`, { headers: { authorization: `Bearer ${ADMIN.token}` } });

    expect(JSON.parse(text)).toMatchObject({ sessions: [{ name: 'anna', address: '10.0.0.1', agent: 'Browser' }] });
    expect(text).not.toContain(secret);
    expect(text).not.toContain('hash');
  });
});

describe('groupAddress', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('%s counts as %s', (address, group) => {
    expect(groupAddress(address)).toBe(group);
  });
});
