// Tests the packed product on every release of Node that it supports: people sign in at a real OpenID Connect provider,
// mails go through a mail server in each possible way, and everything that is loaded late is found. CI gets the
// machine's own and the newest release; elsewhere the tests use the installed ones, and `npm run matrix` gets all.
import { execFile } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser, CLIENT, findFreePort, startProvider, type RunningProvider } from '../api/testing/provider.js';
import { PACKAGE_ROOT } from '../cli/version.js';
import { openMailServer, type MailRules, type MailServer } from '../notify/channels/testing/email.js';
import { makeAuthority } from '../store/testing/tls-front.js';
import { findNode, MACHINES_OWN, prepareNode, RELEASES } from './install/nodes.js';
import { makeProduct, type Product } from './install/product.js';
import { FRONT_DOOR, startProgram, waitUntil, type RunningProgram } from './program.js';

const GROUPS = { ada: ['platform'], eve: ['sales'] };
const LOGIN = { user: 'jobtrace', password: 'geheim 1' };
const MAILBOXES = ['plain', 'starttls', 'smtps', 'stranger'] as const;
/** Bundles that run as scripts: the program in its two modes, and the threads. */
const BUNDLES = ['short.cjs', 'service.cjs', 'agent-worker.cjs', 'paste-worker.cjs', 'store-worker.cjs'] as const;
const CALLS = new Map(BUNDLES.map((name) => [name, readCalls(join(dirname(FRONT_DOOR), 'cli', name))]));
const IN_CI: readonly number[] = [MACHINES_OWN, Math.max(...RELEASES)];
const isCi = process.env['CI'] === 'true';
const TESTED = RELEASES.filter((release) => (isCi && IN_CI.includes(release)) || findNode(release) !== undefined);

describe.each(TESTED)('the packed product on Node %i', (release) => {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-packed-'));
  const servers: Partial<Record<(typeof MAILBOXES)[number], MailServer>> = {};
  let node: string;
  let product: Product;
  let idp: RunningProvider;
  let up: RunningProgram;
  let url: string;

  beforeAll(async () => {
    const prepared = await prepareNode(release);
    node = prepared.node;
    product = await makeProduct(release === MACHINES_OWN ? undefined : { release, re2: prepared.re2 });
    const port = await findFreePort();
    url = `http://127.0.0.1:${port}`;
    idp = await startProvider([`${url}/api/v1/oidc/callback`], GROUPS);
    const [trusted, stranger] = ['trusted', 'stranger'].map((name) => {
      mkdirSync(join(folder, name));
      return makeAuthority(join(folder, name));
    });
    if (trusted === undefined || stranger === undefined) throw new Error('no authorities');
    const rules: Readonly<Record<(typeof MAILBOXES)[number], MailRules>> = {
      plain: {},
      starttls: { ...LOGIN, tls: { ...trusted, smtps: false } },
      smtps: { ...LOGIN, tls: { ...trusted, smtps: true } },
      stranger: { ...LOGIN, tls: { ...stranger, smtps: true } },
    };
    for (const name of MAILBOXES) servers[name] = await openMailServer(rules[name]);
    const receivers = MAILBOXES.map((name) => ({
      name,
      kind: 'email',
      url: `${rules[name].tls?.smtps === true ? 'smtps' : 'smtp'}://${name === 'plain' ? '' : 'jobtrace:geheim%201@'}127.0.0.1:${servers[name]?.port}`,
      from: 'Jobtrace <jobtrace@example.com>',
      to: [`${name}@example.com`],
    }));
    const oidc = {
      issuer: idp.issuer,
      clientId: CLIENT.id,
      clientSecret: CLIENT.secret,
      grants: [{ group: 'platform', role: 'admin' }],
    };
    mkdirSync(join(folder, 'logs'));
    const config = join(folder, 'jobtrace.yaml');
    writeFileSync(config, JSON.stringify({ api: { publicUrl: url, oidc }, notify: { receivers } }));
    const place = ['--config', config, '--data', join(folder, 'data'), '--listen', `127.0.0.1:${port}`];
    up = startProgram(['up', join(folder, 'logs'), ...place], {
      env: { TZ: 'UTC', NODE_EXTRA_CA_CERTS: trusted.caFile },
      other: { node, frontDoor: product.frontDoor },
    });
    await waitUntil('the address', () => (up.stdout().includes(url) ? true : undefined), {
      saw: () => [up.stdout(), up.stderr()],
      deadlineMs: 60_000,
    });
  }, 1_200_000);
  afterAll(async () => {
    await up?.stop('SIGKILL');
    await idp?.close();
    for (const server of Object.values(servers)) await server.close();
  });

  it('is started away from the tree, with what an installation gets', async () => {
    const resolve = `process.stdout.write(process.version + ' ' + ['nodemailer', 'typescript', 'oidc-provider'].map((name) => {
      try { return require('node:module').createRequire(process.argv[1]).resolve(name) && 'there'; } catch { return 'not there'; }
    }).join());`;
    const { stdout } = await promisify(execFile)(node, ['-e', resolve, product.frontDoor]);

    expect(realpathSync(product.folder).startsWith(PACKAGE_ROOT)).toBe(false);
    expect(stdout).toMatch(new RegExp(`^v${release}\\..* there,not there,not there$`));
  });

  it.each(BUNDLES)('finds every package that %s asks for, at the start or late', async (name) => {
    const load = `const require = process.getBuiltinModule('module').createRequire(process.argv[1]);
      for (const asked of process.argv.slice(2)) require(asked);`;
    const packages = CALLS.get(name)?.required.filter((asked) => !isBuiltin(asked) && !asked.startsWith('.')) ?? [];
    const args = ['--input-type=module', '-e', load, join(dirname(product.frontDoor), 'cli', name), ...packages];
    const { stdout, stderr } = await promisify(execFile)(node, args);

    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
  });

  it('signs people in at a provider, and lets nobody in who is of no group', async () => {
    const [ada, eve] = [new Browser(url), new Browser(url)];

    expect((await ada.signIn('ada')).pathname).toBe('/incidents');
    expect(JSON.parse((await ada.viewer()).text)).toEqual({ name: 'ada', kind: 'user', role: 'admin' });
    expect((await eve.signIn('eve')).search).toBe('?signin=refused');
    expect((await eve.viewer()).status).toBe(401);
    const pages = ['/', '/docs', '/openapi.json'].map(async (path) => (await fetch(`${url}${path}`)).status);
    expect(await Promise.all(pages)).toEqual([200, 200, 200]);
  });

  it('sends mails in the clear, with STARTTLS and with TLS, not to a stranger, and goes on', async () => {
    failOnce(join(folder, 'logs', 'flink-flink-standalonesession-0-jm.log'));
    const saw = { saw: () => up.stderr(), deadlineMs: 60_000 };
    for (const name of ['plain', 'starttls', 'smtps'] as const)
      await waitUntil(`the mail of ${name}`, () => servers[name]?.received[0], saw);
    const refusal = await waitUntil('the refusal', () => /.*"receiver":"stranger".*/.exec(up.stderr())?.[0], saw);

    expect(MAILBOXES.map((name) => servers[name]?.received.map(({ to, isEncrypted }) => [...to, isEncrypted]))).toEqual(
      [[['plain@example.com', false]], [['starttls@example.com', true]], [['smtps@example.com', true]], []],
    );
    expect(servers.smtps?.received[0]?.data).toContain('taskmanager.memory.network');
    expect(refusal).toMatch(/certificate/);
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    expect(await up.stop()).toBe(0);
    expect(up.stderr()).not.toContain('geheim');
  });
});

