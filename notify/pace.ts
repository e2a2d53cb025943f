// How fast: a token bucket per receiver, the wait before another try, and a wakeup that ends a wait early. Times are
// in milliseconds. Called by the senders.
import type { Backoff } from '../core/time/wait.js';

export interface Bucket {
  /** True when one more message may go out now. */
  take(nowMs: number): boolean;
}

/** Full at first, so that a burst up to a minute's worth goes out at once. */
export function createBucket(perMinute: number, nowMs: number): Bucket {
  let tokens = perMinute;
  let filledMs = nowMs;
  return {
    take(atMs) {
      tokens = Math.min(perMinute, tokens + (Math.max(0, atMs - filledMs) * perMinute) / 60_000);
      filledMs = atMs;
      if (tokens < 1) return false;
      tokens -= 1;
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
