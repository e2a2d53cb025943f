// Routes about access: signing in and out, tokens, users, and who did what. Only who is an administrator, and sees all
// clusters, gives access to others; a secret is in one answer and never again.
import { createError, JobtraceError } from '../../core/errors.js';
import { readWord, createValues, type Answer, type Request, type Route, type Schema, type Services } from '../route.js';
import { ROLES, type Viewer } from '../auth.js';
import { readCookie, type Access } from '../access/access.js';
import type { Provider } from '../access/provider.js';
import { LEAST_PASSWORD_LENGTH, MOST_PASSWORD_LENGTH } from '../access/users.js';
import { MAX_GLOB_LENGTH } from '../../core/text/glob.js';
import { ACCESS, AUDIT_LIST, DONE, NEW_TOKEN, TOKEN, TOKEN_LIST, USER, USER_LIST, VIEWER } from '../schemas/access.js';
import { ID, QUERIES } from '../schemas/queries.js';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 90;
const MOST_BYTES = 16_384;
const MOST_PATTERNS = 100;
/** Each takes 32 MiB for a moment. */
const SIGN_INS = { most: 4, mostOfViewer: 4 };

const SCOPE: Schema = {
  type: 'array',
  items: { type: 'string', minLength: 1, maxLength: MAX_GLOB_LENGTH },
  maxItems: MOST_PATTERNS,
  default: [],
  description: 'Patterns with * of clusters, job ids and job names; none = all.',
};
const NAME: Schema = { type: 'string', minLength: 1, maxLength: 100 };
const ROLE: Schema = { type: 'string', enum: ROLES };

function body(properties: Readonly<Record<string, Schema>>, required: readonly string[]): Route['body'] {
  const schema = { type: 'object', properties, required, additionalProperties: false };
  return { type: 'json', schema, maxBytes: MOST_BYTES };
}

export function createAccessRoutes(
  services: Services,
  access: Access,
  provider: Provider | undefined,
): readonly Route[] {
  return [
    ...createSignInRoutes(access, provider),
    ...createProviderRoutes(access, provider),
    ...createTokenRoutes(services, access),
    ...createUserRoutes(access),
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

function createSignInRoutes(access: Access, provider: Provider | undefined): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/access',
      role: undefined,
      tag: 'access',
      summary: 'How one signs in here',
      query: QUERIES.none,
      answers: { 200: ACCESS },
      handle: async () => ({
        kind: 'json',
        body: { open: await access.isOpen(), users: await access.users.hasAny(), provider: provider?.name },
      }),
    },
    {
      method: 'POST',
      path: '/api/v1/session',
      role: undefined,
      tag: 'access',
      summary: 'Sign in with a name and a password: sets a cookie',
      query: QUERIES.none,
      body: body({ name: NAME, password: { type: 'string', minLength: 1, maxLength: MOST_PASSWORD_LENGTH } }, [
        'name',
        'password',
      ]),
      crowd: SIGN_INS,
      refusals: [401],
      answers: { 200: VIEWER },
      handle: (request) => signIn(access, request),
    },
    {
      method: 'DELETE',
      path: '/api/v1/session',
      role: undefined,
      tag: 'access',
      summary: 'Sign out: the sign-in of the cookie is over',
      query: QUERIES.none,
      answers: { 200: DONE },
      handle: (request) => signOut(access, request),
    },
  ];
}

async function signIn(access: Access, request: Request): Promise<Answer> {
  const given = createValues(request.body);
  const name = given.text('name') ?? '';
  const user = await access.users.check(name, given.text('password') ?? '');
  if (user === undefined) {
    await access.audit.note({ who: name, by: 'nobody', what: 'sign-in.refused' });
    throw createError('JT_SIGNIN_WRONG', {});
  }
  const { role, scope } = user;
  const id = await access.sessions.start({ name, of: 'user', role, scope });
  await access.audit.note({ who: name, by: 'user', what: 'sign-in' });
  return {
    kind: 'json',
    headers: { 'set-cookie': access.writeSession(id) },
    body: { name, kind: 'user', role, ...(scope.length === 0 ? {} : { scope }) },
  };
}

async function signOut(access: Access, request: Request): Promise<Answer> {
  const id = access.readSession(request.header('cookie'));
  const session = id === undefined ? undefined : await access.sessions.find(id);
  if (id !== undefined && session !== undefined) {
    await access.sessions.end(id);
    await access.audit.note({ who: session.name, by: 'user', what: 'sign-out' });
  }
  return { kind: 'json', headers: { 'set-cookie': access.writeSession(undefined) }, body: { done: true } };
}

