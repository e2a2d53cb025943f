import { describe, expect, it } from 'vitest';
import { readMoment } from './moment.js';

const NOW = Date.parse('2026-11-20T10:00:00.000Z');

describe('readMoment', () => {
  it.each([
    ['15m', '2026-11-20T09:45:00.000Z'],
    ['2 h', '2026-11-20T08:00:00.000Z'],
    ['7d', '2026-11-13T10:00:00.000Z'],
    ['0s', '2026-11-20T10:00:00.000Z'],
    ['2026-11-20T10:00:00+02:00', '2026-11-20T08:00:00.000Z'],
  ])('reads %j as %s', (text, time) => expect(readMoment(text, NOW)).toBe(time));

  it.each(['yesterday', '', '15', '-1h', '999999999d'])('takes %j for no time', (text) =>
    expect(readMoment(text, NOW)).toBeUndefined(),
  );
});
