// Measures searches in a large store while other users run expensive ones: fifty users go through the ten usual
// searches and the list of incidents; six more match patterns against every word, with histogram and facets, without a
// pause: npx tsx bench/load.ts (--help). Prints the longest health response and the 99th percentile of the usual
// searches. It measures the built `jobtrace api` (`npm run build`).
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JSON_OPTION, readCommandLine, type BenchScript } from '../lab/options.js';
import { startElasticsearch } from '../lab/parts/services/elasticsearch.js';
import { openElasticsearchStore } from '../store/elasticsearch/elasticsearch.js';
import { openSqliteStore } from '../store/sqlite/sqlite.js';
import type { RecordQuery, Store } from '../store/store.js';
import { startProgram, waitUntil } from '../test/program.js';
import { readJobtraceVersion } from './agent/peers.js';
import { askHealth } from './up.js';
import { fillFleet, listSearches } from './logs/fleet-log.js';
import { appendResult, describeSession, findMedian, findP99 } from './report/results.js';

const SCRIPT = {
  name: 'bench/load.ts',
  summary: 'Usual searches and health while others ask what is dear.',
  options: {
    store: { kind: 'text', default: 'sqlite', values: ['sqlite', 'elasticsearch'], help: 'Which store.' },
    at: {
      kind: 'text',
      value: 'URL',
      default: '',
      help: 'An Elasticsearch that holds these records already; nothing is filled, and it is left running.',
    },
    records: { kind: 'number', default: '2000000', least: 1000, help: 'In the store, a million a day.' },
    incidents: { kind: 'number', default: '10000', least: 1, help: 'In the list.' },
    users: { kind: 'number', default: '50', least: 1, help: 'Who ask usual searches.' },
    think: { kind: 'number', value: 'SECONDS', default: '2', help: 'How long each reads between two, on average.' },
    dear: { kind: 'number', default: '6', least: 0, help: 'Who ask for patterns, without a pause.' },
    seconds: { kind: 'number', default: '120', least: 1, help: 'How long.' },
    json: JSON_OPTION,
  },
} as const satisfies BenchScript;

/** Limits in seconds. */
const MAX_HEALTH_SECONDS = 1;
const MAX_SEARCH_SECONDS = 1;
const START_MS = 120_000;

/** Patterns that do not begin with letters which an index of words could look up. */
const PATTERNS = ['*heckpoint*', '*eartbeat*', '*ompleted', '*rders-1*', '*xpired*', '*etching*'];

const { values } = readCommandLine(SCRIPT);

interface Place {
  readonly store: Store;
  /** Arguments that tell `jobtrace api` where the store is. */
  readonly args: readonly string[];
  stop(): Promise<void>;
}

async function openPlace(folder: string): Promise<Place> {
  if (values.store === 'sqlite') {
    const data = join(folder, 'data');
    mkdirSync(data);
    return {
      store: openSqliteStore({ path: join(data, 'jobtrace.db') }),
      args: ['--data', data],
      stop: () => Promise.resolve(),
    };
  }
  if (values.at !== '')
    return {
      store: openElasticsearchStore({ nodes: [values.at] }),
      args: ['--store', values.at],
      stop: () => Promise.resolve(),
    };
  const node = await startElasticsearch({ version: 8, heap: '2g', analysis: true, thorough: true });
  return {
    store: openElasticsearchStore({ nodes: [node.url] }),
    args: ['--store', node.url],
    stop: () => node.stop(),
  };
}

const tokenOf = (who: string): string => `${who}-`.padEnd(40, 'x');
const users = Array.from({ length: values.users }, (_, index) => `user-${index}`);
const others = Array.from({ length: values.dear }, (_, index) => `other-${index}`);

function writeSettings(folder: string): string {
  const path = join(folder, 'jobtrace.yaml');
  const tokens = [...users, ...others].map((name) => `    - {name: ${name}, token: "${tokenOf(name)}", role: reader}`);
  writeFileSync(path, ['api:', '  tokens:', ...tokens, ''].join('\n'));
  return path;
}

/** Answer to a caller, and its delay. */
interface Answered {
  readonly what: string;
  readonly status: number;
  readonly ms: number;
}

async function ask(url: string, who: string, what: string, path: string): Promise<Answered> {
  const before = performance.now();
  const answer = await fetch(new URL(path, url), { headers: { authorization: `Bearer ${tokenOf(who)}` } });
  await answer.arrayBuffer();
  return { what, status: answer.status, ms: performance.now() - before };
}

