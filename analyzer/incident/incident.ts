// Signals of one cluster → groups of events, each of which is one incident: a job's episode of failing (its restarts
// inside), or the failure of a process without a job. An event belongs to the job that its entry names; what is about a
// process reaches every failing job with tasks there, what is about the cluster every failing job. A job that does not
// fail is never drawn in. An episode ends when the job has run healthy for a while. Pure; called by diagnose.ts.
import { findLargest, groupBy } from '../../core/sequence.js';
import { createHash } from 'node:crypto';
import type { Catalog } from '../catalog/catalog.js';
import type { ClusterView } from '../cluster/cluster.js';
import { makeEvent, type IncidentEvent } from '../cluster/event.js';
import { meaningOf } from '../cluster/memory/meaning.js';
import type { JobView } from '../cluster/memory/view.js';
import type { Scope } from '../catalog/rule/rule.js';
import { compareSignals, dateSignal, dropDuplicates, isEvent, type Signal } from '../entry/signal.js';
import type { LastLine } from './last-line.js';
import { confirmMatches, indexSteps } from '../cluster/step.js';

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
  const owned = events.map((event) => findOwner(event, view));
  const named = indexNamed(owned, view);
  const sides = owned.map((event) => decideSide(event, view, options, named));
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
    const reached = side.jobId === undefined ? findReached(side, episodes, view) : findOthers(side, episodes, view);
    for (const episode of reached) addEvent(episode, side.event);
    return reached.length === 0 && side.jobId === undefined;
  });
  const homeless = unreached.flatMap((side) => {
    const beside = side.scope === 'job' ? findBeside(side.event, episodes) : undefined;
    if (beside !== undefined) addEvent(beside, side.event);
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
  /** Their fingerprints. */
  readonly failures: Set<string>;
  /** What its own events fit. */
  readonly own: ReadonlySet<string>;
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
    return [makeEvent(signal, matches)];
  });
}

interface OwnedEvent {
  readonly event: IncidentEvent;
  /** The job that it names. */
  readonly named: string | undefined;
  /** That which an id in it names: a task of the same name runs in every job of the program. */
  readonly certain: string | undefined;
}

function findOwner(event: IncidentEvent, view: ClusterView): OwnedEvent {
  const certain = view.certainJobOf(event.signal);
  return { event, named: certain ?? view.namedJobOf(event.signal), certain };
}

/** By the fingerprint of a failure, the events that name the job which failed by it. */
type NamedFailures = ReadonlyMap<string, readonly { readonly jobId: string; readonly time: number | undefined }[]>;

function indexNamed(events: readonly OwnedEvent[], view: ClusterView): NamedFailures {
  const failures = events.flatMap(({ event, named, certain }) => {
    const { fingerprint, time } = event;
    if (named === undefined || fingerprint === undefined) return [];
    const isOver = named !== certain && wasOver(named, event, view);
    return isOver ? [] : [{ jobId: named, fingerprint, time }];
  });
  return groupBy(failures, ({ fingerprint }) => fingerprint);
}

/**
 * Whom the event is about, and the job that is certain: it need not be the only one known here where another one says
 * that it failed by the same, and is none that had ended before.
 */
function decideSide(
  { event, named, certain }: OwnedEvent,
  view: ClusterView,
  { catalog, settledUntil }: GroupOptions,
  failures: NamedFailures,
): Side {
  const known = named ?? (isOfClient(event) ? undefined : view.jobOf(event.signal));
  const isCertain = known !== undefined && known === certain;
  const hasEnded = !isCertain && known !== undefined && wasOver(known, event, view);
  const waits = !isCertain && (hasEnded || namesAttempt(event)) && isNews(event, settledUntil - OWNER_MS);
  const owner = hasEnded || waits ? undefined : known;
  const jobId = owner === undefined || isCertain || !isOthers(event, owner, failures) ? owner : named;
  const scopes = event.matches.map((match) => catalog.findRule(match.rule)?.scope ?? 'job');
  const widest = scopes.includes('cluster') ? 'cluster' : scopes.includes('process') ? 'process' : 'job';
  const scope =
    event.matches.length === 0 && event.failure !== undefined && event.failure.kind === 'process' ? 'process' : widest;
  return { event, jobId, scope, waits };
}

/** Others say at that time that they failed by the same, and the owner does not. */
function isOthers({ fingerprint, time: at }: IncidentEvent, owner: string, failures: NamedFailures): boolean {
  const same = failures.get(fingerprint ?? '') ?? [];
  return (
    !same.some(({ jobId }) => jobId === owner) &&
    same.some(({ time }) => time === undefined || at === undefined || Math.abs(time - at) <= NOTICE_MS)
  );
}

/** A client that fails was about to submit a job, and not about the one that it had submitted before. */
function isOfClient({ signal, failure }: IncidentEvent): boolean {
  return failure?.kind === 'client' && signal.place.component === 'client';
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
  const last = job.states.findLast((state) => state.time <= time);
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
  return view.hadTasks(event.signal.place.process, event.time);
}

/** Episodes of failing jobs that an event has to do with which names none. */
function findReached({ event, scope }: Side, episodes: readonly Episode[], view: ClusterView): readonly Episode[] {
  const near = episodes.filter((episode) => isNear(episode, event.time));
  if (scope === 'cluster') return near;
  const same = scope === 'job' ? near.find((episode) => hasFailure(episode, event)) : undefined;
  if (same !== undefined) return [same];
  const here = keepThere(near, event, undefined, view);
  return scope === 'process' || here.length === 1 ? here : [];
}

/** Episodes of other jobs that it has to do with as well, and whose own lines do not say it of the process. */
function findOthers(
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
function findBeside({ signal, time }: IncidentEvent, episodes: readonly Episode[]): Episode | undefined {
  const here = episodes.filter(
    (episode) =>
      isNear(episode, time) && episode.events.some((event) => event.signal.place.process === signal.place.process),
  );
  return here.length === 1 ? here[0] : undefined;
}

function hasFailure({ failures }: Episode, { fingerprint }: IncidentEvent): boolean {
  return fingerprint !== undefined && failures.has(fingerprint);
}

/** What happened to another job there adds nothing to what the job's own lines say of the process. */
function saysItself({ own }: Episode, { fits }: IncidentEvent): boolean {
  return fits.length > 0 && fits.every((fit) => own.has(fit));
}

function collectFits(events: readonly IncidentEvent[]): ReadonlySet<string> {
  return new Set(events.flatMap(({ fits }) => fits));
}

/** By which they are known in other logs. */
function collectFailures(events: readonly IncidentEvent[]): Set<string> {
  return new Set(events.flatMap(({ fingerprint }) => fingerprint ?? []));
}

function addEvent({ events, failures }: Episode, event: IncidentEvent): void {
  events.push(event);
  if (event.fingerprint !== undefined) failures.add(event.fingerprint);
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
      failures: collectFailures(own),
      own: collectFits(own),
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
        failures: collectFailures(part),
        own: collectFits(part),
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
      (other) => isNear(other, episode.start) && episode.events.some((event) => hasFailure(other, event)),
    );
    if (same === undefined) kept.push(episode);
    else for (const event of episode.events) addEvent(same, event);
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
