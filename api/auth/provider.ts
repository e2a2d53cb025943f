// Signs people in at an OpenID Connect provider: authorization code with PKCE, state and nonce. It is the only module
// that imports openid-client, and it loads it only if a provider is configured. Takes the settings of the provider and
// its claims; returns the person and their groups. The permissions of the groups are looked up for each request.
// Nothing is kept here between redirect and callback, because a cookie of the browser holds it.
import type { Configuration } from 'openid-client';
import { createError, JobtraceError } from '../../core/errors.js';
import { errorText } from '../../core/fault.js';
import { fieldAt, textAt } from '../../core/json.js';
import { chooseWay, describeWay, NO_PROXIES, type Proxies, type Way } from '../../core/proxy.js';
import { describeFailure, fetchBy } from '../../core/fetch.js';
import { isLoopback } from './roles.js';
import type { Role } from '../../core/documents/user.js';
import type { ProvidedIdentity } from '../../core/documents/session.js';

/** Permissions of the members of a group. The grants of `*` apply only to people whose groups no other grant names. */
export interface GroupGrant {
  readonly group: string;
  readonly role: Role;
  readonly scope: readonly string[];
}

export interface ProviderSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** Secret of the client; empty for a public client. */
  readonly clientSecret: string;
  /** Text of the sign-in button. */
  readonly name: string;
  /** Scopes that are requested, such as "openid profile email". */
  readonly asks: string;
  readonly groupsClaim: string;
  readonly grants: readonly GroupGrant[];
  /** Address that the provider redirects the browser to after a sign-in. */
  readonly redirectUri: string;
  /** HTTP proxies; undefined if there are none. */
  readonly proxies?: Proxies | undefined;
}

/** Person who signed in, as the provider describes them. */
export interface Person extends ProvidedIdentity {
  readonly name: string;
}

const MAX_NAME = 100;
/** Largest number of groups of one person. Groups that a grant names come first. */
const MAX_GROUPS = 200;

export interface Provider {
  readonly name: string;
  /** Returns the address to redirect to and the value that the browser keeps meanwhile. Throws JT_PROVIDER_FAILED. */
  begin(): Promise<{ readonly location: string; readonly kept: string }>;
  /**
   * Returns the person of an answer; `kept` is the value that `begin` returned. Throws JT_PROVIDER_FAILED, or
   * JT_FORBIDDEN if no group of the person has a grant.
   */
  finish(answer: URLSearchParams, kept: string): Promise<Person>;
  /** Returns the sign-out address of the provider; undefined if the provider has none or is unavailable. */
  findEnd(): Promise<string | undefined>;
}

