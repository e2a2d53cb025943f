// Routes for signing in and out, with a password or at a provider (OpenID Connect), and for listing sign-ins. Limits by
// address bound what a client without access can cause, and never lock out others.
import { createCheck } from '../../core/document.js';
import { object, text } from '../../core/documents/schema.js';
import type { ShownViewer } from '../../core/documents/viewer.js';
import type { StoredSession } from '../../core/documents/session.js';
import { createError, JobtraceError } from '../../core/errors.js';
import type { Access } from '../auth/access.js';
import { describeWho } from '../auth/audit.js';
import type { ThrottleKeys } from '../auth/sign-in-throttle.js';
import type { Provider } from '../auth/provider.js';
import { idOf, type SessionQuery } from '../auth/sessions.js';
import { makeId } from '../auth/secret.js';
import type { Viewer } from '../auth/roles.js';
import { route, type Answer, type AnswerTo, type Request, type Route } from '../http/route.js';
import { PROVIDER_PARAMETERS } from '../schemas/access.js';

const MAX_BYTES = 16_384;
/** Limits for sign-ins with a password, because hashing a password takes 32 MiB for a moment. */
const SIGN_INS = { max: 4, maxPerViewer: 2 };
const VISITS = { max: 64, maxPerViewer: 16 };
const DAY_MS = 86_400_000;
/** Time, in milliseconds, that a browser counts as one that has signed in before. */
const DEVICE_MS = 365 * DAY_MS;
/** Longest time, in milliseconds, for a sign-in at the provider. */
const VISIT_MS = 600_000;
const ROOM = '/incidents';

export interface SignInOptions {
  readonly access: Access;
  readonly provider: Provider | undefined;
  readonly sessionMs: number;
  /** Lifetime of a sign-in at the provider, in milliseconds. */
  readonly providedMs: number;
}

export function createSignInRoutes(options: SignInOptions): readonly Route[] {
  const { access, provider } = options;
  return [
    route({
      at: 'GET /api/v1/access',
      role: undefined,
      tag: 'access',
      summary: 'How one signs in here',
      handle: async () => ({
        kind: 'json',
        body: { open: await access.isOpen(), users: await access.users.hasAny(), provider: provider?.name },
      }),
    }),
    route({
      at: 'POST /api/v1/session',
      role: undefined,
      tag: 'access',
      summary: 'Sign in with a name and a password: sets a cookie',
      maxBytes: MAX_BYTES,
      concurrency: SIGN_INS,
      refusals: [401],
      handle: (request) => signIn(options, request),
    }),
    route({
      at: 'DELETE /api/v1/session',
      role: undefined,
      tag: 'access',
      summary: 'Sign out: the sign-in of the cookie is over; says where one signs out at the provider as well',
      handle: (request) => signOut(options, request),
    }),
    ...createProviderRoutes(options),
    ...createSessionRoutes(access),
  ];
}

async function signIn(
  { access, sessionMs }: SignInOptions,
  request: Request<'POST /api/v1/session'>,
): Promise<Answer<ShownViewer>> {
  const { name, password } = request.body;
  const device = await findDevice(access, name, request);
  const { address } = request;
  const keys: ThrottleKeys = device === undefined ? { pair: `${address} ${name}`, address, name } : { device };
  const refuse = async (error: unknown): Promise<never> => {
    await access.audit.refuse({ who: name, address });
    throw error;
  };
  await access.throttle.check(keys).catch(refuse);
  const user = await access.users.check(name, password);
  if (user === undefined) {
    await access.throttle.recordFailure(keys);
    return refuse(createError('JT_SIGNIN_WRONG', {}));
  }
  // The counter of the address stays, because somebody with an own account could otherwise reset it and try other names
  // without limit.
  await access.throttle.recordSuccess({ ...keys, address: undefined });
  const secret = await access.sessions.start({ name, of: 'user', address, agent: request.header('user-agent') });
  await access.audit.note({ who: name, by: 'user', what: 'sign-in', address });
  const { role, scope } = user;
  const known = await access.seal.close('device', JSON.stringify({ name, id: device ?? makeId() }));
  return {
    kind: 'json',
    headers: {
      'set-cookie': [
        access.cookies.write('session', secret, sessionMs),
        access.cookies.write('device', known, DEVICE_MS),
      ],
    },
    body: { name, kind: 'user', role, ...(scope.length === 0 ? {} : { scope }) },
  };
}

const isDevice = createCheck(object({ name: text, id: text }));

/** Returns the id of the browser if this name has signed in there before. */
async function findDevice({ seal, cookies }: Access, name: string, request: Request): Promise<string | undefined> {
  const known = await seal.open('device', cookies.read('device', request.header('cookie')), DEVICE_MS);
  const device: unknown = known === undefined ? undefined : JSON.parse(known);
  return isDevice(device) && device.name === name ? device.id : undefined;
}

async function signOut(
  { access, provider }: SignInOptions,
  request: Request,
): Promise<AnswerTo<'DELETE /api/v1/session'>> {
  const { cookies, sessions, audit } = access;
  const secret = cookies.read('session', request.header('cookie'));
  const session = secret === undefined ? undefined : await sessions.find(secret);
  if (secret !== undefined && session !== undefined) {
    await sessions.end(secret);
    await audit.note({ who: session.name, by: session.of, what: 'sign-out' });
  }
  const location = session?.of === 'provider' ? await provider?.findEnd() : undefined;
  return {
    kind: 'json',
    headers: { 'set-cookie': cookies.write('session', undefined) },
    body: { done: true, location },
  };
}

