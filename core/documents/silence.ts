// Declares a silence: it suppresses notifications of matching cards for a while and has an end, a creator and a
// comment. The fields and the labels of the matchers are Alertmanager's. silence-state.ts has the functions about it.
import { MAX_GLOB_LENGTH } from '../text/glob.js';
import { described, object, text, time, typed, type Static } from './schema.js';

/** Labels by which a card can be matched and grouped. */
export const ROUTE_LABELS = ['team', 'cluster', 'job', 'severity', 'cause', 'owner'] as const;
export type RouteLabel = (typeof ROUTE_LABELS)[number];

/**
 * Patterns with `*`: one, or a list of which one must match. A pattern with `!` in front must match none of a card's
 * values.
 */
export type MatcherSettings = Readonly<Partial<Record<RouteLabel, string | readonly string[]>>>;

const PATTERN = { type: 'string', maxLength: MAX_GLOB_LENGTH };
const PATTERNS = { oneOf: [PATTERN, { type: 'array', items: PATTERN, maxItems: 100 }] };

export const Silence = object({
  id: text,
  matchers: typed<MatcherSettings>({
    type: 'object',
    properties: Object.fromEntries(ROUTE_LABELS.map((label) => [label, PATTERNS])),
    additionalProperties: false,
    description: 'Patterns with "*" by label, one or a list; all labels must fit. With "!" in front: must not fit.',
  }),
  startsAt: time,
  endsAt: described(time, 'End of the silence, exclusive.'),
  createdBy: text,
  comment: described(text, 'Reason for the silence.'),
});
export type Silence = Static<typeof Silence>;
