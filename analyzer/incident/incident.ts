// Signals of one cluster → groups of events, each of which is one incident: a job's episode of failing (its restarts
// inside), or the failure of a process without a job. An event belongs to the job that its entry names; what is about a
// process reaches every failing job with tasks there, what is about the cluster every failing job. A job that does not
// fail is never drawn in. An episode ends when the job has run healthy for a while. Pure; called by diagnose.ts.
import { appendAll, findLargest, groupBy } from '../../core/sequence.js';
import { createHash } from 'node:crypto';
import type { Catalog } from '../catalog/catalog.js';
import type { ClusterView } from '../cluster/cluster.js';
import { meaningOf } from '../cluster/memory/meaning.js';
import type { JobView } from '../cluster/memory/view.js';
import type { Scope } from '../catalog/rule/rule.js';
import {
  compareSignals,
  dateSignal,
  dropDuplicates,
  isEvent,
  type FailurePart,
  type MatchPart,
  type Signal,
} from '../entry/signal.js';
import type { LastLine } from './last-line.js';
import { confirmMatches, indexSteps } from '../cluster/step.js';

export interface IncidentEvent {
  readonly signal: Signal;
  /** Undefined for what is undated. */
  readonly time: number | undefined;
  readonly matches: readonly MatchPart[];
  readonly failure: FailurePart | undefined;
}

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

export interface GroupOptions {
  readonly catalog: Catalog;
  /** A job that has run so long without a failure is healthy: the next failure is another incident. */
  readonly healthyMs: number;
  /** By the process: what it printed without a time stands at its last line (it died of it, most often). */
  readonly lastLines: ReadonlyMap<string, LastLine>;
  /** What happened to a process with tasks on it after this time waits for the failure of their jobs. */
  readonly settledUntil: number;
}

export const DEFAULT_HEALTHY_MS = 10 * 60_000;

/** What happens to a process is noticed by others up to this much later (heartbeats take 50 s by default). */
const NOTICE_MS = 180_000;
/** The line that names the job of a failed task, the job's change of state, is written this much later at most. */
const OWNER_MS = 10_000;
/** Logs of several machines differ by this much. */
const SKEW_MS = 60_000;

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
  const named = indexNamed(events, view);
  const sides = events.map((event) => decideSide(event, view, options, named));
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
  const unreached = sides.filter((side) => {
    const reached = side.scope === 'job' && side.jobId !== undefined ? [] : findReached(side, episodes, view);
    for (const episode of reached) if (episode.jobId !== side.jobId) episode.events.push(side.event);
    return reached.length === 0 && side.jobId === undefined;
  });
  const homeless = unreached.flatMap((side) => {
    const beside = side.scope === 'job' ? findBeside(side.event, episodes) : undefined;
    beside?.events.push(side.event);
    return beside !== undefined || isUnsettled(side, view, options.settledUntil) ? [] : [side.event];
  });
  const alone = mergeByFingerprint(splitProcesses(view, homeless, options.healthyMs), episodes);
  const groups = [...episodes, ...alone].map((episode) => finishGroup(view, episode));
  return { view, signals: sorted, groups: groups.filter((group) => !isHarmless(group, view, options)) };
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

function dateUndated(signals: readonly Signal[], lastLines: ReadonlyMap<string, LastLine>): readonly Signal[] {
  if (signals.every((signal) => signal.place.time !== undefined)) return signals;
  return signals.map((signal) => dateSignal(signal, lastLines.get(signal.place.process)?.time)).sort(compareSignals);
}

interface Episode {
  readonly jobId: string | undefined;
  readonly process: string | undefined;
  readonly key: string;
  readonly start: number | undefined;
  readonly end: number | undefined;
  readonly events: IncidentEvent[];
}

interface Side {
  readonly event: IncidentEvent;
  readonly jobId: string | undefined;
  readonly scope: Scope;
  /** It names no job that could be meant: the lines that tell whose it is may still come. */
  readonly waits: boolean;
}

