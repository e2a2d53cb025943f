// What people said of incidents, as far as the store's rights let it be read: those that were granted for an earlier
// release do not name it, and what is not about it goes on. Called by routes and by the tools of an assistant.
import { JobtraceError } from '../../core/errors.js';
import { listStanding, type Triage } from '../../core/routing/triage.js';
import type { TriageStore } from '../../store/store.js';

export async function orNothing<Item>(found: Promise<readonly Item[]>): Promise<readonly Item[]> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof JobtraceError && error.code === 'JT_STORE_DENIED') return [];
    throw error;
  }
}

/** What stands of these incidents (left out: of all that the viewer may see), by the incident. */
export async function loadStanding(
  store: Pick<TriageStore, 'findTriage'>,
  incidentIds?: readonly string[],
): Promise<ReadonlyMap<string, Triage>> {
  return listStanding(await orNothing(store.findTriage(incidentIds === undefined ? {} : { incidentIds })));
}
