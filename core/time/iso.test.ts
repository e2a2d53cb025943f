import { expect, it } from 'vitest';
import { normalizeTime, toIso } from './iso.js';

it('writes a time in UTC with milliseconds, and nothing for no time', () => {
  expect(toIso(1_795_000_000_001)).toBe('2026-11-18T11:06:40.001Z');
  expect(toIso(undefined)).toBeUndefined();
  expect(() => toIso(NaN)).toThrow(RangeError);
});

it('normalizes a time with an offset, and leaves other text to the check that names it', () => {
  expect(normalizeTime('2026-11-18T19:06:40+08:00')).toBe('2026-11-18T11:06:40.000Z');
  expect(normalizeTime('tomorrow')).toBe('tomorrow');
});
