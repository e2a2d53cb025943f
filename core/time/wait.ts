// Waiting, in one place: a pause that ends early when somebody stops, and how long to wait before another try. Called
// by every loop that runs until it is stopped.
import { setTimeout as sleep } from 'node:timers/promises';

/** Ends early, without an error, when the signal aborts. `isIdle`: it does not keep the process from ending. */
export async function pause(ms: number, signal?: AbortSignal, isIdle = false): Promise<void> {
  try {
    await sleep(ms, undefined, { signal, ref: !isIdle });
  } catch (error) {
    // The only way for a timer to fail is that the signal aborted: the loop behind it sees that by itself.
    if (signal?.aborted !== true) throw error;
  }
}

export interface Backoff {
  readonly firstMs: number;
  readonly mostMs: number;
  /** Never less than this part of the full wait, from 0 to 1. */
  readonly least: number;
}

/** The full wait doubles with each try in vain; anywhere below it, so that many who wait do not come back at once. */
export function backoffMs({ firstMs, mostMs, least }: Backoff, tries: number, random: () => number): number {
  const full = Math.min(mostMs, firstMs * 2 ** Math.min(tries, 20));
  return Math.ceil(full * (least + (1 - least) * random()));
}
