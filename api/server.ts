// The only door to fastify: serves the routes, their OpenAPI document (document.ts) and the page (page.ts) over HTTP.
// Checks who asks (auth.ts, origin.ts), validates what comes in, sets security headers, compresses what is long; errors
// go out through refusal.ts. It knows no store and no stage; cli.ts creates, listens and closes.
import type { RequestListener } from 'node:http';
import { isIP } from 'node:net';
import { Readable } from 'node:stream';
import fastifyCompress, { type FastifyCompressOptions } from '@fastify/compress';
import { fastify, type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { findScopeProblem, type Teams } from '../core/config/teams.js';
import { createError, JobtraceError } from '../core/errors.js';
import { omitMissing } from '../core/json.js';
import type { PrecisionFloor } from '../core/routing/feedback.js';
import type { Log } from '../core/log.js';
import type { Language } from '../core/types.js';
import { createAccess, type Access, type AccessStore, type Token } from './access/access.js';
import { groupAddress } from './access/address.js';
import { describeWho } from './access/audit.js';
import type { AuditEntry } from './access/entry.js';
import { createProvider, type ProviderSettings } from './access/provider.js';
import { ANYBODY, checkRole, checkSeesAll, narrowViewer, type Viewer } from './auth.js';
import { DEFAULT_BODY_BYTES, readBytes, refuseEncoding } from './body.js';
import { describeRoute, registerDocument } from './document.js';
import type { AssistantHooks } from './mcp/desk.js';
import { createAccessRoutes } from './routes/access.js';
import { createAssistantRoutes } from './routes/assistant.js';
import { createCrowd } from './crowd.js';
import { createFeedbackRoutes } from './routes/incidents/feedback.js';
import { createTriageRoutes } from './routes/incidents/triage.js';
import { createAdviceRoutes } from './routes/incidents/advice.js';
import { createDeletionRoutes } from './routes/deletions.js';
import { createDeliveryRoutes } from './routes/deliveries.js';
import { createGroupRoutes } from './routes/incidents/groups.js';
import { createIncidentRoutes } from './routes/incidents/incidents.js';
import { createMetrics, type Metrics } from './metrics.js';
import { createRecordRoutes } from './routes/records.js';
import { createBodyBudget, DEFAULT_PACE, endSlowBody, type BodyBudget, type RequestPace } from './pace.js';
import { checkHost, checkOpenOrigin, checkSameOrigin, checkSignInOrigin } from './origin.js';
import { findWebDir, registerPage } from './page.js';
import { answerBrokenRequest, answerError } from './refusal.js';
import { convertQuery } from './request.js';
import {
  createValues,
  type Answer,
  type Authoring,
  type DiagnoseDocument,
  type Request,
  type Route,
  type RuleInfo,
  type Services,
} from './route.js';
import type { EraseStore } from '../store/erase.js';
import { limitSearches } from '../store/caller.js';
import { scopeStore, type ReadableStore } from '../store/scope.js';
import { createTlsServer, type TlsFiles } from './tls.js';
import { createAuthorRoutes } from './routes/rules/author.js';
import { createDiagnosisRoutes } from './routes/incidents/diagnosis.js';
import { createSignInRoutes } from './routes/signin.js';
import { createSilenceRoutes } from './routes/alerts/silences.js';
import { createSystemRoutes } from './routes/system.js';

export interface ServerOptions {
  readonly store: ReadableStore & AccessStore & EraseStore;
  /** The rule catalog as plain data, asked for at every request so that a reload shows. */
  readonly catalogInfo: () => readonly RuleInfo[];
  /** Why rules of the team's folders are refused, as `file:line:column …`. */
  readonly ruleProblems?: () => readonly string[];
  readonly ruleSheet?: Services['ruleSheet'];
  readonly authoring?: Authoring;
  readonly settings: {
    readonly version: string;
    readonly language: Language;
    /** Where people reach the page. */
    readonly publicUrl?: string;
    /** Read at each request, because they may change. */
    readonly tokens: readonly Token[];
    /** Where people sign in with OpenID Connect; left out: nowhere. */
    readonly provider?: ProviderSettings;
    /** Names beside localhost under which an API without tokens answers. */
    readonly allowedHosts?: readonly string[];
    /** Addresses and networks of proxies that say truly where a request comes from (X-Forwarded-For). */
    readonly trustedProxies?: readonly string[];
    /** Left out: http. */
    readonly tls?: TlsFiles | undefined;
    /** Whose patterns `team:NAME` in a scope stands for; read at each request. Left out: none. */
    readonly teams?: Teams;
    /** How slowly requests may come. */
    readonly pace?: RequestPace;
    /** Folder of the built page; default: beside this file. */
    readonly webDir?: string;
    /** Left out: every rule alerts. */
    readonly floor?: PrecisionFloor;
    readonly livePollMs?: number;
    readonly liveHeartbeatMs?: number;
    readonly liveMaxRecords?: number;
    /** How often a live stream asks whether whoever follows it still may. */
    readonly liveRecheckMs?: number;
    /** How long a search may take. */
    readonly searchMs?: number;
    /** How long a sign-in lasts, and one at the provider. */
    readonly sessionMs?: number;
    readonly providerSessionMs?: number;
  };
  readonly log: Log;
  /** Gets each entry of the audit trail, beside the store. */
  readonly onAudit?: (entry: AuditEntry) => void;
  readonly metrics?: Metrics;
  readonly analyzerHooks?: {
    /** Bytes of a text or of an archive. */
    readonly diagnosePaste?: (bytes: Buffer, language: Language) => Promise<DiagnoseDocument>;
  };
  readonly notifyHooks?: Partial<Pick<Services, 'receiveAlerts' | 'testReceiver'>>;
  /** Left out: no assistant can ask. */
  readonly assistantHooks?: AssistantHooks;
  readonly now?: () => number;
}

export interface ApiServer {
  /**
   * Throws JT_CONFIG_INVALID (nobody could sign in at an address that others reach), JT_PORT_IN_USE. `isOpen`: nobody
   * needs to.
   */
  listen(address: {
    readonly host: string;
    readonly port: number;
  }): Promise<{ readonly url: string; readonly isOpen: boolean }>;
  /** Ends the live streams, lets the other requests finish. */
  close(): Promise<void>;
}

const SECURITY_HEADERS = {
  // The page's component library writes style attributes; scripts are only our own.
  'content-security-policy':
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** What is sent as a whole, where it is worth it. A live stream is not: its events would wait for each other. */
const COMPRESSION = {
  encodings: ['gzip'],
  threshold: 2048,
  customTypes: /^(?:application\/(?:json|x-ndjson)|text\/(?:csv|markdown|plain))/,
  globalDecompression: false,
} satisfies FastifyCompressOptions;

const HSTS = { 'strict-transport-security': 'max-age=31536000' } as const;
/** A day's work: who comes in the morning signs in once. */
const SESSION_MS = 12 * 3_600_000;
/** Whoever was thrown out at the provider is, that long after, out here. */
const PROVIDER_SESSION_MS = 4 * 3_600_000;
/** Longer than the largest body takes that just comes fast enough; whatever escapes all else ends then. */
const REQUEST_TIMEOUT_MS = 15 * 60_000;
const LOOK_MS = 1000;
/** Of bodies that have come in part: several of the largest. */
const BODY_BUDGET = { bytes: 256 * 1_048_576, bytesOfCaller: 64 * 1_048_576 };
const RECHECK_MS = 5000;
const SEARCH_MS = 10_000;

export function createServer(options: ServerOptions): ApiServer {
  const live = new Set<AbortController>();
  const services = createServices(options);
  const access = openAccess(options);
  const { settings } = options;
  const provider = settings.provider === undefined ? undefined : createProvider(settings.provider);
  const pace = settings.pace ?? DEFAULT_PACE;
  const headers = { ...SECURITY_HEADERS, ...(isSecure(options) ? HSTS : {}) };
  const app = createApp(options, pace, headers);
  // Answers are described by their schemas, not cut to them: a field too many must not vanish.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  // A log may come under any content type (curl sends its own); a route that wants JSON refuses text by its schema.
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headers);
    endSlowBody(request, reply, pace);
    // Where nobody can say it, as while the store is away, the stricter of both holds.
    if (!(await access.isOpen().catch(() => settings.tokens.length === 0))) return;
    checkHost(request, settings.allowedHosts ?? []);
    checkOpenOrigin(request, { allowedHosts: settings.allowedHosts ?? [], publicUrl: settings.publicUrl });
  });
  app.addHook('onResponse', async (request, reply) => {
    services.metrics.observeRequest(request.routeOptions.url ?? 'page', reply.statusCode, reply.elapsedTime / 1000);
  });
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(error, request, reply, options.log));
  app.register(fastifyCompress, COMPRESSION);
  registerDocument(app, services.version);
  const serving = { options, access, live, bodies: createBodyBudget(BODY_BUDGET) };
  app.register(async (scope) => {
    const routes = [
      ...createRecordRoutes(services),
      ...createIncidentRoutes(services),
      ...createDiagnosisRoutes(services),
      ...createFeedbackRoutes(services),
      ...createTriageRoutes(services),
      ...createGroupRoutes(services),
      ...createAdviceRoutes(),
      ...createDeliveryRoutes(services),
      ...createSilenceRoutes(services),
      ...createSystemRoutes(services),
      ...createAuthorRoutes(services),
      ...createAssistantRoutes(services, options.assistantHooks),
      ...createSignInRoutes({
        access,
        provider,
        sessionMs: settings.sessionMs ?? SESSION_MS,
        providedMs: Math.min(settings.providerSessionMs ?? PROVIDER_SESSION_MS, settings.sessionMs ?? SESSION_MS),
      }),
      ...createAccessRoutes(services, access),
      ...createDeletionRoutes(options.store, access),
    ];
    for (const route of routes) registerRoute(scope, route, serving);
  });
  registerPage(app, settings.webDir ?? findWebDir());
  return {
    async listen({ host, port }) {
      await access.expose(host);
      await listenOn(app, host, port);
      const bound = app.server.address();
      const scheme = settings.tls === undefined ? 'http' : 'https';
      const url = `${scheme}://${printHost(host)}:${typeof bound === 'object' && bound !== null ? bound.port : port}`;
      return { url, isOpen: await access.isOpen().catch(() => false) };
    },
    async close() {
      for (const request of live) request.abort();
      await app.close();
      // A store that is away cannot be told how often somebody was refused.
      await access.audit.close().catch(() => undefined);
    },
  };
}

