// Measures what shipping a folder of logs costs, compared with other shippers: npx tsx bench/agent.ts (--help lists its
// options). Every shipper sends the same files to the same sink on the same machine, in turn. The measure is its own
// processor time up to its last document. Then each follows files that are written at `mbps`. A peer that is not
// installed is skipped with its name (Debian: rsyslog, rsyslog-elasticsearch; golang for the others). With `cores` it
// measures how the workers of Jobtrace scale instead, each with that part of a core.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorText } from '../core/fault.js';
import { writeCorpus, type Corpus } from './agent/corpus.js';
import type { Pace } from './agent/paced.js';
import { PEERS, prepareCommand, readConfiguration, type Peer } from './agent/peers.js';
import { openQuota } from './agent/quota.js';
import { runDrain, runPaced, type Drain, type Pursuit, type Prepare } from './agent/run.js';
import { openStandIn, startCluster, type Cluster, type CountingSink, type SinkKind } from './agent/sinks.js';
import { JSON_OPTION, readCommandLine, type BenchScript } from '../lab/options.js';
import { appendResult, describeSession, type MeasuredProgram, type RunLine } from './report/results.js';
import { renderTable, TABLES } from './report/tables.js';

const MIB = 1_048_576;
const SINKS: readonly SinkKind[] = ['discard', 'bulk', 'elasticsearch'];
/** Number of concurrent requests; the agent's default. */
const REQUESTS = 4;
/** Largest increase over the run before, as a factor, at which it counts as warm. */
const STILL_WARMING = 1.05;
const MAX_WARMING = 8;

interface Plan {
  readonly mib: number;
  readonly rounds: number;
  readonly files: number;
  readonly sinks: readonly SinkKind[];
  readonly peers: readonly Ready[];
  readonly pace: Pace;
  /** Part of a core for each worker; undefined: all cores. */
  readonly cores: number | undefined;
  readonly json: string | undefined;
}

/** Shipper that is installed. */
interface Ready {
  readonly name: string;
  readonly program: MeasuredProgram;
  readonly prepare: Prepare;
  readonly workers: number | undefined;
  /** True for a shipper that has no work of its own and is measured only against a real Elasticsearch. */
  readonly isReference: boolean;
}

/** State that the runs share. */
interface Bench {
  readonly plan: Plan;
  readonly logs: string;
  readonly corpus: Corpus;
  readonly cluster: Cluster | undefined;
  readonly runs: RunLine[];
  failed: number;
}

const SCRIPT = {
  name: 'bench/agent.ts',
  summary: 'What shipping a folder of logs costs, beside other shippers that are installed.',
  options: {
    quick: { kind: 'switch', help: 'A few minutes: 32 MiB, one round, the bulk sink, 5 seconds of writing.' },
    mib: { kind: 'number', value: 'MIB', least: 1, help: 'Size of the folder (default 256).' },
    rounds: { kind: 'number', least: 1, help: 'How often each shipper has its turn (default 5).' },
    files: { kind: 'number', default: '50', least: 1, help: 'Files of the folder.' },
    sinks: { kind: 'texts', value: 'SINK', values: SINKS, help: 'Where to (default: all).' },
    only: {
      kind: 'texts',
      value: 'NAME',
      values: PEERS.map(({ name }) => name),
      help: 'Shippers (default: all that are installed).',
    },
    mbps: { kind: 'number', value: 'MB/s', default: '10', help: 'What is written while the shippers keep up with it.' },
    cores: {
      kind: 'number',
      value: 'CORES',
      help: 'Instead: how workers scale, each with so much of a core (root, cgroups).',
    },
    seconds: { kind: 'number', value: 'SECONDS', help: 'For how long; 0: not at all (default 20).' },
    json: JSON_OPTION,
  },
} as const satisfies BenchScript;

function readPlan(): Plan {
  const { values } = readCommandLine(SCRIPT);
  const usual = values.quick
    ? { mib: 32, rounds: 1, sinks: ['bulk'], seconds: 5 }
    : { mib: 256, rounds: 5, sinks: SINKS, seconds: 20 };
  const wanted = values.sinks ?? usual.sinks;
  const { files, only, mbps, cores, json } = values;
  return {
    mib: values.mib ?? usual.mib,
    rounds: values.rounds ?? usual.rounds,
    files,
    sinks: SINKS.filter((kind) => wanted.includes(kind)),
    peers: listReady(only).filter(({ workers }) => cores === undefined || workers !== undefined),
    pace: { mbPerSecond: mbps, seconds: cores === undefined ? (values.seconds ?? usual.seconds) : 0, files },
    cores,
    json,
  };
}

function listReady(only: readonly string[] | undefined): readonly Ready[] {
  return PEERS.filter(({ name }) => only === undefined || only.includes(name)).flatMap((peer) => {
    const program = peer.find();
    if (program !== undefined) return [makeReady(peer, program)];
    console.log(`left out, not installed: ${peer.name}`);
    return [];
  });
}

function makeReady(peer: Peer, path: string): Ready {
  const { name, configuration, workers } = peer;
  return {
    name,
    program: { name, version: peer.readVersion(path), configuration: readConfiguration(configuration) },
    prepare: (site) => prepareCommand(peer, path, site),
    workers,
    isReference: false,
  };
}

/**
 * Returns a reference shipper that sends recorded requests of Jobtrace from files. Jobtrace runs first, for the
 * recording, for its template, and to warm up Elasticsearch.
 */
