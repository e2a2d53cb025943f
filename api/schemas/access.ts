// Declares the requests and answers of the API about access: the ways to sign in, sign-ins, tokens, users and the audit
// trail.
import {
  boundedInteger,
  boundedText,
  described,
  flag,
  list,
  object,
  optional,
  request,
  text,
  typed,
  word,
  yes,
  type Static,
} from '../../core/documents/schema.js';
import { ListedSession } from '../../core/documents/session.js';
import { ShownToken } from '../../core/documents/token.js';
import { MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH, ROLES, ShownUser } from '../../core/documents/user.js';
import { MAX_GLOB_LENGTH } from '../../core/text/glob.js';
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

export const CREDENTIALS = request({
  name: boundedText({ minLength: 1, maxLength: 100 }),
  password: boundedText({ minLength: 1, maxLength: MAX_PASSWORD_LENGTH }),
});

/** Parameters with which a provider sends the browser back (source: RFC 6749, RFC 9207). */
export const PROVIDER_PARAMETERS = [
  'code',
  'state',
  'iss',
  'error',
  'error_description',
  'error_uri',
  'session_state',
] as const;

export const PROVIDER_ANSWER = typed<Readonly<Partial<Record<(typeof PROVIDER_PARAMETERS)[number], string>>>>({
  type: 'object',
  properties: Object.fromEntries(PROVIDER_PARAMETERS.map((name) => [name, { type: 'string', maxLength: 4000 }])),
});

const NEW_GRANT = {
  name: boundedText({ minLength: 1, maxLength: 100 }),
  role: word(ROLES),
  scope: optional(
    list(boundedText({ minLength: 1, maxLength: MAX_GLOB_LENGTH }), { maxItems: 100, default: [] }),
    'Patterns with * of clusters, job ids and job names, or team:NAME for those of a team; none = all.',
  ),
};

export const TOKEN_TO_MAKE = request({
  ...NEW_GRANT,
  days: optional(boundedInteger({ minimum: 1, maximum: 3650, default: 90 }), 'Valid for so long.'),
});

export const USER_TO_SAVE = request({
  ...NEW_GRANT,
  password: optional(
    boundedText({ minLength: MIN_PASSWORD_LENGTH, maxLength: MAX_PASSWORD_LENGTH, writeOnly: true }),
    'Left out: the one that the user has.',
  ),
});

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
