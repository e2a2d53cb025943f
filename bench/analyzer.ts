// What the analyzer costs as a restart loop goes on, as a cluster has more jobs, and as there are more clusters:
// npx tsx bench/analyzer.ts (--help). Logs are made of the lines that Flink prints around a restart, and read through
// the change feed of a store in memory, so that what is measured is the analyzer alone: processor time for a record in
// each stretch, what it keeps in memory, and what it writes into the store. The first stretch of each row is the
// measure of the others.
import { createLog } from '../core/log.js';
import type { LogRecord } from '../core/types.js';
import { RECORD_READER } from '../analyzer/entry/record.js';
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import { createRecordMarker } from '../analyzer/testing/mark.js';
import { createAnalyzer, type Analyzer } from '../analyzer/service/analyzer.js';
import { openSqliteStore } from '../store/sqlite/sqlite.js';
import { appendRecords } from '../store/testing/samples.js';
import type { Store } from '../store/store.js';
import { readCommandLine, type BenchScript } from '../lab/options.js';
import { renderRestart, renderStart, type MadeJob } from './analyzer/logs.js';

const SCRIPT = {
  name: 'bench/analyzer.ts',
  summary: 'What the analyzer costs with many restarts, jobs and clusters.',
  options: {
    restarts: { kind: 'numbers', default: '10,100,1000,10000', help: 'Measured at these restarts of one job.' },
    jobs: { kind: 'numbers', default: '1,100,3000', help: 'Measured with so many jobs in one cluster.' },
    clusters: { kind: 'numbers', default: '10,500,5000', help: 'Measured with so many clusters.' },
    stretch: { kind: 'number', default: '200', least: 1, help: 'Restarts that are measured each time.' },
  },
} as const satisfies BenchScript;

const { values } = readCommandLine(SCRIPT);
const catalog = loadCatalog();
const mark = createRecordMarker(catalog);
const START = Date.parse('2026-03-02T00:00:00Z');
/** Between two restarts of one job. */
const EVERY_MS = 20_000;
/** Restarts between two reads of the feed. */
const AT_ONCE = 5;

interface Bench {
  readonly store: Store;
  readonly analyzer: Analyzer;
  present: number;
  records: number;
  logBytes: number;
  written: number;
}

interface Cost {
  readonly microsPerRecord: number;
  readonly writtenShare: number;
  readonly heapMiB: number;
}

function open(): Bench {
  const sqlite = openSqliteStore({ path: ':memory:' });
  const store: Store = {
    ...sqlite,
    saveState: (key, value) => {
      bench.written += value.length;
      return sqlite.saveState(key, value);
    },
    saveIncident: (incident) => {
      bench.written += JSON.stringify(incident).length;
      return sqlite.saveIncident(incident);
    },
  };
  const clock = { present: START };
  const analyzer = createAnalyzer({
    store,
    reader: RECORD_READER,
    catalog,
    log: createLog('silent'),
    now: () => clock.present,
  });
  const bench: Bench = Object.assign(clock, { store, analyzer, records: 0, logBytes: 0, written: 0 });
  return bench;
}

async function feed(bench: Bench, records: readonly LogRecord[]): Promise<void> {
  for (const record of records) {
    bench.logBytes += record['jobtrace.length'];
    bench.present = Math.max(bench.present, Date.parse(record['@timestamp']));
  }
  bench.records += records.length;
  await appendRecords(bench.store, records.map(mark));
}

async function drain({ analyzer }: Bench): Promise<void> {
  while (!(await analyzer.stepOnce()).drained);
}

/** Of the analyzer alone, while `count` restarts of each of the jobs are fed to it. */
async function measure(bench: Bench, jobs: readonly MadeJob[], from: number, count: number): Promise<Cost> {
  const before = { records: bench.records, written: bench.written, logBytes: bench.logBytes };
  let cpu = 0;
  for (let restart = from; restart < from + count; restart += AT_ONCE) {
    for (let next = restart; next < Math.min(restart + AT_ONCE, from + count); next++)
      for (const job of jobs) await feed(bench, renderRestart(job, START + next * EVERY_MS, next));
    const started = process.cpuUsage();
    await drain(bench);
    const { user, system } = process.cpuUsage(started);
    cpu += user + system;
  }
  return {
    microsPerRecord: cpu / (bench.records - before.records),
    writtenShare: (bench.written - before.written) / (bench.logBytes - before.logBytes),
    heapMiB: process.memoryUsage().heapUsed / 2 ** 20,
  };
}

function print(what: string, cost: Cost, first: Cost): void {
  const ratio = (cost.microsPerRecord / first.microsPerRecord).toFixed(2);
  console.log(
    `${what.padEnd(28)} ${cost.microsPerRecord.toFixed(1).padStart(8)} µs a record (${ratio} of the first)   ` +
      `${(100 * cost.writtenShare).toFixed(1).padStart(6)} % of the log written   ${cost.heapMiB.toFixed(0)} MiB`,
  );
}

async function benchRestarts(): Promise<void> {
  const bench = open();
  const job: MadeJob = { cluster: 'c', id: 0 };
  await feed(bench, renderStart(job, START));
  let first: Cost | undefined;
  let done = 0;
  for (const restarts of values.restarts) {
    if (restarts > done) await measure(bench, [job], done, restarts - done);
    const cost = await measure(bench, [job], restarts, values.stretch);
    done = restarts + values.stretch;
    print(`restart ${restarts}`, cost, (first ??= cost));
  }
  const [incident, ...others] = await bench.store.findIncidents({ limit: 10 });
  console.log(`${others.length + 1} incident; ${incident?.restarts} of ${done} restarts counted`);
  await bench.store.close();
}

/** One of a hundred jobs fails. */
async function benchJobs(place: (id: number) => MadeJob, counts: readonly number[], what: string): Promise<void> {
  let first: Cost | undefined;
  for (const count of counts) {
    const bench = open();
    const jobs = Array.from({ length: count }, (_, id) => place(id));
    for (const job of jobs) await feed(bench, renderStart(job, START));
    await drain(bench);
    const failing = jobs.slice(0, Math.max(1, Math.floor(count / 100)));
    const cost = await measure(bench, failing, 10, values.stretch);
    print(`${count} ${what}`, cost, (first ??= cost));
    await bench.store.close();
  }
}

await benchRestarts();
await benchJobs((id) => ({ cluster: 'c', id }), values.jobs, 'jobs in one cluster');
await benchJobs((id) => ({ cluster: `c${id}`, id }), values.clusters, 'clusters');
