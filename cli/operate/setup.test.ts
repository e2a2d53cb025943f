// Tests "jobtrace setup" with a real Elasticsearch with security: it creates everything that each process needs, a
// second run changes nothing, a dry run changes nothing, and a user without permission gets the fix.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { startElasticsearch, type Elasticsearch } from '../../lab/parts/services/elasticsearch.js';
import { describeWithParts } from '../../lab/parts/testing/describe-part.js';
import { writeUsers } from '../../lab/parts/testing/users.js';
import { openElasticsearchStore } from '../../store/elasticsearch/elasticsearch.js';
import { buildRole, decideRole } from '../../store/elasticsearch/roles.js';
import { appendRecords, makeIncident, makeRecord } from '../../store/testing/samples.js';
import { main } from '../main.js';

const PASSWORD = 'only for this test';
const ADMIN = { authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}` };
/** Role with permission to prepare everything but the roles. */
const TEMPLATING = {
  cluster: ['monitor', 'manage_index_templates'],
  indices: [{ names: ['*'], privileges: ['all'] }],
};

describeWithParts(['elasticsearch-8'], 'jobtrace setup', () => {
  const dir = mkdtempSync(join(tmpdir(), 'jobtrace-setup-'));
  let node: Elasticsearch;

  const setup = async (
    args: readonly string[] = [],
    username = 'admin',
  ): Promise<{ readonly code: number; readonly said: string }> => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    let said = '';
    for (const stream of [stdout, stderr]) stream.on('data', (data: Buffer) => (said += data.toString('utf8')));
    const code = await main(['setup', '--store', node.url, ...args], {
      stdout,
      stderr,
      stdin: process.stdin,
      environment: { JOBTRACE_STORE_USERNAME: username, JOBTRACE_STORE_PASSWORD: PASSWORD },
      signal: new AbortController().signal,
      onHangup: () => undefined,
    });
    return { code, said };
  };
  const ask = async (path: string, method = 'GET', body?: object): Promise<Record<string, unknown>> => {
    const headers = { ...ADMIN, 'content-type': 'application/json' };
    const answer = await fetch(`${node.url}${path}`, { method, headers, body: JSON.stringify(body) });
    return (await answer.json()) as Record<string, unknown>;
  };

  beforeAll(async () => {
    node = await startElasticsearch({
      version: 8,
      // Roles and keys are in an index that needs the analysis module.
      analysis: true,
      dir: join(dir, 'node'),
      settings: { 'xpack.security.enabled': 'true' },
      headers: ADMIN,
      editConfig: (configDir) =>
        writeUsers(configDir, {
          password: PASSWORD,
          users: { admin: ['superuser'], limited: ['templating'], shipper: ['jobtrace_agent'] },
          roles: { templating: TEMPLATING },
        }),
    });
    return async () => {
      await node.stop();
      rmSync(dir, { recursive: true, force: true });
    };
  });

  it('says in a dry run what it would make, as requests, and makes nothing', async () => {
    const { code, said } = await setup(['--dry-run', '--keys', dir]);

    expect(code, said).toBe(0);
    expect(said.match(/^PUT \S+$/gm)).toEqual([
      'PUT /_index_template/jobtrace-logs',
      'PUT /_index_template/jobtrace-logs-dead',
      'PUT /_index_template/jobtrace-small',
      'PUT /_security/role/jobtrace_agent',
      'PUT /_security/role/jobtrace_analyzer',
      'PUT /_security/role/jobtrace_api',
      'PUT /_security/role/jobtrace_letters',
    ]);
    expect(said).toContain(`key ${join(dir, 'jobtrace-agent.env')}: not created`);
    expect(await ask('/_security/role/jobtrace_*')).toEqual({});
    expect(await ask('/_index_template/jobtrace-*')).toEqual({ index_templates: [] });
  });

  it('tells who may not make roles what to do, and takes what it prints to whoever may', async () => {
    const { code, said } = await setup([], 'limited');

    expect(code).toBe(4);
    expect(said).toMatch(/may not make the role jobtrace_agent: use one with manage_security, or .* --dry-run/);
    expect((await setup(['--dry-run'], 'limited')).said).toContain('# role jobtrace_agent: unseen\nPUT /_security');
  });

  it('makes what is enough for a part and not more; a second time everything is there', async () => {
    const first = await setup();
    const second = await setup();

    expect(first).toMatchObject({ code: 0, said: expect.stringContaining('role jobtrace_api: created') as string });
    expect(second.said.trim().split('\n')).toHaveLength(7);
    expect(
      second.said
        .trim()
        .split('\n')
        .filter((line) => !line.endsWith(': up to date')),
    ).toEqual([]);
    const shipper = openElasticsearchStore({ nodes: [node.url], username: 'shipper', password: PASSWORD });
    expect(await appendRecords(shipper, [makeRecord(1)])).toEqual([{ kind: 'stored' }]);
    await expect(shipper.saveIncident(makeIncident('forged'))).rejects.toMatchObject({ code: 'JT_STORE_DENIED' });
    await shipper.close();
  });

  it('takes back what somebody added to a role', async () => {
    const wide = { cluster: ['all'], indices: [] };
    await ask('/_security/role/jobtrace_agent', 'PUT', wide);

    expect((await setup(['--dry-run'])).said).toContain('# role jobtrace_agent: changed');
    expect((await setup()).said).toContain('role jobtrace_agent: replaced, it had been changed');
    const { jobtrace_agent: found } = await ask('/_security/role/jobtrace_agent');
    expect(decideRole(buildRole('jobtrace', 'agent'), found)).toBe('same');
  });

  it('makes a key for each part that only the owner of its file reads, once', async () => {
    const folder = join(dir, 'keys');
    mkdirSync(folder);
    writeFileSync(join(folder, 'jobtrace-api.env'), 'JOBTRACE_STORE_API_KEY=of-somebody\n');
    const said = [(await setup(['--keys', folder])).said, (await setup(['--keys', folder])).said];

    expect(said[0]).toContain(`key ${join(folder, 'jobtrace-agent.env')}: created`);
    expect(said[0]).toContain(`key ${join(folder, 'jobtrace-api.env')}: kept`);
    expect(said[1]).not.toContain('created');
    const path = join(folder, 'jobtrace-agent.env');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const [, apiKey = ''] = /^JOBTRACE_STORE_API_KEY=(\S+)\n$/.exec(readFileSync(path, 'utf8')) ?? [];
    const agent = openElasticsearchStore({ nodes: [node.url], apiKey });
    expect(await appendRecords(agent, [makeRecord(2)])).toEqual([{ kind: 'stored' }]);
    await expect(agent.saveIncident(makeIncident('forged'))).rejects.toMatchObject({ code: 'JT_STORE_DENIED' });
    await agent.close();
  });

  it('rotates keys: new ones work, those before until they are retired', async () => {
    const folder = join(dir, 'rotated');
    mkdirSync(folder);
    const keyOf = (): string => /=(\S+)\n$/.exec(readFileSync(join(folder, 'jobtrace-agent.env'), 'utf8'))?.[1] ?? '';
    const isTaken = async (apiKey: string): Promise<boolean> =>
      (await fetch(`${node.url}/_security/_authenticate`, { headers: { authorization: `ApiKey ${apiKey}` } })).ok;
    await setup(['--keys', folder]);
    const before = keyOf();
    const { code, said } = await setup(['--keys', folder, '--rotate', '--days', '90']);
    const after = keyOf();

    expect(code, said).toBe(0);
    expect(said).toContain(`key ${join(folder, 'jobtrace-agent.env')}: renewed`);
    expect(after).not.toBe(before);
    expect([await isTaken(before), await isTaken(after)]).toEqual([true, true]);
    const [id] = Buffer.from(after, 'base64').toString('utf8').split(':');
    const { api_keys: keys } = (await ask(`/_security/api_key?id=${id}`)) as { api_keys: { expiration: number }[] };
    expect(((keys[0]?.expiration ?? 0) - Date.now()) / 86_400_000).toBeCloseTo(90, 0);
    const [old, agent] = [before, after].map((apiKey) => openElasticsearchStore({ nodes: [node.url], apiKey }));
    expect(await agent?.readKeyEnd()).toBe(keys[0]?.expiration);
    expect(await old?.readKeyEnd()).toBeUndefined();
    await Promise.all([old?.close(), agent?.close()]);

    await setup(['--keys', folder, '--retire']);
    expect([await isTaken(before), await isTaken(after)]).toEqual([false, true]);
  });

  it('ends no key where it cannot read which one is in use', async () => {
    const folder = join(dir, 'unread');
    mkdirSync(folder);
    await setup(['--keys', folder]);
    writeFileSync(join(folder, 'jobtrace-agent.env'), 'nothing\n');
    const { code, said } = await setup(['--keys', folder, '--retire']);

    expect(code).toBe(3);
    expect(said).toContain('it has no key');
  });

  it('leaves no file for a key that could not be made', async () => {
    const folder = join(dir, 'none');
    mkdirSync(folder);

    expect((await setup(['--keys', folder], 'limited')).code).toBe(4);
    expect(() => statSync(join(folder, 'jobtrace-agent.env'))).toThrow('ENOENT');
  });
});

describe('jobtrace setup', () => {
  it('is not for the embedded store', async () => {
    let said = '';
    const stderr = new PassThrough().on('data', (data: Buffer) => (said += data.toString('utf8')));
    const code = await main(['setup'], {
      stdout: new PassThrough(),
      stderr: stderr as PassThrough,
      stdin: process.stdin,
      environment: {},
      signal: new AbortController().signal,
      onHangup: () => undefined,
    });

    expect({ code, said }).toMatchObject({ code: 2, said: expect.stringContaining('which needs nothing') as string });
  });
});
