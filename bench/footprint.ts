// Measures what following many files costs: npx tsx bench/footprint.ts (--help lists its options). For each number of
// files one agent, built (dist) and started with a settings file, ships them all, is idle for `idle` seconds, and then
// ships what is written to them at `mbps` for `live` seconds. Prints one line of JSON per number. The sink answers at
// once (agent/footprint-sink.ts). On a machine with other load, the processor time up to the first document is more
// reliable than the seconds.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readJobtraceVersion } from './agent/peers.js';
import { openSink, type BulkSink } from './agent/footprint-sink.js';
import { JSON_OPTION, readCommandLine, type BenchScript } from '../lab/options.js';
import { appendResult, describeSession } from './report/results.js';

const CLI = join(import.meta.dirname, '..', 'dist', 'cli.js');
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const MB = 1_000_000;
const FILES_PER_FOLDER = 20;
const LINES_PER_FILE = 10;
const SAMPLE_MS = 5;
const GIVE_UP_MS = 900_000;
/** Pause in milliseconds, so that pending work is done before the idle time is measured. */
const SETTLE_MS = 5000;
/** Interval, in milliseconds, between two writes of the live part. */
const TURN_MS = 50;

interface Footprint {
  readonly kind: 'footprint';
  readonly files: number;
  readonly firstDocumentMs: number;
  readonly firstDocumentCpuMs: number;
  readonly requestsBefore: number;
  /** Time until all files were opened, read and shipped. */
  readonly allDocumentsMs: number;
  readonly allDocumentsCpuMs: number;
  readonly peakMib: number;
  readonly restMib: number;
  /** Percent of one core. */
  readonly idlePercent: number;
  readonly mbps: number;
  readonly liveCpuPercent: number;
  readonly livePeakMib: number;
  readonly lagP50Ms: number;
  readonly lagP99Ms: number;
  readonly maxLagMs: number;
}

interface Plan {
  readonly files: number;
  readonly idleSeconds: number;
  readonly mbps: number;
  readonly liveSeconds: number;
}

