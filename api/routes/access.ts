// Routes for access: who the caller is, tokens, users and the audit trail. Only an administrator who sees all clusters
// can give access to others. A secret is in one answer and is not shown again. signin.ts has the routes for signing in.
import { ShownToken } from '../../core/documents/token.js';
import { ShownViewer } from '../../core/documents/viewer.js';
import { ROLES, ShownUser } from '../../core/documents/user.js';
import { toIso } from '../../core/time/iso.js';
import { readWord, createValues, type Route, type Schema, type Services } from '../http/route.js';
import { highestRole, type Viewer } from '../auth/roles.js';
import type { Access } from '../auth/access.js';
import { describeWho } from '../auth/audit.js';
import { describeLeft } from '../auth/tokens.js';
import { LEAST_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH } from '../auth/users.js';
import { MAX_GLOB_LENGTH, printGlob } from '../../core/text/glob.js';
import { AUDIT_LIST, NEW_TOKEN, TOKEN_LIST, USER_GONE, USER_LIST } from '../schemas/access.js';
import { ID, QUERIES } from '../schemas/queries.js';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 90;
const MAX_BYTES = 16_384;
const MAX_PATTERNS = 100;
/** Limits for password requests, because hashing a password takes 32 MiB for a moment. */
const PASSWORDS = { max: 4, maxPerViewer: 2 };

const SCOPE: Schema = {
  type: 'array',
  items: { type: 'string', minLength: 1, maxLength: MAX_GLOB_LENGTH },
  maxItems: MAX_PATTERNS,
  default: [],
  description: 'Patterns with * of clusters, job ids and job names, or team:NAME for those of a team; none = all.',
};
const NAME: Schema = { type: 'string', minLength: 1, maxLength: 100 };
const ROLE: Schema = { type: 'string', enum: ROLES };

function body(properties: Readonly<Record<string, Schema>>, required: readonly string[]): Route['body'] {
  const schema = { type: 'object', properties, required, additionalProperties: false };
  return { type: 'json', schema, maxBytes: MAX_BYTES };
}

export function createAccessRoutes(services: Services, access: Access): readonly Route[] {
  return [
    ...createTokenRoutes(services, access),
    ...createUserRoutes(services, access),
    {
      method: 'GET',
      path: '/api/v1/viewer',
      role: 'reader',
      tag: 'system',
      summary: 'Whose token was sent, and what it may see',
      query: QUERIES.none,
      answers: { 200: ShownViewer },
      handle: async ({ viewer }) => ({
        kind: 'json',
        body: { name: viewer.name, kind: viewer.kind, role: highestRole(viewer), scope: viewer.scope?.map(printGlob) },
      }),
    },
    {
      method: 'GET',
      path: '/api/v1/audit',
      role: 'admin',
      isOfAll: true,
      tag: 'access',
      summary: 'Who did what: changes and sign-ins, newest first',
      query: QUERIES.audit,
      answers: { 200: AUDIT_LIST },
      handle: async ({ query }) => ({
        kind: 'json',
        body: {
          entries: await access.audit.list({
            limit: query.number('limit') ?? 100,
            who: query.text('who'),
            what: query.text('what'),
          }),
        },
      }),
    },
  ];
}

function createTokenRoutes({ now, checkScope }: Services, access: Access): readonly Route[] {
  const shared = { role: 'admin', isOfAll: true, tag: 'access' } as const;
  return [
    {
      ...shared,
      method: 'GET',
      path: '/api/v1/tokens',
      summary: 'Tokens that were created here, including expired ones',
      description: 'Tokens of the settings (api.tokens) are not listed.',
      query: QUERIES.none,
      answers: { 200: TOKEN_LIST },
      handle: async () => ({ kind: 'json', body: { tokens: await access.tokens.list() } }),
    },
    {
      ...shared,
      method: 'POST',
      path: '/api/v1/tokens',
      summary: 'Make a token: its secret is in this answer alone',
      query: QUERIES.none,
      body: body(
        {
          name: NAME,
          role: ROLE,
          scope: SCOPE,
          days: {
            type: 'integer',
            minimum: 1,
            maximum: 3650,
            default: DEFAULT_DAYS,
            description: 'Valid for so long.',
          },
        },
        ['name', 'role'],
      ),
      answers: { 201: NEW_TOKEN },
      handle: async ({ body: given, viewer }) => {
        const values = createValues(given);
        const days = values.number('days') ?? DEFAULT_DAYS;
        checkScope(values.list('scope'));
        const made = await access.tokens.create(
          {
            name: values.text('name') ?? '',
            role: readWord(ROLES, values.text('role')) ?? 'reader',
            scope: values.list('scope'),
            expiresAt: toIso(now() + days * DAY_MS),
          },
          viewer.name,
        );
        await note(access, viewer, 'token.create', made.token.id, describeGrant(made.token));
        return { kind: 'json', status: 201, body: made };
      },
    },
    {
      ...shared,
      method: 'DELETE',
      path: '/api/v1/tokens/:id',
      summary: 'Revoke a token: from now on it is refused',
      params: ID,
      query: QUERIES.none,
      answers: { 200: ShownToken },
      handle: async ({ params, viewer }) => {
        const token = await access.tokens.revoke(params.text('id') ?? '', viewer.name);
        await note(access, viewer, 'token.revoke', token.id, token.name);
        return { kind: 'json', body: token };
      },
    },
  ];
}

function createUserRoutes({ checkScope }: Services, access: Access): readonly Route[] {
  const shared = { role: 'admin', isOfAll: true, tag: 'access' } as const;
  return [
    {
      ...shared,
      method: 'GET',
      path: '/api/v1/users',
      summary: 'Who can sign in with a password',
      query: QUERIES.none,
      answers: { 200: USER_LIST },
      handle: async () => ({ kind: 'json', body: { users: await access.users.list() } }),
    },
    {
      ...shared,
      method: 'POST',
      path: '/api/v1/users',
      summary: 'Create or update a user; existing sign-ins of the user end',
      query: QUERIES.none,
      body: body(
        {
          name: NAME,
          role: ROLE,
          scope: SCOPE,
          password: {
            type: 'string',
            minLength: LEAST_PASSWORD_LENGTH,
            maxLength: MAX_PASSWORD_LENGTH,
            writeOnly: true,
            description: 'Left out: the one that the user has.',
          },
        },
        ['name', 'role'],
      ),
      concurrency: PASSWORDS,
      answers: { 200: ShownUser },
      handle: async ({ body: given, viewer }) => {
        const values = createValues(given);
        checkScope(values.list('scope'));
        const user = await access.users.save({
          name: values.text('name') ?? '',
          role: readWord(ROLES, values.text('role')) ?? 'reader',
          scope: values.list('scope'),
          password: values.text('password'),
        });
        await note(access, viewer, 'user.save', user.name, describeGrant(user));
        return { kind: 'json', body: user };
      },
    },
    {
      ...shared,
      method: 'DELETE',
      path: '/api/v1/users/:id',
      summary: 'Remove a user and end its sign-ins; returns the tokens that it created',
      params: ID,
      query: QUERIES.none,
      answers: { 200: USER_GONE },
      handle: async ({ params, viewer }) => {
        const name = params.text('id') ?? '';
        await access.users.remove(name);
        const tokens = await access.tokens.listMadeBy(name);
        await note(access, viewer, 'user.remove', name, describeLeft(tokens));
        return { kind: 'json', body: { done: true, tokens } };
      },
    },
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
