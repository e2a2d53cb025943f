// Identifies the sender of a request: a token of the settings, a token created at run time, or a signed-in user. If no
// access has been configured yet and only this machine can reach the API, the sender is the local user. Takes the
// headers of a request; returns a viewer or throws JT_UNAUTHORIZED. server.ts asks for every request.
import { StoredSession } from '../../core/documents/session.js';
import type { Teams } from '../../core/config/teams.js';
import { createError } from '../../core/errors.js';
import type { Role } from '../../core/documents/user.js';
import { isLoopback, joinGrants, LOCAL_VIEWER, readBearer, readScope, type Viewer } from './roles.js';
import { createAudit, type Audit, type AuditStore } from './audit.js';
import type { VersionedListStore } from './versioned-list.js';
import { createSignInThrottle, type SignInThrottle } from './sign-in-throttle.js';
import type { AuditEntry } from './entry.js';
import { findGrants, type GroupGrant } from './provider.js';
import { createSeal, type Seal } from './seal.js';
import { isSameSecret } from './secret.js';
import { createSessions, type Sessions } from './sessions.js';
import { createTokens, type Tokens } from './tokens.js';
import { createUsers, type Users } from './users.js';

/** Token of the settings (api.tokens). */
export interface Token {
  readonly name: string;
  readonly token: string;
  readonly role: Role;
  /** Job and cluster patterns with `*`; an empty list means all. */
  readonly scope: readonly string[];
}

export type AccessStore = VersionedListStore & AuditStore;

export interface AccessOptions {
  readonly store: AccessStore;
  readonly tokens: readonly Token[];
  /** Identity provider and the grants of its groups; undefined: sign-ins of a provider are not valid. */
  readonly provider: { readonly issuer: string; readonly grants: readonly GroupGrant[] } | undefined;
  /** True if cookies are sent over TLS only. */
  readonly isSecure: boolean;
  /** Teams whose patterns replace `team:NAME` in a scope. */
  readonly teams: Teams;
  readonly sessionMs: number;
  readonly now: () => number;
  readonly onAudit?: ((entry: AuditEntry) => void) | undefined;
}

export interface Access {
  readonly tokens: Tokens;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly audit: Audit;
  readonly throttle: SignInThrottle;
  readonly seal: Seal;
  readonly cookies: Cookies;
  /**
   * Prepares access for the address that the server listens on; must run before the first request is served. Throws
   * JT_CONFIG_INVALID if other machines can reach the API and nobody has access.
   */
  expose(host: string): Promise<void>;
  /** Returns true if requests need no credentials. */
  isOpen(): Promise<boolean>;
  /** Returns the sender of a request. Throws JT_UNAUTHORIZED. */
  authenticate(headers: {
    readonly authorization?: string | undefined;
    readonly cookie?: string | undefined;
  }): Promise<Viewer>;
}

export function createAccess(options: AccessOptions): Access {
  const { store, now, sessionMs } = options;
  const tokens = createTokens(store, now);
  const users = createUsers(store, now);
  const sessions = createSessions(store, { now, lastsMs: sessionMs });
  const cookies = createCookies(options.isSecure);
  let isExposed = false;
  const hasGiven = async (): Promise<boolean> =>
    options.tokens.length > 0 || options.provider !== undefined || (await users.hasAny()) || (await tokens.hasAny());
  const findViewer = async (headers: Parameters<Access['authenticate']>[0]): Promise<Viewer | undefined> => {
    const bearer = readBearer(headers.authorization);
    if (bearer !== undefined)
      return findFixed(options, bearer) ?? describe(await tokens.find(bearer), 'token', options.teams);
    const secret = cookies.read('session', headers.cookie);
    const session = secret === undefined ? undefined : await sessions.find(secret);
    return session === undefined ? undefined : findPerson(users, session, options);
  };
  return {
    tokens,
    users,
    sessions,
    audit: createAudit(store, now, options.onAudit),
    throttle: createSignInThrottle(store, now),
    seal: createSeal(store, now),
    cookies,
    async expose(host) {
      isExposed = !isLoopback(host);
      // A store that is unavailable gives no answer. In that case the server starts, but rejects everybody until it is
      // back.
      if (isExposed && !(await hasGiven().catch(() => true))) throw explainExposure(host);
    },
    isOpen: async () => !isExposed && !(await hasGiven()),
    async authenticate(headers) {
      const problem = headers.authorization === undefined ? '' : '; the token is unknown or expired';
      const isOpen = !isExposed && !(await hasGiven());
      const viewer = isOpen ? LOCAL_VIEWER : await findViewer(headers);
      if (viewer === undefined) throw createError('JT_UNAUTHORIZED', { problem });
      return viewer;
    },
  };
}

