// Splits the events of one job into episodes: an episode is a period of failures with the restarts in between, and a
// new one begins after the job has run healthy for some time. Splits the events of a process without a job the same
// way. The key of an episode stays the same when more of its lines arrive. Pure functions.
import { findLargest, groupBy } from '../../core/sequence.js';
import type { ClusterView } from '../topology/cluster.js';
import type { IncidentEvent } from '../topology/event.js';
import { jobIdOf } from '../topology/meaning.js';
import { nameFailedRun, wasHealthy } from '../restarts/episode.js';
import { NOTICE_MS } from '../topology/attribution.js';

export interface Episode {
  readonly jobId: string | undefined;
  readonly process: string | undefined;
  readonly key: string;
  readonly start: number | undefined;
  readonly end: number | undefined;
  readonly events: IncidentEvent[];
  /** Fingerprints of the failures. */
  readonly failures: Set<string>;
  /** Rules that the episode's own events fit, each with its process. */
  readonly own: ReadonlySet<string>;
}

/** Largest difference, in milliseconds, between the clocks of several machines. */
const SKEW_MS = 60_000;

/** Splits the events of a job into episodes. A new episode begins after the job has run healthy. */
export function splitEpisodes(
  view: ClusterView,
  jobId: string,
  events: readonly IncidentEvent[],
  healthyMs: number,
): readonly Episode[] {
  const job = view.jobs.get(jobId);
  const parts = splitByGap(events, (before, next) => wasHealthy(job, before, next, healthyMs));
  return makeEpisodes({ jobId, process: undefined }, parts, (start, own) => {
    const client = findOnlyClient(own);
    if (client !== undefined) return keyOfProcess(view, client, start);
    return `job\n${jobId}\n${nameFailedRun(job, start, healthyMs)}`;
  });
}

/**
 * Returns the client if it is the only process that reports the failure and names no job id. Only the JobManager's log
 * says which job it is, and it may arrive later, so that the failure is one of a process until then.
 */
function findOnlyClient(events: readonly IncidentEvent[]): string | undefined {
  const isClients = ({ signal: { place, hints, facts } }: IncidentEvent): boolean =>
    place.component === 'client' && hints.jobId === undefined && facts.every((fact) => jobIdOf(fact) === undefined);
  const [first, ...others] = new Set(events.map(({ signal }) => signal.place.process));
  return others.length === 0 && events.every(isClients) ? first : undefined;
}

/**
 * Creates the episodes. `findKey` returns a key of the run that failed at that time. A second episode in the same run
 * gets a key of its own.
 */
function makeEpisodes(
  of: Pick<Episode, 'jobId' | 'process'>,
  parts: readonly (readonly IncidentEvent[])[],
  findKey: (start: number | undefined, events: readonly IncidentEvent[]) => string,
): readonly Episode[] {
  const keys = new Map<string, number>();
  return parts.map((events) => {
    const start = events.find(({ time }) => time !== undefined)?.time;
    const key = findKey(start, events);
    const ordinal = keys.get(key) ?? 0;
    keys.set(key, ordinal + 1);
    return {
      ...of,
      key: `${key}${ordinal === 0 ? '' : `\n${ordinal}`}`,
      start,
      end: events.at(-1)?.time,
      events: [...events],
      failures: collectFailures(events),
      own: collectMatchKeys(events),
    };
  });
}

function splitByGap(
  events: readonly IncidentEvent[],
  isGap: (before: number, next: number) => boolean,
): readonly (readonly IncidentEvent[])[] {
  const parts: IncidentEvent[][] = [];
  let last: number | undefined;
  for (const event of events) {
    const part = parts.at(-1);
    if (part === undefined || (last !== undefined && event.time !== undefined && isGap(last, event.time)))
      parts.push([event]);
    else part.push(event);
    if (event.time !== undefined) last = event.time;
  }
  return parts;
}

export function splitProcesses(
  view: ClusterView,
  events: readonly IncidentEvent[],
  healthyMs: number,
): readonly Episode[] {
  return [...groupBy(events, (event) => event.signal.place.process)].flatMap(([process, own]) => {
    const parts = splitByGap(own, (before, next) => next - before >= healthyMs);
    return makeEpisodes({ jobId: undefined, process }, parts, (start) => keyOfProcess(view, process, start));
  });
}

