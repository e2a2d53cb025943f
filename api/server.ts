// The only door to fastify: serves the routes, their OpenAPI document (/docs, /openapi.json) and the page over
// HTTP. Checks who asks, validates what comes in, turns errors into {error: {code, message, fix}}, sets security
// headers. It knows no store and no stage; cli.ts creates, listens and closes.
import { isObject, omitMissing } from '../core/json.js';
import { existsSync } from 'node:fs';
import { isIP, type Socket } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fastifyStatic } from '@fastify/static';
import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import { fastify, type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { createError, JobtraceError } from '../core/errors.js';
import type { Log } from '../core/log.js';
import type { Language, ReceivedAlert } from '../core/types.js';
import { checkExposure, checkRole, findViewer, isLoopback, type Token, type Viewer } from './auth.js';
import { readBytes, refuseEncoding } from './body.js';
import { createCrowd } from './crowd.js';
import { createDeliveryRoutes } from './routes/deliveries.js';
import { createIncidentRoutes } from './routes/incidents.js';
import { createMetrics, type Metrics } from './metrics.js';
import { createRecordRoutes } from './routes/records.js';
import { convertQuery, explainViolations } from './request.js';
import {
  createValues,
  type Answer,
  type DiagnoseDocument,
  type ReadableStore,
  type Route,
  type RuleInfo,
  type Services,
} from './route.js';
import { ERROR } from './schemas.js';
import { createSystemRoutes } from './routes/system.js';

export interface ServerOptions {
  readonly store: ReadableStore;
  /** The rule catalog as plain data, asked for at every request so that a reload shows. */
  readonly catalogInfo: () => readonly RuleInfo[];
  /** Why rules of the team's folders are refused, as `file:line:column …`. */
  readonly ruleProblems?: () => readonly string[];
  readonly settings: {
    readonly version: string;
    readonly language: Language;
    readonly tokens: readonly Token[];
    /** Names beside localhost under which an API without tokens answers. */
    readonly allowedHosts?: readonly string[];
    /** Folder of the built page; default: beside this file. */
    readonly webDir?: string;
    readonly livePollMs?: number;
    readonly liveHeartbeatMs?: number;
    readonly liveMaxRecords?: number;
  };
  readonly log: Log;
  readonly metrics?: Metrics;
  readonly analyzerHooks?: {
    /** Bytes of a text or of an archive. */
    readonly diagnosePaste?: (bytes: Buffer, language: Language) => Promise<DiagnoseDocument>;
  };
  readonly notifyHooks?: { readonly receiveAlerts?: (message: unknown) => Promise<readonly ReceivedAlert[]> };
  readonly now?: () => number;
}

export interface ApiServer {
  /** Throws JT_CONFIG_INVALID (no tokens for an open address), JT_PORT_IN_USE. */
  listen(address: { readonly host: string; readonly port: number }): Promise<{ readonly url: string }>;
  /** Ends the live streams, lets the other requests finish. */
  close(): Promise<void>;
}

const RETRY_AFTER_SECONDS = 5;
const DEFAULT_BODY_BYTES = 1_048_576;
const API_PATHS = /^\/(?:api|health|metrics|docs|openapi\.json)(?:\/|$)/;
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

export function createServer(options: ServerOptions): ApiServer {
  const live = new Set<AbortController>();
  const services = createServices(options);
  const app = fastify({
    bodyLimit: DEFAULT_BODY_BYTES,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 2000 },
    frameworkErrors: (error, request, reply) => {
      reply.headers(SECURITY_HEADERS);
      answerError(error, request, reply, options.log);
    },
    clientErrorHandler: answerBrokenRequest,
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: true, allErrors: true, strict: false },
    },
  });
  // Answers are described by their schemas, not cut to them: a field too many must not vanish.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  // A log may come under any content type (curl sends its own); a route that wants JSON refuses text by its schema.
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  let open = false;
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    if (!open) return;
    checkHost(request, options.settings.allowedHosts ?? []);
    checkOrigin(request, options.settings.allowedHosts ?? []);
  });
  app.addHook('onResponse', async (request, reply) => {
    services.metrics.observeRequest(request.routeOptions.url ?? 'page', reply.statusCode, reply.elapsedTime / 1000);
  });
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(error, request, reply, options.log));
  registerDocument(app, services.version);
  app.register(async (scope) => {
    const routes = [
      ...createRecordRoutes(services),
      ...createIncidentRoutes(services),
      ...createDeliveryRoutes(services),
      ...createSystemRoutes(services),
    ];
    for (const route of routes) registerRoute(scope, route, options.settings.tokens, live);
  });
  registerPage(app, options.settings.webDir ?? findWebDir());
  return {
    async listen({ host, port }) {
      checkExposure(host, options.settings.tokens);
      open = options.settings.tokens.length === 0;
      await listenOn(app, host, port);
      const bound = app.server.address();
      return { url: `http://${printHost(host)}:${typeof bound === 'object' && bound !== null ? bound.port : port}` };
    },
    async close() {
      for (const request of live) request.abort();
      await app.close();
    },
  };
}

