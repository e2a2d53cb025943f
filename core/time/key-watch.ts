// Warns that the API key that a service uses at the store will end: once a day, from two weeks before. A key that has
// ended stops shipping, diagnosis and the page at once.
import { toIso } from './iso.js';
import { describeFault } from '../fault.js';
import type { Log } from '../log.js';
import { pause } from './wait.js';
import { countOf } from '../text/count.js';

export interface KeyWatch {
  /** Returns the end of the key in milliseconds since 1970; undefined if it is unknown or the key does not end. */
  endsAt(): number | undefined;
  /** Asks the store. The last known end stays if the store cannot be asked. */
  check(): Promise<void>;
  /** Asks each day until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface KeyWatchOptions {
  readonly readEnd: () => Promise<number | undefined>;
  readonly log: Log;
  readonly now?: () => number;
}

const DAY_MS = 86_400_000;
/** Time, in milliseconds, until the next try at a store that was unreachable at the start. */
const AGAIN_MS = 600_000;
const WARN_DAYS = 14;

export function createKeyWatch({ readEnd, log, now = Date.now }: KeyWatchOptions): KeyWatch {
  let endsAt: number | undefined;
  let hasAnswer = false;
  const check = async (): Promise<void> => {
    try {
      endsAt = await readEnd();
      hasAnswer = true;
    } catch (error) {
      log.debug({ problem: describeFault(error) }, 'The store was not asked when its key ends.');
      return;
    }
    if (endsAt === undefined) return;
    const days = (endsAt - now()) / DAY_MS;
    if (days > WARN_DAYS) return;
    log.warn(
      { code: 'JT_STORE_KEY_ENDS', endsAt: toIso(endsAt) },
      `The API key of the store ends in ${countOf(Math.max(0, Math.floor(days)), 'day')}, and this part stops then. Make new keys with "jobtrace setup --keys DIR --rotate" (docs/operating.md#keys).`,
    );
  };
  return {
    endsAt: () => endsAt,
    check,
    async run(signal) {
      while (!signal.aborted) {
        await check();
        await pause(hasAnswer ? DAY_MS : AGAIN_MS, signal);
      }
    },
  };
}
