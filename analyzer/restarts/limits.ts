// Lists all limits of a restart loop: what is one incident, what is kept of it, what its card lists, and when it is
// written. Each row is imported where it is applied, and docs/restarts.md is generated from the table. No I/O.

export interface RestartLimit {
  readonly value: number;
  readonly unit: string;
  readonly why: string;
  /** Sentence about what does not exist beyond the limit; `Nothing` if all of it does. */
  readonly lost: string;
}

/** Limit of a list: if it has more than `value` items, only its `first` and its `last` ones are kept. */
export interface MiddleLimit extends RestartLimit {
  readonly first: number;
  readonly last: number;
}

export const LIMITS = {
  healthy: {
    value: 600_000,
    unit: 'ms (default of `analyzer.healthyAfterMs`)',
    why: 'A job that ran this long without a failure, with a checkpoint if it makes them, is healthy.',
    lost: 'Nothing: its next failure is another incident.',
  },
  earlyState: {
    value: 5000,
    unit: 'ms before the first event',
    why: 'The job changes its state shortly before a log says why.',
    lost: 'Earlier failures belong to the incident before.',
  },
  attemptLag: {
    value: 500,
    unit: 'ms after the end of an attempt',
    why: 'Copies of an error come into other logs a little later.',
    lost: 'Nothing: later lines are evidence of the next attempt.',
  },
  states: {
    value: 399,
    unit: 'states of one job',
    first: 100,
    last: 150,
    why: 'A card lists twenty attempts from each end, with at most five states per attempt.',
    lost: 'The times of the attempts in the middle. They are counted.',
  },
  taskAttempts: {
    value: 300,
    unit: 'attempts of tasks',
    first: 100,
    last: 100,
    why: 'They separate a failure from what caused an earlier attempt, also without the log of the JobManager.',
    lost: 'The beginnings of the attempts in the middle.',
  },
  taskSeconds: {
    value: 300,
    unit: 'seconds in which tasks ran or were deployed',
    first: 100,
    last: 100,
    why: 'A job of a thousand subtasks logs a thousand lines for each restart.',
    lost: 'The seconds in the middle. The highest attempt is kept, by which restarts of a job that stays RUNNING are counted.',
  },
  events: {
    value: 120,
    unit: 'events of one job in the log of one process',
    first: 40,
    last: 80,
    why: 'A JobManager logs each failure twice, and a card lists twenty attempts from each end.',
    lost: 'The rules of the attempts in the middle, and their lines as evidence. The records are in the store.',
  },
  attempts: {
    value: 40,
    unit: 'attempts on a card',
    first: 20,
    last: 20,
    why: 'The first show the cause, the last show the present.',
    lost: 'The attempts in the middle. They are counted, and the numbers of the last ones include them.',
  },
  grown: {
    value: 1.5,
    unit: 'times the restarts and lines of the last write',
    why: 'Writes become rarer as a restart loop gets longer.',
    lost: 'Nothing: smaller growth is written later, by one of the next rows.',
  },
  behind: {
    value: 300_000,
    unit: 'ms since the last write',
    why: 'Somebody who reads the card expects current numbers.',
    lost: 'A card may be behind by this time, never longer.',
  },
  longAgo: {
    value: 3 * 3_600_000,
    unit: 'ms of the log since the last write',
    why: 'After a crash the incident must be found; the log of a cluster is kept for longer.',
    lost: 'Nothing: the unwritten rest is rebuilt from the records.',
  },
  logShare: {
    value: 100,
    unit: 'bytes of log read per byte written',
    why: 'A write costs little compared with the log that was read for it.',
    lost: 'Nothing: a quiet log is covered by the next rows.',
  },
  quietShare: {
    value: 8,
    unit: '(divisor of the time that the job has failed)',
    why: 'A job without a failure for the quotient is quiet, and its last state is written.',
    lost: 'Nothing.',
  },
  leastQuiet: {
    value: 30_000,
    unit: 'ms without a failure, at least, until a job is quiet',
    why: 'A loop with restarts every few seconds is not quiet in between.',
    lost: 'Nothing.',
  },
  maxQuiet: {
    value: 3_600_000,
    unit: 'ms without a failure, at most, until a job is quiet',
    why: 'The last state of a loop that lasted for days is written within an hour.',
    lost: 'Nothing.',
  },
} satisfies Readonly<Record<string, RestartLimit | MiddleLimit>>;

/** Lists the items between the first and the last ones that the limit keeps; none if there are not too many. */
export function listMiddle<Item>(
  items: readonly Item[],
  limit: Pick<MiddleLimit, 'value' | 'first' | 'last'>,
): readonly Item[] {
  return items.length > limit.value ? items.slice(limit.first, items.length - limit.last) : [];
}

/** Removes the middle of a map whose keys are in an order. */
export function dropMiddle(items: Map<number, unknown>, limit: MiddleLimit): void {
  if (items.size <= limit.value) return;
  for (const key of listMiddle(
    [...items.keys()].sort((a, b) => a - b),
    limit,
  ))
    items.delete(key);
}
