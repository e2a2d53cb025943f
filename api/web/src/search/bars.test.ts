import { describe, expect, it } from 'vitest';
import { nameTime, stack } from './bars.ts';

it('stacks errors below warnings below all lines, so that each level shows above the next', () => {
  const [starts, all, warnings, errors] = stack([
    { time: '2026-11-20T18:00:00.000Z', counts: { ERROR: 2, FATAL: 1, WARN: 4, INFO: 10, NONE: 1 } },
    { time: '2026-11-20T18:01:00.000Z', counts: { INFO: 5 } },
    { time: '2026-11-20T18:02:00.000Z', counts: {} },
  ]);
  expect(starts).toEqual([1795197600, 1795197660, 1795197720]);
  expect(errors).toEqual([3, 0, 0]);
  expect(warnings).toEqual([7, 0, 0]);
  expect(all).toEqual([18, 5, 0]);
});

describe('a label of the time axis', () => {
  const at = (text: string, step: number): string => nameTime(Date.parse(text) / 1000, step, 'utc');

  it('has what differs between its steps', () => {
    expect(at('2026-11-20T18:35:10.250Z', 0.25)).toBe('18:35:10.250');
    expect(at('2026-11-20T18:35:10.000Z', 1)).toBe('18:35:10');
    expect(at('2026-11-20T18:35:00.000Z', 60)).toBe('18:35');
    expect(at('2026-11-20T00:00:00.000Z', 86_400)).toBe('2026-11-20');
  });

  it('has the date at midnight', () => {
    expect(at('2026-11-21T00:00:00.000Z', 3600)).toBe('11-21');
  });
});
