// The clock of this process, corrected by that of the store: all processes on a store then agree on how old a line is,
// also where the clock of one machine is hours off. Called where the stages are joined (cli/service/services.ts).
import { describeFault } from '../fault.js';
import type { Log } from '../log.js';
import { pause } from './wait.js';

export interface StoreClock {
  /** Milliseconds since 1970 by the clock of the store. */
  now(): number;
  /** By how many milliseconds the clock of this machine is ahead of that of the store; 0 while they agree. */
  aheadMs(): number;
  /** Compares the clocks. Nothing changes while the store cannot be asked. */
  compare(): Promise<void>;
  /** Compares the clocks each minute until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface StoreClockOptions {
  /** Asks the store for its time; undefined where it cannot tell. */
  readonly readTime: () => Promise<number | undefined>;
  readonly log: Log;
  readonly wallClock?: () => number;
  /** Milliseconds of a clock that nobody sets. */
  readonly elapsed?: () => number;
}

const COMPARE_MS = 60_000;
/** Clocks that a time service sets differ by less, however slowly the store answers. */
const NOTICED_MS = 2000;
/** So far off, lines and records of several machines can no longer be ordered by their times. */
const REPORTED_MS = 30_000;
/** A slower answer says too little of when the store read its clock. */
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
