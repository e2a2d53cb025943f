// Measures searches in the lines of a job, on SQLite: npx tsx bench/search.ts (--help lists its options). It makes a
// session cluster of fifty processes, with a job that had 200 time spans on them, and requests a page of the newest
// lines with histogram and facets, like the page. The spans are within the time of the first 100,000 records whatever
// follows, so the result stays the same and its cost should not grow with the store.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobLines } from '../core/documents/job.js';
import type { LogRecord } from '../core/types.js';
import { readCommandLine, type BenchScript } from '../lab/options.js';
import { encodeRecords } from '../store/encode.js';
import { openSqliteStore } from '../store/sqlite/sqlite.js';
import type { RecordQuery, Store } from '../store/store.js';
import { findMedian } from './report/results.js';

const SCRIPT = {
  name: 'bench/search.ts',
  summary: 'How long searches for the lines of a job take on SQLite, and others beside them.',
  options: {
    records: { kind: 'number', default: '100000', least: 1, help: 'In the store.' },
    rounds: { kind: 'number', default: '5', least: 1, help: 'How often each search is asked.' },
  },
} as const satisfies BenchScript;

const BEGIN = Date.parse('2026-11-20T00:00:00.000Z');
const STEP_MS = 360;
const SPAN_RECORDS = 100_000;
const SPANS = 200;
const SPAN_MS = 180_000;
const PROCESSES = 50;
const BATCH = 5000;
const JOB = { 'flink.job.id': 'a1'.repeat(16), 'flink.job.name': 'Orders' };
const NEIGHBOUR = { 'flink.job.id': 'c1'.repeat(16), 'flink.job.name': 'Clicks' };
const HOUR = { from: new Date(BEGIN + 3_600_000).toISOString(), to: new Date(BEGIN + 7_200_000).toISOString() };

const ASKED: readonly (readonly [name: string, query: Partial<RecordQuery>])[] = [
  ['job:orders', { query: 'job:orders' }],
  ['job: its id', { query: `job:${JOB['flink.job.id']}` }],
  ['job:orders, the filter', { job: 'Orders' }],
  ['job:orders, an hour', { query: 'job:orders', ...HOUR }],
  ['job:orders level:WARN', { query: 'job:orders level:WARN' }],
  ['job:orders and a word', { query: 'job:orders block' }],
  ['job:clicks, a twentieth of all', { query: 'job:clicks' }],
  ['-job:orders', { query: '-job:orders' }],
  ['all', {}],
  ['all, an hour', HOUR],
  ['a word of all', { query: 'block' }],
  ['a word of one', { query: '"entry number 7777"' }],
  ['level:WARN, a fiftieth', { query: 'level:WARN' }],
];

function makeRecord(number: number): LogRecord {
  const process = number % PROCESSES;
  const message = `entry number ${number} of process ${process} says something about block ${number % 977}`;
  const time = new Date(BEGIN + number * STEP_MS).toISOString();
  const text = `${time} INFO  org.apache.flink.runtime.taskmanager.Task [] - ${message}`;
  return {
    id: `h${process}:/logs/tm.log:${String(number).padStart(12, '0')}`,
    '@timestamp': time,
    message,
    'event.original': text,
    'log.file.path': '/logs/tm.log',
    'log.offset': number,
    'host.name': `h${process}`,
    'flink.cluster': 'session-1',
    'jobtrace.process': `h${process}-tm`,
    'jobtrace.kind': 'log',
    'jobtrace.layout': 'flink',
    'jobtrace.length': text.length,
    'log.level': number % 50 === 0 ? 'WARN' : 'INFO',
    'log.logger': `org.apache.Class${number % 40}`,
    'flink.component': 'taskmanager',
    ...(number % 500 === 7 ? JOB : number % 20 === 3 ? NEIGHBOUR : {}),
  };
}

function describeLines(): JobLines {
  const lengthMs = SPAN_RECORDS * STEP_MS;
  const spans = Array.from({ length: SPANS }, (_, index) => {
    const fromMs = BEGIN + Math.floor((index / SPANS) * lengthMs);
    return { process: `h${index % PROCESSES}-tm`, fromMs, toMs: fromMs + SPAN_MS };
  });
  return {
    cluster: 'session-1',
    jobId: JOB['flink.job.id'],
    jobName: JOB['flink.job.name'],
    spans: spans.reverse(),
    words: [],
    records: [],
    lastMs: BEGIN + lengthMs,
  };
}

async function fill(store: Store, records: number): Promise<void> {
  for (let from = 0; from < records; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, records - from) }, (_, index) => makeRecord(from + index));
    await store.append(encodeRecords(store.encoding, batch));
  }
  await store.jobLines.saveAll([describeLines()]);
}

async function main(): Promise<void> {
  const { records, rounds } = readCommandLine(SCRIPT).values;
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-search-'));
  const store = openSqliteStore({ path: join(folder, 'jobtrace.db') });
  try {
    await fill(store, records);
    console.log(`${records.toLocaleString('en')} records; ${rounds} rounds, median.\n\n| search | lines | ms |`);
    console.log('|---|---|---|');
    for (const [name, query] of ASKED) {
      const took: number[] = [];
      let found = 0;
      for (let round = 0; round < rounds; round += 1) {
        const before = performance.now();
        const asked = { limit: 100, order: 'newest', histogramBuckets: 60, facets: true, ...query } as const;
        found = (await store.searchRecords(asked)).total;
        took.push(performance.now() - before);
      }
      console.log(`| ${name} | ${found.toLocaleString('en')} | ${findMedian(took).toFixed(0)} |`);
    }
    console.log(`\nMemory at most: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB.`);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
