// Manages tokens that are created while the service runs: `jt_<id>_<secret>`. The store has the id, the permissions and
// the hash of the secret; the secret is shown once. Takes a versioned list of tokens; returns the token of a text if it
// is neither expired nor revoked.
import { createCheck } from '../../core/document.js';
import { ApiToken, ShownToken } from '../../core/documents/token.js';
import { toIso } from '../../core/time/iso.js';
import { createError } from '../../core/errors.js';
import { createVersionedList, type VersionedList, type VersionedListStore } from './versioned-list.js';
import { hashSecret, isSameSecret, makeId, makeSecret } from './secret.js';

export type NewToken = Pick<ApiToken, 'name' | 'role' | 'scope' | 'expiresAt'>;

export interface Tokens {
  /** Creates a token. The secret is returned only here. */
  create(token: NewToken, by: string): Promise<{ readonly token: ShownToken; readonly secret: string }>;
  list(): Promise<readonly ShownToken[]>;
  /** Returns the valid tokens that this user created. */
  listMadeBy(name: string): Promise<readonly ShownToken[]>;
  /** Revokes the token; a revoked token stays unchanged. Throws JT_NOT_FOUND. */
  revoke(id: string, by: string): Promise<ShownToken>;
  /** Returns the token of the text; undefined if it does not exist or is not valid. */
  find(text: string): Promise<ApiToken | undefined>;
  /** Returns true if the store holds any token, valid or not. */
  hasAny(): Promise<boolean>;
}

const FORM = /^jt_([0-9a-f]{12})_([\w-]{43})$/;
/** Time, in milliseconds, that an expired or revoked token stays in the list, so that people can still look it up. */
const KEPT_MS = 365 * 86_400_000;
const MAX_TOKENS = 1000;

const isToken = createCheck(ApiToken);

export function createTokens(store: VersionedListStore, now: () => number): Tokens {
  const list: VersionedList<ApiToken> = createVersionedList(store, { name: 'tokens', isItem: isToken, now });
  const show = (token: ApiToken): ShownToken => {
    const { hash, ...shown } = token;
    return { ...shown, state: stateOf(token, now()) };
  };
  return {
    async create({ name, role, scope, expiresAt }, by) {
      const id = makeId();
      const secret = makeSecret();
      const createdAt = toIso(now());
      const grant = { id, name, role, scope, expiresAt };
      const token: ApiToken = { ...grant, hash: hashSecret(secret), createdAt, createdBy: by };
      await list.change((items) => {
        const kept = items.filter((item) => endOf(item) > now() - KEPT_MS);
        if (kept.length < MAX_TOKENS) return [...kept, token];
        throw createError('JT_REQUEST_INVALID', { problems: `there are ${MAX_TOKENS} tokens already` });
      });
      return { token: show(token), secret: `jt_${id}_${secret}` };
    },
    list: async () => (await list.list()).map(show),
    listMadeBy: async (name) =>
      (await list.list()).map(show).filter(({ createdBy, state }) => createdBy === name && state === 'valid'),
    async revoke(id, by) {
      const revoked = { revokedAt: toIso(now()), revokedBy: by };
      const items = await list.change((known) => {
        if (known.every((item) => item.id !== id)) throw createError('JT_NOT_FOUND', { what: `The token "${id}"` });
        return known.map((item) => (item.id === id && item.revokedAt === undefined ? { ...item, ...revoked } : item));
      });
      const [found] = items.filter((item) => item.id === id);
      if (found === undefined) throw createError('JT_NOT_FOUND', { what: `The token "${id}"` });
      return show(found);
    },
    async find(text) {
      const [, id, secret = ''] = FORM.exec(text) ?? [];
      if (id === undefined) return undefined;
      const found = (await list.list()).find((item) => item.id === id);
      const isSame = isSameSecret(hashSecret(secret), found?.hash ?? '');
      return found !== undefined && isSame && stateOf(found, now()) === 'valid' ? found : undefined;
    },
    hasAny: async () => (await list.list()).length > 0,
  };
}

function stateOf({ revokedAt, expiresAt }: ApiToken, nowMs: number): ShownToken['state'] {
  if (revokedAt !== undefined) return 'revoked';
  return expiresAt !== undefined && Date.parse(expiresAt) <= nowMs ? 'expired' : 'valid';
}

/** Returns true if the token is valid now and expires within `withinMs` milliseconds. */
export function endsWithin({ state, expiresAt }: ShownToken, withinMs: number, nowMs: number): boolean {
  return state === 'valid' && expiresAt !== undefined && Date.parse(expiresAt) <= nowMs + withinMs;
}

/** Returns the end of the token, in milliseconds since 1970. */
function endOf({ revokedAt, expiresAt }: ApiToken): number {
  const time = revokedAt ?? expiresAt;
  return time === undefined ? Infinity : Date.parse(time);
}

/** Describes the tokens that stay valid when their creator is removed. */
export function describeLeft(tokens: readonly ShownToken[]): string | undefined {
  if (tokens.length === 0) return undefined;
  return `made tokens that are still valid: ${tokens.map(({ id, name }) => `${id} (${name})`).join(', ')}`;
}
