// What whoever goes on with a part of the records needs and the store does not have anyway: the cursor up to which the
// feed was read, what lines of one file say together so far (forms.ts), and where something failed that is no incident
// yet. What is known of a cluster is asked for again when it counts (history.ts). What was read after a cursor that is
// not stored is read again, which changes nothing. Called by analyzer.ts.
import { isObject } from '../../core/json.js';
import type { RecordFeed, StateStore } from '../../store/store.js';
import { nameParts } from '../share/decide.js';
import { createFormState, exportForms, type FormState, type StoredForms } from './forms.js';

export interface ServiceState {
  cursor: string | undefined;
  /** By the cluster; of most there is nothing. */
  readonly forms: Map<string, FormState>;
  /** Clusters to look at again. */
  waiting: readonly string[];
}

interface StoredState {
  readonly version: 2;
  readonly cursor?: string;
  readonly forms: readonly (readonly [cluster: string, forms: StoredForms])[];
  readonly waiting?: readonly string[];
}

/** Of an early release, which had a document for each cluster. */
interface StateBefore {
  readonly version: 1;
  readonly cursor?: string;
  readonly clusters: readonly string[];
  readonly resting?: readonly (readonly [cluster: string, heard: number])[];
}

type PartStore = StateStore & Pick<RecordFeed, 'joinCursors' | 'findPart'>;

const NOTHING: StoredState = { version: 2, forms: [] };
/** Analyzers of the release before divided the feed in a fixed way: so many at most. */
const MOST_BEFORE = 32;

function nameState(part: number | string): string {
  return `analyzer/part-${part}`;
}

/** Where there is none, what the release before has left; else the feed is read from its beginning. */
export async function loadPartState(store: PartStore, part: number): Promise<ServiceState> {
  const { cursor, forms, waiting = [] } = (await loadState(store, nameState(part))) ?? (await loadBefore(store));
  return {
    cursor,
    forms: new Map(forms.map(([cluster, stored]) => [cluster, createFormState(stored)])),
    waiting,
  };
}

export async function savePartState(
  store: StateStore,
  part: number,
  { cursor, forms, waiting }: ServiceState,
): Promise<void> {
  await saveState(store, nameState(part), {
    version: 2,
    cursor,
    forms: [...forms].flatMap(([cluster, state]) => {
      const exported = exportForms(state);
      return exported === undefined ? [] : [[cluster, exported] as const];
    }),
    waiting,
  });
}

/** For parts that are counted anew while nobody has one: each begins where all that were have read to. */
export async function joinPartStates(store: PartStore, from: number, to: number): Promise<void> {
  const before = await Promise.all(nameParts(from).map((part) => loadState(store, nameState(part))));
  if (before.every((state) => state === undefined)) return;
  const { cursor, forms, waiting = [] } = joinStates(store, before);
  for (let part = 0; part < to; part++) {
    const isOurs = (cluster: string): boolean => store.findPart(cluster, to) === part;
    await saveState(store, nameState(part), {
      version: 2,
      cursor,
      forms: forms.filter(([cluster]) => isOurs(cluster)),
      waiting: waiting.filter(isOurs),
    });
  }
}

function joinStates(store: PartStore, states: readonly (StoredState | undefined)[]): StoredState {
  return {
    version: 2,
    cursor: store.joinCursors(states.map((state) => state?.cursor)),
    forms: states.flatMap((state) => state?.forms ?? []),
    waiting: states.flatMap((state) => state?.waiting ?? []),
  };
}

/** Of as many analyzers as there were, which shared the feed among them. */
async function loadBefore(store: PartStore): Promise<StoredState> {
  for (let of = 1; of <= MOST_BEFORE; of++) {
    const first = await loadState(store, `analyzer/0-of-${of}`);
    if (first === undefined) continue;
    const others = nameParts(of).slice(1);
    return joinStates(store, [
      first,
      ...(await Promise.all(others.map((index) => loadState(store, `analyzer/${index}-of-${of}`)))),
    ]);
  }
  return NOTHING;
}

/** What another version wrote is not used. */
async function loadState(store: StateStore, key: string): Promise<StoredState | undefined> {
  const text = await store.loadState(key);
  const stored: unknown = text === undefined ? undefined : JSON.parse(text);
  if (isOfVersion(stored, 2)) return stored as unknown as StoredState;
  if (!isOfVersion(stored, 1)) return undefined;
  const { cursor, clusters, resting = [] } = stored as unknown as StateBefore;
  for (const cluster of [...clusters, ...resting.map(([name]) => name)])
    await store.removeState(`${key}/cluster/${cluster}`);
  return { ...NOTHING, cursor };
}

function isOfVersion(stored: unknown, version: number): boolean {
  return isObject(stored) && stored['version'] === version;
}

async function saveState(store: StateStore, key: string, state: StoredState): Promise<void> {
  await store.saveState(key, JSON.stringify(state));
}
