// Puts a proposed fix into a scenario. Pure functions. They take the fixes of a diagnosis and the scenario that failed,
// and return the fixes that are options, and the scenario as it is played again with them. repair.ts plays it;
// submit.ts patches scripts.
import type { Fix } from '../../core/documents/incident.js';
import type { Scenario } from './scenario.js';
import type { ScenarioStep } from './steps-schema.js';
import { nameOption, type FlinkVersion } from './versions.js';

/** Option → value; the names are those of the Flink version that is played. */
export type ConfigPatch = Readonly<Record<string, string>>;

/**
 * Returns the fixes that the scenario wants tried, in its order, or else the first fix that is an option. The list is
 * empty if there is none.
 */
export function chooseFixes(
  fixes: readonly Pick<Fix, 'id' | 'patch'>[],
  wanted: readonly string[] | undefined,
): readonly Pick<Fix, 'id' | 'patch'>[] {
  const patches = fixes.filter(({ patch }) => Object.keys(patch).length > 0);
  return wanted === undefined
    ? patches.slice(0, 1)
    : wanted.flatMap((id) => patches.find((fix) => fix.id === id) ?? []);
}

/**
 * Returns the same job and cluster with the patch. The patch is set in the cluster's configuration and wherever else
 * the scenario sets the option.
 */
export function repairScenario(scenario: Scenario, version: FlinkVersion, proposed: ConfigPatch): Scenario {
  const repaired = scenario.repaired ?? {};
  const patch = fillOwn(proposed, repaired.own ?? {}, version);
  const { config = {}, ...changed } = repaired.cluster ?? {};
  const cluster = { ...scenario.cluster, ...changed };
  const steps = (repaired.steps ?? cutFailure(scenario.steps)).map((step) => patchStep(step, patch, version));
  const healthy = {
    seconds: repaired.seconds,
    ...(repaired.again === true ? { restarts: true } : {}),
  };
  return {
    ...scenario,
    patch,
    steps: [...steps, { waitHealthy: healthy }],
    expect: { logs: [] },
    cluster: {
      ...cluster,
      config: {
        ...(checkpoints(scenario) ? {} : CHECKPOINTS),
        ...patchOptions(nameAll({ ...cluster.config, ...config }, version), patch, version),
        ...patch,
      },
    },
  };
}

const INTERVAL = 'execution.checkpointing.interval';
/** Checkpoint options for a job that has none, so that the completion of a checkpoint can be observed. */
const CHECKPOINTS = { [INTERVAL]: '3 s', 'execution.checkpointing.dir': 'file://@RUN@/checkpoints' };

function checkpoints({ cluster, steps }: Scenario): boolean {
  return JSON.stringify([cluster.config, steps]).includes(INTERVAL);
}

/**
 * Replaces the example values of the fix with values that only the owner of a cluster knows, e.g. one of their folders.
 */
function fillOwn(patch: ConfigPatch, own: Readonly<Record<string, string>>, version: FlinkVersion): ConfigPatch {
  const named = nameAll(own, version);
  const strange = Object.keys(named).filter((key) => patch[key] === undefined);
  if (strange.length > 0)
    throw new Error(`The fix has no option ${strange.join(' and ')}, only ${Object.keys(patch).join(' and ')}.`);
  return { ...patch, ...named };
}

const STARTS = ['submitJar', 'submitSql', 'startTaskManager', 'startJobManager'] as const;

/** Drops the steps after the last start or submission, because they wait for the failure. */
function cutFailure(steps: readonly ScenarioStep[]): readonly ScenarioStep[] {
  const last = steps.findLastIndex((step) => STARTS.some((kind) => step[kind] !== undefined));
  return steps.slice(0, last + 1).map((step, index) => (index === last ? dropFails(step) : step));
}

function dropFails({ submitJar, submitSql, startTaskManager, startJobManager }: ScenarioStep): ScenarioStep {
  if (submitJar !== undefined) return { submitJar: { ...submitJar, fails: false } };
  if (submitSql !== undefined) return { submitSql: { ...submitSql, fails: false } };
  if (startTaskManager !== undefined) return { startTaskManager: { ...startTaskManager, fails: false } };
  return { startJobManager: { ...startJobManager, fails: false } };
}

function patchStep(step: ScenarioStep, patch: ConfigPatch, version: FlinkVersion): ScenarioStep {
  const { submitJar, startTaskManager, startJobManager } = step;
  if (submitJar?.options !== undefined)
    return { submitJar: { ...submitJar, options: patchOptions(submitJar.options, patch, version) } };
  if (startTaskManager?.config !== undefined)
    return { startTaskManager: { ...startTaskManager, config: patchOptions(startTaskManager.config, patch, version) } };
  if (startJobManager?.config !== undefined)
    return { startJobManager: { ...startJobManager, config: patchOptions(startJobManager.config, patch, version) } };
  return step;
}

/** Returns the options with the patch's value for each option that is set here, under any of its names. */
function patchOptions<T>(
  options: Readonly<Record<string, T>>,
  patch: ConfigPatch,
  version: FlinkVersion,
): Record<string, T | string> {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [key, patch[nameOption(key, version)] ?? value]),
  );
}

function nameAll<T>(options: Readonly<Record<string, T>>, version: FlinkVersion): Record<string, T> {
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [nameOption(key, version), value]));
}

/**
 * Replaces the values in the `SET` statements of an SQL script with those of the patch. Options that the script does
 * not set come from the cluster.
 */
export function patchScript(sql: string, patch: ConfigPatch): string {
  return sql.replace(
    /^(\s*SET\s+)(['"]?)([\w.-]+)\2(\s*=\s*)(['"]?)([^'";]*)\5(?=\s*;)/gim,
    (whole, set: string, quote: string, option: string, equals: string, mark: string) => {
      const value = patch[option];
      return value === undefined ? whole : `${set}${quote}${option}${quote}${equals}${mark}${value}${mark}`;
    },
  );
}
