// Which parts of the records an analyzer takes, keeps and gives up: of what all analyzers on a store know of each other
// (the members, who has what) → a decision for each thing that one of them has at a time, with its reason. Every member
// decides by itself, from the same document, and all come to the same sharing: none has two parts more than another.
// Pure; the document is read and replaced by lease.ts.
import { findLargest } from '../../core/sequence.js';

/** As it stands in the store, changed by compare-and-set alone. */
export interface Sharing {
  /** Parts into which the records fall. */
  readonly count: number;
  /** Who takes part → how often it has said so. */
  readonly members: Readonly<Record<string, number>>;
  /** After how many milliseconds of silence a member is gone, as it says itself; an older release says nothing. */
  readonly leases?: Readonly<Record<string, number>>;
  /** Each thing that one has at a time: a part by its number, the platform incidents. */
  readonly shares: Readonly<Record<string, Share>>;
}

export interface Share {
  /** Undefined: it was given back, or its holder is gone. */
  readonly holder?: string;
  /** Another number, and a later one, each time that somebody takes it. */
  readonly turn: number;
}

export interface Situation {
  readonly sharing: Sharing;
  readonly self: string;
  /** Members that have said nothing for so long that they do nothing any more. */
  readonly silent: ReadonlySet<string>;
  /** Parts into which the records fall by now. */
  readonly wanted: number;
}

export type ShareReason =
  | 'is-ours'
  | 'nobody-has-it'
  | 'holder-is-silent'
  | 'another-has-it'
  | 'enough-are-ours'
  | 'others-have-fewer'
  | 'parts-are-counted-anew';

export interface ShareDecision {
  readonly share: string;
  readonly action: 'take' | 'keep' | 'give-up' | 'leave';
  readonly reason: ShareReason;
}

/** Of writing the incidents of all clusters. */
export const PLATFORM = 'platform';

export function nameParts(count: number): readonly string[] {
  return Array.from({ length: count }, (_, number) => String(number));
}

export function decideShares(situation: Situation): readonly ShareDecision[] {
  const { sharing, self, wanted } = situation;
  const isCountedAnew = wanted !== sharing.count;
  const parts = nameParts(sharing.count);
  const most = isCountedAnew ? 0 : findMost(situation);
  const ours = parts.filter((part) => holderOf(situation, part) === self);
  let room = most - ours.length;
  const decidePart = (share: string): ShareDecision => {
    const holder = holderOf(situation, share);
    if (holder === self) {
      if (ours.indexOf(share) < most) return { share, action: 'keep', reason: 'is-ours' };
      return { share, action: 'give-up', reason: isCountedAnew ? 'parts-are-counted-anew' : 'others-have-fewer' };
    }
    if (holder !== undefined) return { share, action: 'leave', reason: 'another-has-it' };
    if (room-- > 0) return { share, action: 'take', reason: describeFree(situation, share) };
    return { share, action: 'leave', reason: isCountedAnew ? 'parts-are-counted-anew' : 'enough-are-ours' };
  };
  return [decidePlatform(situation), ...parts.map(decidePart)];
}

/** One of all, whoever comes first. */
function decidePlatform(situation: Situation): ShareDecision {
  const holder = holderOf(situation, PLATFORM);
  if (holder === undefined) return { share: PLATFORM, action: 'take', reason: describeFree(situation, PLATFORM) };
  return holder === situation.self
    ? { share: PLATFORM, action: 'keep', reason: 'is-ours' }
    : { share: PLATFORM, action: 'leave', reason: 'another-has-it' };
}

/** One that lives. */
function holderOf({ sharing, silent, self }: Situation, share: string): string | undefined {
  const holder = sharing.shares[share]?.holder;
  return holder === self || (holder !== undefined && holder in sharing.members && !silent.has(holder))
    ? holder
    : undefined;
}

function describeFree({ sharing }: Situation, share: string): ShareReason {
  return sharing.shares[share]?.holder === undefined ? 'nobody-has-it' : 'holder-is-silent';
}

/** Parts that this member may have: those who have most keep the ones that are left over when all have as many. */
function findMost(situation: Situation): number {
  const { sharing, self, silent } = situation;
  const members = [...new Set([...Object.keys(sharing.members), self])].filter((member) => !silent.has(member));
  const held = new Map(members.map((member) => [member, 0]));
  for (const part of nameParts(sharing.count)) {
    const holder = holderOf(situation, part);
    if (holder !== undefined) held.set(holder, (held.get(holder) ?? 0) + 1);
  }
  const ranked = members.sort((a, b) => (held.get(b) ?? 0) - (held.get(a) ?? 0) || (a < b ? -1 : 1));
  const each = Math.floor(sharing.count / members.length);
  return ranked.indexOf(self) < sharing.count % members.length ? each + 1 : each;
}

/** True when nobody holds a part any more, so that they may be counted anew. */
export function mayCountAnew(situation: Situation): boolean {
  const { sharing, wanted } = situation;
  return wanted !== sharing.count && nameParts(sharing.count).every((part) => holderOf(situation, part) === undefined);
}

/**
 * What this member writes when it lives and all goes as decided. `given`: of what is to be given up, what is free.
 * `leastTurn`: later than any turn that was met elsewhere in the store, since this document may have been lost.
 */
export function renewSharing(
  situation: Situation,
  decisions: readonly ShareDecision[],
  {
    given,
    leastTurn,
    leaseMs,
  }: { readonly given: ReadonlySet<string>; readonly leastTurn: number; readonly leaseMs?: number },
): Sharing {
  const { sharing, self, silent, wanted } = situation;
  const members = Object.fromEntries(Object.entries(sharing.members).filter(([member]) => !silent.has(member)));
  const decided = new Map(decisions.map(({ share, action }) => [share, action]));
  const next = findLargest([leastTurn, ...Object.values(sharing.shares).map(({ turn }) => turn + 1)]);
  const count = mayCountAnew(situation) ? wanted : sharing.count;
  const shares = [PLATFORM, ...nameParts(count)].map((share): readonly [string, Share] => {
    const before = sharing.shares[share];
    const isGiven = given.has(share) && before?.holder === self;
    const holder = isGiven ? undefined : holderOf(situation, share);
    return [
      share,
      decided.get(share) === 'take' ? { holder: self, turn: next } : { holder, turn: before?.turn ?? next },
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
