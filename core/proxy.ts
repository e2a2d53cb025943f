// Decides whether a request uses a proxy, and which one, from the address, the proxies of the settings (or of the
// machine's environment) and the receiver's own proxy setting. Pure functions. Requests to this machine never use a
// proxy.
import { BlockList, isIP } from 'node:net';

export interface Proxies {
  /** Proxies for http addresses, for https addresses and for all others without a proxy of their own; empty: none. */
  readonly http: string;
  readonly https: string;
  readonly all: string;
  /**
   * Destinations without a proxy: hosts with all names below them, addresses, CIDR blocks, each also with a port; `*`
   * is all.
   */
  readonly bypass: readonly string[];
}

export const NO_PROXIES: Proxies = { http: '', https: '', all: '', bypass: [] };

/** Setting of a receiver that never uses a proxy, whatever the other settings say. */
export const STRAIGHT = 'none';

export type Way =
  | { readonly kind: 'proxy'; readonly proxy: URL }
  | { readonly kind: 'straight'; readonly reason: 'none' | 'own' | 'loopback' | 'bypass' }
  | { readonly kind: 'straight'; readonly reason: 'unusable'; readonly problem: string };

/** Chooses the way of a request. `own` is the receiver's own proxy setting. */
export function chooseWay(address: string, proxies: Proxies, own?: string): Way {
  const { protocol, hostname, port } = new URL(address);
  const host = plainHost(hostname);
  if (isLoopback(host)) return { kind: 'straight', reason: 'loopback' };
  if (own === STRAIGHT) return { kind: 'straight', reason: 'own' };
  if (own !== undefined) return useProxy(own);
  const named = { 'http:': proxies.http, 'https:': proxies.https }[protocol] ?? '';
  const given = named === '' ? proxies.all : named;
  if (given === '') return { kind: 'straight', reason: 'none' };
  const asked = { host, port: port === '' ? (PORTS[protocol] ?? '') : port };
  const rules = proxies.bypass.flatMap((text) => text.split(/[\s,]+/)).filter((text) => text !== '');
  return rules.some((rule) => fits(rule, asked)) ? { kind: 'straight', reason: 'bypass' } : useProxy(given);
}

const PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443', 'smtp:': '587', 'smtps:': '465' };

function useProxy(given: string): Way {
  const problem = findProxyProblem(given);
  return problem === undefined
    ? { kind: 'proxy', proxy: parseProxy(given) }
    : { kind: 'straight', reason: 'unusable', problem };
}

/** Returns what is wrong with the address of a proxy, without revealing its password. */
export function findProxyProblem(given: string): string | undefined {
  const text = complete(given);
  if (!URL.canParse(text) || new URL(text).hostname === '') return 'the proxy that is set has no valid address';
  const { protocol, username, password } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:')
    return `the proxy that is set speaks ${protocol.slice(0, -1)}, but only http and https proxies are supported`;
  return canDecode(username) && canDecode(password)
    ? undefined
    : 'the user or password of the proxy contains a "%", which must be written "%25"';
}

function parseProxy(given: string): URL {
  return new URL(complete(given));
}

/** Adds the scheme, because the environment variables often have none. */
function complete(given: string): string {
  return given.includes('://') ? given : `http://${given}`;
}

function canDecode(text: string): boolean {
  try {
    return decodeURIComponent(text).length >= 0;
  } catch (error) {
    if (error instanceof URIError) return false;
    throw error;
  }
}

/** Renders the header `proxy-authorization`; undefined if the address has no user. */
export function renderCredentials({ username, password }: URL): string | undefined {
  if (username === '') return undefined;
  return `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`;
}

/**
 * Describes for an error how the request left, without credentials. The result is empty if nobody would expect a proxy.
 */
export function describeWay(way: Way): string {
  if (way.kind === 'proxy') return `through the proxy ${way.proxy.host}`;
  switch (way.reason) {
    case 'unusable':
      return `without a proxy: ${way.problem}`;
    case 'own':
      return 'without a proxy, as the receiver says';
    case 'bypass':
      return 'without a proxy: proxy.bypass or NO_PROXY names the host';
    case 'none':
      return 'without a proxy: none is set';
    default:
      return '';
  }
}

/** Removes the brackets of an IPv6 address and the final dot of a full name. */
function plainHost(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('0.0.0.0', 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');
LOOPBACK.addAddress('::', 'ipv6');

function isLoopback(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return host === 'localhost' || host.endsWith('.localhost');
  return LOOPBACK.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

interface Asked {
  readonly host: string;
  readonly port: string;
}

/**
 * True if an entry of the bypass list matches, by the rules of curl and Go. Names are not resolved, so a block matches
 * only addresses.
 */
function fits(rule: string, { host, port }: Asked): boolean {
  if (rule === '*') return true;
  const { name, wantedPort } = splitPort(rule);
  if (wantedPort !== undefined && wantedPort !== port) return false;
  const [network = '', bits] = name.split('/');
  const family = isIP(network);
  if (bits !== undefined) return family !== 0 && isInBlock(host, network, Number(bits));
  if (family !== 0) return isInBlock(host, network, family === 4 ? 32 : 128);
  const suffix = name.replace(/^\*?\./, '');
  return suffix !== '' && (host === suffix || host.endsWith(`.${suffix}`));
}

function splitPort(rule: string): { readonly name: string; readonly wantedPort: string | undefined } {
  const [, inBrackets, bracketPort] = /^\[([^\]]+)\](?::(\d+))?$/.exec(rule) ?? [];
  if (inBrackets !== undefined) return { name: inBrackets.toLowerCase(), wantedPort: bracketPort };
  const [, name = rule, wantedPort] = /^([^:]+):(\d+)$/.exec(rule) ?? [];
  return { name: plainHost(name), wantedPort };
}

function isInBlock(host: string, network: string, bits: number): boolean {
  const family = isIP(host);
  const max = isIP(network) === 4 ? 32 : 128;
  if (family === 0 || !Number.isInteger(bits) || bits < 0 || bits > max) return false;
  const block = new BlockList();
  block.addSubnet(network, bits, max === 32 ? 'ipv4' : 'ipv6');
  return block.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
