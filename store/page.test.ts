import { describe, expect, it } from 'vitest';
import { decodePosition, encodePosition, fillBarMs, fillBars, parseTime, readDay, readTime } from './page.js';
import { makeRecord } from './testing/samples.js';

const dated = (time: string) => makeRecord(1, { time });

describe('encodePosition', () => {
  it('comes back from decodePosition', () => {
    expect(decodePosition(encodePosition([5, '/a/连', 7, 'id']))).toEqual([5, '/a/连', 7, 'id']);
    expect(decodePosition(encodePosition([5, null, 7, null]))).toEqual([5, null, 7, null]);
  });

  it.each(['', 'x', '[]', encodePosition([1, 'a', 2, 'b']).slice(3)])('is told from other text: "%s"', (text) => {
    expect(() => decodePosition(text)).toThrow(expect.objectContaining({ code: 'JT_REQUEST_INVALID' }));
  });
});

describe('fillBarMs', () => {
  it('takes the narrowest round width that needs no more bars than asked for', () => {
    expect(fillBarMs(0, 900_000, 60)).toBe(15_000);
    expect(fillBarMs(0, 900_001, 60)).toBe(30_000);
    expect(fillBarMs(0, 1, 60)).toBe(1);
    expect(fillBarMs(0, 365 * 86_400_000, 52)).toBe(8 * 86_400_000);
  });

  it('never gives more than some two thousand bars', () => {
    const barMs = fillBarMs(0, 4e12, 1e9);

    expect(fillBars(0, 4e12, barMs, new Map(), {}).length).toBeLessThanOrEqual(2_001);
  });
});

describe('fillBars', () => {
  it('has the empty bars too and begins with the one that holds the start', () => {
    expect(fillBars(1_500, 4_000, 1_000, new Map([[2_000, 7]]), 0)).toEqual([
      { time: '1970-01-01T00:00:01.000Z', counts: 0 },
      { time: '1970-01-01T00:00:02.000Z', counts: 7 },
      { time: '1970-01-01T00:00:03.000Z', counts: 0 },
    ]);
  });
});

describe('readDay', () => {
  it('is the UTC day of the event', () => {
    expect(readDay(dated('2026-11-20T23:59:59.999Z'))).toBe('2026-11-20');
    expect(readDay(dated('2026-11-20T23:59:59.999-08:00'))).toBe('2026-11-21');
  });

  it('is undefined for a time that cannot be believed, and when the agent says so', () => {
    for (const time of [
      '1970-01-01T00:00:00Z',
      '1999-12-31T23:59:59Z',
      '2100-01-01T00:00:00Z',
      'soon',
      '+275760-09-13T00:00:00.000Z',
    ])
      expect(readDay(dated(time)), time).toBeUndefined();
    expect(readDay({ ...dated('2026-11-20T10:00:00Z'), 'jobtrace.flags': ['undated'] })).toBeUndefined();
  });
});

describe('readTime', () => {
  it('is 0 for what no store can sort by', () => {
    expect(readTime(dated('1066-10-14T09:00:00.000Z'))).toBeLessThan(0);
    expect([dated('soon'), dated('+275760-09-13T00:00:00.000Z')].map(readTime)).toEqual([0, 0]);
  });
});

describe('parseTime', () => {
  it('names the field that is wrong', () => {
    expect(() => parseTime('from', 'soon')).toThrow(
      expect.objectContaining({
        code: 'JT_REQUEST_INVALID',
        message: expect.stringContaining('"from" is "soon"') as string,
      }),
    );
  });
});
