// What the routes of this folder ask first: the incident of an address, where the viewer may see it, and with it the
// cards that have become it. Called by them.
import { createError } from '../../../core/errors.js';
import type { Incident } from '../../../core/types.js';
import type { Request } from '../../route.js';

export async function findVisible({ params, store }: Pick<Request, 'params' | 'store'>): Promise<Incident> {
  const id = params.text('id') ?? '';
  const incident = await store.findIncident(id);
  if (incident === undefined) throw createError('JT_NOT_FOUND', { what: `The incident "${id}"` });
  return incident;
}

/** The cards that have become this one lead here, with all that was said of them. */
export function listIds({ id, joined = [] }: Pick<Incident, 'id' | 'joined'>): readonly string[] {
  return [id, ...joined];
}
