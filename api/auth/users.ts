// Manages local users: a name, a role, a scope, and a password that the store has only as a scrypt hash. Takes a
// versioned list of users; returns the user of a name and a password. sign-in-throttle.ts limits the number of
// attempts.
import { createCheck } from '../../core/document.js';
import { MIN_PASSWORD_LENGTH, LocalUser, MAX_PASSWORD_LENGTH, ShownUser } from '../../core/documents/user.js';
import { toIso } from '../../core/time/iso.js';
import { createError } from '../../core/errors.js';
import { createVersionedList, type VersionedList, type VersionedListStore } from './versioned-list.js';
import { checkPassword, hashPassword } from './secret.js';

export interface NewUser extends Pick<LocalUser, 'name' | 'role' | 'scope'> {
  /** New password; undefined keeps the current one. */
  readonly password?: string | undefined;
}

export interface Users {
  list(): Promise<readonly ShownUser[]>;
  find(name: string): Promise<ShownUser | undefined>;
  /** Creates the user, or changes the role, scope or password. Throws JT_REQUEST_INVALID. */
  save(user: NewUser): Promise<ShownUser>;
  /** Removes the user. Throws JT_NOT_FOUND. */
  remove(name: string): Promise<void>;
  /** Returns the user; undefined if the password is wrong or the user does not exist. */
  check(name: string, password: string): Promise<ShownUser | undefined>;
  hasAny(): Promise<boolean>;
}

/**
 * Pattern of a user name: letters and digits of any script and some punctuation, but no invisible characters, so that
 * the name fits into a list and an address.
 */
const USER_NAME = /^[\p{L}\p{N}][\p{L}\p{N}\p{M}._@-]{0,99}$/u;
const MAX_USERS = 1000;

const isUser = createCheck(LocalUser);

export function createUsers(store: VersionedListStore, now: () => number): Users {
  const list: VersionedList<LocalUser> = createVersionedList(store, { name: 'users', isItem: isUser, now });
  return {
    list: async () => (await list.list()).map(show),
    async find(name) {
      const found = (await list.list()).find((user) => user.name === name);
      return found === undefined ? undefined : show(found);
    },
    async save({ name, role, scope, password }) {
      checkNew(name, password);
      const hash = password === undefined ? undefined : await hashPassword(password);
      const at = toIso(now());
      const items = await list.change((users) => {
        const known = users.find((user) => user.name === name);
        const ours = hash ?? known?.hash;
        if (ours === undefined) throw createError('JT_REQUEST_INVALID', { problems: 'a new user needs a password' });
        if (known === undefined && users.length >= MAX_USERS)
          throw createError('JT_REQUEST_INVALID', { problems: `there are ${MAX_USERS} users already` });
        const user = { name, role, scope, hash: ours, createdAt: known?.createdAt ?? at, changedAt: at };
        return [...users.filter((other) => other.name !== name), user];
      });
      return items.filter((user) => user.name === name).map(show)[0] ?? failToFind(name);
    },
    async remove(name) {
      await list.change((users) => {
        if (users.every((user) => user.name !== name)) return failToFind(name);
        return users.filter((user) => user.name !== name);
      });
    },
    async check(name, password) {
      const found = (await list.list()).find((user) => user.name === name);
      const isRight = await checkPassword(password, found?.hash);
      return found !== undefined && isRight ? show(found) : undefined;
    },
    hasAny: async () => (await list.list()).length > 0,
  };
}

function failToFind(name: string): never {
  throw createError('JT_NOT_FOUND', { what: `The user "${name}"` });
}

function show({ hash, ...shown }: LocalUser): ShownUser {
  return shown;
}

function checkNew(name: string, password: string | undefined): void {
  const problems = [
    ...(USER_NAME.test(name) ? [] : [`"${name}" is not a valid name: use letters, digits and . _ @ -, at most 100`]),
    ...(password !== undefined && password.length < MIN_PASSWORD_LENGTH
      ? [`the password has ${password.length} characters, but needs at least ${MIN_PASSWORD_LENGTH}`]
      : []),
    ...(password !== undefined && password.length > MAX_PASSWORD_LENGTH
      ? [`the password has more than ${MAX_PASSWORD_LENGTH} characters`]
      : []),
  ];
  if (problems.length > 0) throw createError('JT_REQUEST_INVALID', { problems: problems.join('; ') });
}
