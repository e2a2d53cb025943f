import { describe, expect, it } from 'vitest';
import { backoffMs, pause } from './wait.js';

describe('pause', () => {
  it('ends without an error when it is told to stop, before it or during it', async () => {
    const during = new AbortController();
    const paused = pause(600_000, during.signal);
    during.abort();
    await paused;

    await pause(600_000, AbortSignal.abort());
  });

  it('ends by itself', async () => {
    await pause(1);
    await pause(1, new AbortController().signal);
  });
});

describe('backoffMs', () => {
  const backoff = { firstMs: 200, maxMs: 30_000, least: 0.5 };

  it('doubles with each try up to its most', () => {
    const waits = [0, 1, 2, 7, 8, 1000].map((tries) => backoffMs(backoff, tries, () => 1));

    expect(waits).toEqual([200, 400, 800, 25_600, 30_000, 30_000]);
  });

  it('lies anywhere between its least part and the whole', () => {
    expect([0, 0.5, 1].map((chance) => backoffMs(backoff, 0, () => chance))).toEqual([100, 150, 200]);
    expect(backoffMs({ ...backoff, least: 0 }, 3, () => 0)).toBe(0);
  });
});