const KEPT = 'jobtrace-oidc';
/** As long as it takes to sign in somewhere else. The provider sends the browser back from another site: not Strict. */
const KEPT_COOKIE = 'Path=/api/v1/oidc; HttpOnly; SameSite=Lax; Max-Age=600';
const ROOM = '/incidents';
/** What a provider may say of how it went (RFC 6749, RFC 9207). */
const ANSWER = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri', 'session_state'];

function createProviderRoutes(access: Access, provider: Provider | undefined): readonly Route[] {
  if (provider === undefined) return [];
  const shared = { method: 'GET', role: undefined, tag: 'access', answers: { 303: {} } } as const;
  return [
    {
      ...shared,
      path: '/api/v1/oidc/start',
      summary: 'Sign in at the provider: sends the browser there',
      query: QUERIES.none,
      crowd: { most: 64, mostOfViewer: 64 },
      refusals: [502],
      handle: async () => {
        const { location, kept } = await provider.begin();
        return { kind: 'redirect', location, headers: { 'set-cookie': `${KEPT}=${kept}; ${KEPT_COOKIE}` } };
      },
    },
    {
      ...shared,
      path: '/api/v1/oidc/callback',
      summary: 'Where the provider sends the browser back to: signs in and shows the page',
      query: {
        type: 'object',
        properties: Object.fromEntries(ANSWER.map((name) => [name, { type: 'string', maxLength: 4000 }])),
      },
      crowd: { most: 64, mostOfViewer: 64 },
      handle: (request) => returnFromProvider(access, provider, request),
    },
  ];
}

/** A person stands at the page, not at an answer in JSON: what went wrong is said there. */
async function returnFromProvider(access: Access, provider: Provider, request: Request): Promise<Answer> {
  const answer = new URLSearchParams();
  for (const name of ANSWER) {
    const value = request.query.text(name);
    if (value !== undefined) answer.set(name, value);
  }
  try {
    const person = await provider.finish(answer, readCookie(request.header('cookie'), KEPT));
    const id = await access.sessions.start({ ...person, of: 'provider' });
    await access.audit.note({ who: person.name, by: 'user', what: 'sign-in', detail: provider.name });
    return { kind: 'redirect', location: ROOM, headers: { 'set-cookie': access.writeSession(id) } };
  } catch (error) {
    if (!(error instanceof JobtraceError)) throw error;
    await access.audit.note({ who: 'somebody', by: 'nobody', what: 'sign-in.refused', detail: error.message });
    return { kind: 'redirect', location: `${ROOM}?signin=${error.code === 'JT_FORBIDDEN' ? 'refused' : 'failed'}` };
  }
}

function createTokenRoutes({ now }: Services, access: Access): readonly Route[] {
  const shared = { role: 'admin', isOfAll: true, tag: 'access' } as const;
  return [
    {
      ...shared,
      method: 'GET',
      path: '/api/v1/tokens',
      summary: 'Tokens that were made here, also those that are no more valid',
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
        const made = await access.tokens.create(
          {
            name: values.text('name') ?? '',
            role: readWord(ROLES, values.text('role')) ?? 'reader',
            scope: values.list('scope'),
            expiresAt: new Date(now() + days * DAY_MS).toISOString(),
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
      answers: { 200: TOKEN },
      handle: async ({ params, viewer }) => {
        const token = await access.tokens.revoke(params.text('id') ?? '', viewer.name);
        await note(access, viewer, 'token.revoke', token.id, token.name);
        return { kind: 'json', body: token };
      },
    },
  ];
}

function createUserRoutes(access: Access): readonly Route[] {
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
      summary: 'Make a user, or give another role, scope or password: sign-ins of before are over',
      query: QUERIES.none,
      body: body(
        {
          name: NAME,
          role: ROLE,
          scope: SCOPE,
          password: {
            type: 'string',
            minLength: LEAST_PASSWORD_LENGTH,
            maxLength: MOST_PASSWORD_LENGTH,
            writeOnly: true,
            description: 'Left out: the one that the user has.',
          },
        },
        ['name', 'role'],
      ),
      crowd: SIGN_INS,
      answers: { 200: USER },
      handle: async ({ body: given, viewer }) => {
        const values = createValues(given);
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
      summary: 'Remove a user, by name: it can no more sign in, and is signed out',
      params: ID,
      query: QUERIES.none,
      answers: { 200: DONE },
      handle: async ({ params, viewer }) => {
        const name = params.text('id') ?? '';
        await access.users.remove(name);
        await note(access, viewer, 'user.remove', name);
        return { kind: 'json', body: { done: true } };
      },
    },
  ];
}

function note(access: Access, { name, kind }: Viewer, what: string, about: string, detail?: string): Promise<void> {
  return access.audit.note({ who: name, by: kind, what, about, detail });
}

export function describeGrant({
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
