import { describe, expect, it } from 'vitest';
import { createExpensiveLane } from './expensive-lane.js';

const DEAR = { query: '*heckpoint*' };
const USUAL = { query: 'checkpoint' };

/** Creates searches that end when the test says so, and the list of those that have begun. */
function openSearches(): {
  readonly begun: string[];
  readonly search: (name: string) => (parameters: object) => Promise<string>;
  readonly end: (name: string) => void;
} {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    begun,
    search: (name) => (parameters) => {
      begun.push(`${name} ${JSON.stringify(parameters)}`);
      return new Promise((resolve) => ends.set(name, () => resolve(name)));
    },
    end: (name) => ends.get(name)?.(),
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe('the lane of dear searches', () => {
  it('lets one run at a time, on one shard of a node at a time, and usual ones beside it', async () => {
    const { begun, search, end } = openSearches();
    const lane = createExpensiveLane();
    const first = lane.run(DEAR, undefined, search('first'));
    const second = lane.run(DEAR, undefined, search('second'));
    const usual = lane.run(USUAL, undefined, search('usual'));
    await settle();
    expect(begun.sort()).toEqual(['first {"max_concurrent_shard_requests":"1"}', 'usual {}']);

    end('first');
    expect(await first).toBe('first');
    await settle();
    expect(begun).toHaveLength(3);
    end('second');
    end('usual');
    expect(await Promise.all([second, usual])).toEqual(['second', 'usual']);
  });

  it('goes on with the next one when one fails, and stops one whose caller has gone or that waited too long', async () => {
    const { begun, search, end } = openSearches();
    const lane = createExpensiveLane();
    const fails = lane.run(DEAR, undefined, () => Promise.reject(new Error('refused')));
    const runs = lane.run(DEAR, undefined, search('runs'));
    const gone = new AbortController();
    const leaves = lane.run(DEAR, { signal: gone.signal }, search('leaves'));
    const late = lane.run(DEAR, { limitMs: 20 }, search('late'));
    const last = lane.run(DEAR, undefined, search('last'));
    gone.abort();
    await expect(fails).rejects.toThrow('refused');
    await expect(leaves).rejects.toMatchObject({ code: 'JT_SEARCH_STOPPED' });
    await expect(late).rejects.toMatchObject({
      code: 'JT_SEARCH_STOPPED',
      message: expect.stringContaining('waited') as string,
    });
    end('runs');
    expect(await runs).toBe('runs');
    await settle();
    end('last');
    expect(await last).toBe('last');
    expect(begun.map((line) => line.split(' ')[0])).toEqual(['runs', 'last']);
  });
});
