// Makes a recording of what a run logged: whole entries that tell nothing new are cut, names of this machine are
// replaced, a manifest is written beside the files. Called by `npm run lab -- record`; the run itself is run.ts.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { printDocument } from './document.js';
import { RECORDINGS_DIR, type Manifest } from './manifest.js';
import { cacheDir } from './parts/cache.js';
import type { LogFile, Outcome } from './run.js';
import { HEALTHY, type Scenario } from './scenario.js';

/** Entries that are the same in every log and tell nothing about it: dropped wherever they stand. */
const NOISE: readonly { kind: string; pattern: RegExp }[] = [
  { kind: 'plugin loader lines', pattern: /^\S+ \S+ INFO +\S*\.DefaultPluginManager +.* - Plugin loader with ID/ },
  { kind: 'JVM options that open modules', pattern: /^\S+ \S+ INFO .* - {5}--add-(exports|opens)=/ },
  { kind: "Flink's own env.java.opts.all", pattern: /^\S+ \S+ INFO +\S*GlobalConfiguration .* property: env\.java\.opts\.all, --add-exports/ },
  { kind: 'environment of ZooKeeper clients and servers', pattern: /^\S+ \S+ INFO .* (Client|Server) environment:/ },
  { kind: 'delegation token providers', pattern: /^\S+ \S+ INFO +\S*\.DefaultDelegationToken\S* .* - Delegation token (provider|receiver) \S+ (loaded|and)/ },
];
/** A file larger than this loses its repetitions. */
const LARGE_BYTES = 60_000;
const KEPT_ENDS = 3;
/** Entries of the start-up (banner, options, memory), which stay whatever they are. */
const STARTUP_ENTRIES = 160;
/** The start of an entry in Flink's layouts; all other lines belong to the entry before them. */
const ENTRY_START = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[,.]\d{3} /;

/** Writes lab/recordings/<scenario>/<version>/, in place of what was there; returns the folder. */
export function recordOutcome(scenario: Scenario, outcome: Outcome): string {
  const replacements = listReplacements(outcome);
  const scrub = (text: string): string => replacements.reduce((done, { from, to }) => done.replace(from, to), text);
  const cuts = outcome.files.map((file) => ({ file: scrub(file.name), ...cutEntries(file) }));
  const folder = join(RECORDINGS_DIR, scenario.id, outcome.flinkVersion);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { file, text } of cuts) writeFileSync(join(folder, file), scrub(text));
  const manifest = describeRecording(scenario, outcome, scrub, cuts.flatMap(({ file, cut }) => cut.map((row) => ({ file, ...row }))));
  writeFileSync(join(folder, 'manifest.yaml'), printDocument({ ...manifest }));
  return folder;
}

/** Leaves out, whole: the entries of NOISE, and in a large file what repeats itself. */
export function cutEntries(file: LogFile): { text: string; cut: { entries: number; kind: string }[] } {
  const quiet = splitEntries(file.text).map((entry) => ({ entry, kind: NOISE.find(({ pattern }) => pattern.test(entry))?.kind }));
  const size = quiet.reduce((sum, { entry, kind }) => sum + (kind === undefined ? entry.length : 0), 0);
  const marked = size <= LARGE_BYTES ? quiet : markRepetitions(quiet);
  const counts = new Map<string, number>();
  for (const { kind } of marked) if (kind !== undefined) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const text = marked.filter(({ kind }) => kind === undefined).map(({ entry }) => entry).join('');
  return { text, cut: [...counts].map(([kind, entries]) => ({ entries, kind })) };
}

interface MarkedEntry {
  readonly entry: string;
  /** Why it is left out; undefined: it stays. */
  readonly kind: string | undefined;
}

/** Of entries that differ only in numbers and ids (the subtasks of one task, the checkpoints of one job) the first and the last few stay. */
function markRepetitions(entries: readonly MarkedEntry[]): MarkedEntry[] {
  const shapeOf = (entry: string): string => entry.replace(/[0-9a-f]{6,}|\d+/g, '#').slice(0, 600);
  const totals = new Map<string, number>();
  for (const { entry } of entries) totals.set(shapeOf(entry), (totals.get(shapeOf(entry)) ?? 0) + 1);
  const seen = new Map<string, number>();
  return entries.map(({ entry, kind }, position) => {
    const shape = shapeOf(entry);
    const index = seen.get(shape) ?? 0;
    seen.set(shape, index + 1);
    const inside = position >= STARTUP_ENTRIES && index >= KEPT_ENDS && index < (totals.get(shape) ?? 0) - KEPT_ENDS;
    return { entry, kind: kind ?? (inside ? `repetitions beyond the first and last ${KEPT_ENDS}` : undefined) };
  });
}

