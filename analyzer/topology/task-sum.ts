// Sums up the tasks of a job: when they began to run and ended, which attempts were deployed and when they ran, and how
// parallel each task is. A job of a thousand subtasks in a restart loop logs this a thousand times for each restart, so
// times are kept by the second, with the first and the last of each second. Sums may be filled in any order and twice,
// and may be joined. No I/O.
import { dropMiddle, LIMITS } from '../restarts/limits.js';

/** Sum of tasks. Each map is made when it is first needed: most maps of the tens of thousands of sums stay empty. */
export interface TaskSum {
  /** First and last time in a second at which tasks began to run, in milliseconds since 1970, by the second. */
  runs: Map<number, { first: number; last: number }> | undefined;
  /** Highest attempt that was deployed in a second, and its time, by the second. */
  deployments: Map<number, { readonly time: number; readonly attempt: number }> | undefined;
  /** Time when the first task of an attempt began to run, by the number of the attempt, from 1 on. */
  attempts: Map<number, number> | undefined;
  /** Times when a task last began to run, and last failed or was canceled, by the name of the task. */
  lives: Map<string, { readonly ran: number; readonly ended: number }> | undefined;
  /** Parallelism of a task and the time of that statement, by the name of the task. */
  parallelism: Map<string, { readonly time: number; readonly count: number }> | undefined;
}

export function createTaskSum(): TaskSum {
  return { runs: undefined, deployments: undefined, attempts: undefined, lives: undefined, parallelism: undefined };
}

export function addRun(sum: TaskSum, time: number): void {
  const runs = (sum.runs ??= new Map());
  const second = toSecond(time);
  const known = runs.get(second);
  if (known === undefined) {
    runs.set(second, { first: time, last: time });
    return;
  }
  known.first = Math.min(known.first, time);
  known.last = Math.max(known.last, time);
}

/** Adds the beginning of an attempt of any task. The first run of a job does not count as an attempt. */
export function addAttempt(sum: TaskSum, time: number, attempt: number): void {
  const known = sum.attempts?.get(attempt);
  if (attempt > 0 && (known === undefined || time < known)) (sum.attempts ??= new Map()).set(attempt, time);
}

/** Adds that a task ran, or that it ended without having finished. */
export function addLife(sum: TaskSum, task: string, life: { readonly ran?: number; readonly ended?: number }): void {
  const lives = (sum.lives ??= new Map());
  const known = lives.get(task) ?? { ran: -Infinity, ended: -Infinity };
  const { ran = -Infinity, ended = -Infinity } = life;
  lives.set(task, { ran: Math.max(known.ran, ran), ended: Math.max(known.ended, ended) });
}

export function addDeployment(sum: TaskSum, time: number, attempt: number): void {
  const deployments = (sum.deployments ??= new Map());
  const second = toSecond(time);
  const known = deployments.get(second);
  if (known === undefined || attempt > known.attempt || (attempt === known.attempt && time < known.time))
    deployments.set(second, { time, attempt });
}

/** Adds the parallelism of a task. The latest statement counts, and of two at the same time the greater one. */
export function addParallelism(sum: TaskSum, time: number, task: string, count: number): void {
  const parallelism = (sum.parallelism ??= new Map());
  const known = parallelism.get(task);
  if (known === undefined || time > known.time || (time === known.time && count > known.count))
    parallelism.set(task, { time, count });
}

/** Adds all of `other` to `sum`. */
export function joinTaskSum(sum: TaskSum, other: TaskSum): void {
  for (const { first, last } of other.runs?.values() ?? []) for (const time of [first, last]) addRun(sum, time);
  for (const [attempt, time] of other.attempts ?? []) addAttempt(sum, time, attempt);
  for (const [task, life] of other.lives ?? []) addLife(sum, task, life);
  for (const { time, attempt } of other.deployments?.values() ?? []) addDeployment(sum, time, attempt);
  for (const [task, { time, count }] of other.parallelism ?? []) addParallelism(sum, time, task, count);
}

/**
 * Forgets what was before `time`, and the middle of a restart loop, but not how parallel the tasks are. Returns false
 * if there was nothing to forget.
 */
export function forgetBefore({ runs, deployments, attempts }: TaskSum, time: number): boolean {
  const kept = [runs, deployments, attempts].filter((map) => map !== undefined);
  const before = countAll(kept);
  for (const [attempt, begin] of attempts ?? []) if (begin < time) attempts?.delete(attempt);
  if (attempts !== undefined) dropMiddle(attempts, LIMITS.taskAttempts);
  for (const bySecond of [runs, deployments]) {
    if (bySecond === undefined) continue;
    for (const second of bySecond.keys()) if (second < toSecond(time)) bySecond.delete(second);
    dropMiddle(bySecond, LIMITS.taskSeconds);
  }
  return countAll(kept) < before;
}

function countAll(maps: readonly ReadonlyMap<number, unknown>[]): number {
  return maps.reduce((sum, { size }) => sum + size, 0);
}

function toSecond(time: number): number {
  return Math.floor(time / 1000);
}
