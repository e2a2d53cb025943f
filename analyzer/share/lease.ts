// What this analyzer holds of what all analyzers on a store share: parts of the records, and writing the platform
// incidents. One document there says who takes part and who has what; each looks at it twice a second, says every
// RENEW_MS that it lives, and takes and gives up what decide.ts says. Nobody compares clocks: one who was not seen to
// say anything for LEASE_MS is gone, by the clock of whoever looks. Who could not say it in time stops before another
// may begin, also when it slept meanwhile. Between the two lies LEASE_MS - HOLD_MS: so late may what was begun in time
// reach the store; what comes later is refused there by its turn.
import { randomUUID } from 'node:crypto';
import { isObject } from '../../core/json.js';
import type { Log } from '../../core/log.js';
import { pause } from '../../core/time/wait.js';
import type { RecordFeed, StateStore } from '../../store/store.js';
import {
  decideShares,
  mayCountAnew,
  renewSharing,
  type Sharing,
  type Share,
  type ShareDecision,
  type Situation,
} from './decide.js';

export interface Lease {
  /** Parts into which the records fall. */
  count(): number;
  /** Those that are ours, ascending. */
  parts(): readonly HeldPart[];
  /** To be asked again before each thing that is done in its name; undefined while somebody else may hold it. */
  turn(share: string): number | undefined;
  /** Held, or held until a moment ago, and nobody else is known to have it. */
  mayComeBack(share: string): boolean;
  /** Whether there are others. */
  isShared(): boolean;
  /**
   * Releases what was asked back, or what somebody else has written to in a later turn (`seen`): the next step lets
   * others have it, and whatever is taken from then on has a turn later than that one.
   */
  giveBack(share: string, seen?: number): void;
  /** Looks, renews, takes and lets go, not more often than it is worth it. Throws what the store throws. */
  step(): Promise<void>;
  /** Steps until the signal aborts, also while a step of the analyzer takes long. */
  run(signal: AbortSignal): Promise<void>;
  /** Parts that were taken from one that had gone silent, since the start. */
  takeovers(): number;
  /** Gives all back: then nobody need wait. */
  end(): Promise<void>;
}

export interface HeldPart {
  readonly part: number;
  readonly turn: number;
  /** Another one shall have it: it is to be given back as soon as its state is saved. */
  readonly isAskedBack: boolean;
}

export interface LeaseOptions {
  readonly store: Pick<StateStore, 'loadState' | 'replaceState'> & Pick<RecordFeed, 'countParts'>;
  readonly log: Log;
  /** Called when nobody holds a part and they are counted anew; may be called again, and by several. */
  readonly onCountAnew?: (from: number, to: number) => Promise<void>;
  /** Milliseconds of a clock that nobody sets. */
  readonly clock?: () => number;
  readonly now?: () => number;
}

export const LOOK_MS = 500;
export const RENEW_MS = 2000;
/** From when the renewal was begun that the store took last. */
export const HOLD_MS = 6000;
/** From when the last renewal was seen. */
export const LEASE_MS = 8000;
/** Who has not looked for so long, as while the store was away, cannot tell who was silent meanwhile. */
const DEAF_MS = LEASE_MS / 2;
/** A store that answers slowly makes nobody silent: who takes long to renew asks the others to wait longer. */
const MAX_LEASE_MS = 60_000;
const ANSWERS_OF_A_LEASE = 4;
/** Of a slow answer so much is remembered at the next. */
const SLOW_KEPT = 0.8;
/** How often the store is asked into how many parts its records fall. */
const COUNT_MS = 60_000;
/** Of several who write at once one succeeds; the others look again, and again. */
const MOST_TRIES = 10;
const KEY = 'analyzer/parts';

/** A turn of who is alone: nobody else ever has one. */
export const ALONE_TURN = 0;

