// Sends incomplete, slow and oversized requests as raw bytes to the real server. While hundreds of them are open, the
// server must answer all other callers, each of the requests must end, and none may cause a defect.
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../core/log.js';
import { createUsers } from './auth/users.js';
import { AUTHOR, createFilledStore, get, READER, startServer } from './testing/server.js';

const PASSWORD = 'correct horse battery';
const ADMIN = { name: 'root', token: 'admin-0123456789abcdef', role: 'admin', scope: [] } as const;
const PACE = { graceMs: 600, bytesPerSecond: 32 * 1024 };
const HOST = 'host: x\r\n';
const BEARER = `authorization: Bearer ${READER.token}\r\n`;

let sockets: Socket[] = [];
let defects: string[] = [];
let url = '';
beforeEach(async () => {
  defects = [];
  const store = await createFilledStore();
  await createUsers(store, Date.now).save({ name: 'anna', role: 'reader', scope: [], password: PASSWORD });
  const log = createLog('error', { write: (line: string) => void defects.push(line) });
  const diagnosePaste = async () => ({ diagnoses: [], unknown: [], facts: {}, incidents: [] });
  const settings = { tokens: [ADMIN, READER, AUTHOR], pace: PACE };
  url = (await startServer({ store, now: Date.now, log, analyzerHooks: { diagnosePaste }, settings })).url;
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
});

interface Attack {
  readonly name: string;
  readonly head: string;
  /** Bytes that are sent repeatedly after the header. */
  readonly then?: string;
  readonly everyMs?: number;
}

const post = (path: string, more: string): string => `POST ${path} HTTP/1.1\r\n${HOST}${more}`;
const JSON_TYPE = 'content-type: application/json\r\n';

/** Name of the attack whose route does not need the body, so that the server answers it. */
const WITH_ANSWER = 'a body where none belongs';
const ATTACKS: readonly Attack[] = [
  { name: 'nothing at all', head: '' },
  { name: 'half a head', head: 'GET /api/v1/records HTTP/1.1\r\nhost: x\r\nx-a: ' },
  { name: 'half a head, a byte at a time', head: 'GET / HTTP/1.1\r\nx: ', then: 'a', everyMs: 50 },
  { name: 'half a sign-in', head: `${post('/api/v1/session', `${JSON_TYPE}content-length: 40`)}\r\n\r\n{` },
  {
    name: 'a sign-in, a byte at a time',
    head: `${post('/api/v1/session', `${JSON_TYPE}content-length: 4000`)}\r\n\r\n{`,
    then: ' ',
    everyMs: 50,
  },
  { name: 'half a paste', head: `${post('/api/v1/diagnose', `${BEARER}content-length: 9000000`)}\r\n\r\na line` },
  {
    name: 'a paste in chunks without an end',
    head: `${post('/api/v1/diagnose', `${BEARER}transfer-encoding: chunked`)}\r\n\r\n`,
    then: '1\r\na\r\n',
    everyMs: 50,
  },
  { name: 'a body that nobody may send', head: `${post('/api/v1/tokens', 'content-length: 900')}\r\n\r\n{` },
  { name: WITH_ANSWER, head: `GET /health/live HTTP/1.1\r\n${HOST}content-length: 900\r\n\r\n{` },
  { name: 'a body for nobody', head: `${post('/nowhere', 'content-length: 900')}\r\n\r\n{` },
];

/**
 * Opens `times` connections. Returns for each a promise of the received text, which resolves when the connection
 * closes.
 */
function open({ head, then, everyMs = 0 }: Attack, times: number): readonly Promise<string>[] {
  return Array.from({ length: times }, () => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    sockets.push(socket);
    let told = '';
    socket.on('data', (chunk) => (told += chunk.toString()));
    socket.on('error', () => undefined);
    if (head !== '') socket.write(head);
    const timer = then === undefined ? undefined : setInterval(() => socket.writable && socket.write(then), everyMs);
    return new Promise((resolve) =>
      socket.on('close', () => {
        clearInterval(timer);
        resolve(told);
      }),
    );
  });
}

const asked = (path: string, token: string, init: RequestInit = {}) =>
  get(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } });

