// Who writes platform incidents: one of all analyzers on a store, the one that renews the lease. Another one takes it
// when it has seen nobody renew it for a while. Each measures that by its own clock, from what it saw itself: the
// clocks of machines may differ as they like. Whoever could not renew it in time stops before another may begin, also
// when it slept meanwhile. Between the two lies LEASE_MS - HOLD_MS: so late may what was begun in time reach the store.
// Renewed by keeper.ts; asked by the notifier, too.
import { randomUUID } from 'node:crypto';
import { isObject } from '../../core/json.js';
import type { StateStore } from '../../store/store.js';

export interface Lease {
  /**
   * Another number each time that it is taken, by whomever; undefined while somebody else may hold it. To be asked
   * again before each thing that is done in its name.
   */
  turn(): number | undefined;
  /** Renews it, or takes it where nobody renews it; asks the store every RENEW_MS. Throws what the store throws. */
  step(): Promise<void>;
  /** Gives it back: then nobody need wait. */
  end(): Promise<void>;
}

export interface LeaseOptions {
  readonly store: Pick<StateStore, 'loadState' | 'replaceState'>;
  readonly shard: { readonly index: number; readonly of: number };
  /** Milliseconds of a clock that nobody sets. */
  readonly clock?: () => number;
}

export const RENEW_MS = 2000;
/** From when the renewal was begun that the store took last. */
export const HOLD_MS = 6000;
/** From when the last renewal was seen. */
export const LEASE_MS = 9000;
const KEY = 'analyzer/platform';

interface Stored {
  /** Empty when it was given back. */
  readonly holder: string;
  readonly turn: number;
  /** No two texts are the same. */
  readonly renewals: number;
}

interface Holding {
  readonly store: LeaseOptions['store'];
  readonly clock: () => number;
  readonly holder: string;
  askedAt: number;
  /** As the store had it last, and since when by this clock. */
  seen: { readonly text: string | undefined; readonly since: number };
  held: { readonly turn: number; readonly until: number } | undefined;
}

/** Who is alone needs none. */
export function createLease({ store, shard, clock = () => performance.now() }: LeaseOptions): Lease {
  if (shard.of === 1) return { turn: () => 0, step: () => Promise.resolve(), end: () => Promise.resolve() };
  const holding: Holding = {
    store,
    clock,
    holder: `${shard.index}-of-${shard.of} ${randomUUID()}`,
    askedAt: Number.NEGATIVE_INFINITY,
    seen: { text: undefined, since: Number.POSITIVE_INFINITY },
    held: undefined,
  };
  return {
    turn: () => readTurn(holding),
    step: () => step(holding),
    end: () => end(holding),
  };
}

function readTurn({ held, clock }: Holding): number | undefined {
  return held !== undefined && clock() < held.until ? held.turn : undefined;
}

async function step(holding: Holding): Promise<void> {
  const { store, clock, holder } = holding;
  const begun = clock();
  if (begun - holding.askedAt < RENEW_MS) return;
  holding.askedAt = begun;
  const text = await store.loadState(KEY);
  if (text !== holding.seen.text) holding.seen = { text, since: clock() };
  const stored = readStored(text);
  if (!mayTake(stored, holding)) {
    holding.held = undefined;
    return;
  }
  const turn = stored.holder === holder ? stored.turn : stored.turn + 1;
  const next: Stored = { holder, turn, renewals: stored.renewals + 1 };
  const isTaken = await store.replaceState(KEY, text, JSON.stringify(next));
  holding.held = isTaken ? { turn, until: begun + HOLD_MS } : undefined;
}

function mayTake({ holder }: Stored, { holder: own, seen, clock }: Holding): boolean {
  return holder === '' || holder === own || clock() - seen.since >= LEASE_MS;
}

async function end(holding: Holding): Promise<void> {
  const { store, holder } = holding;
  holding.held = undefined;
  const text = await store.loadState(KEY);
  const stored = readStored(text);
  if (stored.holder !== holder) return;
  const next: Stored = { ...stored, holder: '', renewals: stored.renewals + 1 };
  await store.replaceState(KEY, text, JSON.stringify(next));
}

/** What nobody has written, or another version, is nobody's. */
function readStored(text: string | undefined): Stored {
  const value: unknown = text === undefined ? undefined : JSON.parse(text);
  const { holder, turn, renewals } = isObject(value) ? value : {};
  return typeof holder === 'string' && typeof turn === 'number' && typeof renewals === 'number'
    ? { holder, turn, renewals }
    : { holder: '', turn: 0, renewals: 0 };
}
