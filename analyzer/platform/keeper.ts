// Which incidents one shared cause has made, over all clusters and all analyzers: each that may be shared is placed
// when it is stored, and what changed since is chained anew (platform.ts) from what the store has. Who holds that share
// (share/lease.ts) writes the platform incidents and has them told; every one marks its own as their children. Called
// by the loop over the store (analyzer/service/analyzer.ts).
import { findSmallest } from '../../core/sequence.js';
import { createSlices } from '../../core/time/slices.js';
import { ALL_CLUSTERS, type Incident, type PlatformShare } from '../../core/types.js';
import type { IncidentStore } from '../../store/store.js';
import { PLATFORM } from '../share/decide.js';
import type { Fence } from '../share/fence.js';
import { ALONE_TURN, type Lease } from '../share/lease.js';
import { chainShared, findShared, keyOf, PLATFORM_WINDOW_MS, renderPlatform, type SharedIncident } from './platform.js';

export interface PlatformOptions {
  readonly store: IncidentStore;
  readonly lease: Lease;
  readonly fence: Fence;
  readonly now: () => number;
  readonly onIncident: ((incident: Incident, change: 'new' | 'changed') => void | Promise<void>) | undefined;
  readonly onGone: ((id: string) => void | Promise<void>) | undefined;
}

export interface PlatformKeeper {
  /** An incident as it is to be stored: with its parent, where one stands for it. */
  place(incident: Incident): Promise<Incident>;
  /** One that is no more. */
  forget(id: string): void;
  /** Those are another analyzer's from now on. */
  leave(isTheirs: (incident: Incident) => boolean): void;
  /** Chains what changed, as often as its cost allows. Throws what the store throws; then nothing is forgotten. */
  step(): Promise<void>;
}

/** Incidents, and platform incidents, of one question. */
const MAX_FOUND = 10_000;
const MAX_RECALLED = 1_000;
const MINUTE_MS = 60_000;
/** Of what others have nothing is heard: they are looked at this often. */
const LOOK_MS = 10_000;
/** It rests so many times as long as it took: however many fail, the analyzer has time for its lines. */
const PAUSE_FACTOR = 10;
const MAX_PAUSE_MS = 2000;
/** An incident that was seen last so long ago no longer changes. */
const KEEP_MS = 6 * 3_600_000;

const OPEN_OUTCOMES: readonly Incident['outcome'][] = ['failing', 'silent'];

interface Platforms extends PlatformOptions {
  /** Those that were placed here, as they are without a parent. */
  readonly own: Map<string, SharedIncident>;
  /** Incident → its platform incident. */
  readonly parents: Map<string, string>;
  /** What stands, by its id. */
  readonly standing: Map<string, Incident>;
  /** By the minute of a beginning, when the store was asked for what stands. */
  readonly recalled: Map<number, number>;
  /** Those that were told in this turn: of one before it nobody knows whether it was. */
  readonly told: Set<string>;
  /** In which turn of writing them this analyzer was last. */
  turn: number | undefined;
  /** Of the things whose incidents changed: the earliest beginning of one of them. */
  readonly news: Map<string, number>;
  lookedAt: number;
  /** When it was chained last, and how long it rests from then. */
  chainedAt: number;
  pauseMs: number;
}