function createServices(options: ServerOptions): Services {
  const { settings } = options;
  return {
    store: options.store,
    version: settings.version,
    language: settings.language,
    metrics: options.metrics ?? createMetrics(settings.version),
    now: options.now ?? Date.now,
    rules: options.catalogInfo,
    ruleProblems: options.ruleProblems ?? (() => []),
    diagnosePaste: options.analyzerHooks?.diagnosePaste,
    receiveAlerts: options.notifyHooks?.receiveAlerts,
    live: {
      pollMs: settings.livePollMs ?? 1000,
      heartbeatMs: settings.liveHeartbeatMs ?? 15_000,
      maxRecords: settings.liveMaxRecords ?? 5000,
    },
  };
}

function registerDocument(app: FastifyInstance, version: string): void {
  app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Jobtrace',
        version,
        description:
          'Logs, incidents and diagnoses of Flink jobs. Times are ISO 8601 with zone; errors are {error: {code, message, fix}}.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
  });
  app.register(fastifySwaggerUi, {
    routePrefix: '/docs',
    staticCSP: "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}

function registerRoute(app: FastifyInstance, route: Route, tokens: readonly Token[], live: Set<AbortController>): void {
  const crowd = route.crowd === undefined ? undefined : createCrowd(route.crowd);
  app.route({
    method: route.method,
    url: route.path,
    schema: describeRoute(route),
    bodyLimit: route.body?.maxBytes ?? DEFAULT_BODY_BYTES,
    // Who may not ask is told so before the body is read.
    onRequest: async (request, reply) => {
      const viewer = authorize(request, route, tokens);
      if (route.body?.type === 'json') refuseEncoding(readEncoding(request));
      const leave = crowd?.enter(viewer.name);
      if (leave !== undefined) reply.raw.once('close', leave);
    },
    preValidation: async (request) => {
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
      const answer = await route.handle({
        params: createValues(request.params),
        query: createValues(request.query),
        body: request.body,
        viewer: authorize(request, route, tokens),
        signal: gone.signal,
        header: (name) => [request.headers[name]].flat()[0],
      });
      return sendAnswer(reply, answer);
    },
  });
}

function readEncoding(request: FastifyRequest): string {
  return (request.headers['content-encoding'] ?? '').trim().toLowerCase();
}

function authorize(request: FastifyRequest, route: Route, tokens: readonly Token[]): Viewer {
  if (route.role === undefined) return { name: 'anybody', role: 'reader', scope: [] };
  const viewer = findViewer(request.headers.authorization, tokens);
  checkRole(viewer, route.role);
  return viewer;
}

function describeRoute(route: Route): Record<string, unknown> {
  const errors = Object.fromEntries(
    [
      ...(route.role === undefined ? [] : [401]),
      ...(route.crowd === undefined ? [] : [429]),
      ...(route.body === undefined ? [] : [413, 415]),
      ...[400, 403, 404, 500, 503],
    ].map((status) => [status, ERROR]),
  );
  return {
    tags: [route.tag],
    summary: route.summary,
    ...omitMissing<string, unknown>({
      description: route.description,
      params: route.params,
      querystring: route.query,
      body: route.body?.schema,
      consumes: route.body && [route.body.type === 'json' ? 'application/json' : 'text/plain'],
      security: route.role && [{ token: [] }],
    }),
    response: { ...errors, ...route.answers },
  };
}

function sendAnswer(reply: FastifyReply, answer: Answer): FastifyReply {
  switch (answer.kind) {
    case 'json':
      return reply
        .code(answer.status ?? 200)
        .header('cache-control', 'no-store')
        .send(answer.body);
    case 'text':
      return reply
        .type(answer.contentType)
        .serializer((text: unknown) => String(text))
        .send(answer.text);
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

/**
 * Errors of ours keep their status; the framework's become ours; anything else is a defect, logged here and only here.
 */
function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply, log: Log): FastifyReply {
  const known = explainError(error, request);
  if (known.code === 'JT_DEFECT') log.error({ err: error, route: request.routeOptions.url }, 'A request met a defect.');
  const status = known.code === 'JT_REQUEST_INVALID' && error.statusCode === 415 ? 415 : known.httpStatus;
  if (status === 429) reply.header('retry-after', String(RETRY_AFTER_SECONDS));
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="jobtrace"');
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send({ error: { code: known.code, message: known.message, fix: known.fix } });
}

function explainError(error: FastifyError | JobtraceError, request: FastifyRequest): JobtraceError {
  if (error instanceof JobtraceError) return error;
  if (error.validation !== undefined) {
    const part = error.validationContext ?? 'body';
    const schema: unknown =
      request.routeOptions.schema?.[part === 'querystring' ? 'querystring' : part === 'params' ? 'params' : 'body'];
    return createError('JT_REQUEST_INVALID', {
      problems: explainViolations(error.validation, part, isObject(schema) ? schema : undefined),
    });
  }
  if (error.statusCode === 413)
    return createError('JT_REQUEST_TOO_LARGE', { maxBytes: request.routeOptions.bodyLimit ?? DEFAULT_BODY_BYTES });
  if (error.code === 'FST_ERR_CTP_INVALID_JSON_BODY' || error instanceof SyntaxError)
    return createError('JT_REQUEST_INVALID', { problems: 'the body is not valid JSON' });
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
    return createError('JT_REQUEST_INVALID', { problems: error.message });
  return createError('JT_DEFECT', {});
}

/**
 * While everything is open to this machine, a web page elsewhere must not reach it through a name of its own (DNS
 * rebinding).
 */
function checkHost(request: FastifyRequest, allowed: readonly string[]): void {
  const name = request.hostname.replace(/^\[|\]$/g, '');
  if (name !== '' && !isLoopback(name) && isIP(name) === 0 && !allowed.includes(name))
    throw createError('JT_HOST_REFUSED', { host: name });
}

/**
 * A page of another origin may send without being able to read: while everything is open to this machine, it may not
 * even that. Tools send no origin.
 */
function checkOrigin(request: FastifyRequest, allowed: readonly string[]): void {
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (origin === undefined) {
    if (site === 'cross-site' && request.method !== 'GET')
      throw createError('JT_ORIGIN_REFUSED', { origin: 'another site' });
    return;
  }
  const parsed = URL.canParse(origin) ? new URL(origin) : undefined;
  if (parsed === undefined || (parsed.host !== request.host && !allowed.includes(parsed.hostname)))
    throw createError('JT_ORIGIN_REFUSED', { origin });
}

/** What is no HTTP, or has too long a head, never becomes a request; it is answered in the same form. */
function answerBrokenRequest(error: { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, problems] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', 'its address and headers are longer than 16 KiB']
      : ['400 Bad Request', 'it is no HTTP request that can be read'];
  const { code, message, fix } = createError('JT_REQUEST_INVALID', { problems });
  const body = JSON.stringify({ error: { code, message, fix } });
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/** dist/web, seen from dist/api (built) and from api (run from source). */
function findWebDir(): string {
  const places = ['../web', '../dist/web'].map((place) => join(import.meta.dirname, place));
  return places.find((place) => existsSync(join(place, 'index.html'))) ?? places[0] ?? '';
}

function registerPage(app: FastifyInstance, webDir: string): void {
  const isBuilt = existsSync(join(webDir, 'index.html'));
  if (isBuilt) {
    app.register(fastifyStatic, {
      root: webDir,
      wildcard: false,
      cacheControl: false,
      setHeaders: (reply, path) =>
        void reply.header(
          'cache-control',
          path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
        ),
    });
  }
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '/';
    const isPageAddress = request.method === 'GET' && !API_PATHS.test(path) && !/\.\w+$/.test(path);
    if (!isPageAddress) throw createError('JT_NOT_FOUND', { what: `The address ${request.method} ${path}` });
    // Every other address belongs to the page, which has routes of its own.
    if (isBuilt) return reply.sendFile('index.html');
    return reply
      .type('text/plain; charset=utf-8')
      .send('The page of Jobtrace is not built here. Build it with "npm run build", or use the API: /docs\n');
  });
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
