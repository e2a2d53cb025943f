// Defines who may use the API in the settings: a token, and the role of a group of the OpenID Connect provider. It has
// types, schemas, and the values that may be in a file of their own. api/auth/roles.ts defines the rights of each role.
import { ROLES, type Role } from '../documents/user.js';
import { MAX_GLOB_LENGTH } from '../text/glob.js';
import type { ObjectRow } from './row.js';

export interface TokenSettings {
  readonly name: string;
  readonly token: string;
  readonly role: Role;
  /** Job and cluster patterns with `*`; empty: all. */
  readonly scope: readonly string[];
}

/** Shortest token in characters, because a short token is easy to guess. */
const MIN_TOKEN_LENGTH = 16;
/** Characters that an HTTP header can carry. A token with other characters could never be sent. */
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
        minLength: MIN_TOKEN_LENGTH,
        pattern: TOKEN_FORM.source,
        description: TOKEN_HINT,
        writeOnly: true,
      },
      tokenFile: { type: 'string' },
      role: { enum: ROLES },
      scope: { type: 'array', items: { type: 'string', maxLength: MAX_GLOB_LENGTH } },
    },
  },
  defaults: { scope: [] },
  secrets: { token: checkToken },
};

/**
 * Role of the members of a group, as the provider names its groups. The group `*` is everybody whom the provider knows.
 */
export interface GrantSettings {
  readonly group: string;
  readonly role: Role;
  /** Job and cluster patterns with `*`; empty: all. */
  readonly scope: readonly string[];
}

export const GRANT: ObjectRow = {
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['group', 'role'],
    properties: {
      group: { type: 'string', minLength: 1 },
      role: { enum: ROLES },
      scope: { type: 'array', items: { type: 'string', maxLength: MAX_GLOB_LENGTH } },
    },
  },
  defaults: { scope: [] },
  secrets: {},
};

/** Checks a token in a file by the same rules as the schema checks a token in the settings. */
function checkToken(content: string): string | undefined {
  if (content.length < MIN_TOKEN_LENGTH) return `needs at least ${MIN_TOKEN_LENGTH} characters`;
  return TOKEN_FORM.test(content) ? undefined : `does not have the right form (${TOKEN_HINT})`;
}
