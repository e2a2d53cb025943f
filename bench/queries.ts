// The ten searches that people ask most, and the list of incidents, on either store: npx tsx bench/queries.ts (--help).
// Makes the log of a fleet, a million records a day, and asks as the page does: a page of the newest lines with
// histogram and facets. On Elasticsearch beside what the same requests take that are sent to it as they are.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from '../api/server.js';
import { createLog } from '../core/log.js';
import type { LogRecord } from '../core/types.js';
import { startElasticsearch } from '../lab/parts/services/elasticsearch.js';
import { JSON_OPTION, readCommandLine, type BenchScript } from '../lab/options.js';
import { makeDiagnosis, makeIncident } from '../notify/testing/samples.js';
import { openElasticsearchStore } from '../store/elasticsearch/elasticsearch.js';
import { encodeRecords } from '../store/encode.js';
import { openSqliteStore } from '../store/sqlite/sqlite.js';
import type { RecordQuery, Store } from '../store/store.js';
import { appendResult, describeSession, findMedian } from './results.js';

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
const BEGIN = Date.parse('2026-11-01T00:00:00.000Z');
const STEP_MS = 86.4;
const END = BEGIN + values.records * STEP_MS;
const HOUR_MS = 3_600_000;
const BATCH = 5000;
const JOBS = 100;
const PROCESSES = 200;
/** Saved at once: Elasticsearch makes each of them visible before it answers. */
const AT_ONCE = 32;

const LINES: readonly ((number: number) => string)[] = [
  (number) => `Triggering checkpoint ${number} (type=CheckpointType{name='Checkpoint'}) @ ${BEGIN + number} for job.`,
  (number) =>
    `Completed checkpoint ${number} for job (${number % 90_000} bytes, checkpointDuration=${number % 4000} ms).`,
  (number) => `Source: orders[${number % 16}] -> Filter (${(number % 8) + 1}/8) switched from INITIALIZING to RUNNING.`,
  (number) => `Resetting offset for partition orders-${number % 64} to position FetchPosition{offset=${number}}.`,
  (number) => `Un-registering task and sending final execution state FINISHED to JobManager for task ${number}.`,
  (number) => `The rolling policy closed the part file part-${number % 32}-${number} of bucket 2026-11.`,
  (number) => `[AdminClient clientId=client-${number % 128}] Node ${number % 9} disconnected.`,
];
const WARNING = (number: number): string => `Checkpoint ${number} of the job expired before completing.`;
const FAILURE = (number: number): string =>
  `Map (${(number % 8) + 1}/8) switched from RUNNING to FAILED.\njava.util.concurrent.TimeoutException: Heartbeat of TaskManager with id tm-${number % PROCESSES} timed out.\n\tat org.apache.flink.runtime.jobmaster.JobMaster.run(JobMaster.java:1476)`;

function makeRecord(number: number): LogRecord {
  const process = number % PROCESSES;
  const job = process % JOBS;
  const [level, say] =
    number % 997 === 5
      ? (['ERROR', FAILURE] as const)
      : number % 97 === 3
        ? (['WARN', WARNING] as const)
        : (['INFO', LINES[number % LINES.length] ?? WARNING] as const);
  const message = say(number);
  const time = new Date(BEGIN + number * STEP_MS).toISOString();
  const text = `${time} ${level} org.apache.flink.runtime.Class${number % 40} [] - ${message}`;
  return {
    id: `h${process}:/logs/tm.log:${String(number).padStart(12, '0')}`,
    '@timestamp': time,
    message,
    'event.original': text,
    'log.file.path': '/logs/tm.log',
    'log.offset': number,
    'host.name': `h${process}`,
    'flink.cluster': `session-${job % 10}`,
    'jobtrace.process': `h${process}-tm`,
    'jobtrace.kind': 'log',
    'jobtrace.layout': 'flink',
    'jobtrace.length': text.length,
    'log.level': level,
    'log.logger': `org.apache.flink.runtime.Class${number % 40}`,
    'flink.component': 'taskmanager',
    'flink.job.id': String(job).padStart(32, 'a'),
    'flink.job.name': `job-${job}`,
    ...(level === 'ERROR' ? { 'error.type': 'java.util.concurrent.TimeoutException' } : {}),
  };
}