/** Of who is alone on its store: all is its. */
export function createLoneLease(): Lease {
  const parts = [{ part: 0, turn: ALONE_TURN, isAskedBack: false }];
  return {
    count: () => 1,
    parts: () => parts,
    turn: () => ALONE_TURN,
    mayComeBack: () => true,
    isShared: () => false,
    giveBack: () => undefined,
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
  /** By the other members: how often each has said that it lives, and since when that is so, by this clock. */
  readonly heard: Map<string, { readonly beat: number; readonly since: number }>;
  /** What the store has as ours, each until when it may be used. */
  readonly held: Map<string, { readonly turn: number; until: number }>;
  readonly asked: Set<string>;
  readonly given: Set<string>;
  /** The latest turn that was met in the store. */
  seenTurn: number;
  count: number;
  /** As the store has it by now, and when that was asked. */
  wanted: number;
  countedAt: number;
  lookedAt: number;
  /** How long it lately takes at most to look and renew. */
  tookMs: number;
  takeovers: number;
  /** When the document was seen last. */
  seenAt: number;
  renewedAt: number;
  hasEnded: boolean;
  /** One step after the other. */
  last: Promise<void>;
}

export function createLease(options: LeaseOptions): Lease {
  const { clock = () => performance.now(), now = Date.now } = options;
  const holding: Holding = {
    ...options,
    clock,
    now,
    self: randomUUID(),
    heard: new Map(),
    held: new Map(),
    asked: new Set(),
    given: new Set(),
    seenTurn: 0,
    count: 1,
    wanted: 1,
    countedAt: Number.NEGATIVE_INFINITY,
    lookedAt: Number.NEGATIVE_INFINITY,
    tookMs: 0,
    takeovers: 0,
    seenAt: Number.NEGATIVE_INFINITY,
    renewedAt: Number.NEGATIVE_INFINITY,
    hasEnded: false,
    last: Promise.resolve(),
  };
  return {
    count: () => holding.count,
    parts: () => listParts(holding),
    turn: (share) => readTurn(holding, share),
    mayComeBack: (share) => holding.held.has(share) && !holding.given.has(share),
    isShared: () => holding.heard.size > 0,
    giveBack: (share, seen = 0) => {
      holding.seenTurn = Math.max(holding.seenTurn, seen);
      if (holding.held.has(share)) holding.given.add(share);
    },
    step: () => inTurn(holding, () => step(holding)),
    run: (signal) => run(holding, signal),
    takeovers: () => holding.takeovers,
    end: () => inTurn(holding, () => end(holding)),
  };
}

function readTurn({ held, given, clock }: Holding, share: string): number | undefined {
  const one = held.get(share);
  return one !== undefined && !given.has(share) && clock() < one.until ? one.turn : undefined;
}

function listParts(holding: Holding): readonly HeldPart[] {
  return Array.from({ length: holding.count }, (_, part) => part).flatMap((part) => {
    const turn = readTurn(holding, String(part));
    return turn === undefined ? [] : [{ part, turn, isAskedBack: holding.asked.has(String(part)) }];
  });
}

function inTurn(holding: Holding, work: () => Promise<void>): Promise<void> {
  const done = holding.last.then(work);
  holding.last = done.catch(() => undefined);
  return done;
}

async function step(holding: Holding): Promise<void> {
  const { clock, given } = holding;
  if (holding.hasEnded || (clock() - holding.lookedAt < LOOK_MS && given.size === 0)) return;
  holding.lookedAt = clock();
  if (clock() - holding.countedAt >= COUNT_MS) {
    holding.wanted = await holding.store.countParts();
    holding.countedAt = clock();
  }
  for (let tries = 0; tries < MOST_TRIES; tries++) if (await timeLook(holding)) return;
}

async function timeLook(holding: Holding): Promise<boolean> {
  const begun = holding.clock();
  try {
    return await look(holding);
  } finally {
    holding.tookMs = Math.max(holding.clock() - begun, holding.tookMs * SLOW_KEPT);
  }
}

/** What is told the others: at least LEASE_MS, and several times what an answer takes. */
function chooseLease({ tookMs }: Holding): number {
  return Math.round(Math.min(MAX_LEASE_MS, Math.max(LEASE_MS, LEASE_MS / 2 + ANSWERS_OF_A_LEASE * tookMs)));
}

/** False when somebody else has written meanwhile. */
async function look(holding: Holding): Promise<boolean> {
  const { store, clock, given, self } = holding;
  const begun = clock();
  const text = await store.loadState(KEY);
  const sharing = readSharing(text) ?? { count: holding.wanted, members: {}, shares: {} };
  const situation: Situation = { sharing, self, wanted: holding.wanted, silent: listen(holding, sharing) };
  const decisions = decideShares(situation);
  noteDecisions(holding, sharing, decisions);
  const hasNews =
    given.size > 0 ||
    !(self in sharing.members) ||
    mayCountAnew(situation) ||
    decisions.some(({ action }) => action === 'take');
  if (!hasNews && clock() - holding.renewedAt < RENEW_MS) return true;
  if (mayCountAnew(situation)) await holding.onCountAnew?.(sharing.count, holding.wanted);
  const leaseMs = chooseLease(holding);
  const leastTurn = Math.max(holding.now(), holding.seenTurn + 1);
  const next = renewSharing(situation, decisions, { given, leastTurn, leaseMs });
  if (!(await store.replaceState(KEY, text, JSON.stringify({ version: 1, ...next })))) return false;
  holding.renewedAt = begun;
  holding.count = next.count;
  given.clear();
  noteHeld(holding, next, begun + (leaseMs * HOLD_MS) / LEASE_MS);
  tell(holding, decisions);
  return true;
}

/** Who is silent for so long that it does nothing any more. While this one was deaf it heard nobody. */
function listen(holding: Holding, { members, leases = {} }: Sharing): ReadonlySet<string> {
  const { heard, self, clock } = holding;
  const now = clock();
  if (now - holding.seenAt > Math.max(DEAF_MS, 2 * holding.tookMs)) heard.clear();
  holding.seenAt = now;
  for (const member of heard.keys()) if (!(member in members)) heard.delete(member);
  for (const [member, beat] of Object.entries(members))
    if (member !== self && heard.get(member)?.beat !== beat) heard.set(member, { beat, since: now });
  const isSilent = ([member, { since }]: readonly [string, { readonly since: number }]): boolean =>
    now - since >= (leases[member] ?? LEASE_MS);
  return new Set([...heard].filter(isSilent).map(([member]) => member));
}

function noteDecisions(holding: Holding, sharing: Sharing, decisions: readonly ShareDecision[]): void {
  const { held, asked, self } = holding;
  // A member of an older release has written the document without it, and waits no longer than ever.
  if (sharing.leases?.[self] === undefined)
    for (const one of held.values()) one.until = Math.min(one.until, holding.renewedAt + HOLD_MS);
  holding.count = sharing.count;
  asked.clear();
  for (const { share, action } of decisions) if (action === 'give-up') asked.add(share);
  for (const share of held.keys()) if (sharing.shares[share]?.holder !== self) held.delete(share);
}

function noteHeld({ held, self }: Holding, { shares }: Sharing, until: number): void {
  held.clear();
  for (const [share, { holder, turn }] of Object.entries(shares)) if (holder === self) held.set(share, { turn, until });
}

function tell(holding: Holding, decisions: readonly ShareDecision[]): void {
  const { log, self } = holding;
  const taken = decisions.filter(({ action }) => action === 'take');
  holding.takeovers += taken.filter(({ reason }) => reason === 'holder-is-silent').length;
  for (const { share, reason } of taken)
    log.info({ part: share, reason, analyzer: self }, 'The analyzer takes a part.');
}

/** What the store refuses is told by the steps of the analyzer, which need it, too. */
async function run(holding: Holding, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await inTurn(holding, () => step(holding)).catch((error: unknown) =>
      holding.log.debug({ err: error }, 'The analyzer could not look which parts are its.'),
    );
    await pause(LOOK_MS, signal);
  }
}

