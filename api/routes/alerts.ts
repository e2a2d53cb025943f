// Routes for alerts: the messages that were sent, the silences that mute them (as "jobtrace silences"), and the webhook
// for the alerts of Alertmanager and Grafana, which get the diagnosis of their job. Senders read silences from the
// store. A token with a scope creates and sees only silences in that scope.
import { toIso, normalizeTime } from '../../core/time/iso.js';
import { randomUUID } from 'node:crypto';
import { ROUTE_LABELS, type MatcherSettings, type Silence } from '../../core/documents/silence.js';
import { expireSilence, findSilenceProblems, stateOfSilence } from '../../core/documents/silence-state.js';
import { Alert } from '../../core/documents/alert.js';
import { createError } from '../../core/errors.js';
import { isObject } from '../../core/json.js';
import { createValues, readWord, type Answer, type Request, type Route, type Services } from '../http/route.js';
import { ALERT_LIST, ALERT_MESSAGE, NEW_SILENCE, RECEIVED_LIST, SILENCE, SILENCE_LIST } from '../schemas/alerts.js';
import { ID, QUERIES } from '../schemas/queries.js';

const MAX_BODY_BYTES = 65_536;
const MAX_ALERTS_BYTES = 4 * 1_048_576;
/** Senders of alerts. Both send the same message; Grafana adds fields. */
const ALERT_SENDERS = [
  { path: '/api/v1/alertmanager', name: 'Alertmanager' },
  { path: '/api/v1/grafana', name: "Grafana's alerting" },
] as const;

export function createAlertRoutes(services: Services): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/alerts',
      role: 'reader',
      tag: 'alerts',
      summary: 'What was said, or could not be said, to receivers, newest first',
      query: QUERIES.alerts,
      answers: { 200: ALERT_LIST },
      handle: listAlerts,
    },
    ...ALERT_SENDERS.map(({ path, name }): Route => ({
      method: 'POST',
      path,
      role: 'author',
      isOfAll: true,
      tag: 'alerts',
      summary: `Webhook for ${name}: attach the diagnosis and send on`,
      query: QUERIES.none,
      body: { type: 'json', schema: ALERT_MESSAGE, maxBytes: MAX_ALERTS_BYTES },
      answers: { 200: RECEIVED_LIST },
      handle: (request) => receiveAlerts(services, request),
    })),
    ...createSilenceRoutes(services),
  ];
}

function createSilenceRoutes(services: Services): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/silences',
      role: 'reader',
      tag: 'alerts',
      summary: 'Silences',
      query: QUERIES.silences,
      answers: { 200: SILENCE_LIST },
      handle: (request) => listSilences(services, request),
    },
    {
      method: 'POST',
      path: '/api/v1/silences',
      role: 'author',
      tag: 'alerts',
      summary: 'Silence cards that fit, until a time',
      description: 'Messages that wait are held until the silence is over; it counts within five seconds.',
      query: QUERIES.none,
      body: { type: 'json', schema: NEW_SILENCE, maxBytes: MAX_BODY_BYTES },
      answers: { 200: SILENCE },
      handle: (request) => makeSilence(services, request),
    },
    {
      method: 'POST',
      path: '/api/v1/silences/:id/expire',
      role: 'author',
      tag: 'alerts',
      summary: 'End a silence now',
      params: ID,
      query: QUERIES.none,
      answers: { 200: SILENCE },
      handle: (request) => endSilence(services, request),
    },
  ];
}

async function listAlerts({ query, store }: Request): Promise<Answer> {
  const state = readWord(Alert.properties.state.enum, query.text('state'));
  const alerts = await store.alerts.find({
    where: { incidentId: query.text('incident'), state },
    limit: query.number('limit') ?? 100,
  });
  return { kind: 'json', body: { alerts: alerts.map(withoutPayload) } };
}

async function receiveAlerts(services: Services, request: Request): Promise<Answer> {
  if (services.receiveAlerts === undefined)
    throw createError('JT_NOT_FOUND', { what: 'The webhook for alerts, which this process does not offer,' });
  return { kind: 'json', body: { alerts: await services.receiveAlerts(request.body) } };
}

async function listSilences({ now }: Services, { query, store }: Request): Promise<Answer> {
  const silences = await store.silences.find(query.flag('expired') ? {} : { after: toIso(now()) });
  return {
    kind: 'json',
    body: {
      silences: silences.map((silence) => describe(silence, now())),
    },
  };
}

async function makeSilence({ now }: Services, { body, viewer, store }: Request): Promise<Answer> {
  const given = createValues(body);
  const silence: Silence = {
    id: randomUUID(),
    matchers: readMatchers(body),
    startsAt: normalizeTime(given.text('startsAt') ?? toIso(now())),
    endsAt: normalizeTime(given.text('endsAt') ?? ''),
    createdBy: viewer.name,
    comment: given.text('comment') ?? '',
  };
  const problems = findSilenceProblems(silence, now());
  if (problems.length > 0) throw createError('JT_REQUEST_INVALID', { problems: problems.join('\n') });
  await store.silences.save(silence);
  return { kind: 'json', body: describe(silence, now()) };
}

async function endSilence({ now }: Services, { params, store }: Request): Promise<Answer> {
  const id = params.text('id') ?? '';
  const silence = (await store.silences.find()).find((candidate) => candidate.id === id);
  if (silence === undefined) throw createError('JT_NOT_FOUND', { what: `The silence "${id}"` });
  const expired = expireSilence(silence, now());
  if (expired !== undefined) await store.silences.save(expired);
  return { kind: 'json', body: describe(expired ?? silence, now()) };
}

function describe(silence: Silence, nowMs: number): object {
  return { ...silence, state: stateOfSilence(silence, nowMs) };
}

/** Reads the matchers of a body that the schema has accepted. */
function readMatchers(body: unknown): MatcherSettings {
  const matchers = isObject(body) && isObject(body['matchers']) ? body['matchers'] : {};
  const values = createValues(matchers);
  return Object.fromEntries(
    ROUTE_LABELS.flatMap((label) => {
      const value = values.text(label) ?? values.list(label);
      return value.length === 0 ? [] : [[label, value]];
    }),
  );
}

/** Removes the rendered message, because it is only for the receiver and may contain data that others must not read. */
export function withoutPayload(alert: Alert): Omit<Alert, 'payload'> {
  const { payload, ...rest } = alert;
  return rest;
}
