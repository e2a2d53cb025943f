// Runs one dear search at a time, on one thread of a node. A dear search has patterns that Elasticsearch must compare
// with every word; a few of them would occupy all search threads of a small cluster while everybody else waits.
import { explainStop } from '../caller.js';
import { chargeSearch } from '../query/cost.js';
import type { AskLimits, RecordQuery } from '../store.js';

export interface DearLane {
  /**
   * Runs a search, after those before it if it is dear. `parameters` belong into its requests.
   * @throws JT_SEARCH_STOPPED when it waited for `limits.limitMs`, or its caller has gone.
   */
  run<Result>(
    query: Pick<RecordQuery, 'query' | 'job'> & Partial<RecordQuery>,
    limits: AskLimits | undefined,
    search: (parameters: Readonly<Record<string, string>>) => Promise<Result>,
  ): Promise<Result>;
}

/** Parameter of a search that lets a node work on one shard at a time for it. The default is five. */
const ONE_SHARD = { max_concurrent_shard_requests: '1' } as const;

export function createDearLane(): DearLane {
  let last: Promise<void> = Promise.resolve();
  return {
    async run(query, limits, search) {
      if (chargeSearch(query).cost === 0) return search({});
      const before = last;
      let done = (): void => undefined;
      const own = new Promise<void>((resolve) => (done = resolve));
      last = before.then(() => own);
      try {
        await waitFor(before, limits);
        return await search(ONE_SHARD);
      } finally {
        done();
      }
    },
  };
}

async function waitFor(before: Promise<void>, limits: AskLimits = {}): Promise<void> {
  const { limitMs, signal } = limits;
  let settle = (): void => undefined;
  const stopped = new Promise<never>((_, reject) => {
    const goAway = (): void => reject(explainStop('gone', limits));
    const timer = limitMs === undefined ? undefined : setTimeout(() => reject(explainStop('waited', limits)), limitMs);
    signal?.addEventListener('abort', goAway, { once: true });
    if (signal?.aborted === true) goAway();
    settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', goAway);
    };
  });
  try {
    await Promise.race([before, stopped]);
  } finally {
    settle();
  }
}
