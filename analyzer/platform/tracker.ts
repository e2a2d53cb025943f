// Maintains the platform incidents: which incidents one shared cause has made, over all clusters and all analyzers.
// Each incident that may be shared is placed when it is stored, and what has changed since is chained again
// (platform.ts) from what the store has. The analyzer that holds the lease for platform incidents (lease.ts)
// writes them and has people notified; every analyzer stores its own incidents as their children.
import { toIso } from '../../core/time/iso.js';
import { BoundedMap } from '../../core/cache.js';
import { findLargest, findSmallest } from '../../core/sequence.js';
import { createSlices } from '../../core/time/slices.js';
import type { Incident } from '../../core/documents/incident.js';
import { ALL_CLUSTERS } from '../../core/types.js';
import type { IncidentStore } from '../../store/store.js';
import { PLATFORM } from './decide.js';
import type { SharedKind } from '../catalog/engine.js';
import type { Fence } from './fence.js';
import { ALONE_EPOCH, type Lease } from './lease.js';
import {
  isOurs,
  MAX_FOUND,
  readChains,
  renderPlatforms,
  type Chained,
  type Own,
  type PlatformIncident,
} from './chains.js';
import { findShared, keyOf, PLATFORM_WINDOW_MS, type SharedIncident } from './platform.js';

export interface PlatformOptions {
  readonly store: IncidentStore;
  readonly lease: Lease;
  readonly fence: Fence;
  /** Returns the kinds of things that may be shared, by the catalog of now. */
  readonly kinds: () => readonly SharedKind[];
  readonly now: () => number;
  readonly onIncident: ((incident: Incident, change: 'new' | 'changed') => void | Promise<void>) | undefined;
  readonly onGone: ((id: string) => void | Promise<void>) | undefined;
}

export interface PlatformTracker {
  /** Returns the incident as it is to be stored, with its parent if a platform incident stands for it. */
  place(incident: Incident): Promise<Incident>;
  /** Forgets an incident that was removed. */
  forget(id: string): void;
  /** Forgets the incidents that belong to another analyzer from now on. */
  leave(isTheirs: (incident: Incident) => boolean): void;
  /**
   * Chains what has changed, as often as its cost allows. Throws what the store throws; then no change is forgotten.
   */
  step(): Promise<void>;
}

const MAX_LOADED = 1_000;
const MINUTE_MS = 60_000;
/** Interval of reading the incidents of other analyzers, in milliseconds, because nothing reports their changes. */
const CHECK_MS = 10_000;
/**
 * Ratio of the pause to the time that chaining took, so that the analyzer has time for its lines, however many jobs
 * fail.
 */
const PAUSE_FACTOR = 10;
const MAX_PAUSE_MS = 2000;
/** Time since an incident was last seen, in milliseconds, after which it does not change any more. */
const KEEP_MS = 6 * 3_600_000;

const OPEN_OUTCOMES: readonly Incident['outcome'][] = ['failing', 'silent'];

interface Platforms extends PlatformOptions {
  /** Incidents that were placed here, each without its parent, by id. */
  readonly own: Map<string, Own>;
  /** Id of the platform incident, by the id of the incident. */
  readonly parents: Map<string, string>;
  /** Platform incidents that exist, by id. */
  readonly open: Map<string, OpenPlatform>;
  /** Time of the last query for existing platform incidents, by the minute in which an incident began. */
  readonly loadedAt: Map<number, number>;
  /**
   * Ids of platform incidents that were reported in this epoch. Nobody knows whether an earlier epoch reported the
   * others.
   */
  readonly announced: Set<string>;
  /** Last epoch in which this analyzer wrote platform incidents. */
  epoch: number | undefined;
  /** Earliest beginning of a changed incident, by the key of the shared thing. */
  readonly news: Map<string, number>;
  checkedAt: number;
  /** Time of the last chaining, and the pause after it in milliseconds. */
  chainedAt: number;
  pauseMs: number;
}

