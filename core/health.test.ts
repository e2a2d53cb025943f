import { describe, expect, it } from 'vitest';
import { decideHealth } from './health.js';

const GOOD = { sinceCycleMs: 50, stuckAfterMs: 120_000, hasBegun: true, outages: [] };

describe('decideHealth', () => {
  it('is good of a service whose loop turns, that has begun and whose store answers', () => {
    const good = { isGood: true, reasons: [] };

    expect(decideHealth(GOOD)).toEqual({ live: good, ready: good });
  });

  it('lets a service live whose store does not answer, for a restart would not help', () => {
    const { live, ready } = decideHealth({ ...GOOD, outages: ['JT_STORE_UNREACHABLE'] });

    expect(live.isGood).toBe(true);
    expect(ready).toEqual({ isGood: false, reasons: ['JT_STORE_UNREACHABLE'] });
  });

  it('is not ready before it has begun', () => {
    const { live, ready } = decideHealth({ ...GOOD, hasBegun: false });

    expect([live.isGood, ready.reasons]).toEqual([true, ['starting']]);
  });

  it('gives a service up whose loop has not turned for longer than any turn takes', () => {
    expect(decideHealth({ ...GOOD, sinceCycleMs: 119_000 }).live.isGood).toBe(true);
    expect(decideHealth({ ...GOOD, sinceCycleMs: 121_000 })).toEqual({
      live: { isGood: false, reasons: ['stuck'] },
      ready: { isGood: false, reasons: ['stuck'] },
    });
  });
});
