// Wrapper of the official Elasticsearch client: one function sends a request and returns the answer, or throws one of
// our errors. It tries another node when one fails, but it repeats a bulk request only if the caller permits that. It
// accepts only Elasticsearch's JSON as an answer: a proxy's error page with status 200 is not a success. No other file
// uses the client. It is compiled into the built program without apache-arrow (cli/no-arrow.ts).
import { Client, ClusterConnectionPool, errors } from '@elastic/elasticsearch';
import { createGzip } from '../../core/wasm/gzip.js';
import { createError } from '../../core/errors.js';
import type { JobtraceError } from '../../core/errors.js';
import { errorText } from '../../core/fault.js';
import { isObject, omitMissing } from '../../core/json.js';
import { explainStop } from '../caller.js';
import type { AskLimits } from '../store.js';

/** Settings of the connection. An empty text counts as not given. */
export interface ElasticsearchSettings {
  /** Addresses of the nodes of one cluster. */
  readonly nodes: readonly string[];
  /** Base64 of "id:key", as Elasticsearch prints it under "encoded". */
  readonly apiKey?: string;
  readonly username?: string;
  readonly password?: string;
  /** SHA-256 fingerprint of the certificate authority, hexadecimal. */
  readonly caFingerprint?: string;
  /** PEM text of the certificate authority. */
  readonly ca?: string;
  /** PEM texts of a client certificate and its key, if Elasticsearch asks for one. */
  readonly cert?: string;
  readonly key?: string;
  /** Prefix of the names of all our indices. */
  readonly indexPrefix?: string;
  readonly requestTimeoutMs?: number;
  /** True if lines are sent as gzip (the default). */
  readonly compress?: boolean;
  /** Number of primary shards of a day's index, set when the index is created. */
  readonly shards?: number;
  /** Longest time, in milliseconds, until a search sees a stored record. The feed does not wait for it. */
  readonly refreshMs?: number;
}

export interface ServerRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: object;
  /** Newline-delimited JSON; sent compressed unless the settings say otherwise. */
  readonly lines?: Buffer;
  /** True if `lines` may be sent to another node again, because their documents have ids. */
  readonly mayRepeat?: boolean;
  /** Limits of the caller, after which the request is aborted. */
  readonly limits?: AskLimits | undefined;
  /** Statuses that are returned as an answer and are not thrown as an error. */
  readonly expect?: readonly number[];
}

export interface ServerAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface ElasticsearchClient {
  /** Addresses without secrets, for messages. */
  readonly url: string;
  send(request: ServerRequest): Promise<ServerAnswer>;
  /** Aborts all requests in flight, so that a server that never answers does not keep the process from ending. */
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 60_000;
/**
 * Error of a write to an index that Elasticsearch closed to writes because a disk is nearly full. Its status is 429 or
 * 403.
 */
export const FLOOD_STAGE = /^cluster_block_exception: .*read-only-allow-delete/;
/** Errors of servers that do not know the client's media type, or a field that each Elasticsearch 8 knows. */
const OTHER_API = /compatible-with=\d+|unknown field \[ignore_missing_component_templates\]/;
/** Creates a client and does not connect yet. Throws JT_STORE_UNUSABLE if the settings contradict each other. */
export function openClient(settings: ElasticsearchSettings): ElasticsearchClient {
  const url = settings.nodes.join(', ');
  const client = createClient(settings, url);
  const flights = new Set<AbortController>();
  // Created with the first lines, because it takes memory and most clients send no lines.
  let compress: ReturnType<typeof createGzip> | undefined;
  return {
    url,
    async send(request) {
      const flight = new AbortController();
      flights.add(flight);
      const { lines, limits } = request;
      const end = endWithCaller(flight, limits);
      const isPacked = lines !== undefined && settings.compress !== false;
      const bulkBody = isPacked ? (compress ??= createGzip())(lines) : lines;
      try {
        const answer = await client.transport.request(
          {
            method: request.method,
            path: request.path,
            querystring: request.query === undefined ? undefined : { ...request.query },
            body: request.body,
            bulkBody,
          },
          {
            meta: true,
            signal: flight.signal,
            maxRetries:
              bulkBody === undefined || request.mayRepeat === true ? Math.min(2, settings.nodes.length - 1) : 0,
            ignore: [...(request.expect ?? [])],
            headers: isPacked ? { 'content-encoding': 'gzip' } : undefined,
          },
        );
        const body: unknown = answer.body;
        const status = answer.statusCode ?? 0;
        if (request.method === 'HEAD') return { status, body: {} };
        if (!isObject(body)) throw explainUnknownName(url, body);
        return { status, body };
      } catch (error) {
        throw findStop(limits, end.isLate(), error) ?? explainFailure(url, error);
      } finally {
        end.clear();
        flights.delete(flight);
      }
    },
    close: async () => {
      for (const flight of flights) flight.abort();
      await client.close();
    },
  };
}

/**
 * Aborts the request when the caller does or when the time limit is reached. Elasticsearch ends a search whose
 * connection is closed.
 */
function endWithCaller(
  flight: AbortController,
  { signal, limitMs }: AskLimits = {},
): { readonly isLate: () => boolean; readonly clear: () => void } {
  let isLate = false;
  const end = (): void => flight.abort();
  const timer =
    limitMs === undefined
      ? undefined
      : setTimeout(() => {
          isLate = true;
          end();
        }, limitMs);
  if (signal?.aborted === true) end();
  signal?.addEventListener('abort', end, { once: true });
  return {
    isLate: () => isLate,
    clear: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
    },
  };
}

