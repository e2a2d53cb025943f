// Finds the incident of a request if the viewer may see it, the ids of the cards that were joined to it, and its
// annotations (triage and feedback). Store permissions that were granted for an earlier release do not include
// annotations; requests that do not depend on them must still work.
import { createError, JobtraceError } from '../../core/errors.js';
import { listCurrentTriage } from '../../core/documents/card-state.js';
import type { Triage } from '../../core/documents/triage.js';
import type { Incident } from '../../core/documents/incident.js';
import type { Collections } from '../../store/store.js';
import type { Request } from '../http/route.js';

export async function findVisible({
  params: { id },
  store,
}: Pick<Request<'GET /api/v1/incidents/:id'>, 'params' | 'store'>): Promise<Incident> {
  const incident = await store.findIncident(id);
  if (incident === undefined) throw createError('JT_NOT_FOUND', { what: `The incident "${id}"` });
  return incident;
}

/**
 * Returns the incident's id and the ids of the cards that were joined to it, so that their annotations are found as
 * well.
 */
export function listIds({ id, joined = [] }: Pick<Incident, 'id' | 'joined'>): readonly string[] {
  return [id, ...joined];
}

/** Returns what the store found, or nothing if the store denies it. */
export async function orNothing<Item>(found: Promise<readonly Item[]>): Promise<readonly Item[]> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof JobtraceError && error.code === 'JT_STORE_DENIED') return [];
    throw error;
  }
}

/** Returns the current triage by incident, of the given incidents or of all that the viewer may see. */
export async function loadCurrentTriage(
  store: { readonly triage: Pick<Collections['triage'], 'find'> },
  incidentIds?: readonly string[],
): Promise<ReadonlyMap<string, Triage>> {
  return listCurrentTriage(await orNothing(store.triage.find({ where: { incidentId: incidentIds } })));
}
