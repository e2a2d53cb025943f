// Implements "jobtrace tokens …": creates, lists and revokes API tokens, directly in the store and as the user who runs
// the command. The secret of a new token is written to standard output only.
import { toIso } from '../../core/time/iso.js';
import { endsWithin } from '../../api/auth/tokens.js';
import { createError } from '../../core/errors.js';
import type { Command, Invocation } from '../command.js';
import { readWhole } from '../inspect/query-options.js';
import { write } from '../terminal/write.js';
import {
  FORMAT_OPTION,
  GRANT_OPTIONS,
  PLACE_OPTIONS,
  printScope,
  readGrant,
  readOperand,
  withAccess,
} from './access-lists.js';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 90;
const MAX_DAYS = 3650;

export const TOKENS_CREATE: Command = {
  name: 'tokens create',
  operands: 'NAME',
  summary: 'Create an API token; it is printed only once.',
  options: [
    ...PLACE_OPTIONS,
    ...GRANT_OPTIONS,
    { name: 'days', value: 'N', help: `Days until it expires, 1 to ${MAX_DAYS} (default ${DEFAULT_DAYS}).` },
    FORMAT_OPTION,
  ],
  examples: ["jobtrace tokens create grafana --role reader --scope 'orders-*' --days 30"],
  run: async (invocation) => {
    const name = readOperand(invocation, 'tokens create', 'a name');
    const expiresAt = toIso(Date.now() + readDays(invocation) * DAY_MS);
    const made = await withAccess(invocation, 'write', async ({ tokens, by, note, checkScope }) => {
      const grant = readGrant(invocation);
      checkScope(grant.scope);
      const done = await tokens.create({ name, ...grant, expiresAt }, by);
      await note('token.create', done.token.id, `${name}: ${done.token.role}, ${printScope(done.token.scope)}`);
      return done;
    });
    const { id, role, scope } = made.token;
    await write(
      invocation.terminal,
      invocation.option('format') === 'json'
        ? `${JSON.stringify(made, null, 2)}\n`
        : `${made.secret}\n\nThe token "${name}" (${id}), role ${role}, sees ${printScope(scope)}, valid until ${expiresAt}.\nIt is shown only once. Revoke it with "jobtrace tokens revoke ${id}".\n`,
    );
    return 0;
  },
};

function readDays({ option }: Invocation): number {
  const text = option('days') ?? String(DEFAULT_DAYS);
  const days = Number(text);
  if (Number.isInteger(days) && days >= 1 && days <= MAX_DAYS) return days;
  throw createError('JT_USAGE', {
    problem: `--days is "${text}", but must be a whole number from 1 to ${MAX_DAYS}.`,
    command: 'tokens create',
  });
}

export const TOKENS_LIST: Command = {
  name: 'tokens list',
  operands: '',
  summary: 'List API tokens, including expired ones.',
  options: [
    ...PLACE_OPTIONS,
    {
      name: 'ending',
      value: 'DAYS',
      help: 'Only valid tokens that expire within this many days; exit 1 if there is one.',
    },
    FORMAT_OPTION,
  ],
  examples: ['jobtrace tokens list', 'jobtrace tokens list --ending 30'],
  run: async (invocation) => {
    const { terminal } = invocation;
    const within = readWhole(invocation, 'ending', 'tokens list');
    const all = await withAccess(invocation, 'read', (lists) => lists.tokens.list());
    const tokens = within === undefined ? all : all.filter((token) => endsWithin(token, within * DAY_MS, Date.now()));
    if (invocation.option('format') === 'json') await write(terminal, `${JSON.stringify({ tokens }, null, 2)}\n`);
    else if (tokens.length === 0)
      await write(terminal, 'No tokens. Tokens in the settings (api.tokens) are not listed here.\n');
    else
      for (const { id, name, role, scope, state, createdAt, createdBy, expiresAt } of tokens)
        await write(
          terminal,
          `${id}  ${state.padEnd(7)}  ${role.padEnd(6)}  ${name}  sees ${printScope(scope)}; made ${createdAt} by ${createdBy}, until ${expiresAt ?? 'revoked'}\n`,
        );
    return within !== undefined && tokens.length > 0 ? 1 : 0;
  },
};

export const TOKENS_REVOKE: Command = {
  name: 'tokens revoke',
  operands: 'ID',
  summary: 'Revoke an API token; takes effect within a second.',
  options: [...PLACE_OPTIONS],
  examples: ['jobtrace tokens revoke 3f0c9a1b22d4'],
  run: async (invocation) => {
    const id = readOperand(invocation, 'tokens revoke', 'the id of a token ("jobtrace tokens list" has them)');
    const token = await withAccess(invocation, 'write', async ({ tokens, by, note }) => {
      const done = await tokens.revoke(id, by);
      await note('token.revoke', id, done.name);
      return done;
    });
    await write(invocation.terminal, `The token "${token.name}" (${id}) is revoked.\n`);
    return 0;
  },
};
