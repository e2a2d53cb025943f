// What people said that holds messages back, as the pipeline wants it: the silences of the moment, and what stands of
// each card. Read of the store by whoever routes: the router of a notifier again and again, the command line once.
import { listStanding, type Triage } from '../../core/routing/triage.js';
import type { Silence } from '../../core/routing/silence.js';
import type { SilenceStore, TriageStore } from '../../store/store.js';
import { parseMatchers } from './matchers.js';
import type { ActiveSilence } from './pipeline.js';

/** Those that are not over. */
export async function readSilences(
  store: Pick<SilenceStore, 'findSilences'>,
  nowMs: number,
): Promise<readonly ActiveSilence[]> {
  return (await store.findSilences({ endsAfter: new Date(nowMs).toISOString() })).map(readSilence);
}

/** By incident. */
export async function readTriage(store: Pick<TriageStore, 'findTriage'>): Promise<ReadonlyMap<string, Triage>> {
  return listStanding(await store.findTriage({}));
}

function readSilence({ id, matchers, startsAt, endsAt }: Silence): ActiveSilence {
  return {
    id,
    matchers: parseMatchers(matchers),
    startsAtMs: Date.parse(startsAt),
    endsAtMs: Date.parse(endsAt),
  };
}
