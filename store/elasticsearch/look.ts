// Which indices the feed asks for news. Statistics cost a request to each shard, and a cluster that keeps ninety days
// has hundreds that never change again: so most reads ask only those that may well have grown, and a full look at all
// of them comes every few reads, and at once when the cluster's state has changed (an index was made or removed, a
// shard moved). What a look leaves out is read later and never skipped: the cursor of a shard that was not asked stays
// where it is. Reads are counted, no clock is asked. Pure; called by feed.ts.

/** What the last read of the feed has left for the next. */
export interface FeedLook {
  /** The cursor that the last read gave; another one knows nothing of this. */
  readonly cursor: string;
  /** Of the cluster's state; undefined when it cannot be told. */
  readonly version: number | undefined;
  /** Asked at every read. */
  readonly hot: ReadonlySet<string>;
  /** Had news since the last full look. */
  readonly grown: ReadonlySet<string>;
  /** Since the last full look. */
  readonly reads: number;
}

/** A record that comes into an index where nothing was expected any more is found after at most so many reads. */
export const READS_BETWEEN_FULL_LOOKS = 20;
/** The newest indices, asked at every read: today, what clocks and time zones put around it, and the undated one. */
const NEWEST = 5;
/** Names in one address; more are asked for by their pattern. */
const MOST_NAMES = 40;

/** `all`, or the names of the indices to ask (none: there is nothing that may have grown). */
export function decideLook(
  last: FeedLook | undefined,
  cursor: string | undefined,
  version: number | undefined,
): 'all' | readonly string[] {
  if (last === undefined || last.cursor !== cursor) return 'all';
  if (version === undefined || version !== last.version) return 'all';
  if (last.reads >= READS_BETWEEN_FULL_LOOKS || last.hot.size > MOST_NAMES) return 'all';
  return [...last.hot];
}

export interface Looked {
  readonly cursor: string;
  readonly version: number | undefined;
  /** All indices, after a full look. */
  readonly all: readonly string[] | undefined;
  /** Had news in this read, whether or not all of it was read. */
  readonly pending: readonly string[];
}

export function rememberLook(last: FeedLook | undefined, looked: Looked): FeedLook {
  const { cursor, version, all, pending } = looked;
  const grown = new Set([...(last?.grown ?? []), ...pending]);
  if (all === undefined)
    return { cursor, version, hot: new Set([...(last?.hot ?? []), ...pending]), grown, reads: (last?.reads ?? 0) + 1 };
  const newest = [...all].sort().slice(-NEWEST);
  return { cursor, version, hot: new Set([...newest, ...grown]), grown: new Set(pending), reads: 0 };
}
