// Polls the store every few seconds for data that people set elsewhere (API, command line), and caches the last result.
// If the store cannot be read, the result is empty, because an unnecessary alert is better than a lost one.
import { JobtraceError } from '../../core/errors.js';
import type { Log } from '../../core/log.js';

const POLL_EVERY_MS = 5000;

export interface CachedPoller<Found> {
  /** Reads the store if the last read was long ago. Concurrent callers wait for the same read. */
  refresh(): Promise<void>;
  last(): Found;
}

export interface CachedPollerOptions<Found> {
  readonly read: () => Promise<Found>;
  /** Result while nothing is known. */
  readonly nothing: Found;
  /** Log message for when reading begins to fail. */
  readonly warning: string;
  readonly log: Log;
  readonly now: () => number;
}

export function createCachedPoller<Found>({
  read,
  nothing,
  warning,
  log,
  now,
}: CachedPollerOptions<Found>): CachedPoller<Found> {
  let found = nothing;
  let polledAt = -Infinity;
  let polling: Promise<void> | undefined;
  let problem = '';
  const load = async (): Promise<void> => {
    let failure = '';
    try {
      found = await read();
    } catch (error) {
      if (!(error instanceof JobtraceError)) throw error;
      found = nothing;
      failure = error.message;
    }
    if (failure !== '' && failure !== problem) log.warn({ problem: failure }, warning);
    problem = failure;
  };
  return {
    refresh() {
      if (polling !== undefined && now() - polledAt < POLL_EVERY_MS) return polling;
      polledAt = now();
      polling = load();
      return polling;
    },
    last: () => found,
  };
}
