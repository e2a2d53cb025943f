import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createError } from '../../core/errors.js';
import { createLog } from '../../core/log.js';
import type { Incident } from '../../core/documents/incident.js';
import { openStore } from '../../store/open.js';
import type { Store } from '../../store/store.js';
import { makeIncident } from '../../store/testing/samples.js';
import { PLATFORM } from './decide.js';
import { createFence, LostPartition } from './fence.js';
import { createLease, createStaticLease, HOLD_MS, LEASE_MS, POLL_MS, RENEW_MS, type Lease } from './lease.js';

/** Store that assigns records to four partitions by the last character of their cluster. */
let store: Store;
let count = 4;
beforeEach(async () => {
  count = 4;
  const sqlite = await openStore({ kind: 'sqlite', path: ':memory:' });
  store = {
    ...sqlite,
    countPartitions: () => Promise.resolve(count),
    findPartition: (cluster, of) => Number(cluster.at(-1)) % of,
  };
});
afterEach(() => store.close());

/** Machine with a clock of its own; no two clocks show the same. */
class Machine {
  elapsedMs = Math.random() * 1e9;
  readonly lease: Lease;
  readonly counted: string[] = [];
  constructor(own: Store = store) {
    this.lease = createLease({
      store: own,
      log: createLog('silent'),
      clock: () => this.elapsedMs,
      onCountChange: (from, to) => Promise.resolve(void this.counted.push(`${from} to ${to}`)),
    });
  }

  get parts(): readonly number[] {
    return this.lease.partitions().map(({ partition }) => partition);
  }

  get platform(): number | undefined {
    return this.lease.epoch(PLATFORM);
  }

  /** Releases revoked partitions, as the analyzer does when their state is saved. */
  letGo(): void {
    for (const { partition, isRevoked } of this.lease.partitions())
      if (isRevoked) this.lease.release(String(partition));
  }
}

/** Moves all clocks forward; the machines that are alive run their steps. */
async function pass(ms: number, all: readonly Machine[], alive = all): Promise<void> {
  for (let passed = 0; passed < ms; passed += POLL_MS) {
    for (const machine of all) machine.elapsedMs += POLL_MS;
    for (const machine of alive) {
      await machine.lease.step();
      machine.letGo();
    }
  }
}

function pair(): readonly [Machine, Machine] {
  return [new Machine(), new Machine()];
}

/** Returns a store whose answers take that long, on every machine. */
function slow(answerMs: number, machines: readonly Machine[]): Store {
  const wait = (): void => {
    for (const machine of machines) machine.elapsedMs += answerMs;
  };
  return {
    ...store,
    states: {
      ...store.states,
      load: (key) => {
        wait();
        return store.states.load(key);
      },
      replace: (known, next) => {
        wait();
        return store.states.replace(known, next);
      },
    },
  };
}

describe('a store that takes seconds to answer', () => {
  it('makes no analyzer take what another one has that lives, and one that died is replaced', async () => {
    const all: Machine[] = [];
    const own = slow(1500, all);
    all.push(new Machine(own), new Machine(own));
    const [one, two] = all as [Machine, Machine];
    await pass(30_000, all);
    const [before, other] = [one.parts, two.parts];
    await pass(120_000, all);

    expect([one.parts, two.parts]).toEqual([before, other]);
    expect([one.lease.takeovers(), two.lease.takeovers()]).toEqual([0, 0]);
    expect(before.length + other.length).toBe(4);
    await pass(120_000, all, [two]);
    expect(two.parts).toHaveLength(4);
    expect(two.lease.takeovers()).toBeGreaterThan(0);
  });
});

