import { describe, expect, it } from 'vitest';
import { chooseIndices, READS_BETWEEN_FULL_READS, updateFeedState, type FeedState } from './feed-state.js';

const days = Array.from({ length: 30 }, (_, day) => `p-logs-2026.11.${String(day + 1).padStart(2, '0')}`);

/** Returns the state after a full read of thirty days that found new records in these indices. */
function look(...pending: string[]): FeedState {
  return updateFeedState(undefined, { cursor: 'c', version: 7, all: days, pending });
}

describe('chooseIndices', () => {
  it('asks the newest days and those that had news, and nothing else', () => {
    const again = updateFeedState(look('p-logs-2026.11.03'), { cursor: 'c', version: 7, all: days, pending: [] });
    const later = updateFeedState(again, { cursor: 'c', version: 7, all: days, pending: [] });

    expect([...chooseIndices(again, 'c', 7)].sort()).toEqual(['p-logs-2026.11.03', ...days.slice(-5)]);
    expect(chooseIndices(later, 'c', 7)).toEqual(days.slice(-5));
  });

  it('asks all for a cursor that it did not give, for another state of the cluster, and when nobody tells the state', () => {
    expect(chooseIndices(undefined, undefined, 7)).toBe('all');
    expect(chooseIndices(look(), 'another', 7)).toBe('all');
    expect(chooseIndices(look(), 'c', 8)).toBe('all');
    expect(chooseIndices({ ...look(), version: undefined }, 'c', undefined)).toBe('all');
  });

  it('asks all every so many reads, however busy the others are', () => {
    let last = look();
    let reads = 0;
    for (; chooseIndices(last, 'c', 7) !== 'all'; reads += 1)
      last = updateFeedState(last, { cursor: 'c', version: 7, all: undefined, pending: days.slice(-1) });

    expect(reads).toBe(READS_BETWEEN_FULL_READS);
  });

  it('asks what is not read to its end at the next read', () => {
    expect(chooseIndices(look(...days.slice(0, 3)), 'c', 7)).toEqual(expect.arrayContaining(days.slice(0, 3)));
  });
});
