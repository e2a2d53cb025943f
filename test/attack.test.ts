// Tests what a log can do, because its content is written by others: through the built program, from files to every
// route. Secrets of known form appear nowhere, a symbolic link brings in no file from outside the watched folder, and a
// line that names the job of another team shows no more than itself (docs/access.md).
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProgram, waitUntil, type RunningProgram } from './program.js';

const PAYROLL = 'b'.repeat(32);
const SHOP = 'a'.repeat(32);
const GRAPH = 'org.apache.flink.runtime.executiongraph.ExecutionGraph';
const letters = (count: number): string =>
  'Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb3dEf6hIj9kLm2nOp5qRs8tUv1wXy4z'.slice(0, count);

/** Line that contains a secret → the secret. */
const SECRETS: readonly (readonly [line: string, secret: string])[] = [
  ['jdbc:mysql://db/x?user=u&password=hunter2-in-an-address', 'hunter2-in-an-address'],
  ['connect with https://shop:pass-of-shop@db.example/x', 'pass-of-shop'],
  ['s3.secret-key: the-secret-key-of-s3', 'the-secret-key-of-s3'],
  ['Authorization: Bearer token-in-a-header-0123', 'token-in-a-header-0123'],
  ['{"passwords":["first-of-a-list"]}', 'first-of-a-list'],
  [`push with ghp_${letters(36)}`, `ghp_${letters(36)}`],
  [`clone with glpat-${letters(20)}`, `glpat-${letters(20)}`],
  [`key AIza${letters(35)}`, `AIza${letters(35)}`],
  [`model hf_${letters(34)}`, `hf_${letters(34)}`],
  [`publish npm_${letters(36)}`, `npm_${letters(36)}`],
];

/** Names → patterns of a token. */
const SCOPES = { clusterB: ['team-b'], jobPayroll: ['payroll'], jobId: [PAYROLL] } as const;
const TOKENS = [
  { name: 'admin', token: 'admin-0123456789abcdef', role: 'admin' },
  ...Object.entries(SCOPES).map(([name, scope]) => ({
    name,
    token: `${name}-0123456789abcdef`,
    role: 'reader',
    scope,
  })),
];

let folder: string;
let address: string;
let up: RunningProgram;

/** Renders a line with the current time, as Flink writes it in UTC. */
function line(level: string, logger: string, message: string): string {
  return `${new Date().toISOString().replace('T', ' ').replace('.', ',').slice(0, 23)} ${level} ${logger} [] - ${message}\n`;
}

