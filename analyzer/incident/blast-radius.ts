// Finds the failing jobs that an event affects although it does not name them. An event of a process affects every
// failing job with tasks there, an event of the cluster affects every failing job; a job that does not fail is never
// added. If tens of thousands of jobs fail at once, each gets a limited number of shared events, so that the work grows
// with events plus jobs and not with their product. Pure functions.
import type { ClusterView } from '../topology/cluster.js';
import type { IncidentEvent } from '../topology/event.js';
import { meaningOf } from '../topology/meaning.js';
import type { JobView } from '../topology/view.js';
import { addEvent, indexFailures, isNear, type Episode, type FailureIndex } from './episodes.js';
import { hasBegun, type Attribution } from '../topology/attribution.js';

/** Number of failing jobs above which each job gets a limited number of shared events, per kind and in total. */
const MANY_JOBS = 50;
const MAX_OF_KIND = 20;
export const MAX_SHARED = 200;

/** Episode that may get more events of a kind, and the number of them that it has. */
interface OpenEpisode {
  readonly episode: Episode;
  count: number;
}

/** Index of the episodes of failing jobs. */
export interface BlastRadius {
  readonly episodes: readonly Episode[];
  readonly view: ClusterView;
  readonly failures: FailureIndex;
  /**
   * Episodes by process: those of jobs that ever had tasks there, or all episodes if nothing is known about the
   * process.
   */
  readonly byPlace: Map<string, readonly Episode[]>;
  /** Episodes by process and by the rules of an event: those whose own events do not fit the same rules. */
  readonly silent: Map<string, readonly Episode[]>;
  /** Episodes by the kind of an event, for many jobs: those that have room for more events of this kind. */
  readonly open: Map<string, OpenEpisode[]>;
  /** Number of shared events of an episode, counted only for many jobs. */
  readonly shared: Map<Episode, number>;
  /** Episodes by the processes of their events; built on first use. */
  byProcess: ReadonlyMap<string, readonly Episode[]> | undefined;
}

export function createBlastRadius(episodes: readonly Episode[], view: ClusterView): BlastRadius {
  return {
    episodes,
    view,
    failures: indexFailures(episodes),
    byPlace: new Map(),
    silent: new Map(),
    open: new Map(),
    shared: new Map(),
    byProcess: undefined,
  };
}

/** Adds the event to the episodes that it affects. Returns true if the event names no job and affects no episode. */
export function spreadToEpisodes(radius: BlastRadius, attribution: Attribution): boolean {
  if (attribution.jobId !== undefined) {
    spreadToOthers(radius, attribution);
    return false;
  }
  return !spreadToNamed(radius, attribution);
}

/** Adds an event that names no job. Returns false if it affects no episode. */
function spreadToNamed(radius: BlastRadius, { event, scope }: Attribution): boolean {
  const { failures, view, episodes } = radius;
  const { time, fingerprint } = event;
  if (scope === 'cluster') return addToAll(radius, event, { place: undefined, episodes });
  const isHere = (episode: Episode): boolean => isNear(episode, time) && hasBegun(jobOf(episode, view), time);
  const place = findPlace(event);
  const same = scope === 'job' && fingerprint !== undefined ? failures.findFirst([fingerprint], isHere) : undefined;
  if (same !== undefined) {
    addTo(radius, same, event);
    return true;
  }
  const there = place === undefined ? episodes : listAt(radius, place);
  const isThere = place === undefined ? undefined : view.thereOn(place, time);
  if (scope === 'process') return addToAll(radius, event, { place, episodes: there, isThere });
  let only: Episode | undefined;
  for (const episode of there) {
    if (!isHere(episode) || !isOn(episode, isThere)) continue;
    if (only !== undefined) return false;
    only = episode;
  }
  if (only !== undefined) addTo(radius, only, event);
  return only !== undefined;
}

/**
 * Adds the event of a named job to the other episodes that it affects, unless their own lines say the same about the
 * process.
 */
function spreadToOthers(radius: BlastRadius, { event, scope, jobId }: Attribution): void {
  if (scope === 'job') return;
  const place = scope === 'cluster' ? undefined : findPlace(event);
  // The JobManager's line about the end of a job concerns only that job.
  if (scope === 'process' && place === undefined && event.failure?.kind === 'job') return;
  const isThere = place === undefined ? undefined : radius.view.thereOn(place, event.time);
  addToAll(radius, event, { place, episodes: listSilent(radius, place, event), isThere, but: jobId });
}

/**
 * Returns the episodes whose own lines do not say the same about the process. For all others the event of another job
 * adds nothing.
 */
function listSilent(radius: BlastRadius, place: string | undefined, { matchKeys }: IncidentEvent): readonly Episode[] {
  const all = place === undefined ? radius.episodes : listAt(radius, place);
  if (matchKeys.length === 0) return all;
  const key = [place ?? '', ...matchKeys].join('\n');
  let silent = radius.silent.get(key);
  if (silent === undefined)
    radius.silent.set(key, (silent = all.filter(({ own }) => !matchKeys.every((fit) => own.has(fit)))));
  return silent;
}

