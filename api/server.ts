// Serves the routes (serve-route.ts), their OpenAPI document (document.ts) and the page (page.ts) over HTTP; the only
// module that imports fastify. Sets limits and security headers and compresses long answers; http/refusal.ts answers
// errors. It knows no store and no stage; cli.ts creates, starts and closes it.
import type { RequestListener } from 'node:http';
import { isIP } from 'node:net';
import fastifyCompress, { type FastifyCompressOptions } from '@fastify/compress';
import { fastify, type FastifyError, type FastifyInstance } from 'fastify';
import { findScopeProblem, type Teams } from '../core/config/teams.js';
import { createError } from '../core/errors.js';
import type { PrecisionFloor } from '../core/documents/precision.js';
import type { Log } from '../core/log.js';
import type { DiagnoseDocument } from './schemas/incidents.js';
import type { RuleInfo } from '../core/documents/rule.js';
import type { Language } from '../core/types.js';
import { createAccess, type Access, type AccessStore, type Token } from './auth/access.js';
import type { AuditEntry } from './auth/entry.js';
import { createProvider, type ProviderSettings } from './auth/provider.js';
import { DEFAULT_BODY_BYTES } from './http/body.js';
import { registerDocument } from './document.js';
import type { AssistantHooks } from './mcp/tool-context.js';
import { createAccessRoutes } from './routes/access.js';
import { createAssistantRoutes } from './mcp/route.js';
import { createAgentRoutes } from './routes/agents.js';
import { createAlertRoutes } from './routes/alerts.js';
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
import { createBodyBudget, DEFAULT_PACE, endSlowBody, type RequestPace } from './http/pace.js';
import { checkHost, checkOpenOrigin } from './http/origin.js';
import { findWebDir, registerPage } from './page.js';
import { answerBrokenRequest, answerError } from './http/refusal.js';
import type { Authoring, Services } from './http/route.js';
import { registerRoute, type Serving } from './serve-route.js';
import type { EraseStore } from '../store/erase.js';
import type { ReadableStore } from '../store/scope.js';
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
  readonly settings: Serving['settings'] & {
    readonly version: string;
    readonly language: Language;
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
  const serving = { store: options.store, access, settings, live, bodies: createBodyBudget(BODY_BUDGET) };
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
