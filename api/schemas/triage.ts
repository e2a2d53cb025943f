// JSON schemas of the API for the triage of cards, in requests and answers. The routes of triage and of the list of
// incidents use them.
import { MAX_COMMENT, TRIAGE_STATES } from '../../core/routing/triage.js';
import { described, list, object, request, text, time } from './shape.js';

const TRIAGE_STATE = { type: 'string', enum: TRIAGE_STATES } as const;

export const CARD_STATE = {
  type: 'string',
  enum: [...TRIAGE_STATES, 'regressed'],
  description:
    'resolved: the job runs again, was canceled, or somebody said that it is mended; regressed: it failed after that.',
} as const;

export const NEW_TRIAGE = request(
  {
    state: TRIAGE_STATE,
    until: described(time, 'Until when it is ignored; absent: for good.'),
    into: described(text, 'Of merged: id of the incident whose card stands for it.'),
    comment: { type: 'string', maxLength: MAX_COMMENT, description: 'Why.' },
  },
  ['state'],
);

export const TRIAGE = object(
  {
    state: CARD_STATE,
    words: described(
      list(
        object({ incidentId: text, state: TRIAGE_STATE, until: time, into: text, comment: text, by: text, at: time }, [
          'incidentId',
          'state',
          'by',
          'at',
        ]),
      ),
      'All that people said, the newest first.',
    ),
    merged: described(
      list(object({ id: text, subject: text, firstSeen: time }, ['id', 'subject'])),
      'Incidents that were merged into this one.',
    ),
  },
  ['state', 'words', 'merged'],
);
