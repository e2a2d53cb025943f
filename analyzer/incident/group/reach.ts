// Which failing jobs has an event to do with although it does not name them: what is about a process reaches every one
// with tasks there, what is about the cluster every one; a job that does not fail is never drawn in. Pure; called by
// group.ts.
import type { ClusterView } from '../../cluster/cluster.js';
import type { IncidentEvent } from '../../cluster/event.js';
import { meaningOf } from '../../cluster/memory/meaning.js';
import { hasFailure, isNear, type Episode } from './episode.js';
import type { Side } from './side.js';

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
  const here = keepThere(near, event, undefined, view);
  return scope === 'process' || here.length === 1 ? here : [];
}

/** Episodes of other jobs that it has to do with as well, and whose own lines do not say it of the process. */
export function findOthers(
  { event, scope, jobId }: Side,
  episodes: readonly Episode[],
  view: ClusterView,
): readonly Episode[] {
  if (scope === 'job') return [];
  const others = episodes.filter(
    (episode) => episode.jobId !== jobId && !saysItself(episode, event) && isNear(episode, event.time),
  );
  return scope === 'cluster' || others.length === 0 ? others : keepThere(others, event, jobId, view);
}

/** Those of jobs that were where it happened, or all where nothing is known. */
function keepThere(
  episodes: readonly Episode[],
  event: IncidentEvent,
  jobId: string | undefined,
  view: ClusterView,
): readonly Episode[] {
  const isThere = findWhoWasThere(event, jobId, view);
  return isThere === undefined
    ? episodes
    : episodes.filter((episode) => episode.jobId !== undefined && isThere(episode.jobId));
}

/**
 * A JobManager has all jobs of the cluster; what it tells of a task that failed happened on the TaskManager, and what
 * it tells of a job's end is that job's alone. Undefined: nothing is known.
 */
function findWhoWasThere(
  { signal: { place, facts }, failure, time }: IncidentEvent,
  jobId: string | undefined,
  view: ClusterView,
): ((jobId: string) => boolean) | undefined {
  if (place.component !== 'jobmanager') return view.thereOn(place.process, time);
  const on = facts.map((fact) => meaningOf(fact).task?.(fact).resourceId).find((resource) => resource !== undefined);
  if (on !== undefined) return view.thereOn(on, time);
  return failure?.kind === 'job' && jobId !== undefined ? (other) => other === jobId : undefined;
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
