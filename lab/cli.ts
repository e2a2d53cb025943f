// `npm run lab -- list | run ID… [--flink 1.20] | record ID… | check`: the command line of the lab.
// Parses arguments and prints; run.ts, record.ts and scenario.ts do the work. "all" stands for every scenario.
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { checkRecordings } from './manifest.js';
import { recordOutcome } from './record.js';
import { runScenario, type Outcome } from './run.js';
import { VERSIONS, listScenarios, loadScenario, type FlinkVersion, type Scenario } from './scenario.js';

const USAGE = `Usage: npm run lab -- COMMAND
  list                      every scenario: id, Flink versions, title
  run ID… [--keep]          play scenarios on a real cluster and see whether each reaches its end
  record ID…                the same, and write lab/recordings/<id>/<version>/
  check                     every scenario.yaml and every recording is well-formed
  --flink ${VERSIONS.join('|')}       only that version (default: 1.20; for "run all", "record all" too)
ID is <cause id>/<variant>, a cause id (all its variants), or "all".`;

const COMMANDS: Readonly<Record<string, (ids: string[], options: { flink: FlinkVersion; keep: boolean }) => Promise<number>>> = {
  list: () => Promise.resolve(printList()),
  run: (ids, options) => playAll(ids, options, () => 'reached its end'),
  record: (ids, options) => playAll(ids, options, (scenario, outcome) => `recorded in ${relative(process.cwd(), recordOutcome(scenario, outcome))}`),
  check: () => Promise.resolve(printCheck()),
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // A wrong id or a broken scenario.yaml: its message says all.
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args, allowPositionals: true,
    options: { flink: { type: 'string', default: '1.20' }, keep: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  const [name = '', ...ids] = positionals;
  const command = COMMANDS[name];
  const flink = VERSIONS.find((version) => version === values.flink);
  if (values.help || command === undefined || flink === undefined) {
    console.log(flink === undefined ? `There is no Flink ${values.flink} in the lab. ${USAGE}` : USAGE);
    return values.help ? 0 : 2;
  }
  return command(ids, { flink, keep: values.keep });
}

function printList(): number {
  for (const id of listScenarios()) {
    const { flink, title } = loadScenario(id);
    console.log(`${id.padEnd(44)} ${flink.join(' ').padEnd(9)} ${title}`);
  }
  return 0;
}

function printCheck(): number {
  const problems = [...listScenarios().flatMap(readProblem), ...checkRecordings()];
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? `${listScenarios().length} scenarios and their recordings are well-formed.` : `${problems.length} problems.`);
  return problems.length === 0 ? 0 : 2;
}

function readProblem(id: string): string[] {
  try {
    loadScenario(id);
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

async function playAll(ids: string[], { flink, keep }: { flink: FlinkVersion; keep: boolean }, use: (scenario: Scenario, outcome: Outcome) => string): Promise<number> {
  const scenarios = chooseScenarios(ids, flink);
  const failed: string[] = [];
  for (const scenario of scenarios) {
    const startedMs = Date.now();
    const say = (line: string): void => console.log(`  ${((Date.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${line}`);
    console.log(`${scenario.id} on Flink ${flink}`);
    try {
      say(use(scenario, await runScenario({ scenario, version: flink, say, keep })));
    } catch (error) {
      failed.push(scenario.id);
      say(error instanceof Error ? error.message : String(error));
    }
  }
  console.log(`${scenarios.length - failed.length} of ${scenarios.length} scenarios reached their end.${failed.length === 0 ? '' : ` Not: ${failed.join(', ')}`}`);
  return failed.length === 0 ? 0 : 1;
}

function chooseScenarios(ids: string[], flink: FlinkVersion): Scenario[] {
  const known = listScenarios();
  const wanted = ids.flatMap((id) => {
    const found = id === 'all' ? known : known.filter((candidate) => candidate === id || candidate.startsWith(`${id}/`));
    return found.length === 0 ? [id] : found;
  });
  if (wanted.length === 0) throw new Error('Name a scenario, a cause id, or "all".');
  const scenarios = wanted.map(loadScenario);
  const fitting = scenarios.filter((scenario) => scenario.flink.includes(flink));
  for (const scenario of scenarios) {
    if (!fitting.includes(scenario)) console.log(`${scenario.id} is not for Flink ${flink} and is left out.`);
  }
  return fitting;
}
