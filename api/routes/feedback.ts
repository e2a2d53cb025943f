// Routes for feedback on diagnoses (right, wrong, helped), and for its effect on a rule: the measured precision, and
// whether the rule still sends alerts. Feedback is stored with person and time; a person has one verdict on one rule of
// one incident. The page shows it on the card.
import type { Incident } from '../../core/documents/incident.js';
import { toIso } from '../../core/time/iso.js';
import { isBelowFloor, measurePrecision } from '../../core/documents/precision.js';
import { createError } from '../../core/errors.js';
import { route, type Answer, type Request, type Route, type Services } from '../http/route.js';
import type { RulePrecision, ShownFeedback } from '../schemas/rules.js';
import { findVisible, orNothing } from './incident-lookup.js';

const MAX_BODY_BYTES = 4096;

export function createFeedbackRoutes(services: Services): readonly Route[] {
  return [
    route({
      at: 'GET /api/v1/incidents/:id/feedback',
      role: 'reader',
      tag: 'incidents',
      summary: 'What people said of the diagnoses of an incident, and how often their rules are right',
      handle: async (request) => showFeedback(services, request, await findVisible(request)),
    }),
    route({
      at: 'POST /api/v1/incidents/:id/feedback',
      role: 'author',
      audited: 'feedback',
      tag: 'incidents',
      summary: 'Say of a diagnosis that it is right, wrong, or that it helped',
      description: 'Replaces what the same token said of the same rule of this incident.',
      maxBytes: MAX_BODY_BYTES,
      handle: (request) => takeFeedback(services, request),
    }),
  ];
}

async function takeFeedback(
  services: Services,
  request: Request<'POST /api/v1/incidents/:id/feedback'>,
): Promise<Answer<ShownFeedback>> {
  const { rule, verdict } = request.body;
  const incident = await findVisible(request);
  const rules = listRules(incident);
  if (!rules.includes(rule))
    throw createError('JT_REQUEST_INVALID', {
      problems: `"rule" must be one of this incident's (${rules.join(', ') || 'it has none'}), not "${rule}"`,
    });
  const at = toIso(services.now());
  await request.store.feedback.save({ incidentId: incident.id, rule, verdict, by: request.viewer.name, at });
  return showFeedback(services, request, incident);
}

async function showFeedback(services: Services, request: Request, incident: Incident): Promise<Answer<ShownFeedback>> {
  const [feedback, measured] = await Promise.all([
    orNothing(request.store.feedback.find({ where: { incidentId: incident.id } })),
    loadPrecision(services, request),
  ]);
  const rules = listRules(incident).map((id) => ({ id, precision: measured.get(id) }));
  return { kind: 'json', body: { feedback, rules } };
}

/** Counts the verdicts that the viewer may see. All verdicts together decide whether a rule sends alerts. */
export async function loadPrecision(
  { findVerdicts, floor }: Services,
  { store, viewer }: Request,
): Promise<ReadonlyMap<string, RulePrecision>> {
  const all = measurePrecision(await orNothing(findVerdicts()));
  const own = viewer.scope === undefined ? all : measurePrecision(await orNothing(store.feedback.find()));
  return new Map([...own].map(([id, item]) => [id, { ...item, alerts: !isBelowFloor(all.get(id), floor) }]));
}

function listRules({ diagnoses }: Incident): readonly string[] {
  return [...new Set(diagnoses.en.map(({ rule }) => rule))];
}
