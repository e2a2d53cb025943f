// The only door to the official Elasticsearch client: one function that sends a request and gives back what was
// answered, or throws one of our errors. It tries another node when one fails, but never sends a bulk request again by
// itself unless it is told that it may, and it believes no answer that is not Elasticsearch's JSON: a
// proxy's error page with status 200 is not a success. The client is compiled into the built program without
// apache-arrow (cli/arrow.ts).
import { Client, ClusterConnectionPool, errors } from '@elastic/elasticsearch';
import { createGzip } from '../../core/bytes/gzip.js';
import { createError } from '../../core/errors.js';
import type { JobtraceError } from '../../core/errors.js';
import { errorText } from '../../core/fault.js';
import { isObject, omitMissing } from '../../core/json.js';
import type { AskLimits } from '../store.js';

/** An empty text counts as not given. */
export interface ElasticsearchSettings {
  /** Addresses of one cluster. */
  readonly nodes: readonly string[];
  /** Base64 "id:key" as Elasticsearch prints it under "encoded". */
  readonly apiKey?: string;
  readonly username?: string;
  readonly password?: string;
  /** SHA-256 fingerprint of the certificate authority, hexadecimal. */
  readonly caFingerprint?: string;
  /** PEM text of the certificate authority. */
  readonly ca?: string;
  /** PEM texts of a client certificate and its key, where Elasticsearch asks for one. */
  readonly cert?: string;
  readonly key?: string;
  /** All our indices begin with it. */
  readonly indexPrefix?: string;
  readonly requestTimeoutMs?: number;
  /** Whether lines are sent as gzip (default true). */
  readonly compress?: boolean;
  /** Primary shards of a day's index, at its creation. */
  readonly shards?: number;
  /** How soon a search sees what was stored; the feed does not wait for it. */
  readonly refreshMs?: number;
}

export interface ServerRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: object;
  /** Newline-delimited JSON; sent compressed unless the settings say otherwise. */
  readonly lines?: Buffer;
  /** Says of `lines` that another node may be sent them again: their documents have ids. */
  readonly mayRepeat?: boolean;
  /** How long whoever asks waits for the answer. */
  readonly limits?: AskLimits | undefined;
  /** Statuses that are an answer and not an error. */
  readonly expect?: readonly number[];
}

export interface ServerAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface ElasticsearchClient {
  /** For messages: the addresses without secrets. */
  readonly url: string;
  send(request: ServerRequest): Promise<ServerAnswer>;
  /** Requests that are under way are given up: a server that never answers must not keep the process from ending. */
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 60_000;
/** Of a write to an index that Elasticsearch closed to writes because a disk is nearly full; under 429 or 403. */
export const FLOOD_STAGE = /^cluster_block_exception: .*read-only-allow-delete/;
/** What servers say that do not know the client's media type, or a field that each Elasticsearch 8 knows. */
const OTHER_API = /compatible-with=\d+|unknown field \[ignore_missing_component_templates\]/;
/** Connects to nothing yet. Throws JT_STORE_UNUSABLE when the settings contradict each other. */
export function openClient(settings: ElasticsearchSettings): ElasticsearchClient {
  const url = settings.nodes.join(', ');
  const client = createClient(settings, url);
  const flights = new Set<AbortController>();
  // Its memory is made with the first lines: most clients send none.
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
        if (!isObject(body)) throw explainStranger(url, body);
        return { status, body };
      } catch (error) {
        throw explainStop(limits, end.isLate(), error) ?? explainFailure(url, error);
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

/** Elasticsearch ends a search whose connection is closed. */
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

function explainStop(limits: AskLimits | undefined, isLate: boolean, error: unknown): JobtraceError | undefined {
  if (limits?.signal?.aborted === true)
    return createError('JT_SEARCH_STOPPED', { problem: 'its caller has gone' }, error);
  if (!isLate) return undefined;
  return createError(
    'JT_SEARCH_STOPPED',
    { problem: `it was not done within ${(limits?.limitMs ?? 0) / 1000} s` },
    error,
  );
}

/** The same, for whoever asks within limits. */
export function limitClient(client: ElasticsearchClient, limits: AskLimits | undefined): ElasticsearchClient {
  return limits === undefined ? client : { ...client, send: (request) => client.send({ ...request, limits }) };
}

/**
 * The client's default pool finds no node at all while the weights of dead ones sink, and then does not say what is
 * wrong. This one leaves a dead node alone and looks for it once a minute, however often it failed.
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

/** Of a refused request: the status, or undefined when there was no answer to speak of. */
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
  if (error instanceof errors.DeserializationError) return explainStranger(url, error.message);
  if (error instanceof errors.ElasticsearchClientError)
    return createError(
      'JT_STORE_UNREACHABLE',
      { url, problem: `${error.name}: ${error.message}${explainTls(url, error.message)}` },
      error,
    );
  return error;
}

/** Says what to set where certificates do not fit; empty for other failures. The words are OpenSSL's and Node.js'. */
function explainTls(url: string, message: string): string {
  if (!url.startsWith('https:')) return '';
  if (/self[- ]signed certificate|unable to (?:get|verify)/i.test(message))
    return ' (give the certificate of its authority as store.caFile or JOBTRACE_STORE_CA_FILE)';
  // TLS 1.3 often ends the connection before its reason is read.
  if (/certificate required|handshake failure|bad certificate|other side closed/i.test(message))
    return ' (if it asks for a client certificate: store.certFile and store.keyFile)';
  return '';
}

/** OpenSearch, and Elasticsearch before 8, do not know the media type in which the client speaks. */
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

/** Of a status that is an error. */
export function codeOf(status: number): 'JT_STORE_DENIED' | 'JT_STORE_UNREACHABLE' | 'JT_STORE_REFUSED' {
  if (status === 401 || status === 403) return 'JT_STORE_DENIED';
  return status === 408 || status === 413 || status === 429 || status >= 500
    ? 'JT_STORE_UNREACHABLE'
    : 'JT_STORE_REFUSED';
}

function explainStranger(url: string, body: unknown): JobtraceError {
  return createError('JT_STORE_UNREACHABLE', {
    url,
    problem: `the answer is not Elasticsearch's JSON but "${String(body).slice(0, 80).replace(/\s+/g, ' ')}"`,
  });
}

/** `{error: {type, reason}}`, `{error: "text"}` or a proxy's page → one short sentence. */
export function readReason(body: unknown): string {
  const error = isObject(body) ? body['error'] : body;
  if (isObject(error)) return `${String(error['type'])}: ${String(error['reason'])}`.slice(0, 500);
  return String(error).slice(0, 120).replace(/\s+/g, ' ');
}
