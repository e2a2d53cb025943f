// Makes a recording of what a run logged: cuts entries that add no information (cut.ts), replaces names of this
// machine, and writes a manifest next to the files. `npm run lab -- record` uses it; run.ts does the run itself.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { printDocument } from '../define/document.js';
import { RECORDINGS_DIR, type Manifest } from './manifest.js';
import { cutFiles } from './cut.js';
import { cacheDir } from '../parts/cache.js';
import type { LogFile, RunOutcome } from './run.js';
import { HEALTHY, type Scenario } from '../define/scenario.js';
import { VERSIONS } from '../define/versions.js';

/**
 * Maximum size of a recording in bytes: on the first of the versions, and on the others, which show only the
 * differences.
 */
const FULL_BYTES = 45_000;
const BRIEF_BYTES = 28_000;

/** Writes lab/recordings/<scenario>/<version>/ in place of the earlier recording; returns the folder. */
export function recordOutcome(scenario: Scenario, outcome: RunOutcome): string {
  const snapshotBytes = outcome.snapshots.reduce((sum, { text }) => sum + text.length, 0);
  const maxBytes = outcome.flinkVersion.startsWith(VERSIONS[0]) ? FULL_BYTES : BRIEF_BYTES;
  return writeRecording(scenario, outcome, { root: RECORDINGS_DIR, maxBytes: maxBytes - snapshotBytes });
}

/** Writes the recording below `root` without a size limit: leaves out only what is the same in every log. */
export function recordWhole(scenario: Scenario, outcome: RunOutcome, root: string): string {
  return writeRecording(scenario, outcome, { root, maxBytes: Infinity });
}

function writeRecording(
  scenario: Scenario,
  outcome: RunOutcome,
  { root, maxBytes }: { readonly root: string; readonly maxBytes: number },
): string {
  const replacements = listReplacements(outcome);
  const scrub = (text: string): string => replacements.reduce((done, { from, to }) => done.replace(from, to), text);
  const cuts = cutFiles(outcome.files, maxBytes);
  const folder = join(root, scenario.id, outcome.flinkVersion);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { name, text } of cuts) writeFileSync(join(folder, scrub(name)), scrub(text));
  if (outcome.snapshots.length > 0) mkdirSync(join(folder, 'rest'));
  for (const { name, text } of outcome.snapshots) writeFileSync(join(folder, name), scrub(text));
  const manifest = describeRecording(
    scenario,
    outcome,
    scrub,
    cuts.flatMap(({ name, cut }) => cut.map((row) => ({ file: scrub(name), ...row }))),
  );
  writeFileSync(join(folder, 'manifest.yaml'), printDocument({ ...manifest }));
  return folder;
}

interface Replacement {
  readonly from: RegExp;
  readonly to: string;
  readonly what: string;
}

/** Lists the replacements. The order matters: a folder comes before its parent folder. */
function listReplacements({ dir }: RunOutcome): Replacement[] {
  const host = hostname();
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((address) => !address.internal)
    .map((address) => address.address);
  const literal = (text: string, to: string, what: string): Replacement => ({
    from: new RegExp(quote(text), 'g'),
    to,
    what,
  });
  return [
    literal(`${dir}/log`, '/opt/flink/log', 'log folder'),
    literal(`${dir}/conf`, '/opt/flink/conf', 'configuration folder'),
    literal(`${dir}/home`, '/opt/flink', 'home of Flink with libraries of its own'),
    literal(dir, '/data/flink', 'folder of the run'),
    { from: new RegExp(`${quote(cacheDir())}/[\\w.-]+`, 'g'), to: '/opt/flink', what: 'home of Flink and ZooKeeper' },
    literal(basename(dir), 'shop', 'name of the highly available cluster'),
    // The host name may be any short word, so it is replaced only if it stands alone or closes the name of a log file.
    {
      from: new RegExp(`(?<=-)${quote(host)}(?=(\\.gc)?\\.(log|out))|(?<![\\w.-])${quote(host)}(?![\\w-])`, 'g'),
      to: 'node-1',
      what: 'host name',
    },
    {
      from: new RegExp(`(?<=flink-)${quote(userInfo().username)}(?=-zookeeper-)`, 'g'),
      to: 'flink',
      what: 'user name',
    },
    { from: new RegExp(`(?<=OS current user: )${quote(userInfo().username)}`, 'g'), to: 'flink', what: 'user name' },
    ...addresses.map((address) => literal(address, '192.0.2.11', 'address of the host')),
  ];
}

function quote(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function describeRecording(
  scenario: Scenario,
  outcome: RunOutcome,
  scrub: (text: string) => string,
  cut: Manifest['cut'],
): Manifest {
  const processes = outcome.processes.map(({ files, ...rest }) => ({ ...rest, files: files.map(scrub) }));
  const { affected, affectedFile = 'log' } = scenario.expect;
  const process = processes.find(
    ({ name, alive }) =>
      name === affected || (affected === 'dead-taskmanager' && name.startsWith('taskmanager') && !alive),
  );
  const file = process?.files.find((name) => name.endsWith(`.${affectedFile}`));
  const failed = scenario.cause === HEALTHY ? undefined : outcome.jobs.at(-1); // a healthy neighbour is submitted first
  return {
    scenario: scenario.id,
    title: scenario.title,
    flink: outcome.flinkVersion,
    recordedAt: outcome.steps[0]?.at ?? '',
    timeZone: 'UTC',
    cluster: {
      taskManagers: scenario.cluster.taskManagers,
      logging: scenario.cluster.logging,
      services: Object.keys(scenario.cluster.services ?? {}),
      config: Object.fromEntries(Object.entries(outcome.config).map(([key, value]) => [key, scrub(value)])),
    },
    jobs: outcome.jobs.map((job) => ({ ...job, states: listStates(outcome.files, job.id) })),
    processes,
    snapshots: outcome.snapshots.map(({ name }) => name),
    expected: {
      cause: scenario.cause === HEALTHY ? 'none' : scenario.cause,
      symptoms: scenario.expect.symptoms ?? [],
      job: failed?.id,
      process: process?.name,
      file,
    },
    steps: outcome.steps,
    cut,
    scrubbed: [...new Set(listReplacements(outcome).map(({ what, to }) => `${what}: ${to}`))],
  };
}

/** Returns the states of the job according to the JobManager's log, in order. */
export function listStates(files: readonly LogFile[], jobId: string): string[] {
  const switches = files.flatMap(({ text }) => [
    ...text.matchAll(new RegExp(`^(\\S+ \\S+) .*Job .*\\(?${jobId}\\)? switched from state (\\w+) to (\\w+)`, 'gm')),
  ]);
  const ordered = switches
    .map(([, at = '', from = '', to = '']) => ({ at, from, to }))
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const first = ordered[0];
  return first === undefined ? [] : [first.from, ...ordered.map(({ to }) => to)];
}
