// Declares the requests and answers of the API about alerts: alerts sent to receivers, silences, and alerts received
// from other systems.
import { FIRING, ReceivedAlert, ShownAlert } from '../../core/documents/alert.js';
import {
  boundedText,
  described,
  flag,
  integer,
  list,
  map,
  object,
  optional,
  pick,
  request,
  text,
  time,
  word,
  type Static,
} from '../../core/documents/schema.js';
import { Silence } from '../../core/documents/silence.js';
import { SILENCE_STATES } from '../../core/documents/silence-state.js';

export const ALERT_LIST = object({ alerts: list(ShownAlert) });

export const DELIVERY_LIST = object({
  receivers: list(
    object({
      receiver: text,
      undeliverable: described(integer, 'Number of alerts that were given up; they are not sent again.'),
      waiting: described(integer, 'Number of alerts that were refused and are tried again.'),
      since: described(time, 'Time of the oldest of them.'),
      lastError: optional(text),
    }),
  ),
  complete: described(flag, 'False if only the newest 1,000 of a state were counted.'),
});
export type DeliveryList = Static<typeof DELIVERY_LIST>;

export const RECEIVER_NAME = object({ name: text });

export const RECEIVER_TRIAL = object({
  receiver: text,
  kind: text,
  ok: described(flag, 'True if the service accepted the message; no answer shows whether it is displayed.'),
  answer: optional(text, 'Reply of the service.'),
  error: optional(text),
  reason: optional(text, 'Reason of a refusal, by a stable name (docs/channels.md).'),
  advice: object({ en: text, zh: text }),
});
/** Answer of a receiver to a test message, and the recommended change. */
export type ReceiverTrial = Static<typeof RECEIVER_TRIAL>;

export const SILENCE = object({ ...Silence.properties, state: word(SILENCE_STATES) });
export type ShownSilence = Static<typeof SILENCE>;

export const SILENCE_LIST = object({ silences: described(list(SILENCE), 'Silences, the latest end first.') });

export const NEW_SILENCE = request({
  ...pick(Silence, ['matchers', 'endsAt']).properties,
  startsAt: optional(time, 'Default: now.'),
  comment: boundedText({ minLength: 1, maxLength: 2000, description: 'Reason for the silence.' }),
});

const LABELS = optional(map(text));

/** Message of Alertmanager (version 4) or Grafana (version 1). Grafana and others add fields, which are accepted. */
export const ALERT_MESSAGE = object(
  {
    version: word(['4', '1']),
    groupKey: optional(text),
    truncatedAlerts: optional(integer),
    status: optional(FIRING),
    receiver: optional(text),
    groupLabels: LABELS,
    commonLabels: LABELS,
    commonAnnotations: LABELS,
    externalURL: optional(text),
    alerts: list(
      object(
        {
          status: FIRING,
          labels: map(text),
          annotations: LABELS,
          startsAt: time,
          endsAt: optional(time),
          generatorURL: optional(text),
          fingerprint: optional(text),
        },
        { additionalProperties: true },
      ),
      { minItems: 1, maxItems: 1000 },
    ),
  },
  { additionalProperties: true },
);

export const RECEIVED_LIST = object({ alerts: list(ReceivedAlert) });
