// Routes for alerts: the messages that were sent, the silences that mute them (as "jobtrace silences"), and the webhook
// for the alerts of Alertmanager and Grafana, which get the diagnosis of their job. Senders read silences from the
// store. A token with a scope creates and sees only silences in that scope.
import { toIso, normalizeTime } from '../../core/time/iso.js';
import { randomUUID } from 'node:crypto';
import type { Silence } from '../../core/documents/silence.js';
import { expireSilence, findSilenceProblems, stateOfSilence } from '../../core/documents/silence-state.js';
import type { Alert, ShownAlert } from '../../core/documents/alert.js';
import { createError } from '../../core/errors.js';
import { route, type Answer, type AnswerTo, type Request, type Route, type Services } from '../http/route.js';
import type { ShownSilence } from '../schemas/alerts.js';

const MAX_BODY_BYTES = 65_536;
const MAX_ALERTS_BYTES = 4 * 1_048_576;
/** Senders of alerts. Both send the same message; Grafana adds fields. */
const ALERT_SENDERS = [
  { at: 'POST /api/v1/alertmanager', name: 'Alertmanager' },
  { at: 'POST /api/v1/grafana', name: "Grafana's alerting" },
] as const;

export function createAlertRoutes(services: Services): readonly Route[] {
  return [
    route({
      at: 'GET /api/v1/alerts',
      role: 'reader',
      tag: 'alerts',
      summary: 'What was said, or could not be said, to receivers, newest first',
      handle: listAlerts,
    }),
    ...ALERT_SENDERS.map(({ at, name }) =>
      route({
        at,
        role: 'author',
        isOfAll: true,
        tag: 'alerts',
        summary: `Webhook for ${name}: attach the diagnosis and send on`,
        maxBytes: MAX_ALERTS_BYTES,
        handle: (request) => receiveAlerts(services, request),
      }),
    ),
    ...createSilenceRoutes(services),
  ];
}

function createSilenceRoutes(services: Services): readonly Route[] {
  return [
    route({
      at: 'GET /api/v1/silences',
      role: 'reader',
      tag: 'alerts',
      summary: 'Silences',
      handle: (request) => listSilences(services, request),
    }),
    route({
      at: 'POST /api/v1/silences',
      role: 'author',
      tag: 'alerts',
      summary: 'Silence cards that fit, until a time',
      description: 'Messages that wait are held until the silence is over; it counts within five seconds.',
      maxBytes: MAX_BODY_BYTES,
      handle: (request) => makeSilence(services, request),
    }),
    route({
      at: 'POST /api/v1/silences/:id/expire',
      role: 'author',
      tag: 'alerts',
      summary: 'End a silence now',
      handle: (request) => endSilence(services, request),
    }),
  ];
}

async function listAlerts({ query, store }: Request<'GET /api/v1/alerts'>): Promise<AnswerTo<'GET /api/v1/alerts'>> {
  const alerts = await store.alerts.find({
    where: { incidentId: query.incident, state: query.state },
    limit: query.limit ?? 100,
  });
  return { kind: 'json', body: { alerts: alerts.map(withoutPayload) } };
}

async function receiveAlerts(
  services: Services,
  { body }: Pick<Request, 'body'>,
): Promise<AnswerTo<(typeof ALERT_SENDERS)[number]['at']>> {
  if (services.receiveAlerts === undefined)
    throw createError('JT_NOT_FOUND', { what: 'The webhook for alerts, which this process does not offer,' });
  return { kind: 'json', body: { alerts: await services.receiveAlerts(body) } };
}

async function listSilences(
  { now }: Services,
  { query, store }: Request<'GET /api/v1/silences'>,
): Promise<AnswerTo<'GET /api/v1/silences'>> {
  const silences = await store.silences.find(query.expired === true ? {} : { after: toIso(now()) });
  return {
    kind: 'json',
    body: {
      silences: silences.map((silence) => describe(silence, now())),
    },
  };
}

async function makeSilence(
  { now }: Services,
  { body, viewer, store }: Request<'POST /api/v1/silences'>,
): Promise<Answer<ShownSilence>> {
  const silence: Silence = {
    id: randomUUID(),
    matchers: Object.fromEntries(Object.entries(body.matchers).filter(([, patterns]) => patterns.length > 0)),
    startsAt: normalizeTime(body.startsAt ?? toIso(now())),
    endsAt: normalizeTime(body.endsAt),
    createdBy: viewer.name,
    comment: body.comment,
  };
  const problems = findSilenceProblems(silence, now());
  if (problems.length > 0) throw createError('JT_REQUEST_INVALID', { problems: problems.join('\n') });
  await store.silences.save(silence);
  return { kind: 'json', body: describe(silence, now()) };
}

async function endSilence(
  { now }: Services,
  { params: { id }, store }: Request<'POST /api/v1/silences/:id/expire'>,
): Promise<Answer<ShownSilence>> {
  const silence = (await store.silences.find()).find((candidate) => candidate.id === id);
  if (silence === undefined) throw createError('JT_NOT_FOUND', { what: `The silence "${id}"` });
  const expired = expireSilence(silence, now());
  if (expired !== undefined) await store.silences.save(expired);
  return { kind: 'json', body: describe(expired ?? silence, now()) };
}

function describe(silence: Silence, nowMs: number): ShownSilence {
  return { ...silence, state: stateOfSilence(silence, nowMs) };
}

/** Removes the rendered message, because it is only for the receiver and may contain data that others must not read. */
export function withoutPayload(alert: Alert): ShownAlert {
  const { payload, ...rest } = alert;
  return rest;
}
