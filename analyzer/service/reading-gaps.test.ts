import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../store/open.js';
import type { Store } from '../../store/store.js';
import { appendRecords, makeRecord } from '../../store/testing/samples.js';
import { createReadingGaps, type ReadingGaps } from './reading-gaps.js';

const START = Date.parse('2026-11-24T10:00:00.000Z');
const MINUTE_MS = 60_000;

let store: Store;
let now = START;
beforeEach(async () => {
  now = START;
  store = await openStore({ kind: 'sqlite', path: ':memory:' });
});
afterEach(() => store.close());

/** Writes a line of a cluster that holds a fact, that many minutes after the start. */
async function write(number: number, cluster: string, minute: number): Promise<void> {
  const time = new Date(START + minute * MINUTE_MS).toISOString();
  await appendRecords(store, [makeRecord(number, { time, cluster, signal: 'fact.1' })]);
}

async function start(): Promise<ReadingGaps> {
  const presence = createReadingGaps({ store, now: () => now });
  await presence.begin();
  return presence;
}

/** Reads everything once a minute. */
async function readFor(presence: ReadingGaps, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    now += MINUTE_MS;
    await presence.note(true);
  }
}

describe('isLate', () => {
  const at = (minute: number): number => START + minute * MINUTE_MS;

  it('is false for what a first start finds, in a large backlog too', async () => {
    const presence = await start();
    await write(1, 'c', -90);
    await presence.note(false);
    await presence.note(true);
    await readFor(presence, 5);
    await write(2, 'c', -80);
    expect(presence.isLate('c', at(-70))).toBe(false);
  });

  it('is true for what happened while the installation, or its store, was away', async () => {
    const presence = await start();
    await presence.note(true);
    await readFor(presence, 3);
    now += 90 * MINUTE_MS;
    await presence.note(false);
    expect([-30, 20, 80].map((minute) => presence.isLate('c', at(minute)))).toEqual([false, true, true]);

    const next = await start();
    await next.note(true);
    expect(next.isLate('c', at(20))).toBe(true);
  });

  it('is true for what was written behind the last line that was read before a start', async () => {
    await (await start()).note(true);
    await write(1, 'c', -100);
    now += 1000;
    const presence = await start();
    expect([presence.isLate('c', at(-70)), presence.isLate('c', at(-110)), presence.isLate('d', at(-70))]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('is true for what happened while the agent of a cluster was away', async () => {
    const presence = await start();
    await write(1, 'c', 0);
    await readFor(presence, 2);
    await readFor(presence, 90);
    expect([presence.isLate('c', at(20)), presence.isLate('d', at(20))]).toEqual([true, false]);
    await write(2, 'c', 91);
    await readFor(presence, 2);
    expect([presence.isLate('c', at(20)), presence.isLate('c', at(-20))]).toEqual([true, false]);
  });

  it('is false for what is a week old', async () => {
    const presence = await start();
    await presence.note(true);
    now += 10 * 24 * 60 * MINUTE_MS;
    await presence.note(false);
    expect(presence.isLate('c', at(1000))).toBe(false);
  });
});
