// What shipping a folder of logs costs, beside other shippers: npx tsx bench/agent.ts [--mib 256] [--rounds 5]
// [--files 50] [--only NAME,…]. Every shipper reads the same files to the same sink (agent/sink.mjs), which answers at
// once, on the same machine, one after the other; what is counted is its own processor time, up to its last document. A
// peer that is not installed is left out by name (Debian: rsyslog, rsyslog-elasticsearch; golang for the two others).
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { writeCorpus, type Corpus } from './agent/corpus.js';

const MIB = 1_048_576;
const HERE = join(import.meta.dirname, 'agent');
const CLI = join(import.meta.dirname, '..', 'dist', 'cli.js');
/** Built once, kept between runs. */
const BUILT = join(homedir(), '.cache', 'jobtrace', 'bench');
const SAMPLE_MS = 100;
/** No document for so long: that was the last one. Filebeat waits up to ten seconds with its last batch. */
const QUIET_MS = 12_000;
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

interface Site {
  readonly logs: string;
  readonly state: string;
  readonly port: number;
}

interface Shipper {
  readonly name: string;
  /** Compresses what it sends. */
  readonly gzip: boolean;
  /** The command line; undefined when the shipper cannot be had here. */
  readonly command: (site: Site) => readonly string[] | undefined;
}

/** What one run cost. */
interface Shipped {
  readonly documents: number;
  readonly cpuPerGib: number;
  readonly userShare: number;
  /** From the start of the process to its first document, and MB (of the files) a second from then to 99 %. */
  readonly startSeconds: number;
  readonly speed: number;
  readonly peakMib: number;
  /** Bytes of the bodies, and on the wire, for one byte of the files. */
  readonly body: number;
  readonly wire: number;
}

interface Counts {
  readonly requests: number;
  readonly documents: number;
  readonly bodyBytes: number;
  readonly wireBytes: number;
  readonly firstAt: number;
  readonly arrivals: readonly (readonly [time: number, documents: number])[];
}

interface Usage {
  readonly time: number;
  readonly user: number;
  readonly system: number;
}

const SHIPPERS: readonly Shipper[] = [
  { name: 'jobtrace', gzip: true, command: (site) => startJobtrace(site) },
  { name: 'rsyslog', gzip: false, command: (site) => startRsyslog(site) },
  { name: 'otel', gzip: true, command: (site) => startOtel(site) },
  { name: 'filebeat', gzip: true, command: (site) => startFilebeat(site, 'filebeat.yml') },
  { name: 'filebeat, throughput', gzip: true, command: (site) => startFilebeat(site, 'filebeat-throughput.yml') },
];

function startJobtrace({ logs, state, port }: Site): readonly string[] {
  return ['node', CLI, 'agent', logs, '--data', state, '--store', `http://127.0.0.1:${port}`, '--log-level', 'error'];
}

function startRsyslog(site: Site): readonly string[] | undefined {
  if (!has('rsyslogd')) return undefined;
  mkdirSync(join(site.state, 'rs'));
  return ['rsyslogd', '-n', '-f', render('rsyslog.conf', site), '-i', join(site.state, 'pid')];
}

function startOtel(site: Site): readonly string[] | undefined {
  const program = buildPeer('otel');
  return program === undefined ? undefined : [program, '--config', render('otel.yaml', site)];
}

function startFilebeat(site: Site, config: string): readonly string[] | undefined {
  const program = buildPeer('filebeat');
  const home = ['--path.home', site.state, '--path.data', join(site.state, 'data')];
  return program === undefined
    ? undefined
    : [program, '-e', '-c', render(config, site), ...home, '--strict.perms=false'];
}

/** A configuration of peers/ with the folders and the port of this run. */
function render(name: string, { logs, state, port }: Site): string {
  const path = join(state, name);
  const text = readFileSync(join(HERE, 'peers', name), 'utf8');
  writeFileSync(path, text.replaceAll('@LOGS@', logs).replaceAll('@STATE@', state).replaceAll('@PORT@', String(port)));
  return path;
}

function buildPeer(name: string): string | undefined {
  const program = join(BUILT, name);
  if (existsSync(program)) return program;
  if (!has('go')) return undefined;
  console.error(`Building ${name}, some minutes…`);
  const source = mkdtempSync(join(tmpdir(), `jobtrace-bench-${name}-`));
  try {
    cpSync(join(HERE, 'peers', name), source, { recursive: true });
    mkdirSync(BUILT, { recursive: true });
    const flags = ['build', '-mod=readonly', '-trimpath', '-ldflags', '-s -w', '-o', program, '.'];
    execFileSync('go', flags, { cwd: source, env: { ...process.env, CGO_ENABLED: '0' }, stdio: 'inherit' });
  } finally {
    rmSync(source, { recursive: true, force: true });
  }
  return program;
}

function has(program: string): boolean {
  return ['/usr/sbin', ...(process.env['PATH'] ?? '').split(':')].some((path) => existsSync(join(path, program)));
}

