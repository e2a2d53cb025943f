// Who may do what: roles, one above the other, and a scope of jobs and clusters. Pure; who a request comes from is
// found out in access/, and server.ts asks both for each request.
import { createError } from '../core/errors.js';
import { parseGlob } from '../core/text/glob.js';
import type { TeamScope } from '../store/scope.js';

/** What each may do more than the one before it. */
export const ROLES = ['reader', 'author', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export function isWord<Word extends string>(words: readonly Word[], value: unknown): value is Word {
  return words.some((word) => word === value);
}

export interface Viewer {
  readonly name: string;
  /** By what we know who it is: a token, a sign-in, or that it is whoever sits at this machine. */
  readonly kind: 'token' | 'user' | 'local' | 'nobody';
  readonly role: Role;
  /** Undefined = sees everything. */
  readonly scope: TeamScope;
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

/** Empty = sees everything. */
export function readScope(patterns: readonly string[]): TeamScope {
  return patterns.length === 0 ? undefined : patterns.map(parseGlob);
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
