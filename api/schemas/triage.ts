// Declares the requests and answers of the API about the triage of cards. The routes of triage and of the list of
// incidents use them.
import { described, list, object, optional, pick, text, time, type Static } from '../../core/documents/schema.js';
import { CARD_STATE, Triage } from '../../core/documents/triage.js';

export const NEW_TRIAGE = pick(Triage, ['state', 'until', 'into', 'comment'], { additionalProperties: false });

export const TRIAGE = object({
  state: CARD_STATE,
  words: described(list(Triage), 'All annotations, the newest first.'),
  merged: described(
    list(object({ id: text, subject: text, firstSeen: optional(time) })),
    'Incidents that were merged into this one.',
  ),
});
export type ShownTriage = Static<typeof TRIAGE>;
