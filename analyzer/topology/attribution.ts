// Finds the job that an event belongs to, and its scope (job, process or cluster). The job is the one that the entry
// names or the only one that is possible, unless another job reports the same failure. An event that names no possible
// job waits for more lines. Pure functions.
import { findFirst } from '../../core/sequence.js';
import type { Catalog } from '../catalog/catalog.js';
import type { Scope } from '../catalog/rule.js';
import type { ClusterView } from './cluster.js';
import type { IncidentEvent } from './event.js';
import { meaningOf } from './meaning.js';
import type { JobView } from './view.js';

export interface Attribution {
  readonly event: IncidentEvent;
  readonly jobId: string | undefined;
  readonly scope: Scope;
  /** True if the event names no job that is possible. The lines that name its job may still arrive. */
  readonly isUndecided: boolean;
}

export interface AttributionOptions {
  readonly catalog: Catalog;
  /**
   * Time in milliseconds since 1970. Later events are not final: one of a process with tasks waits for the failure of
   * their jobs.
   */
  readonly settledUntil: number;
}

/**
 * Longest time, in milliseconds, until other processes notice an event of a process (heartbeats take 50 s by default).
 */
export const NOTICE_MS = 180_000;
/**
 * Longest time, in milliseconds, from the failure of a task to the line that names its job, which is the state change
 * of the job.
 */
const OWNER_MS = 10_000;

export function attributeEvents(
  events: readonly IncidentEvent[],
  view: ClusterView,
  options: AttributionOptions,
): readonly Attribution[] {
  const owned = events.map((event) => findOwner(event, view));
  const named = indexNamed(owned, view);
  return owned.map((event) => attributeEvent(event, view, options, named));
}

interface OwnedEvent {
  readonly event: IncidentEvent;
  /** Job that the event names. */
  readonly named: string | undefined;
  /**
   * Job that an id in the event names. A name of a task is not certain, because it occurs in every job of the same
   * program.
   */
  readonly certain: string | undefined;
}

function findOwner(event: IncidentEvent, view: ClusterView): OwnedEvent {
  const certain = view.certainJobOf(event.signal);
  return { event, named: certain ?? view.namedJobOf(event.signal), certain };
}

/** Jobs that report one failure in events that name their job, and the times of these events, in order. */
interface NamedFailure {
  readonly jobs: Set<string>;
  readonly times: number[];
  /** True if one of the events has no time. */
  isAnyTime: boolean;
}

/** Failures by their fingerprint. */
type NamedFailures = ReadonlyMap<string, NamedFailure>;

function indexNamed(events: readonly OwnedEvent[], view: ClusterView): NamedFailures {
  const failures = new Map<string, NamedFailure>();
  for (const { event, named, certain } of events) {
    const { fingerprint, time } = event;
    if (named === undefined || fingerprint === undefined) continue;
    if (named !== certain && hadEndedOrLeft(named, event, view)) continue;
    let failure = failures.get(fingerprint);
    if (failure === undefined) failures.set(fingerprint, (failure = { jobs: new Set(), times: [], isAnyTime: false }));
    failure.jobs.add(named);
    if (time === undefined) failure.isAnyTime = true;
    else failure.times.push(time);
  }
  for (const { times } of failures.values()) times.sort((a, b) => a - b);
  return failures;
}

/**
 * Decides the job of the event. A named job that had ended before is ignored, unless an id names it. The only known job
 * is not chosen if another job reports the same failure.
 */
function attributeEvent(
  { event, named, certain }: OwnedEvent,
  view: ClusterView,
  { catalog, settledUntil }: AttributionOptions,
  failures: NamedFailures,
): Attribution {
  const known = named ?? (isOfClient(event) ? undefined : view.jobOf(event.signal));
  const isCertain = known !== undefined && known === certain;
  const hasEnded = !isCertain && known !== undefined && hadEndedOrLeft(known, event, view);
  const isEarly = !isCertain && known !== undefined && !hasBegun(view.jobs.get(known), event.time);
  const isUndecided = !isCertain && (hasEnded || namesAttempt(event)) && isAfter(event, settledUntil - OWNER_MS);
  const owner = hasEnded || isEarly || isUndecided ? undefined : known;
  const jobId = owner === undefined || isCertain || !isReportedByOthers(event, owner, failures) ? owner : named;
  const scopes = event.matches.map((match) => catalog.findRule(match.rule)?.scope ?? 'job');
  const widest = scopes.includes('cluster') ? 'cluster' : scopes.includes('process') ? 'process' : 'job';
  const scope =
    event.matches.length === 0 && event.failure !== undefined && event.failure.kind === 'process' ? 'process' : widest;
  return { event, jobId, scope, isUndecided };
}

