// JSON schemas of the API's answers about access: the viewer, tokens, users, sign-ins and the audit trail. The routes
// for access and for signing in use them.
import { ROLES } from '../auth/roles.js';
import type { Schema } from '../http/route.js';
import { described, list, object, text, texts, time } from './shape.js';

export const VIEWER = object(
  {
    name: described(text, 'Of the token or the user; "local" where nobody has been given access yet.'),
    kind: { type: 'string', enum: ['token', 'user', 'local', 'nobody'] },
    role: text,
    scope: described(list(text), 'Absent = sees everything.'),
  },
  ['name', 'kind', 'role'],
);

export const ACCESS = object(
  {
    open: described({ type: 'boolean' }, 'Nobody needs to sign in: no access was given to anybody yet.'),
    users: described({ type: 'boolean' }, 'One can sign in with a name and a password.'),
    provider: described(text, 'Name of the provider where one can sign in (OpenID Connect).'),
  },
  ['open', 'users'],
);

export const SIGNED_OUT = object(
  {
    done: { const: true },
    location: described(text, 'Where one signs out at the provider as well (OpenID Connect).'),
  },
  ['done'],
);

const SESSION = object(
  {
    id: described(text, 'Ends the sign-in; opens nothing.'),
    name: text,
    of: described(
      { type: 'string', enum: ['user', 'provider'] },
      'Who says who it is: this installation, or its provider.',
    ),
    issuer: described(text, 'Address of the provider.'),
    startedAt: time,
    endsAt: time,
    address: described(text, 'Where it signed in from.'),
    agent: described(text, 'The browser, as it names itself.'),
    own: described({ type: 'boolean' }, 'The sign-in that asks.'),
  },
  ['id', 'name', 'of', 'startedAt', 'endsAt', 'own'],
);

export const SESSION_LIST = object({ sessions: list(SESSION) }, ['sessions']);

export const SESSIONS_ENDED = object({ ended: list(SESSION) }, ['ended']);

const GRANT = {
  role: { type: 'string', enum: ROLES },
  scope: described(texts, 'Patterns of clusters, job ids and job names; none = all.'),
} as const satisfies Readonly<Record<string, Schema>>;

export const TOKEN = object(
  {
    id: text,
    name: text,
    ...GRANT,
    state: { type: 'string', enum: ['valid', 'expired', 'revoked'] },
    createdAt: time,
    createdBy: text,
    expiresAt: time,
    revokedAt: time,
    revokedBy: text,
  },
  ['id', 'name', 'role', 'scope', 'state', 'createdAt', 'createdBy'],
);

export const TOKEN_LIST = object({ tokens: list(TOKEN) }, ['tokens']);

export const NEW_TOKEN = object({ token: TOKEN, secret: described(text, 'To be sent as "Authorization: Bearer …".') }, [
  'token',
  'secret',
]);

export const USER = object({ name: text, ...GRANT, createdAt: time, changedAt: time }, ['name', 'role', 'scope']);

export const USER_GONE = object(
  {
    done: { const: true },
    tokens: described(list(TOKEN), 'Valid tokens that somebody of this name made: they go on until they are revoked.'),
  },
  ['done', 'tokens'],
);

export const USER_LIST = object({ users: list(USER) }, ['users']);

export const AUDIT_LIST = object(
  {
    entries: list(
      object(
        {
          at: time,
          who: described(text, 'Name of the token or the user.'),
          by: { type: 'string', enum: ['token', 'user', 'provider', 'local', 'shell', 'nobody'] },
          what: described(text, 'Such as token.create, sign-in, feedback, read.export.'),
          about: text,
          detail: text,
          address: described(text, 'Where it came from, of sign-ins.'),
          count: described({ type: 'integer' }, 'How often within a minute, of what was refused.'),
        },
        ['at', 'who', 'by', 'what'],
      ),
    ),
  },
  ['entries'],
);