function collectEvents(signals: readonly Signal[], view: ClusterView, catalog: Catalog): readonly IncidentEvent[] {
  const steps = indexSteps(signals);
  return signals.flatMap((signal): IncidentEvent[] => {
    if (!isEvent(signal)) return [];
    const matches = confirmMatches(signal, steps, view, catalog);
    if (matches.length === 0 && signal.failure === undefined) return [];
    return [{ signal, time: signal.place.time, matches, failure: signal.failure }];
  });
}

/** By the fingerprint of a failure, the events that name the job which failed by it. */
type NamedFailures = ReadonlyMap<string, readonly { readonly jobId: string; readonly time: number | undefined }[]>;

function indexNamed(events: readonly IncidentEvent[], view: ClusterView): NamedFailures {
  const named = events.flatMap((event) => {
    const [jobId, fingerprint] = [view.namedJobOf(event.signal), fingerprintOf(event)];
    if (jobId === undefined || fingerprint === undefined) return [];
    const isOver = jobId !== findCertain(event, view) && wasOver(jobId, event, view);
    return isOver ? [] : [{ jobId, fingerprint, time: event.time }];
  });
  return groupBy(named, ({ fingerprint }) => fingerprint);
}

/**
 * Whom the event is about, and the job that is certain: it need not be the only one known here where another one says
 * that it failed by the same, and is none that had ended before.
 */
function decideSide(
  event: IncidentEvent,
  view: ClusterView,
  { catalog, settledUntil }: GroupOptions,
  named: NamedFailures,
): Side {
  const same = named.get(fingerprintOf(event) ?? '') ?? [];
  const certain = findCertain(event, view);
  const known = isOfClient(event) ? view.namedJobOf(event.signal) : view.jobOf(event.signal);
  const isCertain = known !== undefined && known === certain;
  const hasEnded = !isCertain && known !== undefined && wasOver(known, event, view);
  const waits = !isCertain && (hasEnded || namesAttempt(event)) && isNews(event, settledUntil - OWNER_MS);
  const owner = hasEnded || waits ? undefined : known;
  const isOthers =
    owner !== undefined &&
    !isCertain &&
    !same.some(({ jobId }) => jobId === owner) &&
    same.some(({ time }) => time === undefined || event.time === undefined || Math.abs(time - event.time) <= NOTICE_MS);
  const jobId = isOthers ? view.namedJobOf(event.signal) : owner;
  const scopes = event.matches.map((match) => catalog.findRule(match.rule)?.scope ?? 'job');
  const widest = scopes.includes('cluster') ? 'cluster' : scopes.includes('process') ? 'process' : 'job';
  const scope =
    event.matches.length === 0 && event.failure !== undefined && event.failure.kind === 'process' ? 'process' : widest;
  return { event, jobId, scope, waits };
}

/** A client that fails was about to submit a job, and not about the one that it had submitted before. */
function isOfClient({ signal, failure }: IncidentEvent): boolean {
  return failure?.kind === 'client' && signal.place.component === 'client';
}

/** The job that an id names: a task of the same name runs in every job of the program. */
function findCertain({ signal }: IncidentEvent, view: ClusterView): string | undefined {
  return view.namedJobOf({ ...signal, hints: { ...signal.hints, tasks: [] } });
}

/** It had ended, or had left the process that tells of the event. */
function wasOver(jobId: string, { signal, time }: IncidentEvent, view: ClusterView): boolean {
  return hadEnded(view.jobs.get(jobId), time) || view.hasLeft(signal.place.process, jobId, time);
}

/** Of a task whose execution graph, with which its id begins since Flink 1.16, is that of no job known here. */
function namesAttempt({ signal }: IncidentEvent): boolean {
  return signal.facts.some((fact) => meaningOf(fact).task?.(fact).attemptId?.includes('_') === true);
}

