// Where shippers send to: a stand-in that answers at once (sink.mjs, `discard` and `bulk`), or a real Elasticsearch
// with the template of Jobtrace and one for the others. Each counts what came and when. Opened by bench/agent.ts.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { startElasticsearch } from '../../lab/parts/services/elasticsearch.js';
import { stopChild } from './child.js';

export type SinkKind = 'discard' | 'bulk' | 'elasticsearch';

/** What arrived. */
export interface Counts {
  readonly documents: number;
  readonly arrivals: readonly (readonly [time: number, documents: number])[];
  /** When the first request with documents was answered, where the arrivals are asked for now and then only. */
  readonly firstAt?: number | undefined;
  /** Of the bodies, and of what came over the wire; a real Elasticsearch does not tell. */
  readonly bodyBytes: number | undefined;
  readonly wireBytes: number | undefined;
  /** Requests that are not counted yet: more come. */
  readonly waiting?: number;
  /** Milliseconds from the writing of a line with a stamp to its arrival. */
  readonly lags: readonly number[];
}

/** One run's: nothing of a run before it is there. */
export interface CountingSink {
  readonly port: number;
  /** Those that the sink does not use; all when there are none. */
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

/** One that says its port. */
async function startServer(
  name: string,
  ...args: readonly string[]
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const child = spawn('node', [join(import.meta.dirname, name), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const text of child.stdout) return { child, port: Number(String(text)) };
  throw new Error(`${name} ended before it said its port.`);
}

/** A real one, for all runs. */
export interface Cluster {
  readonly version: string;
  /** Without what runs before have sent. */
  openSink(): Promise<CountingSink>;
  stop(): Promise<void>;
}

/** The indices of what is shipped; Jobtrace keeps its own state beside them. */
const SHIPPED = 'jobtrace-logs-*,bench*';
const ALL = 'jobtrace*,bench*';

export async function startCluster(): Promise<Cluster> {
  // What runs before have sent is removed by pattern.
  const [own, shipperCores] = divideCores(availableParallelism());
  const settings = { 'action.destructive_requires_name': 'false', 'node.processors': String(own.length) };
  const node = await startElasticsearch({ version: 8, heap: '1g', analysis: true, thorough: true, settings });
  const front = await startServer('front.mjs', String(node.port), node.version);
  // Whoever watches is on the other side too: while a shipper works it would be moved to the cores of Elasticsearch.
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

/** Half for Elasticsearch, as if it had a machine of its own: what a shipper needs is not taken from it. */
function divideCores(count: number): readonly [own: readonly number[], shippers: readonly number[]] {
  const cores = Array.from({ length: count }, (_, core) => core);
  const half = Math.ceil(count / 2);
  return count === 1 ? [cores, cores] : [cores.slice(0, half), cores.slice(half)];
}

/** What the others send is searched by its words, sorted and filtered by the rest; one shard, as Jobtrace has it. */
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
