// Incidents are written in the name of what this analyzer holds (lease.ts): of a cluster those of its part, of all
// clusters those of the platform. Who holds it no more, or whom the store tells that somebody else has written in a
// later turn, writes nothing and hears so; then what it knew of the part counts no more. Called by the loop over the
// store (analyzer/service) and by the keeper of platform incidents.
import { ALL_CLUSTERS, type Incident } from '../../core/types.js';
import type { IncidentStore, RecordFeed } from '../../store/store.js';
import { PLATFORM } from './decide.js';
import { ALONE_TURN, type Lease } from './lease.js';

/** What was to be done in the name of a share that is ours no more. */
export class LostShare extends Error {
  constructor(readonly share: string) {
    super(`another analyzer may have the part ${share} by now`);
  }
}

export interface Fence {
  /** Throws LostShare where nothing of the cluster may be written. */
  check(cluster: string, turn?: number): void;
  /** Both throw LostShare, and what the store throws. `turn`: only in this one. */
  save(incident: Incident, turn?: number): Promise<void>;
  /** Those of one cluster, at once. */
  saveAll(incidents: readonly Incident[], turn?: number): Promise<void>;
  remove(incident: Pick<Incident, 'id' | 'cluster'>, turn?: number): Promise<void>;
}

export function createFence(
  store: Pick<IncidentStore, 'saveIncident' | 'saveIncidents' | 'removeIncident' | 'findTurn'> &
    Pick<RecordFeed, 'findPart'>,
  lease: Lease,
): Fence {
  const check = (cluster: string, expected: number | undefined): { share: string; turn: number } => {
    const share = nameShare(store, lease, cluster);
    const turn = lease.turn(share);
    if (turn === undefined || (expected !== undefined && turn !== expected)) throw new LostShare(share);
    return { share, turn };
  };
  const pass = async (
    { id, cluster }: Pick<Incident, 'id' | 'cluster'>,
    expected: number | undefined,
    write: (turn: number | undefined) => Promise<boolean>,
  ): Promise<void> => {
    const { share, turn } = check(cluster, expected);
    if (!(await write(turn === ALONE_TURN ? undefined : turn))) await lose(id, share);
  };
  // Taken again in a turn later than that of the document, if nobody else has it: the document may come from a clock
  // that was ahead, and what the lease knew of turns may be lost.
  const lose = async (id: string, share: string): Promise<never> => {
    lease.giveBack(share, await store.findTurn(id));
    throw new LostShare(share);
  };
  return {
    check: (cluster, expected) => void check(cluster, expected),
    save: (incident, expected) => pass(incident, expected, (turn) => store.saveIncident(incident, turn)),
    saveAll: async (incidents, expected) => {
      const [first] = incidents;
      if (first === undefined) return;
      const { share, turn } = check(first.cluster, expected);
      const fence = turn === ALONE_TURN ? undefined : turn;
      const saved = await store.saveIncidents(incidents.map((incident) => ({ incident, turn: fence })));
      const later = incidents.find((_, index) => saved[index] === false);
      if (later !== undefined) await lose(later.id, share);
    },
    remove: (incident, expected) => pass(incident, expected, (turn) => store.removeIncident(incident.id, turn)),
  };
}

/** Whose the incidents of a cluster are. */
export function nameShare(store: Pick<RecordFeed, 'findPart'>, lease: Pick<Lease, 'count'>, cluster: string): string {
  return cluster === ALL_CLUSTERS ? PLATFORM : String(store.findPart(cluster, lease.count()));
}
