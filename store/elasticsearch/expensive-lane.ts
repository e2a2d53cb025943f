// Runs one expensive search at a time, on one thread of a node. An expensive search has patterns that Elasticsearch
// must compare with every word; a few of them would occupy all search threads of a small cluster while everybody else
// waits.
import { createSerialQueue } from '../../core/queue.js';
import { explainStop } from '../caller.js';
import { chargeSearch } from '../query/cost.js';
import type { AskLimits, RecordQuery } from '../store.js';

export interface ExpensiveLane {
  /**
   * Runs a search, after those before it if it is expensive. `parameters` belong into its requests.
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

export function createExpensiveLane(): ExpensiveLane {
  const inOrder = createSerialQueue();
  return {
    async run(query, limits, search) {
      if (chargeSearch(query).cost === 0) return search({});
      const wait = watchWait(limits);
      const result = inOrder(() => (wait.end() ? wait.stopped : search(ONE_SHARD)));
      return Promise.race([result, wait.stopped]);
    },
  };
}

interface Wait {
  /** Fails when the search has waited for its limit or its caller has gone, unless the wait ended before. */
  readonly stopped: Promise<never>;
  /** Ends the wait. Returns true if it was stopped. */
  end(): boolean;
}

function watchWait(limits: AskLimits = {}): Wait {
  const { limitMs, signal } = limits;
  let isStopped = false;
  let end = (): void => undefined;
  const stopped = new Promise<never>((_, reject) => {
    const stop = (why: 'gone' | 'waited'): void => {
      isStopped = true;
      reject(explainStop(why, limits));
    };
    const goAway = (): void => stop('gone');
    const timer = limitMs === undefined ? undefined : setTimeout(() => stop('waited'), limitMs);
    signal?.addEventListener('abort', goAway, { once: true });
    if (signal?.aborted === true) goAway();
    end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', goAway);
    };
  });
  return {
    stopped,
    end: () => {
      end();
      return isStopped;
    },
  };
}
