// Serves the routes, their OpenAPI document (document.ts) and the page (page.ts) over HTTP; the only module that
// imports fastify. Authenticates requests (auth/, http/origin.ts), validates input, sets security headers and
// compresses long answers; http/refusal.ts answers errors. It knows no store and no stage; cli.ts creates, starts and
// closes it.
import type { RequestListener } from 'node:http';
import { isIP } from 'node:net';
import { Readable } from 'node:stream';
import fastifyCompress, { type FastifyCompressOptions } from '@fastify/compress';
import { fastify, type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { findScopeProblem, type Teams } from '../core/config/teams.js';
import { createError, JobtraceError } from '../core/errors.js';
import { omitMissing } from '../core/json.js';
import type { PrecisionFloor } from '../core/documents/precision.js';
import type { Log } from '../core/log.js';
import type { DiagnoseDocument } from './schemas/incidents.js';
import type { RuleInfo } from '../core/documents/rule.js';
import type { Language } from '../core/types.js';
import { createAccess, type Access, type AccessStore, type Token } from './auth/access.js';
import { groupAddress } from './auth/address.js';
import { describeWho } from './auth/audit.js';
import type { AuditEntry } from './auth/entry.js';
import { createProvider, type ProviderSettings } from './auth/provider.js';
import { ANYBODY, checkRole, checkSeesAll, narrowViewer, type Viewer } from './auth/roles.js';
import { DEFAULT_BODY_BYTES, readBytes, refuseEncoding } from './http/body.js';
import { describeRoute, registerDocument } from './document.js';
import type { AssistantHooks } from './mcp/tool-context.js';
import { createAccessRoutes } from './routes/access.js';
import { createAssistantRoutes } from './mcp/route.js';
import { createAgentRoutes } from './routes/agents.js';
import { createAlertRoutes } from './routes/alerts.js';
import { createConcurrencyLimiter } from './http/concurrency.js';
import { createFeedbackRoutes } from './routes/feedback.js';
import { createTriageRoutes } from './routes/triage.js';
import { createDeletionRoutes } from './routes/deletions.js';
import { createDeliveryRoutes } from './routes/deliveries.js';
import { createDiagnoseRoutes } from './routes/diagnose.js';
import { createHealthRoutes } from './routes/health.js';
import { createJobRoutes } from './routes/jobs.js';
import { createRuleRoutes } from './routes/rules.js';
import { createGroupRoutes } from './routes/groups.js';
import { createIncidentRoutes } from './routes/incidents.js';
import { createMetrics, type Metrics } from './http/metrics.js';
import { createRecordRoutes } from './routes/records.js';
import { createBodyBudget, DEFAULT_PACE, endSlowBody, type BodyBudget, type RequestPace } from './http/pace.js';
import { checkHost, checkOpenOrigin, checkSameOrigin, checkSignInOrigin } from './http/origin.js';
import { findWebDir, registerPage } from './page.js';
import { answerBrokenRequest, answerError } from './http/refusal.js';
import { convertQuery } from './http/request.js';
import { createValues, type Answer, type Authoring, type Request, type Route, type Services } from './http/route.js';
import type { EraseStore } from '../store/erase.js';
import { limitSearches } from '../store/caller.js';
import { scopeStore, type ReadableStore } from '../store/scope.js';
import { createTlsServer, type TlsFiles } from './http/tls.js';
import { createDiagnosisRoutes } from './routes/diagnosis.js';
import { createSignInRoutes } from './routes/signin.js';

export interface ServerOptions {
  readonly store: ReadableStore & AccessStore & EraseStore;
  /** Returns the rule catalog as plain data. It is called for every request, so that a reload is visible. */
  readonly catalogInfo: () => readonly RuleInfo[];
  /** Returns the problems of rejected rules in the team's folders, as `file:line:column …`. */
  readonly ruleProblems?: () => readonly string[];
  readonly ruleSheet?: Services['ruleSheet'];
  readonly authoring?: Authoring;
  readonly settings: {
    readonly version: string;
    readonly language: Language;
    /** Public address of the page. */
    readonly publicUrl?: string;
    /** Tokens of the settings. They are read for each request, because they may change. */
    readonly tokens: readonly Token[];
    /** Provider for sign-ins with OpenID Connect; undefined: there is none. */
    readonly provider?: ProviderSettings;
    /** Host names in addition to localhost under which an API without tokens answers. */
    readonly allowedHosts?: readonly string[];
    /** Addresses and networks of proxies whose X-Forwarded-For header is trusted. */
    readonly trustedProxies?: readonly string[];
    /** Certificate files; undefined means http. */
    readonly tls?: TlsFiles | undefined;
    /** Teams whose patterns replace `team:NAME` in a scope; read for each request. Undefined: no teams. */
    readonly teams?: Teams;
    /** Minimum pace of requests. */
    readonly pace?: RequestPace;
    /** Folder of the built page; default: beside this file. */
    readonly webDir?: string;
    /** Precision guard; without it every rule sends alerts. */
    readonly floor?: PrecisionFloor;
    readonly livePollMs?: number;
    readonly liveHeartbeatMs?: number;
    readonly liveMaxRecords?: number;
    /** Interval, in milliseconds, in which a live stream checks that its viewer still has access. */
    readonly liveRecheckMs?: number;
    /** Time limit of a search, in milliseconds. */
    readonly searchMs?: number;
    /** Lifetime of a sign-in, in milliseconds; `providerSessionMs` is the one of a sign-in at the provider. */
    readonly sessionMs?: number;
    readonly providerSessionMs?: number;
  };
  readonly log: Log;
  /** Receives each entry of the audit log in addition to the store. */
  readonly onAudit?: (entry: AuditEntry) => void;
  readonly metrics?: Metrics;
  readonly analyzerHooks?: {
    /** Diagnoses the bytes of a text or of an archive. */
    readonly diagnosePaste?: (bytes: Buffer, language: Language) => Promise<DiagnoseDocument>;
  };
  readonly notifyHooks?: Partial<Pick<Services, 'receiveAlerts' | 'testReceiver'>>;
  /** Functions for assistants; without them no assistant is served. */
  readonly assistantHooks?: AssistantHooks;
  readonly now?: () => number;
}

export interface ApiServer {
  /**
   * Starts listening. Throws JT_PORT_IN_USE, and JT_CONFIG_INVALID if other machines can reach the address while no
   * token, user or provider is configured. `isOpen` is true if requests need no credentials.
   */
  listen(address: {
    readonly host: string;
    readonly port: number;
  }): Promise<{ readonly url: string; readonly isOpen: boolean }>;
  /** Ends the live streams and waits for the other requests. */
  close(): Promise<void>;
}

const SECURITY_HEADERS = {
  // The page's component library writes style attributes; all scripts are Jobtrace's own.
  'content-security-policy':
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/**
 * Compression of answers that are sent as a whole and are long enough. A live stream is not compressed, because its
 * events would be delayed in a buffer.
 */
const COMPRESSION = {
  encodings: ['gzip'],
  threshold: 2048,
  customTypes: /^(?:application\/(?:json|x-ndjson)|text\/(?:csv|markdown|plain))/,
  globalDecompression: false,
} satisfies FastifyCompressOptions;

const HSTS = { 'strict-transport-security': 'max-age=31536000' } as const;
/** Default lifetime of a sign-in, in milliseconds: a working day, so that a person signs in once a day. */
const SESSION_MS = 12 * 3_600_000;
/**
 * Default lifetime of a sign-in at the provider, in milliseconds. A person who loses access at the provider loses it
 * here after at most this time.
 */
const PROVIDER_SESSION_MS = 4 * 3_600_000;
/**
 * Request timeout, in milliseconds. It is longer than the largest body takes at the minimum pace, and ends requests
 * that no other limit ends.
 */
const REQUEST_TIMEOUT_MS = 15 * 60_000;
const POLL_MS = 1000;
/** Limits, in bytes, of unfinished bodies: several of the largest bodies. */
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
  // Schemas describe answers but do not cut them, so that an undocumented field is not lost.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  // A log may have any content type, because curl sends its own. A route for JSON rejects text by its schema.
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headers);
    endSlowBody(request, reply, pace);
    // Access counts as open if the store cannot tell and the settings have no tokens, so that the stricter checks run.
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
      ...createDeliveryRoutes(services),
      ...createAlertRoutes(services),
      ...createJobRoutes(services),
      ...createRuleRoutes(services),
      ...createAgentRoutes(services),
      ...createDiagnoseRoutes(services),
      ...createHealthRoutes(services),
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
      // An unavailable store cannot save the number of rejected sign-ins.
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
    connectionsCheckingInterval: Math.min(POLL_MS, pace.graceMs),
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

/** Returns true if clients reach the API over TLS only. */
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
    findVerdicts: () => options.store.feedback.find(),
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

/**
 * Returns the name of a caller for limits. Callers of different kinds with the same name are two callers; a caller
 * without a name is counted by address.
 */
function nameCaller({ kind, name }: Viewer, request: FastifyRequest): string {
  return kind === 'nobody' ? groupAddress(request.ip) : `${kind} ${name}`;
}

function registerRoute(app: FastifyInstance, route: Route, serving: Serving): void {
  const { options, access, live } = serving;
  const concurrency = route.concurrency === undefined ? undefined : createConcurrencyLimiter(route.concurrency);
  const viewers = new WeakMap<FastifyRequest, Viewer>();
  const searchMs = options.settings.searchMs ?? SEARCH_MS;
  const callerOf = (request: FastifyRequest): string => nameCaller(viewers.get(request) ?? ANYBODY, request);
  app.route({
    method: route.method,
    url: route.path,
    schema: describeRoute(route),
    bodyLimit: route.body?.maxBytes ?? DEFAULT_BODY_BYTES,
    // Requests without permission are rejected before the body is read.
    onRequest: async (request) => {
      const viewer = await authorize(request, route, serving);
      viewers.set(request, viewer);
      if (route.body?.type === 'json') refuseEncoding(readEncoding(request));
    },
    preParsing: async (request, _reply, payload) =>
      route.body === undefined ? payload : serving.bodies.meter(payload, callerOf(request)),
    preValidation: async (request, reply) => {
      const leave = concurrency?.acquire(callerOf(request), route.concurrency?.weigh?.(request.body));
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

/** Ends a stream as soon as its viewer has no access. */
function endWithAccess(
  gone: AbortController,
  authorizeAgain: () => Promise<unknown>,
  { settings }: ServerOptions,
): void {
  const timer = setInterval(() => {
    // An unavailable store gives no answer about access, so the stream continues.
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
  // Routes without a role check the origin as well, because a sign-in or sign-out must come from Jobtrace's own page or
  // from a client that is not a browser.
  if (route.role === undefined) {
    if (request.method !== 'GET') checkSignInOrigin(request, publicUrl);
    return ANYBODY;
  }
  const somebody = await access.authenticate({ authorization, cookie });
  checkRole(somebody, route.role);
  const viewer = narrowViewer(somebody, route.role);
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
