// Measures `jobtrace up` on SQLite with one receiver while very many jobs fail at once: the longest health response,
// the time of the first message, the number of messages, and the memory: npx tsx bench/flood.ts (--help). It measures
// the built program (`npm run build`).
import { appendFileSync, mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JSON_OPTION, readCommandLine, type BenchScript } from '../lab/options.js';
import { renderFailingJobs } from './logs/flood.js';
import { askHealth, startUp, type RunningUp } from './up.js';
import { appendResult, describeSession } from './report/results.js';
import { readJobtraceVersion } from './agent/peers.js';

const SCRIPT = {
  name: 'bench/flood.ts',
  summary: 'What happens when very many jobs fail at once.',
  options: {
    jobs: { kind: 'number', default: '20000', least: 1, help: 'Jobs that fail.' },
    shared: { kind: 'switch', help: 'All fail of one full disk; otherwise each of an exception of its own.' },
    tasks: { kind: 'switch', help: 'Their tasks fail first, in lines that name no job.' },
    json: JSON_OPTION,
  },
} as const satisfies BenchScript;

/** Limits: seconds, seconds, MiB. */
const MAX_HEALTH_SECONDS = 1;
const MAX_FIRST_SECONDS = 10;
const MAX_MIB = 1024;
const DEADLINE_MS = 900_000;
const QUIET_MS = 30_000;

const { values } = readCommandLine(SCRIPT);

interface Figures {
  readonly healthSeconds: number;
  readonly firstSeconds: number;
  readonly allSeconds: number;
  readonly messages: number;
  readonly incidents: number;
  readonly peakMib: number;
}

async function measure(folder: string): Promise<Figures> {
  const logs = join(folder, 'log');
  mkdirSync(logs);
  const path = join(logs, 'flink-u-standalonesession-0-host.log');
  writeFileSync(path, '');
  const up = await startUp(folder, logs);
  try {
    const { jobs, shared: isShared, tasks: hasTasks } = values;
    const log = renderFailingJobs({ jobs, isShared, hasTasks, start: Date.now() });
    const health = askHealth(up);
    const [begun, start] = [performance.now(), Date.now()];
    appendFileSync(path, log);
    const incidents = await waitForIncidents(up, begun);
    const allSeconds = (performance.now() - begun) / 1000;
    // Messages and platform incidents that follow once all are stored count too.
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    const { received } = up.receiver;
    return {
      healthSeconds: health.stop() / 1000,
      firstSeconds: received[0] === undefined ? Infinity : (received[0].at - start) / 1000,
      allSeconds,
      messages: received.length,
      incidents,
      peakMib: up.readPeakMib(),
    };
  } finally {
    await up.stop();
  }
}

/** Waits until all incidents are stored or the deadline has passed; returns their number. */
async function waitForIncidents(up: RunningUp, begun: number): Promise<number> {
  for (;;) {
    const found = await up.countIncidents();
    if (found >= values.jobs || performance.now() - begun > DEADLINE_MS) return found;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

const folder = mkdtempSync(join(tmpdir(), 'jobtrace-bench-'));
try {
  const figures = await measure(folder);
  console.log(
    `${values.jobs} jobs fail at once: health answers after at most ${figures.healthSeconds.toFixed(2)} s (bar ${MAX_HEALTH_SECONDS}), the first message comes after ${figures.firstSeconds.toFixed(1)} s (bar ${MAX_FIRST_SECONDS}), ` +
      `${figures.incidents} incidents are stored after ${figures.allSeconds.toFixed(0)} s, ${figures.messages} messages, at most ${figures.peakMib.toFixed(0)} MiB (bar ${MAX_MIB})`,
  );
  appendResult(values.json, describeSession(SCRIPT.name, [{ name: 'jobtrace', version: readJobtraceVersion() }]));
  appendResult(values.json, { kind: 'flood', jobs: values.jobs, ...figures });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
