// Which pages may reach the API: while it is open to this machine none under a name of their own, and none of another
// origin; and whoever has signed in is asked, for each change, whether it comes from our own page. An origin is
// compared as a whole, scheme, host and port: cookies know no ports, and other pages stand on the same host.
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
 * even that, nor have a picture loaded from the API, which would cost a search. Tools send no origin.
 */
export function checkOpenOrigin(
  request: FastifyRequest,
  { allowedHosts, publicUrl }: { readonly allowedHosts: readonly string[]; readonly publicUrl: string | undefined },
): void {
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const isOfPage = request.method === 'GET' && !request.url.startsWith('/api/');
  if (origin === undefined) {
    if ((site === 'cross-site' || site === 'same-site') && !isOfPage)
      throw createError('JT_ORIGIN_REFUSED', { origin: 'another site' });
    return;
  }
  if (!isOwn(origin, request, publicUrl) && !isNamed(origin, request, allowedHosts))
    throw createError('JT_ORIGIN_REFUSED', { origin });
}

/** Of a request that brings no sign-in: a tool sends no origin. */
export function checkSignInOrigin(request: FastifyRequest, publicUrl: string | undefined): void {
  const { origin } = request.headers;
  if (origin === undefined && request.headers['sec-fetch-site'] === 'cross-site')
    throw createError('JT_ORIGIN_REFUSED', { origin: 'another site' });
  if (origin !== undefined && !isOwn(origin, request, publicUrl)) throw createError('JT_ORIGIN_REFUSED', { origin });
}

/**
 * A change that a browser sends by itself, with the cookie of whoever has signed in, must say that it comes from our
 * own page: every browser that keeps our cookies sends one of the two heads. A request with neither is no page's.
 */
export function checkSameOrigin(request: FastifyRequest, publicUrl: string | undefined): void {
  const site = request.headers['sec-fetch-site'];
  if (request.headers.origin === undefined && site !== 'same-origin')
    throw createError('JT_ORIGIN_REFUSED', { origin: 'nowhere: a sign-in is used by the page alone' });
  checkSignInOrigin(request, publicUrl);
}

/** Our page as people reach it (api.publicUrl), or at the address that this request was sent to. */
function isOwn(origin: string, request: FastifyRequest, publicUrl: string | undefined): boolean {
  const { protocol, host } = request;
  if (publicUrl !== undefined && URL.canParse(publicUrl) && origin === new URL(publicUrl).origin) return true;
  if (!URL.canParse(origin)) return false;
  const parsed = new URL(origin);
  if (parsed.host !== host.toLowerCase()) return false;
  // Behind a proxy that ends TLS the scheme is another one; no page can say of itself that it is of the same origin.
  return parsed.protocol === `${protocol}:` || request.headers['sec-fetch-site'] === 'same-origin';
}

/** At the port of this request, or at that of its scheme. */
function isNamed(origin: string, request: FastifyRequest, allowed: readonly string[]): boolean {
  if (!URL.canParse(origin)) return false;
  const { hostname, port } = new URL(origin);
  return allowed.includes(hostname) && (port === '' || port === String(request.port ?? ''));
}
