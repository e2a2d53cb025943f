// Proves fixes by running them. The diagnosis of a scenario's recording (or of a run) proposes options, the scenario is
// played again with them on a fresh cluster, and its jobs must run. patch.ts decides what is changed.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { diagnoseOutcome, diagnoseRecording } from './name.js';
import { listRecordings } from './manifest.js';
import { chooseFixes, repairScenario, type ConfigPatch } from '../define/patch.js';
import { workThrough, type PlayedRun } from './play.js';
import { runScenario, type RunOptions } from './run.js';
import type { Scenario } from '../define/scenario.js';
import type { DiagnosisDocument } from '../../analyzer/incident/document.js';
import type { Diagnosis } from '../../core/documents/incident.js';
import { errorText } from '../../core/fault.js';

/** One fix that was tried. */
export interface Repair {
  readonly id: string;
  readonly version: string;
  /** Rule that proposes the fix; empty if `fix` is empty. */
  readonly rule: string;
  /** Id of the fix; empty if no diagnosis proposed an option. */
  readonly fix: string;
  readonly patch: ConfigPatch;
  readonly seconds: number;
  /** Reason why the job did not run with the fix; undefined if it ran. */
  readonly problem: string | undefined;
}

export interface RepairOptions extends Pick<RunOptions, 'say' | 'keep'> {
  readonly parallel: number;
  /** True if the failure is played first instead of taken from its recording, because the scenario was varied. */
  readonly varied: boolean;
  readonly note: (repair: Repair) => void;
}

export async function repairAll(runs: readonly PlayedRun[], options: RepairOptions): Promise<readonly Repair[]> {
  const repairs: Repair[] = [];
  const note = (repair: Repair): void => {
    repairs.push(repair);
    options.note(repair);
  };
  await workThrough(runs, options.parallel, (run) => repairOne(run, { ...options, note }));
  return repairs;
}

async function repairOne(
  { scenario, version }: PlayedRun,
  { say, keep = false, varied, note }: RepairOptions,
): Promise<void> {
  let startedMs = Date.now();
  const end = (rule: string, fix: string, patch: ConfigPatch, problem?: string): void => {
    note({ id: scenario.id, version, rule, fix, patch, seconds: (Date.now() - startedMs) / 1000, problem });
    startedMs = Date.now();
  };
  try {
    const { rule, fixes: proposed } = findFirst(
      scenario,
      await diagnoseFailure({ scenario, version }, { say, varied }),
    );
    const fixes = chooseFixes(proposed, scenario.repaired?.fixes);
    if (fixes.length === 0) return end('', '', {}, 'no option is proposed');
    for (const { id, patch } of fixes) {
      say(`${scenario.id} with ${id}: ${describePatch(patch)}`);
      const repaired = repairScenario(scenario, version, patch);
      end(rule, id, repaired.patch ?? {}, await findProblem(repaired, { version, say, keep }));
    }
  } catch (error) {
    end('', '', {}, errorText(error));
  }
}

async function diagnoseFailure(
  { scenario, version }: PlayedRun,
  { say, varied }: Pick<RepairOptions, 'say' | 'varied'>,
): Promise<DiagnosisDocument> {
  const recording = listRecordings().find((folder) => folder.startsWith(`${scenario.id}/${version}.`));
  if (recording !== undefined && !varied) return diagnoseRecording(recording);
  return diagnoseOutcome(await runScenario({ scenario, version, say }));
}

/** Returns the first diagnosis; throws an error unless its cause is the provoked one. */
function findFirst(scenario: Scenario, { diagnoses: [first] }: DiagnosisDocument): Diagnosis {
  if (first?.cause !== scenario.cause)
    throw new Error(`The first diagnosis is ${first?.cause ?? 'none'} instead of ${scenario.cause}.`);
  return first;
}

/** Returns undefined if all jobs run and the cause is gone, else the problem. */
async function findProblem(scenario: Scenario, options: RunOptions): Promise<string | undefined> {
  try {
    const { diagnoses } = diagnoseOutcome(await runScenario({ scenario, ...options }));
    const still = diagnoses.find(({ cause }) => cause === scenario.cause);
    return still === undefined || scenario.repaired?.again === true
      ? undefined
      : `the cause is named again: ${still.title}`;
  } catch (error) {
    return errorText(error);
  }
}

export function describePatch(patch: ConfigPatch): string {
  return Object.entries(patch)
    .map(([option, value]) => `${option}: ${value}`)
    .join(', ');
}

const KEPT = join(import.meta.dirname, '..', 'repairs.tsv');

/**
 * Keeps the fixes that made the job run, for docs/rules.md: scenario, version, rule, fix, patch. They replace the
 * earlier entries of these scenarios.
 */
export function keepRepairs(repairs: readonly Repair[]): void {
  const known = existsSync(KEPT)
    ? readFileSync(KEPT, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];
  const others = known.filter((line) => !repairs.some(({ id, version }) => line.startsWith(`${id}\t${version}\t`)));
  const ran = repairs
    .filter(({ problem }) => problem === undefined)
    .map(({ id, version, rule, fix, patch }) => [id, version, rule, fix, describePatch(patch)].join('\t'));
  writeFileSync(
    KEPT,
    [...others, ...ran]
      .sort()
      .map((line) => `${line}\n`)
      .join(''),
  );
}

/** Prints one line per fix that was tried: scenario, version, fix, patch, result. */
export function printRepairs(repairs: readonly Repair[], print: (line: string) => void): void {
  const width = Math.max(8, ...repairs.map(({ id }) => id.length));
  const fixWidth = Math.max(3, ...repairs.map(({ fix }) => fix.length));
  const result = ({ problem, seconds }: Repair): string =>
    (problem === undefined ? `runs ${seconds.toFixed(0)} s` : 'FAILED').padEnd(10);
  print(`\n${'scenario'.padEnd(width)}  flink  result      ${'fix'.padEnd(fixWidth)}  patch`);
  for (const repair of [...repairs].sort((a, b) => a.id.localeCompare(b.id))) {
    print(
      `${repair.id.padEnd(width)}  ${repair.version.padEnd(5)}  ${result(repair)}  ${repair.fix.padEnd(fixWidth)}  ${describePatch(repair.patch)}`.trimEnd(),
    );
  }
  print(
    `${repairs.filter(({ problem }) => problem === undefined).length} of ${repairs.length} fixes make the job run.`,
  );
}
