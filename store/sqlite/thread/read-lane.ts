// A lane of one or more threads, each of which answers one question after the other: here questions wait for the first
// that is free, those that are answered at once before those that may take long, and leave when their caller goes.
// Used by relay.ts.
import { type Call, CallStopped, createLane, type Lane, type LaneOptions } from './lane.js';

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
  readonly begin: (lane: Lane) => void;
}

/** A thread is opened when it is needed first: when all that are open are at work. */
export function createReadLane({ threads = 1, ...options }: LaneOptions & { readonly threads?: number }): ReadLane {
  const lanes = Array.from({ length: threads }, () => createLane(options));
  const free = [...lanes];
  const queue: Waiting[] = [];
  const passOn = (lane: Lane): void => {
    const next = queue.shift();
    if (next === undefined) free.push(lane);
    else next.begin(lane);
  };
  return {
    async ask(call, question) {
      const lane = free.pop() ?? (await waitForTurn(queue, question));
      try {
        return await lane.ask(call, question);
      } finally {
        passOn(lane);
      }
    },
    close: async () => void (await Promise.all(lanes.map((lane) => lane.close()))),
  };
}

function waitForTurn(queue: Waiting[], { rank, waitMs, signal }: Question): Promise<Lane> {
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
      begin: (lane) => {
        settle();
        resolve(lane);
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
