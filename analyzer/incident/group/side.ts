// Whom is an event about: the job that its entry names, or the only one that can be meant, unless another one says that
// it failed by the same; and how far it reaches. What names no job that could be meant waits for the lines that tell.
// Pure; called by group.ts.
import { findFirst } from '../../../core/sequence.js';
import type { Catalog } from '../../catalog/catalog.js';
import type { Scope } from '../../catalog/rule/rule.js';
import type { ClusterView } from '../../cluster/cluster.js';
import type { IncidentEvent } from '../../cluster/event.js';
import { meaningOf } from '../../cluster/memory/meaning.js';
import type { JobView } from '../../cluster/memory/view.js';

export interface Side {
  readonly event: IncidentEvent;
  readonly jobId: string | undefined;
  readonly scope: Scope;
  /** It names no job that could be meant: the lines that tell whose it is may still come. */
  readonly waits: boolean;
}

export interface SideOptions {
  readonly catalog: Catalog;
  /** What happened to a process with tasks on it after this time waits for the failure of their jobs. */
  readonly settledUntil: number;
}

/** What happens to a process is noticed by others up to this much later (heartbeats take 50 s by default). */
export const NOTICE_MS = 180_000;
/** The line that names the job of a failed task, the job's change of state, is written this much later at most. */
const OWNER_MS = 10_000;

export function decideSides(
  events: readonly IncidentEvent[],
  view: ClusterView,
  options: SideOptions,
): readonly Side[] {
  const owned = events.map((event) => findOwner(event, view));
  const named = indexNamed(owned, view);
  return owned.map((event) => decideSide(event, view, options, named));
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

/** Who failed by one failure, as the events say that name their job, and when, in order. */
interface NamedFailure {
  readonly jobs: Set<string>;
  readonly times: number[];
  /** One of them has no time. */
  isAnyTime: boolean;
}

/** By the fingerprint of the failure. */
type NamedFailures = ReadonlyMap<string, NamedFailure>;

function indexNamed(events: readonly OwnedEvent[], view: ClusterView): NamedFailures {
  const failures = new Map<string, NamedFailure>();
  for (const { event, named, certain } of events) {
    const { fingerprint, time } = event;
    if (named === undefined || fingerprint === undefined) continue;
    if (named !== certain && wasOver(named, event, view)) continue;
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
 * Whom the event is about, and the job that is certain: it need not be the only one known here where another one says
 * that it failed by the same, and is none that had ended before.
 */
function decideSide(
  { event, named, certain }: OwnedEvent,
  view: ClusterView,
  { catalog, settledUntil }: SideOptions,
  failures: NamedFailures,
): Side {
  const known = named ?? (isOfClient(event) ? undefined : view.jobOf(event.signal));
  const isCertain = known !== undefined && known === certain;
  const hasEnded = !isCertain && known !== undefined && wasOver(known, event, view);
  const isEarly = !isCertain && known !== undefined && !hasBegun(view.jobs.get(known), event.time);
  const waits = !isCertain && (hasEnded || namesAttempt(event)) && isNews(event, settledUntil - OWNER_MS);
  const owner = hasEnded || isEarly || waits ? undefined : known;
  const jobId = owner === undefined || isCertain || !isOthers(event, owner, failures) ? owner : named;
  const scopes = event.matches.map((match) => catalog.findRule(match.rule)?.scope ?? 'job');
  const widest = scopes.includes('cluster') ? 'cluster' : scopes.includes('process') ? 'process' : 'job';
  const scope =
    event.matches.length === 0 && event.failure !== undefined && event.failure.kind === 'process' ? 'process' : widest;
  return { event, jobId, scope, waits };
}

/** Others say at that time that they failed by the same, and the owner does not. */
function isOthers({ fingerprint, time }: IncidentEvent, owner: string, failures: NamedFailures): boolean {
  const same = failures.get(fingerprint ?? '');
  if (same === undefined || same.jobs.has(owner)) return false;
  if (same.isAnyTime || time === undefined) return true;
  const next = same.times[findFirst(same.times, (at) => at >= time - NOTICE_MS)];
  return next !== undefined && next <= time + NOTICE_MS;
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

/** What happened this long before a job began is nothing of the job's; the clocks of machines differ by less. */
const BEFORE_JOB_MS = 60_000;

/** The states that a job has before it runs for the first time. */
const BEGINNINGS: ReadonlySet<string> = new Set(['INITIALIZING', 'CREATED']);

/** Where a JobManager tells of the job's beginning: the job was there at that time, or was about to be. */
export function hasBegun(job: JobView | undefined, time: number | undefined): boolean {
  const first = job?.states[0];
  if (job === undefined || time === undefined || first === undefined) return true;
  if (!BEGINNINGS.has(first.from) || time >= first.time - BEFORE_JOB_MS) return true;
  // A JobManager that takes a job over tells of a beginning, too.
  return [job.taskRuns[0], job.attemptBegins[0], job.checkpoints[0]?.time].some((at) => at !== undefined && at <= time);
}

/**
 * A process that dies under its jobs is their incident, not one of its own: they will have failed in a moment. What
 * names no job waits for the lines that tell whose it is.
 */
export function isUnsettled({ event, scope, waits }: Side, view: ClusterView, settledUntil: number): boolean {
  if (waits) return true;
  if (scope !== 'process' || !isNews(event, settledUntil)) return false;
  return view.hadTasks(event.signal.place.process, event.time);
}