async function ask(path: string, token = 'admin', body?: object): Promise<string> {
  const answer = await fetch(`${address}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${token}-0123456789abcdef`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return answer.text();
}

/** Returns every answer about stored data that a token gets. */
async function askAll(token: string): Promise<string> {
  const call = (name: string, given: object): Promise<string> =>
    ask('/api/v1/mcp', token, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: given } });
  const records = await ask('/api/v1/records?limit=1000&facets=true&histogram=10', token);
  const list = await ask('/api/v1/incidents?fields=full', token);
  const read = (text: string, name: string): { id: string }[] => JSON.parse(text)[name] ?? [];
  const answers = [records, list];
  for (const { id } of read(records, 'records').slice(0, 40))
    answers.push(
      await ask(`/api/v1/records/${encodeURIComponent(id)}`, token),
      await ask(`/api/v1/records/${encodeURIComponent(id)}/context?before=50&after=50`, token),
    );
  for (const { id } of read(list, 'incidents'))
    for (const query of ['lang=en', 'format=markdown'])
      answers.push(await ask(`/api/v1/incidents/${encodeURIComponent(id)}?${query}`, token));
  for (const path of [
    ...['text', 'ndjson', 'csv'].map((format) => `/api/v1/records/export?format=${format}`),
    ...['csv', 'ndjson', 'markdown'].map((format) => `/api/v1/incidents?format=${format}`),
    '/api/v1/incidents/rows',
    '/api/v1/jobs',
    '/api/v1/alerts',
    '/api/v1/agents',
    '/api/v1/advice',
    '/api/v1/diagnosis?job=shop',
    '/api/v1/diagnosis?job=payroll',
  ])
    answers.push(await ask(path, token));
  answers.push(await call('list_incidents', {}), await call('search_records', { limit: 100 }));
  for (const { id } of read(list, 'incidents')) answers.push(await call('show_incident', { incident: id }));
  return answers.join('\n');
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jobtrace-attack-'));
  const log = (cluster: string, name: string): string => join(folder, 'logs', cluster, name);
  for (const path of ['logs/team-a', 'logs/team-b', 'outside']) mkdirSync(join(folder, path), { recursive: true });
  writeFileSync(join(folder, 'outside', 'shadow'), `root:the-line-from-outside:19000\n`);
  const jobManager = log('team-a', 'flink-u-standalonesession-0-a.log');
  for (const [text] of SECRETS) {
    appendFileSync(jobManager, line('WARN', 'com.shop.Sink', `PRIVATE-OF-A ${text}`));
    appendFileSync(
      jobManager,
      line('INFO', GRAPH, `Job shop (${SHOP}) switched from state RUNNING to FAILING.`) +
        `java.lang.IllegalStateException: PRIVATE-OF-A ${text}\n\tat com.shop.Sink.write(Sink.java:1)\n`,
    );
  }
  // This line names the job of another team.
  appendFileSync(
    jobManager,
    line('INFO', GRAPH, `Job payroll (${PAYROLL}) switched from state RUNNING to FAILED.`) +
      'java.lang.IllegalStateException: NAMED-BY-A\n\tat com.shop.Sink.write(Sink.java:2)\n',
  );
  appendFileSync(
    log('team-b', 'flink-u-standalonesession-0-b.log'),
    line('INFO', GRAPH, `Job ledger (${'c'.repeat(32)}) switched from state CREATED to RUNNING. OF-B`),
  );
  symlinkSync(join(folder, 'outside', 'shadow'), log('team-a', 'flink-u-taskexecutor-0-a.log'));
  symlinkSync(join(folder, 'outside'), join(folder, 'logs', 'team-a', 'more'));
  // This link gives the other team's log the name of this team's cluster.
  symlinkSync(log('team-b', 'flink-u-standalonesession-0-b.log'), log('team-a', 'flink-u-taskexecutor-1-a.log'));
  const config = join(folder, 'jobtrace.yaml');
  writeFileSync(config, JSON.stringify({ agent: { zone: 'UTC' }, api: { tokens: TOKENS } }));
  const paths = [join(folder, 'logs', '{cluster}', '**')];
  up = startProgram(['up', ...paths, '--config', config, '--data', join(folder, 'data'), '--listen', '127.0.0.1:0']);
  address = await waitUntil('the API', () => /http:\/\/127\.0\.0\.1:\d+/.exec(up.stdout())?.[0], {
    saw: () => [up.stdout(), up.stderr()],
  });
  await waitUntil('both jobs are diagnosed', async () => {
    const text = await ask('/api/v1/incidents?fields=full');
    return text.includes(PAYROLL) && text.includes(SHOP) && (await ask('/api/v1/records')).includes('OF-B')
      ? true
      : undefined;
  });
});
afterAll(async () => {
  await up.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('a log written by somebody else', () => {
  it('shows a secret of known form nowhere', async () => {
    const all = await askAll('admin');

    expect(all).toContain('PRIVATE-OF-A');
    for (const [text, secret] of SECRETS) expect(all.includes(secret), text).toBe(false);
  });

  it('brings nothing from outside of the watched place by a symbolic link', async () => {
    const all = await askAll('admin');

    expect(all).not.toContain('the-line-from-outside');
    expect(all).not.toMatch(/taskexecutor-1-a/);
    expect(await ask('/api/v1/records?query=OF&cluster=team-b')).toContain('OF-B');
  });

  it('shows a team that sees by cluster nothing of a line that names its job', async () => {
    expect(await askAll('clusterB')).not.toMatch(/PRIVATE-OF-A|NAMED-BY-A/);
  });

  it.each(['jobPayroll', 'jobId'])(
    'shows who sees by %s the line that names the job, and no other',
    async (token) => {
      const all = await askAll(token);

      expect(all).toContain('NAMED-BY-A');
      expect(all).not.toMatch(/PRIVATE-OF-A|OF-B/);
    },
    60_000,
  );

  it('marks an incident of a job that one line alone names', async () => {
    const { incidents } = JSON.parse(await ask('/api/v1/incidents?fields=full')) as {
      readonly incidents: readonly { readonly job?: { readonly name?: string }; readonly namedOnce?: true }[];
    };
    expect(incidents.map(({ job, namedOnce }) => [job?.name, namedOnce]).sort()).toEqual([
      ['payroll', true],
      ['shop', undefined],
    ]);
  });
});