/** Returns why the request was stopped; undefined if it failed by itself. */
function findStop(limits: AskLimits = {}, isLate: boolean, error: unknown): JobtraceError | undefined {
  if (limits.signal?.aborted === true) return explainStop('gone', limits, error);
  return isLate ? explainStop('late', limits, error) : undefined;
}

/** Returns the client with limits for each request. */
export function limitClient(client: ElasticsearchClient, limits: AskLimits | undefined): ElasticsearchClient {
  return limits === undefined ? client : { ...client, send: (request) => client.send({ ...request, limits }) };
}

/**
 * Connection pool that leaves a dead node alone and tries it once a minute, however often it failed. The client's
 * default pool finds no node at all while the weights of dead nodes sink, and then does not report what is wrong.
 */
class NodePool extends ClusterConnectionPool {
  override resurrectTimeoutCutoff = 0;
}

function createClient(settings: ElasticsearchSettings, url: string): Client {
  const [apiKey, username, ca, caFingerprint, cert, key] = [
    settings.apiKey,
    settings.username,
    settings.ca,
    settings.caFingerprint,
    settings.cert,
    settings.key,
  ].map((value) => (value === '' ? undefined : value));
  const { password } = settings;
  try {
    if (settings.nodes.length === 0) throw new Error('no address is given');
    return new Client({
      nodes: [...settings.nodes],
      ConnectionPool: NodePool,
      requestTimeout: settings.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
      redaction: { type: 'remove' },
      auth: apiKey === undefined ? undefined : { apiKey },
      ...(apiKey === undefined && username !== undefined ? { auth: { username, password: password ?? '' } } : {}),
      tls: ca === undefined && cert === undefined ? undefined : omitMissing({ ca, cert, key }),
      caFingerprint,
    });
  } catch (error) {
    throw createError(
      'JT_STORE_UNUSABLE',
      {
        url,
        problem: errorText(error),
        advice: 'Correct store.urls (as in https://node:9200) and the settings beside it (docs/config.md).',
      },
      error,
    );
  }
}

/** Returns the status of a refused request, or undefined if there was no usable answer. */
export function readStatus(error: unknown): number | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof errors.ResponseError ? cause.statusCode : undefined;
}

function explainFailure(url: string, error: unknown): unknown {
  if (error instanceof errors.ResponseError) {
    const status = error.statusCode ?? 0;
    const reason = readReason(error.body);
    const problem = `status ${status}, ${reason}`;
    if (FLOOD_STAGE.test(reason)) return createError('JT_STORE_FULL', { url, problem }, error);
    if (status === 406 || OTHER_API.test(reason)) return explainProduct(url, problem, error);
    return createError(codeOf(status), { url, problem }, error);
  }
  if (error instanceof errors.ProductNotSupportedError)
    return explainProduct(url, 'what answers there is not Elasticsearch (a proxy, or another product)', error);
  if (error instanceof errors.DeserializationError) return explainUnknownName(url, error.message);
  if (error instanceof errors.ElasticsearchClientError)
    return createError(
      'JT_STORE_UNREACHABLE',
      { url, problem: `${error.name}: ${error.message}${explainTls(url, error.message)}` },
      error,
    );
  return error;
}

/**
 * Returns which settings to correct if a certificate is not accepted, or an empty text for other failures. The patterns
 * match the messages of OpenSSL and Node.js.
 */
function explainTls(url: string, message: string): string {
  if (!url.startsWith('https:')) return '';
  if (/self[- ]signed certificate|unable to (?:get|verify)/i.test(message))
    return ' (give the certificate of its authority as store.caFile or JOBTRACE_STORE_CA_FILE)';
  // TLS 1.3 often closes the connection before the reason is read.
  if (/certificate required|handshake failure|bad certificate|other side closed/i.test(message))
    return ' (if it asks for a client certificate: store.certFile and store.keyFile)';
  return '';
}

/**
 * Explains an answer of a server with another API: OpenSearch, and Elasticsearch before 8, do not know the client's
 * media type.
 */
function explainProduct(url: string, problem: string, error: unknown): JobtraceError {
  return createError(
    'JT_STORE_UNUSABLE',
    {
      url,
      problem: `it does not speak the API of Elasticsearch 8 (${problem})`,
      advice:
        'Jobtrace stores into Elasticsearch 8 or 9. OpenSearch (also of AWS) and Elasticsearch 7 are not supported: give the address of an Elasticsearch in store.urls, past a proxy that takes its headers away, or use the embedded store of one machine (docs/install.md).',
    },
    error,
  );
}

/** Returns the error code for a status that is an error. */
export function codeOf(status: number): 'JT_STORE_DENIED' | 'JT_STORE_UNREACHABLE' | 'JT_STORE_REFUSED' {
  if (status === 401 || status === 403) return 'JT_STORE_DENIED';
  return status === 408 || status === 413 || status === 429 || status >= 500
    ? 'JT_STORE_UNREACHABLE'
    : 'JT_STORE_REFUSED';
}

function explainUnknownName(url: string, body: unknown): JobtraceError {
  return createError('JT_STORE_UNREACHABLE', {
    url,
    problem: `the answer is not Elasticsearch's JSON but "${String(body).slice(0, 80).replace(/\s+/g, ' ')}"`,
  });
}

/** Returns one short sentence for `{error: {type, reason}}`, `{error: "text"}` or a proxy's page. */
export function readReason(body: unknown): string {
  const error = isObject(body) ? body['error'] : body;
  if (isObject(error)) return `${String(error['type'])}: ${String(error['reason'])}`.slice(0, 500);
  return String(error).slice(0, 120).replace(/\s+/g, ' ');
}