function createProviderRoutes(options: SignInOptions): readonly Route[] {
  const { access, provider } = options;
  if (provider === undefined) return [];
  const shared = { role: undefined, tag: 'access', concurrency: VISITS } as const;
  return [
    route({
      ...shared,
      at: 'GET /api/v1/oidc/start',
      summary: 'Sign in at the provider: sends the browser there',
      refusals: [502],
      handle: async () => {
        const { location, kept } = await provider.begin();
        const sealed = await access.seal.close('oidc', kept);
        return {
          kind: 'redirect',
          location,
          headers: { 'set-cookie': access.cookies.write('oidc', sealed, VISIT_MS) },
        };
      },
    }),
    route({
      ...shared,
      at: 'GET /api/v1/oidc/callback',
      summary: 'Where the provider sends the browser back to: signs in and shows the page',
      handle: (request) => returnFromProvider(options, provider, request),
    }),
  ];
}

/**
 * Handles the redirect from the provider. It always redirects to the page, which also shows errors, because a person
 * waits there.
 */
async function returnFromProvider(
  { access, providedMs }: SignInOptions,
  provider: Provider,
  request: Request<'GET /api/v1/oidc/callback'>,
): Promise<Answer> {
  const { cookies, seal, sessions, audit } = access;
  const { address } = request;
  const kept = await seal.open('oidc', cookies.read('oidc', request.header('cookie')), VISIT_MS);
  // A request without the cookie of a started sign-in has no effect and gets no audit entry.
  if (kept === undefined) return { kind: 'redirect', location: `${ROOM}?signin=failed` };
  const answer = new URLSearchParams();
  for (const name of PROVIDER_PARAMETERS) {
    const value = request.query[name];
    if (value !== undefined) answer.set(name, value);
  }
  const forget = cookies.write('oidc', undefined);
  try {
    const { name, ...provided } = await provider.finish(answer, kept);
    const agent = request.header('user-agent');
    const secret = await sessions.start({ name, of: 'provider', provided, address, agent, lastsMs: providedMs });
    await audit.note({ who: name, by: 'provider', what: 'sign-in', detail: provider.name, address });
    const keep = cookies.write('session', secret, providedMs);
    return { kind: 'redirect', location: ROOM, headers: { 'set-cookie': [keep, forget] } };
  } catch (error) {
    if (!(error instanceof JobtraceError)) throw error;
    await audit.refuse({ who: 'somebody', address, detail: error.message });
    const reason = error.code === 'JT_FORBIDDEN' ? 'refused' : 'failed';
    return { kind: 'redirect', location: `${ROOM}?signin=${reason}`, headers: { 'set-cookie': forget } };
  }
}

function createSessionRoutes(access: Access): readonly Route[] {
  const shared = { role: 'reader', tag: 'access' } as const;
  return [
    route({
      ...shared,
      at: 'GET /api/v1/sessions',
      summary: 'Who is signed in: all of them to administrators who see all clusters, to others their own',
      handle: async (request) => {
        const asking = await findOwn(access, request);
        const visible = limitToOwn(request.viewer, asking, { name: request.query.name });
        const found = visible === undefined ? [] : await access.sessions.list(visible);
        return { kind: 'json', body: { sessions: found.map((session) => flagOwn(session, asking)) } };
      },
    }),
    route({
      ...shared,
      at: 'DELETE /api/v1/sessions',
      summary: 'End all sign-ins of a name; without a name, all of your own',
      handle: async (request) => {
        const asking = await findOwn(access, request);
        const { name } = request.query;
        const query = name === undefined ? asking && { like: asking } : limitToOwn(request.viewer, asking, { name });
        return endSessions(access, request, { asking, query });
      },
    }),
    route({
      ...shared,
      at: 'DELETE /api/v1/sessions/:id',
      summary: 'End a sign-in: from now on its cookie is refused',
      handle: async (request) => {
        const { id } = request.params;
        const asking = await findOwn(access, request);
        return endSessions(access, request, { asking, query: limitToOwn(request.viewer, asking, { id }), id });
      },
    }),
  ];
}

async function findOwn({ cookies, sessions }: Access, request: Request): Promise<StoredSession | undefined> {
  if (request.viewer.kind !== 'user') return undefined;
  const secret = cookies.read('session', request.header('cookie'));
  return secret === undefined ? undefined : sessions.find(secret);
}

/**
 * Limits the query to the viewer's own sign-ins, unless the viewer is an administrator who sees all clusters. Returns
 * undefined if the viewer has no sign-in.
 */
function limitToOwn(
  { role, scope }: Viewer,
  asking: StoredSession | undefined,
  query: SessionQuery,
): SessionQuery | undefined {
  if (role === 'admin' && scope === undefined) return query;
  return asking && { ...query, like: asking };
}

function flagOwn<Session extends { readonly id: string }>(session: Session, asking: StoredSession | undefined) {
  return { ...session, own: asking !== undefined && session.id === idOf(asking) };
}

async function endSessions(
  { sessions, audit }: Access,
  { viewer }: Request,
  {
    asking,
    query,
    id,
  }: {
    readonly asking: StoredSession | undefined;
    readonly query: SessionQuery | undefined;
    readonly id?: string;
  },
): Promise<AnswerTo<'DELETE /api/v1/sessions'>> {
  const ended = query === undefined ? [] : await sessions.endAll(query);
  if (id !== undefined && ended.length === 0) throw createError('JT_NOT_FOUND', { what: `The sign-in "${id}"` });
  for (const name of new Set(ended.map((session) => session.name)))
    await audit.note({
      ...describeWho(viewer),
      what: 'session.end',
      about: name,
      detail: `${ended.filter((session) => session.name === name).length} ended`,
    });
  return { kind: 'json', body: { ended: ended.map((session) => flagOwn(session, asking)) } };
}