describe('the program that all tests start', () => {
  it('is that of the package', () => {
    expect(FRONT_DOOR.startsWith(PACKAGE_ROOT)).toBe(false);
  });

  it.each(BUNDLES)('calls no import() in %s, for which a script has no loader', (name) => {
    expect(CALLS.get(name)?.calls.filter((call) => call.startsWith('import('))).toEqual([]);
  });

  it('loads late what signs in, sends mails, speaks to assistants and packs bundles', () => {
    expect(CALLS.get('service.cjs')?.required).toEqual(
      expect.arrayContaining([
        'openid-client',
        'nodemailer',
        'tar',
        'fastify',
        'prom-client',
        '@modelcontextprotocol/sdk/server/stdio.js',
      ]),
    );
  });
});

/** Returns the calls of `import` and `require` in a file, as they are written, and the required names. */
function readCalls(file: string): { readonly calls: readonly string[]; readonly required: readonly string[] } {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022);
  const calls: string[] = [];
  const required = new Set<string>();
  const look = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const { expression } = node;
      const [asked] = node.arguments;
      if (expression.kind === ts.SyntaxKind.ImportKeyword) calls.push(node.getText(source));
      if (ts.isIdentifier(expression) && expression.text === 'require' && asked && ts.isStringLiteral(asked))
        required.add(asked.text);
    }
    ts.forEachChild(node, look);
  };
  look(source);
  return { calls, required: [...required] };
}

/** Appends a job that fails for good now, with one cause that one line shows. */
function failOnce(log: string): void {
  const id = '1'.padStart(32, '0');
  const time = new Date().toISOString().replace('T', ' ').replace('.', ',').slice(0, 23);
  const graph = 'org.apache.flink.runtime.executiongraph.ExecutionGraph [] -';
  const lines = [
    `${graph} Job orders (${id}) switched from state CREATED to RUNNING.`,
    `${graph} Job orders (${id}) switched from state RUNNING to FAILED.\norg.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy\nCaused by: java.io.IOException: Insufficient number of network buffers: required 17, but only 0 available. The total number of network buffers is currently set to 2048 of 32768 bytes each.`,
    `org.apache.flink.runtime.dispatcher.StandaloneDispatcher [] - Job ${id} reached terminal state FAILED.`,
  ];
  appendFileSync(log, lines.map((line) => `${time} INFO  ${line}\n`).join(''));
}
