// Slows down password guessing: each failed sign-in makes the next wait longer. Failures are counted for a name from
// one address, for an address with any name, for a browser that has signed in before, and for a name from any address.
// Nobody can lock out somebody else: a browser that has signed in before has its own counter, and a name never waits
// long because of others. Counters are in the store, so that a restart, another process or many names do not reset
// them.
import { createHash } from 'node:crypto';
import { createCheck } from '../../core/document.js';
import { described, number, object, text, type Static } from '../../core/documents/schema.js';
import { createError } from '../../core/errors.js';
import { createVersionedList, type VersionedList, type VersionedListStore } from './versioned-list.js';

export type ThrottleKind = 'pair' | 'address' | 'device' | 'name';
export type ThrottleKeys = Readonly<Partial<Record<ThrottleKind, string | undefined>>>;

interface ThrottleLimits {
  /** Number of failures in a row that cause no pause. */
  readonly free: number;
  readonly longestMs: number;
  /** Time, in milliseconds, after which a failure is forgotten. */
  readonly rememberedMs: number;
}

const QUARTER_MS = 15 * 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LIMITS: Readonly<Record<ThrottleKind, ThrottleLimits>> = {
  pair: { free: 5, longestMs: QUARTER_MS, rememberedMs: DAY_MS },
  device: { free: 5, longestMs: QUARTER_MS, rememberedMs: DAY_MS },
  address: { free: 20, longestMs: QUARTER_MS, rememberedMs: HOUR_MS },
  name: { free: 100, longestMs: 30_000, rememberedMs: DAY_MS },
};
const FIRST_PAUSE_MS = 2000;
const SHARDS = 64;
const MAX_OF_SHARD = 300;

const ThrottleEntry = object({
  key: described(text, 'Hash of kind and text, so that the store contains no readable list of names that were tried.'),
  count: number,
  untilMs: number,
  atMs: number,
  forgetMs: number,
});
type ThrottleEntry = Static<typeof ThrottleEntry>;
const isEntry = createCheck(ThrottleEntry);

export interface SignInThrottle {
  /** Throws JT_SIGNIN_PAUSED if one of the keys has to wait. */
  check(keys: ThrottleKeys): Promise<void>;
  recordFailure(keys: ThrottleKeys): Promise<void>;
  recordSuccess(keys: ThrottleKeys): Promise<void>;
}

export function createSignInThrottle(store: VersionedListStore, now: () => number): SignInThrottle {
  const shards: VersionedList<ThrottleEntry>[] = Array.from({ length: SHARDS }, (_, index) =>
    createVersionedList(store, { name: `brake/${index}`, isItem: isEntry, now }),
  );
  const isForgotten = ({ forgetMs }: ThrottleEntry): boolean => forgetMs < now();
  const listCounters = (keys: ThrottleKeys) =>
    Object.entries(LIMITS).flatMap(([kind, limits]) => {
      const text = readKey(keys, kind);
      if (text === undefined) return [];
      const hash = createHash('sha256').update(`${kind} ${text}`).digest();
      const shard = shards[(hash[0] ?? 0) % SHARDS];
      return shard === undefined ? [] : [{ shard, key: hash.toString('base64url').slice(0, 22), limits }];
    });
  return {
    async check(keys) {
      for (const { shard, key } of listCounters(keys)) {
        const waitMs = ((await shard.list()).find((entry) => entry.key === key)?.untilMs ?? 0) - now();
        if (waitMs > 0) throw createError('JT_SIGNIN_PAUSED', { seconds: Math.ceil(waitMs / 1000) });
      }
    },
    async recordFailure(keys) {
      for (const { shard, key, limits } of listCounters(keys))
        await shard.change((entries) => {
          const kept = entries.filter((entry) => !isForgotten(entry));
          const count = (kept.find((entry) => entry.key === key)?.count ?? 0) + 1;
          const atMs = now();
          const untilMs = atMs + pauseOf(count, limits);
          const updated = { key, count, untilMs, atMs, forgetMs: atMs + limits.rememberedMs };
          return limitShard([...kept.filter((entry) => entry.key !== key), updated], now());
        });
    },
    async recordSuccess(keys) {
      for (const { shard, key } of listCounters(keys)) {
        if ((await shard.list()).every((entry) => entry.key !== key)) continue;
        await shard.change((entries) => entries.filter((entry) => entry.key !== key));
      }
    },
  };
}

function readKey(keys: ThrottleKeys, kind: string): string | undefined {
  return new Map<string, string | undefined>(Object.entries(keys)).get(kind);
}

function pauseOf(count: number, { free, longestMs }: ThrottleLimits): number {
  return count < free ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (count - free), longestMs);
}

/**
 * Removes the lightest entries of a full shard. Entries that are waiting go last, so that many invented names cannot
 * displace an active pause.
 */
function limitShard(entries: readonly ThrottleEntry[], nowMs: number): readonly ThrottleEntry[] {
  if (entries.length <= MAX_OF_SHARD) return entries;
  const weight = ({ untilMs, count }: ThrottleEntry): number => (untilMs > nowMs ? 1e9 : 0) + count;
  const newest = entries.at(-1);
  const others = entries.slice(0, -1).sort((a, b) => weight(b) - weight(a) || b.atMs - a.atMs);
  return [...others.slice(0, MAX_OF_SHARD - 1), ...(newest === undefined ? [] : [newest])];
}
