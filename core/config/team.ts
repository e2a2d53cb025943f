// Defines a team, as `teams` in the settings file or an included file has it: its jobs and clusters, the people who may
// see them, the destination of their cards, and the team's rules. teams.ts spreads a definition over the settings that
// the stages read, so that a team's patterns are written once (docs/teams.md).
import { MAX_GLOB_LENGTH } from '../text/glob.js';
import { RECEIVER, type ReceiverSettings } from './receiver.js';
import { ROLES } from '../documents/user.js';
import { ROUTE_REFERENCE, type RouteSettings, type TimeIntervalSettings } from './route.js';
import type { ObjectRow } from './row.js';
import { TOKEN, type TokenSettings } from './token.js';

export interface TeamDefinition {
  readonly name: string;
  /** Patterns with `*` of the team's jobs and clusters. */
  readonly patterns: readonly string[];
  /** Groups of the OpenID Connect provider whose members may see the team's jobs and clusters. */
  readonly groups: readonly string[];
  /** Role of those members. */
  readonly role: (typeof ROLES)[number];
  /** Tokens that may see the team's jobs and clusters. */
  readonly tokens: readonly Omit<TokenSettings, 'scope'>[];
  readonly receivers: readonly ReceiverSettings[];
  readonly timeIntervals: readonly TimeIntervalSettings[];
  /** Route that only the team's cards reach; absent: all of `receivers` are notified of all cards. */
  readonly route?: RouteSettings;
  /** Rule ids, cause ids, job ids or job names for which the team's route notifies nobody; patterns with `*`. */
  readonly mutes: readonly string[];
  /** Folder with rules. */
  readonly rulesDir?: string;
}

const TEXT = { type: 'string', minLength: 1 };
const PATTERN = { type: 'string', minLength: 1, maxLength: MAX_GLOB_LENGTH };

/** Returns the schema of a list item without the properties that the team decides. */
function omitScope(row: ObjectRow): object {
  const { scope, ...properties } = row.schema.properties;
  return { ...row.schema, properties };
}

export const TEAM_DEFINITION: ObjectRow = {
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'patterns'],
    properties: {
      name: TEXT,
      // A scope without a pattern sees everything, so at least one is required.
      patterns: { type: 'array', items: PATTERN, minItems: 1 },
      groups: { type: 'array', items: TEXT },
      role: { enum: ROLES },
      tokens: { type: 'array', items: omitScope(TOKEN) },
      receivers: { type: 'array', items: { $ref: '#/definitions/receiver' } },
      timeIntervals: { type: 'array', items: { $ref: '#/definitions/timeInterval' } },
      route: { $ref: ROUTE_REFERENCE },
      mutes: { type: 'array', items: PATTERN },
      rulesDir: TEXT,
    },
  },
  defaults: { groups: [], role: 'reader', tokens: [], receivers: [], timeIntervals: [], mutes: [] },
  secrets: {},
  paths: ['rulesDir'],
  lists: { tokens: { ...TOKEN, defaults: {} }, receivers: RECEIVER },
};
