// Routes for the triage of a card: acknowledge, resolve, ignore for a while, merge into another card, or reopen. Every
// annotation is stored with person and time; notify holds messages back by the last one (docs/alerts.md). The page
// shows the state on the card and in the list.
import { toIso } from '../../core/time/iso.js';
import {
  decideCardState,
  findMergeProblems,
  findTriageProblems,
  OVER_OUTCOMES,
} from '../../core/documents/card-state.js';
import type { Triage } from '../../core/documents/triage.js';
import type { Incident, IncidentRow } from '../../core/documents/incident.js';
import { createError } from '../../core/errors.js';
import { omitMissing } from '../../core/json.js';
import { nameSubject } from '../../core/wording/subject.js';
import type { ReadableStore } from '../../store/scope.js';
import type { IncidentQuery } from '../../store/store.js';
import { readLanguage, route, type Answer, type Request, type Route, type Services } from '../http/route.js';
import type { ShownTriage } from '../schemas/triage.js';
import { findVisible, listIds, loadCurrentTriage, orNothing } from './incident-lookup.js';

const MAX_BODY_BYTES = 8192;

export function createTriageRoutes(services: Services): readonly Route[] {
  return [
    route({
      at: 'GET /api/v1/incidents/:id/triage',
      role: 'reader',
      tag: 'incidents',
      summary: 'In which state an incident is, and who said what of it',
      handle: async (request) => showTriage(services, request, await findVisible(request)),
    }),
    route({
      at: 'POST /api/v1/incidents/:id/triage',
      role: 'author',
      audited: 'triage',
      tag: 'incidents',
      summary: 'Acknowledge, resolve, ignore, merge or reopen an incident',
      description: 'The last annotation counts; all are kept.',
      maxBytes: MAX_BODY_BYTES,
      handle: (request) => takeTriage(services, request),
    }),
  ];
}

async function takeTriage(
  services: Services,
  request: Request<'POST /api/v1/incidents/:id/triage'>,
): Promise<Answer<ShownTriage>> {
  const { body, viewer, store } = request;
  const incident = await findVisible(request);
  const triage: Triage = {
    incidentId: incident.id,
    state: body.state,
    // A form sends empty texts for what was not filled in.
    ...omitMissing({ until: body.until, into: body.into || undefined, comment: body.comment || undefined }),
    by: viewer.name,
    at: toIso(services.now()),
  };
  const problems = [
    ...findTriageProblems(triage, services.now()),
    ...(triage.into === undefined ? [] : await checkMergeTarget(store, triage.into)),
  ];
  if (problems.length > 0) throw createError('JT_REQUEST_INVALID', { problems: problems.join('\n') });
  await store.triage.save(triage);
  return showTriage(services, request, incident);
}

/** Rejects a card that is itself merged into another one as the target of a merge. */
async function checkMergeTarget(store: ReadableStore, into: string): Promise<readonly string[]> {
  const target = await store.findIncident(into);
  if (target === undefined) throw createError('JT_NOT_FOUND', { what: `The incident "${into}"` });
  const [word] = await store.triage.find({ where: { incidentId: [target.id] } });
  return findMergeProblems(word);
}

async function showTriage(
  services: Services,
  request: Pick<Request<'GET /api/v1/incidents/:id/triage'>, 'query' | 'store'>,
  incident: Incident,
): Promise<Answer<ShownTriage>> {
  const { store } = request;
  const ids = listIds(incident);
  const currentTriage = await loadCurrentTriage(store);
  const words = await orNothing(store.triage.find({ where: { incidentId: ids } }));
  const merged = [...currentTriage.values()].filter(({ into }) => into !== undefined && ids.includes(into));
  const rows = await findRows(
    store,
    merged.map(({ incidentId }) => incidentId),
  );
  const language = readLanguage(services, request);
  return {
    kind: 'json',
    body: {
      state: decideCardState(incident, words[0], services.now()),
      words,
      merged: rows.map((row) => ({ id: row.id, subject: nameSubject(row, language), firstSeen: row.firstSeen })),
    },
  };
}

async function findRows(store: ReadableStore, ids: readonly string[]): Promise<readonly IncidentRow[]> {
  return ids.length === 0 ? [] : (await store.pageIncidents({ ids, limit: ids.length })).rows;
}

export interface TriageFilter {
  readonly wanted: Triage['state'] | undefined;
  readonly isTop: boolean;
}

/**
 * Returns the query that narrows a list to a state. `open`: the incident needs an owner and nobody has taken it;
 * `resolved`: a person marked it as resolved.
 */
export async function narrowToTriage(
  store: ReadableStore,
  currentTriage: ReadonlyMap<string, Triage>,
  { wanted, isTop }: TriageFilter,
  nowMs: number,
): Promise<Pick<IncidentQuery, 'ids' | 'notIds' | 'notOutcomes'>> {
  if (wanted === undefined) {
    const merged = [...currentTriage.values()].filter(({ state }) => state === 'merged');
    return isTop && merged.length > 0 ? { notIds: merged.map(({ incidentId }) => incidentId) } : {};
  }
  const rows = await findRows(store, [...currentTriage.keys()]);
  const states = rows.map((row) => ({ id: row.id, state: decideCardState(row, currentTriage.get(row.id), nowMs) }));
  const taken = states.filter(({ state }) => state !== 'open' && state !== 'regressed');
  if (wanted === 'open') return { notIds: taken.map(({ id }) => id), notOutcomes: OVER_OUTCOMES };
  return { ids: taken.filter(({ state }) => state === wanted).map(({ id }) => id) };
}
