// Who may call what. In: the Authorization header and the tokens of the settings. Out: the viewer (role and
// scope), or JT_UNAUTHORIZED / JT_FORBIDDEN. Without tokens only a loopback address may be served, and then
// everything is open to whoever sits at this machine. Pure but for hashing; server.ts calls it once a request.
import { createHash, timingSafeEqual } from 'node:crypto';
import { createError } from '../core/errors.js';
import { parseGlob } from '../core/text/glob.js';
import type { TeamScope } from '../store/scope.js';

export type Role = 'reader' | 'author' | 'admin';

export interface Token {
  readonly name: string;
  readonly token: string;
  readonly role: Role;
  /** Job and cluster patterns with `*`; empty = all. */
  readonly scope: readonly string[];
}

export interface Viewer {
  readonly name: string;
  readonly role: Role;
  /** Undefined = sees everything. */
  readonly scope: TeamScope;
}

const RANK: Readonly<Record<Role, number>> = { reader: 0, author: 1, admin: 2 };
const LOCAL_VIEWER: Viewer = { name: 'local', role: 'admin', scope: undefined };

/** Refuses to serve others without tokens: JT_CONFIG_INVALID. */
export function checkExposure(host: string, tokens: readonly Token[]): void {
  if (tokens.length > 0 || isLoopback(host)) return;
  throw createError('JT_CONFIG_INVALID', {
    problems: `  api.listen is "${host}", which other machines can reach, but api.tokens is empty, so anybody could read the logs. Set at least one token, or listen on 127.0.0.1.`,
  });
}

export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  return bare === 'localhost' || bare === '::1' || /^127(?:\.\d{1,3}){3}$/.test(bare);
}

/** The viewer behind an Authorization header. Throws JT_UNAUTHORIZED. */
export function findViewer(authorization: string | undefined, tokens: readonly Token[]): Viewer {
  if (tokens.length === 0) return LOCAL_VIEWER;
  if (authorization === undefined) throw createError('JT_UNAUTHORIZED', { problem: '' });
  const given = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  if (given === undefined) throw createError('JT_UNAUTHORIZED', { problem: ', in the form "Bearer TOKEN"' });
  // Every token is compared, whichever fits, so that the time tells nothing.
  const fitting = tokens.filter((token) => isSameSecret(given, token.token))[0];
  if (fitting === undefined)
    throw createError('JT_UNAUTHORIZED', { problem: ', and the one that was sent is not known' });
  const scope = fitting.scope.length === 0 ? undefined : fitting.scope.map(parseGlob);
  return { name: fitting.name, role: fitting.role, scope };
}

/** Throws JT_FORBIDDEN when the viewer's role is below the one needed. */
export function checkRole(viewer: Viewer, needed: Role): void {
  if (RANK[viewer.role] >= RANK[needed]) return;
  throw createError('JT_FORBIDDEN', {
    problem: `it needs the role "${needed}", the token "${viewer.name}" has "${viewer.role}"`,
  });
}

/** Throws JT_FORBIDDEN for a viewer with a scope. */
export function checkSeesAll({ name, scope }: Viewer): void {
  if (scope === undefined) return;
  throw createError('JT_FORBIDDEN', { problem: `it is about all clusters, and "${name}" has a scope` });
}

function isSameSecret(left: string, right: string): boolean {
  return timingSafeEqual(createHash('sha256').update(left).digest(), createHash('sha256').update(right).digest());
}
