// Implements the command line of the lab: `npm run lab -- list | run ID… | record ID… | diagnose ID… | repair ID… |
// check`. It parses arguments and prints. play.ts plays, record.ts writes, name.ts diagnoses, repair.ts tries fixes.
// "all" stands for every scenario.
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { checkRecordings, listRecordings } from './play/manifest.js';
import { nameOutcome, nameRecording, type Naming } from './play/name.js';
import { playAll, printTable, type Played, type PlayedRun } from './play/play.js';
import { recordOutcome, recordWhole } from './play/record.js';
import { keepRepairs, printRepairs, repairAll } from './play/repair.js';
import type { RunOutcome } from './play/run.js';
import { listScenarios, loadScenario, type Scenario } from './define/scenario.js';
import { VERSIONS, type FlinkVersion } from './define/versions.js';
import { errorText } from '../core/fault.js';

const USAGE = `Usage: npm run lab -- COMMAND
  list                      every scenario: id, Flink versions, title
  run ID…                   play scenarios on real clusters and see whether each reaches its end
  record ID…                the same, and write lab/recordings/<id>/<version>/
  diagnose ID…              what the present rules say of the recordings: scenario, version, expected, first diagnosis
  repair ID…                play scenarios again with the options that their diagnosis proposes: the jobs must run
  check                     every scenario.yaml and every recording is well-formed
  --flink V[,V…]            these versions of ${VERSIONS.join(', ')} (default: ${VERSIONS[0]}), or "all"
  --parallel N              so many scenarios at once (default: 1)
  --vary SEED               other names, parallelism, data and sizes than the recordings'
  --named                   with "run": the rules must name the cause of each run, too
  --whole FOLDER            with "record": write there, and leave out only what is the same in every log
  --keep                    leave the runs' folders for a look
ID is <cause id>/<variant>, a cause id (all its variants), "failures", "healthy", or "all".`;

interface Options {
  readonly flink: readonly FlinkVersion[];
  readonly parallel: number;
  readonly seed: number | undefined;
  readonly keep: boolean;
  readonly named: boolean;
  readonly whole: string | undefined;
}

const COMMANDS: Readonly<Record<string, (ids: string[], options: Options) => Promise<number>>> = {
  list: () => Promise.resolve(printList()),
  run: (ids, options) =>
    play(ids, options, (scenario, outcome) => (options.named ? readName(nameOutcome(scenario, outcome)) : '')),
  record: (ids, options) =>
    play(ids, { ...options, seed: undefined }, (scenario, outcome) => {
      const { whole } = options;
      const folder = whole === undefined ? recordOutcome(scenario, outcome) : recordWhole(scenario, outcome, whole);
      return `recorded in ${relative(process.cwd(), folder)}`;
    }),
  diagnose: (ids, options) => Promise.resolve(printNames(ids, options)),
  repair,
  check: () => Promise.resolve(printCheck()),
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // The message alone is enough for a wrong id or a broken scenario.yaml.
  console.error(errorText(error));
  process.exitCode = 2;
}

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      flink: { type: 'string', default: VERSIONS[0] },
      parallel: { type: 'string', default: '1' },
      vary: { type: 'string' },
      whole: { type: 'string' },
      keep: { type: 'boolean', default: false },
      named: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [name = '', ...ids] = positionals;
  const command = COMMANDS[name];
  if (values.help || command === undefined) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  return command(ids, {
    flink: readVersions(values.flink),
    parallel: readCount('--parallel', values.parallel),
    seed: values.vary === undefined ? undefined : readCount('--vary', values.vary),
    keep: values.keep,
    whole: values.whole,
    named: values.named,
  });
}

function readVersions(text: string): readonly FlinkVersion[] {
  if (text === 'all') return VERSIONS;
  return text.split(',').map((wanted) => {
    const version = VERSIONS.find((known) => known === wanted);
    if (version === undefined) throw new Error(`There is no Flink ${wanted} in the lab, only ${VERSIONS.join(', ')}.`);
    return version;
  });
}

function readCount(option: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`${option} must be a whole number from 1, not "${text}".`);
  return Number(text);
}

function printList(): number {
  for (const id of listScenarios()) {
    const { flink, title } = loadScenario(id);
    console.log(
      `${id.padEnd(52)} ${VERSIONS.map((version) => (flink.includes(version) ? version : '').padEnd(5)).join('')} ${title}`,
    );
  }
  return 0;
}