async function recordBodies(bench: Bench, folder: string): Promise<Ready | undefined> {
  const { cluster, logs, corpus, plan } = bench;
  const jobtrace = plan.peers.find(({ name }) => name === 'jobtrace');
  if (cluster === undefined || jobtrace === undefined) return undefined;
  const drain = async (sink: CountingSink): Promise<Drain> =>
    runDrain(jobtrace.prepare, sink, logs, corpus).finally(() => sink.close());
  await drain(await openStandIn('bulk', folder));
  await warmUp(async () => (await drain(await cluster.openSink())).documentsPerSecond);
  const program = join(import.meta.dirname, 'agent', 'send.mjs');
  return {
    name: 'bodies encoded before',
    program: { name: 'bodies encoded before', version: `Node ${process.version}` },
    prepare: ({ port }) => [process.execPath, program, folder, `http://127.0.0.1:${port}`, String(REQUESTS)],
    workers: undefined,
    isReference: true,
  };
}

/**
 * Warms up Elasticsearch, which compiles its code while it runs: cold it indexes a fifth of the documents, and later
 * shippers would seem better.
 */
async function warmUp(measure: () => Promise<number>): Promise<void> {
  let before = 0;
  for (let turn = 0; turn < MAX_WARMING; turn++) {
    const now = await measure();
    console.log(`Elasticsearch warms up: ${now.toFixed(0)} documents/s`);
    if (now < before * STILL_WARMING) return;
    before = now;
  }
}

async function runRound(bench: Bench, shippers: readonly Ready[], round: number): Promise<void> {
  const { plan, corpus, logs } = bench;
  // The order rotates, so that the first in one round is last in another.
  const turn = round % shippers.length;
  const inTurn = [...shippers.slice(turn), ...shippers.slice(0, turn)];
  for (const kind of plan.sinks) {
    for (const { name, prepare, workers, isReference } of inTurn) {
      if (isReference && kind !== 'elasticsearch') continue;
      const what = { peer: name, sink: kind, mib: plan.mib, round };
      if (plan.cores === undefined || workers === undefined)
        await measure(bench, kind, { kind: 'drain', ...what }, (sink) => runDrain(prepare, sink, logs, corpus));
      else {
        const cores = plan.cores * workers;
        await measure(bench, kind, { kind: 'scaling', ...what, cores }, (sink) =>
          withQuota(cores, prepare, (within) => runDrain(within, sink, logs, corpus)),
        );
      }
    }
  }
  for (const { name, prepare, isReference } of plan.pace.seconds > 0 ? inTurn : []) {
    if (isReference) continue;
    const what = { kind: 'paced', peer: name, sink: 'bulk', mbPerSecond: plan.pace.mbPerSecond, round };
    await measure(bench, 'bulk', what, (sink) => runPaced(prepare, sink, plan.pace));
  }
}

async function withQuota<Result>(
  cores: number,
  prepare: Prepare,
  run: (within: Prepare) => Promise<Result>,
): Promise<Result> {
  const quota = openQuota(cores);
  try {
    return await run((site) => [...quota.prefix, ...prepare(site)]);
  } finally {
    await quota.close();
  }
}

async function measure(
  bench: Bench,
  kind: SinkKind,
  what: RunLine,
  run: (sink: CountingSink) => Promise<Drain | Pursuit>,
): Promise<void> {
  const sink = kind === 'elasticsearch' ? await bench.cluster?.openSink() : await openStandIn(kind);
  if (sink === undefined) return;
  try {
    const line = { ...what, ...(await run(sink)) };
    bench.runs.push(line);
    appendResult(bench.plan.json, line);
  } catch (error) {
    bench.failed += 1;
    console.log(`failed: ${String(what['peer'])} to ${kind}: ${errorText(error)}`);
  } finally {
    await sink.close();
  }
}

async function main(): Promise<void> {
  const plan = readPlan();
  if (!existsSync(join(import.meta.dirname, '..', 'dist', 'cli.js'))) throw new Error('Build it first: npm run build');
  const logs = mkdtempSync(join(tmpdir(), 'flink-'));
  const bodies = mkdtempSync(join(tmpdir(), 'jobtrace-bench-bodies-'));
  const cluster = plan.sinks.includes('elasticsearch') ? await startCluster() : undefined;
  try {
    const corpus = writeCorpus(logs, plan.mib * MIB, plan.files);
    const bench: Bench = { plan, logs, corpus, cluster, runs: [], failed: 0 };
    const reference = await recordBodies(bench, bodies);
    const shippers = reference === undefined ? plan.peers : [...plan.peers, reference];
    const versions = cluster === undefined ? [] : [{ name: 'Elasticsearch', version: cluster.version }];
    const programs = [...shippers.map(({ program }) => program), ...versions];
    appendResult(plan.json, describeSession(SCRIPT.name, programs));
    console.log(describeCorpus(plan, corpus));
    for (let round = 0; round < plan.rounds; round++) await runRound(bench, shippers, round);
    for (const table of TABLES) {
      if (bench.runs.some(({ kind }) => kind === table.kind)) console.log(`\n${renderTable(table, bench.runs)}`);
    }
    process.exitCode = bench.failed === 0 ? 0 : 1;
  } finally {
    await cluster?.stop();
    for (const folder of [logs, bodies]) rmSync(folder, { recursive: true, force: true });
  }
}

function describeCorpus({ files, rounds }: Plan, corpus: Corpus): string {
  const mib = (corpus.bytes / MIB).toFixed(0);
  const perLine = (corpus.bytes / corpus.lines).toFixed(0);
  return `${files} files of ${mib} MiB in all: ${corpus.entries} entries, ${corpus.traces} of them with a stack trace, ${perLine} bytes a line; ${rounds} rounds, median (least–most).`;
}

await main();
