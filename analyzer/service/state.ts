// Loads and saves what the next holder of a partition needs and cannot read elsewhere in the store: the cursor of the
// feed, unfinished forms of several lines (forms.ts), and clusters with a failure that is no incident yet.
// Knowledge of a cluster is read again when needed (history.ts). Records after a cursor that was not saved are read
// again, which changes nothing.
import { createCheck } from '../../core/document.js';
import { object, typed, optional, text, list, texts, type Static } from '../../core/documents/schema.js';
import type { Collections, RecordFeed } from '../../store/store.js';
import { namePartitions } from '../platform/decide.js';
import { createFormState, exportForms, type FormState, type StoredForms } from './forms.js';

export interface ServiceState {
  cursor: string | undefined;
  /** Forms by cluster; most clusters have none. */
  readonly forms: Map<string, FormState>;
  /** Clusters to check again. */
  waiting: readonly string[];
}

const StoredState = object({
  version: typed<2>({ const: 2 }),
  cursor: optional(text),
  forms: list(typed<readonly [cluster: string, forms: StoredForms]>({ type: 'array', minItems: 2 })),
  waiting: optional(texts),
});
type StoredState = Static<typeof StoredState>;
const isState = createCheck(StoredState);

/** State of an early release, which had a document for each cluster. */
const isStateBefore = createCheck(
  object({
    version: typed<1>({ const: 1 }),
    cursor: optional(text),
    clusters: texts,
    resting: optional(list(typed<readonly [cluster: string, lastSeen: number]>({ type: 'array', minItems: 2 }))),
  }),
);

type StateStore = Pick<Collections, 'states'>;
type PartitionStore = StateStore & Pick<RecordFeed, 'joinCursors' | 'findPartition'>;

const NOTHING: StoredState = { version: 2, forms: [] };
/** Largest number of analyzers of the previous release, which divided the feed in a fixed way. */
const MAX_BEFORE = 32;

function nameState(partition: number | string): string {
  return `analyzer/part-${partition}`;
}

/**
 * Loads the state of a partition. If there is none, it uses the state of the previous release, else the feed is read
 * from its beginning.
 */
export async function loadPartitionState(store: PartitionStore, partition: number): Promise<ServiceState> {
  const { cursor, forms, waiting = [] } = (await loadState(store, nameState(partition))) ?? (await loadBefore(store));
  return {
    cursor,
    forms: new Map(forms.map(([cluster, stored]) => [cluster, createFormState(stored)])),
    waiting,
  };
}

export async function savePartitionState(
  store: StateStore,
  partition: number,
  { cursor, forms, waiting }: ServiceState,
): Promise<void> {
  await saveState(store, nameState(partition), {
    version: 2,
    cursor,
    forms: [...forms].flatMap(([cluster, state]) => {
      const exported = exportForms(state);
      return exported === undefined ? [] : [[cluster, exported] as const];
    }),
    waiting,
  });
}

/**
 * Joins the states when the number of partitions changes, while no analyzer holds one. Each new partition begins at the
 * cursor that all old ones have reached.
 */
export async function joinPartitionStates(store: PartitionStore, from: number, to: number): Promise<void> {
  const before = await Promise.all(namePartitions(from).map((partition) => loadState(store, nameState(partition))));
  if (before.every((state) => state === undefined)) return;
  const { cursor, forms, waiting = [] } = joinStates(store, before);
  for (let partition = 0; partition < to; partition++) {
    const isOurs = (cluster: string): boolean => store.findPartition(cluster, to) === partition;
    await saveState(store, nameState(partition), {
      version: 2,
      cursor,
      forms: forms.filter(([cluster]) => isOurs(cluster)),
      waiting: waiting.filter(isOurs),
    });
  }
}

function joinStates(store: PartitionStore, states: readonly (StoredState | undefined)[]): StoredState {
  return {
    version: 2,
    cursor: store.joinCursors(states.map((state) => state?.cursor)),
    forms: states.flatMap((state) => state?.forms ?? []),
    waiting: states.flatMap((state) => state?.waiting ?? []),
  };
}

/** Loads and joins the states of the previous release, one per analyzer. */
async function loadBefore(store: PartitionStore): Promise<StoredState> {
  for (let of = 1; of <= MAX_BEFORE; of++) {
    const first = await loadState(store, `analyzer/0-of-${of}`);
    if (first === undefined) continue;
    const others = namePartitions(of).slice(1);
    return joinStates(store, [
      first,
      ...(await Promise.all(others.map((index) => loadState(store, `analyzer/${index}-of-${of}`)))),
    ]);
  }
  return NOTHING;
}

/** Returns undefined for a state of an unknown version. */
async function loadState(store: StateStore, key: string): Promise<StoredState | undefined> {
  const text = (await store.states.load(key))?.value;
  const stored: unknown = text === undefined ? undefined : JSON.parse(text);
  if (isState(stored)) return stored;
  if (!isStateBefore(stored)) return undefined;
  const { cursor, clusters, resting: idle = [] } = stored;
  for (const cluster of [...clusters, ...idle.map(([name]) => name)])
    await store.states.remove([`${key}/cluster/${cluster}`]);
  return { ...NOTHING, cursor };
}

async function saveState(store: StateStore, key: string, state: StoredState): Promise<void> {
  await store.states.save({ key, value: JSON.stringify(state) });
}