describe('createLease', () => {
  it('gives all to one who is alone, and half to a second one that comes', async () => {
    const [one, other] = pair();
    await pass(POLL_MS, [one]);
    const alone = one.parts;
    await pass(4 * POLL_MS, [one, other]);

    expect(alone).toEqual([0, 1, 2, 3]);
    expect([one.parts, other.parts]).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect([one.platform !== undefined, other.platform !== undefined]).toEqual([true, false]);
    expect([one.lease.isShared(), other.lease.isShared()]).toEqual([true, true]);
  });

  it('never gives a part to two, whenever they look', async () => {
    const all = [new Machine(), new Machine(), new Machine()];
    for (let round = 0; round < 40; round++) {
      const alive = all.filter(() => Math.random() < 0.8);
      await pass(POLL_MS, all, alive);
      const held = all.flatMap(({ parts }) => parts);
      expect(held).toEqual([...new Set(held)]);
      await Promise.all(alive.map((machine) => machine.lease.step()));
    }
  });

  it('gives what a dead one had to the others in a later turn, when nobody has heard of it for the time of a lease', async () => {
    const [one, other] = pair();
    await pass(8 * RENEW_MS, [one, other]);
    const turns = [one.lease.epoch('0') ?? 0, one.platform ?? 0];

    await pass(LEASE_MS - RENEW_MS, [one, other], [other]);
    const before = other.parts;
    await pass(RENEW_MS + POLL_MS, [one, other], [other]);

    expect(before).toEqual([2, 3]);
    expect(other.parts).toEqual([0, 1, 2, 3]);
    expect(other.lease.epoch('0')).toBeGreaterThan(turns[0] ?? 0);
    expect(other.platform).toBeGreaterThan(turns[1] ?? 0);
    expect(other.lease.isShared()).toBe(false);
  });

  it('leaves nothing to one that slept, before another may take it', async () => {
    const [one, other] = pair();
    await pass(8 * RENEW_MS, [one, other]);

    await pass(HOLD_MS, [one, other], [other]);
    expect([one.parts, other.parts]).toEqual([[], [2, 3]]);
    await pass(LEASE_MS, [one, other], [other]);
    await one.lease.step();

    expect(one.parts).toEqual([]);
    await pass(4 * POLL_MS, [one, other]);
    expect([one.parts, other.parts]).toEqual([
      [2, 3],
      [0, 1],
    ]);
  });

  it('stays in the same turn when nobody else took it meanwhile', async () => {
    const one = new Machine();
    await pass(POLL_MS, [one]);
    const before = [one.lease.epoch('3'), one.platform];

    one.elapsedMs += 10 * LEASE_MS;
    expect(one.parts).toEqual([]);
    await one.lease.step();

    expect([one.lease.epoch('3'), one.platform]).toEqual(before);
  });

  it('takes nothing from others because the store was away for all of them', async () => {
    const all = pair();
    await pass(8 * RENEW_MS, all);
    const before = all.map(({ parts }) => parts);

    await pass(2 * LEASE_MS, all, []);
    await pass(4 * POLL_MS, all);

    expect(all.map(({ parts }) => parts)).toEqual(before);
  });

  it('is free at once when the holder ends', async () => {
    const [one, other] = pair();
    await pass(8 * RENEW_MS, [one, other]);

    await one.lease.end();
    await pass(2 * POLL_MS, [one, other]);

    expect([one.parts, other.parts]).toEqual([[], [0, 1, 2, 3]]);
  });

  it('is held by nobody who does not know whether the store took it, until the store says so', async () => {
    const lost = createError('JT_STORE_UNREACHABLE', { url: 'x', problem: 'no answer' });
    let isDeaf = true;
    const deaf: Store = {
      ...store,
      states: {
        ...store.states,
        replace: async (...change) => {
          const done = await store.states.replace(...change);
          if (isDeaf) throw lost;
          return done;
        },
      },
    };
    const machine = new Machine(deaf);

    await expect(machine.lease.step()).rejects.toBe(lost);
    expect(machine.parts).toEqual([]);
    isDeaf = false;
    await pass(RENEW_MS, [machine]);
    expect(machine.parts).toEqual([0, 1, 2, 3]);
  });

  it('counts the parts anew when the store has others and all have given up theirs', async () => {
    const all = pair();
    await pass(4 * RENEW_MS, all);
    count = 2;

    await pass(64_000, all);

    expect(all.flatMap(({ parts }) => parts).sort()).toEqual([0, 1]);
    expect(all.map(({ lease }) => lease.count())).toEqual([2, 2]);
    expect(new Set(all.flatMap(({ counted }) => counted))).toEqual(new Set(['4 to 2']));
  });

  it('asks nothing of the store where one is alone', async () => {
    const alone = createStaticLease();
    await alone.step();

    expect(alone.partitions()).toEqual([{ partition: 0, epoch: alone.epoch(PLATFORM), isRevoked: false }]);
    expect((await store.states.load('analyzer/parts'))?.value).toBeUndefined();
  });
});

describe('createFence', () => {
  const incident = (name: string): Incident => makeIncident('a', { job: { id: 'j', name } });

  it('lets nobody write of a part that another one has', async () => {
    const [one, other] = pair();
    await pass(4 * RENEW_MS, [one, other]);
    const [first, second] = [one, other].map(({ lease }) => createFence(store, lease));
    await first?.save(incident('first'));

    await expect(second?.save(incident('second'))).rejects.toBeInstanceOf(LostPartition);
    await expect(first?.save(incident('of another turn'), 1)).rejects.toBeInstanceOf(LostPartition);
    expect((await store.findIncident('a'))?.job?.name).toBe('first');
  });

  it('holds what one begins to write too late away from what another one has written', async () => {
    const [one, other] = pair();
    await pass(4 * RENEW_MS, [one, other]);
    let arrive: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    const slow: Store = { ...store, saveIncident: (...what) => arrived.then(() => store.saveIncident(...what)) };
    const late = createFence(slow, one.lease).save(incident('late'));

    await pass(2 * LEASE_MS, [one, other], [other]);
    await createFence(store, other.lease).save(incident('other'));
    arrive();

    await expect(late).rejects.toBeInstanceOf(LostPartition);
    expect((await store.findIncident('a'))?.job?.name).toBe('other');
  });

  it('writes what a clock that was ahead has written, when what was known of turns is lost', async () => {
    const ahead = Date.now() + 7_200_000;
    await store.saveIncident(incident('of a clock that is two hours ahead'), ahead);
    const machine = new Machine();
    const fence = createFence(store, machine.lease);
    await pass(POLL_MS, [machine]);
    const refused = fence.save(incident('refused'));
    await expect(refused).rejects.toBeInstanceOf(LostPartition);
    await pass(2 * POLL_MS, [machine]);

    await fence.save(incident('saved'));
    expect((await store.findIncident('a'))?.job?.name).toBe('saved');
    expect(Math.max(...machine.lease.partitions().map(({ epoch }) => epoch))).toBeGreaterThan(ahead);
  });
});
