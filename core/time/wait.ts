// Provides a pause that ends early when its signal aborts, and the delay before a retry. Every loop that runs until it
// is stopped uses them.
import { setTimeout as sleep } from 'node:timers/promises';

/** Pauses. It ends early, without an error, when the signal aborts. An idle pause does not keep the process running. */
export async function pause(ms: number, signal?: AbortSignal, isIdle = false): Promise<void> {
  try {
    await sleep(ms, undefined, { signal, ref: !isIdle });
  } catch (error) {
    // A timer can fail only because the signal aborted, and the calling loop checks that itself.
    if (signal?.aborted !== true) throw error;
  }
}

export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Lower limit of the delay, as a fraction from 0 to 1 of the full delay. */
  readonly least: number;
}

/**
 * Returns a random delay up to the full one, so that many clients do not retry at the same time. The full delay doubles
 * with each failed try.
 */
export function backoffMs({ firstMs, maxMs, least }: Backoff, tries: number, random: () => number): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(tries, 20));
  return Math.ceil(full * (least + (1 - least) * random()));
}
