// Declares feedback: one verdict of one person on one rule of one incident. The last one counts. precision.ts computes
// the precision of rules from it.
import { VERDICTS } from '../types.js';
import { described, object, text, time, word, type Static } from './schema.js';

export const Feedback = object({
  incidentId: text,
  rule: described(text, 'Id of a rule of the incident.'),
  verdict: word(VERDICTS),
  by: described(text, 'Name of the token or of the user.'),
  at: time,
});
export type Feedback = Static<typeof Feedback>;
export type FeedbackVerdict = Feedback['verdict'];
