// Measures how fast a large log is searched for the anchors of all rules, compared with tools that do nothing else, and
// how long `diagnose` takes, for the built program: npx tsx bench/scan.ts (--help lists its options). Everything runs
// on one core and in turn, so that compared figures were measured at the same time. A peer that is not installed is
// skipped with its name (Debian: ripgrep, libhyperscan-dev with gcc, golang).
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packAnchors } from '../flink/bytes/anchors.js';
import { buildCatalog, loadCatalog } from '../analyzer/catalog/catalog.js';
import { writeLargeLog } from './logs/log.js';
import { readJobtraceVersion } from './agent/peers.js';
import { JSON_OPTION, readCommandLine, type BenchScript } from '../lab/options.js';
import { appendResult, describeSession } from './report/results.js';
import { runOnce, type ProgramRun } from './run-once.js';

const SCRIPT = {
  name: 'bench/scan.ts',
  summary: 'How fast a large log is searched for the anchors of all rules, beside tools that do nothing else.',
  options: {
    mib: { kind: 'number', value: 'MIB', default: '1024', least: 1, help: 'Size of the log.' },
    rounds: { kind: 'number', default: '3', least: 1, help: 'How often everything has its turn.' },
    json: JSON_OPTION,
  },
} as const satisfies BenchScript;

const { values } = readCommandLine(SCRIPT);
const MIB = 1_048_576;
/** Paths of the peers that are built when they are needed. */
let hyperscan: string | undefined;
let preq: string | undefined;
const folder = mkdtempSync(join(tmpdir(), 'jobtrace-bench-'));
const HERE = import.meta.dirname;
const CLI = join(HERE, '..', 'dist', 'cli.js');

interface Peer {
  readonly name: string;
  /** Returns the command line; undefined if the peer is not available here. */
  readonly command: (anchors: string, log: string) => readonly string[] | undefined;
  /** Part of the log that is enough, for a slow peer. */
  readonly share?: number;
  /** Number of concurrent processes, each on its own core with its own log. */
  readonly cores?: number;
  /** Name of the only set of anchors for this peer. */
  readonly set?: string;
}

interface Contender {
  readonly name: string;
  readonly anchors: number;
  readonly mib: number;
  readonly run: () => Promise<ProgramRun>;
}

async function measure(dir: string, mib: number, count: number, json: string | undefined): Promise<void> {
  const log = join(dir, 'flink-bench-taskexecutor-0-node-1.log');
  const { bytes, failures } = writeLargeLog(log, mib * MIB);
  console.log(
    `A log of ${(bytes / MIB).toFixed(0)} MiB with the logs of ${failures} failures; one core; ${count} rounds, in each everything once.\n`,
  );
  const contenders = listContenders(dir, log, bytes);
  const runs = new Map<string, ProgramRun[]>(contenders.map(({ name }) => [name, []]));
  const small = cutLog(log, 100_000);
  const answers: number[] = [];
  appendResult(json, describeSession(SCRIPT.name, [{ name: 'jobtrace', version: readJobtraceVersion() }]));
  for (let round = 0; round < count; round++) {
    for (const { name, run, anchors, mib: read } of contenders) {
      const done = await run();
      runs.get(name)?.push(done);
      const figures = { mibPerSecond: read / done.seconds, peakMib: done.peakMib };
      appendResult(json, { kind: 'scan', what: name, anchors, round, ...figures });
    }
    for (let time = 0; time < 5; time++) answers.push((await runOnce(['node', CLI, 'diagnose', small], 0)).seconds);
  }
  const speeds = new Map(
    contenders.map(({ name, mib: read }) => [name, (runs.get(name) ?? []).map(({ seconds }) => read / seconds)]),
  );
  console.log('| the best of its rounds | anchors | MiB/s | peak MiB |\n|---|---|---|---|');
  for (const { name, anchors } of contenders) {
    console.log(
      `| ${name} | ${anchors} | ${Math.max(...(speeds.get(name) ?? [])).toFixed(0)} | ${Math.max(...(runs.get(name) ?? []).map(({ peakMib }) => peakMib)).toFixed(0)} |`,
    );
  }
  console.log('\n| the median of the rounds | times as fast |\n|---|---|');
  for (const [of, to] of RATIOS) {
    const others = speeds.get(to) ?? [];
    console.log(
      `| ${of}, to ${to} | ${median((speeds.get(of) ?? []).map((speed, round) => speed / (others[round] ?? Number.NaN))).toFixed(2)} |`,
    );
  }
  console.log(
    `\ndiagnose of ${statSync(small).size} bytes: ${(Math.min(...answers) * 1000).toFixed(0)} ms from start to answer, the best of ${answers.length}; their median ${(median(answers) * 1000).toFixed(0)} ms`,
  );
  for (const { name, command } of PEERS)
    if (command(log, log) === undefined) console.log(`left out, not installed: ${name}`);
}

const RATIOS: readonly (readonly [of: string, to: string])[] = [
  ['jobtrace scan, catalog', 'ripgrep -j1 -c -F -f, catalog'],
  ['jobtrace scan, catalog', 'hyperscan, block mode, catalog'],
  ['jobtrace scan, 16 rules', 'jobtrace scan, 1000 rules'],
  ['jobtrace scan on two cores, 1000 rules', 'jobtrace scan, 1000 rules'],
  ['jobtrace diagnose, catalog', 'ripgrep -j1 -c -F -f, catalog'],
];