function explainExposure(host: string): Error {
  return createError('JT_CONFIG_INVALID', {
    problems: `  api.listen is "${host}", which other machines can reach, but api.tokens is empty, and there is no user and no provider (api.oidc), so nobody can sign in. Set at least one token, make one with "jobtrace tokens create" or a user with "jobtrace users add", or listen on 127.0.0.1.`,
  });
}

/** Compares every token, even after a match, so that the response time reveals nothing. */
function findFixed({ tokens, teams }: AccessOptions, given: string): Viewer | undefined {
  return describe(tokens.filter(({ token }) => isSameSecret(given, token))[0], 'token', teams);
}

function describe(
  found: { readonly name: string; readonly role: Role; readonly scope: readonly string[] } | undefined,
  kind: Viewer['kind'],
  teams: Teams,
): Viewer | undefined {
  return found && { name: found.name, kind, role: found.role, scope: readScope(found.scope, teams) };
}

/**
 * Returns the viewer of a signed-in person, or undefined if the sign-in is no longer valid. A local user has the
 * permissions that are stored now; a change of the user ends earlier sign-ins. A user of a provider has the permissions
 * that their groups have now; the sign-in ends if the settings name another provider or if none of the groups has a
 * grant.
 */
async function findPerson(
  users: Users,
  session: StoredSession,
  { provider, teams }: AccessOptions,
): Promise<Viewer | undefined> {
  const { name, provided } = session;
  if (session.of === 'user') {
    const user = await users.find(name);
    return user !== undefined && user.changedAt <= session.startedAt ? describe(user, 'user', teams) : undefined;
  }
  if (provided === undefined || provided.issuer !== provider?.issuer) return undefined;
  const grants = findGrants(provided.groups, provider.grants);
  if (grants.length === 0) return undefined;
  const joined = joinGrants(grants.map(({ role, scope }) => ({ role, scope: readScope(scope, teams) })));
  return { name, kind: 'user', ...joined, isProvided: true };
}

/**
 * Cookies of a browser: the sign-in, a sign-in at the provider that is in progress, and a flag that it signed in once.
 */
export type CookieName = 'session' | 'oidc' | 'device';

export interface Cookies {
  read(name: CookieName, header: string | undefined): string | undefined;
  /**
   * Returns a `Set-Cookie` header that stores the value for `lastsMs` milliseconds, or deletes the cookie without a
   * value.
   */
  write(name: CookieName, value: string | undefined, lastsMs?: number): string;
}

const COOKIES: Readonly<Record<CookieName, { readonly name: string; readonly sameSite: 'Strict' | 'Lax' }>> = {
  session: { name: 'jobtrace', sameSite: 'Strict' },
  // "Lax", because the provider redirects the browser back from another site.
  oidc: { name: 'jobtrace-oidc', sameSite: 'Lax' },
  device: { name: 'jobtrace-device', sameSite: 'Strict' },
};

/**
 * Creates the access to cookies. Over TLS their names begin with `__Host-`, so that no other host, no port without TLS
 * and no neighbour domain can set them.
 */
function createCookies(isSecure: boolean): Cookies {
  const nameOf = (name: CookieName): string => `${isSecure ? '__Host-' : ''}${COOKIES[name].name}`;
  return {
    read: (name, header) => readCookie(header, nameOf(name)),
    write(name, value, lastsMs = 0) {
      const parts = [`${nameOf(name)}=${value ?? ''}`, 'Path=/', 'HttpOnly', `SameSite=${COOKIES[name].sameSite}`];
      const seconds = value === undefined ? 0 : Math.floor(lastsMs / 1000);
      return [...parts, `Max-Age=${seconds}`, ...(isSecure ? ['Secure'] : [])].join('; ');
    },
  };
}

function readCookie(header: string | undefined, name: string): string | undefined {
  const parts = (header ?? '').split(';').map((part) => part.trim());
  const found = parts.find((part) => part.startsWith(`${name}=`));
  const value = found?.slice(name.length + 1);
  return value === undefined || value === '' ? undefined : value;
}
