// What people say elsewhere (API, command line) and notify goes by: looked for in the store again every few seconds.
// Where the store cannot tell, nothing counts as said: an alert too many is better than one that is lost. Called by
// router.ts.
import { JobtraceError } from '../../core/errors.js';
import type { Log } from '../../core/log.js';

const LOOK_EVERY_MS = 5000;

export interface Lookout<Found> {
  /** Asks the store where that was long ago; all who ask at the same time wait for one answer. */
  refresh(): Promise<void>;
  last(): Found;
}

export interface LookoutOptions<Found> {
  readonly read: () => Promise<Found>;
  /** What is there while nothing is known. */
  readonly nothing: Found;
  /** For the log, when reading begins to fail. */
  readonly complaint: string;
  readonly log: Log;
  readonly now: () => number;
}

export function createLookout<Found>({ read, nothing, complaint, log, now }: LookoutOptions<Found>): Lookout<Found> {
  let found = nothing;
  let lookedAt = -Infinity;
  let looking: Promise<void> | undefined;
  let problem = '';
  const look = async (): Promise<void> => {
    let failure = '';
    try {
      found = await read();
    } catch (error) {
      if (!(error instanceof JobtraceError)) throw error;
      found = nothing;
      failure = error.message;
    }
    if (failure !== '' && failure !== problem) log.warn({ problem: failure }, complaint);
    problem = failure;
  };
  return {
    refresh() {
      if (looking !== undefined && now() - lookedAt < LOOK_EVERY_MS) return looking;
      lookedAt = now();
      looking = look();
      return looking;
    },
    last: () => found,
  };
}
