// Decides the outcome of an incident's job, or of its process if there is no job. A final state that Flink logs is
// accepted. RUNNING alone does not mean recovered: the job must have completed a checkpoint since, if it makes
// checkpoints, and its cluster must have logged lines for long enough. Elapsed time alone proves nothing, because a
// dead process writes nothing either. Pure functions.
import { findLargest } from '../../core/sequence.js';
import type { Incident } from '../../core/documents/incident.js';
import type { Component } from '../../core/types.js';
import type { FailureKind } from '../catalog/engine.js';
import type { JobView } from '../topology/view.js';
import type { LastLine } from './last-line.js';

export interface OutcomeEvidence {
  /** Last lines by process. */
  readonly lastLines: ReadonlyMap<string, LastLine>;
  /** Present time, or the end of the logs. */
  readonly now: number;
  readonly healthyMs: number;
  /** Start of the next incident of the job. Later events do not belong to this incident. */
  readonly until: number | undefined;
  /** Time of the last event of the incident. */
  readonly lastEvent: number | undefined;
  /** Kind of each end in the incident's events, with the component that logged it. */
  readonly ended: readonly { readonly kind: FailureKind; readonly component: Component }[];
}

/** Final states of a job. */
const ENDS: Readonly<Record<string, Incident['outcome'] | undefined>> = {
  FAILED: 'failed',
  CANCELED: 'canceled',
  FINISHED: 'recovered',
};

export function decideOutcome(job: JobView | undefined, evidence: OutcomeEvidence): Incident['outcome'] {
  const { until, now, healthyMs } = evidence;
  const last = job?.states
    .filter((state) => until === undefined || state.time < until)
    .reduce<JobView['states'][number] | undefined>(
      (newest, state) => (newest === undefined || state.time >= newest.time ? state : newest),
      undefined,
    );
  if (job === undefined || last === undefined) return hasEnded(job, evidence) ? 'failed' : 'unknown';
  const end = ENDS[last.to];
  if (end !== undefined) return end;
  // The next failure is a line of the job itself.
  const known = until ?? findLastWord(job, evidence);
  const since = findHealthySince(job, last.time, evidence);
  const isProven = until !== undefined || runsWell(job, since);
  if (last.to === 'RUNNING' && known - since >= healthyMs && isProven) return 'recovered';
  return until === undefined && now - known >= healthyMs ? 'silent' : 'failing';
}

/**
 * True if the submission, the process or the job ended, for an incident without a state of the job. A client that fails
 * and names a job may have asked about a running one, so that it does not count; a JobManager that could not execute
 * the program does.
 */
function hasEnded(job: JobView | undefined, { ended }: OutcomeEvidence): boolean {
  return job === undefined
    ? ended.some(({ kind }) => kind === 'client' || kind === 'process')
    : ended.some(({ kind, component }) => kind === 'job' || (kind === 'client' && component === 'jobmanager'));
}

/**
 * True if the job works. A job that is RUNNING may wait for slots or hang. A completed checkpoint shows that all its
 * tasks work; without checkpoints, no task may have ended without running again.
 */
function runsWell(job: JobView, since: number): boolean {
  return makesCheckpoints(job) ? job.checkpoints.some(({ time }) => time > since) : job.stopped.length === 0;
}

function makesCheckpoints({ checkpoints, refusals }: JobView): boolean {
  return checkpoints.length > 0 || refusals.length > 0;
}

/** Returns the time of the last failure or restart. */
function findHealthySince(job: JobView, running: number, { until, lastEvent }: OutcomeEvidence): number {
  const runs = job.taskRuns.filter((time) => until === undefined || time < until);
  return findLargest([running, lastEvent ?? 0, ...runs]);
}

/**
 * Returns the time of the last line by the JobManagers that logged states of the job. Such a JobManager logs the next
 * failure; lines of other processes prove nothing without it.
 */
function findLastWord(job: JobView, { lastLines, lastEvent }: OutcomeEvidence): number {
  const witnesses = new Set(job.states.map(({ process }) => process));
  const times = [...witnesses].flatMap((process) => lastLines.get(process)?.time ?? []);
  return findLargest([lastEvent ?? 0, ...job.states.map(({ time }) => time), ...times]);
}