/** Digest of a platform incident, for finding the one to which an incident belongs. */
interface OpenPlatform extends Pick<Incident, 'id' | 'outcome' | 'firstSeen' | 'lastSeen'> {
  readonly key: string;
  readonly children: ReadonlySet<string>;
  /** Times of the first and last beginning of a child, in milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

export function createPlatformTracker(options: PlatformOptions): PlatformTracker {
  const platforms: Platforms = {
    ...options,
    own: new Map(),
    parents: new Map(),
    open: new Map(),
    loadedAt: new BoundedMap(MAX_LOADED),
    announced: new Set(),
    // A single instance assigns its own incidents again when it restarts, so its first epoch does not count as new.
    epoch: options.lease.epoch(PLATFORM) === ALONE_EPOCH ? ALONE_EPOCH : undefined,
    news: new Map(),
    checkedAt: options.now(),
    chainedAt: 0,
    pauseMs: 0,
  };
  return {
    place: (incident) => place(platforms, incident),
    forget: (id) => forget(platforms, id),
    leave: (isTheirs) => leave(platforms, isTheirs),
    step: () => step(platforms),
  };
}

async function place(platforms: Platforms, incident: Incident): Promise<Incident> {
  const { own, parents } = platforms;
  // An incident that the ending of its cluster took along has that ending as its parent.
  const shared = findShared(incident, platforms.kinds());
  const known = own.get(incident.id);
  if (shared === undefined) {
    forget(platforms, incident.id);
    return incident;
  }
  if (known === undefined) await loadParents(platforms, shared);
  if (known === undefined || hasNews(known.shared, shared))
    for (const item of [known?.shared, shared]) note(platforms, item);
  own.set(incident.id, { incident, shared });
  const parent = findOpen(platforms, shared)?.id;
  if (parent === undefined) parents.delete(incident.id);
  else parents.set(incident.id, parent);
  return withParent(incident, parent);
}

function forget(platforms: Platforms, id: string): void {
  note(platforms, platforms.own.get(id)?.shared);
  platforms.own.delete(id);
  platforms.parents.delete(id);
}

function leave({ own, parents }: Platforms, isTheirs: (incident: Incident) => boolean): void {
  for (const [id, { incident }] of own) {
    if (!isTheirs(incident)) continue;
    own.delete(id);
    parents.delete(id);
  }
}

function note({ news }: Platforms, shared: SharedIncident | undefined): void {
  if (shared !== undefined) news.set(shared.key, Math.min(shared.begin, news.get(shared.key) ?? shared.begin));
}

/** True if the platform incident would change. Another restart of a job is no change. */
function hasNews(known: SharedIncident, shared: SharedIncident): boolean {
  const digest = ({ key, begin, job, outcome, lastSeen }: SharedIncident): string =>
    JSON.stringify([key, begin, job, outcome, Math.floor((Date.parse(lastSeen ?? '') || 0) / 30_000)]);
  return digest(known) !== digest(shared);
}

function withParent(incident: Incident, parent: string | undefined): Incident {
  return parent === undefined ? incident : { ...incident, parent };
}

/**
 * Reads the platform incidents that an earlier run of this analyzer, or another analyzer, has written. Thousands of
 * incidents may begin in one minute; the store is asked once for all of them.
 */
async function loadParents({ store, open, loadedAt, kinds, now }: Platforms, { begin }: SharedIncident): Promise<void> {
  const minute = Math.floor(begin / MINUTE_MS);
  if (now() - (loadedAt.get(minute) ?? Number.NEGATIVE_INFINITY) < CHECK_MS) return;
  loadedAt.set(minute, now());
  const near = {
    from: toIso(minute * MINUTE_MS - PLATFORM_WINDOW_MS),
    to: toIso((minute + 1) * MINUTE_MS + PLATFORM_WINDOW_MS),
  };
  for (const found of await store.findIncidents({ cluster: ALL_CLUSTERS, ...near, limit: MAX_FOUND }))
    if (isOurs(found) && !open.has(found.id)) open.set(found.id, digestPlatform(found, kinds()));
}

function digestPlatform(incident: PlatformIncident, kinds: readonly SharedKind[]): OpenPlatform {
  const { id, outcome, firstSeen, lastSeen, platform } = incident;
  const times = platform.children.flatMap((child) =>
    child.firstSeen === undefined ? [] : Date.parse(child.firstSeen),
  );
  return {
    ...{ id, outcome, firstSeen, lastSeen, key: keyOf(platform, kinds) },
    children: new Set(platform.children.map((child) => child.id)),
    from: findSmallest(times),
    to: findLargest(times),
  };
}

/**
 * Finds a platform incident of the same thing that has the incident as its child already, or whose children began
 * within a window of it.
 */
function findOpen({ open }: Platforms, { key, begin, id }: SharedIncident): OpenPlatform | undefined {
  return [...open.values()].find(
    (found) =>
      found.key === key &&
      (found.children.has(id) || (begin >= found.from - PLATFORM_WINDOW_MS && begin <= found.to + PLATFORM_WINDOW_MS)),
  );
}

async function step(platforms: Platforms): Promise<void> {
  const { news, lease, now } = platforms;
  if (Math.abs(now() - platforms.chainedAt) < platforms.pauseMs) return;
  const epoch = lease.epoch(PLATFORM);
  const isNewEpoch = epoch !== undefined && epoch !== platforms.epoch;
  const isCheckDue = lease.isShared() && now() - platforms.checkedAt >= CHECK_MS;
  if (news.size === 0 && !isCheckDue && !isNewEpoch) return;
  const started = performance.now();
  if (isNewEpoch) await loadOpen(platforms);
  await chainAgain(platforms, isNewEpoch ? KEEP_MS : isCheckDue ? 2 * PLATFORM_WINDOW_MS : undefined);
  platforms.pauseMs = Math.min(MAX_PAUSE_MS, PAUSE_FACTOR * (performance.now() - started));
  platforms.chainedAt = now();
  if (isNewEpoch) platforms.epoch = epoch;
}

/** Reads the platform incidents that another writer left open, however long ago they began. */
async function loadOpen({ store, open, announced, kinds }: Platforms): Promise<void> {
  announced.clear();
  for (const outcome of OPEN_OUTCOMES)
    for (const found of await store.findIncidents({ cluster: ALL_CLUSTERS, outcome, limit: MAX_FOUND }))
      if (isOurs(found)) open.set(found.id, digestPlatform(found, kinds()));
}

/**
 * Chains what has changed. With `sinceMs`, it also reads what others have written about incidents that began within
 * that time or are open.
 */
async function chainAgain(platforms: Platforms, sinceMs: number | undefined): Promise<void> {
  const { news, now, own, parents, open } = platforms;
  const asked = new Map(news);
  const checksAll = sinceMs !== undefined;
  const checked = checksAll ? [now() - sinceMs, ...listOpenBegins(platforms)] : [];
  const since = findSmallest([...checked, ...asked.values()]) - PLATFORM_WINDOW_MS;
  const { chains, before, from } = await readChains(platforms, since, checksAll ? undefined : asked);
  const after = await renderPlatforms(platforms, chains);
  // An incident that was removed while the chains were read: the next step reads them again.
  if (after === undefined) return;
  await writePlatforms(platforms, before, after, from);
  await adopt(platforms, after, chains);
  for (const [key, begin] of asked) if (news.get(key) === begin) news.delete(key);
  if (checksAll) platforms.checkedAt = now();
  for (const [id, { incident }] of own)
    if (now() - (Date.parse(incident.lastSeen ?? '') || 0) > KEEP_MS && incident.outcome !== 'failing') {
      own.delete(id);
      parents.delete(id);
    }
  for (const [id, { lastSeen }] of open) if (now() - (Date.parse(lastSeen ?? '') || 0) > KEEP_MS) open.delete(id);
}

function listOpenBegins({ open }: Platforms): readonly number[] {
  return [...open.values()].flatMap(({ outcome, firstSeen }) =>
    OPEN_OUTCOMES.includes(outcome) ? Date.parse(firstSeen ?? '') || [] : [],
  );
}

/** Stores each platform incident and then reports it. A platform incident that no chain makes any more is removed. */
async function writePlatforms(
  { fence, lease, kinds, open, announced, onIncident, onGone }: Platforms,
  before: readonly Incident[],
  after: readonly Incident[],
  from: number,
): Promise<void> {
  for (const incident of after) {
    const stored = before.find(({ id }) => id === incident.id);
    const isSame = stored !== undefined && JSON.stringify(stored) === JSON.stringify(incident);
    if (isOurs(incident)) open.set(incident.id, digestPlatform(incident, kinds()));
    if (lease.epoch(PLATFORM) === undefined || (isSame && announced.has(incident.id))) continue;
    if (!isSame) await fence.save(incident);
    await onIncident?.(incident, stored === undefined ? 'new' : 'changed');
    announced.add(incident.id);
  }
  for (const { id, firstSeen } of before) {
    if (after.some((incident) => incident.id === id) || Date.parse(firstSeen ?? '') < from) continue;
    open.delete(id);
    announced.delete(id);
    if (lease.epoch(PLATFORM) === undefined) continue;
    await onGone?.(id);
    await fence.remove({ id, cluster: ALL_CLUSTERS });
  }
}

/** Stores and reports the incidents of this analyzer whose parent has changed. */
async function adopt(
  { own, parents, fence, onIncident }: Platforms,
  after: readonly Incident[],
  chains: Chained['chains'],
): Promise<void> {
  const adopted = new Map(
    after.flatMap(({ id, platform }) => (platform?.children ?? []).map((child) => [child.id, id])),
  );
  const changed = new Map<string, Adopted[]>();
  for (const { id } of chains.flat()) {
    const current = own.get(id)?.incident;
    const parent = adopted.get(id);
    if (current === undefined || parents.get(id) === parent) continue;
    const same = changed.get(current.cluster);
    const one = { id, parent, placed: withParent(current, parent) };
    if (same === undefined) changed.set(current.cluster, [one]);
    else same.push(one);
  }
  const slices = createSlices();
  for (const all of changed.values())
    for (let from = 0; from < all.length; from += ADOPTED_AT_ONCE) {
      const some = all.slice(from, from + ADOPTED_AT_ONCE);
      await fence.saveAll(some.map(({ placed }) => placed));
      for (const { id, parent } of some) {
        if (parent === undefined) parents.delete(id);
        else parents.set(id, parent);
      }
      await Promise.all(some.map(({ placed }) => onIncident?.(placed, 'changed')));
      if (slices.isOver()) await slices.rest();
    }
}

/** Maximum number of incidents of one cluster in one write. */
const ADOPTED_AT_ONCE = 100;

interface Adopted {
  readonly id: string;
  readonly parent: string | undefined;
  readonly placed: Incident;
}
