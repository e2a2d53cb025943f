// Corrects the clock of this process by the clock of the store. All processes of a store then agree on the age of a
// line, even if the clock of one machine is hours off.
import { describeFault } from '../fault.js';
import type { Log } from '../log.js';
import { pause } from './wait.js';

export interface StoreClock {
  /** Returns milliseconds since 1970 by the clock of the store. */
  now(): number;
  /** Returns the milliseconds by which this machine's clock is ahead of the store's; 0 while they agree. */
  aheadMs(): number;
  /** Compares the clocks. Nothing changes if the store cannot be asked. */
  compare(): Promise<void>;
  /** Compares the clocks each minute until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface StoreClockOptions {
  /** Asks the store for its time; undefined if the store does not know it. */
  readonly readTime: () => Promise<number | undefined>;
  readonly log: Log;
  readonly wallClock?: () => number;
  /** Returns the milliseconds of a monotonic clock. */
  readonly elapsed?: () => number;
}

const COMPARE_MS = 60_000;
/**
 * Difference in milliseconds up to which clocks count as equal. A time service keeps them closer, however slowly the
 * store answers.
 */
const NOTICED_MS = 2000;
/**
 * Difference in milliseconds that is reported. Beyond it the lines and records of several machines cannot be ordered by
 * time.
 */
const REPORTED_MS = 30_000;
/**
 * Longest answer, in milliseconds, that is used. A slower answer does not show exactly when the store read its clock.
 */
const SLOW_MS = 10_000;

export function createStoreClock({
  readTime,
  log,
  wallClock = Date.now,
  elapsed = () => performance.now(),
}: StoreClockOptions): StoreClock {
  let aheadMs = 0;
  let isReported = false;
  const compare = async (): Promise<void> => {
    const begun = elapsed();
    const time = await readTime().catch((error: unknown) => {
      log.debug({ problem: describeFault(error) }, 'The store was not asked for its time.');
      return undefined;
    });
    const tookMs = elapsed() - begun;
    if (time === undefined || tookMs > SLOW_MS) return;
    const found = Math.round(wallClock() - tookMs / 2 - time);
    aheadMs = Math.abs(found) <= NOTICED_MS + tookMs / 2 ? 0 : found;
    const isOff = Math.abs(aheadMs) > REPORTED_MS;
    if (isOff && !isReported)
      log.warn(
        { code: 'JT_CLOCK', aheadMs },
        `The clock of this machine is ${describe(aheadMs)} that of the store. Times are judged by the store's clock; set this machine's (NTP, chrony).`,
      );
    if (!isOff && isReported)
      log.info({ code: 'JT_CLOCK' }, 'The clocks of this machine and of the store agree again.');
    isReported = isOff;
  };
  return {
    now: () => wallClock() - aheadMs,
    aheadMs: () => aheadMs,
    compare,
    async run(signal) {
      while (!signal.aborted) {
        await pause(COMPARE_MS, signal);
        if (!signal.aborted) await compare();
      }
    },
  };
}

function describe(aheadMs: number): string {
  return `${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'}`;
}