function createApp(
  { settings, log }: ServerOptions,
  pace: RequestPace,
  headers: Readonly<Record<string, string>>,
): FastifyInstance {
  const limits = {
    connectionsCheckingInterval: Math.min(LOOK_MS, pace.graceMs),
    headersTimeout: pace.graceMs,
    requestTimeout: REQUEST_TIMEOUT_MS,
  };
  const { tls } = settings;
  return fastify({
    ...(tls === undefined
      ? { http: limits }
      : { serverFactory: (onRequest: RequestListener) => createTlsServer(tls, log, limits, onRequest) }),
    bodyLimit: DEFAULT_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    trustProxy: [...(settings.trustedProxies ?? [])],
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 2000 },
    frameworkErrors: (error, request, reply) => {
      reply.headers(headers);
      answerError(error, request, reply, log);
    },
    clientErrorHandler: answerBrokenRequest,
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: true, allErrors: true, strict: false },
    },
  });
}

function openAccess(options: ServerOptions): Access {
  const { store, settings, onAudit, now = Date.now } = options;
  return createAccess({
    store,
    get tokens() {
      return settings.tokens;
    },
    get provider() {
      return settings.provider;
    },
    get teams() {
      return settings.teams ?? [];
    },
    isSecure: isSecure(options),
    sessionMs: settings.sessionMs ?? SESSION_MS,
    now,
    onAudit,
  });
}

