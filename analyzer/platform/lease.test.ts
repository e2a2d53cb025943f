import { describe, expect, it } from 'vitest';
import { createError } from '../../core/errors.js';
import { openStore } from '../../store/open.js';
import type { Store } from '../../store/store.js';
import { createLease, HOLD_MS, LEASE_MS, RENEW_MS, type Lease } from './lease.js';

/** Each has a clock of its own, none of which shows the same. */
class Machine {
  elapsedMs = Math.random() * 1e9;
  readonly lease: Lease;
  constructor(store: Store, index: number, of = 2) {
    this.lease = createLease({ store, shard: { index, of }, clock: () => this.elapsedMs });
  }

  get turn(): number | undefined {
    return this.lease.turn();
  }
}

async function useMachines(
  test: (one: Machine, other: Machine, pass: (ms: number, ...alive: Machine[]) => Promise<void>) => Promise<void>,
): Promise<void> {
  const store = await openStore({ kind: 'sqlite', path: ':memory:' });
  const all = [new Machine(store, 0), new Machine(store, 1)] as const;
  await test(...all, async (ms, ...alive) => {
    for (let passed = 0; passed < ms; passed += RENEW_MS) {
      for (const machine of all) machine.elapsedMs += Math.min(RENEW_MS, ms - passed);
      for (const machine of alive) await machine.lease.step();
    }
  });
  await store.close();
}

describe('createLease', () => {
  it('is held by one of several, for as long as that one renews it', () =>
    useMachines(async (one, other, pass) => {
      await Promise.all([one.lease.step(), other.lease.step()]);
      const holders = [one, other].filter(({ turn }) => turn !== undefined);
      const turns = [one.turn, other.turn];

      await pass(10 * LEASE_MS, one, other);

      expect(holders).toHaveLength(1);
      expect([one.turn, other.turn]).toEqual(turns);
    }));

  it('is taken by another in a new turn when the holder is dead', () =>
    useMachines(async (one, other, pass) => {
      await one.lease.step();
      await pass(RENEW_MS, one, other);
      const before = one.turn;

      await pass(LEASE_MS - RENEW_MS, other);
      expect(other.turn).toBeUndefined();
      await pass(2 * RENEW_MS, other);

      expect(before).toBeDefined();
      expect(other.turn).toBe((before ?? 0) + 1);
    }));

  it('is held no more by one that slept, before another may take it', () =>
    useMachines(async (one, other, pass) => {
      await one.lease.step();
      await pass(RENEW_MS, one, other);

      await pass(HOLD_MS, other);
      expect([one.turn, other.turn]).toEqual([undefined, undefined]);
      await pass(LEASE_MS, other);
      await one.lease.step();

      expect(one.turn).toBeUndefined();
      expect(other.turn).toBeDefined();
    }));

  it('stays in the same turn when nobody else took it meanwhile', () =>
    useMachines(async (one, _other, pass) => {
      await one.lease.step();
      const before = one.turn;

      await pass(HOLD_MS);
      expect(one.turn).toBeUndefined();
      await pass(RENEW_MS, one);

      expect(one.turn).toBe(before);
    }));

  it('is free at once when the holder gives it back', () =>
    useMachines(async (one, other, pass) => {
      await one.lease.step();
      await pass(RENEW_MS, one, other);

      await one.lease.end();
      await pass(RENEW_MS, other);

      expect(one.turn).toBeUndefined();
      expect(other.turn).toBeDefined();
    }));

  it('is held by nobody who does not know whether the store took it', async () => {
    const store = await openStore({ kind: 'sqlite', path: ':memory:' });
    const lost = createError('JT_STORE_UNREACHABLE', { url: 'x', problem: 'no answer' });
    const deaf: Store = {
      ...store,
      replaceState: async (...change) => {
        await store.replaceState(...change);
        throw lost;
      },
    };
    const machine = new Machine(deaf, 0);

    await expect(machine.lease.step()).rejects.toBe(lost);

    expect(machine.turn).toBeUndefined();
    await store.close();
  });

  it('asks nothing of the store where one is alone', async () => {
    const store = await openStore({ kind: 'sqlite', path: ':memory:' });
    const alone = new Machine(store, 0, 1);

    await alone.lease.step();

    expect(alone.turn).toBeDefined();
    expect(await store.loadState('analyzer/platform')).toBeUndefined();
    await store.close();
  });
});
