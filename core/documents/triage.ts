// Declares the triage of a card: one annotation of one person on an incident, and the state of the card that follows
// from the last one. All annotations are kept. card-state.ts derives the state.
import { MAX_COMMENT, TRIAGE_STATES } from '../types.js';
import { boundedText, described, object, optional, text, time, word, type Static } from './schema.js';

export const Triage = object({
  incidentId: text,
  state: word(TRIAGE_STATES),
  until: optional(time, 'Time until which the incident is ignored; absent: forever.'),
  into: optional(text, 'Id of the incident whose card represents a merged one.'),
  comment: optional(boundedText({ maxLength: MAX_COMMENT }), 'Reason for the annotation.'),
  by: described(text, 'Name of the token or of the user.'),
  at: time,
});
export type Triage = Static<typeof Triage>;

export const CARD_STATE = described(
  word([...TRIAGE_STATES, 'regressed']),
  'resolved: the job runs again, was canceled, or a person resolved it; regressed: it failed after that.',
);
export type CardState = Static<typeof CARD_STATE>;

export const CardTriage = described(
  object({ state: CARD_STATE, by: optional(text), until: Triage.properties.until, into: Triage.properties.into }),
  'State of the card, and the author of its annotation if a person set it.',
);
export type CardTriage = Static<typeof CardTriage>;