export function createProvider(settings: ProviderSettings): Provider {
  let known: Promise<Configuration> | undefined;
  const way = chooseWay(settings.issuer, settings.proxies ?? NO_PROXIES);
  const load = async () => {
    const client = await import('openid-client');
    known ??= discover(client, settings);
    try {
      return { client, configuration: await known };
    } catch (error) {
      // The next request tries again, because the provider may be back by then.
      known = undefined;
      throw fail(error, way);
    }
  };
  return {
    name: settings.name === '' ? hostOf(settings.issuer) : settings.name,
    async begin() {
      const { client, configuration } = await load();
      const [verifier, state, nonce] = [client.randomPKCECodeVerifier(), client.randomState(), client.randomNonce()];
      const location = client.buildAuthorizationUrl(configuration, {
        redirect_uri: settings.redirectUri,
        scope: settings.asks,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
      });
      return { location: location.href, kept: [verifier, state, nonce].join('.') };
    },
    async finish(answer, kept) {
      const [verifier = '', state = '', nonce = ''] = kept.split('.');
      const { client, configuration } = await load();
      const here = new URL(settings.redirectUri);
      here.search = answer.toString();
      try {
        const tokens = await client.authorizationCodeGrant(configuration, here, {
          pkceCodeVerifier: verifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        const more = await client
          .fetchUserInfo(configuration, tokens.access_token, claims?.sub ?? '')
          .catch(() => ({}));
        return describePerson({ ...more, ...claims }, settings);
      } catch (error) {
        throw fail(error, way);
      }
    },
    async findEnd() {
      try {
        const { client, configuration } = await load();
        return client.buildEndSessionUrl(configuration, {}).href;
      } catch {
        return undefined;
      }
    },
  };
}

async function discover(client: typeof import('openid-client'), settings: ProviderSettings): Promise<Configuration> {
  const { issuer, clientId, clientSecret, proxies = NO_PROXIES } = settings;
  const isHere = isLoopback(hostOf(issuer).replace(/:\d+$/, ''));
  return client.discovery(
    new URL(issuer),
    clientId,
    undefined,
    clientSecret === '' ? client.None() : client.ClientSecretPost(clientSecret),
    {
      // The function selects a proxy for each address of the provider. The configuration keeps it for later requests.
      [client.customFetch]: (url, request) => {
        const { body, signal, ...rest } = request;
        const way = chooseWay(url, proxies);
        return fetchBy(way, url, { ...rest, body: body ?? null, signal: signal ?? null });
      },
      // HTTP without TLS is allowed only on this machine.
      execute: isHere ? [client.allowInsecureRequests] : [],
    },
  );
}

/** Returns the person that the claims describe. Throws JT_FORBIDDEN if no group of the person has a grant. */
export function describePerson(
  claims: Readonly<Record<string, unknown>>,
  { grants, groupsClaim, issuer }: Pick<ProviderSettings, 'grants' | 'groupsClaim' | 'issuer'>,
): Person {
  const names = ['preferred_username', 'email', 'name', 'sub'].map((claim) => fieldAt(claims, claim));
  const given = names.find((value): value is string => typeof value === 'string' && value.trim() !== '');
  const name = limitName(given ?? '');
  const claimed = groupsClaim.split('.').reduce<unknown>((value, part) => fieldAt(value, part), claims);
  const groups = [claimed].flat().filter((group) => typeof group === 'string');
  const named = groups.filter((group) => grants.some((grant) => grant.group === group));
  const kept = [...new Set([...named, ...groups])].slice(0, MAX_GROUPS);
  if (findGrants(kept, grants).length > 0) return { name, issuer, subject: textAt(claims, 'sub'), groups: kept };
  throw createError('JT_FORBIDDEN', {
    problem: `"${name}" of ${hostOf(issuer)} is of no group that api.oidc.grants names`,
  });
}

/** Returns all grants that name one of the groups; the grants of `*` if none does. */
export function findGrants(groups: readonly string[], grants: readonly GroupGrant[]): readonly GroupGrant[] {
  const named = grants.filter(({ group }) => groups.includes(group));
  return named.length > 0 ? named : grants.filter(({ group }) => group === '*');
}

/**
 * Replaces every character that is not a letter, a digit or common punctuation of a name, because the name comes from
 * outside and is shown in lists and logs.
 */
function limitName(name: string): string {
  const letters = name.normalize('NFC').replace(/[^\p{L}\p{N}\p{M} .,_@+'()-]/gu, '_');
  return letters.slice(0, MAX_NAME) || 'somebody';
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

/** Creates the error of a failed request to the provider. `way` is the proxy or direct connection that was used. */
function fail(error: unknown, way?: Way): Error {
  if (error instanceof JobtraceError) return error;
  const by = way === undefined ? '' : describeWay(way);
  const cause = describeFailure(error);
  const reason = typeof error === 'string' ? error : errorText(error);
  const more = [cause, by].filter((part) => part !== '');
  const problem = error instanceof TypeError && more.length > 0 ? `${reason} (${more.join(', ')})` : reason;
  return createError('JT_PROVIDER_FAILED', { problem }, error);
}