/** People reach it over TLS alone. */
function isSecure({ settings }: ServerOptions): boolean {
  return settings.publicUrl?.startsWith('https:') === true || settings.tls !== undefined;
}

function createServices(options: ServerOptions): Services {
  const { settings } = options;
  return {
    version: settings.version,
    language: settings.language,
    publicUrl: settings.publicUrl ?? '',
    metrics: options.metrics ?? createMetrics(settings.version),
    findVerdicts: () => options.store.findFeedback({}),
    floor: settings.floor ?? { share: 0, leastVerdicts: 1 },
    now: options.now ?? Date.now,
    checkScope: (scope) => {
      const problem = findScopeProblem(scope, settings.teams ?? []);
      if (problem !== undefined) throw createError('JT_REQUEST_INVALID', { problems: `scope: ${problem}` });
    },
    rules: options.catalogInfo,
    ruleProblems: options.ruleProblems ?? (() => []),
    ruleSheet: options.ruleSheet ?? (() => undefined),
    authoring: options.authoring,
    diagnosePaste: options.analyzerHooks?.diagnosePaste,
    receiveAlerts: options.notifyHooks?.receiveAlerts,
    testReceiver: options.notifyHooks?.testReceiver,
    live: {
      pollMs: settings.livePollMs ?? 1000,
      heartbeatMs: settings.liveHeartbeatMs ?? 15_000,
      maxRecords: settings.liveMaxRecords ?? 5000,
    },
  };
}

interface Serving {
  readonly options: ServerOptions;
  readonly access: Access;
  readonly live: Set<AbortController>;
  readonly bodies: BodyBudget;
}

/** As limits count it: two callers of one name are two, and nobody's name is an address. */
function nameCaller({ kind, name }: Viewer, request: FastifyRequest): string {
  return kind === 'nobody' ? groupAddress(request.ip) : `${kind} ${name}`;
}

