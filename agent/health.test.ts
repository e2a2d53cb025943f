import { describe, expect, it } from 'vitest';
import { decideHealth } from './health.js';

const GOOD = { sinceTurnMs: 50, hasScanned: true, outages: [] };

describe('decideHealth', () => {
  it('is good of an agent whose loop turns, that knows its files and whose store takes records', () => {
    const good = { isGood: true, reasons: [] };

    expect(decideHealth(GOOD)).toEqual({ live: good, ready: good });
  });

  it('lets an agent live whose store takes nothing, for a restart would not help', () => {
    const { live, ready } = decideHealth({ ...GOOD, outages: ['JT_STORE_UNREACHABLE'] });

    expect(live.isGood).toBe(true);
    expect(ready).toEqual({ isGood: false, reasons: ['JT_STORE_UNREACHABLE'] });
  });

  it('is not ready before the first scan', () => {
    const { live, ready } = decideHealth({ ...GOOD, hasScanned: false });

    expect([live.isGood, ready.reasons]).toEqual([true, ['starting']]);
  });

  it('gives an agent up whose loop has not turned for two minutes', () => {
    expect(decideHealth({ ...GOOD, sinceTurnMs: 119_000 }).live.isGood).toBe(true);
    expect(decideHealth({ ...GOOD, sinceTurnMs: 121_000 })).toEqual({
      live: { isGood: false, reasons: ['stuck'] },
      ready: { isGood: false, reasons: ['stuck'] },
    });
  });
});