/** Entries with all their lines and line breaks: joined they are the text again. */
function splitEntries(text: string): string[] {
  const entries: string[] = [];
  for (const line of text.split(/(?<=\n)/)) {
    const last = entries.length - 1;
    if (last < 0 || ENTRY_START.test(line)) entries.push(line);
    else entries[last] = `${entries[last] ?? ''}${line}`;
  }
  return entries;
}

interface Replacement {
  readonly from: RegExp;
  readonly to: string;
  readonly what: string;
}

/** Order matters: a folder before the folder that holds it. */
function listReplacements({ dir }: Outcome): Replacement[] {
  const host = hostname();
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []).filter((address) => !address.internal).map((address) => address.address);
  const literal = (text: string, to: string, what: string): Replacement => ({ from: new RegExp(quote(text), 'g'), to, what });
  return [
    literal(`${dir}/log`, '/opt/flink/log', 'log folder'),
    literal(`${dir}/conf`, '/opt/flink/conf', 'configuration folder'),
    literal(dir, '/data/flink', 'folder of the run'),
    { from: new RegExp(`${quote(cacheDir())}/[\\w.-]+`, 'g'), to: '/opt/flink', what: 'home of Flink and ZooKeeper' },
    literal(basename(dir), 'shop', 'name of the highly available cluster'),
    // The host name may be any short word: only where it stands alone, or closes the name of a log file.
    { from: new RegExp(`(?<=-)${quote(host)}(?=\\.(log|out))|(?<![\\w.-])${quote(host)}(?![\\w-])`, 'g'), to: 'node-1', what: 'host name' },
    { from: new RegExp(`(?<=flink-)${quote(userInfo().username)}(?=-zookeeper-)`, 'g'), to: 'flink', what: 'user name' },
    { from: new RegExp(`(?<=OS current user: )${quote(userInfo().username)}`, 'g'), to: 'flink', what: 'user name' },
    ...addresses.map((address) => literal(address, '192.0.2.11', 'address of the host')),
  ];
}

function quote(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function describeRecording(scenario: Scenario, outcome: Outcome, scrub: (text: string) => string, cut: Manifest['cut']): Manifest {
  const processes = outcome.processes.map(({ files, ...rest }) => ({ ...rest, files: files.map(scrub) }));
  const { affected, affectedFile = 'log' } = scenario.expect;
  const process = processes.find(({ name, alive }) => name === affected || (affected === 'dead-taskmanager' && name.startsWith('taskmanager') && !alive));
  const file = process?.files.find((name) => name.endsWith(`.${affectedFile}`));
  const failed = scenario.cause === HEALTHY ? undefined : outcome.jobs.at(-1); // a neighbour is submitted first
  return {
    scenario: scenario.id,
    title: scenario.title,
    flink: outcome.flinkVersion,
    recordedAt: outcome.steps[0]?.at ?? '',
    timeZone: 'UTC',
    cluster: {
      taskManagers: scenario.cluster.taskManagers, logging: scenario.cluster.logging, zookeeper: scenario.cluster.zookeeper ?? false,
      config: Object.fromEntries(Object.entries(outcome.config).map(([key, value]) => [key, scrub(value)])),
    },
    jobs: outcome.jobs,
    processes,
    expected: {
      cause: scenario.cause === HEALTHY ? 'none' : scenario.cause, symptoms: scenario.expect.symptoms ?? [],
      ...(failed === undefined ? {} : { job: failed.id }),
      ...(process === undefined ? {} : { process: process.name }), ...(file === undefined ? {} : { file }),
    },
    steps: outcome.steps,
    cut,
    scrubbed: [...new Set(listReplacements(outcome).map(({ what, to }) => `${what}: ${to}`))],
  };
}
