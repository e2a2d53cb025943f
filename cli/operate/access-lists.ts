// Opens the access lists for the commands about access: the store of the settings, its lists, and the audit log,
// which records the user who runs the command.
import { userInfo } from 'node:os';
import { createAudit, type Audit } from '../../api/auth/audit.js';
import { createSessions, type Sessions } from '../../api/auth/sessions.js';
import { createTokens, type Tokens } from '../../api/auth/tokens.js';
import { createUsers, type Users } from '../../api/auth/users.js';
import { ROLES, type Role } from '../../core/documents/user.js';
import { findScopeProblem } from '../../core/config/teams.js';
import { createError } from '../../core/errors.js';
import { MAX_GLOB_LENGTH } from '../../core/text/glob.js';
import { CONFIG_OPTION, DATA_OPTION, STORE_OPTION, type Invocation, type OptionRow } from '../command.js';
import { openExistingStore } from '../service/open.js';
import { readSettings } from '../settings.js';
import { createAuditLog } from '../service/audit-log.js';

export const PLACE_OPTIONS = [DATA_OPTION, STORE_OPTION, CONFIG_OPTION] as const;
export const FORMAT_OPTION: OptionRow = {
  name: 'format',
  value: 'FORMAT',
  values: ['text', 'json'],
  help: 'Output format.',
};
export const GRANT_OPTIONS: readonly OptionRow[] = [
  { name: 'role', value: 'ROLE', values: ROLES, help: 'Role (default reader).' },
  {
    name: 'scope',
    value: 'PATTERN',
    multiple: true,
    help: 'Cluster, job id or job name that it can see (* matches any text), or team:NAME; may be repeated (default: all).',
  },
];

export interface AccessLists {
  readonly tokens: Tokens;
  readonly users: Users;
  readonly sessions: Sessions;
  /** Throws JT_USAGE if a scope names a team that is not defined. */
  checkScope(scope: readonly string[]): void;
  /** Name of the user who runs the command. */
  readonly by: string;
  note(what: string, about: string, detail?: string): Promise<void>;
}

export async function withAccess<Result>(
  invocation: Invocation,
  to: 'read' | 'write',
  work: (lists: AccessLists) => Promise<Result>,
): Promise<Result> {
  const { settings } = readSettings(invocation);
  const store = await openExistingStore(settings, to);
  const onEntry = createAuditLog(settings['api.auditFile'], undefined);
  const audit: Audit = createAudit(store, Date.now, onEntry);
  const by = userInfo().username;
  try {
    return await work({
      tokens: createTokens(store, Date.now),
      users: createUsers(store, Date.now),
      checkScope: (scope) => {
        const problem = findScopeProblem(scope, settings['notify.teams']);
        if (problem !== undefined) throw createError('JT_USAGE', { problem: `--scope: ${problem}.`, command: '' });
      },
      // No command starts a session, so the lifetime is 0.
      sessions: createSessions(store, { now: Date.now, lastsMs: 0 }),
      by,
      note: (what, about, detail) => audit.note({ who: by, by: 'shell', what, about, detail }),
    });
  } finally {
    await store.close();
  }
}

export function readGrant({ option, options }: Invocation): { readonly role: Role; readonly scope: readonly string[] } {
  const scope = options('scope');
  const long = scope.find((pattern) => pattern === '' || pattern.length > MAX_GLOB_LENGTH);
  if (long !== undefined)
    throw createError('JT_USAGE', {
      problem: `--scope "${long}" is not a pattern: it needs 1 to ${MAX_GLOB_LENGTH} characters.`,
      command: '',
    });
  return { role: ROLES.find((role) => role === option('role')) ?? 'reader', scope };
}

/** Returns the only operand of a command. Throws JT_USAGE. */
export function readOperand({ operands }: Invocation, command: string, what: string): string {
  const [only] = operands;
  if (only === undefined || operands.length > 1)
    throw createError('JT_USAGE', { problem: `${command} needs ${what}, and nothing else.`, command });
  return only;
}

export function printScope(scope: readonly string[]): string {
  return scope.length === 0 ? 'all' : scope.join(' ');
}