function printCheck(): number {
  const problems = [...listScenarios().flatMap(readProblem), ...checkRecordings()];
  for (const problem of problems) console.error(problem);
  console.log(
    problems.length === 0
      ? `${listScenarios().length} scenarios and ${listRecordings().length} recordings are well-formed.`
      : `${problems.length} problems.`,
  );
  return problems.length === 0 ? 0 : 2;
}

function readProblem(id: string): string[] {
  try {
    for (const version of loadScenario(id).flink) loadScenario(id, { version });
    return [];
  } catch (error) {
    return [errorText(error)];
  }
}

async function play(
  ids: string[],
  { flink, parallel, seed, keep }: Options,
  use: (scenario: Scenario, outcome: RunOutcome) => string,
): Promise<number> {
  const runs = chooseRuns(ids, flink, seed);
  const played: readonly Played[] = await playAll(runs, { parallel, keep, use, print: (line) => console.log(line) });
  printTable(played, flink, (line) => console.log(line));
  return played.every(({ problem }) => problem === undefined) ? 0 : 1;
}

async function repair(ids: string[], { flink, parallel, seed, keep }: Options): Promise<number> {
  const runs = chooseRuns(ids, flink, seed).filter(({ scenario }) => scenario.repaired !== undefined);
  if (runs.length === 0) throw new Error('None of these scenarios says under "repaired:" how it is played with a fix.');
  const startedMs = Date.now();
  const repairs = await repairAll(runs, {
    parallel,
    keep,
    varied: seed !== undefined,
    say: (line) =>
      parallel > 1
        ? undefined
        : console.log(`  ${((Date.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${line}`),
    note: ({ id, version, fix, problem }) =>
      console.log(
        problem === undefined
          ? `${id} on Flink ${version} runs with ${fix}.`
          : `${id} on Flink ${version}, ${fix === '' ? 'no fix' : fix}: ${problem}`,
      ),
  });
  printRepairs(repairs, (line) => console.log(line));
  if (seed === undefined) keepRepairs(repairs);
  return repairs.every(({ problem }) => problem === undefined) ? 0 : 1;
}

function chooseRuns(
  ids: readonly string[],
  flink: readonly FlinkVersion[],
  seed: number | undefined,
): readonly PlayedRun[] {
  const wanted = chooseIds(ids);
  const runs = flink.flatMap((version) =>
    wanted
      .map((id) => ({ version, scenario: loadScenario(id, { version, seed }) }))
      .filter(({ scenario }) => scenario.flink.includes(version)),
  );
  if (runs.length === 0) throw new Error(`None of these scenarios is for Flink ${flink.join(', ')}.`);
  return runs;
}

/** Returns the cause that was named; throws an error when it differs from the expected one. */
function readName({ expected, first, named, evidence }: Naming): string {
  if (!named) throw new Error(`expected ${expected}, but the first diagnosis is ${first}: ${evidence}`);
  return `named ${first}`;
}

function printNames(ids: string[], { flink }: Options): number {
  const wanted = chooseIds(ids);
  const names = listRecordings()
    .filter(
      (folder) =>
        wanted.some((id) => folder.startsWith(`${id}/`)) && flink.some((version) => folder.includes(`/${version}.`)),
    )
    .map((folder) => ({ folder, ...nameRecording(folder) }));
  for (const { folder, expected, first, named } of names)
    console.log(`${named ? '  ' : '! '}${folder.padEnd(64)} ${expected.padEnd(32)} ${first}`);
  const right = names.filter(({ named }) => named).length;
  console.log(`${right} of ${names.length} recordings are named as expected.`);
  return right === names.length ? 0 : 1;
}

function chooseIds(ids: readonly string[]): string[] {
  const known = listScenarios();
  const chosen = ids.flatMap((id) => {
    const found = known.filter(
      (candidate) =>
        id === 'all' ||
        (id === 'failures' && !candidate.startsWith('healthy/')) ||
        candidate === id ||
        candidate.startsWith(`${id}/`),
    );
    return found.length === 0 ? [loadScenario(id).id] : found; // throws an error that names the nearest id
  });
  if (chosen.length === 0) throw new Error('Name a scenario, a cause id, or "all".');
  return [...new Set(chosen)];
}
