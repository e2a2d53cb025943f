// Common code of the tests of a store over a real Elasticsearch: empty stores for the contract, a store behind a proxy
// that can answer in the server's place, and functions that read it. The tests start the server.
import { afterEach, beforeEach } from 'vitest';
import type { LogRecord } from '../../../core/types.js';
import { openElasticsearchStore } from '../elasticsearch.js';
import { openStore } from '../../open.js';
import { removeIndices, removeTemplates } from '../../testing/cluster.js';
import { isBulk, openFaultProxy, type Fault, type FaultProxy } from '../../testing/fault-proxy.js';
import type { Store } from '../../store.js';

/** Running Elasticsearch that a test may kill. */
export interface TestNode {
  readonly version: string;
  readonly url: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/** Store whose requests go through a proxy that can answer in the server's place. */
export interface FaultyStore {
  readonly node: TestNode;
  readonly proxy: FaultProxy;
  readonly store: Store;
  readonly prefix: string;
  /** Index of DAY. */
  readonly index: string;
}

export const DAY = { time: '2026-11-20T10:00:00.000Z' };

/**
 * Opens stores without indices. The prefix of a closed store is used again with its templates, because creating them
 * takes Elasticsearch as long as a test.
 */
export function createEmptyStores(node: () => Pick<TestNode, 'url'>, name: string): () => Promise<Store> {
  const free: string[] = [];
  let made = 0;
  return async () => {
    const indexPrefix = free.pop() ?? `${name}-${made++}`;
    const { url } = node();
    const store = await openStore({ kind: 'elasticsearch', nodes: [url], indexPrefix, refreshMs: 200 });
    return {
      ...store,
      close: async () => {
        await store.close();
        await removeIndices(url, indexPrefix);
        free.push(indexPrefix);
      },
    };
  };
}

/** Opens a store of its own for each test, and removes it afterwards. */
export function useFaultyStore(node: () => TestNode, newPrefix: () => string): () => FaultyStore {
  let current: FaultyStore;
  beforeEach(async () => {
    const prefix = newPrefix();
    const proxy = await openFaultProxy(node().url);
    const store = openElasticsearchStore({ nodes: [proxy.url], indexPrefix: prefix, refreshMs: 200 });
    current = { node: node(), proxy, store, prefix, index: `${prefix}-logs-2026.11.20` };
  });
  afterEach(async () => {
    await current.store.close();
    await current.proxy.close();
    await removeIndices(current.node.url, current.prefix);
    await removeTemplates(current.node.url, current.prefix);
  });
  return () => current;
}

export function onBulk(fault: ReturnType<Fault>): Fault {
  return ({ path }) => (isBulk(path) ? fault : undefined);
}

export async function findRefused(store: Store): Promise<readonly LogRecord[]> {
  return (await store.searchRecords({ query: 'flag:refused', limit: 10, order: 'oldest' })).records;
}

export async function readAll(store: Store, from?: string): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for (let cursor = from; ;) {
    const page = await store.readRecords(cursor, { limit: 100 });
    records.push(...page.records);
    cursor = page.cursor;
    if (page.drained) return records;
  }
}
