// Sends one request, direct or through a proxy, and reads the answer up to a limit. Wraps undici, whose `fetch` can use
// a proxy; Node's own `fetch` sends direct requests.
import type { ProxyAgent } from 'undici';
import { errorCode } from './fault.js';
import { renderCredentials, type Way } from './proxy.js';

/** Limit of bytes that are read of an answer. */
export const MAX_ANSWER_BYTES = 65_536;

/** Agents by proxy address. Each keeps its connections. */
const agents = new Map<string, ProxyAgent>();

export async function fetchBy(way: Way, url: string, request: RequestInit): Promise<Response> {
  if (way.kind === 'straight') return fetch(url, request);
  const undici = await import('undici');
  const agent = agents.get(way.proxy.href) ?? createAgent(undici, way.proxy);
  agents.set(way.proxy.href, agent);
  return undici.fetch(url, { ...request, dispatcher: agent });
}

function createAgent(
  { Pool, ProxyAgent: Agent }: Pick<typeof import('undici'), 'Pool' | 'ProxyAgent'>,
  proxy: URL,
): ProxyAgent {
  return new Agent({
    uri: `${proxy.protocol}//${proxy.host}`,
    token: renderCredentials(proxy),
    // http requests ask for no tunnel, because many proxies allow CONNECT to port 443 only.
    proxyTunnel: false,
    // undici retries without a pause if a proxy closes the connection; with another error code the request fails
    // instead.
    clientFactory: (origin, options) => {
      const pool = new Pool(origin, options);
      const connect = pool.connect.bind(pool);
      pool.connect = (asked: Parameters<typeof pool.connect>[0]) =>
        connect(asked).catch((error: unknown) => {
          throw Object.assign(new Error('the proxy hung up', { cause: error }), { code: 'ECONNRESET' });
        });
      return pool;
    },
  });
}

/** Returns the beginning of the text. The rest is not read, and the connection is closed. */
export async function readAnswer({ body }: Pick<Response, 'body'>): Promise<string> {
  if (body === null) return '';
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let left = MAX_ANSWER_BYTES;
  while (left > 0) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value.subarray(0, left));
    left -= value.byteLength;
  }
  // Nothing waits until the other side has noticed the cancellation.
  reader.cancel().catch(() => undefined);
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Describes the error of a request in a few words, without addresses, because these are credentials for most receivers.
 */
export function describeFailure(error: unknown): string {
  const causes = listCauses(error);
  const status = causes.map(({ message }) => /\bproxy\b.{0,80}?\((\d{3})\)/i.exec(message)?.[1]).find(Boolean);
  if (status === '407') return 'the proxy wants other credentials: status 407';
  if (status !== undefined) return `the proxy answered with status ${status}`;
  return causes.map(errorCode).find((code) => code !== '') ?? '';
}

function listCauses(error: unknown): readonly Error[] {
  return error instanceof Error && error.cause instanceof Error ? [error.cause, ...listCauses(error.cause)] : [];
}
