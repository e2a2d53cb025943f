import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAudit } from '../../api/auth/audit.js';
import { createSessions } from '../../api/auth/sessions.js';
import { createTokens } from '../../api/auth/tokens.js';
import { createUsers } from '../../api/auth/users.js';
import { openStore } from '../../store/open.js';
import type { Store } from '../../store/store.js';
import { runProgram } from '../../test/program.js';

let dataDir: string;
let store: Store;
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'jobtrace-access-'));
  store = await openStore({ kind: 'sqlite', path: join(dataDir, 'jobtrace.db') });
});
afterEach(async () => {
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

function run(...args: string[]) {
  return runProgram([...args, '--data', dataDir]);
}

describe('jobtrace tokens', () => {
  it('makes a token that the API knows, lists it without its secret, and revokes it', async () => {
    const made = await run('tokens', 'create', 'grafana', '--scope', 'orders-*', '--days', '30');
    const secret = made.stdout.split('\n')[0] ?? '';
    const [, id = ''] = secret.split('_');

    expect(made.stdout).toContain(`The token "grafana" (${id}), role reader, sees orders-*, valid until `);
    expect(await createTokens(store, Date.now).find(secret)).toMatchObject({ name: 'grafana', scope: ['orders-*'] });
    expect((await run('tokens', 'list')).stdout).toMatch(
      new RegExp(`^${id}  valid    reader  grafana  sees orders-\\*`),
    );
    expect((await run('tokens', 'revoke', id)).stdout).toBe(`The token "grafana" (${id}) is revoked.\n`);
    expect(await createTokens(store, Date.now).find(secret)).toBeUndefined();
    expect((await createAudit(store, Date.now).list({ limit: 9 })).map(({ by, what }) => [by, what])).toEqual([
      ['shell', 'token.revoke'],
      ['shell', 'token.create'],
    ]);
  });

  it('lists those that end soon, and says so by its exit code', async () => {
    for (const [name, days] of [
      ['soon', '5'],
      ['later', '90'],
    ] as const)
      await run('tokens', 'create', name, '--days', days);

    const soon = await run('tokens', 'list', '--ending', '30');
    expect(soon.stdout).toContain('  soon  ');
    expect(soon.stdout).not.toContain('  later  ');
    expect(soon.code).toBe(1);
    expect((await run('tokens', 'list', '--ending', '3')).code).toBe(0);
    expect((await run('tokens', 'list')).stdout).toContain('  later  ');
  });

  it.each([
    [['tokens', 'create', 'a', '--scope', 'team:nobody'], 'there is no team "nobody"'],
    [['tokens', 'create'], 'needs a name'],
    [['tokens', 'create', 'a', '--days', '0'], '--days is "0"'],
    [['tokens', 'create', 'a', '--role', 'king'], '--role is "king"'],
    [['tokens', 'revoke', 'none'], 'The token "none" was not found.'],
  ])('says what is wrong: %j', async (args, problem) => {
    expect((await run(...args)).stderr).toContain(problem);
  });
});

describe('jobtrace users', () => {
  it('takes the password from standard input, and it is the one that signs in', async () => {
    const add = (input: string) =>
      runProgram(['users', 'add', 'anna', '--role', 'admin', '--data', dataDir], { input });
    expect((await add('short\n')).stderr).toContain('needs at least 12');
    expect((await add('correct horse battery\n')).stdout).toBe(
      'anna can sign in, with the role admin, and sees all.\n',
    );

    const users = createUsers(store, Date.now);
    expect(await users.check('anna', 'correct horse battery')).toMatchObject({ role: 'admin' });
    expect((await run('users', 'list')).stdout).toMatch(/^admin {3}anna {2}sees all/);
    expect((await run('users', 'remove', 'anna')).stdout).toBe('anna can no longer sign in.\n');
    expect((await run('users', 'remove', 'anna')).stderr).toContain('was not found');
  });
});

describe('jobtrace sessions', () => {
  it('lists who is signed in and ends it, and names what somebody who goes has made', async () => {
    const sessions = createSessions(store, { now: Date.now, lastsMs: 3_600_000 });
    const secrets = [await sessions.start({ name: 'anna', of: 'user', address: '10.0.0.1' })];
    for (const name of ['ben', 'ben']) secrets.push(await sessions.start({ name, of: 'user' }));
    const [{ id = '' } = {}] = await sessions.list({ name: 'anna' });

    const listed = (await run('sessions', 'list')).stdout;
    expect(listed).toContain(`${id}  anna  from 10.0.0.1, since `);
    for (const secret of secrets) expect(listed).not.toContain(secret);
    expect((await run('sessions', 'end', id)).stdout).toMatch(/^The sign-in of anna since .* has ended\.\n$/);
    expect((await run('sessions', 'end', '--name', 'ben')).stdout.match(/has ended/g)).toHaveLength(2);
    expect((await run('sessions', 'list')).stdout).toBe('No active sessions.\n');
    expect((await run('sessions', 'end', id)).stderr).toContain('was not found');
    expect((await run('sessions', 'end')).stderr).toContain('needs the id of a sign-in');
    expect((await createAudit(store, Date.now).list({ limit: 9 })).map(({ what, about }) => [what, about])).toEqual([
      ['session.end', 'ben'],
      ['session.end', 'anna'],
    ]);
  });

  it('writes the trail to the file of api.auditFile as well', async () => {
    const config = join(dataDir, 'jobtrace.yaml');
    writeFileSync(config, 'api: {auditFile: audit.log}\n');
    await run('tokens', 'create', 'grafana', '--config', config);

    const [line = ''] = readFileSync(join(dataDir, 'audit.log'), 'utf8').split('\n');

    expect(JSON.parse(line)).toMatchObject({ by: 'shell', what: 'token.create' });
    expect(statSync(join(dataDir, 'audit.log')).mode & 0o777).toBe(0o600);
  });
});
