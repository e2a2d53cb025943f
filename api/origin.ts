// Which pages may reach an API that is open to this machine: none under a name of their own, none of another origin.
// Called by server.ts for each request while no token is set.
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
