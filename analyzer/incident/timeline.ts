// When a job failed and when its tasks ran again, and what follows from that: which events are of one attempt, and
// which one may have been brought about by which other. A cause explains what begins after it, within minutes, in the
// same attempt. Pure; called by rank.ts.
import type { IncidentEvent } from '../cluster/event.js';
import { listFailures, type JobView } from '../cluster/memory/view.js';

/**
 * How long after a cause what follows from it may begin. Flink's own longest wait is five minutes (for a slot), and
 * what it waits for is noticed within a minute. The recordings need 24 s.
 */
export const REACH_MS = 360_000;

/**
 * How much earlier than its cause a consequence may stand in the logs: a dead process is noticed by the end of a
 * heartbeat (50 s), its connections break at once, and the clocks of machines differ. The recordings need 18 s.
 */
export const EARLY_MS = 60_000;

/** How long what happened to a process is still noticed by others after the job has begun anew. */
const NOTICED_MS = 180_000;

/** What stands so near is one event, whatever restarts between: logs of several machines, a restart without a delay. */
const AT_ONCE_MS = 2000;

export interface Timeline {
  /** True where both are of one attempt. What has no time is near everything. */
  isSameAttempt(a: number | undefined, b: number | undefined): boolean;
  /**
   * True where `effect` may follow from `cause`, in its attempt or in one that never came to run; `onProcess`: what
   * others notice of a process.
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
      // A job that is started anew and does not come to run fails of the same for as long as that may go unnoticed.
      return isNear(from, to, begun) && (to - from <= EARLY_MS || isNear(from, to, restarted));
    },
  };
}

/** Times at which the job was started anew. */
function listRestarts({ states }: JobView): readonly number[] {
  const [first = { time: Number.POSITIVE_INFINITY }] = listFailures(states);
  return states.filter(({ to, time }) => to === 'RUNNING' && time > first.time).map(({ time }) => time);
}

/**
 * Times at which the job ran again: not when it says so itself, but when the first of its tasks did. Without the
 * JobManager's log the numbers of attempts tell.
 */
function listBegins(job: JobView, restarted: readonly number[]): readonly number[] {
  const ran = restarted.flatMap((time, index) => {
    if (!tellsOfTasks(job)) return [time];
    const next = restarted[index + 1] ?? Number.POSITIVE_INFINITY;
    const run = job.taskRuns[findFirst(job.taskRuns, time)];
    return run !== undefined && run < next ? [run] : [];
  });
  return [...ran, ...(tellsOfTasks(job) ? [] : job.attemptBegins)].sort((a, b) => a - b);
}

function tellsOfTasks({ taskRuns, deployments, stopped }: JobView): boolean {
  return taskRuns.length > 0 || deployments.length > 0 || stopped.length > 0;
}

function hasBetween(times: readonly number[], from: number, to: number): boolean {
  const next = times[findFirst(times, from + 1)];
  return next !== undefined && next <= to;
}

/** In times in their order, the index of the first that is not before `time`, or their number. */
function findFirst(times: readonly number[], time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) >= time) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The events of a finding in the order of time, to be asked for those next to a moment. */
export interface EventTimes {
  readonly times: readonly number[];
  readonly hasUndated: boolean;
}

export function listTimes(events: readonly IncidentEvent[]): EventTimes {
  const times = events.flatMap(({ time }) => time ?? []);
  return { times: times.sort((a, b) => a - b), hasUndated: times.length < events.length };
}

/** True where a test holds for the last time before a moment, or for the next one: no other can be nearer. */
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