function registerRoute(app: FastifyInstance, route: Route, serving: Serving): void {
  const { options, access, live } = serving;
  const crowd = route.crowd === undefined ? undefined : createCrowd(route.crowd);
  const viewers = new WeakMap<FastifyRequest, Viewer>();
  const searchMs = options.settings.searchMs ?? SEARCH_MS;
  const callerOf = (request: FastifyRequest): string => nameCaller(viewers.get(request) ?? ANYBODY, request);
  app.route({
    method: route.method,
    url: route.path,
    schema: describeRoute(route),
    bodyLimit: route.body?.maxBytes ?? DEFAULT_BODY_BYTES,
    // Who may not ask is told so before the body is read.
    onRequest: async (request) => {
      const viewer = await authorize(request, route, serving);
      viewers.set(request, viewer);
      if (route.body?.type === 'json') refuseEncoding(readEncoding(request));
    },
    preParsing: async (request, _reply, payload) =>
      route.body === undefined ? payload : serving.bodies.meter(payload, callerOf(request)),
    preValidation: async (request, reply) => {
      const leave = crowd?.enter(callerOf(request), route.crowd?.weigh?.(request.body));
      if (leave !== undefined) reply.raw.once('close', leave);
      request.query = convertQuery(request.query, route.query ?? {});
      if (route.body?.type === 'text')
        request.body = await readBytes(request.body, readEncoding(request), route.body.maxBytes);
      if (route.body?.type === 'json' && Buffer.isBuffer(request.body)) {
        throw createError('JT_REQUEST_INVALID', {
          problems: `the body must be JSON with "Content-Type: application/json", not "${request.headers['content-type'] ?? ''}"`,
        });
      }
    },
    handler: async (request, reply) => {
      const gone = new AbortController();
      live.add(gone);
      reply.raw.once('close', () => {
        live.delete(gone);
        gone.abort();
      });
      const viewer = viewers.get(request) ?? ANYBODY;
      const params = createValues(request.params);
      const asked: Request = {
        params,
        query: createValues(request.query),
        body: request.body,
        viewer,
        address: groupAddress(request.ip),
        store: limitSearches(scopeStore(options.store, viewer.scope), { signal: gone.signal, limitMs: searchMs }),
        signal: gone.signal,
        header: (name) => [request.headers[name]].flat()[0],
      };
      const answer = await route.handle(asked);
      const { audited } = route;
      if (audited !== undefined) {
        const note = typeof audited === 'string' ? { what: audited } : audited(asked);
        if (note !== undefined)
          await access.audit.note({ ...describeWho(viewer), ...omitMissing({ about: params.text('id') }), ...note });
      }
      if (answer.kind === 'events') endWithAccess(gone, () => authorize(request, route, serving), options);
      return sendAnswer(reply, answer);
    },
  });
}

/** A stream is over as soon as whoever follows it may no more. */
function endWithAccess(
  gone: AbortController,
  authorizeAgain: () => Promise<unknown>,
  { settings }: ServerOptions,
): void {
  const timer = setInterval(() => {
    // A store that is away for a while says nothing about who may.
    authorizeAgain().catch((error: unknown) => {
      if (error instanceof JobtraceError && [401, 403].includes(error.httpStatus)) gone.abort();
    });
  }, settings.liveRecheckMs ?? RECHECK_MS);
  gone.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

function readEncoding(request: FastifyRequest): string {
  return (request.headers['content-encoding'] ?? '').trim().toLowerCase();
}

async function authorize(
  request: FastifyRequest,
  route: Route,
  { options, access }: Pick<Serving, 'options' | 'access'>,
): Promise<Viewer> {
  const { authorization, cookie } = request.headers;
  const { publicUrl } = options.settings;
  // Without a role too: whoever signs in, or out, sends from our own page, or is no browser.
  if (route.role === undefined) {
    if (request.method !== 'GET') checkSignInOrigin(request, publicUrl);
    return ANYBODY;
  }
  const somebody = await access.authenticate({ authorization, cookie });
  checkRole(somebody, route.role);
  const viewer = narrowViewer(somebody, route.role);
  // A cookie comes with whatever page sends the request.
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

async function listenOn(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'EADDRINUSE') throw createError('JT_PORT_IN_USE', { address: `${host}:${port}` }, error);
    if (['EACCES', 'EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'ERR_SOCKET_BAD_PORT'].includes(code)) {
      throw createError(
        'JT_CONFIG_INVALID',
        { problems: `  api.listen: ${host}:${port} cannot be used (${code})` },
        error,
      );
    }
    throw error;
  }
}

function printHost(host: string): string {
  if (host === '0.0.0.0' || host === '::' || host === '') return '127.0.0.1';
  return isIP(host) === 6 ? `[${host}]` : host;
}