async function measure(shipper: Shipper, logs: string, corpus: Corpus): Promise<Shipped | undefined> {
  const state = mkdtempSync(join(tmpdir(), 'jobtrace-bench-state-'));
  const sink = spawn('node', [join(HERE, 'sink.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
  let child: ChildProcess | undefined;
  try {
    const port = await readPort(sink);
    const command = shipper.command({ logs, state, port });
    if (command === undefined) return undefined;
    const startedAt = Date.now();
    child = spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'], cwd: state });
    const said = collect(child);
    const { counts, usages, peakMib } = await follow(child, port, said);
    return sumUp(counts, usages, corpus, { startedAt, peakMib });
  } finally {
    await stop(child);
    await stop(sink);
    rmSync(state, { recursive: true, force: true });
  }
}

async function readPort(sink: ChildProcess): Promise<number> {
  for await (const text of sink.stdout ?? []) return Number(String(text));
  throw new Error('The sink ended before it said its port.');
}

/** The end of what a process says on its standard error. */
function collect(child: ChildProcess): { text: string } {
  const said = { text: '' };
  child.stderr?.on('data', (bytes: Buffer) => (said.text = (said.text + bytes.toString()).slice(-2000)));
  return said;
}

/** Until no document has come for a while: what arrived, and what the process had used at which time. */
async function follow(
  child: ChildProcess,
  port: number,
  said: { readonly text: string },
): Promise<{ readonly counts: Counts; readonly usages: readonly Usage[]; readonly peakMib: number }> {
  const usages: Usage[] = [];
  let counts: Counts | undefined;
  let peakMib = 0;
  let asked = 0;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}: ${said.text}`);
    const pids = listProcesses(child.pid ?? 0);
    usages.push(readUsage(pids));
    peakMib = Math.max(
      peakMib,
      pids.map(readPeak).reduce((sum, peak) => sum + peak, 0),
    );
    if (Date.now() - asked > 1000) {
      asked = Date.now();
      counts = (await (await fetch(`http://127.0.0.1:${port}/counts`)).json()) as Counts;
      const last = counts.arrivals.at(-1)?.[0];
      if (last !== undefined && Date.now() - last > QUIET_MS) return { counts, usages, peakMib };
    }
    await sleep(SAMPLE_MS);
  }
}

/** The process and its children: a shipper may start others. */
function listProcesses(pid: number): readonly number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return [pid, ...children.split(' ').filter(Boolean).map(Number)];
  } catch {
    return [pid];
  }
}

function readUsage(pids: readonly number[]): Usage {
  const usage = { time: Date.now(), user: 0, system: 0 };
  for (const pid of pids) {
    const fields = readProc(pid, 'stat').split(') ')[1]?.split(' ') ?? [];
    usage.user += Number(fields[11] ?? 0) / TICKS_PER_SECOND;
    usage.system += Number(fields[12] ?? 0) / TICKS_PER_SECOND;
  }
  return usage;
}

function readPeak(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readProc(pid, 'status'))?.[1] ?? 0) / 1024;
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function sumUp(
  counts: Counts,
  usages: readonly Usage[],
  corpus: Corpus,
  { startedAt, peakMib }: { readonly startedAt: number; readonly peakMib: number },
): Shipped {
  const lastAt = counts.arrivals.at(-1)?.[0] ?? 0;
  const nearlyAt = counts.arrivals.find(([, documents]) => documents >= counts.documents * 0.99)?.[0] ?? lastAt;
  const used = usages.find(({ time }) => time > lastAt) ?? usages.at(-1);
  const cpu = (used?.user ?? 0) + (used?.system ?? 0);
  const gib = corpus.bytes / (1024 * MIB);
  return {
    documents: counts.documents,
    cpuPerGib: cpu / gib,
    userShare: (used?.user ?? 0) / cpu,
    startSeconds: (counts.firstAt - startedAt) / 1000,
    speed: (corpus.bytes * 0.99) / 1000 / Math.max(1, nearlyAt - counts.firstAt),
    peakMib,
    body: counts.bodyBytes / corpus.bytes,
    wire: counts.wireBytes / corpus.bytes,
  };
}

async function stop(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

function showRuns(name: string, gzip: boolean, runs: readonly Shipped[]): string {
  const show = (of: (run: Shipped) => number, digits: number): string => {
    const sorted = runs.map(of).sort((a, b) => a - b);
    const [low = 0, middle = 0, high = 0] = [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
    return `${middle.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;
  };
  const cells = [
    name,
    show((run) => run.cpuPerGib, 1),
    show((run) => run.speed, 1),
    show((run) => run.peakMib, 0),
    show((run) => run.body, 2),
    `${show((run) => run.wire, 2)}${gzip ? ' gzip' : ''}`,
    show((run) => run.startSeconds, 1),
    show((run) => run.documents, 0),
  ];
  return `| ${cells.join(' | ')} |`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      mib: { type: 'string', default: '256' },
      rounds: { type: 'string', default: '5' },
      files: { type: 'string', default: '50' },
      only: { type: 'string', default: '' },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'flink-'));
  try {
    const corpus = writeCorpus(folder, Number(values.mib) * MIB, Number(values.files));
    console.log(
      `${readdirSync(folder).length} files of ${(corpus.bytes / MIB).toFixed(0)} MiB in all: ${corpus.entries} entries, ${corpus.traces} of them with a stack trace, ${(corpus.bytes / corpus.lines).toFixed(0)} bytes a line; ${values.rounds} rounds, median (least–most).\n`,
    );
    const wanted = values.only === '' ? undefined : values.only.split(',');
    const runs = new Map<Shipper, Shipped[]>();
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const shipper of SHIPPERS.filter(({ name }) => wanted === undefined || wanted.includes(name))) {
        const shipped = await measure(shipper, folder, corpus);
        if (shipped !== undefined) runs.set(shipper, [...(runs.get(shipper) ?? []), shipped]);
        else if (round === 0) console.log(`left out, not installed: ${shipper.name}`);
      }
    }
    console.log(
      '| shipper | CPU-s per GiB | MB/s to 99 % | peak MiB | body bytes per byte | on the wire | first document after s | documents |\n|---|---|---|---|---|---|---|---|',
    );
    for (const [{ name, gzip }, list] of runs) console.log(showRuns(name, gzip, list));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
