// Serves metrics, liveness and readiness on a separate address for a process without an API (an agent or an analyzer).
// Reads the values at each request. cli/service/ loads it only if it is configured. It uses only node:http, because
// fastify costs a tenth of a second and fifteen megabytes for three fixed paths.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createError } from '../core/errors.js';
import { errorCode } from '../core/fault.js';
import type { HealthVerdict, ServiceHealth } from '../core/health.js';
import type { Log } from '../core/log.js';
import type { TlsFiles } from './http/tls.js';

export interface ProbeOptions {
  /** Name of the setting that has the address. */
  readonly setting: string;
  readonly log: Log;
  /** Certificate files; undefined means http. */
  readonly tls?: TlsFiles | undefined;
  readonly readHealth: () => ServiceHealth;
  /** Returns the number of problems of rules that were refused; left out if the service has no rules. */
  readonly readRefusedRules?: () => number;
  readonly metrics: { readonly contentType: string; renderText(): Promise<string> };
}

export interface Probe {
  /** Starts listening. Throws JT_CONFIG_INVALID, JT_PORT_IN_USE. */
  listen(address: { readonly host: string; readonly port: number }): Promise<{ readonly port: number }>;
  close(): Promise<void>;
}

interface ProbeAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** Limit of connections. A request is one short line, and only a few clients ask at the same time. */
const MAX_CONNECTIONS = 50;
const REQUEST_TIMEOUT_MS = 10_000;

/** Creates the server. Throws the errors of createTlsServer. */
export async function createProbe(options: ProbeOptions): Promise<Probe> {
  const limits = { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS };
  const onRequest = (request: IncomingMessage, response: ServerResponse): void =>
    void answer(options, request, response);
  const server: Server =
    options.tls === undefined
      ? createServer(limits, onRequest)
      : (await import('./http/tls.js')).createTlsServer(options.tls, options.log, limits, onRequest);
  server.maxConnections = MAX_CONNECTIONS;
  return {
    listen: (address) => listenOn(server, options.setting, address),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Creates a server, starts it and logs its address. */
export async function openProbe(
  options: ProbeOptions,
  address: { readonly host: string; readonly port: number },
): Promise<Probe> {
  const probe = await createProbe(options);
  const { port } = await probe.listen(address);
  options.log.info({ host: address.host, port }, 'Numbers and health are served.');
  return probe;
}

function listenOn(
  server: Server,
  setting: string,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<{ readonly port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(explainListen(error, setting, `${host}:${port}`)));
    server.listen({ host, port }, () => {
      const bound = server.address();
      resolve({ port: typeof bound === 'object' && bound !== null ? bound.port : port });
    });
  });
}

function explainListen(error: Error, setting: string, address: string): Error {
  const code = errorCode(error);
  if (code === 'EADDRINUSE') return createError('JT_PORT_IN_USE', { address }, error);
  return createError('JT_CONFIG_INVALID', { problems: `  ${setting}: ${address} cannot be used (${code})` }, error);
}

async function answer(options: ProbeOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume();
  try {
    const { status, contentType, text } = await findAnswer(options, request);
    response.writeHead(status, { 'content-type': contentType, 'x-content-type-options': 'nosniff' }).end(text);
  } catch (error) {
    options.log.error({ err: error, path: request.url }, 'A request could not be answered.');
    response.writeHead(500).end();
  }
}

async function findAnswer(options: ProbeOptions, { method, url = '/' }: IncomingMessage): Promise<ProbeAnswer> {
  const [path] = url.split('?');
  if (method !== 'GET' && method !== 'HEAD') return describeJson(405, { status: 'only GET is answered' });
  if (path === '/health/live') return describeVerdict(options.readHealth().live);
  if (path === '/health/ready') return describeVerdict(options.readHealth().ready, options.readRefusedRules?.());
  if (path !== '/metrics')
    return describeJson(404, { status: 'only /metrics, /health/live and /health/ready are here' });
  return { status: 200, contentType: options.metrics.contentType, text: await options.metrics.renderText() };
}

function describeVerdict({ isGood, reasons }: HealthVerdict, refusedRules?: number): ProbeAnswer {
  return isGood
    ? describeJson(200, { status: 'ok', refusedRules })
    : describeJson(503, { status: 'unavailable', reasons });
}

function describeJson(status: number, body: object): ProbeAnswer {
  return { status, contentType: 'application/json; charset=utf-8', text: `${JSON.stringify(body)}\n` };
}
