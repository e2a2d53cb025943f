// Which failing jobs has an event to do with although it does not name them: what is about a process reaches every one
// with tasks there, what is about the cluster every one; a job that does not fail is never drawn in. Where tens of
// thousands of jobs fail at once, what all of them share is added to each a limited number of times: the work grows
// with the events and the jobs, not with their product. Pure; called by group.ts.
import type { ClusterView } from '../../cluster/cluster.js';
import type { IncidentEvent } from '../../cluster/event.js';
import { meaningOf } from '../../cluster/memory/meaning.js';
import type { JobView } from '../../cluster/memory/view.js';
import { addEvent, indexFailures, isNear, type Episode, type FailureIndex } from './episode.js';
import { hasBegun, type Side } from './side.js';

/** Where more jobs fail than this, each is given a limited number of shared events: of one kind, and in all. */
const MANY_JOBS = 50;
const MAX_OF_KIND = 20;
export const MAX_SHARED = 200;

/** An episode that may be given more events of a kind, and how many of them it has. */
interface OpenEpisode {
  readonly episode: Episode;
  count: number;
}

/** The episodes of failing jobs, as events find them. */
export interface EpisodeReach {
  readonly episodes: readonly Episode[];
  readonly view: ClusterView;
  readonly failures: FailureIndex;
  /** By the process: those of jobs that ever had tasks there, or all where nothing is known of it. */
  readonly byPlace: Map<string, readonly Episode[]>;
  /** By the place and what an event says of it: those whose own lines do not say it. */
  readonly silent: Map<string, readonly Episode[]>;
  /** By the kind of an event, of very many: those that do not have enough of it. */
  readonly open: Map<string, OpenEpisode[]>;
  /** How many events of others an episode has, where they are counted. */
  readonly shared: Map<Episode, number>;
  /** By the process, those with an event there; made when it is asked for. */
  byProcess: ReadonlyMap<string, readonly Episode[]> | undefined;
}

