// Checks which web pages may send requests. While access is open to the local machine, requests under a foreign host
// name or from another origin are rejected; a change by a signed-in person must come from Jobtrace's own page. An
// origin is compared by scheme, host and port, because cookies ignore ports and other pages may run on the same host.
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { createError } from '../../core/errors.js';
import { isLoopback } from '../auth/roles.js';

/**
 * Rejects requests under a foreign host name while access is open to the local machine, because a web page could use
 * such a name to reach the API (DNS rebinding).
 */
export function checkHost(request: FastifyRequest, allowed: readonly string[]): void {
  const name = request.hostname.replace(/^\[|\]$/g, '');
  if (name !== '' && !isLoopback(name) && isIP(name) === 0 && !allowed.includes(name))
    throw createError('JT_HOST_REFUSED', { host: name });
}

/**
 * Rejects requests of another origin while access is open to the local machine. A page of another origin can send
 * requests without reading the answers; even loading an image from the API would cost a search. Tools send no origin.
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

/** Checks the origin of a request without a sign-in cookie. Tools send no origin. */
export function checkSignInOrigin(request: FastifyRequest, publicUrl: string | undefined): void {
  const { origin } = request.headers;
  if (origin === undefined && request.headers['sec-fetch-site'] === 'cross-site')
    throw createError('JT_ORIGIN_REFUSED', { origin: 'another site' });
  if (origin !== undefined && !isOwn(origin, request, publicUrl)) throw createError('JT_ORIGIN_REFUSED', { origin });
}

/**
 * Checks that a change comes from Jobtrace's own page, because a browser sends the sign-in cookie by itself. Every
 * browser that accepts Jobtrace's cookies sends one of the two headers, so a request without both does not come from a
 * page.
 */
export function checkSameOrigin(request: FastifyRequest, publicUrl: string | undefined): void {
  const site = request.headers['sec-fetch-site'];
  if (request.headers.origin === undefined && site !== 'same-origin')
    throw createError('JT_ORIGIN_REFUSED', { origin: 'nowhere: a sign-in is used by the page alone' });
  checkSignInOrigin(request, publicUrl);
}

/** Returns true if the origin is the public address of the page (api.publicUrl) or the address of this request. */
function isOwn(origin: string, request: FastifyRequest, publicUrl: string | undefined): boolean {
  const { protocol, host } = request;
  if (publicUrl !== undefined && URL.canParse(publicUrl) && origin === new URL(publicUrl).origin) return true;
  if (!URL.canParse(origin)) return false;
  const parsed = new URL(origin);
  if (parsed.host !== host.toLowerCase()) return false;
  // A proxy that terminates TLS changes the scheme. In that case the Sec-Fetch-Site header decides, because a page
  // cannot forge it.
  return parsed.protocol === `${protocol}:` || request.headers['sec-fetch-site'] === 'same-origin';
}

/**
 * Returns true if an allowed host has this origin, at the port of this request or at the default port of its scheme.
 */
function isNamed(origin: string, request: FastifyRequest, allowed: readonly string[]): boolean {
  if (!URL.canParse(origin)) return false;
  const { hostname, port } = new URL(origin);
  return allowed.includes(hostname) && (port === '' || port === String(request.port ?? ''));
}
