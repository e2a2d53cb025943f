// Tests analyzers on one Elasticsearch, as a platform team runs them: processes that divide the clusters among
// themselves. One is killed while jobs fail in all clusters; another one takes over its partitions, and each failure is
// notified exactly once. A new one gets its partitions. analyzer/platform/lease.test.ts tests the decisions, by a
// clock that is moved by hand.
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Incident } from '../core/documents/incident.js';
import { describeWithParts } from '../lab/parts/testing/describe-part.js';
import { startElasticsearch, type Elasticsearch } from '../lab/parts/services/elasticsearch.js';
import { openElasticsearchStore } from '../store/elasticsearch/elasticsearch.js';
import type { Store } from '../store/store.js';
import { startProgram, startReceiver, waitUntil, type Received, type RunningProgram } from './program.js';
import { readRecent } from './recent.js';

const FAILURE = fileURLToPath(new URL('../rules/recordings/network.insufficient-buffers.total.log', import.meta.url));
const LINES = readRecent(FAILURE);
const CAUSE = 'network.insufficient-buffers';
const PARTS = 4;
/** Clusters, more than partitions, so that each partition has some. */
const CLUSTERS = Array.from({ length: 16 }, (_, number) => `shop-${number}`);
const DEADLINE_MS = 90_000;

describeWithParts(['elasticsearch-8'], 'analyzers on one Elasticsearch', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-takeover-'));
  const running: RunningProgram[] = [];
  let receiver: Awaited<ReturnType<typeof startReceiver>>;
  let node: Elasticsearch;
  let store: Store;

  const start = (name: string, part: 'agent' | 'analyzer'): RunningProgram => {
    const config = join(folder, `${name}.yaml`);
    mkdirSync(join(folder, name));
    const settings = {
      dataDir: join(folder, name),
      store: { kind: 'elasticsearch', urls: [node.url] },
      agent: { paths: [join(folder, 'logs', '{cluster}')], zone: 'UTC' },
      notify: { receivers: [{ name: 'test', kind: 'webhook', url: receiver.url }] },
    };
    writeFileSync(config, JSON.stringify(settings));
    const program = startProgram([part, '--config', config]);
    running.push(program);
    return program;
  };

  beforeAll(async () => {
    receiver = await startReceiver();
    node = await startElasticsearch({ version: 8, dir: join(folder, 'node') });
    store = openElasticsearchStore({ nodes: [node.url], indexPrefix: 'jobtrace' });
    await splitIndex(node.url);
    for (const cluster of CLUSTERS) write(folder, cluster, LINES.slice(0, 3));
    start('agent', 'agent');
    await waitUntil('the first lines', async () => ((await store.countPartitions()) === PARTS ? true : undefined));
  });
  afterAll(async () => {
    // The killed process has ended with another code.
    await Promise.all(running.map((program) => program.stop()));
    await store.close();
    await receiver.close();
    await node.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it(
    'tell each failure once, though one of them is killed between its lines',
    async () => {
      const first = start('first', 'analyzer');
      start('second', 'analyzer');
      await waitForParts(store, [2, 2], () => running.map((program) => program.stderr()));
      const end = LINES.findIndex((line) => line.includes('from state FAILING to FAILED'));
      for (const cluster of CLUSTERS) write(folder, cluster, LINES.slice(3, end));
      // The first notification shows that an analyzer has begun.
      await waitUntil('the first message', () => receiver.received[0], { deadlineMs: DEADLINE_MS });
      await first.stop('SIGKILL');
      const killedAt = Date.now();
      for (const cluster of CLUSTERS) write(folder, cluster, LINES.slice(end));
      await waitForParts(store, [4], () => running.map((program) => program.stderr()));
      console.log(`all parts are the other's after ${Date.now() - killedAt} ms`);

      const incidents = await waitUntil(
        'an incident that has ended in each cluster',
        async () => {
          const found = await listIncidents(store);
          return found.filter(({ outcome }) => outcome === 'failed').length >= CLUSTERS.length ? found : undefined;
        },
        { deadlineMs: DEADLINE_MS, saw: () => running.map((program) => program.stderr().slice(-1000)) },
      );

      expect(incidents.map(({ cluster }) => cluster).sort()).toEqual([...CLUSTERS].sort());
      expect(new Set(incidents.map(({ diagnoses }) => diagnoses.en[0]?.cause))).toEqual(new Set([CAUSE]));
      await waitUntil(
        'a message about each',
        () => (listOpened(receiver.received).size >= CLUSTERS.length ? true : undefined),
        { deadlineMs: DEADLINE_MS, saw: () => [...listOpened(receiver.received)] },
      );
      // A repeated message has the same id, by which a receiver recognizes it.
      expect(listOpened(receiver.received).size).toBe(CLUSTERS.length);
    },
    4 * DEADLINE_MS,
  );

  it('let one that comes have its part', async () => {
    start('third', 'analyzer');

    await waitForParts(store, [2, 2], () => running.map((program) => program.stderr()));
    const before = await listIncidents(store);
    expect(before).toHaveLength(CLUSTERS.length);
  });
});

/** Configures the index as docs/elasticsearch.md advises for several analyzers. */
async function splitIndex(url: string): Promise<void> {
  const response = await fetch(`${url}/_component_template/jobtrace-logs@custom`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ template: { settings: { index: { number_of_shards: PARTS } } } }),
  });
  expect(response.status, await response.text()).toBe(200);
}

function write(folder: string, cluster: string, lines: readonly string[]): void {
  const dir = join(folder, 'logs', cluster);
  mkdirSync(dir, { recursive: true });
  appendFileSync(join(dir, 'flink-flink-standalonesession-0-node-1.log'), lines.map((line) => `${line}\n`).join(''));
}

/**
 * Waits until each analyzer has its number of partitions, according to the document through which they know each other.
 */
async function waitForParts(store: Store, wanted: readonly number[], saw: () => unknown): Promise<void> {
  let text: string | undefined;
  await waitUntil(
    `parts: ${wanted.join(' and ')}`,
    async () => {
      // An index that was just created does not answer yet.
      text = (await store.states.load('analyzer/parts').catch(() => undefined))?.value;
      const { shares = {} } = JSON.parse(text ?? '{}') as { shares?: Readonly<Record<string, { holder?: string }>> };
      const counts = new Map<string, number>();
      for (const [share, { holder }] of Object.entries(shares))
        if (holder !== undefined && /^\d+$/.test(share)) counts.set(holder, (counts.get(holder) ?? 0) + 1);
      const found = [...counts.values()].sort((a, b) => a - b);
      return JSON.stringify(found) === JSON.stringify(wanted) ? true : undefined;
    },
    { deadlineMs: DEADLINE_MS, saw: () => [text, saw()] },
  );
}

async function listIncidents(store: Store): Promise<readonly Incident[]> {
  return store.findIncidents({ limit: 1000 });
}

/** Returns the ids of the messages about new incidents. */
function listOpened(received: readonly Received[]): ReadonlySet<unknown> {
  const opened = received.filter(({ body }) => body['type'] === 'jobtrace.incident.opened');
  return new Set(opened.map(({ headers }) => headers['webhook-id']));
}
