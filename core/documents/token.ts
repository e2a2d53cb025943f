// Declares a token that was created while the service runs: its permissions, its end, and the hash of its secret.
// Tokens of the settings are no documents.
import { object, omit, optional, text, time, word, type Static } from './schema.js';
import { GRANT } from './user.js';

export const ApiToken = object({
  id: text,
  name: text,
  ...GRANT,
  hash: text,
  createdAt: time,
  createdBy: text,
  expiresAt: optional(time, 'Time of expiry; absent: the token does not expire.'),
  revokedAt: optional(time),
  revokedBy: optional(text),
});
export type ApiToken = Static<typeof ApiToken>;

/** Token without the field that would help to guess its secret. */
export const ShownToken = object({
  ...omit(ApiToken, ['hash']).properties,
  state: word(['valid', 'expired', 'revoked']),
});
export type ShownToken = Static<typeof ShownToken>;
