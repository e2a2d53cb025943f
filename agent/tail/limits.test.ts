import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { expected, lines, openAgentFixture, type AgentFixture } from '../../test/agent-fixture.js';
import { createBoard } from '../status.js';
import { ReadLimits } from './limits.js';

interface World {
  readonly limits: ReadLimits;
  readonly clock: { now: number; cpuMs: number; heldBytes: number };
  readonly waited: (counter: string) => number;
  readonly conditions: () => readonly string[];
}

function open(given: { maxBytesPerSecond?: number; maxCores?: number }): World {
  const clock = { now: 1_000_000, cpuMs: 70, heldBytes: 0 };
  const board = createBoard(() => clock.now);
  const limits = new ReadLimits({
    settings: { budgetBytes: 1_000_000, maxBytesPerSecond: 0, maxCores: 0, ...given },
    shipper: {
      get heldBytes() {
        return clock.heldBytes;
      },
    },
    board,
    now: () => clock.now,
    cpuMs: () => clock.cpuMs,
  });
  return {
    limits,
    clock,
    waited: (counter) => board.counters[counter] ?? 0,
    conditions: () => board.conditions.map(({ message }) => message),
  };
}

describe('the limit of bytes a second', () => {
  it('lets a second pass at once, then as many bytes as time brings', () => {
    const { limits, clock } = open({ maxBytesPerSecond: 100_000 });
    expect([limits.findThrottleReason(), limits.allowedBytes]).toEqual([undefined, 100_000]);

    limits.takeBytes(100_000);
    expect(limits.findThrottleReason()).toBe('rate');
    clock.now += 200;
    expect([limits.findThrottleReason(), limits.allowedBytes]).toEqual([undefined, 20_000]);
    clock.now += 60_000;
    expect([limits.findThrottleReason(), limits.allowedBytes]).toEqual([undefined, 100_000]);
  });

  it('waits until a turn is worth it, also where a second brings less than that', () => {
    const { limits, clock } = open({ maxBytesPerSecond: 1000 });
    limits.takeBytes(1000);
    clock.now += 999;
    expect(limits.findThrottleReason()).toBe('rate');
    clock.now += 1;
    expect([limits.findThrottleReason(), limits.allowedBytes]).toEqual([undefined, 1000]);
  });
});

describe('the limit of processor time', () => {
  it('holds reading until the share has made up for what was used', () => {
    const { limits, clock } = open({ maxCores: 0.25 });
    expect(limits.findThrottleReason()).toBeUndefined();

    clock.cpuMs += 300;
    expect(limits.findThrottleReason()).toBe('cpu');
    clock.now += 200;
    expect(limits.findThrottleReason()).toBe('cpu');
    clock.now += 1;
    expect(limits.findThrottleReason()).toBeUndefined();
  });

  it('holds for five seconds at most, so that reading goes on where all else takes more than the share', () => {
    const { limits, clock } = open({ maxCores: 0.01 });
    clock.cpuMs += 60_000;
    expect(limits.findThrottleReason()).toBe('cpu');

    clock.now += 5001;

    expect(limits.findThrottleReason()).toBeUndefined();
  });
});

describe('what holds reading up', () => {
  it('is nothing without limits while the budget lasts', () => {
    const { limits, clock } = open({});
    clock.cpuMs += 1e9;
    limits.takeBytes(1e12);
    expect([limits.findThrottleReason(), limits.allowedBytes]).toEqual([undefined, Number.POSITIVE_INFINITY]);

    clock.heldBytes = 1_000_000;
    expect(limits.findThrottleReason()).toBe('budget');
  });

  it('is counted by its time, and said while a setting is the reason', () => {
    const { limits, clock, waited, conditions } = open({ maxBytesPerSecond: 1000 });
    limits.note('rate');
    clock.now += 300;
    limits.note('rate');
    clock.now += 200;
    limits.note('budget');
    clock.now += 50;
    const [during] = conditions();
    limits.note(undefined);
    clock.now += 5000;
    limits.note(undefined);

    expect([waited('rateWaitMs'), waited('budgetWaitMs'), waited('cpuWaitMs')]).toEqual([500, 50, 0]);
    expect(during).toBe(
      'Log files grow faster than agent.maxBytesPerSecond allows the agent to read; a backlog builds up.',
    );
    expect(conditions()).toEqual([]);
  });
});

describe('an agent with a limit', () => {
  let fixture: AgentFixture | undefined;
  afterEach(async () => {
    await fixture?.close();
    fixture = undefined;
  });

  it('reads as much as the time brings, says that it lags, and has everything in the end', async () => {
    const text = lines(0, 400);
    let now = 1_777_629_600_000;
    fixture = openAgentFixture({ maxBytesPerSecond: 10_000, now: () => now });
    for (const name of ['a', 'b']) writeFileSync(join(fixture.logs, `${name}.log`), text);
    const read: number[] = [];
    const codes = new Set<string>();
    while ((read.at(-1) ?? 0) < 2 * text.length) {
      now += 1000;
      await fixture.poll(1, 0);
      read.push(fixture.counter('readBytes'));
      for (const code of fixture.conditions()) codes.add(code);
    }
    now += 5000;
    await fixture.poll(2, 0);

    // A rest of a second's bytes that is too small to be read is added to the next second.
    for (const [at, bytes] of read.slice(0, -1).entries()) {
      expect(bytes).toBeLessThanOrEqual((at + 1) * 10_000);
      expect(bytes).toBeGreaterThan((at + 1) * 10_000 - 4096);
    }
    expect([...codes]).toEqual(['JT_READING_LIMITED']);
    expect(fixture.conditions()).toEqual([]);
    expect(fixture.counter('rateWaitMs')).toBeGreaterThan(0);
    expect(await fixture.texts('a')).toEqual(expected(0, 400));
    expect(await fixture.texts('b')).toEqual(expected(0, 400));
  });
});
