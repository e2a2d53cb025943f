// Writes incidents under the assignments that this analyzer holds (lease.ts): incidents of a cluster under its
// partition, incidents of all clusters under the platform assignment. If the assignment is lost, or the store has a
// write of a later epoch, nothing is written and LostShare is thrown; the caller then drops what it knows of the
// partition.
import { ALL_CLUSTERS, type Incident } from '../../core/types.js';
import type { IncidentStore, RecordFeed } from '../../store/store.js';
import { PLATFORM } from './decide.js';
import { ALONE_TURN, type Lease } from './lease.js';

/** Error for work under an assignment that this analyzer does not hold any more. */
export class LostShare extends Error {
  constructor(readonly share: string) {
    super(`another analyzer may have the part ${share} by now`);
  }
}

export interface Fence {
  /** Throws LostShare if nothing of the cluster may be written. */
  check(cluster: string, turn?: number): void;
  /**
   * Writes an incident. Throws LostShare and what the store throws, as remove() does. If `turn` is given, only this
   * epoch is accepted.
   */
  save(incident: Incident, turn?: number): Promise<void>;
  /** Writes incidents of one cluster at once. */
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
  // Release the assignment with the epoch of the stored document, so that it is taken again in a later epoch if no
  // other analyzer has it. The document may come from a clock that was ahead, and the lease's knowledge of epochs may
  // be lost.
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

/** Returns the assignment under which the incidents of a cluster are written. */
export function nameShare(store: Pick<RecordFeed, 'findPart'>, lease: Pick<Lease, 'count'>, cluster: string): string {
  return cluster === ALL_CLUSTERS ? PLATFORM : String(store.findPart(cluster, lease.count()));
}
