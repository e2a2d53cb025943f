import { describe, expect, it } from 'vitest';
import { createLog } from '../log.js';
import { createStoreClock } from './store-clock.js';

const NOW = Date.parse('2026-11-24T10:00:00.000Z');
const HOUR_MS = 3_600_000;

function open(offMs: number, tookMs = 20) {
  let [elapsed, off] = [0, offMs];
  const clock = createStoreClock({
    readTime: () => {
      elapsed += tookMs;
      return Promise.resolve(NOW + elapsed - tookMs / 2);
    },
    log: createLog('silent'),
    wallClock: () => NOW + elapsed + off,
    elapsed: () => elapsed,
  });
  return { clock, set: (ms: number) => (off = ms), storeTime: () => NOW + elapsed };
}

describe('createStoreClock', () => {
  it.each([2 * HOUR_MS, -2 * HOUR_MS, 31_000, -5000])(
    'shows the time of the store where this one is off by %i ms',
    async (off) => {
      const { clock, storeTime } = open(off);
      await clock.compare();
      expect([clock.aheadMs(), clock.now()]).toEqual([off, storeTime()]);
    },
  );

  it('shows the time of this machine where both agree, however slowly the store answers', async () => {
    const { clock } = open(800, 4000);
    await clock.compare();
    expect(clock.aheadMs()).toBe(0);
  });

  it('keeps what it knows while the store cannot be asked, and follows a clock that is set', async () => {
    let isAway = false;
    let off = HOUR_MS;
    const clock = createStoreClock({
      readTime: () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve(NOW)),
      log: createLog('silent'),
      wallClock: () => NOW + off,
    });
    await clock.compare();
    isAway = true;
    await clock.compare();
    const before = Math.round(clock.aheadMs() / 1000);
    [isAway, off] = [false, 0];
    await clock.compare();
    expect([before, clock.aheadMs()]).toEqual([3600, 0]);
  });
});
