// Defines permissions: roles, each of which includes the one before it, and a scope of jobs and clusters. Pure
// functions. The folder access/ identifies the sender of a request, and server.ts applies both to each request.
import { ShownViewer } from '../../core/documents/viewer.js';
import { type Role, ROLES } from '../../core/documents/user.js';
import { expandScope, type Teams } from '../../core/config/teams.js';
import { createError } from '../../core/errors.js';
import { parseGlob } from '../../core/text/glob.js';
import type { TeamScope } from '../../store/scope.js';

/** Permissions: a role and the jobs and clusters for which it holds. */
export interface Grant {
  readonly role: Role;
  /** Visible jobs and clusters; undefined means all. */
  readonly scope: TeamScope;
}

export interface Viewer extends Grant {
  readonly name: string;
  /** Way of identification: a token, a sign-in, or being the local user of this machine. */
  readonly kind: ShownViewer['kind'];
  /**
   * Grants of a person in several groups. `role` is then the highest of their roles, and `scope` the union of their
   * scopes.
   */
  readonly grants?: readonly Grant[];
  /** True for a user of the provider, because a local user may have the same name. */
  readonly isProvided?: true;
}

/** Viewer for the local user, while no access has been configured. */
export const LOCAL_VIEWER: Viewer = { name: 'local', kind: 'local', role: 'admin', scope: undefined };
/** Viewer of a route that needs no authentication. */
export const ANONYMOUS: Viewer = { name: 'anybody', kind: 'nobody', role: 'reader', scope: [] };

export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  return name === 'localhost' || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name);
}

/** Returns the token of an Authorization header; undefined without a header. Throws JT_UNAUTHORIZED. */
export function readBearer(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  const given = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  if (given === undefined) throw createError('JT_UNAUTHORIZED', { problem: ' in the form "Bearer TOKEN"' });
  return given;
}

/**
 * Converts the patterns of a scope; an empty list means all. `team:NAME` stands for the patterns of a team; a team that
 * no longer exists matches nothing.
 */
export function readScope(patterns: readonly string[], teams: Teams): TeamScope {
  return patterns.length === 0 ? undefined : expandScope(patterns, teams).map(parseGlob);
}

/** Joins several grants to one viewer. A person who may write in one team and read in another sees both teams. */
export function joinGrants(grants: readonly Grant[]): Pick<Viewer, 'role' | 'scope' | 'grants'> {
  const [highest] = [...grants].sort((a, b) => ROLES.indexOf(b.role) - ROLES.indexOf(a.role));
  if (highest === undefined) throw new Error('Somebody without a grant is no viewer.');
  return { role: highest.role, scope: joinScopes(grants), ...(grants.length > 1 && { grants }) };
}

/**
 * Narrows a viewer to a route that needs a role. The result has only the scopes of the grants with that role, and the
 * lowest of their roles, so that a role in one team does not count in another.
 */
export function narrowViewer(viewer: Viewer, needed: Role): Viewer {
  const fitting = (viewer.grants ?? []).filter(({ role }) => ROLES.indexOf(role) >= ROLES.indexOf(needed));
  const [lowest] = [...fitting].sort((a, b) => ROLES.indexOf(a.role) - ROLES.indexOf(b.role));
  return lowest === undefined ? viewer : { ...viewer, role: lowest.role, scope: joinScopes(fitting) };
}

/** Returns the highest role of a viewer in any scope. */
export function highestRole({ role, grants = [] }: Viewer): Role {
  return [role, ...grants.map((grant) => grant.role)].reduce((best, other) =>
    ROLES.indexOf(other) > ROLES.indexOf(best) ? other : best,
  );
}

function joinScopes(grants: readonly Grant[]): TeamScope {
  const scopes = grants.map(({ scope }) => scope);
  return scopes.includes(undefined) ? undefined : scopes.flatMap((scope) => scope ?? []);
}

/** Throws JT_FORBIDDEN if the viewer's role is below the required one. */
export function checkRole(viewer: Viewer, needed: Role): void {
  if (ROLES.indexOf(viewer.role) >= ROLES.indexOf(needed)) return;
  throw createError('JT_FORBIDDEN', {
    problem: `it needs the role "${needed}", "${viewer.name}" has "${viewer.role}"`,
  });
}

/** Throws JT_FORBIDDEN if the viewer has a scope. */
export function checkSeesAll({ name, scope }: Viewer): void {
  if (scope === undefined) return;
  throw createError('JT_FORBIDDEN', { problem: `it is about all clusters, and "${name}" has a scope` });
}
