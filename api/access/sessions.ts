// Sign-ins of people, kept by the server: the browser has a random id in a cookie that no script can read; the store
// has its hash, whose sign-in it is and until when. In: a list in the store. Out: the one behind a cookie, as long as
// it is neither over nor ended.
import type { Role } from '../auth.js';
import { isWord, ROLES } from '../auth.js';
import { createBook, hasTexts, type Book, type BookStore } from './book.js';
import { hashSecret, makeSecret } from './secret.js';

export interface StoredSession {
  readonly hash: string;
  readonly name: string;
  /** Who said who it is: a local user's role and scope are looked up with each request, a provider's stand here. */
  readonly of: 'user' | 'provider';
  readonly role: Role;
  readonly scope: readonly string[];
  readonly startedAt: string;
  readonly endsAt: string;
}

export interface Sessions {
  /** What the cookie is to hold. */
  start(session: Pick<StoredSession, 'name' | 'of' | 'role' | 'scope'>): Promise<string>;
  find(id: string): Promise<StoredSession | undefined>;
  end(id: string): Promise<void>;
}

/** Beyond it those that began first are over. */
const MOST_SESSIONS = 2000;

function isSession(value: unknown): value is StoredSession {
  return (
    hasTexts(value, ['hash', 'name', 'of', 'role', 'startedAt', 'endsAt']) &&
    isWord(ROLES, value['role']) &&
    Array.isArray(value['scope'])
  );
}

export function createSessions(
  store: BookStore,
  { now, lastsMs }: { readonly now: () => number; readonly lastsMs: number },
): Sessions {
  const book: Book<StoredSession> = createBook(store, { name: 'sessions', isItem: isSession, now });
  const isOver = ({ endsAt }: StoredSession): boolean => Date.parse(endsAt) <= now();
  return {
    async start(session) {
      const id = makeSecret();
      const [startedAt, endsAt] = [now(), now() + lastsMs].map((time) => new Date(time).toISOString());
      const started = { ...session, hash: hashSecret(id), startedAt: startedAt ?? '', endsAt: endsAt ?? '' };
      await book.change((known) => [...known.filter((item) => !isOver(item)), started].slice(-MOST_SESSIONS));
      return id;
    },
    async find(id) {
      const hash = hashSecret(id);
      return (await book.list()).find((item) => item.hash === hash && !isOver(item));
    },
    async end(id) {
      const hash = hashSecret(id);
      await book.change((known) => known.filter((item) => item.hash !== hash && !isOver(item)));
    },
  };
}
