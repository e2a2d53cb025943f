// Knows the failures and restarts of a job, and answers which events are in one attempt and which event may have caused
// which. A cause explains events that begin after it, within minutes, in the same attempt. Pure functions.
import type { IncidentEvent } from '../topology/event.js';
import type { JobView } from '../topology/view.js';
import { listFailures } from '../restarts/failures.js';

/**
 * Longest time, in milliseconds, from a cause to the start of its consequence. Flink's longest wait is five minutes
 * (for a slot), and its end is noticed within a minute. The recordings need 24 s.
 */
const REACH_MS = 360_000;

/**
 * Longest time, in milliseconds, that a consequence may be logged before its cause. A dead process is noticed after a
 * heartbeat timeout (50 s), its connections break at once, and the clocks of machines differ. The recordings need 18 s.
 */
export const EARLY_MS = 60_000;

/** Time, in milliseconds, in which others still notice an event of a process after the job has restarted. */
const NOTICED_MS = 180_000;

/**
 * Time, in milliseconds, within which two events count as one, even with a restart between them: the clocks of machines
 * differ, and a restart may have no delay.
 */
const AT_ONCE_MS = 2000;

export interface Timeline {
  /** True if both times are in one attempt. An event without a time is near every event. */
  isSameAttempt(a: number | undefined, b: number | undefined): boolean;
  /**
   * True if `effect` may follow from `cause`, in the same attempt or in a later one that did not reach RUNNING.
   * `onProcess` is true for an effect that others notice of a process.
   */
  mayFollow(cause: number | undefined, effect: number | undefined, onProcess?: boolean): boolean;
}

export function createTimeline(job: JobView | undefined): Timeline {
  const restarted = job === undefined ? [] : listRestarts(job);
  const begun = job === undefined ? [] : listBegins(job, restarted);
  const isNear = (from: number, to: number, boundaries: readonly number[]): boolean =>
    to - from <= AT_ONCE_MS || (to - from <= REACH_MS && !hasBetween(boundaries, from, to));
  return {
    isSameAttempt(a, b) {
      if (a === undefined || b === undefined) return true;
      const [from, to] = a <= b ? [a, b] : [b, a];
      return isNear(from, to, begun) && isNear(from, to, restarted);
    },
    mayFollow(cause, effect, onProcess = false) {
      if (cause === undefined || effect === undefined) return true;
      if (cause - effect > EARLY_MS) return false;
      if (onProcess && effect - cause <= NOTICED_MS) return true;
      const [from, to] = cause <= effect ? [cause, effect] : [effect, cause];
      // A job that is restarted but does not reach RUNNING fails for the same cause, as long as the cause may be
      // unnoticed.
      return isNear(from, to, begun) && (to - from <= EARLY_MS || isNear(from, to, restarted));
    },
  };
}

/** Returns the times at which the job was restarted. */
function listRestarts({ states }: JobView): readonly number[] {
  const [first = { time: Number.POSITIVE_INFINITY }] = listFailures(states);
  return states.filter(({ to, time }) => to === 'RUNNING' && time > first.time).map(({ time }) => time);
}

/**
 * Returns the times at which the job really ran again: not when the job switched to RUNNING, but when its first task
 * did. Without the JobManager's log the attempt numbers are used.
 */
function listBegins(job: JobView, restarted: readonly number[]): readonly number[] {
  const ran = restarted.flatMap((time, index) => {
    if (!showsTasks(job)) return [time];
    const next = restarted[index + 1] ?? Number.POSITIVE_INFINITY;
    const run = job.taskRuns[findFirst(job.taskRuns, time)];
    return run !== undefined && run < next ? [run] : [];
  });
  return [...ran, ...(showsTasks(job) ? [] : job.attemptBegins)].sort((a, b) => a - b);
}

function showsTasks({ taskRuns, deployments, stopped }: JobView): boolean {
  return taskRuns.length > 0 || deployments.length > 0 || stopped.length > 0;
}

function hasBetween(times: readonly number[], from: number, to: number): boolean {
  const next = times[findFirst(times, from + 1)];
  return next !== undefined && next <= to;
}

/** Returns the index of the first time that is not before `time`, or the number of times. `times` is sorted. */
function findFirst(times: readonly number[], time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) >= time) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Times of the events of a finding, in order, for the search of the nearest event. */
export interface EventTimes {
  readonly times: readonly number[];
  readonly hasUndated: boolean;
}

export function listTimes(events: readonly IncidentEvent[]): EventTimes {
  const times = events.flatMap(({ time }) => time ?? []);
  return { times: times.sort((a, b) => a - b), hasUndated: times.length < events.length };
}

/** True if the test holds for the last time before a moment or for the next time after it. No other time is nearer. */
export function holdsBeside(
  { times, hasUndated }: EventTimes,
  moment: number | undefined,
  holds: (time: number | undefined) => boolean,
): boolean {
  if (hasUndated) return true;
  if (moment === undefined) return times.length > 0;
  const next = findFirst(times, moment);
  return [times[next - 1], times[next]].some((time) => time !== undefined && holds(time));
}
