// The analyzer's memory in the store: one document per cluster and, written last, the cursor up to which they were fed.
// What was read after a cursor that is not stored is read again, which changes nothing. A cluster of which nothing is
// heard for hours rests: only the store knows it, until it is heard of again or forgotten. Called by analyzer.ts.
import type { StateStore } from '../../store/store.js';
import type { LastLine } from '../incident/last-line.js';
import { createClusterMemory, exportMemory, keepLastLine, type ClusterMemory, type ClusterState } from './keep.js';

export interface ServiceState {
  cursor: string | undefined;
  readonly clusters: Map<string, ClusterMemory>;
  /** When each of them was heard of last. */
  readonly heard: Map<string, number>;
  /** Clusters of which only the store knows, and when each was heard of last. */
  readonly resting: Map<string, number>;
  /** Clusters whose signals or incidents differ from what is stored. */
  readonly dirty: Set<string>;
  /** Clusters with last lines that their document has not: they stand beside the cursor. */
  readonly behind: Set<string>;
  /** The stored list of clusters is not that of today. */
  isListStale: boolean;
}

type LastLines = ClusterState['lastLines'];

interface StoredState {
  readonly version: 1;
  readonly cursor?: string;
  readonly clusters: readonly string[];
  /** Newer than those of the cluster's document. */
  readonly lastLines?: readonly (readonly [cluster: string, lines: LastLines])[];
  readonly resting?: readonly (readonly [cluster: string, heard: number])[];
}

export interface RestOptions {
  readonly now: number;
  /** Rests after this. */
  readonly silentMs: number;
  /** Is forgotten after this. */
  readonly forgetMs: number;
  readonly mayRest: (cluster: string) => boolean;
  /** The store has lines of it that are not older than `forgetMs`: those that matter to nobody were not read. */
  readonly isAlive: (cluster: string) => Promise<boolean>;
}

export function createServiceState(): ServiceState {
  return {
    cursor: undefined,
    clusters: new Map(),
    heard: new Map(),
    resting: new Map(),
    dirty: new Set(),
    behind: new Set(),
    isListStale: false,
  };
}

/** Fills a new state; clusters that rest are left alone. */
export async function loadServiceState(
  store: StateStore,
  key: string,
  state: ServiceState,
  now: number,
): Promise<void> {
  const stored = await loadJson(store, key);
  if (!isStoredState(stored)) return;
  for (const cluster of stored.clusters) await loadCluster(store, key, state, cluster, now);
  for (const [cluster, lines] of stored.lastLines ?? []) {
    const memory = state.clusters.get(cluster);
    for (const [process, line] of lines) if (memory !== undefined) keepLastLine(memory, process, line);
    state.behind.add(cluster);
  }
  for (const [cluster, heard] of stored.resting ?? []) state.resting.set(cluster, heard);
  state.cursor = stored.cursor;
}

/** Has the clusters, of which something is heard now, in memory. */
export async function wake(
  store: StateStore,
  key: string,
  state: ServiceState,
  clusters: Iterable<string>,
  now: number,
): Promise<void> {
  for (const cluster of clusters) {
    // What was stored while it rested was not read.
    if (state.resting.has(cluster)) (await loadCluster(store, key, state, cluster, now)).hasFacts = false;
    else if (!state.clusters.has(cluster)) state.clusters.set(cluster, createClusterMemory());
    if (state.resting.delete(cluster)) state.isListStale = true;
    state.heard.set(cluster, now);
  }
}

async function loadCluster(
  store: StateStore,
  key: string,
  state: ServiceState,
  cluster: string,
  now: number,
): Promise<ClusterMemory> {
  const kept = await loadJson(store, clusterKey(key, cluster));
  const memory = createClusterMemory(isClusterState(kept) ? kept : undefined);
  state.clusters.set(cluster, memory);
  state.heard.set(cluster, now);
  return memory;
}

/** Clusters first, the cursor last. */
export async function saveServiceState(store: StateStore, key: string, state: ServiceState): Promise<void> {
  for (const cluster of state.dirty) {
    const memory = state.clusters.get(cluster);
    if (memory !== undefined) await store.saveState(clusterKey(key, cluster), JSON.stringify(exportMemory(memory)));
    state.dirty.delete(cluster);
    state.behind.delete(cluster);
  }
  const stored: StoredState = {
    version: 1,
    clusters: [...state.clusters.keys()],
    lastLines: [...state.behind].map((cluster) => [cluster, listLastLines(state.clusters.get(cluster))]),
    resting: [...state.resting],
    cursor: state.cursor,
  };
  await store.saveState(key, JSON.stringify(stored));
  state.isListStale = false;
}

function listLastLines(memory: ClusterMemory | undefined): readonly (readonly [string, LastLine])[] {
  return [...(memory?.lastLines ?? [])];
}

/** What is not stored yet is stored first, by the next save; then the cluster rests. */
export async function rest(
  store: StateStore,
  key: string,
  state: ServiceState,
  { now, silentMs, forgetMs, mayRest, isAlive }: RestOptions,
): Promise<void> {
  for (const [cluster, heard] of state.heard) {
    if (now - heard < silentMs || !mayRest(cluster)) continue;
    if (state.behind.has(cluster)) state.dirty.add(cluster);
    if (state.dirty.has(cluster)) continue;
    state.clusters.delete(cluster);
    state.heard.delete(cluster);
    state.resting.set(cluster, heard);
    state.isListStale = true;
  }
  for (const [cluster, heard] of state.resting) {
    if (now - heard < forgetMs) continue;
    state.isListStale = true;
    if (await isAlive(cluster)) {
      state.resting.set(cluster, now);
      continue;
    }
    await store.removeState(clusterKey(key, cluster));
    state.resting.delete(cluster);
  }
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