function isNews({ time }: IncidentEvent, settledUntil: number): boolean {
  return time !== undefined && time > settledUntil;
}

/** What a job failed by is still noticed for a while; what was finished or canceled fails no more. */
function hadEnded(job: JobView | undefined, time: number | undefined): boolean {
  if (job === undefined || time === undefined) return false;
  const last = job.states
    .filter((state) => state.time <= time)
    .reduce<JobView['states'][number] | undefined>(
      (newest, state) => (newest === undefined || state.time >= newest.time ? state : newest),
      undefined,
    );
  if (last === undefined) return false;
  return last.to === 'FINISHED' || last.to === 'CANCELED' || (last.to === 'FAILED' && time - last.time > NOTICE_MS);
}

/**
 * A process that dies under its jobs is their incident, not one of its own: they will have failed in a moment. What
 * names no job waits for the lines that tell whose it is.
 */
function isUnsettled({ event, scope, waits }: Side, view: ClusterView, settledUntil: number): boolean {
  if (waits) return true;
  if (scope !== 'process' || !isNews(event, settledUntil)) return false;
  return (view.jobsOn(event.signal.place.process, event.time)?.size ?? 0) > 0;
}

/** Episodes of failing jobs that the event has to do with although it does not name them. */
function findReached(side: Side, episodes: readonly Episode[], view: ClusterView): readonly Episode[] {
  const near = episodes.filter((episode) => isNear(episode, side.event.time));
  if (side.scope === 'cluster') return near;
  const place = side.event.signal.place;
  const jobs = view.jobsOn(place.process, side.event.time);
  const here =
    jobs === undefined ? near : near.filter((episode) => episode.jobId !== undefined && jobs.has(episode.jobId));
  if (side.scope === 'process') return place.component === 'jobmanager' ? near : here;
  const same = near.filter((episode) => episode.events.some((event) => isSameFailure(event, side.event)));
  if (same.length > 0) return same.slice(0, 1);
  return here.length === 1 ? here : [];
}

/** The only job that has failed by what the same process wrote, although nothing tells that it had tasks there. */
function findBeside({ signal, time }: IncidentEvent, episodes: readonly Episode[]): Episode | undefined {
  const here = episodes.filter(
    (episode) =>
      isNear(episode, time) && episode.events.some((event) => event.signal.place.process === signal.place.process),
  );
  return here.length === 1 ? here[0] : undefined;
}

function isSameFailure(a: IncidentEvent, b: IncidentEvent): boolean {
  const [left, right] = [fingerprintOf(a), fingerprintOf(b)];
  return left !== undefined && left === right;
}

function fingerprintOf(event: IncidentEvent): string | undefined {
  return event.failure !== undefined && event.failure.chain.length > 0
    ? event.failure.fingerprint
    : event.matches.find((match) => match.fingerprint !== undefined)?.fingerprint;
}

function isNear(episode: Episode, time: number | undefined): boolean {
  if (time === undefined || episode.start === undefined || episode.end === undefined) return true;
  return time >= episode.start - NOTICE_MS && time <= episode.end + SKEW_MS;
}

/** A job's events → episodes: a new one begins when the job ran healthy in between. */
function splitEpisodes(
  view: ClusterView,
  jobId: string,
  events: readonly IncidentEvent[],
  healthyMs: number,
): readonly Episode[] {
  const job = view.jobs.get(jobId);
  const runs = new Map<string, number>();
  return splitByGap(events, (before, next) => wasHealthy(job, before, next, healthyMs)).map((own) => {
    const start = own.find((event) => event.time !== undefined)?.time;
    const run = lastRunBefore(job, start, healthyMs);
    const ordinal = runs.get(run) ?? 0;
    runs.set(run, ordinal + 1);
    return {
      jobId,
      process: undefined,
      key: `job\n${jobId}\n${run}${ordinal === 0 ? '' : `\n${ordinal}`}`,
      start,
      end: own.at(-1)?.time,
      events: [...own],
    };
  });
}

