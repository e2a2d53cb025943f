// Decides which partitions of the records this analyzer takes, keeps and releases. Input is the shared document: the
// members and the holder of each assignment. Output is one decision with its reason per assignment. Every member
// decides for itself from the same document, and all arrive at the same distribution, in which the members' numbers of
// partitions differ by at most one. lease.ts reads and replaces the document. Pure functions.
import { findLargest } from '../../core/sequence.js';

/** Shared document in the store. It is changed only by compare-and-set. */
export interface Sharing {
  /** Number of partitions of the records. */
  readonly count: number;
  /** Heartbeat counter of each member. */
  readonly members: Readonly<Record<string, number>>;
  /**
   * Time without a heartbeat, in milliseconds, after which a member counts as gone; each member announces its own. An
   * older release announces none.
   */
  readonly leases?: Readonly<Record<string, number>>;
  /** Assignments that one analyzer holds at a time: each partition by its number, and the platform incidents. */
  readonly shares: Readonly<Record<string, Partition>>;
}

export interface Partition {
  /** Member that holds it; undefined if it was released or its holder is gone. */
  readonly holder?: string;
  /** Epoch (fencing token). It increases each time that a member takes the assignment. */
  readonly epoch: number;
}

export interface Situation {
  readonly sharing: Sharing;
  readonly self: string;
  /** Members without a heartbeat for so long that they have stopped. */
  readonly silent: ReadonlySet<string>;
  /** Current number of partitions in the store. */
  readonly wanted: number;
}

export type AssignmentReason =
  | 'is-ours'
  | 'nobody-has-it'
  | 'holder-is-silent'
  | 'another-has-it'
  | 'enough-are-ours'
  | 'others-have-fewer'
  | 'partition-count-changes';

export interface AssignmentDecision {
  readonly partition: string;
  readonly action: 'take' | 'keep' | 'give-up' | 'leave';
  readonly reason: AssignmentReason;
}

/** Key of the assignment for writing the incidents of all clusters. */
export const PLATFORM = 'platform';

export function namePartitions(count: number): readonly string[] {
  return Array.from({ length: count }, (_, number) => String(number));
}

export function decideAssignment(situation: Situation): readonly AssignmentDecision[] {
  const { sharing, self, wanted } = situation;
  const isCountChanging = wanted !== sharing.count;
  const partitions = namePartitions(sharing.count);
  const max = isCountChanging ? 0 : findMax(situation);
  const ours = partitions.filter((partition) => holderOf(situation, partition) === self);
  let free = max - ours.length;
  const decidePartition = (partition: string): AssignmentDecision => {
    const holder = holderOf(situation, partition);
    if (holder === self) {
      if (ours.indexOf(partition) < max) return { partition, action: 'keep', reason: 'is-ours' };
      return {
        partition,
        action: 'give-up',
        reason: isCountChanging ? 'partition-count-changes' : 'others-have-fewer',
      };
    }
    if (holder !== undefined) return { partition, action: 'leave', reason: 'another-has-it' };
    if (free-- > 0) return { partition, action: 'take', reason: describeFree(situation, partition) };
    return { partition, action: 'leave', reason: isCountChanging ? 'partition-count-changes' : 'enough-are-ours' };
  };
  return [decidePlatform(situation), ...partitions.map(decidePartition)];
}

/** Decides the platform assignment. The first member that finds it free takes it. */
function decidePlatform(situation: Situation): AssignmentDecision {
  const holder = holderOf(situation, PLATFORM);
  if (holder === undefined) return { partition: PLATFORM, action: 'take', reason: describeFree(situation, PLATFORM) };
  return holder === situation.self
    ? { partition: PLATFORM, action: 'keep', reason: 'is-ours' }
    : { partition: PLATFORM, action: 'leave', reason: 'another-has-it' };
}

/** Returns the holder if it is alive. */
function holderOf({ sharing, silent, self }: Situation, partition: string): string | undefined {
  const holder = sharing.shares[partition]?.holder;
  return holder === self || (holder !== undefined && holder in sharing.members && !silent.has(holder))
    ? holder
    : undefined;
}

function describeFree({ sharing }: Situation, partition: string): AssignmentReason {
  return sharing.shares[partition]?.holder === undefined ? 'nobody-has-it' : 'holder-is-silent';
}

/**
 * Returns the number of partitions that this member may hold. If they cannot be divided equally, the members that hold
 * most keep one more.
 */
function findMax(situation: Situation): number {
  const { sharing, self, silent } = situation;
  const members = [...new Set([...Object.keys(sharing.members), self])].filter((member) => !silent.has(member));
  const held = new Map(members.map((member) => [member, 0]));
  for (const partition of namePartitions(sharing.count)) {
    const holder = holderOf(situation, partition);
    if (holder !== undefined) held.set(holder, (held.get(holder) ?? 0) + 1);
  }
  const ranked = members.sort((a, b) => (held.get(b) ?? 0) - (held.get(a) ?? 0) || (a < b ? -1 : 1));
  const each = Math.floor(sharing.count / members.length);
  return ranked.indexOf(self) < sharing.count % members.length ? each + 1 : each;
}

/** True if no member holds a partition any more, so that the number of partitions may change. */
export function mayChangeCount(situation: Situation): boolean {
  const { sharing, wanted } = situation;
  return (
    wanted !== sharing.count &&
    namePartitions(sharing.count).every((partition) => holderOf(situation, partition) === undefined)
  );
}

/**
 * Returns the document that this member writes: its heartbeat and its decisions. `given` holds the assignments that
 * were released. `minEpoch` is later than any epoch found elsewhere in the store, because the document may have been
 * lost.
 */
export function renewSharing(
  situation: Situation,
  decisions: readonly AssignmentDecision[],
  {
    given,
    minEpoch,
    leaseMs,
  }: { readonly given: ReadonlySet<string>; readonly minEpoch: number; readonly leaseMs?: number },
): Sharing {
  const { sharing, self, silent, wanted } = situation;
  const members = Object.fromEntries(Object.entries(sharing.members).filter(([member]) => !silent.has(member)));
  const decided = new Map(decisions.map(({ partition, action }) => [partition, action]));
  const next = findLargest([minEpoch, ...Object.values(sharing.shares).map(({ epoch }) => epoch + 1)]);
  const count = mayChangeCount(situation) ? wanted : sharing.count;
  const shares = [PLATFORM, ...namePartitions(count)].map((partition): readonly [string, Partition] => {
    const before = sharing.shares[partition];
    const isGiven = given.has(partition) && before?.holder === self;
    const holder = isGiven ? undefined : holderOf(situation, partition);
    return [
      partition,
      decided.get(partition) === 'take' ? { holder: self, epoch: next } : { holder, epoch: before?.epoch ?? next },
    ];
  });
  return {
    count,
    members: { ...members, [self]: (sharing.members[self] ?? 0) + 1 },
    leases: leaseMs === undefined ? undefined : { ...keepLeases(sharing, members), [self]: leaseMs },
    shares: Object.fromEntries(shares),
  };
}

function keepLeases({ leases = {} }: Sharing, members: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(leases).filter(([member]) => member in members));
}
