// One POST to a receiver, and what its answer means: delivered, try again, or refused. The address is a credential
// for most receivers, so neither it nor what follows from it is ever put into an error.
import type { SendResult } from './channels/channel.js';

const TIMEOUT_MS = 10_000;
const MAX_ERROR_LENGTH = 200;
const RETRYABLE_STATUS: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

export async function postJson(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<SendResult> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'jobtrace', ...headers },
      // A redirect would carry the message, and for some receivers the secret, to an address that nobody configured.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return readAnswer(response, await response.text(), url);
  } catch (error) {
    return { ok: false, retryable: true, error: explainFailure(error) };
  }
}

function readAnswer(response: Response, text: string, url: string): SendResult {
  if (response.ok) return { ok: true };
  const said = text.replaceAll(url, '***').replace(/\s+/g, ' ').trim().slice(0, MAX_ERROR_LENGTH);
  const retryAfterMs = readRetryAfter(response.headers.get('retry-after'));
  return {
    ok: false,
    retryable: RETRYABLE_STATUS.has(response.status),
    error: `it answered with status ${response.status}${said === '' ? '' : `: ${said}`}`,
    retryAfterMs,
  };
}

/** Seconds or a date. */
function readRetryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, 3_600_000) : undefined;
}

function explainFailure(error: unknown): string {
  if (!(error instanceof Error)) return 'the connection failed';
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`;
  const cause = error.cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  return code === undefined ? 'the connection failed' : `the connection failed (${code})`;
}
