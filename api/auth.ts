// Who may do what: roles, one above the other, and a scope of jobs and clusters. Pure; who a request comes from is
// found out in access/, and server.ts asks both for each request.
import { expandScope, type Teams } from '../core/config/teams.js';
import { createError } from '../core/errors.js';
import { parseGlob } from '../core/text/glob.js';
import type { TeamScope } from '../store/scope.js';

/** What each may do more than the one before it. */
export const ROLES = ['reader', 'author', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export function isWord<Word extends string>(words: readonly Word[], value: unknown): value is Word {
  return words.some((word) => word === value);
}

/** What may be done, and where. */
export interface Grant {
  readonly role: Role;
  /** Undefined = sees everything. */
  readonly scope: TeamScope;
}

export interface Viewer extends Grant {
  readonly name: string;
  /** By what we know who it is: a token, a sign-in, or that it is whoever sits at this machine. */
  readonly kind: 'token' | 'user' | 'local' | 'nobody';
  /** Of somebody of several groups: `role` is then the highest of them, and `scope` what one of them sees. */
  readonly grants?: readonly Grant[];
  /** A user of the provider: a local user may have the same name. */
  readonly isProvided?: true;
}

/** Whoever sits at the machine, where nobody has been given access yet. */
export const LOCAL_VIEWER: Viewer = { name: 'local', kind: 'local', role: 'admin', scope: undefined };
/** Of a route that anybody may ask. */
export const ANYBODY: Viewer = { name: 'anybody', kind: 'nobody', role: 'reader', scope: [] };

export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  return bare === 'localhost' || bare === '::1' || /^127(?:\.\d{1,3}){3}$/.test(bare);
}

/** The token of an Authorization header; undefined without one. Throws JT_UNAUTHORIZED. */
export function readBearer(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  const given = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  if (given === undefined) throw createError('JT_UNAUTHORIZED', { problem: ' in the form "Bearer TOKEN"' });
  return given;
}

/** Empty = sees everything. `team:NAME` stands for the patterns of a team; of one that is gone, nothing is seen. */
export function readScope(patterns: readonly string[], teams: Teams): TeamScope {
  return patterns.length === 0 ? undefined : expandScope(patterns, teams).map(parseGlob);
}

/** Of several grants one viewer: who may write in one team and read in another sees both. */
export function joinGrants(grants: readonly Grant[]): Pick<Viewer, 'role' | 'scope' | 'grants'> {
  const [highest] = [...grants].sort((a, b) => ROLES.indexOf(b.role) - ROLES.indexOf(a.role));
  if (highest === undefined) throw new Error('Somebody without a grant is no viewer.');
  return { role: highest.role, scope: joinScopes(grants), ...(grants.length > 1 && { grants }) };
}

/**
 * The viewer as a route that needs a role sees it: only what the grants with that role cover, and with the lowest of
 * their roles, so that a role in one team is none in another.
 */
export function narrowViewer(viewer: Viewer, needed: Role): Viewer {
  const fitting = (viewer.grants ?? []).filter(({ role }) => ROLES.indexOf(role) >= ROLES.indexOf(needed));
  const [lowest] = [...fitting].sort((a, b) => ROLES.indexOf(a.role) - ROLES.indexOf(b.role));
  return lowest === undefined ? viewer : { ...viewer, role: lowest.role, scope: joinScopes(fitting) };
}

/** The highest role of a viewer, wherever it holds. */
export function highestRole({ role, grants = [] }: Viewer): Role {
  return [role, ...grants.map((grant) => grant.role)].reduce((best, other) =>
    ROLES.indexOf(other) > ROLES.indexOf(best) ? other : best,
  );
}

function joinScopes(grants: readonly Grant[]): TeamScope {
  const scopes = grants.map(({ scope }) => scope);
  return scopes.includes(undefined) ? undefined : scopes.flatMap((scope) => scope ?? []);
}

/** Throws JT_FORBIDDEN when the viewer's role is below the one needed. */
export function checkRole(viewer: Viewer, needed: Role): void {
  if (ROLES.indexOf(viewer.role) >= ROLES.indexOf(needed)) return;
  throw createError('JT_FORBIDDEN', {
    problem: `it needs the role "${needed}", "${viewer.name}" has "${viewer.role}"`,
  });
}

/** Throws JT_FORBIDDEN for a viewer with a scope. */
export function checkSeesAll({ name, scope }: Viewer): void {
  if (scope === undefined) return;
  throw createError('JT_FORBIDDEN', { problem: `it is about all clusters, and "${name}" has a scope` });
}
