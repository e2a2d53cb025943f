// Reads from the store what holds messages back: the current silences, and the last annotation of each card. A
// notifier's router reads repeatedly, the command line once.
import { toIso } from '../../core/time/iso.js';
import { listCurrentTriage } from '../../core/documents/card-state.js';
import type { Triage } from '../../core/documents/triage.js';
import type { Silence } from '../../core/documents/silence.js';
import type { Collections } from '../../store/store.js';
import { parseMatchers } from './matchers.js';
import type { ActiveSilence } from './pipeline.js';

/** Reads the silences that are not expired. */
export async function readSilences(
  store: Pick<Collections, 'silences'>,
  nowMs: number,
): Promise<readonly ActiveSilence[]> {
  return (await store.silences.find({ after: toIso(nowMs) })).map(readSilence);
}

/** Reads the last annotations, by incident. */
export async function readTriage(store: Pick<Collections, 'triage'>): Promise<ReadonlyMap<string, Triage>> {
  return listCurrentTriage(await store.triage.find());
}

function readSilence({ id, matchers, startsAt, endsAt }: Silence): ActiveSilence {
  return {
    id,
    matchers: parseMatchers(matchers),
    startsAtMs: Date.parse(startsAt),
    endsAtMs: Date.parse(endsAt),
  };
}
