// Declares a local user: a name, a role, a scope, and a password that the store has only as a hash. Also declares the
// roles and scopes that users and tokens have.
import { described, object, omit, text, texts, time, word, type Static } from './schema.js';

/** Roles in ascending order; each has all permissions of the one before it. */
export const ROLES = ['reader', 'author', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Permissions: a role, and the jobs and clusters for which it holds. */
export const GRANT = {
  role: word(ROLES),
  scope: described(texts, 'Patterns of clusters, job ids and job names; an empty list means all.'),
};

/** Bounds of a password, in characters. */
export const MIN_PASSWORD_LENGTH = 12;
export const MAX_PASSWORD_LENGTH = 1000;

export const LocalUser = object({
  name: text,
  ...GRANT,
  hash: text,
  createdAt: time,
  changedAt: described(time, 'Time of the last change; it ends all earlier sign-ins.'),
});
export type LocalUser = Static<typeof LocalUser>;

/** User without the field that would help to guess the password. */
export const ShownUser = omit(LocalUser, ['hash']);
export type ShownUser = Static<typeof ShownUser>;
