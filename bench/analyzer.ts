// Measures what the analyzer costs as a restart loop continues, as a cluster has more jobs, and as there are more
// clusters: npx tsx bench/analyzer.ts (--help). Logs consist of the lines that Flink prints around a restart, and are
// read through the change feed of a store in memory, so that only the analyzer is measured: processor time per record
// in each phase, memory, and bytes written into the store. The first of each row is the reference for the others and
// runs alternately with each of them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createLog } from '../core/log.js';
import { findLargest } from '../core/sequence.js';
import type { LogRecord } from '../core/types.js';
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import { createSignalSetter } from '../analyzer/testing/set-signal.js';
import { createAnalyzer, type Analyzer } from '../analyzer/service/analyzer.js';
import { openSqliteStore } from '../store/sqlite/sqlite.js';
import { appendRecords } from '../store/testing/samples.js';
import type { Store } from '../store/store.js';
import { readCommandLine, type BenchScript } from '../lab/options.js';
import { findMedian } from './report/results.js';
import { renderQuiet, renderRestart, renderStart, type MadeJob } from './logs/restarts.js';

const SCRIPT = {
  name: 'bench/analyzer.ts',
  summary: 'What the analyzer costs with many restarts, jobs and clusters.',
  options: {
    restarts: { kind: 'numbers', default: '10,100,1000,10000', help: 'Measured at these restarts of one job.' },
    jobs: { kind: 'numbers', default: '1,100,3000', help: 'Measured with so many jobs in one cluster.' },
    clusters: { kind: 'numbers', default: '10,500,5000', help: 'Measured with so many clusters.' },
    stretch: { kind: 'number', default: '400', least: 1, help: 'Restarts that are measured each time.' },
    mib: {
      kind: 'number',
      default: '20',
      value: 'MIB',
      help: 'What the largest of those clusters writes in a second.',
    },
    turns: { kind: 'number', default: '3', least: 1, help: 'For so many times 20 s.' },
  },
} as const satisfies BenchScript;

const { values } = readCommandLine(SCRIPT);
setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;
const catalog = loadCatalog();
const mark = createSignalSetter(catalog);
const START = Date.parse('2026-03-02T00:00:00Z');
/** Time, in milliseconds, between two restarts of one job. */
const EVERY_MS = 20_000;
/** Number of restarts between two reads of the feed. */
const AT_ONCE = 5;
/** Number of restarts before the other of two loops continues. */
const SLICE = 10;
/** Number of restarts before anything is measured. */
const WARM_UP = 300;
const MIB = 2 ** 20;

interface Bench {
  readonly store: Store;
  readonly analyzer: Analyzer;
  present: number;
  records: number;
  logBytes: number;
  written: number;
}

interface Cost {
  /** Processor time in microseconds. */
  readonly cpu: number;
  readonly records: number;
  /** Bytes written. */
  readonly written: number;
  readonly logBytes: number;
}

