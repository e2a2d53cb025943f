// Tests the sums of a restart loop: what is folded, counted and listed of the states of one job.
import { describe, expect, it } from 'vitest';
import {
  countRestarts,
  findFailures,
  foldMiddle,
  listAttempts,
  type FoldedFailures,
  type JobState,
} from './failures.js';
import { LIMITS } from './limits.js';

/** States of a job that fails at each even second and runs again at each odd one. */
function loop(restarts: number): readonly JobState[] {
  return Array.from({ length: restarts }, (_, index) => [
    { time: 2000 * index, to: 'RESTARTING' },
    { time: 2000 * index + 1000, to: 'RUNNING' },
  ]).flat();
}

/** Adds the states one by one, and folds the middle each time when there are too many. */
function fold(all: readonly JobState[]): { readonly states: readonly JobState[]; readonly folded?: FoldedFailures } {
  let states: readonly JobState[] = [];
  let folded: FoldedFailures | undefined;
  for (const state of all) {
    states = [...states, state];
    if (states.length <= LIMITS.states.value) continue;
    const middle = foldMiddle(states, folded);
    folded = middle.folded;
    states = states.filter((_, index) => index < middle.from || index >= middle.to);
  }
  return folded === undefined ? { states } : { states, folded };
}

const NOTHING = { deployments: [], taskRuns: [], checkpoints: [] };

describe('a restart loop of any length', () => {
  it.each([10, 199, 200, 201, 325, 1000])(
    'of %i restarts has them all counted, and as many listed as fit',
    (restarts) => {
      const job = { ...NOTHING, ...fold(loop(restarts)) };
      const found = findFailures(job);
      const numbers = listAttempts(found).map(({ number }) => number);

      expect(job.states.length).toBeLessThanOrEqual(LIMITS.states.value);
      expect(countRestarts(job, found)).toBe(restarts);
      expect(numbers).toEqual(
        listAttempts(findFailures({ ...NOTHING, states: loop(restarts) })).map((item) => item.number),
      );
      expect(numbers).toHaveLength(Math.min(restarts, LIMITS.attempts.value));
      expect(numbers.at(-1)).toBe(restarts);
    },
  );

  it('counts what is folded only for the incident that all of it is of', () => {
    const job = { ...NOTHING, ...fold(loop(1000)) };
    const middle = 1_000_000;

    expect(findFailures(job, middle).folded).toBeUndefined();
    expect(findFailures(job, 0, middle).folded).toBeUndefined();
  });
});

describe('a job that stays RUNNING', () => {
  it('has as many restarts as its tasks have attempts since the first failure', () => {
    const deployments = [1, 2, 3, 5].map((attempt) => ({ time: attempt * 1000, attempt }));
    const job = { ...NOTHING, states: [], deployments };

    expect(countRestarts(job, findFailures(job, 2500), 2500)).toBe(3);
  });
});
