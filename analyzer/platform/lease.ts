// Holds this analyzer's assignments: partitions of the records, and the platform incidents. One document in the store
// names members and holders; each member reads it twice a second, sends a heartbeat every RENEW_MS, and acts as
// decide.ts decides. No clocks are compared: a member is gone if another one saw no heartbeat of it for LEASE_MS on its
// own clock. A member that could not renew stops after HOLD_MS, even if it slept. Writes that were begun in time may
// reach the store LEASE_MS - HOLD_MS later; later ones are rejected by their epoch.
import { createSerialQueue, type SerialQueue } from '../../core/queue.js';
import { randomUUID } from 'node:crypto';
import { isObject } from '../../core/json.js';
import type { Log } from '../../core/log.js';
import { pause } from '../../core/time/wait.js';
import type { Collections, RecordFeed } from '../../store/store.js';
import {
  decideAssignment,
  mayChangeCount,
  renewSharing,
  type Sharing,
  type Partition,
  type AssignmentDecision,
  type Situation,
} from './decide.js';

export interface Lease {
  /** Returns the number of partitions of the records. */
  count(): number;
  /** Returns the partitions that this analyzer holds, ascending. */
  partitions(): readonly HeldPartition[];
  /**
   * Returns the epoch of an assignment, or undefined if another analyzer may hold it. Must be called again before each
   * action under the assignment.
   */
  epoch(partition: string): number | undefined;
  /** True if the assignment is held, or was held until a moment ago and no other analyzer is known to have it. */
  mayComeBack(partition: string): boolean;
  /** True if there are other members. */
  isShared(): boolean;
  /**
   * Releases an assignment that was revoked, or to which another analyzer has written in a later epoch (`seen`). The
   * next step lets others take it. Every later assignment gets an epoch after `seen`.
   */
  release(partition: string, seen?: number): void;
  /** Reads the document, renews, takes and releases, at a limited rate. Throws what the store throws. */
  step(): Promise<void>;
  /** Runs steps until the signal aborts, even while a step of the analyzer takes long. */
  run(signal: AbortSignal): Promise<void>;
  /** Returns the number of assignments that were taken from members that had gone silent, since the start. */
  takeovers(): number;
  /** Releases everything, so that the others need not wait. */
  end(): Promise<void>;
}

export interface HeldPartition {
  readonly partition: number;
  readonly epoch: number;
  /** True if the partition is revoked: it must be released as soon as its state is saved. */
  readonly isRevoked: boolean;
}

export interface LeaseOptions {
  readonly store: Pick<Collections, 'states'> & Pick<RecordFeed, 'countPartitions'>;
  readonly log: Log;
  /**
   * Called when no member holds a partition and the number of partitions changes. It may be called again, and by
   * several members.
   */
  readonly onCountChange?: (from: number, to: number) => Promise<void>;
  /** Monotonic clock in milliseconds. */
  readonly clock?: () => number;
  readonly now?: () => number;
}

export const POLL_MS = 500;
export const RENEW_MS = 2000;
/**
 * Time, in milliseconds, for which assignments may be used after the start of the last renewal that the store accepted.
 */
export const HOLD_MS = 6000;
/** Time, in milliseconds, after the last heartbeat that was seen, when a member is gone. */
export const LEASE_MS = 8000;
/**
 * Time, in milliseconds, without a read of the document, as during an outage of the store, after which this member
 * cannot know who was silent.
 */
const DEAF_MS = LEASE_MS / 2;
/**
 * Longest lease in milliseconds. A member that takes long to renew announces a longer lease, so that a slow store makes
 * no member count as gone.
 */
const MAX_LEASE_MS = 60_000;
const ANSWERS_OF_A_LEASE = 4;
/** Factor by which the remembered duration of a slow renewal decreases with each one. */
const SLOW_KEPT = 0.8;
/** Time, in milliseconds, between two requests for the number of partitions in the store. */
const COUNT_MS = 60_000;
/** Number of tries per step. If several members write at once, one succeeds and the others read and write again. */
const MAX_TRIES = 10;
const KEY = 'analyzer/parts';

/** Epoch of a single instance. No other analyzer ever has one. */
export const ALONE_EPOCH = 0;

/** Returns the lease of a single instance on its store, which holds everything. */
export function createStaticLease(): Lease {
  const partitions = [{ partition: 0, epoch: ALONE_EPOCH, isRevoked: false }];
  return {
    count: () => 1,
    partitions: () => partitions,
    epoch: () => ALONE_EPOCH,
    mayComeBack: () => true,
    isShared: () => false,
    release: () => undefined,
    step: () => Promise.resolve(),
    run: () => Promise.resolve(),
    takeovers: () => 0,
    end: () => Promise.resolve(),
  };
}

