// Reads the incidents that may share a cause, from the store and from this analyzer, joins them into chains
// (platform.ts), and renders the platform incident of each chain that is long enough. Thousands of jobs may fail at
// once, so only a digest of each incident is kept.
import { toIso } from '../../core/time/iso.js';
import { omitMissing } from '../../core/json.js';
import { findSmallest } from '../../core/sequence.js';
import type { Incident, PlatformShare } from '../../core/documents/incident.js';
import { ALL_CLUSTERS } from '../../core/types.js';
import type { IncidentStore } from '../../store/store.js';
import type { SharedKind } from '../catalog/engine.js';
import {
  chainShared,
  choosePrimary,
  findShared,
  isLongEnough,
  keyOf,
  mayShare,
  PLATFORM_WINDOW_MS,
  renderPlatform,
  type SharedIncident,
} from './platform.js';

/** Maximum number of platform incidents that one query returns. */
export const MAX_FOUND = 10_000;
/** Maximum number of incidents of others that one chaining considers, and of rows and whole incidents read at once. */
const MAX_OTHERS = 10_000;
const ROWS_AT_ONCE = 1_000;
const READ_AT_ONCE = 100;

/** Store, the incidents that this analyzer placed, by id, and the kinds of things that may be shared. */
export interface ChainSource {
  readonly store: Pick<IncidentStore, 'findIncidents' | 'pageIncidents'>;
  readonly own: ReadonlyMap<string, Own>;
  readonly kinds: () => readonly SharedKind[];
}

export interface Own {
  readonly incident: Incident;
  readonly shared: SharedIncident;
}

export type PlatformIncident = Incident & { readonly platform: PlatformShare };

/**
 * True if the chains make the incident. Endings (card.ts) and floods (service/flood.ts) stand for jobs too, but
 * are made elsewhere.
 */
export function isOurs(incident: Incident): incident is PlatformIncident {
  return incident.platform !== undefined && incident.ending === undefined && incident.cluster === ALL_CLUSTERS;
}

export interface Chained {
  /** Complete chains: the beginning of each is known. */
  readonly chains: readonly (readonly SharedIncident[])[];
  /** Platform incidents of the same things, as the store has them. */
  readonly before: readonly Incident[];
  readonly from: number;
}

/**
 * Reads the incidents from `since` on and chains them. It reads again from an earlier time if a chain goes back
 * further. `keys` limits it to these things.
 */
export async function readChains(
  platforms: ChainSource,
  since: number,
  keys: ReadonlyMap<string, number> | undefined,
): Promise<Chained> {
  for (let from = since; ;) {
    const others = await readOthers(platforms, from);
    const isAsked = (key: string): boolean => keys === undefined || keys.has(key);
    const shared = [...listOwn(platforms, from), ...others.shared].filter(({ key }) => isAsked(key));
    const touched = chainShared(shared).filter((chain) => (chain.at(-1)?.begin ?? 0) >= since);
    const earliest = findSmallest(touched.flatMap(([first]) => first?.begin ?? [])) - PLATFORM_WINDOW_MS;
    if (earliest >= from)
      return {
        chains: touched,
        before: others.platforms.filter(({ platform }) => isAsked(keyOf(platform, platforms.kinds()))),
        from,
      };
    from = earliest;
  }
}

function listOwn({ own }: ChainSource, from: number): readonly SharedIncident[] {
  return [...own.values()]
    .map(({ shared }) => shared)
    .filter(({ lastSeen }) => (Date.parse(lastSeen ?? '') || 0) >= from);
}

interface Others {
  readonly shared: readonly SharedIncident[];
  readonly platforms: readonly PlatformIncident[];
}

/**
 * Reads what the store has and this analyzer did not assign: platform incidents, and incidents of other analyzers or of
 * an earlier run. Thousands of jobs may fail at once, so their rows are read first, then whole incidents, a few at a
 * time; only what a chain needs of them is kept.
 */
async function readOthers({ store, own, kinds }: ChainSource, sinceMs: number): Promise<Others> {
  const from = toIso(sinceMs);
  const platforms = (await store.findIncidents({ cluster: ALL_CLUSTERS, from, limit: MAX_FOUND })).filter(isOurs);
  const shared: SharedIncident[] = [];
  let after: string | undefined;
  for (let read = 0; read < MAX_OTHERS; read += ROWS_AT_ONCE) {
    const page = await store.pageIncidents({ from, limit: ROWS_AT_ONCE, ...omitMissing({ after }) });
    const ids = page.rows
      .filter(({ id, cluster, cause }) => cluster !== ALL_CLUSTERS && !own.has(id) && mayShare(cause, kinds()))
      .map(({ id }) => id);
    for (let index = 0; index < ids.length; index += READ_AT_ONCE) {
      const some = ids.slice(index, index + READ_AT_ONCE);
      for (const incident of await store.findIncidents({ ids: some, limit: some.length })) {
        const found = findShared(incident, kinds());
        if (found !== undefined) shared.push(found);
      }
    }
    after = page.next;
    if (after === undefined) break;
  }
  return { shared, platforms };
}

/** Returns the platform incidents of all chains that are long enough; undefined if an incident is gone by now. */
export async function renderPlatforms(
  { store, own }: ChainSource,
  chains: Chained['chains'],
): Promise<readonly Incident[] | undefined> {
  const rendered: Incident[] = [];
  for (const chain of chains.filter(isLongEnough)) {
    const id = choosePrimary(chain)?.id ?? '';
    const primary = own.get(id)?.incident ?? (await store.findIncidents({ ids: [id], limit: 1 }))[0];
    const incident = primary === undefined ? undefined : renderPlatform(chain, primary);
    if (incident === undefined) return undefined;
    rendered.push(incident);
  }
  return rendered;
}
