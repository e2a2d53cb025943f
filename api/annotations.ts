// Reads annotations of incidents (triage and feedback), or nothing if the store denies it. Store permissions that were
// granted for an earlier release do not include annotations; requests that do not depend on them must still work.
import { JobtraceError } from '../core/errors.js';
import { listStanding, type Triage } from '../core/routing/triage.js';
import type { TriageStore } from '../store/store.js';

export async function orNothing<Item>(found: Promise<readonly Item[]>): Promise<readonly Item[]> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof JobtraceError && error.code === 'JT_STORE_DENIED') return [];
    throw error;
  }
}

/** Returns the current triage by incident, of the given incidents or of all that the viewer may see. */
export async function loadStanding(
  store: Pick<TriageStore, 'findTriage'>,
  incidentIds?: readonly string[],
): Promise<ReadonlyMap<string, Triage>> {
  return listStanding(await orNothing(store.findTriage(incidentIds === undefined ? {} : { incidentIds })));
}
