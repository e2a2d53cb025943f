import { describe, expect, it } from 'vitest';
import { describeSkew, noteSkew, type Skew } from './skew.js';

const HOUR_MS = 3_600_000;
const START = Date.parse('2026-11-24T10:00:00.000Z');

/** Describes a file that changes each half minute and whose lines differ from the clock by these times. */
function watch(zone: string, offsMs: readonly number[]) {
  let skew: Skew | undefined;
  offsMs.forEach((off, index) => {
    const changed = START + index * 30_000;
    // Each change is noted twice.
    for (let look = 0; look < 2; look++) skew = noteSkew(skew, changed + off, changed);
  });
  return skew === undefined ? undefined : describeSkew(skew, zone);
}

describe('lines of a file that grows', () => {
  it.each([
    ['UTC', 8 * HOUR_MS, '8 h ahead', 'UTC+08:00'],
    ['Asia/Shanghai', -8 * HOUR_MS, '8 h behind', 'UTC+00:00'],
    ['UTC', -5 * HOUR_MS, '5 h behind', 'UTC-05:00'],
    ['UTC', 5.5 * HOUR_MS, '5 h 30 min ahead', 'UTC+05:30'],
    ['America/New_York', 13 * HOUR_MS, '13 h ahead', 'UTC+08:00'],
    // No zone explains this difference: a clock is wrong.
    ['UTC', 2 * HOUR_MS + 400_000, '2 h 7 min ahead', '?'],
  ])('in %s that are off by %i ms are %s, as of %s', (zone, off, difference, probable) => {
    expect(watch(zone, [off, off - 300, off - 1000, off])).toEqual({ difference, zone: probable });
  });

  it('are not off by a few minutes, after one change, where the distance changes as in a copy, or when it is over', () => {
    const eight = 8 * HOUR_MS;
    expect(watch('UTC', [-300_000, -300_000, -300_000, -300_000])).toBeUndefined();
    expect(watch('UTC', [eight])).toBeUndefined();
    expect(watch('UTC', [-9 * HOUR_MS, -8 * HOUR_MS, -7 * HOUR_MS, -6 * HOUR_MS])).toBeUndefined();
    expect(watch('UTC', [eight, eight, eight, 0])).toBeUndefined();
  });
});
