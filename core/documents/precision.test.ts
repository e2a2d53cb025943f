import { describe, expect, it } from 'vitest';
import type { Feedback, FeedbackVerdict } from './feedback.js';
import { isBelowFloor, measurePrecision } from './precision.js';

const RULE = 'memory.heap-oom/task';

function say(verdicts: Readonly<Partial<Record<FeedbackVerdict, number>>>, rule = RULE): Feedback[] {
  return Object.entries(verdicts).flatMap(([verdict, count]) =>
    Array.from({ length: count }, (_, index) => ({
      incidentId: `${verdict}-${index}`,
      rule,
      verdict: verdict as FeedbackVerdict,
      by: 'anna',
      at: '2026-11-20T10:00:00.000Z',
    })),
  );
}

describe('the precision of a rule', () => {
  // Expected intervals come from tables of the Wilson score (95 %, without correction).
  it.each([
    ['nothing but right', { right: 10 }, { right: 10, wrong: 0, share: 1, low: 0.722, high: 1 }],
    ['nothing but wrong', { wrong: 10 }, { right: 0, wrong: 10, share: 0, low: 0, high: 0.278 }],
    ['half and half', { right: 5, wrong: 5 }, { right: 5, wrong: 5, share: 0.5, low: 0.237, high: 0.763 }],
    ['what helped was right', { helped: 3, wrong: 1 }, { right: 3, wrong: 1, share: 0.75, low: 0.301, high: 0.954 }],
    ['many', { right: 80, wrong: 20 }, { right: 80, wrong: 20, share: 0.8, low: 0.711, high: 0.867 }],
  ])('has the interval of Wilson: %s', (_name, verdicts, expected) => {
    const precision = measurePrecision(say(verdicts)).get(RULE);

    expect(
      Object.fromEntries(Object.entries(precision ?? {}).map(([key, value]) => [key, Number(value.toFixed(3))])),
    ).toEqual(expected);
  });

  it('is one for each rule, and none where nobody said anything', () => {
    const measured = measurePrecision([...say({ right: 1 }), ...say({ wrong: 2 }, 'sql.options/missing')]);

    expect([...measured].map(([rule, { share }]) => [rule, share])).toEqual([
      [RULE, 1],
      ['sql.options/missing', 0],
    ]);
    expect(measured.get('other')).toBeUndefined();
  });

  it.each([
    ['too few verdicts say nothing', { wrong: 9 }, false],
    ['enough of them do', { wrong: 10 }, true],
    ['on the floor is not below it', { right: 5, wrong: 5 }, false],
    ['just below it', { right: 5, wrong: 6 }, true],
  ])('is below its floor or not: %s', (_name, verdicts, expected) => {
    expect(isBelowFloor(measurePrecision(say(verdicts)).get(RULE), { share: 0.5, leastVerdicts: 10 })).toBe(expected);
  });

  it('is not below a floor where nothing was said', () => {
    expect(isBelowFloor(undefined, { share: 0.5, leastVerdicts: 1 })).toBe(false);
  });
});
