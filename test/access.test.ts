// Tests how an agent gets into a secured cluster, as a process with a settings file: with its own certificate
// authority, an API key with the rights of docs/elasticsearch.md, and several hosts of which one dies.
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { startElasticsearch, type Elasticsearch } from '../lab/parts/services/elasticsearch.js';
import { describeWithParts } from '../lab/parts/testing/describe-part.js';
import { openElasticsearchStore } from '../store/elasticsearch/elasticsearch.js';
import { makeAuthority, openTlsFront, type Authority, type TlsFront } from '../store/testing/tls-front.js';
import { lines } from './agent-fixture.js';
import { startProgram, waitUntil, type RunningProgram } from './program.js';

const PASSWORD = 'only for this test';
const ROLE = 'jobtrace_agent';
/** Index of the day that all lines of this test have. */
const INDEX = 'jobtrace-logs-2026.05.01';
const API_KEY = Buffer.from('id:secret of this test').toString('base64');

function signIn(user: string): string {
  return `Basic ${Buffer.from(`${user}:${PASSWORD}`).toString('base64')}`;
}

/** Reads the rights of an agent's key from the page. */
function readRights(): object | undefined {
  const page = readFileSync(new URL('../docs/elasticsearch.md', import.meta.url), 'utf8');
  const bodies = [...page.matchAll(/```json\n([^`]*)```/g)].map(
    ([, body = '']) => JSON.parse(body) as { role_descriptors: Record<string, object> },
  );
  return bodies.map((body) => body.role_descriptors[ROLE]).find((rights) => rights !== undefined);
}

/** Writes the file realm in Elasticsearch's own formats. */
function writeUsers(configDir: string): void {
  const users = ['superuser', ROLE];
  const salt = randomBytes(32);
  const hash = pbkdf2Sync(PASSWORD, salt, 10_000, 32, 'sha512').toString('base64');
  writeFileSync(join(configDir, 'roles.yml'), `${ROLE}: ${JSON.stringify(readRights())}\n`);
  writeFileSync(
    join(configDir, 'users'),
    users.map((name) => `${name}:{PBKDF2}10000$${salt.toString('base64')}$${hash}\n`).join(''),
  );
  writeFileSync(join(configDir, 'users_roles'), users.map((name) => `${name}:${name}\n`).join(''));
}

describeWithParts(['elasticsearch-9'], 'an agent before a guarded cluster', () => {
  const dir = mkdtempSync(join(tmpdir(), 'jobtrace-access-'));
  let node: Elasticsearch;
  let authority: Authority;
  let keyFile: string;
  let fronts: TlsFront[];
  let folder: string;
  let program: RunningProgram | undefined;

  const openFront = (): Promise<TlsFront> =>
    openTlsFront({ target: node.url, authority, apiKey: API_KEY, authorization: signIn(ROLE) });

  async function ask(method: string, path: string, body?: string): Promise<Record<string, unknown>> {
    const headers = { authorization: signIn('superuser'), 'content-type': 'application/json' };
    return (await (await fetch(`${node.url}${path}`, { method, headers, body })).json()) as Record<string, unknown>;
  }

  beforeAll(async () => {
    node = await startElasticsearch({
      version: 9,
      dir: join(dir, 'node'),
      settings: { 'xpack.security.enabled': 'true' },
      headers: { authorization: signIn('superuser') },
      editConfig: writeUsers,
    });
    authority = makeAuthority(dir);
    const owner = openElasticsearchStore({ nodes: [node.url], username: 'superuser', password: PASSWORD });
    await owner.check();
    await owner.close();
    keyFile = join(dir, 'agent.key');
    writeFileSync(keyFile, `${API_KEY}\n`);
    return async () => {
      await node.stop();
      rmSync(dir, { recursive: true, force: true });
    };
  });
  beforeEach(async () => {
    folder = mkdtempSync(join(dir, 'agent-'));
    mkdirSync(join(folder, 'log'));
    fronts = [await openFront(), await openFront()];
  });
  afterEach(async () => {
    await program?.stop('SIGKILL');
    for (const front of fronts) await front.close();
    await ask('DELETE', `/${INDEX}`);
  });

  function start(store: object): RunningProgram {
    const config = join(folder, 'jobtrace.yaml');
    const urls = fronts.map(({ url }) => url);
    const agent = { paths: [join(folder, 'log')], listen: '127.0.0.1:0', retryCapMs: 500, scanIntervalMs: 100 };
    writeFileSync(
      config,
      JSON.stringify({
        dataDir: join(folder, 'data'),
        store: { kind: 'elasticsearch', urls, apiKeyFile: keyFile, caFile: authority.caFile, ...store },
        agent,
      }),
    );
    program = startProgram(['agent', '--config', config]);
    return program;
  }

  const write = (from: number, to: number): void =>
    appendFileSync(join(folder, 'log', 'flink-u-taskexecutor-0-h.log'), lines(from, to));

  async function waitForRecords(count: number): Promise<void> {
    let last: unknown;
    await waitUntil(
      `${count} records`,
      async () => {
        await ask('POST', `/${INDEX}/_refresh`);
        last = (await ask('GET', `/${INDEX}/_count`))['count'];
        return last === count ? true : undefined;
      },
      { deadlineMs: 40_000, saw: () => ({ last, log: program?.stderr().slice(-2000) }) },
    );
  }

  /** Returns the log entry about a store that cannot be used. */
  async function findComplaint(running: RunningProgram): Promise<Record<string, unknown>> {
    const find = (): Record<string, unknown> | undefined =>
      running
        .stderr()
        .split('\n')
        .filter((text) => text.startsWith('{'))
        .map((text) => JSON.parse(text) as Record<string, unknown>)
        .find(({ msg }) => String(msg).startsWith('The store does not take records'));
    return waitUntil('a complaint', find, { saw: running.stderr, deadlineMs: 60_000 });
  }

  it('ships over TLS with the authority and the key that its settings name', async () => {
    write(0, 20);
    const running = start({});
    await waitForRecords(20);

    expect(await running.stop()).toBe(0);
    expect(running.stderr()).not.toContain('"level":"error"');
  });

  it('trusts nobody whom its authority did not sign, and says so', async () => {
    write(0, 3);
    const complaint = await findComplaint(start({ caFile: '' }));

    expect(complaint).toMatchObject({
      code: 'JT_STORE_UNREACHABLE',
      problem: expect.stringMatching(/certificate/) as string,
    });
    expect(fronts.map((front) => front.requests())).toEqual([0, 0]);
  });

  it('names a key that is not valid without showing it', async () => {
    write(0, 3);
    const running = start({ apiKeyFile: undefined, apiKey: Buffer.from('id:wrong-secret').toString('base64') });

    expect(await findComplaint(running)).toMatchObject({ code: 'JT_STORE_DENIED' });
    expect(running.stderr()).not.toContain(Buffer.from('id:wrong-secret').toString('base64'));
  });

  it('goes on with the other host when one dies, and when one answers that it is of no use', async () => {
    write(0, 20);
    start({});
    await waitForRecords(20);
    const [first, second] = fronts;
    await first?.close();
    write(20, 40);
    await waitForRecords(40);
    fronts = [await openFront(), ...(second === undefined ? [] : [second])];

    await program?.stop('SIGKILL');
    start({});
    fronts[0]?.fail();
    write(40, 60);
    await waitForRecords(60);
    write(60, 80);
    await waitForRecords(80);
  });
});
