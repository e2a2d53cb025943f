// Serves one route over HTTP: authenticates the request, checks its origin, role and limits, reads its body and query,
// gives the handler the store as the viewer may see it, writes the audit log and sends the answer. A live stream ends
// when its viewer has no access any more.
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createError, JobtraceError } from '../core/errors.js';
import { textAt } from '../core/json.js';
import { limitSearches } from '../store/caller.js';
import { scopeStore, type ReadableStore } from '../store/scope.js';
import type { Access } from './auth/access.js';
import { groupAddress } from './auth/address.js';
import { describeWho } from './auth/audit.js';
import { ANONYMOUS, checkRole, checkSeesAll, narrowViewer, type Viewer } from './auth/roles.js';
import { describeRoute } from './document.js';
import { DEFAULT_BODY_BYTES, readBytes, refuseEncoding } from './http/body.js';
import { createConcurrencyLimiter } from './http/concurrency.js';
import { checkSameOrigin, checkSignInOrigin } from './http/origin.js';
import type { BodyBudget } from './http/pace.js';
import { convertQuery, omitBlank } from './http/request.js';
import type { Answer, Request, Route } from './http/route.js';
import { ADDRESSES, type Exchange } from './schemas/addresses.js';

export interface Serving {
  readonly store: ReadableStore;
  readonly access: Access;
  readonly settings: {
    /** Public address of the page. */
    readonly publicUrl?: string;
    /** Interval, in milliseconds, in which a live stream checks that its viewer still has access. */
    readonly liveRecheckMs?: number;
    /** Time limit of a search, in milliseconds. */
    readonly searchMs?: number;
  };
  /** Aborts the requests that are being answered. */
  readonly live: Set<AbortController>;
  readonly bodies: BodyBudget;
}

const RECHECK_MS = 5000;
const SEARCH_MS = 10_000;

/**
 * Returns the name of a caller for limits. Callers of different kinds with the same name are two callers; a caller
 * without a name is counted by address.
 */
function nameCaller({ kind, name }: Viewer, request: FastifyRequest): string {
  return kind === 'nobody' ? groupAddress(request.ip) : `${kind} ${name}`;
}

export function registerRoute(app: FastifyInstance, route: Route, serving: Serving): void {
  const { store, access, settings, live } = serving;
  const concurrency = route.concurrency === undefined ? undefined : createConcurrencyLimiter(route.concurrency);
  const viewers = new WeakMap<FastifyRequest, Viewer>();
  const limitMs = settings.searchMs ?? SEARCH_MS;
  const callerOf = (request: FastifyRequest): string => nameCaller(viewers.get(request) ?? ANONYMOUS, request);
  const [method = '', url = ''] = route.at.split(' ');
  const { query, body, bytes }: Exchange = ADDRESSES[route.at];
  const bodyLimit = route.maxBytes ?? DEFAULT_BODY_BYTES;
  app.route({
    method,
    url,
    schema: describeRoute(route),
    bodyLimit,
    // Requests without permission are rejected before the body is read.
    onRequest: async (request) => {
      const viewer = await authorize(request, route, serving);
      viewers.set(request, viewer);
      if (body !== undefined) refuseEncoding(readEncoding(request));
    },
    preParsing: async (request, _reply, payload) =>
      (body ?? bytes) === undefined ? payload : serving.bodies.meter(payload, callerOf(request)),
    preValidation: async (request, reply) => {
      const leave = concurrency?.acquire(callerOf(request), route.concurrency?.weigh?.(request.body));
      if (leave !== undefined) reply.raw.once('close', leave);
      request.query = convertQuery(request.query, query ?? {});
      if (bytes !== undefined) request.body = await readBytes(request.body, readEncoding(request), bodyLimit);
      if (body !== undefined && Buffer.isBuffer(request.body)) {
        throw createError('JT_REQUEST_INVALID', {
          problems: `the body must be JSON with "Content-Type: application/json", not "${request.headers['content-type'] ?? ''}"`,
        });
      }
    },
    handler: async (request, reply) => {
      const closed = new AbortController();
      live.add(closed);
      reply.raw.once('close', () => {
        live.delete(closed);
        closed.abort();
      });
      const viewer = viewers.get(request) ?? ANONYMOUS;
      const apiRequest: Request = {
        params: request.params,
        query: omitBlank(request.query),
        body: request.body,
        viewer,
        address: groupAddress(request.ip),
        store: limitSearches(scopeStore(store, viewer.scope), { signal: closed.signal, limitMs }),
        signal: closed.signal,
        header: (name) => [request.headers[name]].flat()[0],
      };
      const answer = await route.handle(apiRequest);
      const note = route.audited === undefined ? route.describeAudit?.(apiRequest) : { what: route.audited };
      if (note !== undefined) {
        const about = textAt(request.params, 'id') || undefined;
        await access.audit.note({ ...describeWho(viewer), about, ...note });
      }
      if (answer.kind === 'events')
        endWithAccess(closed, () => authorize(request, route, serving), settings.liveRecheckMs);
      return sendAnswer(reply, answer);
    },
  });
}

/** Ends a stream as soon as its viewer has no access. */
function endWithAccess(closed: AbortController, authorizeAgain: () => Promise<unknown>, recheckMs = RECHECK_MS): void {
  const timer = setInterval(() => {
    // An unavailable store gives no answer about access, so the stream continues.
    authorizeAgain().catch((error: unknown) => {
      if (error instanceof JobtraceError && [401, 403].includes(error.httpStatus)) closed.abort();
    });
  }, recheckMs);
  closed.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

function readEncoding(request: FastifyRequest): string {
  return (request.headers['content-encoding'] ?? '').trim().toLowerCase();
}

async function authorize(request: FastifyRequest, route: Route, { access, settings }: Serving): Promise<Viewer> {
  const { authorization, cookie } = request.headers;
  const { publicUrl } = settings;
  // Routes without a role check the origin as well, because a sign-in or sign-out must come from Jobtrace's own page or
  // from a client that is not a browser.
  if (route.role === undefined) {
    if (request.method !== 'GET') checkSignInOrigin(request, publicUrl);
    return ANONYMOUS;
  }
  const authenticated = await access.authenticate({ authorization, cookie });
  checkRole(authenticated, route.role);
  const viewer = narrowViewer(authenticated, route.role);
  // The browser sends the cookie with every request, whichever page causes it.
  if (viewer.kind === 'user' && request.method !== 'GET') checkSameOrigin(request, publicUrl);
  if (route.isOfAll === true) checkSeesAll(viewer);
  return viewer;
}

function sendAnswer(reply: FastifyReply, answer: Answer): FastifyReply {
  switch (answer.kind) {
    case 'json':
      return reply
        .code(answer.status ?? 200)
        .headers({ 'cache-control': 'no-store', ...answer.headers })
        .send(answer.body);
    case 'redirect':
      return reply.headers({ 'cache-control': 'no-store', ...answer.headers }).redirect(answer.location, 303);
    case 'text':
      return reply
        .code(answer.status ?? 200)
        .type(answer.contentType)
        .header('cache-control', 'no-store')
        .serializer((text: unknown) => String(text))
        .send(answer.text);
    case 'file':
      return reply
        .headers({
          'content-type': answer.contentType,
          'content-disposition': `attachment; filename="${answer.name}"`,
          'cache-control': 'no-store',
        })
        .send(Readable.from(answer.chunks));
    case 'events':
      return reply
        .headers({
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store',
          'x-accel-buffering': 'no',
          connection: 'close',
        })
        .send(Readable.from(answer.events));
  }
}
