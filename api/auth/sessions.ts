// Keeps the sign-ins of people on the server. The browser has a random id in a cookie that no script can read; the
// store has its hash, the person and the end of the sign-in. Permissions are not kept: the role of a user and the
// grants of a provider's groups are looked up for each request. Takes a list in the store; returns the sign-in of a
// cookie if it is neither expired nor ended, and a list for people who may end sign-ins.
import { createCheck } from '../../core/document.js';
import { StoredSession, ShownSession } from '../../core/documents/session.js';
import { toIso } from '../../core/time/iso.js';
import { createVersionedList, type VersionedList, type VersionedListStore } from './versioned-list.js';
import { hashSecret, makeSecret } from './secret.js';

export interface NewSession extends Pick<StoredSession, 'name' | 'of' | 'provided' | 'address' | 'agent'> {
  readonly lastsMs?: number;
}

/** Filter of sign-ins; all given fields must match. */
export interface SessionQuery {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  /** Sign-in whose person must be the same. */
  readonly like?: StoredSession | undefined;
}

export interface Sessions {
  /** Starts a sign-in and returns the value of the cookie. */
  start(session: NewSession): Promise<string>;
  find(secret: string): Promise<StoredSession | undefined>;
  /** Ends the sign-in of this cookie value. */
  end(secret: string): Promise<void>;
  /** Returns the matching sign-ins, newest first. */
  list(query: SessionQuery): Promise<readonly ShownSession[]>;
  /** Ends the matching sign-ins and returns them. */
  endAll(query: SessionQuery): Promise<readonly ShownSession[]>;
}

/** Largest number of sign-ins of one person. A further one ends the sign-in that began first. */
const MAX_OF_PERSON = 20;
/**
 * Largest number of sign-ins. It is above the number of people who sign in in a day; only a larger number ends the
 * sign-ins of other people.
 */
const MAX_SESSIONS = 10_000;
const MAX_AGENT = 200;
const ID_LENGTH = 16;

const isSession = createCheck(StoredSession);

export function createSessions(
  store: VersionedListStore,
  { now, lastsMs }: { readonly now: () => number; readonly lastsMs: number },
): Sessions {
  const list: VersionedList<StoredSession> = createVersionedList(store, { name: 'sessions', isItem: isSession, now });
  const isOver = ({ endsAt }: StoredSession): boolean => Date.parse(endsAt) <= now();
  const select = (items: readonly StoredSession[], query: SessionQuery): readonly StoredSession[] =>
    items.filter((item) => !isOver(item) && fits(item, query));
  return {
    async start({ name, of, provided, address, agent, lastsMs: ownMs = lastsMs }) {
      const secret = makeSecret();
      const [startedAt = '', endsAt = ''] = [now(), now() + ownMs].map((time) => toIso(time));
      const started: StoredSession = {
        hash: hashSecret(secret),
        name,
        of,
        startedAt,
        endsAt,
        provided,
        address,
        agent: agent?.slice(0, MAX_AGENT),
      };
      await list.change((known) => {
        const running = known.filter((item) => !isOver(item));
        const own = running.filter((item) => isSamePerson(item, started));
        const tooOld = new Set(own.slice(0, Math.max(0, own.length - MAX_OF_PERSON + 1)));
        return [...running.filter((item) => !tooOld.has(item)), started].slice(-MAX_SESSIONS);
      });
      return secret;
    },
    async find(secret) {
      const hash = hashSecret(secret);
      return (await list.list()).find((item) => item.hash === hash && !isOver(item));
    },
    async end(secret) {
      const hash = hashSecret(secret);
      await list.change((known) => known.filter((item) => item.hash !== hash && !isOver(item)));
    },
    list: async (query) =>
      select(await list.list(), query)
        .map(show)
        .reverse(),
    async endAll(query) {
      let ended: readonly StoredSession[] = [];
      await list.change((known) => {
        ended = select(known, query);
        const gone = new Set(ended);
        return known.filter((item) => !gone.has(item) && !isOver(item));
      });
      return ended.map(show);
    },
  };
}

function fits(session: StoredSession, { id, name, like }: SessionQuery): boolean {
  return (
    (id === undefined || idOf(session) === id) &&
    (name === undefined || session.name === name) &&
    (like === undefined || isSamePerson(session, like))
  );
}

/**
 * Returns true if both sign-ins are of the same person. A local user and a user of the provider with the same name are
 * two people.
 */
function isSamePerson(one: StoredSession, other: StoredSession): boolean {
  if (one.of !== other.of) return false;
  if (one.of === 'user') return one.name === other.name;
  return (
    one.provided !== undefined &&
    one.provided.issuer === other.provided?.issuer &&
    one.provided.subject === other.provided.subject
  );
}

export function idOf({ hash }: Pick<StoredSession, 'hash'>): string {
  return hash.slice(0, ID_LENGTH);
}

function show({ hash, provided, ...session }: StoredSession): ShownSession {
  return { id: idOf({ hash }), ...session, issuer: provided?.issuer };
}