async function end(holding: Holding): Promise<void> {
  const { store, self, held, given } = holding;
  holding.hasEnded = true;
  held.clear();
  given.clear();
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const text = await store.loadState(KEY);
    const sharing = readSharing(text);
    if (sharing === undefined || !(self in sharing.members)) return;
    const members = Object.entries(sharing.members).filter(([member]) => member !== self);
    const shares = Object.entries(sharing.shares).map(
      ([share, { holder, turn }]) => [share, holder === self ? { turn } : { holder, turn }] as const,
    );
    const next = { ...sharing, members: Object.fromEntries(members), shares: Object.fromEntries(shares) };
    if (await store.replaceState(KEY, text, JSON.stringify({ version: 1, ...next }))) return;
  }
}

/** What nobody has written, or another version, is no sharing. */
function readSharing(text: string | undefined): Sharing | undefined {
  const value: unknown = text === undefined ? undefined : JSON.parse(text);
  if (!isObject(value) || value['version'] !== 1 || typeof value['count'] !== 'number') return undefined;
  const { count, members, shares, leases } = value;
  if (!isObject(members) || !isObject(shares)) return undefined;
  return {
    count,
    members: readNumbers(members),
    ...(isObject(leases) ? { leases: readNumbers(leases) } : {}),
    shares: Object.fromEntries(Object.entries(shares).flatMap(([name, share]) => readShare(name, share))),
  };
}

function readNumbers(value: object): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(value).map(([member, number]) => [member, Number(number)]));
}

function readShare(name: string, share: unknown): readonly (readonly [string, Share])[] {
  if (!isObject(share) || typeof share['turn'] !== 'number') return [];
  const { holder, turn } = share;
  return [[name, typeof holder === 'string' ? { holder, turn } : { turn }]];
}
