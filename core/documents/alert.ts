// Declares an alert: a message to a receiver about an incident, and the state of its delivery. notify/ sends alerts,
// the stores keep them, and the API shows them without their message. Also declares the answer to an alert that another
// system sent.
import { described, integer, object, omit, optional, text, time, word, type Static } from './schema.js';

export const Alert = object({
  id: text,
  incidentId: text,
  receiver: text,
  reason: text,
  cause: described(text, 'Rule id or fingerprint that was announced.'),
  sentAt: time,
  state: described(
    word(['sent', 'pending', 'undeliverable', 'withdrawn']),
    'withdrawn: the incident ceased to exist before the message was sent.',
  ),
  attempts: integer,
  error: optional(text),
  payload: optional(text, 'Rendered message, kept while it is not delivered.'),
});
export type Alert = Static<typeof Alert>;

export const ShownAlert = omit(Alert, ['payload']);
export type ShownAlert = Static<typeof ShownAlert>;

/** State of an alert in Alertmanager. */
export const FIRING = word(['firing', 'resolved']);

/** Result of one alert of an Alertmanager message. */
export const ReceivedAlert = object({
  fingerprint: text,
  status: FIRING,
  outcome: described(
    word(['diagnosed', 'waiting', 'forwarded', 'repeated', 'own-alert', 'no-job', 'no-receiver']),
    'diagnosed: goes on with its diagnosis; waiting: goes on with it, or without after a while; forwarded: goes on as it came; repeated: was here before; own-alert: Jobtrace made it; no-job: no label names a job, goes on as it came; no-receiver: nobody is configured to get it.',
  ),
  job: optional(text, 'Job that the labels of the alert name.'),
  incidentId: optional(text),
  cause: optional(text),
});
export type ReceivedAlert = Static<typeof ReceivedAlert>;
