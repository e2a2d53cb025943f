// What a restart of the service needs and the store does not have anyway: the cursor up to which the feed was read, and
// what lines of one file say together so far (forms.ts). What is known of a cluster is asked for again when it counts
// (history.ts). What was read after a cursor that is not stored is read again, which changes nothing. Called by
// analyzer.ts.
import { isObject } from '../../core/json.js';
import type { StateStore } from '../../store/store.js';
import { createFormState, exportForms, type FormState, type StoredForms } from './forms.js';

export interface ServiceState {
  cursor: string | undefined;
  /** By the cluster; of most there is nothing. */
  readonly forms: Map<string, FormState>;
}

interface StoredState {
  readonly version: 2;
  readonly cursor?: string;
  readonly forms: readonly (readonly [cluster: string, forms: StoredForms])[];
}

/** Of the release before, which had a document for each cluster. */
interface StateBefore {
  readonly version: 1;
  readonly cursor?: string;
  readonly clusters: readonly string[];
  readonly resting?: readonly (readonly [cluster: string, heard: number])[];
}

/** What another version wrote is not used, and the feed is read from its beginning. */
export async function loadServiceState(store: StateStore, key: string): Promise<ServiceState> {
  const text = await store.loadState(key);
  const stored: unknown = text === undefined ? undefined : JSON.parse(text);
  if (isOfVersion(stored, 2)) return readState(stored as unknown as StoredState);
  if (!isOfVersion(stored, 1)) return { cursor: undefined, forms: new Map() };
  const { cursor, clusters, resting = [] } = stored as unknown as StateBefore;
  for (const cluster of [...clusters, ...resting.map(([name]) => name)])
    await store.removeState(`${key}/cluster/${cluster}`);
  return { cursor, forms: new Map() };
}

function isOfVersion(stored: unknown, version: number): boolean {
  return isObject(stored) && stored['version'] === version;
}

function readState({ cursor, forms }: StoredState): ServiceState {
  return { cursor, forms: new Map(forms.map(([cluster, stored]) => [cluster, createFormState(stored)])) };
}

export async function saveServiceState(store: StateStore, key: string, { cursor, forms }: ServiceState): Promise<void> {
  const stored: StoredState = {
    version: 2,
    cursor,
    forms: [...forms].flatMap(([cluster, state]) => {
      const exported = exportForms(state);
      return exported === undefined ? [] : [[cluster, exported] as const];
    }),
  };
  await store.saveState(key, JSON.stringify(stored));
}
