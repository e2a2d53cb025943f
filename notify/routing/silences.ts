// The silences of the moment, as the pipeline wants them: looked for in the store again every few seconds, since people
// make and end them elsewhere (API, command line). A store that cannot tell silences nothing: an alert too many is
// better than one that is lost.
import { JobtraceError } from '../../core/errors.js';
import type { Log } from '../../core/log.js';
import type { Silence } from '../../core/routing/silence.js';
import type { SilenceStore } from '../../store/store.js';
import { parseMatchers } from './matchers.js';
import type { ActiveSilence } from './pipeline.js';

const LOOK_EVERY_MS = 5000;

export interface Silences {
  refresh(): Promise<void>;
  /** Those that are not over, or were not when they were looked for. */
  list(): readonly ActiveSilence[];
}

export function createSilences(store: Pick<SilenceStore, 'findSilences'>, log: Log, now: () => number): Silences {
  let silences: readonly ActiveSilence[] = [];
  let lookedAt = -Infinity;
  let looking: Promise<void> | undefined;
  let problem = '';
  const look = async (): Promise<void> => {
    let found = '';
    try {
      silences = (await store.findSilences({ endsAfter: new Date(now()).toISOString() })).map(readSilence);
    } catch (error) {
      if (!(error instanceof JobtraceError)) throw error;
      silences = [];
      found = error.message;
    }
    if (found !== '' && found !== problem)
      log.warn({ problem: found }, 'Silences cannot be read: nothing is silenced until they can.');
    problem = found;
  };
  return {
    refresh() {
      if (looking !== undefined && now() - lookedAt < LOOK_EVERY_MS) return looking;
      lookedAt = now();
      looking = look();
      return looking;
    },
    list: () => silences,
  };
}

export function readSilence({ id, matchers, startsAt, endsAt }: Silence): ActiveSilence {
  return {
    id,
    matchers: parseMatchers(matchers),
    startsAtMs: Date.parse(startsAt),
    endsAtMs: Date.parse(endsAt),
  };
}
