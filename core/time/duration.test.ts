import { expect, it } from 'vitest';
import { printDuration, readDuration, roundDuration } from './duration.js';

it('reads and prints durations in the form of settings', () => {
  expect([readDuration('1h30m'), readDuration('500ms'), readDuration('1.5h')]).toEqual([5_400_000, 500, undefined]);
  expect([90_000, 90_061_000, 0, 7].map(printDuration)).toEqual(['1m30s', '1d1h', '0s', '7ms']);
});

it('rounds a duration to one digit of its largest unit for a reader', () => {
  expect([0, 999, 1000, 59_960, 90_000, 9_000_000, 172_800_000, -90_000].map(roundDuration)).toEqual([
    '0 ms',
    '999 ms',
    '1 s',
    '60 s',
    '1.5 min',
    '2.5 h',
    '2 d',
    '-1.5 min',
  ]);
});
