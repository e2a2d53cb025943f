// Pauses a loop between two cycles. A pause ends when its time is over, when it is woken (a file changed, the store
// answered), or when the loop is to stop. It has a minimum length, unless reading waits for the store.

export interface Alarm {
  /** Ends the current pause, if any, but not before its minimum length. */
  wake: () => void;
  /** Does the same as `wake`, but ends a pause that waits for an answer at once. */
  answer: () => void;
}

export interface PauseOptions {
  readonly dueInMs: number;
  /** True if there is more to read as soon as the store answers. The store must not run out of records meanwhile. */
  readonly isForAnswer: boolean;
}

/**
 * Minimum pause, in milliseconds. A log that is written all the time would wake the agent all the time; a pause lets it
 * read larger chunks.
 */
const MIN_PAUSE_MS = 100;

export function createAlarm(): Alarm {
  return { wake: () => undefined, answer: () => undefined };
}

/**
 * Pauses until the plan is due or the alarm wakes it. A due time in the past does not make the timeout negative,
 * because Node 24 and newer print a warning for that. Each pause removes its listener from the signal; a promise that
 * ends only with the agent would keep memory for each pause.
 */
export function pauseUntilWoken(
  alarm: Alarm,
  stop: AbortSignal,
  { dueInMs, isForAnswer }: PauseOptions,
): Promise<void> {
  if (stop.aborted) return Promise.resolve();
  const waitMs = Math.max(0, dueInMs);
  return new Promise((resume) => {
    let isShort = true;
    // A wake during the minimum pause is remembered, so that the pause does not go on for an event that has come.
    let isWoken = false;
    const end = (): void => {
      clearTimeout(timer);
      stop.removeEventListener('abort', end);
      Object.assign(alarm, createAlarm());
      resume();
    };
    let timer = setTimeout(
      () => {
        if (isWoken) return end();
        isShort = false;
        timer = setTimeout(end, Math.max(1, waitMs - MIN_PAUSE_MS));
      },
      Math.min(MIN_PAUSE_MS, waitMs),
    );
    alarm.wake = () => {
      isWoken = true;
      if (!isShort) end();
    };
    alarm.answer = isForAnswer ? end : alarm.wake;
    stop.addEventListener('abort', end);
  });
}
