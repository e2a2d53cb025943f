// Groups the signals of one cluster by incident: an episode of failures of a job, or the failure of a process without a
// job. The steps are: find the job of each event (attribution.ts), split the events of a job into episodes
// (episode.ts), add other events to the episodes that they affect (blast-radius.ts). Pure functions.
import { hashText } from '../../core/hash.js';
import { groupBy } from '../../core/sequence.js';
import type { Catalog } from '../catalog/catalog.js';
import type { ClusterView } from '../topology/cluster.js';
import { makeEvent, type IncidentEvent } from '../topology/event.js';
import type { JobView } from '../topology/view.js';
import { confirmMatches, indexSteps } from './step.js';
import { compareSignals, dateSignal, dropDuplicates, isEvent, type Signal } from '../entry/signal.js';
import { mergeByFingerprint, splitEpisodes, splitProcesses, type Episode } from './episodes.js';
import { addBeside, createBlastRadius, spreadToEpisodes } from './blast-radius.js';
import { attributeEvents, isUnsettled, type Attribution, type AttributionOptions } from '../topology/attribution.js';

export interface IncidentGroup {
  readonly id: string;
  readonly cluster: string;
  readonly job: JobView | undefined;
  /** Process of an incident without a job. */
  readonly process: string | undefined;
  /** Events in the order of time. */
  readonly events: readonly IncidentEvent[];
  readonly firstTime: number | undefined;
  readonly lastTime: number | undefined;
}

/** Time of the last line of each process. */
type LastTimes = ReadonlyMap<string, { readonly time?: number }>;

export interface GroupOptions extends AttributionOptions {
  /**
   * Time, in milliseconds, after which a job without a failure is healthy, so that its next failure is another
   * incident.
   */
  readonly healthyMs: number;
  /**
   * Last lines by process. Text without a time gets the time of the last line of its process, because the process
   * mostly died of it.
   */
  readonly lastLines: LastTimes;
}

export interface ClusterGroups {
  readonly view: ClusterView;
  readonly groups: readonly IncidentGroup[];
  /** Signals in the order of time, each entry once. */
  readonly signals: readonly Signal[];
}

/**
 * Groups the signals by incident. `signals` may come in any order and more than once. Yields between its steps, so that
 * a caller with other work can do it: with tens of thousands of failures all steps take seconds.
 */
export function* groupIncidents(
  signals: Iterable<Signal>,
  view: ClusterView,
  options: GroupOptions,
): Generator<undefined, ClusterGroups> {
  const sorted = dateUndated(dropDuplicates(signals), options.lastLines);
  yield;
  const events = collectEvents(sorted, view, options.catalog);
  yield;
  const attributions = attributeEvents(events, view, options);
  yield;
  const episodes: Episode[] = [];
  const named = attributions.filter(({ jobId }) => jobId !== undefined);
  for (const [jobId, own] of groupBy(named, (attribution) => attribution.jobId ?? '')) {
    const ownEvents = own.map(({ event }) => event);
    for (const episode of splitEpisodes(view, jobId, ownEvents, options.healthyMs)) episodes.push(episode);
    yield;
  }
  const radius = createBlastRadius(episodes, view);
  const unreached: Attribution[] = [];
  for (const attribution of attributions) {
    if (spreadToEpisodes(radius, attribution)) unreached.push(attribution);
    yield;
  }
  const unassigned = unreached.flatMap((attribution) => {
    const hasHome = attribution.scope === 'job' && addBeside(radius, attribution.event);
    return hasHome || isUnsettled(attribution, view, options.settledUntil) ? [] : [attribution.event];
  });
  yield;
  const alone = mergeByFingerprint(splitProcesses(view, unassigned, options.healthyMs), episodes);
  const groups: IncidentGroup[] = [];
  for (const episode of [...episodes, ...alone]) {
    const group = finishGroup(view, episode);
    if (!isHarmless(group, view, options)) groups.push(group);
    yield;
  }
  return { view, signals: sorted, groups };
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
    id: hashText(`${view.id}\n${episode.key}`, 20),
    cluster: view.id,
    job,
    process: episode.process,
    events,
    firstTime: times[0],
    lastTime: times.at(-1),
  };
}

/**
 * True if the group is no incident: nothing failed, no rule is an incident by itself, and the logs show that the job
 * went on or are too recent to decide. A group of nothing but printed output of a program is no incident either.
 */
function isHarmless(
  { job, events }: IncidentGroup,
  view: ClusterView,
  { catalog, settledUntil }: GroupOptions,
): boolean {
  if (events.every(({ signal }) => signal.fromUserCode === true && signal.place.kind === 'out')) return true;
  if (
    events.some(
      (event) =>
        event.failure !== undefined ||
        (event.signal.fromUserCode !== true &&
          event.matches.some((match) => catalog.findRule(match.rule)?.standsAlone === true)),
    )
  )
    return false;
  if (events.every(({ time }) => time !== undefined && time > settledUntil)) return true;
  if (job !== undefined) return job.states.length > 0 || job.taskRuns.length > 0;
  return events.every((event) => (view.processes.get(event.signal.place.process)?.starts.length ?? 0) > 0);
}