const last = (hours: number): Pick<RecordQuery, 'from' | 'to'> => ({
  from: new Date(END - hours * HOUR_MS).toISOString(),
  to: new Date(END).toISOString(),
});
const PAGE = { limit: 100, order: 'newest' } as const;
const FIRST_PAGE = { ...PAGE, histogramBuckets: 60, facets: true } as const;

const ASKED: readonly (readonly [name: string, query: RecordQuery])[] = [
  ['the last quarter of an hour', { ...FIRST_PAGE, ...last(0.25) }],
  ['errors, an hour', { ...FIRST_PAGE, query: 'level:ERROR', ...last(1) }],
  ['a job, an hour', { ...FIRST_PAGE, query: 'job:job-17', ...last(1) }],
  ['errors of a job, a day', { ...FIRST_PAGE, query: 'job:job-17 level:ERROR', ...last(24) }],
  ['an exception, a day', { ...FIRST_PAGE, query: 'TimeoutException', ...last(24) }],
  ['a phrase, an hour', { ...FIRST_PAGE, query: '"expired before completing"', ...last(1) }],
  ['a process, an hour', { ...FIRST_PAGE, process: 'h117-tm', ...last(1) }],
  ['a word without another, an hour', { ...FIRST_PAGE, query: 'checkpoint -Completed', ...last(1) }],
  ['one number, of all', { ...FIRST_PAGE, query: String(Math.floor(values.records / 7) * 5 + 1) }],
  ['the next page of a day', { ...PAGE, query: 'level:WARN', ...last(24) }],
];

async function fill(store: Store): Promise<void> {
  for (let from = 0; from < values.records; from += BATCH) {
    const count = Math.min(BATCH, values.records - from);
    const outcomes = await store.append(
      encodeRecords(
        store.encoding,
        Array.from({ length: count }, (_, index) => makeRecord(from + index)),
      ),
    );
    if (outcomes.some(({ kind }) => kind !== 'stored')) throw new Error(`A batch at ${from} was not stored.`);
    if (from % 500_000 === 0) console.error(`${from.toLocaleString('en')} records`);
  }
  for (let from = 0; from < values.incidents; from += AT_ONCE)
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, values.incidents - from) }, (_, index) =>
        store.saveIncident(describeIncident(from + index)),
      ),
    );
  const isThere = async (): Promise<boolean> =>
    (await store.searchRecords({ limit: 1, order: 'newest' })).total === values.records;
  while (!(await isThere())) await new Promise((resume) => setTimeout(resume, 500));
}

function describeIncident(number: number): ReturnType<typeof makeIncident> {
  const time = new Date(BEGIN + (number / values.incidents) * (END - BEGIN)).toISOString();
  return makeIncident([makeDiagnosis(`network.cause-${number % 40}/any`)], {
    id: `incident-${number}`,
    cluster: `session-${number % 10}`,
    job: { id: String(number % JOBS).padStart(32, 'a'), name: `job-${number % JOBS}` },
    firstSeen: time,
    lastSeen: time,
    outcome: number % 3 === 0 ? 'failing' : 'recovered',
  });
}

interface Sent {
  readonly path: string;
  readonly body: string;
}

/** Hands everything on, and keeps what was asked. */
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

function findP99(took: readonly number[]): number {
  return [...took].sort((a, b) => a - b)[Math.min(took.length - 1, Math.floor(took.length * 0.99))] ?? NaN;
}

const pairs: { readonly own: number; readonly raw: number }[] = [];
const all: number[] = [];

/** `listSent`: the same as requests to Elasticsearch; none on SQLite. */
async function askAll(
  store: Store,
  url: string,
  listSent: (query: RecordQuery) => Promise<readonly Sent[]>,
): Promise<void> {
  console.log('| search | lines | ms, median | ms, p99 | of the raw requests |\n|---|---|---|---|---|');
  for (const [name, query] of ASKED) {
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
    await fill(store);
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
    await fill(store);
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