/**
 * Start of the run that failed first, empty for the job's first episode: the JobManager's log, which tells it, may come
 * after a TaskManager's, which tells the failure. What failed shortly before is of the same episode.
 */
function lastRunBefore(job: JobView | undefined, time: number | undefined, healthyMs: number): string {
  if (job === undefined || time === undefined) return '';
  const failures = job.states.filter((state) => state.time <= time && !BEGINS.has(state.to)).map((state) => state.time);
  const begin = failures.sort((a, b) => b - a).reduce((first, at) => (first - at < healthyMs ? at : first), time);
  if (failures.every((at) => at >= begin)) return '';
  return String(findLargest(job.states.flatMap(({ to, time: at }) => (to === 'RUNNING' && at <= begin ? [at] : [0]))));
}

/** The states through which a job comes to run for the first time. */
const BEGINS: ReadonlySet<string> = new Set(['INITIALIZING', 'CREATED', 'RUNNING']);

function wasHealthy(job: JobView | undefined, before: number, next: number, healthyMs: number): boolean {
  if (next - before < healthyMs) return false;
  if (job === undefined || job.states.length === 0) return true;
  const { folded } = job;
  // In the middle of a restart loop of which not every line is kept.
  if (folded !== undefined && folded.from <= next && folded.to >= next) return false;
  const runs = [
    ...(folded === undefined ? [] : [folded.to]),
    ...job.states.filter((state) => state.to === 'RUNNING').map((state) => state.time),
    ...job.taskRuns,
  ].filter((time) => time >= before && time <= next);
  // Without a line that says that it ran again, the job was waiting (for slots, for its back-off) all the time.
  if (runs.length === 0)
    return job.states.every((state) => state.time > before || state.to === 'RUNNING' || state.to === 'CREATED');
  return next - runs.reduce((latest, time) => Math.max(latest, time), before) >= healthyMs;
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

function splitProcesses(view: ClusterView, events: readonly IncidentEvent[], healthyMs: number): readonly Episode[] {
  return [...groupBy(events, (event) => event.signal.place.process)].flatMap(([process, own]) => {
    const runs = new Map<string, number>();
    return splitByGap(own, (before, next) => next - before >= healthyMs).map((part) => {
      const start = part.find((event) => event.time !== undefined)?.time;
      const run = nameRun(view.processes.get(process)?.starts ?? [], start);
      const ordinal = runs.get(run) ?? 0;
      runs.set(run, ordinal + 1);
      return {
        jobId: undefined,
        process,
        key: `process\n${process}\n${run}${ordinal === 0 ? '' : `\n${ordinal}`}`,
        start,
        end: part.at(-1)?.time,
        events: [...part],
      };
    });
  });
}

const HOUR_MS = 3_600_000;

/**
 * The run of a process that failed, by its start; where its log tells of none by the hour: a line that comes late, or
 * that is dated by the last one known, moves the first time by a little.
 */
function nameRun(starts: readonly number[], time: number | undefined): string {
  if (time === undefined) return '';
  const before = starts.filter((start) => start <= time);
  return String(before.length > 0 ? findLargest(before) : Math.floor(time / HOUR_MS) * HOUR_MS);
}

/** The same exception in the log of another process (client and JobManager) is one incident: the first one keeps it. */
function mergeByFingerprint(alone: readonly Episode[], episodes: readonly Episode[]): readonly Episode[] {
  const kept: Episode[] = [];
  for (const episode of [...alone].sort((a, b) => (a.start ?? 0) - (b.start ?? 0) || (a.key < b.key ? -1 : 1))) {
    const same = [...episodes, ...kept].find(
      (other) =>
        isNear(other, episode.start) &&
        episode.events.some((event) => other.events.some((theirs) => isSameFailure(event, theirs))),
    );
    if (same === undefined) kept.push(episode);
    else appendAll(same.events, episode.events);
  }
  return kept;
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
