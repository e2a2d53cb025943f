// JSON schemas of the API for alerts, in requests and answers: alerts sent to receivers, silences, and alerts received
// from other systems.
import { ROUTE_LABELS } from '../../core/config/route.js';
import { SILENCE_STATES } from '../../core/routing/silence.js';
import { MAX_GLOB_LENGTH } from '../../core/text/glob.js';
import { ALERT_STATES, type Schema } from '../http/route.js';
import { described, integer, list, object, request, text, time } from './shape.js';

export const ALERT = object(
  {
    id: text,
    incidentId: text,
    receiver: text,
    reason: text,
    cause: described(text, 'Rule id or fingerprint that was announced.'),
    sentAt: time,
    state: { type: 'string', enum: ALERT_STATES },
    attempts: integer,
    error: text,
  },
  ['id', 'incidentId', 'receiver', 'reason', 'cause', 'sentAt', 'state', 'attempts'],
);

export const ALERT_LIST = object({ alerts: list(ALERT) }, ['alerts']);

export const DELIVERY_LIST = object(
  {
    receivers: list(
      object(
        {
          receiver: text,
          undeliverable: described(integer, 'Given up: they are not sent again.'),
          waiting: described(integer, 'Tried in vain, and tried again.'),
          since: described(time, 'Of the oldest of them.'),
          lastError: text,
        },
        ['receiver', 'undeliverable', 'waiting', 'since'],
      ),
    ),
    complete: { type: 'boolean', description: 'False when only the newest 1,000 of a state were counted.' },
  },
  ['receivers', 'complete'],
);

export const RECEIVER_NAME = object({ name: text }, ['name']);

export const RECEIVER_TRIAL = object(
  {
    receiver: text,
    kind: text,
    ok: described({ type: 'boolean' }, 'The service took the message; whether it is shown, no answer tells.'),
    answer: described(text, 'What the service said.'),
    error: text,
    reason: described(text, 'Why it refused, by a stable name (docs/channels.md).'),
    advice: object({ en: text, zh: text }, ['en', 'zh']),
  },
  ['receiver', 'kind', 'ok', 'advice'],
);

const PATTERN = { type: 'string', maxLength: MAX_GLOB_LENGTH } as const;

const MATCHERS: Schema = {
  ...request(
    Object.fromEntries(
      ROUTE_LABELS.map((label) => [label, { oneOf: [PATTERN, { type: 'array', items: PATTERN, maxItems: 100 }] }]),
    ),
  ),
  description: 'Patterns with "*" by label, one or a list; all labels must fit. With "!" in front: must not fit.',
};

export const SILENCE = object(
  {
    id: text,
    matchers: MATCHERS,
    startsAt: time,
    endsAt: time,
    createdBy: text,
    comment: text,
    state: { type: 'string', enum: SILENCE_STATES },
  },
  ['id', 'matchers', 'startsAt', 'endsAt', 'createdBy', 'comment', 'state'],
);

export const SILENCE_LIST = object({ silences: described(list(SILENCE), 'Those that end last first.') }, ['silences']);

export const NEW_SILENCE = request(
  {
    matchers: MATCHERS,
    startsAt: described(time, 'Default: now.'),
    endsAt: time,
    comment: described({ type: 'string', minLength: 1, maxLength: 2000 }, 'Why.'),
  },
  ['matchers', 'endsAt', 'comment'],
);

/** Message of Alertmanager (version 4) or Grafana (version 1). Grafana and others add fields, which are accepted. */
export const ALERT_MESSAGE = object(
  {
    version: { type: 'string', enum: ['4', '1'] },
    groupKey: text,
    truncatedAlerts: integer,
    status: { type: 'string', enum: ['firing', 'resolved'] },
    receiver: text,
    groupLabels: { type: 'object', additionalProperties: text },
    commonLabels: { type: 'object', additionalProperties: text },
    commonAnnotations: { type: 'object', additionalProperties: text },
    externalURL: text,
    alerts: {
      type: 'array',
      minItems: 1,
      maxItems: 1000,
      items: object(
        {
          status: { type: 'string', enum: ['firing', 'resolved'] },
          labels: { type: 'object', additionalProperties: text },
          annotations: { type: 'object', additionalProperties: text },
          startsAt: time,
          endsAt: time,
          generatorURL: text,
          fingerprint: text,
        },
        ['status', 'labels', 'startsAt'],
        { additionalProperties: true },
      ),
    },
  },
  ['version', 'alerts'],
  { additionalProperties: true },
);

export const RECEIVED_LIST = object(
  {
    alerts: list(
      object(
        {
          fingerprint: text,
          status: { type: 'string', enum: ['firing', 'resolved'] },
          outcome: {
            type: 'string',
            enum: ['diagnosed', 'waiting', 'forwarded', 'repeated', 'own-alert', 'no-job', 'no-receiver'],
            description:
              'diagnosed: goes on with its diagnosis; waiting: goes on with it, or without after a while; forwarded: goes on as it came; repeated: was here before; own-alert: Jobtrace made it; no-job: no label names a job, goes on as it came; no-receiver: nobody is configured to get it.',
          },
          job: text,
          incidentId: text,
          cause: text,
        },
        ['fingerprint', 'status', 'outcome'],
      ),
    ),
  },
  ['alerts'],
);
