// Declares the API's answers about access: the ways to sign in, sign-ins, tokens, users and the audit trail. The routes
// for access and for signing in use them, and the page has their types.
import { described, flag, list, object, optional, text, yes, type Static } from '../../core/documents/schema.js';
import { ListedSession } from '../../core/documents/session.js';
import { ShownToken } from '../../core/documents/token.js';
import { ShownUser } from '../../core/documents/user.js';
import { AuditEntry } from '../auth/entry.js';

export const ACCESS = object({
  open: described(flag, 'True if nobody needs to sign in, because nobody has been given access yet.'),
  users: described(flag, 'True if a person can sign in with a name and a password.'),
  provider: optional(text, 'Name of the provider for sign-ins with OpenID Connect.'),
});
export type ShownAccess = Static<typeof ACCESS>;

export const SIGNED_OUT = object({
  done: yes,
  location: optional(text, 'Address at which the person signs out at the provider as well (OpenID Connect).'),
});
export type SignedOut = Static<typeof SIGNED_OUT>;

export const SESSION_LIST = object({ sessions: list(ListedSession) });

export const SESSIONS_ENDED = object({ ended: list(ListedSession) });

export const TOKEN_LIST = object({ tokens: list(ShownToken) });

export const NEW_TOKEN = object({
  token: ShownToken,
  secret: described(text, 'Secret to be sent as "Authorization: Bearer …".'),
});

export const USER_GONE = object({
  done: yes,
  tokens: described(
    list(ShownToken),
    'Valid tokens that a user of this name created: they work until they are revoked.',
  ),
});

export const USER_LIST = object({ users: list(ShownUser) });

export const AUDIT_LIST = object({ entries: list(AuditEntry) });
