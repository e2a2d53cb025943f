// Routes for access: who the caller is, tokens, users and the audit trail. Only an administrator who sees all clusters
// can give access to others. A secret is in one answer and is not shown again. signin.ts has the routes for signing in.
import { toIso } from '../../core/time/iso.js';
import { route, type Route, type Services } from '../http/route.js';
import { highestRole, type Viewer } from '../auth/roles.js';
import type { Access } from '../auth/access.js';
import { describeWho } from '../auth/audit.js';
import { describeLeft } from '../auth/tokens.js';
import { printGlob } from '../../core/text/glob.js';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 90;
const MAX_BYTES = 16_384;
/** Limits for password requests, because hashing a password takes 32 MiB for a moment. */
const PASSWORDS = { max: 4, maxPerViewer: 2 };

export function createAccessRoutes(services: Services, access: Access): readonly Route[] {
  return [
    ...createTokenRoutes(services, access),
    ...createUserRoutes(services, access),
    route({
      at: 'GET /api/v1/viewer',
      role: 'reader',
      tag: 'system',
      summary: 'Whose token was sent, and what it may see',
      handle: async ({ viewer }) => ({
        kind: 'json',
        body: { name: viewer.name, kind: viewer.kind, role: highestRole(viewer), scope: viewer.scope?.map(printGlob) },
      }),
    }),
    route({
      at: 'GET /api/v1/audit',
      role: 'admin',
      isOfAll: true,
      tag: 'access',
      summary: 'Who did what: changes and sign-ins, newest first',
      handle: async ({ query }) => ({
        kind: 'json',
        body: {
          entries: await access.audit.list({
            limit: query.limit ?? 100,
            who: query.who,
            what: query.what,
          }),
        },
      }),
    }),
  ];
}

function createTokenRoutes({ now, checkScope }: Services, access: Access): readonly Route[] {
  const shared = { role: 'admin', isOfAll: true, tag: 'access' } as const;
  return [
    route({
      ...shared,
      at: 'GET /api/v1/tokens',
      summary: 'Tokens that were created here, including expired ones',
      description: 'Tokens of the settings (api.tokens) are not listed.',
      handle: async () => ({ kind: 'json', body: { tokens: await access.tokens.list() } }),
    }),
    route({
      ...shared,
      at: 'POST /api/v1/tokens',
      summary: 'Make a token: its secret is in this answer alone',
      maxBytes: MAX_BYTES,
      handle: async ({ body: { name, role, scope = [], days = DEFAULT_DAYS }, viewer }) => {
        checkScope(scope);
        const expiresAt = toIso(now() + days * DAY_MS);
        const made = await access.tokens.create({ name, role, scope, expiresAt }, viewer.name);
        await note(access, viewer, 'token.create', made.token.id, describeGrant(made.token));
        return { kind: 'json', status: 201, body: made };
      },
    }),
    route({
      ...shared,
      at: 'DELETE /api/v1/tokens/:id',
      summary: 'Revoke a token: from now on it is refused',
      handle: async ({ params, viewer }) => {
        const token = await access.tokens.revoke(params.id, viewer.name);
        await note(access, viewer, 'token.revoke', token.id, token.name);
        return { kind: 'json', body: token };
      },
    }),
  ];
}

function createUserRoutes({ checkScope }: Services, access: Access): readonly Route[] {
  const shared = { role: 'admin', isOfAll: true, tag: 'access' } as const;
  return [
    route({
      ...shared,
      at: 'GET /api/v1/users',
      summary: 'Who can sign in with a password',
      handle: async () => ({ kind: 'json', body: { users: await access.users.list() } }),
    }),
    route({
      ...shared,
      at: 'POST /api/v1/users',
      summary: 'Create or update a user; existing sign-ins of the user end',
      maxBytes: MAX_BYTES,
      concurrency: PASSWORDS,
      handle: async ({ body: { scope = [], ...given }, viewer }) => {
        checkScope(scope);
        const user = await access.users.save({ ...given, scope });
        await note(access, viewer, 'user.save', user.name, describeGrant(user));
        return { kind: 'json', body: user };
      },
    }),
    route({
      ...shared,
      at: 'DELETE /api/v1/users/:id',
      summary: 'Remove a user and end its sign-ins; returns the tokens that it created',
      handle: async ({ params, viewer }) => {
        const name = params.id;
        await access.users.remove(name);
        const tokens = await access.tokens.listMadeBy(name);
        await note(access, viewer, 'user.remove', name, describeLeft(tokens));
        return { kind: 'json', body: { done: true as const, tokens } };
      },
    }),
  ];
}

function note(access: Access, viewer: Viewer, what: string, about: string, detail?: string): Promise<void> {
  return access.audit.note({ ...describeWho(viewer), what, about, detail });
}

function describeGrant({
  name,
  role,
  scope,
}: {
  readonly name: string;
  readonly role: string;
  readonly scope: readonly string[];
}): string {
  return `${name}: ${role}, ${scope.length === 0 ? 'all clusters' : scope.join(' ')}`;
}
