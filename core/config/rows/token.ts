// Who may use the API, as the settings name it: a token, and what who is of a group of the provider may do. Types,
// schemas, and what may stand in a file of its own. What each role may do stands in api/auth.ts.
import { MAX_GLOB_LENGTH } from '../../text/glob.js';
import type { ObjectRow } from './row.js';

export const TOKEN_ROLES = ['reader', 'author', 'admin'] as const;

export interface TokenSettings {
  readonly name: string;
  readonly token: string;
  readonly role: (typeof TOKEN_ROLES)[number];
  /** Job and cluster patterns with `*`; empty = all. */
  readonly scope: readonly string[];
}

/** A token that is guessed as easily as it is typed protects nothing. */
const LEAST_TOKEN_LENGTH = 16;
/** What a header can carry: with another character nobody could ever send it. */
const TOKEN_FORM = /^[!-~]+$/;
const TOKEN_HINT = 'printable ASCII characters without spaces';

export const TOKEN: ObjectRow = {
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'role'],
    anyOf: [{ required: ['token'] }, { required: ['tokenFile'] }],
    properties: {
      name: { type: 'string', minLength: 1 },
      token: {
        type: 'string',
        minLength: LEAST_TOKEN_LENGTH,
        pattern: TOKEN_FORM.source,
        description: TOKEN_HINT,
        writeOnly: true,
      },
      tokenFile: { type: 'string' },
      role: { enum: TOKEN_ROLES },
      scope: { type: 'array', items: { type: 'string', maxLength: MAX_GLOB_LENGTH } },
    },
  },
  defaults: { scope: [] },
  secrets: { token: checkToken },
};

/** What who is of a group may do, as the provider names its groups; the group `*` is anybody whom it knows. */
export interface GrantSettings {
  readonly group: string;
  readonly role: (typeof TOKEN_ROLES)[number];
  /** Job and cluster patterns with `*`; empty = all. */
  readonly scope: readonly string[];
}

export const GRANT: ObjectRow = {
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['group', 'role'],
    properties: {
      group: { type: 'string', minLength: 1 },
      role: { enum: TOKEN_ROLES },
      scope: { type: 'array', items: { type: 'string', maxLength: MAX_GLOB_LENGTH } },
    },
  },
  defaults: { scope: [] },
  secrets: {},
};

/** What the schema asks of a token in the settings holds for one in a file. */
function checkToken(content: string): string | undefined {
  if (content.length < LEAST_TOKEN_LENGTH) return `needs at least ${LEAST_TOKEN_LENGTH} characters`;
  return TOKEN_FORM.test(content) ? undefined : `does not have the right form (${TOKEN_HINT})`;
}
