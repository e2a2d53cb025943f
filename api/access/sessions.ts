// Sign-ins of people, kept by the server: the browser has a random id in a cookie that no script can read; the store
// has its hash, whose sign-in it is and until when. What somebody may do is not kept: a user's role is looked up, and
// a provider's groups are mapped, with each request. In: a list in the store. Out: the one behind a cookie, as long as
// it is neither over nor ended, and a list for whoever may end them.
import { createBook, hasTexts, type Book, type BookStore } from './book.js';
import { hashSecret, makeSecret } from './secret.js';

/** What a provider said of somebody when they signed in. */
export interface ProvidedIdentity {
  readonly issuer: string;
  /** Who it is there, whatever the name. */
  readonly subject: string;
  readonly groups: readonly string[];
}

export interface StoredSession {
  readonly hash: string;
  readonly name: string;
  /** Who said who it is. */
  readonly of: 'user' | 'provider';
  readonly provided?: ProvidedIdentity | undefined;
  readonly startedAt: string;
  readonly endsAt: string;
  readonly address?: string | undefined;
  /** Name of the browser, as it says it itself. */
  readonly agent?: string | undefined;
}

export interface NewSession extends Pick<StoredSession, 'name' | 'of' | 'provided'> {
  readonly address?: string | undefined;
  readonly agent?: string | undefined;
  readonly lastsMs?: number;
}

/** What others may know of a sign-in: its id ends it, and opens nothing. */
export interface ShownSession extends Pick<
  StoredSession,
  'name' | 'of' | 'startedAt' | 'endsAt' | 'address' | 'agent'
> {
  readonly id: string;
  readonly issuer?: string | undefined;
}

/** Which sign-ins; all that is given must fit. */
export interface SessionQuery {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  /** Those of the same person as this one. */
  readonly like?: StoredSession | undefined;
}

export interface Sessions {
  /** What the cookie is to hold. */
  start(session: NewSession): Promise<string>;
  find(secret: string): Promise<StoredSession | undefined>;
  /** By what the cookie holds. */
  end(secret: string): Promise<void>;
  /** The newest first. */
  list(query: SessionQuery): Promise<readonly ShownSession[]>;
  /** Gives those that were ended. */
  endAll(query: SessionQuery): Promise<readonly ShownSession[]>;
}

/** Of one person; beyond it the one that began first is over. */
const MOST_OF_PERSON = 20;
/** More than as many people as may sign in a day; only beyond it somebody is signed out because of others. */
const MOST_SESSIONS = 10_000;
const MOST_AGENT = 200;
const ID_LENGTH = 16;

function isSession(value: unknown): value is StoredSession {
  if (!hasTexts(value, ['hash', 'name', 'of', 'startedAt', 'endsAt'])) return false;
  const provided = value['provided'];
  return provided === undefined || (hasTexts(provided, ['issuer', 'subject']) && Array.isArray(provided['groups']));
}

export function createSessions(
  store: BookStore,
  { now, lastsMs }: { readonly now: () => number; readonly lastsMs: number },
): Sessions {
  const book: Book<StoredSession> = createBook(store, { name: 'sessions', isItem: isSession, now });
  const isOver = ({ endsAt }: StoredSession): boolean => Date.parse(endsAt) <= now();
  const select = (items: readonly StoredSession[], query: SessionQuery): readonly StoredSession[] =>
    items.filter((item) => !isOver(item) && fits(item, query));
  return {
    async start({ name, of, provided, address, agent, lastsMs: ownMs = lastsMs }) {
      const secret = makeSecret();
      const [startedAt = '', endsAt = ''] = [now(), now() + ownMs].map((time) => new Date(time).toISOString());
      const started: StoredSession = {
        hash: hashSecret(secret),
        name,
        of,
        startedAt,
        endsAt,
        provided,
        address,
        agent: agent?.slice(0, MOST_AGENT),
      };
      await book.change((known) => {
        const running = known.filter((item) => !isOver(item));
        const own = running.filter((item) => isSamePerson(item, started));
        const tooOld = new Set(own.slice(0, Math.max(0, own.length - MOST_OF_PERSON + 1)));
        return [...running.filter((item) => !tooOld.has(item)), started].slice(-MOST_SESSIONS);
      });
      return secret;
    },
    async find(secret) {
      const hash = hashSecret(secret);
      return (await book.list()).find((item) => item.hash === hash && !isOver(item));
    },
    async end(secret) {
      const hash = hashSecret(secret);
      await book.change((known) => known.filter((item) => item.hash !== hash && !isOver(item)));
    },
    list: async (query) =>
      select(await book.list(), query)
        .map(show)
        .reverse(),
    async endAll(query) {
      let ended: readonly StoredSession[] = [];
      await book.change((known) => {
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

/** A name of ours and the same name at the provider are two people. */
export function isSamePerson(one: StoredSession, other: StoredSession): boolean {
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
