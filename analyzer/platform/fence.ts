// Writes incidents under the assignments that this analyzer holds (lease.ts): incidents of a cluster under its
// partition, incidents of all clusters under the platform assignment. If the assignment is lost, or the store has a
// write of a later epoch, nothing is written and LostPartition is thrown; the caller then drops what it knows of the
// partition.
import type { Incident } from '../../core/documents/incident.js';
import { ALL_CLUSTERS } from '../../core/types.js';
import type { IncidentStore, RecordFeed } from '../../store/store.js';
import { PLATFORM } from './decide.js';
import { ALONE_EPOCH, type Lease } from './lease.js';

/** Error for work under an assignment that this analyzer does not hold any more. */
export class LostPartition extends Error {
  constructor(readonly partition: string) {
    super(`another analyzer may have the part ${partition} by now`);
  }
}

export interface Fence {
  /** Throws LostPartition if nothing of the cluster may be written. */
  check(cluster: string, epoch?: number): void;
  /**
   * Writes an incident. Throws LostPartition and what the store throws, as remove() does. If `epoch` is given, only
   * this epoch is accepted.
   */
  save(incident: Incident, epoch?: number): Promise<void>;
  /** Writes incidents of one cluster at once. */
  saveAll(incidents: readonly Incident[], epoch?: number): Promise<void>;
  remove(incident: Pick<Incident, 'id' | 'cluster'>, epoch?: number): Promise<void>;
}

export function createFence(
  store: Pick<IncidentStore, 'saveIncident' | 'saveIncidents' | 'removeIncident' | 'findEpoch'> &
    Pick<RecordFeed, 'findPartition'>,
  lease: Lease,
): Fence {
  const check = (cluster: string, expected: number | undefined): { partition: string; epoch: number } => {
    const partition = namePartition(store, lease, cluster);
    const epoch = lease.epoch(partition);
    if (epoch === undefined || (expected !== undefined && epoch !== expected)) throw new LostPartition(partition);
    return { partition, epoch };
  };
  const pass = async (
    { id, cluster }: Pick<Incident, 'id' | 'cluster'>,
    expected: number | undefined,
    write: (epoch: number | undefined) => Promise<boolean>,
  ): Promise<void> => {
    const { partition, epoch } = check(cluster, expected);
    if (!(await write(epoch === ALONE_EPOCH ? undefined : epoch))) await lose(id, partition);
  };
  // Release the assignment with the epoch of the stored document, so that it is taken again in a later epoch if no
  // other analyzer has it. The document may come from a clock that was ahead, and the lease's knowledge of epochs may
  // be lost.
  const lose = async (id: string, partition: string): Promise<never> => {
    lease.release(partition, await store.findEpoch(id));
    throw new LostPartition(partition);
  };
  return {
    check: (cluster, expected) => void check(cluster, expected),
    save: (incident, expected) => pass(incident, expected, (epoch) => store.saveIncident(incident, epoch)),
    saveAll: async (incidents, expected) => {
      const [first] = incidents;
      if (first === undefined) return;
      const { partition, epoch } = check(first.cluster, expected);
      const fence = epoch === ALONE_EPOCH ? undefined : epoch;
      const saved = await store.saveIncidents(incidents.map((incident) => ({ incident, epoch: fence })));
      const later = incidents.find((_, index) => saved[index] === false);
      if (later !== undefined) await lose(later.id, partition);
    },
    remove: (incident, expected) => pass(incident, expected, (epoch) => store.removeIncident(incident.id, epoch)),
  };
}

/** Returns the assignment under which the incidents of a cluster are written. */
export function namePartition(
  store: Pick<RecordFeed, 'findPartition'>,
  lease: Pick<Lease, 'count'>,
  cluster: string,
): string {
  return cluster === ALL_CLUSTERS ? PLATFORM : String(store.findPartition(cluster, lease.count()));
}
