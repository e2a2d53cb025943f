// Which failing jobs has an event to do with although it does not name them: what is about a process reaches every one
// with tasks there, what is about the cluster every one; a job that does not fail is never drawn in. Pure; called by
// group.ts.
import type { ClusterView } from '../../cluster/cluster.js';
import type { IncidentEvent } from '../../cluster/event.js';
import { meaningOf } from '../../cluster/memory/meaning.js';
import { hasFailure, isNear, type Episode } from './episode.js';
import type { Side } from './side.js';

/** Episodes of the jobs that ever had tasks on a process, or all where nothing is known of it. */
export type EpisodesOn = (process: string) => readonly Episode[];

/** Looked for once for each process: thousands of events may have happened there. */
export function createEpisodesOn(episodes: readonly Episode[], view: ClusterView): EpisodesOn {
  const known = new Map<string, readonly Episode[]>();
  return (process) => {
    let own = known.get(process);
    if (own === undefined) known.set(process, (own = keepThere(episodes, process, undefined, view)));
    return own;
  };
}

/** Episodes of failing jobs that an event has to do with which names none. */
export function findReached(
  { event, scope }: Side,
  episodes: readonly Episode[],
  view: ClusterView,
): readonly Episode[] {
  const near = episodes.filter((episode) => isNear(episode, event.time));
  if (scope === 'cluster') return near;
  const same = scope === 'job' ? near.find((episode) => hasFailure(episode, event)) : undefined;
  if (same !== undefined) return [same];
  const here = keepThere(near, findPlace(event), event.time, view);
  return scope === 'process' || here.length === 1 ? here : [];
}

/** Episodes of other jobs that it has to do with as well, and whose own lines do not say it of the process. */
export function findOthers(
  { event, scope, jobId }: Side,
  episodes: readonly Episode[],
  episodesOn: EpisodesOn,
  view: ClusterView,
): readonly Episode[] {
  if (scope === 'job') return [];
  const place = scope === 'cluster' ? undefined : findPlace(event);
  // What a JobManager tells of a job's end is that job's alone.
  if (scope === 'process' && place === undefined && event.failure?.kind === 'job') return [];
  const others = (place === undefined ? episodes : episodesOn(place)).filter(
    (episode) => episode.jobId !== jobId && !saysItself(episode, event) && isNear(episode, event.time),
  );
  return keepThere(others, place, event.time, view);
}

/**
 * The process on which it happened. A JobManager has all jobs of the cluster; what it tells of a task that failed
 * happened on the TaskManager. Undefined: nothing is known.
 */
function findPlace({ signal: { place, facts } }: IncidentEvent): string | undefined {
  if (place.component !== 'jobmanager') return place.process;
  return facts.map((fact) => meaningOf(fact).task?.(fact).resourceId).find((resource) => resource !== undefined);
}

/** Those of jobs that were there at that time (undefined: ever), or all where nothing is known. */
function keepThere(
  episodes: readonly Episode[],
  place: string | undefined,
  time: number | undefined,
  view: ClusterView,
): readonly Episode[] {
  const isThere = place === undefined || episodes.length === 0 ? undefined : view.thereOn(place, time);
  return isThere === undefined
    ? episodes
    : episodes.filter((episode) => episode.jobId !== undefined && isThere(episode.jobId));
}

/** The only job that has failed by what the same process wrote, although nothing tells that it had tasks there. */
export function findBeside({ signal, time }: IncidentEvent, episodes: readonly Episode[]): Episode | undefined {
  const here = episodes.filter(
    (episode) =>
      isNear(episode, time) && episode.events.some((event) => event.signal.place.process === signal.place.process),
  );
  return here.length === 1 ? here[0] : undefined;
}

/** What happened to another job there adds nothing to what the job's own lines say of the process. */
function saysItself({ own }: Episode, { fits }: IncidentEvent): boolean {
  return fits.length > 0 && fits.every((fit) => own.has(fit));
}
