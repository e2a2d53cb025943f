// What the routes of this folder ask first: the incident of an address, where the viewer may see it, with the cards
// that have become it; and what people said, where the store's rights let it be read. Called by its routes.
import { createError, JobtraceError } from '../../../core/errors.js';
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

/** Rights that were granted for an earlier release do not name what people say: what is not about that goes on. */
export async function orNothing<Item>(found: Promise<readonly Item[]>): Promise<readonly Item[]> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof JobtraceError && error.code === 'JT_STORE_DENIED') return [];
    throw error;
  }
}
