// Who a request comes from: a token of the settings, one that was made at run time, or somebody who signed in. Where
// nobody has been given access yet, and only this machine can reach the API, it is whoever sits at it. In: the heads of
// a request. Out: a viewer, or JT_UNAUTHORIZED. server.ts asks for every request.
import type { Teams } from '../../core/config/teams.js';
import { createError } from '../../core/errors.js';
import { isLoopback, joinGrants, LOCAL_VIEWER, readBearer, readScope, type Role, type Viewer } from '../auth.js';
import { createAudit, type Audit, type AuditStore } from './audit.js';
import type { BookStore } from './book.js';
import { createBrake, type Brake } from './brake.js';
import type { AuditEntry } from './entry.js';
import { findGrants, type GroupGrant } from './provider.js';
import { createSeal, type Seal } from './seal.js';
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
  /** Where people can sign in, and what groups may do there; undefined: sign-ins of a provider are over. */
  readonly provider: { readonly issuer: string; readonly grants: readonly GroupGrant[] } | undefined;
  /** Cookies are sent over TLS alone. */
  readonly isSecure: boolean;
  /** Whose patterns `team:NAME` in a scope stands for. */
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
  readonly brake: Brake;
  readonly seal: Seal;
  readonly cookies: Cookies;
  /** Called before anybody is served. Throws JT_CONFIG_INVALID where others would be, and nobody has access. */
  expose(host: string): Promise<void>;
  /** Nobody needs to say who it is. */
  isOpen(): Promise<boolean>;
  /** Throws JT_UNAUTHORIZED. */
  authenticate(heads: {
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
  const findViewer = async (heads: Parameters<Access['authenticate']>[0]): Promise<Viewer | undefined> => {
    const bearer = readBearer(heads.authorization);
    if (bearer !== undefined)
      return findFixed(options, bearer) ?? describe(await tokens.find(bearer), 'token', options.teams);
    const secret = cookies.read('session', heads.cookie);
    const session = secret === undefined ? undefined : await sessions.find(secret);
    return session === undefined ? undefined : findPerson(users, session, options);
  };
  return {
    tokens,
    users,
    sessions,
    audit: createAudit(store, now, options.onAudit),
    brake: createBrake(store, now),
    seal: createSeal(store, now),
    cookies,
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
  };
}

function explainExposure(host: string): Error {
  return createError('JT_CONFIG_INVALID', {
    problems: `  api.listen is "${host}", which other machines can reach, but api.tokens is empty, and there is no user and no provider (api.oidc), so nobody could sign in. Set at least one token, make one with "jobtrace tokens create" or a user with "jobtrace users add", or listen on 127.0.0.1.`,
  });
}

/** Every token is compared, whichever fits, so that the time tells nothing. */
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
 * What a local user may do is what stands there now; a sign-in of before its last change is over. What somebody of a
 * provider may do is what their groups may do now; where that provider is no longer the one of the settings, or none of
 * their groups may do anything, the sign-in is over.
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

/** What a browser keeps for us: who signed in, a sign-in at the provider that is under way, that it signed in once. */
export type CookieName = 'session' | 'oidc' | 'device';

export interface Cookies {
  read(name: CookieName, header: string | undefined): string | undefined;
  /** A `Set-Cookie` that keeps it for so long, or without a value forgets it. */
  write(name: CookieName, value: string | undefined, lastsMs?: number): string;
}

const COOKIES: Readonly<Record<CookieName, { readonly name: string; readonly sameSite: 'Strict' | 'Lax' }>> = {
  session: { name: 'jobtrace', sameSite: 'Strict' },
  // The provider sends the browser back from another site.
  oidc: { name: 'jobtrace-oidc', sameSite: 'Lax' },
  device: { name: 'jobtrace-device', sameSite: 'Strict' },
};

/** Over TLS no other host, no other port without TLS and no neighbour domain can set one: `__Host-`. */
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