function keyOfProcess(view: ClusterView, process: string, start: number | undefined): string {
  return `process\n${process}\n${nameRun(view.processes.get(process)?.starts ?? [], start)}`;
}

const HOUR_MS = 3_600_000;

/**
 * Names the run of a process that failed by its start. If the log has no start, the hour is used, because a line that
 * arrives late, or that gets the time of the last known line, changes the first time a little.
 */
function nameRun(starts: readonly number[], time: number | undefined): string {
  if (time === undefined) return '';
  const before = starts.filter((start) => start <= time);
  return String(before.length > 0 ? findLargest(before) : Math.floor(time / HOUR_MS) * HOUR_MS);
}

/**
 * Merges episodes without a job that have the same exception in the log of another process (client and JobManager).
 * They are one incident, and the first episode keeps it.
 */
export function mergeByFingerprint(alone: readonly Episode[], episodes: readonly Episode[]): readonly Episode[] {
  const known = indexFailures(episodes);
  const kept: Episode[] = [];
  for (const episode of [...alone].sort((a, b) => (a.start ?? 0) - (b.start ?? 0) || (a.key < b.key ? -1 : 1))) {
    const same = known.findFirst(episode.failures, (other) => isNear(other, episode.start));
    if (same === undefined) {
      kept.push(episode);
      known.add(episode, episode.failures);
      continue;
    }
    for (const event of episode.events) addEvent(same, event);
    known.add(same, episode.failures);
  }
  return kept;
}

/** Index of episodes by the fingerprints of their failures. There may be tens of thousands of episodes. */
export interface FailureIndex {
  /** Adds failures to an episode. */
  add(episode: Episode, failures: Iterable<string>): void;
  /** Returns the episode that was added first, among the accepted ones with one of the failures. */
  findFirst(failures: Iterable<string>, is: (episode: Episode) => boolean): Episode | undefined;
}

interface Alike {
  readonly episodes: Set<Episode>;
  /** Episodes in the order in which they were added; undefined if they must be sorted again. */
  sorted: readonly Episode[] | undefined;
}

export function indexFailures(episodes: readonly Episode[]): FailureIndex {
  const order = new Map<Episode, number>();
  const byFailure = new Map<string, Alike>();
  const orderOf = (episode: Episode): number => order.get(episode) ?? 0;
  const add: FailureIndex['add'] = (episode, failures) => {
    if (!order.has(episode)) order.set(episode, order.size);
    for (const failure of failures) {
      const alike = byFailure.get(failure);
      if (alike === undefined) byFailure.set(failure, { episodes: new Set([episode]), sorted: undefined });
      else if (!alike.episodes.has(episode)) {
        alike.episodes.add(episode);
        alike.sorted = undefined;
      }
    }
  };
  const listAlike = (failure: string): readonly Episode[] => {
    const alike = byFailure.get(failure);
    if (alike === undefined) return [];
    return (alike.sorted ??= [...alike.episodes].sort((a, b) => orderOf(a) - orderOf(b)));
  };
  for (const episode of episodes) add(episode, episode.failures);
  return {
    add,
    findFirst: (failures, is) =>
      Array.from(failures)
        .flatMap((failure) => listAlike(failure).find(is) ?? [])
        .reduce<Episode | undefined>(
          (first, next) => (first === undefined || orderOf(next) < orderOf(first) ? next : first),
          undefined,
        ),
  };
}

export function isNear(episode: Episode, time: number | undefined): boolean {
  if (time === undefined || episode.start === undefined || episode.end === undefined) return true;
  return time >= episode.start - NOTICE_MS && time <= episode.end + SKEW_MS;
}

export function addEvent({ events, failures }: Episode, event: IncidentEvent): void {
  events.push(event);
  if (event.fingerprint !== undefined) failures.add(event.fingerprint);
}

/** Collects the fingerprints by which the same failures are recognized in other logs. */
function collectFailures(events: readonly IncidentEvent[]): Set<string> {
  return new Set(events.flatMap(({ fingerprint }) => fingerprint ?? []));
}

function collectMatchKeys(events: readonly IncidentEvent[]): ReadonlySet<string> {
  return new Set(events.flatMap(({ matchKeys }) => matchKeys));
}
