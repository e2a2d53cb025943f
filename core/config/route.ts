// Defines the settings that decide where a card goes: the tree of routes, time intervals and teams, their types and
// their schemas. The terms are Alertmanager's (docs/routing.md). notify/routing/ applies them.
import { type RouteLabel, type MatcherSettings, ROUTE_LABELS } from '../documents/silence.js';
import { MAX_GLOB_LENGTH } from '../text/glob.js';
import { DURATION_FORM } from '../time/duration.js';
import type { ObjectRow } from './row.js';

/** Values of each label. People see the first value, and groups use it. */
export type CardLabels = Readonly<Record<RouteLabel, readonly string[]>>;

/**
 * Node of the routing tree. It inherits from its parent what it does not set, except matchers, `continue` and the time
 * intervals.
 */
export interface RouteSettings {
  /** One receiver, several, or an empty list for nobody. */
  readonly receiver?: string | readonly string[];
  readonly matchers?: MatcherSettings;
  readonly continue?: boolean;
  readonly groupBy?: readonly RouteLabel[];
  /** Duration, such as 30s. */
  readonly groupWait?: string;
  readonly repeatInterval?: string;
  /** Receivers that are notified later if nobody has acknowledged the card by then. */
  readonly escalation?: readonly EscalationSettings[];
  /** Names of time intervals in which nothing is sent. */
  readonly muteTimeIntervals?: readonly string[];
  /** Names of time intervals outside of which nothing is sent. */
  readonly activeTimeIntervals?: readonly string[];
  readonly routes?: readonly RouteSettings[];
}

/** One step of an escalation. `after` is a duration since the first message. */
export interface EscalationSettings {
  readonly after: string;
  readonly receiver: string | readonly string[];
}

/** Time interval. Several intervals with the same name are one, which covers the times of all of them. */
export interface TimeIntervalSettings {
  readonly name: string;
  /** Time zone, e.g. Asia/Shanghai. */
  readonly location: string;
  /** HH:MM, the end exclusive. An end before the start is on the next day. */
  readonly times?: readonly { readonly startTime: string; readonly endTime: string }[];
  /** `saturday`, or `monday:friday`. */
  readonly weekdays?: readonly string[];
  /** `1`, `1:5`, or from the end of the month `-3:-1`. */
  readonly daysOfMonth?: readonly string[];
  /** `1`, `january`, or `1:3`. */
  readonly months?: readonly string[];
}

/** Team with its jobs and clusters. A job may belong to several teams. */
export interface TeamSettings {
  readonly name: string;
  /** Job and cluster patterns with `*`. */
  readonly scope: readonly string[];
}

const TEXT = { type: 'string', minLength: 1 };
const NAMES = { type: 'array', items: TEXT };
const PATTERN = { type: 'string', maxLength: MAX_GLOB_LENGTH };
const DURATION = {
  type: 'string',
  pattern: DURATION_FORM.source,
  description: 'a duration such as 30s, 15m, 4h or 1d',
};
const TIME = { type: 'string', pattern: '^([01]\\d|2[0-3]):[0-5]\\d$|^24:00$', description: 'HH:MM' };
const oneOrMore = (items: object): object => ({ ...items, type: ['string', 'array'], items });

/** Reference of the route schema to itself, at the place that schema.ts gives it. */
export const ROUTE_REFERENCE = '#/definitions/route';
export const ROUTE_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: {
    receiver: oneOrMore(TEXT),
    matchers: {
      type: 'object',
      additionalProperties: false,
      properties: Object.fromEntries(ROUTE_LABELS.map((label) => [label, oneOrMore(PATTERN)])),
    },
    continue: { type: 'boolean' },
    groupBy: { type: 'array', items: { enum: ROUTE_LABELS } },
    groupWait: DURATION,
    repeatInterval: DURATION,
    escalation: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['after', 'receiver'],
        properties: { after: DURATION, receiver: oneOrMore(TEXT) },
      },
    },
    muteTimeIntervals: NAMES,
    activeTimeIntervals: NAMES,
    routes: { type: 'array', items: { $ref: ROUTE_REFERENCE } },
  },
};

export const TIME_INTERVAL: ObjectRow = {
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'location'],
    properties: {
      name: TEXT,
      location: { ...TEXT, description: 'a time zone such as Asia/Shanghai' },
      times: {
        type: 'array',
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['startTime', 'endTime'],
          properties: { startTime: TIME, endTime: TIME },
        },
      },
      weekdays: NAMES,
      daysOfMonth: NAMES,
      months: NAMES,
    },
  },
  defaults: {},
  secrets: {},
};

export const TEAM: ObjectRow = {
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'scope'],
    properties: { name: TEXT, scope: { type: 'array', items: PATTERN } },
  },
  defaults: {},
  secrets: {},
};
