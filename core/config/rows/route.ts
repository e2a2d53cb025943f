// What decides where a card goes, as the settings name it: the tree of routes, time intervals and teams, their types
// and their schemas. The words are Alertmanager's (docs/routing.md). What is done with them stands in notify/routing/.
import { MAX_GLOB_LENGTH } from '../../text/glob.js';
import { DURATION_FORM } from '../../time/duration.js';
import type { ObjectRow } from './row.js';

/** What a card can be matched on, and grouped by. */
export const ROUTE_LABELS = ['team', 'cluster', 'job', 'severity', 'cause', 'owner'] as const;
export type RouteLabel = (typeof ROUTE_LABELS)[number];
/** The values of each label; the first is the one that people read, and that groups are made by. */
export type CardLabels = Readonly<Record<RouteLabel, readonly string[]>>;

/** Patterns with `*`; one or a list, of which one must fit. With `!` in front: none of a card's values may fit. */
export type MatcherSettings = Readonly<Partial<Record<RouteLabel, string | readonly string[]>>>;

/** A node of the tree. What it does not say its parent says, but for matchers, `continue` and the time intervals. */
export interface RouteSettings {
  /** One, several, or an empty list: nobody. */
  readonly receiver?: string | readonly string[];
  readonly matchers?: MatcherSettings;
  readonly continue?: boolean;
  readonly groupBy?: readonly RouteLabel[];
  /** A duration, such as 30s. */
  readonly groupWait?: string;
  readonly repeatInterval?: string;
  /** Who hears of it later, where nobody has acknowledged it by then. */
  readonly escalation?: readonly EscalationSettings[];
  /** Names of time intervals: within one of them nothing is sent. */
  readonly muteTimeIntervals?: readonly string[];
  /** Outside all of them nothing is sent. */
  readonly activeTimeIntervals?: readonly string[];
  readonly routes?: readonly RouteSettings[];
}

/** `after` is a duration from the first message on. */
export interface EscalationSettings {
  readonly after: string;
  readonly receiver: string | readonly string[];
}

/** Several of one name are one: what lies in any of them. */
export interface TimeIntervalSettings {
  readonly name: string;
  /** Time zone, e.g. Asia/Shanghai. */
  readonly location: string;
  /** HH:MM, the end not included; an end before the start is on the next day. */
  readonly times?: readonly { readonly startTime: string; readonly endTime: string }[];
  /** `saturday`, or `monday:friday`. */
  readonly weekdays?: readonly string[];
  /** `1`, `1:5`, or from the end of the month `-3:-1`. */
  readonly daysOfMonth?: readonly string[];
  /** `1`, `january`, or `1:3`. */
  readonly months?: readonly string[];
}

/** Whose jobs and clusters these are; a job may be of several teams. */
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

/** Refers to itself by the place that schema.ts gives it. */
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
