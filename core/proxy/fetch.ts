// One request to the outside, straight or through a proxy, and its answer read up to a limit. The door of undici, whose
// `fetch` takes a proxy; Node's own sends what goes straight. Called by the channels and by the sign-in.
import type { ProxyAgent } from 'undici';
import { errorCode } from '../fault.js';
import { renderCredentials, type Way } from './choose.js';

/** No answer of a receiver is read further than this. */
export const MAX_ANSWER_BYTES = 65_536;

/** One for each proxy, which keeps its connections. */
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
    // What needs no tunnel asks for none: many proxies allow CONNECT to port 443 alone.
    proxyTunnel: false,
    // undici asks without a pause again where a proxy hangs up: under another code the request fails instead.
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

/** The beginning of the text; what is behind it is not read, and its connection is closed. */
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
  // Nobody waits for the other side to hear of it.
  reader.cancel().catch(() => undefined);
  return Buffer.concat(chunks).toString('utf8');
}

/** What an error of a request says, in a few words: without addresses, which are credentials for most receivers. */
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
