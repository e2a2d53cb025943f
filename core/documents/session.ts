// Declares the sign-in of a person as the store has it, and its public part. The id of the public part can end the
// sign-in, but gives no access.
import { described, flag, object, omit, optional, text, texts, time, word, type Static } from './schema.js';

export const StoredSession = object({
  hash: text,
  name: text,
  of: described(word(['user', 'provider']), 'Source of the identity: this installation, or its provider.'),
  provided: optional(
    object({
      issuer: text,
      subject: described(text, 'Id of the person at the provider; it does not depend on the name.'),
      groups: texts,
    }),
    'Identity of the person as the provider described it at the sign-in.',
  ),
  startedAt: time,
  endsAt: time,
  address: optional(text, 'Address from which the person signed in.'),
  agent: optional(text, 'Name of the browser, as the browser sends it.'),
});
export type StoredSession = Static<typeof StoredSession>;
export type ProvidedIdentity = NonNullable<StoredSession['provided']>;

export const ShownSession = object({
  id: described(text, 'Id that ends the sign-in; it gives no access.'),
  ...omit(StoredSession, ['hash', 'provided']).properties,
  issuer: optional(text, 'Address of the provider.'),
});
export type ShownSession = Static<typeof ShownSession>;

/** Sign-in in the list of a viewer. */
export const ListedSession = object({
  ...ShownSession.properties,
  own: described(flag, 'True for the sign-in of this request.'),
});
export type ListedSession = Static<typeof ListedSession>;