export function createReach(episodes: readonly Episode[], view: ClusterView): EpisodeReach {
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

/** Adds the event to the episodes that it has to do with; true when it names no job and has to do with none. */
export function reachEpisodes(reach: EpisodeReach, side: Side): boolean {
  if (side.jobId !== undefined) {
    reachOthers(reach, side);
    return false;
  }
  return !reachNamed(reach, side);
}

/** An event that names no job; false when no episode has to do with it. */
function reachNamed(reach: EpisodeReach, { event, scope }: Side): boolean {
  const { failures, view, episodes } = reach;
  const { time, fingerprint } = event;
  if (scope === 'cluster') return addToAll(reach, event, { place: undefined, episodes });
  const isHere = (episode: Episode): boolean => isNear(episode, time) && hasBegun(jobOf(episode, view), time);
  const place = findPlace(event);
  const same = scope === 'job' && fingerprint !== undefined ? failures.findFirst([fingerprint], isHere) : undefined;
  if (same !== undefined) {
    addTo(reach, same, event);
    return true;
  }
  const there = place === undefined ? episodes : listAt(reach, place);
  const isThere = place === undefined ? undefined : view.thereOn(place, time);
  if (scope === 'process') return addToAll(reach, event, { place, episodes: there, isThere });
  let only: Episode | undefined;
  for (const episode of there) {
    if (!isHere(episode) || !isOn(episode, isThere)) continue;
    if (only !== undefined) return false;
    only = episode;
  }
  if (only !== undefined) addTo(reach, only, event);
  return only !== undefined;
}

/** Episodes of other jobs that it has to do with as well, and whose own lines do not say it of the process. */
function reachOthers(reach: EpisodeReach, { event, scope, jobId }: Side): void {
  if (scope === 'job') return;
  const place = scope === 'cluster' ? undefined : findPlace(event);
  // What a JobManager tells of a job's end is that job's alone.
  if (scope === 'process' && place === undefined && event.failure?.kind === 'job') return;
  const isThere = place === undefined ? undefined : reach.view.thereOn(place, event.time);
  addToAll(reach, event, { place, episodes: listSilent(reach, place, event), isThere, but: jobId });
}

/** What happened to another job there adds nothing to what the job's own lines say of the process. */
function listSilent(reach: EpisodeReach, place: string | undefined, { fits }: IncidentEvent): readonly Episode[] {
  const all = place === undefined ? reach.episodes : listAt(reach, place);
  if (fits.length === 0) return all;
  const key = [place ?? '', ...fits].join('\n');
  let silent = reach.silent.get(key);
  if (silent === undefined)
    reach.silent.set(key, (silent = all.filter(({ own }) => !fits.every((fit) => own.has(fit)))));
  return silent;
}

/**
 * The process on which it happened. A JobManager has all jobs of the cluster; what it tells of a task that failed
 * happened on the TaskManager. Undefined: nothing is known.
 */
function findPlace({ signal: { place, facts } }: IncidentEvent): string | undefined {
  if (place.component !== 'jobmanager') return place.process;
  return facts.map((fact) => meaningOf(fact).task?.(fact).resourceId).find((resource) => resource !== undefined);
}

/** Looked for once for each process: thousands of events may have happened there. */
function listAt({ byPlace, episodes, view }: EpisodeReach, place: string): readonly Episode[] {
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

/** Of a job that was there at that time, or where nothing is known. */
function isOn({ jobId }: Episode, isThere: ((jobId: string) => boolean) | undefined): boolean {
  return isThere === undefined || (jobId !== undefined && isThere(jobId));
}

interface Reached {
  readonly place: string | undefined;
  readonly episodes: readonly Episode[];
  readonly isThere?: ((jobId: string) => boolean) | undefined;
  /** Not those of this job. */
  readonly but?: string;
}

/** True when an episode has to do with it. */
function addToAll(reach: EpisodeReach, event: IncidentEvent, reached: Reached): boolean {
  const { episodes, isThere, but } = reached;
  const isReached = (episode: Episode): boolean =>
    (but === undefined || episode.jobId !== but) &&
    isNear(episode, event.time) &&
    hasBegun(jobOf(episode, reach.view), event.time) &&
    isOn(episode, isThere);
  if (episodes.length > MANY_JOBS) return addToOpen(reach, event, reached, isReached);
  const near = episodes.filter(isReached);
  for (const episode of near) addTo(reach, episode, event);
  return near.length > 0;
}

/** An episode that has enough of the kind is not looked at again. */
function addToOpen(
  reach: EpisodeReach,
  event: IncidentEvent,
  { place, episodes, isThere, but }: Reached,
  isReached: (episode: Episode) => boolean,
): boolean {
  const kind = [isThere === undefined ? '' : place, but === undefined ? '' : 'of another', ...event.fits].join('\n');
  let open = reach.open.get(kind);
  if (open === undefined) reach.open.set(kind, (open = episodes.map((episode) => ({ episode, count: 0 }))));
  let hasReached = false;
  let kept = 0;
  for (const one of open) {
    const shared = reach.shared.get(one.episode) ?? 0;
    if (shared >= MAX_SHARED || one.count >= MAX_OF_KIND) continue;
    open[kept++] = one;
    if (!isReached(one.episode)) continue;
    addTo(reach, one.episode, event);
    one.count++;
    reach.shared.set(one.episode, shared + 1);
    hasReached = true;
  }
  open.length = kept;
  return hasReached || (kept < episodes.length && episodes.some(isReached));
}

function addTo({ failures }: EpisodeReach, episode: Episode, event: IncidentEvent): void {
  addEvent(episode, event);
  if (event.fingerprint !== undefined) failures.add(episode, [event.fingerprint]);
}

/**
 * Adds an event that nothing else reaches to the only job that has failed by what the same process wrote, although
 * nothing tells that it had tasks there; false where there is none.
 */
export function addBeside(reach: EpisodeReach, event: IncidentEvent): boolean {
  reach.byProcess ??= indexProcesses(reach.episodes);
  let only: Episode | undefined;
  for (const episode of reach.byProcess.get(event.signal.place.process) ?? []) {
    if (!isNear(episode, event.time)) continue;
    if (only !== undefined) return false;
    only = episode;
  }
  if (only !== undefined) addTo(reach, only, event);
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
