// Decides which failures of a job are one episode: the restarts between them are not healthy runs. Names the run that
// failed first, which stays the same when more lines arrive. Pure functions.
import { findLargest } from '../../core/sequence.js';
import type { JobRuns } from './failures.js';

/** True if the job ran healthy from one event to the next, so that the next begins another episode. */
export function wasHealthy(job: JobRuns | undefined, before: number, next: number, healthyMs: number): boolean {
  if (next - before < healthyMs) return false;
  if (job === undefined || job.states.length === 0) return true;
  const { folded } = job;
  // The job is in a restart loop of which not all lines are kept.
  if (folded !== undefined && folded.from <= next && folded.to >= next) return false;
  const runs = [
    ...(folded === undefined ? [] : [folded.to]),
    ...job.states.filter((state) => state.to === 'RUNNING').map((state) => state.time),
    ...job.taskRuns,
  ].filter((time) => time >= before && time <= next);
  // The job waited all the time, for slots or for its back-off, if no line says that it ran again.
  if (runs.length === 0)
    return job.states.every((state) => state.time > before || state.to === 'RUNNING' || state.to === 'CREATED');
  const since = runs.reduce((latest, time) => Math.max(latest, time), before);
  return next - since >= healthyMs && !hangs(job, since, next);
}

/** True if the job makes checkpoints but completed none in this period. */
function hangs({ checkpoints }: JobRuns, from: number, to: number): boolean {
  return checkpoints.length > 0 && checkpoints.every(({ time }) => time <= from || time >= to);
}

/** States of a job up to its first run. */
const BEGINS: ReadonlySet<string> = new Set(['INITIALIZING', 'CREATED', 'RUNNING']);

/**
 * Returns the start of the run that failed first, or an empty text for the first episode of the job. The JobManager's
 * log, which holds the start, may arrive after the log of the TaskManager, which holds the failure. Failures shortly
 * before belong to the same episode.
 */
export function nameFailedRun(job: JobRuns | undefined, time: number | undefined, healthyMs: number): string {
  if (job === undefined || time === undefined) return '';
  const failures = job.states.filter((state) => state.time <= time && !BEGINS.has(state.to)).map((state) => state.time);
  const begin = failures.sort((a, b) => b - a).reduce((first, at) => (first - at < healthyMs ? at : first), time);
  if (failures.every((at) => at >= begin)) return '';
  return String(findLargest(job.states.flatMap(({ to, time: at }) => (to === 'RUNNING' && at <= begin ? [at] : [0]))));
}
