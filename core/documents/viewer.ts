// Declares the viewer as the API shows it: who sent a request, and what it may see. api/auth/roles.ts has the viewer
// with which the API decides.
import { described, list, object, optional, text, word, type Static } from './schema.js';
import { ROLES } from './user.js';

/** Ways of identification: a token, a sign-in, being the local user of this machine, or none. */
export const VIEWER_KINDS = ['token', 'user', 'local', 'nobody'] as const;

export const ShownViewer = object({
  name: described(text, 'Name of the token or of the user; "local" while nobody has been given access.'),
  kind: word(VIEWER_KINDS),
  role: word(ROLES),
  scope: optional(list(text), 'Visible jobs and clusters; absent: all.'),
});
export type ShownViewer = Static<typeof ShownViewer>;
