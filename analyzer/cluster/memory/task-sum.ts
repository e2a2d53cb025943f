// What is summed up of the tasks of a job: when they began to run and ended, which attempts were deployed and ran when,
// how parallel each is. A job of a thousand subtasks in a restart loop says so a thousand times each restart, so times
// are kept to the second, with the first and the last of each. Sums may be filled in any order, twice, and be joined.
// Pure.

export interface TaskSum {
  /** By the second, when tasks began to run: first and last, in milliseconds since 1970. */
  readonly runs: Map<number, { first: number; last: number }>;
  /** By the second: the highest attempt that was deployed, and when. */
  readonly deployments: Map<number, { readonly time: number; readonly attempt: number }>;
  /** By the number of an attempt, from 1 on: when the first task of it began to run. */
  readonly attempts: Map<number, number>;
  /** By the name of a task: when it began to run last, and when it failed or was canceled last. */
  readonly lives: Map<string, { readonly ran: number; readonly ended: number }>;
  /** By the name of a task. */
  readonly parallelism: Map<string, { readonly time: number; readonly count: number }>;
}

export function createTaskSum(): TaskSum {
  return {
    runs: new Map(),
    deployments: new Map(),
    attempts: new Map(),
    lives: new Map(),
    parallelism: new Map(),
  };
}

export function addRun({ runs }: TaskSum, time: number): void {
  const second = toSecond(time);
  const known = runs.get(second);
  if (known === undefined) {
    runs.set(second, { first: time, last: time });
    return;
  }
  known.first = Math.min(known.first, time);
  known.last = Math.max(known.last, time);
}

/** Adds the begin of an attempt of any task; the first run of a job is none. */
export function addAttempt({ attempts }: TaskSum, time: number, attempt: number): void {
  const known = attempts.get(attempt);
  if (attempt > 0 && (known === undefined || time < known)) attempts.set(attempt, time);
}

/** Adds that a task ran, or ended without having finished. */
export function addLife(
  { lives }: TaskSum,
  task: string,
  life: { readonly ran?: number; readonly ended?: number },
): void {
  const known = lives.get(task) ?? { ran: -Infinity, ended: -Infinity };
  const { ran = -Infinity, ended = -Infinity } = life;
  lives.set(task, { ran: Math.max(known.ran, ran), ended: Math.max(known.ended, ended) });
}

export function addDeployment({ deployments }: TaskSum, time: number, attempt: number): void {
  const second = toSecond(time);
  const known = deployments.get(second);
  if (known === undefined || attempt > known.attempt || (attempt === known.attempt && time < known.time))
    deployments.set(second, { time, attempt });
}

/** The latest counts; of two at once the greater. */
export function addParallelism({ parallelism }: TaskSum, time: number, task: string, count: number): void {
  const known = parallelism.get(task);
  if (known === undefined || time > known.time || (time === known.time && count > known.count))
    parallelism.set(task, { time, count });
}

/** Puts all of `other` into `sum`. */
export function joinTaskSum(sum: TaskSum, other: TaskSum): void {
  for (const { first, last } of other.runs.values()) for (const time of [first, last]) addRun(sum, time);
  for (const [attempt, time] of other.attempts) addAttempt(sum, time, attempt);
  for (const [task, life] of other.lives) addLife(sum, task, life);
  for (const { time, attempt } of other.deployments.values()) addDeployment(sum, time, attempt);
  for (const [task, { time, count }] of other.parallelism) addParallelism(sum, time, task, count);
}

/** Of a long restart loop so many seconds are kept from its beginning, and from its end. */
const KEPT_AT_END = 100;

/**
 * Forgets what was before `time`, and the middle of a restart loop, except how parallel the tasks are; false when there
 * was nothing.
 */
export function forgetBefore({ runs, deployments, attempts }: TaskSum, time: number): boolean {
  const before = runs.size + deployments.size + attempts.size;
  for (const [attempt, begin] of attempts) if (begin < time) attempts.delete(attempt);
  if (attempts.size > 3 * KEPT_AT_END) {
    const numbers = [...attempts.keys()].sort((a, b) => a - b);
    for (const attempt of numbers.slice(KEPT_AT_END, -KEPT_AT_END)) attempts.delete(attempt);
  }
  for (const bySecond of [runs, deployments]) {
    for (const second of bySecond.keys()) if (second < toSecond(time)) bySecond.delete(second);
    if (bySecond.size <= 3 * KEPT_AT_END) continue;
    const seconds = [...bySecond.keys()].sort((a, b) => a - b);
    for (const second of seconds.slice(KEPT_AT_END, -KEPT_AT_END)) bySecond.delete(second);
  }
  return runs.size + deployments.size + attempts.size < before;
}

function toSecond(time: number): number {
  return Math.floor(time / 1000);
}
