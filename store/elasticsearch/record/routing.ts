// Computes the primary shard in which Elasticsearch 8 puts a document with a routing. It uses Elasticsearch's own
// arithmetic (Murmur3HashFunction and IndexRouting), because asking for each cluster would cost a request. A partition
// of the feed is such a shard, of an index that has as many shards as there are partitions. Pure functions.
import { BoundedMap } from '../../../core/cache.js';
import { encodeId } from './id.js';

/**
 * Binary logarithm of the approximate number of slices into which Elasticsearch divides the hashes. Each shard gets the
 * same number of slices.
 */
const LOG_SLICES = 10;
const partitions = new BoundedMap<string, number>(20_000);

/**
 * Returns the partition of a cluster, from 0 to `count` - 1. A record without a cluster belongs to the first partition.
 */
export function findPartition(cluster: string, count: number): number {
  if (count === 1 || cluster === '') return 0;
  const key = `${count} ${cluster}`;
  const known = partitions.get(key);
  if (known !== undefined) return known;
  const partition = findShard(encodeId(cluster), count);
  partitions.set(key, partition);
  return partition;
}

/** Returns the shard in an index that keeps Elasticsearch's own number of routing shards. */
function findShard(routing: string, shards: number): number {
  const slices = countSlices(shards);
  const hash = hashRouting(Buffer.from(routing, 'utf16le'));
  return Math.floor(((((hash % slices) + slices) % slices) * shards) / slices);
}

/**
 * Number of probes. An index with another arithmetic has all of them in its first shard by chance once in four thousand
 * million cases.
 */
const PROBES = 32;

/**
 * Lists names that belong to the first partition. An index that has one of them in another shard uses another routing.
 */
export function listProbes(count: number): readonly string[] {
  const probes: string[] = [];
  for (let number = 0; probes.length < PROBES; number++)
    if (findShard(`probe-${number}`, count) === 0) probes.push(`probe-${number}`);
  return probes;
}

/** Returns `routing_num_shards` of an index for which the operator does not set it. */
function countSlices(shards: number): number {
  return shards * 2 ** Math.max(1, LOG_SLICES - Math.ceil(Math.log2(shards)));
}

/** Computes the signed MurmurHash3 x86 32 with seed 0. */
function hashRouting(bytes: Buffer): number {
  const end = bytes.length & ~3;
  let hash = 0;
  for (let at = 0; at < end; at += 4) {
    hash ^= mixBlock(bytes.readInt32LE(at));
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  // A text in UTF-16 has an even number of bytes.
  if (end < bytes.length) hash ^= mixBlock(bytes.readUInt16LE(end));
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function mixBlock(block: number): number {
  const product = Math.imul(block, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}
