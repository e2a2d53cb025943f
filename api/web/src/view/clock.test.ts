import { describe, expect, it } from 'vitest';
import { nameZone, readStamp, writeTime } from './clock.ts';

const TIME = '2026-11-20T18:00:00.007Z';

describe('a time on the page', () => {
  it('is written in UTC with milliseconds', () => {
    expect(writeTime(TIME, 'utc')).toBe('2026-11-20 18:00:00.007');
  });

  it("is shown by the browser's clock if the line has no time of its own", () => {
    const local = new Date(TIME);
    const hour = String(local.getHours()).padStart(2, '0');
    expect(writeTime(TIME, 'browser').slice(11, 13)).toBe(hour);
    expect(writeTime(TIME, 'log')).toBe(writeTime(TIME, 'browser'));
  });

  it('stays as it is if it is no time', () => {
    expect(writeTime('yesterday', 'utc')).toBe('yesterday');
  });

  it('names the offset of its zone', () => {
    const zoned = (minutes: number): string => {
      const original = Date.prototype.getTimezoneOffset;
      Date.prototype.getTimezoneOffset = () => minutes;
      try {
        return nameZone('browser', TIME);
      } finally {
        Date.prototype.getTimezoneOffset = original;
      }
    };
    expect([-480, 210, 0].map(zoned)).toEqual(['UTC+08:00', 'UTC-03:30', 'UTC']);
    expect(nameZone('utc', TIME)).toBe('UTC');
  });
});

it('finds the time at the head of a line of any usual layout', () => {
  expect(readStamp('2026-11-20 18:00:00,007 INFO  a.B [] - x')).toBe('2026-11-20 18:00:00.007');
  expect(readStamp('[2026-11-20T18:00:00.007] x')).toBe('2026-11-20 18:00:00.007');
  expect(readStamp('at 2026-11-20 18:00:00,007')).toBeUndefined();
});
