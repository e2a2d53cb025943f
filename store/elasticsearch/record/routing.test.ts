import { describe, expect, it } from 'vitest';
import { findPartition } from './routing.js';

describe('findPartition', () => {
  // The expected numbers are from the hashes that Elasticsearch's own tests expect (Murmur3HashFunctionTests): the
  // upper bits of the lower ten.
  it.each([
    ['hell', 0x5a0cb7c3],
    ['hello', 0xd7c31989],
    ['hello w', 0x22ab2984],
    ['hello wo', 0xdf0ca123],
    ['hello wor', 0xe7744d61],
    ['The quick brown fox jumps over the lazy dog', 0xe07db09c],
    ['The quick brown fox jumps over the lazy cog', 0x4e63d2ad],
  ])('is the shard that Elasticsearch routes to: %s', (cluster, hash) => {
    expect([2, 4, 8].map((count) => findPartition(cluster, count))).toEqual(
      [9, 8, 7].map((bits) => (hash & 0x3ff) >>> bits),
    );
  });

  it('is the first one for what names no cluster', () => {
    expect(findPartition('', 8)).toBe(0);
  });
});