async function measure(plan: Plan): Promise<Footprint> {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-footprint-'));
  const sink = await openSink();
  let child: ChildProcess | undefined;
  try {
    const paths = writeFiles(join(folder, 'logs'), plan.files);
    const startedAt = Date.now();
    child = spawn('node', [CLI, 'agent', '--config', writeSettings(folder, sink.port)], { stdio: 'inherit' });
    const pid = child.pid ?? 0;
    const first = await waitUntil(pid, () => sink.seen.firstAt !== undefined);
    const all = await waitUntil(pid, () => sink.seen.documents >= plan.files * LINES_PER_FILE);
    const idle = await rest(pid, plan.idleSeconds);
    const live = await writeLive(pid, paths, sink, plan);
    return {
      kind: 'footprint',
      files: plan.files,
      firstDocumentMs: (sink.seen.firstAt ?? 0) - startedAt,
      firstDocumentCpuMs: first.cpuMs,
      requestsBefore: sink.seen.requestsBefore,
      allDocumentsMs: all.at - startedAt,
      allDocumentsCpuMs: all.cpuMs,
      ...idle,
      mbps: plan.mbps,
      ...live,
    };
  } finally {
    child?.kill('SIGKILL');
    await sink.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes the files as on a node of a cluster: containers with some files each. */
function writeFiles(folder: string, count: number): readonly string[] {
  const text = renderLines(LINES_PER_FILE);
  return Array.from({ length: count }, (_, index) => {
    const container = join(folder, `container_${Math.floor(index / FILES_PER_FOLDER)}`);
    if (index % FILES_PER_FOLDER === 0) mkdirSync(container, { recursive: true });
    const path = join(container, `taskmanager-${index}.log`);
    writeFileSync(path, text);
    return path;
  });
}

/** Renders lines of about 200 bytes with the current time. */
function renderLines(count: number): string {
  const time = new Date().toISOString().replace('T', ' ').replace('.', ',').slice(0, 23);
  const text =
    'Received resource requirements from job 3c1f0a: [ResourceRequirement{resourceProfile=ResourceProfile{UNKNOWN}, numberOfRequiredSlots=1}]';
  const logger = 'org.apache.flink.runtime.resourcemanager.slotmanager';
  return `${time} INFO  ${logger} [] - ${text}\n`.repeat(count);
}

function writeSettings(folder: string, port: number): string {
  const path = join(folder, 'jobtrace.yaml');
  const settings = {
    dataDir: join(folder, 'data'),
    logLevel: 'error',
    store: { kind: 'elasticsearch', urls: [`http://127.0.0.1:${port}`] },
    agent: { paths: [join(folder, 'logs')], cluster: 'bench', zone: 'UTC' },
  };
  writeFileSync(path, JSON.stringify(settings));
  return path;
}

interface Sample {
  readonly at: number;
  readonly cpuMs: number;
}

async function waitUntil(pid: number, isDone: () => boolean): Promise<Sample> {
  const giveUp = Date.now() + GIVE_UP_MS;
  while (!isDone()) {
    if (Date.now() > giveUp) throw new Error('The agent did not ship in time.');
    await sleep(SAMPLE_MS);
  }
  return { at: Date.now(), cpuMs: readCpuMs(pid) };
}

async function rest(pid: number, seconds: number): Promise<Pick<Footprint, 'peakMib' | 'restMib' | 'idlePercent'>> {
  await sleep(SETTLE_MS);
  const peakMib = readMib(pid, 'VmHWM');
  const before = readCpuMs(pid);
  await sleep(seconds * 1000);
  const used = readCpuMs(pid) - before;
  return { peakMib, restMib: readMib(pid, 'VmRSS'), idlePercent: used / (seconds * 10) };
}

type Live = Pick<Footprint, 'liveCpuPercent' | 'livePeakMib' | 'lagP50Ms' | 'lagP99Ms' | 'maxLagMs'>;

/** Writes to the files at the given speed. One file gets a fifth of all bytes; the others take turns. */
async function writeLive(pid: number, paths: readonly string[], { seen }: BulkSink, plan: Plan): Promise<Live> {
  const lags: number[] = [];
  seen.lags = lags;
  const before = readCpuMs(pid);
  const startedAt = Date.now();
  const expected = seen.documents;
  let lines = 0;
  for (let turn = 0; Date.now() - startedAt < plan.liveSeconds * 1000;) {
    const due = ((Date.now() - startedAt) / 1000) * plan.mbps * MB;
    const text = renderLines(10);
    for (; lines * (text.length / 10) < due; turn += 1, lines += 10)
      appendFileSync(paths[turn % 5 === 0 ? 0 : turn % paths.length] ?? '', text);
    await sleep(TURN_MS);
  }
  await waitUntil(pid, () => seen.documents >= expected + lines);
  const seconds = (Date.now() - startedAt) / 1000;
  const sorted = Float64Array.from(lags).sort();
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return {
    liveCpuPercent: (readCpuMs(pid) - before) / (seconds * 10),
    livePeakMib: readMib(pid, 'VmHWM'),
    lagP50Ms: at(0.5),
    lagP99Ms: at(0.99),
    maxLagMs: at(1),
  };
}

function readCpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

function readMib(pid: number, name: 'VmRSS' | 'VmHWM'): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(text)?.[1] ?? 0) / 102.4) / 10;
}

const SCRIPT = {
  name: 'bench/footprint.ts',
  summary: 'What following many files costs: start, memory, rest, and the lag of what is written to them.',
  options: {
    files: { kind: 'numbers', default: '1000,20000', least: 1, help: 'How many files; a run for each number.' },
    idle: { kind: 'number', value: 'SECONDS', default: '60', least: 1, help: 'How long the agent is watched at rest.' },
    mbps: { kind: 'number', value: 'MB/s', default: '10', help: 'What is written to the files then.' },
    live: { kind: 'number', value: 'SECONDS', default: '20', help: 'For how long.' },
    json: JSON_OPTION,
  },
} as const satisfies BenchScript;

async function main(): Promise<void> {
  const { values } = readCommandLine(SCRIPT);
  const program = { name: 'jobtrace', version: readJobtraceVersion() };
  appendResult(values.json, describeSession(SCRIPT.name, [program]));
  for (const files of values.files) {
    const footprint = await measure({
      files,
      idleSeconds: values.idle,
      mbps: values.mbps,
      liveSeconds: values.live,
    });
    console.log(JSON.stringify(footprint));
    appendResult(values.json, { ...footprint });
  }
}

await main();
