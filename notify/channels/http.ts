// Sends one POST to a receiver and interprets its answer: delivered, retry, or refused. The address is a credential for
// most receivers, so errors contain neither the address nor anything derived from it.
import { chooseWay, describeWay, NO_PROXIES, type Way } from '../../core/proxy.js';
import { describeFailure, fetchBy, readAnswer } from '../../core/fetch.js';
import { quoteRegex } from '../../core/regex.js';
import { isJsonObject, type JsonObject } from '../card/payload.js';
import type { Delivery } from './channel.js';
import type { SendResult } from './result.js';

const TIMEOUT_MS = 10_000;
const MAX_ERROR_LENGTH = 200;
const MAX_ANSWER_LENGTH = 2000;
/** Parts of addresses that are public knowledge. Any other part of a path may be a credential. */
const WELL_KNOWN: ReadonlySet<string> = new Set(
  'alert alerts api bot channels connector connectors hook hooks incoming message messages notify robot send services trigger triggers v1 v2 webhook webhooks workflows'.split(
    ' ',
  ),
);
const SHORTEST_PART = 4;
const RETRYABLE_STATUS: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  /** Text in one line, without any part of the address. */
  readonly shown: string;
  readonly retryAfterMs?: number | undefined;
  /** Description of the proxy that was used. */
  readonly by?: string | undefined;
}

/** Sends the request. Returns the answer, or a failed result if there was none. */
export async function post(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  { receiver, proxies = NO_PROXIES }: Pick<Delivery, 'receiver' | 'proxies'>,
): Promise<HttpAnswer | SendResult> {
  const way = chooseWay(url, proxies, receiver.proxy);
  try {
    const response = await fetchBy(way, url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'jobtrace', ...headers },
      // A redirect would send the message, and for some receivers the secret, to an address that nobody configured.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await readAnswer(response);
    return {
      status: response.status,
      text,
      shown: hideAddress(text.slice(0, MAX_ANSWER_LENGTH), url).replace(/\s+/g, ' ').trim(),
      retryAfterMs: readRetryAfter(response.headers.get('retry-after')),
      by: way.kind === 'proxy' ? describeWay(way) : undefined,
    };
  } catch (error) {
    return { ok: false, retryable: true, error: explainFailure(error, way) };
  }
}

/** Sends the request to a receiver whose status code is the whole answer. */
export async function postJson(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  delivery: Pick<Delivery, 'receiver' | 'proxies'>,
): Promise<SendResult> {
  const answer = await post(url, body, headers, delivery);
  return 'ok' in answer ? answer : readStatus(answer);
}

export function readStatus({ status, shown, retryAfterMs, by }: HttpAnswer): SendResult {
  const answer = `${status} ${shown}`.trim();
  if (status >= 200 && status < 300) return { ok: true, answer };
  const reply = shown.slice(0, MAX_ERROR_LENGTH);
  return {
    ok: false,
    retryable: RETRYABLE_STATUS.has(status),
    error: `it answered with status ${status}${by === undefined ? '' : ` (${by})`}${reply === '' ? '' : `: ${reply}`}`,
    retryAfterMs,
    answer,
  };
}

/** Parses the answer of a JSON service; undefined if it is not a JSON object. */
export function readJson(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch (error) {
    // The answer is a page of a server in between.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Removes all credentials of an address from a text: the whole address, its path, and every part of the path, parameter
 * and password, in any encoding in which the other side repeats them.
 */
export function hideAddress(text: string, url: string): string {
  if (!URL.canParse(url)) return text.replaceAll(url, '***');
  const { href, pathname, search, searchParams, username, password } = new URL(url);
  // Parsing turns a plus into a blank and reads a value without a name as a name, so values are also hidden as written.
  const written = search.split(/[?&]/).map((part) => part.slice(part.indexOf('=') + 1));
  const parts = [...pathname.split('/'), ...searchParams.values(), ...written, username, password]
    .flatMap((part) => [part, decodePart(part), encodeURIComponent(part)])
    .filter((part) => part.length >= SHORTEST_PART && !WELL_KNOWN.has(part.toLowerCase()));
  const wholes = [url, href, `${pathname}${search}`, pathname, search].filter((whole) => whole.length >= SHORTEST_PART);
  // The longest come first, so that no remainder stays.
  const hidden = [...new Set([...wholes, ...parts])].sort((left, right) => right.length - left.length);
  return hidden.length === 0 ? text : text.replace(new RegExp(hidden.map(quoteRegex).join('|'), 'gi'), '***');
}

/** Decodes a part of an address; returns it unchanged if it is not encoded correctly. */
function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return part;
    throw error;
  }
}

/** Reads the header's seconds or date as milliseconds. */
function readRetryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, 3_600_000) : undefined;
}

function explainFailure(error: unknown, way: Way): string {
  const by = describeWay(way);
  const end = by === '' ? '' : `, ${by}`;
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s${end}`;
  const why = describeFailure(error);
  return `the connection failed${why === '' ? '' : ` (${why})`}${end}`;
}