function listContenders(dir: string, log: string, bytes: number): readonly Contender[] {
  const sets = makeAnchorSets(dir);
  return PEERS.flatMap(({ name, command, share = 1, cores = 1, set: only }) => {
    const part = share === 1 ? log : cutLog(log, Math.floor(bytes * share));
    return sets.flatMap(({ name: set, anchors, file }) => {
      const line = only === undefined || only === set ? command(file, part) : undefined;
      return line === undefined
        ? []
        : [
            {
              name: `${name}, ${set}`,
              anchors,
              mib: (cores * statSync(part).size) / MIB,
              run: () => runTogether(line, cores),
            },
          ];
    });
  });
}

function cutLog(log: string, bytes: number): string {
  const path = log.replace('-0-node-1', `-${bytes}-node-1`);
  if (existsSync(path)) return path;
  const file = openSync(log, 'r');
  const head = Buffer.alloc(bytes);
  readSync(file, head);
  closeSync(file);
  writeFileSync(path, head.subarray(0, head.lastIndexOf(10) + 1));
  return path;
}

interface AnchorSet {
  readonly name: string;
  readonly anchors: number;
  /** File with one anchor per line. Next to it is the packed form, as the build prepares it for the catalog. */
  readonly file: string;
}

/**
 * Makes three anchor sets: for sixteen rules of the catalog (with the facts and failures that the engine itself needs),
 * for all rules, and for a thousand rules.
 */
function makeAnchorSets(dir: string): readonly AnchorSet[] {
  const { rules, causes, engine, literals } = loadCatalog();
  const some = buildCatalog(rules.filter((_, index) => index % 15 === 0).slice(0, 16), causes, engine).literals;
  const perRule = Math.round(literals.length / rules.length);
  const more = makeAnchors((1000 - rules.length) * perRule);
  return Object.entries({ '16 rules': some, '1000 rules': [...literals, ...more], catalog: literals }).map(
    ([name, anchors]) => {
      const file = join(dir, `${name.replace(' ', '-')}.txt`);
      writeFileSync(file, `${anchors.join('\n')}\n`);
      writeFileSync(`${file}.packed`, packAnchors(anchors));
      return { name, anchors: anchors.length, file };
    },
  );
}

const SYLLABLES = [
  'con',
  'par',
  'ti',
  'tion',
  'sto',
  're',
  'buf',
  'fer',
  'lo',
  'gin',
  'tab',
  'let',
  'ker',
  'nel',
  'que',
  'mo',
  'du',
  'le',
  'shar',
  'ding',
  'off',
  'set',
  'cur',
  'sor',
  'bat',
  'ch',
  'er',
  'vol',
  'ume',
  'san',
  'dro',
  'pek',
];

/**
 * Makes artificial anchors like those of rules: a sentence of words that sound like those of the field; the same in
 * each run.
 */
function makeAnchors(count: number): readonly string[] {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed % below;
  };
  const makeWord = (): string =>
    Array.from({ length: 2 + random(2) }, () => SYLLABLES[random(SYLLABLES.length)]).join('');
  return Array.from({ length: count }, () => `Cannot ${makeWord()} the ${makeWord()} of ${makeWord()}`);
}

/**
 * Peers in the order of the runs. Compared peers are next to each other, because a shared machine keeps its speed for
 * seconds.
 */
const PEERS: readonly Peer[] = [
  { name: 'jobtrace scan', command: scanCommand },
  { name: 'jobtrace scan on two cores', command: scanCommand, cores: 2, set: '1000 rules' },
  {
    name: 'ripgrep -j1 -c -F -f',
    command: (anchors, log) =>
      has('rg') ? ['rg', '-j1', '-c', '-F', '--text', '--no-mmap', '-f', anchors, log] : undefined,
  },
  {
    name: 'jobtrace diagnose',
    command: (_, log) => ['node', CLI, 'diagnose', '--format', 'json', log],
    set: 'catalog',
  },
  { name: 'hyperscan, block mode', command: buildHyperscan },
  { name: "preq's matcher", command: buildPreq, share: 1 / 256 },
];

function scanCommand(anchors: string, log: string): readonly string[] {
  return ['node', join(HERE, 'scan-file.mjs'), anchors, log];
}

function buildHyperscan(anchors: string, log: string): readonly string[] | undefined {
  if (!has('gcc') || !existsSync('/usr/include/hs/hs.h')) return undefined;
  hyperscan ??= build(
    ['gcc', '-O2', '-o', join(folder, 'hyperscan'), join(HERE, 'hyperscan.c'), '-lhs'],
    join(folder, 'hyperscan'),
    HERE,
  );
  return [hyperscan, anchors, log];
}

function buildPreq(anchors: string, log: string): readonly string[] | undefined {
  if (!has('go')) return undefined;
  preq ??= build(['go', 'build', '-o', join(folder, 'preq'), '.'], join(folder, 'preq'), join(HERE, 'preq'));
  return [preq, anchors, log];
}

function build(command: readonly string[], result: string, cwd: string): string {
  execFileSync(command[0] ?? '', command.slice(1), { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  return result;
}

function has(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((path) => existsSync(join(path, program)));
}

/** Runs the same command line several times at once; returns the time until the last has ended. */
async function runTogether(command: readonly string[], cores: number): Promise<ProgramRun> {
  const parts = await Promise.all(Array.from({ length: cores }, (_, core) => runOnce(command, core)));
  return {
    seconds: Math.max(...parts.map(({ seconds }) => seconds)),
    peakMib: parts.reduce((sum, { peakMib }) => sum + peakMib, 0),
  };
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

try {
  await measure(folder, values.mib, values.rounds, values.json);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