async function expectOthersAnswered(): Promise<void> {
  const answers = await Promise.all([
    get(`${url}/health/live`),
    asked('/api/v1/records?limit=1', ADMIN.token),
    asked('/api/v1/records?limit=1', READER.token),
    asked('/api/v1/diagnose', ADMIN.token, { method: 'POST', body: 'a line' }),
    asked('/api/v1/diagnose', READER.token, { method: 'POST', body: 'a line' }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
}

function signIn(): Promise<{ readonly status: number }> {
  const body = JSON.stringify({ name: 'anna', password: PASSWORD });
  return get(`${url}/api/v1/session`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
}

describe('while requests come by halves', () => {
  it.each(ATTACKS)('others are answered, and each ends: $name', async (attack) => {
    const attacks = open(attack, 40);
    await new Promise((resolve) => setTimeout(resolve, PACE.graceMs / 2));

    await expectOthersAnswered();
    const told = await Promise.all(attacks);

    expect(
      told.filter((text) => / (?:200|500) /.test(text.split('\r\n')[0] ?? '') && attack.name !== WITH_ANSWER),
    ).toEqual([]);
    await expectOthersAnswered();
    expect(defects).toEqual([]);
  });

  it('people sign in', async () => {
    const attacks = ATTACKS.flatMap((attack) => open(attack, 20));

    expect((await signIn()).status).toBe(200);

    await Promise.all(attacks);
    expect((await signIn()).status).toBe(200);
  });

  it('whoever is too slow is told so', async () => {
    const half = ATTACKS.find(({ name }) => name === 'half a paste');
    const [told = ''] = await Promise.all(half === undefined ? [] : open(half, 1));

    expect(told).toMatch(/^HTTP\/1\.1 408 /);
    expect(told).toContain('JT_REQUEST_SLOW');
    const head = ATTACKS.find(({ name }) => name === 'half a head');
    expect(await Promise.all(head === undefined ? [] : open(head, 1))).toEqual([
      expect.stringMatching(/^HTTP\/1\.1 408 /),
    ]);
  });
});

describe('what is too large, or no request', () => {
  it.each([
    ['a head without an end', `GET / HTTP/1.1\r\n${'x: y\r\n'.repeat(20_000)}`, /^HTTP\/1\.1 431 /],
    ['an address without an end', `GET /${'a'.repeat(100_000)} HTTP/1.1\r\n\r\n`, /^HTTP\/1\.1 431 /],
    [
      'two lengths',
      `${post('/api/v1/session', 'content-length: 3\r\ncontent-length: 4')}\r\n\r\n{}`,
      /^HTTP\/1\.1 400 /,
    ],
    [
      'a length and chunks',
      `${post('/api/v1/session', 'content-length: 3\r\ntransfer-encoding: chunked')}\r\n\r\n0\r\n\r\n`,
      /^HTTP\/1\.1 400 /,
    ],
    ['a negative length', `${post('/api/v1/session', 'content-length: -1')}\r\n\r\n`, /^HTTP\/1\.1 400 /],
    ['a length that is no number', `${post('/api/v1/session', 'content-length: 1e9')}\r\n\r\n`, /^HTTP\/1\.1 400 /],
    [
      'a body over the limit',
      `${post('/api/v1/session', `${JSON_TYPE}content-length: 99999999`)}\r\n\r\n{`,
      /^HTTP\/1\.1 413 /,
    ],
    ['another protocol', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc', /^HTTP\/1\.1 400 /],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /^HTTP\/1\.1 (?:400|505) /],
  ])('is refused: %s', async (_name, head, answer) => {
    const told = await Promise.all(open({ name: '', head }, 10));

    for (const text of told) expect(text === '' || answer.test(text), text.slice(0, 200)).toBe(true);
    expect(told.some((text) => text !== '')).toBe(true);
    await expectOthersAnswered();
    expect(defects).toEqual([]);
  });

  it('answers what comes in a row on one connection in its order, also before one that never ends', async () => {
    const row = Array.from({ length: 50 }, () => `GET /health/live HTTP/1.1\r\n${HOST}\r\n`).join('');
    const [told = ''] = await Promise.all(
      open({ name: '', head: `${row}${post('/api/v1/session', `${JSON_TYPE}content-length: 40`)}\r\n\r\n{` }, 1),
    );

    expect(told.match(/HTTP\/1\.1 200 /g)).toHaveLength(50);
    expect(told.indexOf('HTTP/1.1 408 ')).toBeGreaterThan(told.lastIndexOf('HTTP/1.1 200 '));
  });

  it('counts bytes that have come, and not those that were announced', async () => {
    const paste = `${post('/api/v1/diagnose', `${BEARER}content-length: 19000000`)}\r\n\r\n${'a'.repeat(1000)}`;
    open({ name: '', head: paste }, 100);

    await expectOthersAnswered();
  });
});
