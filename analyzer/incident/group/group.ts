// Signals of one cluster → groups of events, each of which is one incident: a job's episode of failing, or the failure
// of a process without a job. In the order in which events meet it: whom each is about (side.ts), the episodes of jobs
// (episode.ts), which of them it reaches (reach.ts). Pure; called by clusters.ts.
import { createHash } from 'node:crypto';
import { groupBy } from '../../../core/sequence.js';
import type { Catalog } from '../../catalog/catalog.js';
import type { ClusterView } from '../../cluster/cluster.js';
import { makeEvent, type IncidentEvent } from '../../cluster/event.js';
import type { JobView } from '../../cluster/memory/view.js';
import { confirmMatches, indexSteps } from '../../cluster/step.js';
import { compareSignals, dateSignal, dropDuplicates, isEvent, type Signal } from '../../entry/signal.js';
import { mergeByFingerprint, splitEpisodes, splitProcesses, type Episode } from './episode.js';
import { addBeside, createReach, reachEpisodes } from './reach.js';
import { decideSides, isUnsettled, type SideOptions } from './side.js';

export interface IncidentGroup {
  readonly id: string;
  readonly cluster: string;
  readonly job: JobView | undefined;
  /** For an incident without a job. */
  readonly process: string | undefined;
  /** In the order of time. */
  readonly events: readonly IncidentEvent[];
  readonly firstTime: number | undefined;
  readonly lastTime: number | undefined;
}

/** Of the last line of each process. */
type LastTimes = ReadonlyMap<string, { readonly time?: number }>;

export interface GroupOptions extends SideOptions {
  /** A job that has run so long without a failure is healthy: the next failure is another incident. */
  readonly healthyMs: number;
  /** By the process: what it printed without a time stands at its last line (it died of it, most often). */
  readonly lastLines: LastTimes;
}

export const DEFAULT_HEALTHY_MS = 10 * 60_000;

export interface ClusterGroups {
  readonly view: ClusterView;
  readonly groups: readonly IncidentGroup[];
  /** In the order of time, each entry once. */
  readonly signals: readonly Signal[];
}

/** `signals` may come in any order and more than once. */
export function groupIncidents(signals: Iterable<Signal>, view: ClusterView, options: GroupOptions): ClusterGroups {
  const sorted = dateUndated(dropDuplicates(signals), options.lastLines);
  const events = collectEvents(sorted, view, options.catalog);
  const sides = decideSides(events, view, options);
  const episodes = [
    ...groupBy(
      sides.filter((side) => side.jobId !== undefined),
      (side) => side.jobId ?? '',
    ),
  ].flatMap(([jobId, own]) =>
    splitEpisodes(
      view,
      jobId,
      own.map((side) => side.event),
      options.healthyMs,
    ),
  );
  const reach = createReach(episodes, view);
  const unreached = sides.filter((side) => reachEpisodes(reach, side));
  const homeless = unreached.flatMap((side) => {
    const hasHome = side.scope === 'job' && addBeside(reach, side.event);
    return hasHome || isUnsettled(side, view, options.settledUntil) ? [] : [side.event];
  });
  const alone = mergeByFingerprint(splitProcesses(view, homeless, options.healthyMs), episodes);
  const groups = [...episodes, ...alone].map((episode) => finishGroup(view, episode));
  return { view, signals: sorted, groups: groups.filter((group) => !isHarmless(group, view, options)) };
}

function dateUndated(signals: readonly Signal[], lastLines: LastTimes): readonly Signal[] {
  if (signals.every((signal) => signal.place.time !== undefined)) return signals;
  return signals.map((signal) => dateSignal(signal, lastLines.get(signal.place.process)?.time)).sort(compareSignals);
}

function collectEvents(signals: readonly Signal[], view: ClusterView, catalog: Catalog): readonly IncidentEvent[] {
  const steps = indexSteps(signals);
  return signals.flatMap((signal): IncidentEvent[] => {
    if (!isEvent(signal)) return [];
    const matches = confirmMatches(signal, steps, view, catalog);
    if (matches.length === 0 && signal.failure === undefined) return [];
    return [makeEvent(signal, matches)];
  });
}

function finishGroup(view: ClusterView, episode: Episode): IncidentGroup {
  const events = [...new Set(episode.events)].sort((a, b) => (a.time ?? 0) - (b.time ?? 0));
  const times = events.flatMap((event) => event.time ?? []);
  const job = episode.jobId === undefined ? undefined : view.jobs.get(episode.jobId);
  return {
    id: createHash('sha256').update(`${view.id}\n${episode.key}`).digest('hex').slice(0, 20),
    cluster: view.id,
    job,
    process: episode.process,
    events,
    firstTime: times[0],
    lastTime: times.at(-1),
  };
}

/**
 * A warning that healed: nothing failed, no rule is news by itself, and the logs reach far enough to know that, or may
 * still come; or no more than what a program printed.
 */
function isHarmless(
  { job, events }: IncidentGroup,
  view: ClusterView,
  { catalog, settledUntil }: GroupOptions,
): boolean {
  if (events.every(({ signal }) => signal.byUser === true && signal.place.kind === 'out')) return true;
  if (
    events.some(
      (event) =>
        event.failure !== undefined ||
        (event.signal.byUser !== true &&
          event.matches.some((match) => catalog.findRule(match.rule)?.standsAlone === true)),
    )
  )
    return false;
  if (events.every(({ time }) => time !== undefined && time > settledUntil)) return true;
  if (job !== undefined) return job.states.length > 0 || job.taskRuns.length > 0;
  return events.every((event) => (view.processes.get(event.signal.place.process)?.starts.length ?? 0) > 0);
}
