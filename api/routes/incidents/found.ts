// Finds the incident of a request if the viewer may see it, together with the ids of the cards that were joined to it.
// The routes of this folder share these functions.
import { createError } from '../../../core/errors.js';
import type { Incident } from '../../../core/types.js';
import type { Request } from '../../route.js';

export async function findVisible({ params, store }: Pick<Request, 'params' | 'store'>): Promise<Incident> {
  const id = params.text('id') ?? '';
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
