// Signing in somewhere else: OpenID Connect with a code, PKCE, state and nonce. The only door to openid-client, loaded
// by who has a provider and by nobody else. In: the settings of the provider, and what it says of somebody. Out: who it
// is, and its groups; what these may do is looked up with each request. Nothing waits here between leaving and coming
// back: that stands in a cookie of the browser that left.
import type { Configuration } from 'openid-client';
import { createError, JobtraceError } from '../../core/errors.js';
import { errorText } from '../../core/fault.js';
import { fieldAt, textAt } from '../../core/json.js';
import { chooseWay, describeWay, NO_PROXIES, type Proxies, type Way } from '../../core/proxy/choose.js';
import { describeFailure, fetchBy } from '../../core/proxy/fetch.js';
import { isLoopback, type Role } from '../auth.js';
import type { ProvidedIdentity } from './sessions.js';

/** What who is of a group may do; `*` is anybody whom the provider knows. The first that fits counts. */
export interface GroupGrant {
  readonly group: string;
  readonly role: Role;
  readonly scope: readonly string[];
}

export interface ProviderSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** Empty: a public client. */
  readonly clientSecret: string;
  /** What people read on the button. */
  readonly name: string;
  /** What is asked for, such as "openid profile email". */
  readonly asks: string;
  readonly groupsClaim: string;
  readonly grants: readonly GroupGrant[];
  /** Where the provider sends people back to. */
  readonly redirectUri: string;
  /** Absent: none. */
  readonly proxies?: Proxies | undefined;
}

/** Who signed in, as the provider says it. */
export interface Person extends ProvidedIdentity {
  readonly name: string;
}

const MOST_NAME = 100;
/** Of one person; those that the grants name come first. */
const MOST_GROUPS = 200;

export interface Provider {
  readonly name: string;
  /** Where to go, and what the browser keeps meanwhile. Throws JT_PROVIDER_FAILED. */
  begin(): Promise<{ readonly location: string; readonly kept: string }>;
  /** `kept` is what begin gave. Throws JT_PROVIDER_FAILED; JT_FORBIDDEN for whoever is of no group that may see. */
  finish(answer: URLSearchParams, kept: string): Promise<Person>;
  /** Where one signs out at the provider too; undefined where it has no such place, or is away. */
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
      // It may be back when the next one asks.
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
      // Each address of the provider may have a way of its own: it is kept in the configuration for all that follows.
      [client.customFetch]: (url, request) => {
        const { body, signal, ...rest } = request;
        const way = chooseWay(url, proxies);
        return fetchBy(way, url, { ...rest, body: body ?? null, signal: signal ?? null });
      },
      // Without TLS only on this machine.
      execute: isHere ? [client.allowInsecureRequests] : [],
    },
  );
}

/** Pure but for what it throws: JT_FORBIDDEN. */
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
  const kept = [...new Set([...named, ...groups])].slice(0, MOST_GROUPS);
  if (findGrants(kept, grants).length > 0) return { name, issuer, subject: textAt(claims, 'sub'), groups: kept };
  throw createError('JT_FORBIDDEN', {
    problem: `"${name}" of ${hostOf(issuer)} is of no group that api.oidc.grants names`,
  });
}

/** All that name one of the groups; those of `*` count where none does. */
export function findGrants(groups: readonly string[], grants: readonly GroupGrant[]): readonly GroupGrant[] {
  const named = grants.filter(({ group }) => groups.includes(group));
  return named.length > 0 ? named : grants.filter(({ group }) => group === '*');
}

/** Names are chosen elsewhere: what is no letter, digit or usual mark of a name does not reach a list or a log. */
function limitName(name: string): string {
  const letters = name.normalize('NFC').replace(/[^\p{L}\p{N}\p{M} .,_@+'()-]/gu, '_');
  return letters.slice(0, MOST_NAME) || 'somebody';
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

/** `way`: how the provider was asked. */
function fail(error: unknown, way?: Way): Error {
  if (error instanceof JobtraceError) return error;
  const by = way === undefined ? '' : describeWay(way);
  const cause = describeFailure(error);
  const said = typeof error === 'string' ? error : errorText(error);
  const more = [cause, by].filter((part) => part !== '');
  const problem = error instanceof TypeError && more.length > 0 ? `${said} (${more.join(', ')})` : said;
  return createError('JT_PROVIDER_FAILED', { problem }, error);
}
