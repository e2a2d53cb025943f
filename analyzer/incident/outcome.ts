// What became of the job of an incident, or of the process where there is none. A state that Flink names is believed;
// "running again" is not enough: that a job recovered is shown by a checkpoint that it completed since, where it makes
// them, and by what its cluster went on writing, never by the clock, because a process that died writes nothing either.
// Pure; called by conclude.ts.
import { findLargest } from '../../core/sequence.js';
import type { Component, Incident } from '../../core/types.js';
import type { FailureKind } from '../catalog/engine/engine.js';
import type { JobView } from '../cluster/memory/view.js';
import type { LastLine } from './last-line.js';

export interface OutcomeEvidence {
  /** By the process. */
  readonly lastLines: ReadonlyMap<string, LastLine>;
  /** The present, or the end of the logs. */
  readonly now: number;
  readonly healthyMs: number;
  /** When the job's next incident begins: what happens then is not this one's. */
  readonly until: number | undefined;
  /** The last time of the incident's own events. */
  readonly lastEvent: number | undefined;
  /** What ended by the incident's events, and whose log says so. */
  readonly ended: readonly { readonly kind: FailureKind; readonly component: Component }[];
}

/** The states in which a job ends. */
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
  // Its next failure is a line of the job's own.
  const known = until ?? findLastWord(job, evidence);
  const since = findHealthySince(job, last.time, evidence);
  const isProven = until !== undefined || runsWell(job, since);
  if (last.to === 'RUNNING' && known - since >= healthyMs && isProven) return 'recovered';
  return until === undefined && now - known >= healthyMs ? 'silent' : 'failing';
}

/**
 * Without a state: a submission, a process, or a job before it began. A client that fails and names a job may have
 * asked about one that runs; the JobManager that could not execute the program knows better.
 */
function hasEnded(job: JobView | undefined, { ended }: OutcomeEvidence): boolean {
  return job === undefined
    ? ended.some(({ kind }) => kind === 'client' || kind === 'process')
    : ended.some(({ kind, component }) => kind === 'job' || (kind === 'client' && component === 'jobmanager'));
}

/**
 * A job that is RUNNING may wait for slots or hang: a checkpoint shows that all of its tasks work; where it makes none,
 * none of them may have ended without running again.
 */
function runsWell(job: JobView, since: number): boolean {
  return makesCheckpoints(job) ? job.checkpoints.some(({ time }) => time > since) : job.stopped.length === 0;
}

export function makesCheckpoints({ checkpoints, refusals }: JobView): boolean {
  return checkpoints.length > 0 || refusals.length > 0;
}

/** When the last thing went wrong, or began anew. */
function findHealthySince(job: JobView, running: number, { until, lastEvent }: OutcomeEvidence): number {
  const runs = job.taskRuns.filter((time) => until === undefined || time < until);
  return findLargest([running, lastEvent ?? 0, ...runs]);
}

/**
 * The last that was written by the JobManagers that told of the job: such a one says when it fails, and what the others
 * of the cluster write without it says nothing.
 */
function findLastWord(job: JobView, { lastLines, lastEvent }: OutcomeEvidence): number {
  const tellers = new Set(job.states.map(({ process }) => process));
  const times = [...tellers].flatMap((process) => lastLines.get(process)?.time ?? []);
  return findLargest([lastEvent ?? 0, ...job.states.map(({ time }) => time), ...times]);
}
