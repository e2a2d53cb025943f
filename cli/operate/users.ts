// Implements "jobtrace users …": manages users who sign in on the page with a password, directly in the store. The
// password is read from standard input, so that it is in no list of processes and in no shell history.
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { describeLeft } from '../../api/auth/tokens.js';
import { MIN_PASSWORD_LENGTH } from '../../core/documents/user.js';
import type { Command, Terminal } from '../command.js';
import { write, writeNote } from '../terminal/write.js';
import {
  FORMAT_OPTION,
  GRANT_OPTIONS,
  PLACE_OPTIONS,
  printScope,
  readGrant,
  readOperand,
  withAccess,
} from './access-lists.js';

export const USERS_ADD: Command = {
  name: 'users add',
  operands: 'NAME',
  summary: 'Create a user of the page, or update the password, role and scope.',
  options: [...PLACE_OPTIONS, ...GRANT_OPTIONS],
  examples: ['jobtrace users add anna --role admin', "jobtrace users add ben --scope 'orders-*' < password.txt"],
  run: async (invocation) => {
    const name = readOperand(invocation, 'users add', 'a name');
    const grant = readGrant(invocation);
    const password = await readPassword(invocation.terminal);
    const user = await withAccess(invocation, 'write', async ({ users, note, checkScope }) => {
      checkScope(grant.scope);
      const done = await users.save({ name, ...grant, password });
      await note('user.save', name, `${name}: ${done.role}, ${printScope(done.scope)}`);
      return done;
    });
    await write(
      invocation.terminal,
      `${name} can sign in, with the role ${user.role}, and sees ${printScope(user.scope)}.\n`,
    );
    return 0;
  },
};

/** Reads one line; on a terminal the input is not shown. */
async function readPassword({ stdin, stderr }: Terminal): Promise<string> {
  const isTyped = stdin.isTTY === true;
  if (isTyped) writeNote({ stderr }, `Password (at least ${MIN_PASSWORD_LENGTH} characters): `);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: isTyped });
  try {
    for await (const line of lines) return line;
    return '';
  } finally {
    lines.close();
    if (isTyped) writeNote({ stderr }, '\n');
  }
}

export const USERS_LIST: Command = {
  name: 'users list',
  operands: '',
  summary: 'List users who can sign in with a password.',
  options: [...PLACE_OPTIONS, FORMAT_OPTION],
  examples: ['jobtrace users list'],
  run: async (invocation) => {
    const { terminal } = invocation;
    const users = await withAccess(invocation, 'read', (lists) => lists.users.list());
    if (invocation.option('format') === 'json') await write(terminal, `${JSON.stringify({ users }, null, 2)}\n`);
    else if (users.length === 0) await write(terminal, 'No users. Create one with "jobtrace users add NAME".\n');
    else
      for (const { name, role, scope, changedAt } of users)
        await write(terminal, `${role.padEnd(6)}  ${name}  sees ${printScope(scope)}; changed ${changedAt}\n`);
    return 0;
  },
};

export const USERS_REMOVE: Command = {
  name: 'users remove',
  operands: 'NAME',
  summary: 'Remove a user; active sign-ins end within a second.',
  options: [...PLACE_OPTIONS],
  examples: ['jobtrace users remove anna'],
  run: async (invocation) => {
    const name = readOperand(invocation, 'users remove', 'the name of a user');
    const left = await withAccess(invocation, 'write', async ({ users, tokens, note }) => {
      await users.remove(name);
      const made = await tokens.listMadeBy(name);
      await note('user.remove', name, describeLeft(made));
      return made;
    });
    await write(invocation.terminal, `${name} can no longer sign in.\n`);
    if (left.length > 0)
      await write(
        invocation.terminal,
        `Tokens that ${name} created stay valid until they are revoked:\n${left.map(({ id, name: of, role, scope }) => `  jobtrace tokens revoke ${id}   # ${of}, ${role}, sees ${printScope(scope)}\n`).join('')}`,
      );
    return 0;
  },
};