interface Holding extends LeaseOptions {
  readonly clock: () => number;
  readonly now: () => number;
  readonly self: string;
  /** Last heartbeat of each other member, and the time on this clock at which it was first seen. */
  readonly lastBeats: Map<string, { readonly beat: number; readonly since: number }>;
  /** Assignments that the store has for this analyzer, each with the time until which it may be used. */
  readonly held: Map<string, { readonly epoch: number; until: number }>;
  readonly asked: Set<string>;
  readonly given: Set<string>;
  /** Latest epoch that was found in the store. */
  seenEpoch: number;
  count: number;
  /** Current number of partitions in the store, and the time of that request. */
  wanted: number;
  countedAt: number;
  polledAt: number;
  /** Recent longest duration of a read and renewal, in milliseconds. */
  tookMs: number;
  takeovers: number;
  /** Time at which the document was read last. */
  seenAt: number;
  renewedAt: number;
  hasEnded: boolean;
  /** Steps one after the other. */
  readonly inOrder: SerialQueue;
}

export function createLease(options: LeaseOptions): Lease {
  const { clock = () => performance.now(), now = Date.now } = options;
  const holding: Holding = {
    ...options,
    clock,
    now,
    self: randomUUID(),
    lastBeats: new Map(),
    held: new Map(),
    asked: new Set(),
    given: new Set(),
    seenEpoch: 0,
    count: 1,
    wanted: 1,
    countedAt: Number.NEGATIVE_INFINITY,
    polledAt: Number.NEGATIVE_INFINITY,
    tookMs: 0,
    takeovers: 0,
    seenAt: Number.NEGATIVE_INFINITY,
    renewedAt: Number.NEGATIVE_INFINITY,
    hasEnded: false,
    inOrder: createSerialQueue(),
  };
  return {
    count: () => holding.count,
    partitions: () => listPartitions(holding),
    epoch: (partition) => readEpoch(holding, partition),
    mayComeBack: (partition) => holding.held.has(partition) && !holding.given.has(partition),
    isShared: () => holding.lastBeats.size > 0,
    release: (partition, seen = 0) => {
      holding.seenEpoch = Math.max(holding.seenEpoch, seen);
      if (holding.held.has(partition)) holding.given.add(partition);
    },
    step: () => holding.inOrder(() => step(holding)),
    run: (signal) => run(holding, signal),
    takeovers: () => holding.takeovers,
    end: () => holding.inOrder(() => end(holding)),
  };
}

function readEpoch({ held, given, clock }: Holding, partition: string): number | undefined {
  const one = held.get(partition);
  return one !== undefined && !given.has(partition) && clock() < one.until ? one.epoch : undefined;
}

function listPartitions(holding: Holding): readonly HeldPartition[] {
  return Array.from({ length: holding.count }, (_, partition) => partition).flatMap((partition) => {
    const epoch = readEpoch(holding, String(partition));
    return epoch === undefined ? [] : [{ partition, epoch, isRevoked: holding.asked.has(String(partition)) }];
  });
}

async function step(holding: Holding): Promise<void> {
  const { clock, given } = holding;
  if (holding.hasEnded || (clock() - holding.polledAt < POLL_MS && given.size === 0)) return;
  holding.polledAt = clock();
  if (clock() - holding.countedAt >= COUNT_MS) {
    holding.wanted = await holding.store.countPartitions();
    holding.countedAt = clock();
  }
  for (let tries = 0; tries < MAX_TRIES; tries++) if (await timePoll(holding)) return;
}

async function timePoll(holding: Holding): Promise<boolean> {
  const begun = holding.clock();
  try {
    return await poll(holding);
  } finally {
    holding.tookMs = Math.max(holding.clock() - begun, holding.tookMs * SLOW_KEPT);
  }
}

/**
 * Returns the lease that is announced to the others, in milliseconds: at least LEASE_MS, and several times the duration
 * of an answer.
 */
function chooseLease({ tookMs }: Holding): number {
  return Math.round(Math.min(MAX_LEASE_MS, Math.max(LEASE_MS, LEASE_MS / 2 + ANSWERS_OF_A_LEASE * tookMs)));
}

/** Returns false if another member has written meanwhile. */
async function poll(holding: Holding): Promise<boolean> {
  const { store, clock, given, self } = holding;
  const begun = clock();
  const stored = await store.states.load(KEY);
  const sharing = readSharing(stored?.value) ?? { count: holding.wanted, members: {}, shares: {} };
  const situation: Situation = { sharing, self, wanted: holding.wanted, silent: listen(holding, sharing) };
  const decisions = decideAssignment(situation);
  noteDecisions(holding, sharing, decisions);
  const hasNews =
    given.size > 0 ||
    !(self in sharing.members) ||
    mayChangeCount(situation) ||
    decisions.some(({ action }) => action === 'take');
  if (!hasNews && clock() - holding.renewedAt < RENEW_MS) return true;
  if (mayChangeCount(situation)) await holding.onCountChange?.(sharing.count, holding.wanted);
  const leaseMs = chooseLease(holding);
  const leastEpoch = Math.max(holding.now(), holding.seenEpoch + 1);
  const next = renewSharing(situation, decisions, { given, minEpoch: leastEpoch, leaseMs });
  if (!(await store.states.replace(stored, { key: KEY, value: renderSharing(next) }))) return false;
  holding.renewedAt = begun;
  holding.count = next.count;
  given.clear();
  noteHeld(holding, next, begun + (leaseMs * HOLD_MS) / LEASE_MS);
  logDecisions(holding, decisions);
  return true;
}