/** Builds the request path as the page does: `facets` and `histogram` with the first page of a search. */
function describePath({ query, process, from, to, limit, order, histogramBuckets, facets }: RecordQuery): string {
  const asked = { query, process, from, to, limit, order, histogram: histogramBuckets, facets };
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) if (value !== undefined) given.set(name, String(value));
  return `/api/v1/records?${given.toString()}`;
}

const USUAL: readonly (readonly [what: string, path: string])[] = [
  ...listSearches(values.records).map(([name, query]) => [name, describePath(query)] as const),
  ['the list of incidents', '/api/v1/incidents/rows?limit=100&top=true'],
];

/**
 * Runs the usual searches one after the other, with time to read between them. Each user begins with a different one.
 */
async function searchAsUser(url: string, number: number, untilMs: number): Promise<readonly Answered[]> {
  const answered: Answered[] = [];
  for (let turn = number; performance.now() < untilMs; turn += 1) {
    await pause(values.think * 1000 * (0.5 + Math.random()));
    const [what, path] = USUAL[turn % USUAL.length] ?? ['', ''];
    answered.push(await ask(url, users[number] ?? '', what, path));
  }
  return answered;
}

async function searchDearly(url: string, number: number, untilMs: number): Promise<readonly Answered[]> {
  const answered: Answered[] = [];
  for (let turn = number; performance.now() < untilMs; turn += 1) {
    const query = PATTERNS[turn % PATTERNS.length] ?? '';
    const path = describePath({ query, limit: 100, order: 'newest', histogramBuckets: 60, facets: true });
    const one = await ask(url, others[number] ?? '', query, path);
    answered.push(one);
    // A refused user waits a moment, as the answer asks.
    if (one.status === 429) await pause(1000);
  }
  return answered;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const seconds = (ms: number): string => (ms / 1000).toFixed(2);

function report(usual: readonly Answered[], dear: readonly Answered[], healthMs: number, peakMib: number): void {
  console.log('| search | asked | s, median | s, p99 |\n|---|---|---|---|');
  for (const [what] of USUAL) {
    const took = usual.filter((one) => one.what === what).map(({ ms }) => ms);
    console.log(`| ${what} | ${took.length} | ${seconds(findMedian(took))} | ${seconds(findP99(took))} |`);
  }
  const all = usual.map(({ ms }) => ms);
  const refused = usual.filter(({ status }) => status !== 200).length;
  const done = dear.filter(({ status }) => status === 200);
  console.log(
    `\n${values.users} users, ${values.records.toLocaleString('en')} records on ${values.store}: ${all.length} usual searches, p99 ${seconds(findP99(all))} s (bar ${MAX_SEARCH_SECONDS}), at most ${seconds(Math.max(...all))} s, ${refused} refused; health answers after at most ${seconds(healthMs)} s (bar ${MAX_HEALTH_SECONDS}); ` +
      `patterns: ${done.length} of ${dear.length} answered, at most after ${seconds(Math.max(0, ...dear.map(({ ms }) => ms)))} s; at most ${peakMib.toFixed(0)} MiB.`,
  );
  appendResult(values.json, describeSession(SCRIPT.name, [{ name: 'jobtrace', version: readJobtraceVersion() }]));
  appendResult(values.json, {
    ...{ kind: 'load', store: values.store, records: values.records, users: values.users },
    ...{ searches: all.length, refused, medianMs: findMedian(all), p99Ms: findP99(all), healthMs, peakMib },
    ...{ dear: dear.length, dearAnswered: done.length },
  });
}

const folder = mkdtempSync(join(tmpdir(), 'jobtrace-load-'));
const place = await openPlace(folder);
try {
  if (values.at === '') await fillFleet(place.store, values);
  await place.store.close();
  const args = ['api', ...place.args, '--config', writeSettings(folder), '--listen', '127.0.0.1:0'];
  const program = startProgram(args);
  const url = await waitUntil('the address', () => /"url":"([^"]+)"/.exec(program.stderr())?.[1], {
    deadlineMs: START_MS,
    saw: () => program.stderr(),
  });
  const health = askHealth({ url });
  const untilMs = performance.now() + values.seconds * 1000;
  const [usual, dear] = await Promise.all([
    Promise.all(users.map((_, number) => searchAsUser(url, number, untilMs))),
    Promise.all(others.map((_, number) => searchDearly(url, number, untilMs))),
  ]);
  const status = readFileSync(`/proc/${program.process.pid}/status`, 'utf8');
  const peakMib = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  report(usual.flat(), dear.flat(), health.stop(), peakMib);
  await program.stop();
} finally {
  await place.stop();
  rmSync(folder, { recursive: true, force: true });
}
