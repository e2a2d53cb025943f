// Measures how long the message about a failing job takes while old logs with many failures of another cluster are
// waiting and being read, through `jobtrace up` on SQLite: npx tsx bench/backlog.ts (--help). It measures the built
// program (`npm run build`).
import { mkdirSync, mkdtempSync, rmSync, writeFileSync, appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JSON_OPTION, readCommandLine, type BenchScript } from '../lab/options.js';
import { readJobtraceVersion } from './agent/peers.js';
import { renderFailingJobs } from './logs/flood.js';
import { startUp } from './up.js';
import { appendResult, describeSession } from './report/results.js';

const SCRIPT = {
  name: 'bench/backlog.ts',
  summary: 'How soon a failure of now is told while old ones are read.',
  options: {
    mib: { kind: 'number', value: 'MIB', default: '1024', least: 1, help: 'Old logs that wait.' },
    clusters: { kind: 'number', default: '20', least: 1, help: 'Of so many clusters.' },
    between: { kind: 'number', default: '100', least: 0, help: 'Lines between two failures.' },
    after: {
      kind: 'number',
      value: 'SECONDS',
      default: '20',
      help: 'The first job of now fails so long after the start.',
    },
    failures: { kind: 'number', default: '5', least: 1, help: 'Jobs that fail now, one after the other.' },
    json: JSON_OPTION,
  },
} as const satisfies BenchScript;

const { values } = readCommandLine(SCRIPT);
const MIB = 1_048_576;
/** Limits: seconds, MiB. */
const MAX_SECONDS = 10;
const MAX_MIB = 1024;
const DAY_MS = 86_400_000;
const EVERY_MS = 15_000;
const DEADLINE_MS = 600_000;

/** Writes logs that are two days old; returns their bytes. */
function writeBacklog(logs: string): number {
  let written = 0;
  for (let cluster = 0; cluster < values.clusters; cluster++) {
    const folder = join(logs, `old-${cluster}`);
    mkdirSync(folder, { recursive: true });
    const path = join(folder, 'flink-u-standalonesession-0-host.log');
    const end = ((cluster + 1) * values.mib * MIB) / values.clusters;
    for (let first = cluster * 1_000_000; written < end; first += 100) {
      const start = Date.now() - 2 * DAY_MS + (first % 1_000_000) * 500;
      const text = renderFailingJobs({
        jobs: 100,
        isShared: false,
        hasTasks: false,
        start,
        everyMs: 500,
        first,
        between: values.between,
      });
      appendFileSync(path, text);
      written += text.length;
    }
  }
  return written;
}

interface Figures {
  readonly seconds: number;
  readonly peakMib: number;
}

async function measure(folder: string): Promise<Figures> {
  const logs = join(folder, 'log');
  const bytes = writeBacklog(logs);
  const now = join(logs, 'now');
  mkdirSync(now);
  const path = join(now, 'flink-u-standalonesession-0-host.log');
  writeFileSync(path, '');
  console.log(`${(bytes / MIB).toFixed(0)} MiB of old logs wait.`);
  const up = await startUp(folder, join(logs, '{cluster}', '*.log'));
  try {
    await wait(values.after * 1000);
    let seconds = 0;
    for (let number = 0; number < values.failures; number++) {
      const first = 900_000_000 + number;
      const begun = Date.now();
      appendFileSync(path, renderFailingJobs({ jobs: 1, isShared: false, hasTasks: false, start: begun, first }));
      const isTold = (): boolean =>
        up.receiver.received.some(({ body }) => JSON.stringify(body).includes(`"job-${first}"`));
      while (!isTold() && Date.now() - begun < DEADLINE_MS) await wait(50);
      const took = (Date.now() - begun) / 1000;
      console.log(
        `told after ${took.toFixed(1)} s; ${await up.countIncidents()} incidents so far, ${up.readPeakMib().toFixed(0)} MiB`,
      );
      seconds = Math.max(seconds, took);
      await wait(EVERY_MS);
    }
    return { seconds, peakMib: up.readPeakMib() };
  } finally {
    await up.stop();
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const folder = mkdtempSync(join(tmpdir(), 'jobtrace-bench-'));
try {
  const figures = await measure(folder);
  console.log(
    `A failure of now is told after at most ${figures.seconds.toFixed(1)} s (bar ${MAX_SECONDS}), at most ${figures.peakMib.toFixed(0)} MiB (bar ${MAX_MIB})`,
  );
  appendResult(values.json, describeSession(SCRIPT.name, [{ name: 'jobtrace', version: readJobtraceVersion() }]));
  appendResult(values.json, { kind: 'backlog', mib: values.mib, ...figures });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
