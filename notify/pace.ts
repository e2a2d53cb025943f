// How fast: how many messages a receiver may get, the wait before another try, and a wakeup that ends a wait early.
// Times are in milliseconds. Called by the senders.
import type { Backoff } from '../core/time/wait.js';

/** At most so many messages in any span of so long. */
export interface PaceLimit {
  readonly count: number;
  readonly perMs: number;
}

export interface Bucket {
  /** True when one more message may go out now: then it counts. */
  take(nowMs: number): boolean;
}

/** Remembers when it let what go, so that no span of time, wherever it begins, has more than its limit. */
export function createBucket(limits: readonly PaceLimit[]): Bucket {
  const longestMs = limits.reduce((most, { perMs }) => Math.max(most, perMs), 0);
  let times: number[] = [];
  return {
    take(nowMs) {
      times = times.filter((time) => nowMs - time < longestMs);
      const isFull = limits.some(({ count, perMs }) => times.filter((time) => nowMs - time < perMs).length >= count);
      if (isFull) return false;
      times.push(nowMs);
      return true;
    },
  };
}

/** Up to five minutes; in the upper half, so that receivers that came back are not stormed. */
export const RECEIVER_BACKOFF: Backoff = { firstMs: 1000, mostMs: 300_000, least: 0.5 };

export interface Wakeup {
  ring(): void;
  /** Until the wakeup rings, the time is over or the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export function createWakeup(): Wakeup {
  const waiting = new Set<() => void>();
  return {
    ring() {
      for (const wake of [...waiting]) wake();
    },
    wait(ms, signal) {
      return new Promise((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        const timer = setTimeout(wake, signal.aborted ? 0 : ms);
        waiting.add(wake);
        signal.addEventListener('abort', wake);
      });
    },
  };
}
