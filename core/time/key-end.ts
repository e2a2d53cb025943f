// When the key ends with which a part is at the store: said two weeks before, once a day, for a key that has ended
// stops shipping, diagnosis and page at once. Called where the stages are joined (cli/service/parts.ts).
import { describeFault } from '../fault.js';
import type { Log } from '../log.js';
import { pause } from './wait.js';

export interface KeyWatch {
  /** Milliseconds since 1970; undefined while nothing is known, or where it does not end. */
  endsAt(): number | undefined;
  /** Asks the store. What is known stays while it cannot be asked. */
  look(): Promise<void>;
  /** Looks each day until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface KeyWatchOptions {
  readonly readEnd: () => Promise<number | undefined>;
  readonly log: Log;
  readonly now?: () => number;
}

const DAY_MS = 86_400_000;
/** A store that was away at the start is asked again so soon. */
const AGAIN_MS = 600_000;
const WARN_DAYS = 14;

export function createKeyWatch({ readEnd, log, now = Date.now }: KeyWatchOptions): KeyWatch {
  let endsAt: number | undefined;
  let hasAnswer = false;
  const look = async (): Promise<void> => {
    try {
      endsAt = await readEnd();
      hasAnswer = true;
    } catch (error) {
      log.debug({ problem: describeFault(error) }, 'The store was not asked when its key ends.');
      return;
    }
    const days = endsAt === undefined ? undefined : (endsAt - now()) / DAY_MS;
    if (endsAt === undefined || days === undefined || days > WARN_DAYS) return;
    log.warn(
      { code: 'JT_STORE_KEY_ENDS', endsAt: new Date(endsAt).toISOString() },
      `The API key of the store ends in ${Math.max(0, Math.floor(days))} days, and this part stops then. Make new keys with "jobtrace setup --keys DIR --rotate" (docs/operating.md#keys).`,
    );
  };
  return {
    endsAt: () => endsAt,
    look,
    async run(signal) {
      while (!signal.aborted) {
        await look();
        await pause(hasAnswer ? DAY_MS : AGAIN_MS, signal);
      }
    },
  };
}
