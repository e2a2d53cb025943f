// Tests settings that change while the built product runs: teams in a folder that a sidecar switches, receivers, tokens
// and secrets, and mistakes among them.
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProgram, startProgram, startReceiver, waitUntil, type RunningProgram } from './program.js';

const ADMIN = 'admin-0123456789abcdef';
const PAY = 'pay-0123456789abcdef';

let folder: string;
let platform: Awaited<ReturnType<typeof startReceiver>>;
let payments: Awaited<ReturnType<typeof startReceiver>>;
let up: RunningProgram | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jobtrace-reload-'));
  platform = await startReceiver();
  payments = await startReceiver();
  mkdirSync(join(folder, 'logs', 'session'), { recursive: true });
  publish('empty', {});
  write('admin.token', ADMIN);
  writeMain(`    - { name: platform, kind: webhook, url: '${platform.url}' }`);
});

afterEach(async () => {
  await up?.stop();
  up = undefined;
  await Promise.all([platform.close(), payments.close()]);
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

function writeMain(receivers: string): void {
  write(
    'jobtrace.yaml',
    `include: ['teams/current/*.yaml']\nnotify:\n  receivers:\n${receivers}\napi:\n  tokens:\n    - { name: admin, role: admin, tokenFile: admin.token }\n`,
  );
}

/** Publishes a version like a ConfigMap or git-sync: a new folder, and a link that is switched to it in one step. */
function publish(version: string, files: Readonly<Record<string, string>>): void {
  const target = join(folder, 'teams', version);
  mkdirSync(target, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(target, name), text);
  symlinkSync(version, join(folder, 'teams', 'next'));
  renameSync(join(folder, 'teams', 'next'), join(folder, 'teams', 'current'));
}

function teamFile(): string {
  return `teams:\n  - name: payments\n    patterns: ['pay-*']\n    tokens: [{ name: pay, role: reader, token: ${PAY} }]\n    receivers: [{ name: pay-chat, kind: webhook, url: '${payments.url}' }]\n`;
}

let jobs = 0;
/** Appends a job that fails for good now, with one cause that one line shows. */
function fail(job: string): void {
  jobs += 1;
  const id = jobs.toString(16).padStart(32, '0');
  const time = (): string => new Date().toISOString().replace('T', ' ').replace('.', ',').slice(0, 23);
  const say = (level: string, logger: string, text: string): string =>
    `${time()} ${level.padEnd(5)} ${logger} [] - ${text}\n`;
  const graph = 'org.apache.flink.runtime.executiongraph.ExecutionGraph';
  appendFileSync(
    join(folder, 'logs', 'session', 'flink-flink-standalonesession-0-jm.log'),
    [
      say('INFO', graph, `Job ${job} (${id}) switched from state CREATED to RUNNING.`),
      say(
        'INFO',
        graph,
        `Job ${job} (${id}) switched from state RUNNING to FAILED.\norg.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy\nCaused by: java.io.IOException: Insufficient number of network buffers: required 17, but only 0 available. The total number of network buffers is currently set to 2048 of 32768 bytes each.`,
      ),
      say(
        'INFO',
        'org.apache.flink.runtime.dispatcher.StandaloneDispatcher',
        `Job ${id} reached terminal state FAILED.`,
      ),
    ].join(''),
  );
}

async function start(): Promise<string> {
  up = startProgram(
    [
      'up',
      join(folder, 'logs'),
      '--config',
      join(folder, 'jobtrace.yaml'),
      '--data',
      join(folder, 'data'),
      '--listen',
      '127.0.0.1:0',
      '--log-level',
      'info',
    ],
    { env: { TZ: 'UTC' } },
  );
  const program = up;
  return waitUntil('the page', () => /http:\/\/\S+/.exec(program.stdout())?.[0], { saw: () => program.stderr() });
}

const ask = async (url: string, token: string, path: string): Promise<Response> =>
  fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
const jobsOf = (received: typeof platform.received): string => JSON.stringify(received.map(({ body }) => body));

describe('a service whose settings change', { timeout: 120_000 }, () => {
  it('takes a team from a folder that is switched, notifies it, lets its token in, and lets both go again', async () => {
    const url = await start();
    expect((await ask(url, PAY, '/api/v1/viewer')).status).toBe(401);
    fail('search-1');
    await waitUntil('the first message', () => (platform.received.length > 0 ? true : undefined));

    publish('one', { 'payments.yaml': teamFile() });
    await waitUntil('the team’s token', async () => ((await ask(url, PAY, '/api/v1/viewer')).ok ? true : undefined));
    fail('pay-ledger');
    await waitUntil('the team’s message', () => (jobsOf(payments.received).includes('pay-ledger') ? true : undefined));
    const { incidents } = (await (await ask(url, PAY, '/api/v1/incidents')).json()) as {
      incidents: { job?: { name?: string } }[];
    };

    expect(incidents.map(({ job }) => job?.name)).toEqual(['pay-ledger']);
    expect(jobsOf(platform.received)).not.toContain('pay-ledger');

    publish('two', {});
    await waitUntil('the end of the token', async () =>
      (await ask(url, PAY, '/api/v1/viewer')).status === 401 ? true : undefined,
    );
    fail('pay-orders');
    await waitUntil('a message', () => (jobsOf(platform.received).includes('pay-orders') ? true : undefined));
    expect(jobsOf(payments.received)).not.toContain('pay-orders');
    expect(platform.received.filter(({ body }) => JSON.stringify(body).includes('search-1'))).toHaveLength(1);
  });

  it('keeps the settings before mistakes, says so, and takes the corrected ones', async () => {
    const url = await start();
    const refused = async (): Promise<string | undefined> =>
      /^jobtrace_settings_refused (\d)$/m.exec(await (await ask(url, ADMIN, '/metrics')).text())?.[1];
    expect(await refused()).toBe('0');

    publish('broken', { 'payments.yaml': `${teamFile()}    route: { receiver: pay-chta }\n` });
    await waitUntil('the refusal', async () => ((await refused()) === '1' ? true : undefined));
    expect(up?.stderr()).toContain('there is no receiver');
    expect(up?.stderr()).toContain('did you mean');
    fail('pay-ledger');
    await waitUntil('the message', () => (jobsOf(platform.received).includes('pay-ledger') ? true : undefined));

    publish('mended', { 'payments.yaml': teamFile() });
    await waitUntil('the end of the refusal', async () => ((await refused()) === '0' ? true : undefined));
    expect((await ask(url, PAY, '/api/v1/viewer')).status).toBe(200);
  });

  it('takes a rotated secret, and a receiver of the settings file at SIGHUP, without a message twice', async () => {
    const url = await start();
    fail('search-1');
    await waitUntil('the first message', () => (platform.received.length > 0 ? true : undefined));

    write('admin.token', 'rotated-0123456789abcdef');
    await waitUntil('the new token', async () =>
      (await ask(url, 'rotated-0123456789abcdef', '/api/v1/viewer')).ok ? true : undefined,
    );
    expect((await ask(url, ADMIN, '/api/v1/viewer')).status).toBe(401);

    writeMain(
      `    - { name: platform, kind: webhook, url: '${platform.url}' }\n    - { name: second, kind: webhook, url: '${payments.url}' }`,
    );
    up?.process.kill('SIGHUP');
    await waitUntil('the log', () =>
      up?.stderr().includes('"changed":["notify.receivers"]') === true ? true : undefined,
    );
    fail('search-2');
    await waitUntil(
      'both messages',
      () => ([platform, payments].every(({ received }) => jobsOf(received).includes('search-2')) ? true : undefined),
      { saw: () => [platform.received.length, payments.received.length, up?.stderr().slice(-2500)] },
    );

    expect(platform.received.filter(({ body }) => JSON.stringify(body).includes('search-1'))).toHaveLength(1);
    expect(jobsOf(payments.received)).not.toContain('search-1');
  });
});

describe('jobtrace config check', () => {
  const check = (...more: string[]): ReturnType<typeof runProgram> =>
    runProgram(['config', 'check', '--config', join(folder, 'jobtrace.yaml'), ...more]);

  it('counts what is valid', async () => {
    publish('one', { 'payments.yaml': teamFile() });

    expect(await check()).toMatchObject({
      code: 0,
      stdout: 'The settings are valid: 1 team, 2 receivers, 2 routes, 2 tokens, 0 own rules.\n',
    });
  });

  it('does without the files of secrets where it is asked to', async () => {
    rmSync(join(folder, 'admin.token'));

    expect(await check()).toMatchObject({ code: 3 });
    expect(await check('--without-secrets')).toMatchObject({ code: 0 });
  });

  it.each([
    ['a team’s file', `${'teams:\n  - name: payments\n    patterns: [x]\n    reciever: []\n'}`, 'payments.yaml:4:5'],
    [
      'a receiver',
      "teams:\n  - name: payments\n    patterns: [x]\n    receivers: [{ name: a, kind: dingtalk, url: 'https://example.com/' }]\n",
      '"a" has an address without `access_token`',
    ],
  ])('names the place of a mistake in %s', async (_, text, problem) => {
    publish('one', { 'payments.yaml': text });
    const { code, stderr } = await check();

    expect(code).toBe(2);
    expect(stderr).toContain(problem);
  });
});
