// The rest of a loop between two turns: over when its time is, when somebody wakes it (a file changed, the store
// answered), or when it is to stop; a short while in any case, but where reading waits for the store. Called by the
// loops of the agent and of its workers.

export interface Alarm {
  /** Ends the rest that goes on now, if any. */
  wake: () => void;
  /** The same, and at once where that is what the rest is for. */
  answer: () => void;
}

export interface RestPlan {
  readonly dueInMs: number;
  /** There is more to read as soon as the store answers: what it could take meanwhile must not run out. */
  readonly isForAnswer: boolean;
}

/** A log that is written all the time wakes the agent all the time: read it in larger chunks. */
const MIN_REST_MS = 100;

export function createAlarm(): Alarm {
  return { wake: () => undefined, answer: () => undefined };
}

/**
 * What was due a while ago does not make the rest negative: from Node 24 on that is a warning on the terminal. Nothing
 * of a rest stays at the signal; a promise that ends with the agent would keep something of each for as long.
 */
export function rest(alarm: Alarm, stop: AbortSignal, { dueInMs, isForAnswer }: RestPlan): Promise<void> {
  if (stop.aborted) return Promise.resolve();
  const waitMs = Math.max(0, dueInMs);
  return new Promise((resume) => {
    let isShort = true;
    // Also of what it is told too early, so that nothing is waited for that has come.
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
        timer = setTimeout(end, Math.max(1, waitMs - MIN_REST_MS));
      },
      Math.min(MIN_REST_MS, waitMs),
    );
    alarm.wake = () => {
      isWoken = true;
      if (!isShort) end();
    };
    alarm.answer = isForAnswer ? end : alarm.wake;
    stop.addEventListener('abort', end);
  });
}
