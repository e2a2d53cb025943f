// Routes that list, create and end silences, as "jobtrace silences" does. A silence mutes matching alerts for a while;
// senders of messages read silences from the store. A token with a scope creates and sees only silences in that scope.
import { randomUUID } from 'node:crypto';
import { ROUTE_LABELS, type MatcherSettings } from '../../../core/config/rows/route.js';
import { createError } from '../../../core/errors.js';
import { isObject } from '../../../core/json.js';
import { expireSilence, findSilenceProblems, stateOfSilence, type Silence } from '../../../core/routing/silence.js';
import { createValues, type Answer, type Request, type Route, type Services } from '../../route.js';
import { NEW_SILENCE, SILENCE, SILENCE_LIST } from '../../schemas/alerts.js';
import { ID, QUERIES } from '../../schemas/queries.js';

const MAX_BODY_BYTES = 65_536;

export function createSilenceRoutes(services: Services): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/silences',
      role: 'reader',
      tag: 'alerts',
      summary: 'Silences: what alerts nobody for a while',
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

async function listSilences({ now }: Services, { query, store }: Request): Promise<Answer> {
  const silences = await store.findSilences(query.flag('expired') ? {} : { endsAfter: new Date(now()).toISOString() });
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
    startsAt: toIso(given.text('startsAt') ?? new Date(now()).toISOString()),
    endsAt: toIso(given.text('endsAt') ?? ''),
    createdBy: viewer.name,
    comment: given.text('comment') ?? '',
  };
  const problems = findSilenceProblems(silence, now());
  if (problems.length > 0) throw createError('JT_REQUEST_INVALID', { problems: problems.join('\n') });
  await store.saveSilence(silence);
  return { kind: 'json', body: describe(silence, now()) };
}

async function endSilence({ now }: Services, { params, store }: Request): Promise<Answer> {
  const id = params.text('id') ?? '';
  const silence = (await store.findSilences({})).find((candidate) => candidate.id === id);
  if (silence === undefined) throw createError('JT_NOT_FOUND', { what: `The silence "${id}"` });
  const expired = expireSilence(silence, now());
  if (expired !== undefined) await store.saveSilence(expired);
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

function toIso(text: string): string {
  const time = Date.parse(text);
  return Number.isNaN(time) ? text : new Date(time).toISOString();
}