/**
 * Returns the members that are gone. If this member has not read the document for some time, it starts to count their
 * silence again.
 */
function listen(holding: Holding, { members, leases = {} }: Sharing): ReadonlySet<string> {
  const { lastBeats, self, clock } = holding;
  const now = clock();
  if (now - holding.seenAt > Math.max(DEAF_MS, 2 * holding.tookMs)) lastBeats.clear();
  holding.seenAt = now;
  for (const member of lastBeats.keys()) if (!(member in members)) lastBeats.delete(member);
  for (const [member, beat] of Object.entries(members))
    if (member !== self && lastBeats.get(member)?.beat !== beat) lastBeats.set(member, { beat, since: now });
  const isSilent = ([member, { since }]: readonly [string, { readonly since: number }]): boolean =>
    now - since >= (leases[member] ?? LEASE_MS);
  return new Set([...lastBeats].filter(isSilent).map(([member]) => member));
}

function noteDecisions(holding: Holding, sharing: Sharing, decisions: readonly AssignmentDecision[]): void {
  const { held, asked, self } = holding;
  // A member of an older release has written the document without leases. It waits only LEASE_MS, so that assignments
  // must not be used after HOLD_MS.
  if (sharing.leases?.[self] === undefined)
    for (const one of held.values()) one.until = Math.min(one.until, holding.renewedAt + HOLD_MS);
  holding.count = sharing.count;
  asked.clear();
  for (const { partition, action } of decisions) if (action === 'give-up') asked.add(partition);
  for (const partition of held.keys()) if (sharing.shares[partition]?.holder !== self) held.delete(partition);
}

function noteHeld({ held, self }: Holding, { shares }: Sharing, until: number): void {
  held.clear();
  for (const [partition, { holder, epoch }] of Object.entries(shares))
    if (holder === self) held.set(partition, { epoch, until });
}

function logDecisions(holding: Holding, decisions: readonly AssignmentDecision[]): void {
  const { log, self } = holding;
  const taken = decisions.filter(({ action }) => action === 'take');
  holding.takeovers += taken.filter(({ reason }) => reason === 'holder-is-silent').length;
  for (const { partition, reason } of taken)
    log.info({ part: partition, reason, analyzer: self }, 'The analyzer takes a partition.');
}

/**
 * Steps until the signal aborts. Errors of the store are logged at debug level, because the analyzer's own steps report
 * them too.
 */
async function run(holding: Holding, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await holding
      .inOrder(() => step(holding))
      .catch((error: unknown) =>
        holding.log.debug({ err: error }, 'The analyzer could not read which partitions it holds.'),
      );
    await pause(POLL_MS, signal);
  }
}

async function end(holding: Holding): Promise<void> {
  const { store, self, held, given } = holding;
  holding.hasEnded = true;
  held.clear();
  given.clear();
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const stored = await store.states.load(KEY);
    const sharing = readSharing(stored?.value);
    if (sharing === undefined || !(self in sharing.members)) return;
    const members = Object.entries(sharing.members).filter(([member]) => member !== self);
    const shares = Object.entries(sharing.shares).map(
      ([partition, { holder, epoch }]) => [partition, holder === self ? { epoch } : { holder, epoch }] as const,
    );
    const next = { ...sharing, members: Object.fromEntries(members), shares: Object.fromEntries(shares) };
    if (await store.states.replace(stored, { key: KEY, value: renderSharing(next) })) return;
  }
}

/** Renders the document of version 1, which names an epoch `turn`. */
function renderSharing({ shares, ...rest }: Sharing): string {
  const partitions = Object.entries(shares).map(([name, { holder, epoch }]) => [name, { holder, turn: epoch }]);
  return JSON.stringify({ version: 1, ...rest, shares: Object.fromEntries(partitions) });
}

/** Returns undefined if there is no document, or one of another version. */
function readSharing(text: string | undefined): Sharing | undefined {
  const value: unknown = text === undefined ? undefined : JSON.parse(text);
  if (!isObject(value) || value['version'] !== 1 || typeof value['count'] !== 'number') return undefined;
  const { count, members, shares, leases } = value;
  if (!isObject(members) || !isObject(shares)) return undefined;
  return {
    count,
    members: readNumbers(members),
    ...(isObject(leases) ? { leases: readNumbers(leases) } : {}),
    shares: Object.fromEntries(Object.entries(shares).flatMap(([name, partition]) => readPartition(name, partition))),
  };
}

function readNumbers(value: object): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(value).map(([member, number]) => [member, Number(number)]));
}

function readPartition(name: string, partition: unknown): readonly (readonly [string, Partition])[] {
  const epoch = isObject(partition) ? partition['turn'] : undefined;
  if (!isObject(partition) || typeof epoch !== 'number') return [];
  const { holder } = partition;
  return [[name, typeof holder === 'string' ? { holder, epoch } : { epoch }]];
}
