// Which pages may reach the API: while it is open to this machine none under a name of their own, and none of another
// origin; and whoever has signed in is asked, for each change, whether it comes from our own page. Called by server.ts.
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { createError } from '../core/errors.js';
import { isLoopback } from './auth.js';

/**
 * While everything is open to this machine, a web page elsewhere must not reach it through a name of its own (DNS
 * rebinding).
 */
export function checkHost(request: FastifyRequest, allowed: readonly string[]): void {
  const name = request.hostname.replace(/^\[|\]$/g, '');
  if (name !== '' && !isLoopback(name) && isIP(name) === 0 && !allowed.includes(name))
    throw createError('JT_HOST_REFUSED', { host: name });
}

/**
 * A page of another origin may send without being able to read: while everything is open to this machine, it may not
 * even that. Tools send no origin.
 */
export function checkOrigin(request: FastifyRequest, allowed: readonly string[]): void {
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

/**
 * A change that a browser sends by itself, with the cookie of whoever has signed in, must say that it comes from our
 * own page: every browser that keeps our cookies sends one of the two heads. A request with neither is no page's.
 */
export function checkSameOrigin(request: FastifyRequest, allowed: readonly string[]): void {
  const site = request.headers['sec-fetch-site'];
  if (request.headers.origin === undefined && site !== 'same-origin')
    throw createError('JT_ORIGIN_REFUSED', { origin: 'nowhere: a sign-in is used by the page alone' });
  checkOrigin(request, allowed);
}
