import { describe, expect, it } from 'vitest';
import { addJobMention, findOnlyHere, forgetJobMentions, hadLeft, type ProcessJobs } from './process-jobs.js';

type Word = readonly [job: string, time: number, isHere: boolean];

function tell(words: readonly Word[]): ProcessJobs {
  const presences: ProcessJobs = new Map();
  for (const [job, time, isHere] of words) addJobMention(presences, 'p', job, time, isHere);
  return presences;
}

/** Statements by which A leaves at 20 and comes back at 40, and B comes at 30. */
const WORDS: readonly Word[] = [
  ['a', 10, true],
  ['a', 20, false],
  ['b', 30, true],
  ['a', 40, true],
];

describe('the jobs of a process', () => {
  it.each([WORDS, WORDS.toReversed(), [...WORDS, ...WORDS]])(
    'are those that it told of before, in any order',
    (...words) => {
      const presences = tell(words);

      expect([5, 15, 25, 35, 45].map((time) => findOnlyHere(presences, 'p', 0, time))).toEqual([
        undefined,
        'a',
        undefined,
        'b',
        undefined,
      ]);
      expect([15, 25, 45].map((time) => hadLeft(presences, 'p', 'a', time))).toEqual([false, true, false]);
    },
  );

  it('are none of those before the process began anew', () => {
    expect(findOnlyHere(tell([['a', 10, true]]), 'p', 12, 15)).toBeUndefined();
    expect(findOnlyHere(tell([['a', 10, true]]), 'q', 0, 15)).toBeUndefined();
  });

  it('are forgotten when they had left long ago', () => {
    const presences = tell([...WORDS, ['c', 5, true], ['c', 6, false]]);
    forgetJobMentions(presences, 50);

    expect(hadLeft(presences, 'p', 'c', 60)).toBe(false);
    expect(hadLeft(presences, 'p', 'a', 25)).toBe(true);
  });
});