/** True if other jobs report the same failure around that time and the owner does not. */
function isReportedByOthers({ fingerprint, time }: IncidentEvent, owner: string, failures: NamedFailures): boolean {
  const same = failures.get(fingerprint ?? '');
  if (same === undefined || same.jobs.has(owner)) return false;
  if (same.isAnyTime || time === undefined) return true;
  const next = same.times[findFirst(same.times, (at) => at >= time - NOTICE_MS)];
  return next !== undefined && next <= time + NOTICE_MS;
}

/**
 * True if the event is the failure of a client. A client that fails was about to submit a job; the failure does not
 * belong to the job that it submitted before.
 */
function isOfClient({ signal, failure }: IncidentEvent): boolean {
  return failure?.kind === 'client' && signal.place.component === 'client';
}

/** True if the job had ended, or had left the process that logged the event. */
function hadEndedOrLeft(jobId: string, { signal, time }: IncidentEvent, view: ClusterView): boolean {
  return hadEnded(view.jobs.get(jobId), time) || view.hasLeft(signal.place.process, jobId, time);
}

/**
 * True if the event names a task attempt by an id of Flink 1.16 or newer, which begins with the id of the execution
 * graph. If no known job has this graph, the job is not known yet.
 */
function namesAttempt({ signal }: IncidentEvent): boolean {
  return signal.facts.some((fact) => meaningOf(fact).task?.(fact).attemptId?.includes('_') === true);
}

function isAfter({ time }: IncidentEvent, settledUntil: number): boolean {
  return time !== undefined && time > settledUntil;
}

/**
 * True if the job had ended. The failure of a job is still noticed for some time after it; a job that finished or was
 * canceled does not fail any more.
 */
function hadEnded(job: JobView | undefined, time: number | undefined): boolean {
  if (job === undefined || time === undefined) return false;
  const last = job.states.findLast((state) => state.time <= time);
  if (last === undefined) return false;
  return last.to === 'FINISHED' || last.to === 'CANCELED' || (last.to === 'FAILED' && time - last.time > NOTICE_MS);
}

/**
 * Time, in milliseconds, before the start of a job. Events before it do not belong to the job. The clocks of machines
 * differ by less.
 */
const BEFORE_JOB_MS = 60_000;

/** States of a job before its first run. */
const INITIAL_STATES: ReadonlySet<string> = new Set(['INITIALIZING', 'CREATED']);

/**
 * True if the job had begun at that time, or was about to. It is also true if no JobManager logged the beginning of the
 * job.
 */
export function hasBegun(job: JobView | undefined, time: number | undefined): boolean {
  const first = job?.states[0];
  if (job === undefined || time === undefined || first === undefined) return true;
  if (!INITIAL_STATES.has(first.from) || time >= first.time - BEFORE_JOB_MS) return true;
  // A JobManager that takes over a running job logs a beginning too.
  return [job.taskRuns[0], job.attemptBegins[0], job.checkpoints[0]?.time].some((at) => at !== undefined && at <= time);
}

/**
 * True if the event must wait. If a process dies, the event belongs to the incident of its jobs, which will have failed
 * in a moment. An event that names no job waits for the lines that name it.
 */
export function isUnsettled(
  { event, scope, isUndecided }: Attribution,
  view: ClusterView,
  settledUntil: number,
): boolean {
  if (isUndecided) return true;
  if (scope !== 'process' || !isAfter(event, settledUntil)) return false;
  return view.hadTasks(event.signal.place.process, event.time);
}
