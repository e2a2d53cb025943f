// Measures the ten most frequent searches and the list of incidents, on either store: npx tsx bench/queries.ts
// (--help). It makes the log of a fleet, a million records a day, and sends the requests of the page: a page of the
// newest lines with histogram and facets. On Elasticsearch it compares with the same requests sent directly.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from '../api/server.js';
import { createLog } from '../core/log.js';
import { startElasticsearch } from '../lab/parts/services/elasticsearch.js';
import { JSON_OPTION, readCommandLine, type BenchScript } from '../lab/options.js';
import { openElasticsearchStore } from '../store/elasticsearch/elasticsearch.js';
import { openSqliteStore } from '../store/sqlite/sqlite.js';
import type { RecordQuery, Store } from '../store/store.js';
import { fillFleet, listSearches } from './logs/fleet-log.js';
import { appendResult, describeSession, findMedian, findP99 } from './report/results.js';

const SCRIPT = {
  name: 'bench/queries.ts',
  summary: 'The ten searches that people ask most, and the list of incidents.',
  options: {
    store: { kind: 'text', default: 'sqlite', values: ['sqlite', 'elasticsearch'], help: 'Which store.' },
    records: { kind: 'number', default: '2000000', least: 1000, help: 'In the store, a million a day.' },
    incidents: { kind: 'number', default: '10000', least: 1, help: 'In the list.' },
    rounds: { kind: 'number', default: '20', least: 1, help: 'How often each is asked.' },
    json: JSON_OPTION,
  },
} as const satisfies BenchScript;

const { values } = readCommandLine(SCRIPT);

interface Sent {
  readonly path: string;
  readonly body: string;
}

/** Opens a proxy that forwards everything and keeps the requests. */
async function openRecorder(target: string): Promise<{ readonly url: string; readonly sent: Sent[]; server: Server }> {
  const sent: Sent[] = [];
  const server = createHttpServer((request, response) => {
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        const path = request.url ?? '';
        if (path.includes('_search')) sent.push({ path, body });
        void fetch(`${target}${path}`, {
          method: request.method ?? 'GET',
          headers: { 'content-type': 'application/json' },
          ...(body === '' ? {} : { body }),
        }).then(async (answer) => {
          const type = answer.headers.get('content-type') ?? 'application/json';
          response.writeHead(answer.status, { 'content-type': type, 'x-elastic-product': 'Elasticsearch' });
          response.end(await answer.text());
        });
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sent, server };
}

async function measure(ask: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await ask();
  return performance.now() - before;
}

const pairs: { readonly own: number; readonly raw: number }[] = [];
const all: number[] = [];

/** Runs all searches. `listSent` returns the same searches as requests to Elasticsearch; none on SQLite. */
async function askAll(
  store: Store,
  url: string,
  listSent: (query: RecordQuery) => Promise<readonly Sent[]>,
): Promise<void> {
  console.log('| search | lines | ms, median | ms, p99 | of the raw requests |\n|---|---|---|---|---|');
  for (const [name, query] of listSearches(values.records)) {
    const requests = await listSent(query);
    const { total } = await store.searchRecords(query);
    const own: number[] = [];
    const raw: number[] = [];
    for (let round = 0; round < values.rounds; round += 1) {
      own.push(await measure(() => store.searchRecords(query)));
      raw.push(
        await measure(async () => {
          for (const { path, body } of requests)
            await (
              await fetch(`${url}${path}`, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
            ).json();
        }),
      );
    }
    all.push(...own);
    const ratio = requests.length === 0 ? NaN : findMedian(own) / findMedian(raw);
    if (requests.length > 0) pairs.push({ own: findMedian(own), raw: findMedian(raw) });
    console.log(
      `| ${name} | ${total.toLocaleString('en')} | ${findMedian(own).toFixed(1)} | ${findP99(own).toFixed(1)} | ${Number.isNaN(ratio) ? '–' : ratio.toFixed(2)} |`,
    );
    const figures = { medianMs: findMedian(own), p99Ms: findP99(own), ...(Number.isNaN(ratio) ? {} : { ratio }) };
    appendResult(values.json, { kind: 'query', store: values.store, records: values.records, name, ...figures });
  }
}

async function askForIncidents(store: Store): Promise<void> {
  const server = createServer({
    store,
    catalogInfo: () => [],
    settings: { version: 'bench', language: 'en', tokens: [] },
    log: createLog('silent'),
  });
  const { url } = await server.listen({ host: '127.0.0.1', port: 0 });
  const took: number[] = [];
  let bytes = 0;
  for (let round = 0; round < values.rounds; round += 1)
    took.push(
      await measure(async () => {
        const answer = await fetch(`${url}/api/v1/incidents/rows?limit=100&top=true`);
        bytes = (await answer.text()).length;
      }),
    );
  await server.close();
  console.log(
    `\nThe list of ${values.incidents.toLocaleString('en')} incidents: ${findMedian(took).toFixed(1)} ms, p99 ${findP99(took).toFixed(1)} ms, ${(bytes / 1024).toFixed(0)} KiB of JSON.`,
  );
  appendResult(values.json, { kind: 'incidents', store: values.store, medianMs: findMedian(took), bytes });
}

async function onSqlite(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-queries-'));
  const store = openSqliteStore({ path: join(folder, 'jobtrace.db') });
  try {
    await fillFleet(store, values);
    await askAll(store, '', () => Promise.resolve([]));
    await askForIncidents(store);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function onElasticsearch(): Promise<void> {
  const node = await startElasticsearch({ version: 8, heap: '2g', analysis: true, thorough: true });
  const recorder = await openRecorder(node.url);
  const store = openElasticsearchStore({ nodes: [node.url] });
  const recorded = openElasticsearchStore({ nodes: [recorder.url] });
  try {
    await fillFleet(store, values);
    await askAll(store, node.url, async (query) => {
      recorder.sent.length = 0;
      await recorded.searchRecords(query);
      return [...recorder.sent];
    });
    await askForIncidents(store);
  } finally {
    await store.close();
    await recorded.close();
    recorder.server.closeAllConnections();
    recorder.server.close();
    await node.stop();
  }
}

appendResult(values.json, describeSession(SCRIPT.name, []));
await (values.store === 'sqlite' ? onSqlite() : onElasticsearch());
console.log(`All searches: p99 ${findP99(all).toFixed(1)} ms.`);
if (pairs.length > 0) {
  const sum = (read: (pair: (typeof pairs)[number]) => number): number =>
    pairs.reduce((total, pair) => total + read(pair), 0);
  console.log(`Of what the raw requests take: ${(sum(({ own }) => own) / sum(({ raw }) => raw)).toFixed(2)}.`);
}
