// Who a request comes from: a token of the settings, one that was made at run time, or somebody who signed in. Where
// nobody has been given access yet, and only this machine can reach the API, it is whoever sits at it. In: the heads of
// a request. Out: a viewer, or JT_UNAUTHORIZED. server.ts asks for every request.
import { createError } from '../../core/errors.js';
import { isLoopback, LOCAL_VIEWER, readBearer, readScope, type Role, type Viewer } from '../auth.js';
import { createAudit, type Audit, type AuditStore } from './audit.js';
import type { BookStore } from './book.js';
import { isSameSecret } from './secret.js';
import { createSessions, type Sessions, type StoredSession } from './sessions.js';
import { createTokens, type Tokens } from './tokens.js';
import { createUsers, type Users } from './users.js';

/** A token of the settings (api.tokens). */
export interface Token {
  readonly name: string;
  readonly token: string;
  readonly role: Role;
  /** Job and cluster patterns with `*`; empty = all. */
  readonly scope: readonly string[];
}

export type AccessStore = BookStore & AuditStore;

export interface AccessOptions {
  readonly store: AccessStore;
  readonly tokens: readonly Token[];
  /** People can sign in somewhere else. */
  readonly hasProvider: boolean;
  /** Cookies are sent over TLS alone. */
  readonly isSecure: boolean;
  readonly sessionMs: number;
  readonly now: () => number;
}

export interface Access {
  readonly tokens: Tokens;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly audit: Audit;
  /** Called before anybody is served. Throws JT_CONFIG_INVALID where others would be, and nobody has access. */
  expose(host: string): Promise<void>;
  /** Nobody needs to say who it is. */
  isOpen(): Promise<boolean>;
  /** Throws JT_UNAUTHORIZED. */
  authenticate(heads: {
    readonly authorization?: string | undefined;
    readonly cookie?: string | undefined;
  }): Promise<Viewer>;
  /** The id of the sign-in that a cookie holds. */
  readSession(cookie: string | undefined): string | undefined;
  /** A `Set-Cookie` that keeps it, or without an id forgets it. */
  writeSession(id: string | undefined): string;
}

export function createAccess(options: AccessOptions): Access {
  const { store, now, sessionMs, isSecure } = options;
  const tokens = createTokens(store, now);
  const users = createUsers(store, now);
  const sessions = createSessions(store, { now, lastsMs: sessionMs });
  const cookieName = isSecure ? '__Host-jobtrace' : 'jobtrace';
  let isExposed = false;
  const hasGiven = async (): Promise<boolean> =>
    options.tokens.length > 0 || options.hasProvider || (await users.hasAny()) || (await tokens.hasAny());
  const readSession = (cookie: string | undefined): string | undefined => readCookie(cookie, cookieName);
  const findViewer = async (heads: Parameters<Access['authenticate']>[0]): Promise<Viewer | undefined> => {
    const bearer = readBearer(heads.authorization);
    if (bearer !== undefined) return findFixed(options.tokens, bearer) ?? describe(await tokens.find(bearer), 'token');
    const id = readSession(heads.cookie);
    const session = id === undefined ? undefined : await sessions.find(id);
    return session === undefined ? undefined : describe(await findPerson(users, session), 'user');
  };
  return {
    tokens,
    users,
    sessions,
    audit: createAudit(store, now),
    async expose(host) {
      isExposed = !isLoopback(host);
      // A store that is away says nothing: then nobody is let in until it is back.
      if (isExposed && !(await hasGiven().catch(() => true))) throw explainExposure(host);
    },
    isOpen: async () => !isExposed && !(await hasGiven()),
    async authenticate(heads) {
      const problem = heads.authorization === undefined ? '' : '; the one that was sent is not known, or no more valid';
      const isOpen = !isExposed && !(await hasGiven());
      const viewer = isOpen ? LOCAL_VIEWER : await findViewer(heads);
      if (viewer === undefined) throw createError('JT_UNAUTHORIZED', { problem });
      return viewer;
    },
    readSession,
    writeSession(id) {
      const parts = [`${cookieName}=${id ?? ''}`, 'Path=/', 'HttpOnly', 'SameSite=Strict'];
      return [
        ...parts,
        `Max-Age=${id === undefined ? 0 : Math.floor(sessionMs / 1000)}`,
        ...(isSecure ? ['Secure'] : []),
      ].join('; ');
    },
  };
}

function explainExposure(host: string): Error {
  return createError('JT_CONFIG_INVALID', {
    problems: `  api.listen is "${host}", which other machines can reach, but api.tokens is empty, and there is no user and no provider (api.oidc), so nobody could sign in. Set at least one token, make one with "jobtrace tokens create" or a user with "jobtrace users add", or listen on 127.0.0.1.`,
  });
}

/** Every token is compared, whichever fits, so that the time tells nothing. */
function findFixed(tokens: readonly Token[], given: string): Viewer | undefined {
  return describe(tokens.filter(({ token }) => isSameSecret(given, token))[0], 'token');
}

function describe(
  found: { readonly name: string; readonly role: Role; readonly scope: readonly string[] } | undefined,
  kind: Viewer['kind'],
): Viewer | undefined {
  return found === undefined ? undefined : { name: found.name, kind, role: found.role, scope: readScope(found.scope) };
}

/** What a local user may do is what stands there now; a sign-in of before its last change is over. */
async function findPerson(
  users: Users,
  session: StoredSession,
): Promise<Pick<StoredSession, 'name' | 'role' | 'scope'> | undefined> {
  if (session.of === 'provider') return session;
  const user = await users.find(session.name);
  return user !== undefined && user.changedAt <= session.startedAt ? user : undefined;
}

export function readCookie(header: string | undefined, name: string): string | undefined {
  const parts = (header ?? '').split(';').map((part) => part.trim());
  const found = parts.find((part) => part.startsWith(`${name}=`));
  const value = found?.slice(name.length + 1);
  return value === undefined || value === '' ? undefined : value;
}
