// Lane of one or more threads, each of which takes one call after the other. Calls wait here for the first free thread.
// Those that are done quickly go before those that may take long, and a call leaves when its caller disconnects.
import { type Call, CallStopped, createLane, type Lane, type LaneOptions } from './lane.js';

export interface RankedLane {
  /** Opens the first thread. Throws the errors of opening the store. */
  open(): Promise<void>;
  /**
   * Asks the first free thread. Throws CallStopped if the limit is reached or the caller has gone, and WaitedTooLong if
   * the question waited for too long.
   */
  ask<Result>(call: Call, question: Question): Promise<Result>;
  /** Ends the running calls and those that wait, with CallStopped, and closes the threads. */
  close(): Promise<void>;
}

export interface Question {
  /** Rank among the questions that wait. The smallest rank goes first. */
  readonly rank: number;
  readonly limitMs?: number | undefined;
  /** Longest time, in milliseconds, that it waits for others. */
  readonly waitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Error of a question that waited too long for others. */
export class WaitedTooLong extends Error {
  override readonly name = 'WaitedTooLong';
}

interface Waiting {
  readonly rank: number;
  readonly begin: (lane: Lane) => void;
  readonly leave: (error: Error) => void;
}

/** Creates the lane. A thread is opened when it is first needed: when all open threads are busy. */
export function createRankedLane({ threads = 1, ...options }: LaneOptions & { readonly threads?: number }): RankedLane {
  const lanes = Array.from({ length: threads }, () => createLane(options));
  const free = [...lanes];
  const queue: Waiting[] = [];
  const passOn = (lane: Lane): void => {
    const next = queue.shift();
    if (next === undefined) free.push(lane);
    else next.begin(lane);
  };
  return {
    open: async () => lanes[0]?.open(),
    async ask(call, question) {
      const lane = free.pop() ?? (await waitForLane(queue, question));
      try {
        return await lane.ask(call, question);
      } finally {
        passOn(lane);
      }
    },
    async close() {
      for (const waiting of [...queue]) waiting.leave(new CallStopped('the store is closed'));
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };
}

function waitForLane(queue: Waiting[], { rank, waitMs, signal }: Question): Promise<Lane> {
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
      leave,
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
