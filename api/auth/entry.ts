// Declares an entry of the audit log as it is stored, listed and logged: who did what, when, to what, and how the
// person was identified. audit.ts stores entries; refusals.ts counts rejected sign-ins.
import { described, integer, object, optional, text, time, word, type Static } from '../../core/documents/schema.js';

export const AuditEntry = object({
  at: time,
  who: described(text, 'Name of the token or the user.'),
  by: described(
    word(['token', 'user', 'provider', 'local', 'shell', 'nobody']),
    'Way of identification: a token, a local user, a user of the provider, this machine, the command line, or none.',
  ),
  what: described(text, 'Name of the action, such as token.create, sign-in, feedback or read.export.'),
  about: optional(text, 'Id or name of the object that was changed.'),
  detail: optional(text),
  address: optional(text, 'Address of the client; set for sign-ins.'),
  count: optional(integer, 'Number of rejected sign-ins within a minute.'),
});
export type AuditEntry = Static<typeof AuditEntry>;
