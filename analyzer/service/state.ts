// The analyzer's memory in the store: one document per cluster and, written last, the cursor up to which they were fed.
// What was read after a cursor that is not stored is read again, which changes nothing. Called by analyzer.ts.
import type { StateStore } from '../../store/store.js';
import { createClusterMemory, exportMemory, type ClusterMemory, type ClusterState } from './keep.js';

export interface KeptState {
  readonly cursor: string | undefined;
  readonly clusters: ReadonlyMap<string, ClusterMemory>;
}

interface StoredState {
  readonly version: 1;
  readonly cursor?: string;
  readonly clusters: readonly string[];
}

export async function loadAnalyzerState(store: StateStore, key: string): Promise<KeptState> {
  const state = await loadJson(store, key);
  if (!isStoredState(state)) return { cursor: undefined, clusters: new Map() };
  const clusters = new Map<string, ClusterMemory>();
  for (const cluster of state.clusters) {
    const kept = await loadJson(store, clusterKey(key, cluster));
    clusters.set(cluster, createClusterMemory(isClusterState(kept) ? kept : undefined));
  }
  return { cursor: state.cursor, clusters };
}

/** Clusters first, the cursor last. */
export async function saveAnalyzerState(
  store: StateStore,
  key: string,
  state: KeptState,
  dirty: Iterable<string>,
): Promise<void> {
  for (const cluster of dirty) {
    const memory = state.clusters.get(cluster);
    if (memory !== undefined) await store.saveState(clusterKey(key, cluster), JSON.stringify(exportMemory(memory)));
  }
  const stored: StoredState = {
    version: 1,
    clusters: [...state.clusters.keys()],
    cursor: state.cursor,
  };
  await store.saveState(key, JSON.stringify(stored));
}

async function loadJson(store: StateStore, key: string): Promise<unknown> {
  const text = await store.loadState(key);
  return text === undefined ? undefined : JSON.parse(text);
}

/**
 * Written above and by nobody else; what another version wrote is not used, and the feed is read from its beginning.
 */
function isStoredState(value: unknown): value is StoredState {
  return (
    typeof value === 'object' &&
    value !== null &&
    'version' in value &&
    value.version === 1 &&
    'clusters' in value &&
    Array.isArray(value.clusters)
  );
}

function isClusterState(value: unknown): value is ClusterState {
  return typeof value === 'object' && value !== null && 'signals' in value && 'lastLines' in value && 'saved' in value;
}

function clusterKey(key: string, cluster: string): string {
  return `${key}/cluster/${cluster}`;
}
