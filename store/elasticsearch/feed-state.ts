// Decides which indices the feed asks for new records. Statistics cost a request to each shard, and a cluster that
// keeps ninety days has hundreds of shards that never change again. Most reads therefore ask only the indices that may
// well have grown. A full read of all indices comes every few reads, and at once when the state of the cluster has
// changed (an index was created or removed, a shard moved). What a read leaves out is read later and never skipped,
// because the cursor of a shard that was not asked stays unchanged. Reads are counted, no clock is used. Pure
// functions.

/** State that the last read of the feed leaves for the next one. */
export interface FeedState {
  /** Cursor that the last read returned. The state is not valid for any other cursor. */
  readonly cursor: string;
  /** Version of the cluster state, or undefined if it is not known. */
  readonly version: number | undefined;
  /** Indices that every read asks. */
  readonly hot: ReadonlySet<string>;
  /** Indices that had new records since the last full read. */
  readonly grown: ReadonlySet<string>;
  /** Number of reads since the last full read. */
  readonly reads: number;
}

/**
 * Number of reads after which a full read comes. A record in an index where none was expected is found after at most so
 * many reads.
 */
export const READS_BETWEEN_FULL_READS = 20;
/**
 * Number of the newest indices that every read asks: today, the days around it because of clocks and time zones, and
 * the undated one.
 */
const NEWEST = 5;
/** Largest number of names in one address. If there are more, the indices are asked for by their pattern. */
const MAX_NAMES = 40;

/** Returns `all`, or the names of the indices to ask (none if nothing may have grown). */
export function chooseIndices(
  last: FeedState | undefined,
  cursor: string | undefined,
  version: number | undefined,
): 'all' | readonly string[] {
  if (last === undefined || last.cursor !== cursor) return 'all';
  if (version === undefined || version !== last.version) return 'all';
  if (last.reads >= READS_BETWEEN_FULL_READS || last.hot.size > MAX_NAMES) return 'all';
  return [...last.hot];
}

export interface FeedRead {
  readonly cursor: string;
  readonly version: number | undefined;
  /** All indices, if this was a full read. */
  readonly all: readonly string[] | undefined;
  /** Indices that had new records in this read, whether all of them were read or not. */
  readonly pending: readonly string[];
}

export function updateFeedState(last: FeedState | undefined, read: FeedRead): FeedState {
  const { cursor, version, all, pending } = read;
  const grown = new Set([...(last?.grown ?? []), ...pending]);
  if (all === undefined)
    return { cursor, version, hot: new Set([...(last?.hot ?? []), ...pending]), grown, reads: (last?.reads ?? 0) + 1 };
  const newest = [...all].sort().slice(-NEWEST);
  return { cursor, version, hot: new Set([...newest, ...grown]), grown: new Set(pending), reads: 0 };
}
