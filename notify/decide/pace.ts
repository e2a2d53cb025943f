// Limits the rate of messages: how many a receiver may get, the delay before another try, and a wakeup that ends a wait
// early. Times are in milliseconds.
import type { Backoff } from '../../core/time/wait.js';

/** Limit of messages in any time span of `perMs`. */
export interface PaceLimit {
  readonly count: number;
  readonly perMs: number;
}

export interface RateLimiter {
  /** True if one more message may be sent now. The message then counts. */
  take(nowMs: number): boolean;
}

/**
 * Creates a rate limiter that remembers the time of each message, so that no time span exceeds the limit, wherever it
 * begins.
 */
export function createRateLimiter(limits: readonly PaceLimit[]): RateLimiter {
  const longestMs = limits.reduce((max, { perMs }) => Math.max(max, perMs), 0);
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

/**
 * Delays up to five minutes. They are random in the upper half, so that a recovered receiver does not get all messages
 * at once.
 */
export const RECEIVER_BACKOFF: Backoff = { firstMs: 1000, maxMs: 300_000, least: 0.5 };

export interface Wakeup {
  ring(): void;
  /** Waits until it is woken, the time is over or the signal aborts. */
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
