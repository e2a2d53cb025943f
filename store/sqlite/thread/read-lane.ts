// A lane that answers one question after the other, because its thread does one thing at a time: here they wait, those
// that are answered at once before those that may take long, and leave when their caller goes. Used by relay.ts.
import { type Call, CallStopped, createLane, type LaneOptions } from './lane.js';

export interface ReadLane {
  /** Throws CallStopped when the limit is reached, or the caller has gone; TooMany when it waited for too long. */
  ask<Result>(call: Call, question: Question): Promise<Result>;
  close(): Promise<void>;
}

export interface Question {
  /** Of several that wait the one with the least comes first. */
  readonly rank: number;
  readonly limitMs?: number | undefined;
  /** So long it waits for others at most. */
  readonly waitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Others were before it for too long. */
export class WaitedTooLong extends Error {
  override readonly name = 'WaitedTooLong';
}

interface Waiting {
  readonly rank: number;
  readonly begin: () => void;
}

export function createReadLane(options: LaneOptions): ReadLane {
  const lane = createLane(options);
  const queue: Waiting[] = [];
  let isBusy = false;
  const passOn = (): void => {
    const next = queue.shift();
    isBusy = next !== undefined;
    next?.begin();
  };
  return {
    async ask(call, question) {
      if (isBusy) await waitForTurn(queue, question);
      isBusy = true;
      try {
        return await lane.ask(call, question);
      } finally {
        passOn();
      }
    },
    close: () => lane.close(),
  };
}

function waitForTurn(queue: Waiting[], { rank, waitMs, signal }: Question): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (error: Error): void => {
      queue.splice(queue.indexOf(place), 1);
      settle();
      reject(error);
    };
    const goAway = (): void => leave(new CallStopped('the caller has gone'));
    const timer = waitMs === undefined ? undefined : setTimeout(() => leave(new WaitedTooLong()), waitMs);
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', goAway);
    };
    const place: Waiting = {
      rank,
      begin: () => {
        settle();
        resolve();
      },
    };
    if (signal?.aborted === true) {
      settle();
      reject(new CallStopped('the caller has gone'));
      return;
    }
    signal?.addEventListener('abort', goAway, { once: true });
    const later = queue.findIndex((other) => other.rank > rank);
    queue.splice(later < 0 ? queue.length : later, 0, place);
  });
}