function open(path = ':memory:'): Bench {
  const sqlite = openSqliteStore({ path });
  const store: Store = {
    ...sqlite,
    states: {
      ...sqlite.states,
      save: (state) => {
        bench.written += state.value.length;
        return sqlite.states.save(state);
      },
    },
    saveIncidents: (writes) => {
      for (const { incident } of writes) bench.written += JSON.stringify(incident).length;
      return sqlite.saveIncidents(writes);
    },
  };
  const clock = { present: START };
  const analyzer = createAnalyzer({
    store,
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

/** Jobs that restart again and again. */
interface Loop {
  readonly bench: Bench;
  readonly jobs: readonly MadeJob[];
  /** Number of restarts so far. */
  done: number;
}

async function openLoop(all: readonly MadeJob[], failing: readonly MadeJob[]): Promise<Loop> {
  const bench = open();
  for (const job of all) await feed(bench, renderStart(job, START));
  await drain(bench);
  return { bench, jobs: failing, done: 0 };
}

/** Returns the cost of the analyzer alone while it reads this many restarts of each job. */
async function restart(loop: Loop, count: number): Promise<Cost> {
  const { bench, jobs } = loop;
  const before = { records: bench.records, written: bench.written, logBytes: bench.logBytes };
  let cpu = 0;
  for (const end = loop.done + count; loop.done < end;) {
    const until = Math.min(loop.done + AT_ONCE, end);
    for (; loop.done < until; loop.done++)
      for (const job of jobs) await feed(bench, renderRestart(job, START + loop.done * EVERY_MS, loop.done));
    cpu += await timeDrain(bench);
  }
  return {
    cpu,
    records: bench.records - before.records,
    written: bench.written - before.written,
    logBytes: bench.logBytes - before.logBytes,
  };
}

/** Returns the processor time in microseconds. */
async function timeDrain(bench: Bench): Promise<number> {
  const started = process.cpuUsage();
  await drain(bench);
  const { user, system } = process.cpuUsage(started);
  return user + system;
}

/**
 * Runs both loops in turn, a few restarts each, and prints the median. Other load on the machine then affects both, or
 * only few of the turns.
 */
async function measureBeside(what: string, loop: Loop, reference: Loop): Promise<void> {
  const costs: Cost[] = [];
  const others: Cost[] = [];
  for (let left = values.stretch; left > 0; left -= SLICE) {
    costs.push(await restart(loop, Math.min(left, SLICE)));
    others.push(await restart(reference, Math.min(left, SLICE)));
  }
  const cost = sumCosts(costs);
  const ratio = findMedian(costs.map((one, index) => perRecord(one) / perRecord(others[index] ?? one)));
  console.log(
    `${what.padEnd(28)} ${findMedian(costs.map(perRecord)).toFixed(1).padStart(8)} µs a record, ${ratio.toFixed(2)} of the first (bar 1.2)   ` +
      `${((100 * cost.written) / cost.logBytes).toFixed(1).padStart(6)} % of the log written   ${(process.memoryUsage().heapUsed / MIB).toFixed(0)} MiB`,
  );
}

function perRecord({ cpu, records }: Cost): number {
  return cpu / records;
}

function sumCosts(costs: readonly Cost[]): Cost {
  return costs.reduce((sum, cost) => ({
    cpu: sum.cpu + cost.cpu,
    records: sum.records + cost.records,
    written: sum.written + cost.written,
    logBytes: sum.logBytes + cost.logBytes,
  }));
}

async function benchRestarts(): Promise<void> {
  const [first = 1] = values.restarts;
  const start = async (restarts: number): Promise<Loop> => {
    const loop = await openLoop([{ cluster: 'c', id: 0 }], [{ cluster: 'c', id: 0 }]);
    await restart(loop, restarts);
    return loop;
  };
  const loop = await start(first);
  for (const restarts of values.restarts) {
    if (restarts > loop.done) await restart(loop, restarts - loop.done);
    const reference = await start(first);
    await measureBeside(`restart ${restarts}`, loop, reference);
    await reference.bench.store.close();
  }
  const [incident, ...others] = await loop.bench.store.findIncidents({ limit: 10 });
  console.log(`${others.length + 1} incident; ${incident?.restarts} of ${loop.done} restarts are written`);
  await loop.bench.store.close();
}

/** Measures clusters in which one of a hundred jobs fails. */
async function benchJobs(place: (id: number) => MadeJob, counts: readonly number[], what: string): Promise<void> {
  const start = async (count: number): Promise<Loop> => {
    const jobs = Array.from({ length: count }, (_, id) => place(id));
    const loop = await openLoop(jobs, jobs.slice(0, countFailing(count)));
    await restart(loop, 10);
    return loop;
  };
  for (const count of counts) {
    const [loop, reference] = [await start(count), await start(counts[0] ?? 1)];
    await measureBeside(`${count} ${what}`, loop, reference);
    for (const { bench } of [loop, reference]) await bench.store.close();
  }
}

function countFailing(jobs: number): number {
  return Math.max(1, Math.floor(jobs / 100));
}

/** Measures the logs of a fleet in one cluster, of which one job in a hundred restarts; most lines are irrelevant. */
async function benchFleet(): Promise<void> {
  const count = findLargest(values.jobs);
  const jobs = Array.from({ length: count }, (_, id) => ({ cluster: 'c', id }));
  const failing = jobs.slice(0, countFailing(count));
  const few = await openLoop(failing, failing);
  await restart(few, 10);
  const heapOfFew = readHeap();
  await few.bench.store.close();
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-bench-'));
  const bench = open(join(folder, 'store.sqlite'));
  for (const job of jobs) await feed(bench, renderStart(job, START));
  await drain(bench);
  const before = { written: bench.written, logBytes: bench.logBytes };
  let cpu = 0;
  for (let number = 0; number < values.turns; number++) {
    const time = START + number * EVERY_MS;
    for (const job of failing) await feed(bench, renderRestart(job, time, number));
    const bytes = (values.mib * MIB * EVERY_MS) / 1000 / count;
    for (const job of jobs) await feed(bench, renderQuiet(job, time + 5000, number, bytes));
    cpu += await timeDrain(bench);
  }
  const heap = readHeap();
  const logBytes = bench.logBytes - before.logBytes;
  await bench.store.close();
  rmSync(folder, { recursive: true, force: true });
  console.log(
    `${count} jobs in one cluster, ${failing.length} of them in a restart loop, ${(logBytes / MIB / ((values.turns * EVERY_MS) / 1000)).toFixed(1)} MiB a second for ${(values.turns * EVERY_MS) / 1000} s: ` +
      `${(logBytes / cpu).toFixed(0)} MB of log a second of one core (bar 50), ${((100 * (bench.written - before.written)) / logBytes).toFixed(2)} % of the log written (bar 1), ` +
      `${(heap / MIB).toFixed(0)} MiB of heap (bar 1024), ${((heap - heapOfFew) / 1000 / (count - failing.length)).toFixed(0)} KB for each quiet job (bar 100)`,
  );
}

/** Returns the heap size after a garbage collection. */
function readHeap(): number {
  gc();
  return process.memoryUsage().heapUsed;
}

/** Runs restarts so that the code is compiled before the measurement. */
async function warmUp(): Promise<void> {
  const loop = await openLoop([{ cluster: 'c', id: 0 }], [{ cluster: 'c', id: 0 }]);
  await restart(loop, WARM_UP);
  await loop.bench.store.close();
}

await warmUp();
await benchRestarts();
await benchJobs((id) => ({ cluster: 'c', id }), values.jobs, 'jobs in one cluster');
await benchJobs((id) => ({ cluster: `c${id}`, id }), values.clusters, 'clusters');
await benchFleet();
