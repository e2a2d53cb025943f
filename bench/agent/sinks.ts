// Opens the sinks that shippers send to: a stand-in that answers at once (sink.mjs, `discard` and `bulk`), or a real
// Elasticsearch with the template of Jobtrace and one for the others. Each counts what arrived and when.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { startElasticsearch } from '../../lab/parts/services/elasticsearch.js';
import { stopChild } from './child.js';

export type SinkKind = 'discard' | 'bulk' | 'elasticsearch';

/** Counts of what arrived. */
export interface Counts {
  readonly documents: number;
  readonly arrivals: readonly (readonly [time: number, documents: number])[];
  /** Time at which the first request with documents was answered, if the arrivals are polled only from time to time. */
  readonly firstAt?: number | undefined;
  /** Bytes of the bodies, and bytes on the wire; a real Elasticsearch does not report them. */
  readonly bodyBytes: number | undefined;
  readonly wireBytes: number | undefined;
  /** Number of requests that are not counted yet, so that more documents follow. */
  readonly waiting?: number;
  /** Delays, in milliseconds, from the writing of a stamped line to its arrival. */
  readonly lags: readonly number[];
}

/** Sink of one run, without anything from earlier runs. */
export interface CountingSink {
  readonly port: number;
  /** Cores that the sink does not use; all if absent. */
  readonly shipperCores?: readonly number[];
  count(): Promise<Counts>;
  close(): Promise<void>;
}

export async function openStandIn(kind: 'discard' | 'bulk', keepIn?: string): Promise<CountingSink> {
  const { child, port } = await startServer('sink.mjs', kind, ...(keepIn === undefined ? [] : [keepIn]));
  return {
    port,
    count: async (): Promise<Counts> => JSON.parse(await (await fetch(`http://127.0.0.1:${port}/counts`)).text()),
    close: () => stopChild(child),
  };
}

/** Starts a server that prints its port. */
async function startServer(
  name: string,
  ...args: readonly string[]
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const child = spawn('node', [join(import.meta.dirname, name), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const text of child.stdout) return { child, port: Number(String(text)) };
  throw new Error(`${name} ended before it said its port.`);
}

/** Real Elasticsearch, for all runs. */
export interface Cluster {
  readonly version: string;
  /** Opens a sink without the documents of earlier runs. */
  openSink(): Promise<CountingSink>;
  stop(): Promise<void>;
}

/** Indices of what is shipped; Jobtrace keeps its own state next to them. */
const SHIPPED = 'jobtrace-logs-*,bench*';
const ALL = 'jobtrace*,bench*';

export async function startCluster(): Promise<Cluster> {
  // The documents of earlier runs are removed by pattern.
  const [own, shipperCores] = divideCores(availableParallelism());
  const settings = { 'action.destructive_requires_name': 'false', 'node.processors': String(own.length) };
  const node = await startElasticsearch({ version: 8, heap: '1g', analysis: true, thorough: true, settings });
  const front = await startServer('front.mjs', String(node.port), node.version);
  // This process uses the shippers' cores too; otherwise the scheduler would move it to the cores of Elasticsearch
  // while a shipper works.
  for (const [pid, cores] of [
    [node.pid, own],
    [front.child.pid, own],
    [process.pid, shipperCores],
  ] as const)
    execFileSync('taskset', ['-acp', cores.join(','), String(pid)], { stdio: 'ignore' });
  await ask(node.url, 'PUT', '/_index_template/bench', PEERS_TEMPLATE);
  return {
    version: node.version,
    async openSink() {
      await ask(node.url, 'DELETE', `/${ALL}`);
      const frontUrl = `http://127.0.0.1:${front.port}`;
      await ask(frontUrl, 'DELETE', '/first');
      const arrivals: [time: number, documents: number][] = [];
      return {
        port: front.port,
        shipperCores,
        count: async () => {
          const documents = await countDocuments(node.url);
          if (documents > (arrivals.at(-1)?.[1] ?? 0)) arrivals.push([Date.now(), documents]);
          const { firstAt } = JSON.parse(await ask(frontUrl, 'GET', '/first')) as Pick<Counts, 'firstAt'>;
          return { documents, arrivals, firstAt, bodyBytes: undefined, wireBytes: undefined, lags: [] };
        },
        close: () => Promise.resolve(),
      };
    },
    async stop() {
      await stopChild(front.child);
      await node.stop();
    },
  };
}

/** Divides the cores: half for Elasticsearch, as if it had its own machine, so that it takes nothing from a shipper. */
function divideCores(count: number): readonly [own: readonly number[], shippers: readonly number[]] {
  const cores = Array.from({ length: count }, (_, core) => core);
  const half = Math.ceil(count / 2);
  return count === 1 ? [cores, cores] : [cores.slice(0, half), cores.slice(half)];
}

/**
 * Index template for the other shippers: full text is searched by its words; the other fields are for sorting and
 * filtering. It has one shard, like Jobtrace's.
 */
const PEERS_TEMPLATE = {
  index_patterns: ['bench*'],
  template: {
    settings: { number_of_shards: 1, number_of_replicas: 0, codec: 'best_compression', refresh_interval: '2s' },
    mappings: {
      dynamic_templates: [{ rest: { match_mapping_type: 'string', mapping: { type: 'keyword', ignore_above: 1024 } } }],
      properties: {
        '@timestamp': { type: 'date' },
        message: { type: 'text' },
        Body: { type: 'text' },
      },
    },
  },
};

async function countDocuments(url: string): Promise<number> {
  const path = '_all.primaries.indexing.index_total';
  const answer = await ask(url, 'GET', `/${SHIPPED}/_stats/indexing?filter_path=${path}`);
  return Number(/"index_total":(\d+)/.exec(answer)?.[1] ?? 0);
}

async function ask(url: string, method: string, path: string, body?: object): Promise<string> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text;
}