/**
 * Returns the process on which the event happened, or undefined if it is unknown. A JobManager serves all jobs of the
 * cluster; if it reports a task that failed, the event happened on the TaskManager.
 */
function findPlace({ signal: { place, facts } }: IncidentEvent): string | undefined {
  if (place.component !== 'jobmanager') return place.process;
  return facts.map((fact) => meaningOf(fact).task?.(fact).resourceId).find((resource) => resource !== undefined);
}

/**
 * Returns the episodes of a process. They are searched once per process, because thousands of events may have happened
 * there.
 */
function listAt({ byPlace, episodes, view }: BlastRadius, place: string): readonly Episode[] {
  let own = byPlace.get(place);
  if (own === undefined) {
    const isThere = episodes.length === 0 ? undefined : view.thereOn(place, undefined);
    own = isThere === undefined ? episodes : episodes.filter((episode) => isOn(episode, isThere));
    byPlace.set(place, own);
  }
  return own;
}

function jobOf({ jobId = '' }: Episode, { jobs }: ClusterView): JobView | undefined {
  return jobs.get(jobId);
}

/** True if the job was on the process at that time, or if nothing is known about it. */
function isOn({ jobId }: Episode, isThere: ((jobId: string) => boolean) | undefined): boolean {
  return isThere === undefined || (jobId !== undefined && isThere(jobId));
}

interface Reached {
  readonly place: string | undefined;
  readonly episodes: readonly Episode[];
  readonly isThere?: ((jobId: string) => boolean) | undefined;
  /** Id of a job whose episodes are skipped. */
  readonly but?: string;
}

/** Returns true if the event affects an episode. */
function addToAll(radius: BlastRadius, event: IncidentEvent, reached: Reached): boolean {
  const { episodes, isThere, but } = reached;
  const isReached = (episode: Episode): boolean =>
    (but === undefined || episode.jobId !== but) &&
    isNear(episode, event.time) &&
    hasBegun(jobOf(episode, radius.view), event.time) &&
    isOn(episode, isThere);
  if (episodes.length > MANY_JOBS) return addToOpen(radius, event, reached, isReached);
  const near = episodes.filter(isReached);
  for (const episode of near) addTo(radius, episode, event);
  return near.length > 0;
}

/** Adds an event if many jobs fail. An episode that has enough events of the kind is not visited again. */
function addToOpen(
  radius: BlastRadius,
  event: IncidentEvent,
  { place, episodes, isThere, but }: Reached,
  isReached: (episode: Episode) => boolean,
): boolean {
  const kind = [isThere === undefined ? '' : place, but === undefined ? '' : 'of another', ...event.matchKeys].join(
    '\n',
  );
  let open = radius.open.get(kind);
  if (open === undefined) radius.open.set(kind, (open = episodes.map((episode) => ({ episode, count: 0 }))));
  let hasReached = false;
  let kept = 0;
  for (const one of open) {
    const shared = radius.shared.get(one.episode) ?? 0;
    if (shared >= MAX_SHARED || one.count >= MAX_OF_KIND) continue;
    open[kept++] = one;
    if (!isReached(one.episode)) continue;
    addTo(radius, one.episode, event);
    one.count++;
    radius.shared.set(one.episode, shared + 1);
    hasReached = true;
  }
  open.length = kept;
  return hasReached || (kept < episodes.length && episodes.some(isReached));
}

function addTo({ failures }: BlastRadius, episode: Episode, event: IncidentEvent): void {
  addEvent(episode, event);
  if (event.fingerprint !== undefined) failures.add(episode, [event.fingerprint]);
}

/**
 * Adds an event that no other check could assign to the only failing job with an event in the log of the same process,
 * although the logs do not show that the job had tasks there. Returns false if there is not exactly one such job.
 */
export function addBeside(radius: BlastRadius, event: IncidentEvent): boolean {
  radius.byProcess ??= indexProcesses(radius.episodes);
  let only: Episode | undefined;
  for (const episode of radius.byProcess.get(event.signal.place.process) ?? []) {
    if (!isNear(episode, event.time)) continue;
    if (only !== undefined) return false;
    only = episode;
  }
  if (only !== undefined) addTo(radius, only, event);
  return only !== undefined;
}

function indexProcesses(episodes: readonly Episode[]): ReadonlyMap<string, readonly Episode[]> {
  const index = new Map<string, Episode[]>();
  for (const episode of episodes)
    for (const process of new Set(episode.events.map(({ signal }) => signal.place.process))) {
      const own = index.get(process);
      if (own === undefined) index.set(process, [episode]);
      else own.push(episode);
    }
  return index;
}