export function createPlatformKeeper(options: PlatformOptions): PlatformKeeper {
  const platforms: Platforms = {
    ...options,
    own: new Map(),
    parents: new Map(),
    standing: new Map(),
    recalled: new Map(),
    told: new Set(),
    // Who is alone hears of its own again when it begins anew.
    turn: options.lease.turn(PLATFORM) === ALONE_TURN ? ALONE_TURN : undefined,
    news: new Map(),
    lookedAt: options.now(),
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
  // What an ending of its cluster took along stands below that.
  const shared = findShared(incident);
  const known = own.get(incident.id);
  if (shared === undefined) {
    forget(platforms, incident.id);
    return incident;
  }
  if (known === undefined) await recallParents(platforms, shared);
  if (known === undefined || hasNews(known, shared)) for (const item of [known, shared]) note(platforms, item);
  own.set(incident.id, shared);
  const parent = findStanding(platforms, shared)?.id;
  if (parent === undefined) parents.delete(incident.id);
  else parents.set(incident.id, parent);
  return withParent(incident, parent);
}

function forget(platforms: Platforms, id: string): void {
  note(platforms, platforms.own.get(id));
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

/** Whether a platform incident would be another one; that a job restarts again is none. */
function hasNews(known: SharedIncident, shared: SharedIncident): boolean {
  const print = ({ key, begin, incident: { job, outcome, lastSeen } }: SharedIncident): string =>
    JSON.stringify([key, begin, job, outcome, Math.floor((Date.parse(lastSeen ?? '') || 0) / 30_000)]);
  return print(known) !== print(shared);
}

function withParent(incident: Incident, parent: string | undefined): Incident {
  return parent === undefined ? incident : { ...incident, parent };
}

/** What the chains make; an ending (watch/card.ts) stands for jobs too, as one of very many does (service/flood.ts). */
function isOurs(incident: Incident): incident is Incident & { readonly platform: PlatformShare } {
  return incident.platform !== undefined && incident.ending === undefined && incident.cluster === ALL_CLUSTERS;
}

/** What an earlier run of this analyzer, or another one, has written; of thousands of one minute it is asked once. */
async function recallParents({ store, standing, recalled, now }: Platforms, { begin }: SharedIncident): Promise<void> {
  const minute = Math.floor(begin / MINUTE_MS);
  if (now() - (recalled.get(minute) ?? Number.NEGATIVE_INFINITY) < LOOK_MS) return;
  if (recalled.size >= MAX_RECALLED) recalled.clear();
  recalled.set(minute, now());
  const near = {
    from: toIso(minute * MINUTE_MS - PLATFORM_WINDOW_MS),
    to: toIso((minute + 1) * MINUTE_MS + PLATFORM_WINDOW_MS),
  };
  for (const found of await store.findIncidents({ cluster: ALL_CLUSTERS, ...near, limit: MAX_FOUND }))
    if (isOurs(found) && !standing.has(found.id)) standing.set(found.id, found);
}

/** One of the same thing that has it as its child already, or lies within a window of its children's beginnings. */
function findStanding({ standing }: Platforms, { key, begin, incident }: SharedIncident): Incident | undefined {
  return [...standing.values()].find(({ platform }) => {
    if (platform === undefined || keyOf(platform) !== key) return false;
    if (platform.children.some(({ id }) => id === incident.id)) return true;
    const times = platform.children.flatMap(({ firstSeen }) => (firstSeen === undefined ? [] : Date.parse(firstSeen)));
    return times.some((time) => Math.abs(time - begin) <= PLATFORM_WINDOW_MS);
  });
}

async function step(platforms: Platforms): Promise<void> {
  const { news, lease, now } = platforms;
  if (Math.abs(now() - platforms.chainedAt) < platforms.pauseMs) return;
  const turn = lease.turn(PLATFORM);
  const isNewTurn = turn !== undefined && turn !== platforms.turn;
  const isLookDue = lease.isShared() && now() - platforms.lookedAt >= LOOK_MS;
  if (news.size === 0 && !isLookDue && !isNewTurn) return;
  const started = performance.now();
  if (isNewTurn) await recallOpen(platforms);
  await chainAnew(platforms, isNewTurn ? KEEP_MS : isLookDue ? 2 * PLATFORM_WINDOW_MS : undefined);
  platforms.pauseMs = Math.min(MAX_PAUSE_MS, PAUSE_FACTOR * (performance.now() - started));
  platforms.chainedAt = now();
  if (isNewTurn) platforms.turn = turn;
}

/** What another writer left open, however long ago it began. */
async function recallOpen({ store, standing, told }: Platforms): Promise<void> {
  told.clear();
  for (const outcome of OPEN_OUTCOMES)
    for (const found of await store.findIncidents({ cluster: ALL_CLUSTERS, outcome, limit: MAX_FOUND }))
      if (isOurs(found)) standing.set(found.id, found);
}

/** `lookMs`: also what others have written of what began so long ago, or is open. */
async function chainAnew(platforms: Platforms, lookMs: number | undefined): Promise<void> {
  const { news, now, own, parents, standing } = platforms;
  const asked = new Map(news);
  const looksAtAll = lookMs !== undefined;
  const looked = looksAtAll ? [now() - lookMs, ...listOpenBegins(platforms)] : [];
  const since = findSmallest([...looked, ...asked.values()]) - PLATFORM_WINDOW_MS;
  const { chains, before, from } = await readChains(platforms, since, looksAtAll ? undefined : asked);
  const after = chains.flatMap((chain) => renderPlatform(chain) ?? []);
  await writePlatforms(platforms, before, after, from);
  await adopt(platforms, after, chains);
  for (const [key, begin] of asked) if (news.get(key) === begin) news.delete(key);
  if (looksAtAll) platforms.lookedAt = now();
  for (const [id, { incident }] of own)
    if (now() - (Date.parse(incident.lastSeen ?? '') || 0) > KEEP_MS && incident.outcome !== 'failing') {
      own.delete(id);
      parents.delete(id);
    }
  for (const [id, { lastSeen }] of standing)
    if (now() - (Date.parse(lastSeen ?? '') || 0) > KEEP_MS) standing.delete(id);
}

function listOpenBegins({ standing }: Platforms): readonly number[] {
  return [...standing.values()].flatMap(({ outcome, firstSeen }) =>
    OPEN_OUTCOMES.includes(outcome) ? Date.parse(firstSeen ?? '') || [] : [],
  );
}

interface Chained {
  /** Whole ones: of each the beginning is known. */
  readonly chains: readonly (readonly SharedIncident[])[];
  /** Platform incidents of the same things, as the store has them. */
  readonly before: readonly Incident[];
  readonly from: number;
}

/** What touches a chain that goes back further is asked for once more. `keys`: of these things alone. */
async function readChains(
  { store }: Platforms,
  since: number,
  keys: ReadonlyMap<string, number> | undefined,
): Promise<Chained> {
  for (let from = since; ;) {
    const found = await store.findIncidents({ from: toIso(from), limit: MAX_FOUND });
    const isAsked = (key: string): boolean => keys === undefined || keys.has(key);
    const shared = found.flatMap((incident) => findShared(incident) ?? []).filter(({ key }) => isAsked(key));
    const touched = chainShared(shared).filter((chain) => (chain.at(-1)?.begin ?? 0) >= since);
    const earliest = findSmallest(touched.flatMap(([first]) => first?.begin ?? [])) - PLATFORM_WINDOW_MS;
    if (earliest >= from)
      return {
        chains: touched,
        before: found.filter((incident) => isOurs(incident) && isAsked(keyOf(incident.platform))),
        from,
      };
    from = earliest;
  }
}

/** Stored first, told then; what no chain makes any more goes. */
async function writePlatforms(
  { fence, lease, standing, told, onIncident, onGone }: Platforms,
  before: readonly Incident[],
  after: readonly Incident[],
  from: number,
): Promise<void> {
  for (const incident of after) {
    const stored = before.find(({ id }) => id === incident.id);
    const isSame = stored !== undefined && JSON.stringify(stored) === JSON.stringify(incident);
    standing.set(incident.id, incident);
    if (lease.turn(PLATFORM) === undefined || (isSame && told.has(incident.id))) continue;
    if (!isSame) await fence.save(incident);
    await onIncident?.(incident, stored === undefined ? 'new' : 'changed');
    told.add(incident.id);
  }
  for (const { id, firstSeen } of before) {
    if (after.some((incident) => incident.id === id) || Date.parse(firstSeen ?? '') < from) continue;
    standing.delete(id);
    told.delete(id);
    if (lease.turn(PLATFORM) === undefined) continue;
    await onGone?.(id);
    await fence.remove({ id, cluster: ALL_CLUSTERS });
  }
}

/** Those of this analyzer that have another parent now are stored, and told, with it. */
async function adopt(
  { own, parents, fence, onIncident }: Platforms,
  after: readonly Incident[],
  chains: Chained['chains'],
): Promise<void> {
  const adopted = new Map(
    after.flatMap(({ id, platform }) => (platform?.children ?? []).map((child) => [child.id, id])),
  );
  const changed = new Map<string, Adopted[]>();
  for (const { incident } of chains.flat()) {
    const current = own.get(incident.id)?.incident;
    const parent = adopted.get(incident.id);
    if (current === undefined || parents.get(incident.id) === parent) continue;
    const same = changed.get(current.cluster);
    const one = { id: incident.id, parent, placed: withParent(current, parent) };
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

/** Of one cluster, in one write. */
const ADOPTED_AT_ONCE = 100;

interface Adopted {
  readonly id: string;
  readonly parent: string | undefined;
  readonly placed: Incident;
}

function toIso(time: number): string {
  return new Date(time).toISOString();
}
