// Implements "jobtrace sessions …": lists and ends sign-ins of the page, directly in the store and as the user who runs
// the command. The output contains no secrets.
import { createError } from '../../core/errors.js';
import type { Command } from '../command.js';
import { write } from '../terminal/write.js';
import { FORMAT_OPTION, PLACE_OPTIONS, withAccess } from './access-lists.js';

export const SESSIONS_LIST: Command = {
  name: 'sessions list',
  operands: '',
  summary: 'List sign-ins to the page, newest first.',
  options: [...PLACE_OPTIONS, FORMAT_OPTION],
  examples: ['jobtrace sessions list'],
  run: async (invocation) => {
    const { terminal } = invocation;
    const sessions = await withAccess(invocation, 'read', (lists) => lists.sessions.list({}));
    if (invocation.option('format') === 'json') await write(terminal, `${JSON.stringify({ sessions }, null, 2)}\n`);
    else if (sessions.length === 0) await write(terminal, 'No active sessions.\n');
    else
      for (const { id, name, issuer, startedAt, endsAt, address = 'an unknown address' } of sessions)
        await write(
          terminal,
          `${id}  ${name}${issuer === undefined ? '' : ` (${issuer})`}  from ${address}, since ${startedAt}, until ${endsAt}\n`,
        );
    return 0;
  },
};

export const SESSIONS_END: Command = {
  name: 'sessions end',
  operands: '[ID]',
  summary: 'End a sign-in, or with --name all sign-ins of a user; takes effect within a second.',
  options: [...PLACE_OPTIONS, { name: 'name', value: 'NAME', help: 'All sign-ins of this name.' }],
  examples: ['jobtrace sessions end m2Qx0aVbT9sKq1Lw', 'jobtrace sessions end --name anna'],
  run: async (invocation) => {
    const [id, ...more] = invocation.operands;
    const name = invocation.option('name');
    if (more.length > 0 || (id === undefined) === (name === undefined))
      throw createError('JT_USAGE', {
        problem: 'sessions end needs the id of a sign-in ("jobtrace sessions list" has them), or --name NAME.',
        command: 'sessions end',
      });
    const ended = await withAccess(invocation, 'write', async ({ sessions, note }) => {
      const gone = await sessions.endAll({ id, name });
      for (const session of new Set(gone.map((item) => item.name))) await note('session.end', session);
      return gone;
    });
    if (ended.length === 0) throw createError('JT_NOT_FOUND', { what: `A sign-in of "${id ?? name ?? ''}"` });
    for (const session of ended)
      await write(invocation.terminal, `The sign-in of ${session.name} since ${session.startedAt} has ended.\n`);
    return 0;
  },
};
