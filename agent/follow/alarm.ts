// The rest of a loop between two turns: over when its time is, when somebody wakes it (a file changed, the store
// answered), or when it is to stop; a short while in any case. Called by the loops of the agent and of its workers.
import { pause } from '../../core/time/wait.js';

export interface Alarm {
  /** Ends the rest that goes on now, if any. */
  wake: () => void;
}

/** A log that is written all the time wakes the agent all the time: read it in larger chunks. */
const MIN_REST_MS = 25;

export function createAlarm(): Alarm {
  return { wake: () => undefined };
}

/** What was due a while ago does not make the rest negative: from Node 24 on that is a warning on the terminal. */
export async function rest(alarm: Alarm, stopped: Promise<void>, dueInMs: number): Promise<void> {
  const waitMs = Math.max(0, dueInMs);
  // Also of what it is told too early, so that nothing is waited for that has come.
  const woken = new Promise<void>((resume) => {
    alarm.wake = resume;
  });
  await Promise.race([pause(Math.min(MIN_REST_MS, waitMs)), stopped]);
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resume) => {
    timer = setTimeout(resume, Math.max(1, waitMs - MIN_REST_MS));
  });
  await Promise.race([woken, over, stopped]);
  clearTimeout(timer);
}
