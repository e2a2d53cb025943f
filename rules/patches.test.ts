// Checks that no fix stops a process from starting: every patch that is proposed for a match log is given to the memory
// model of that log's Flink version, in addition to the options that the log shows (Flink's stock sizes if it shows
// none).
import { describe, expect, it } from 'vitest';
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import { diagnose } from '../analyzer/incident/diagnose.js';
import { flattenIncidents } from '../analyzer/incident/document.js';
import { readCases, type RuleCase } from '../analyzer/author/cases.js';
import { readPasted } from '../analyzer/input/read.js';
import { ASSUMED_VERSION } from '../analyzer/incident/evaluation-context.js';
import { isMemoryProblem } from '../flink/memory/words.js';
import { computeJobManagerMemory, computeTaskManagerMemory } from '../flink/memory/memory.js';

const STOCK_SIZES = [
  ['taskmanager.memory.process.size', '1728m'],
  ['jobmanager.memory.process.size', '1600m'],
] as const;
const MEMORY_OPTION = /^(taskmanager|jobmanager)\.(memory|network|heap)/;
const catalog = loadCatalog();
const patching = catalog.rules.filter((rule) =>
  rule.fixes.some((fix) => fix.patchFrom !== undefined || fix.patch.some(([option]) => MEMORY_OPTION.test(option))),
);

describe('every patch of memory options', () => {
  it.each(patching.map((rule) => [rule.id, rule] as const))('of %s lets the process start', (_, rule) => {
    expect(
      readCases(rule)
        .cases.filter(({ isMatch }) => isMatch)
        .flatMap(findBrokenStarts),
    ).toEqual([]);
  });
});

/** Returns the fixes for a log after which the model refuses what it accepted before. */
function findBrokenStarts({ bytes, log, place }: RuleCase): readonly string[] {
  const text = bytes.toString('utf8');
  const version = /\(Version: (\d+\.\d+(?:\.\d+)?)/.exec(text)?.[1] ?? ASSUMED_VERSION;
  const options = readOptions(text);
  const { diagnoses } = flattenIncidents(diagnose(readPasted(bytes, {}, log), catalog), 'en');
  return diagnoses.flatMap(({ rule, fixes }) =>
    fixes.flatMap(({ id, patch }) => {
      const changed = Object.entries(patch).filter(([option]) => MEMORY_OPTION.test(option));
      const before = addStockSizes(
        options,
        changed.map(([option]) => option),
      );
      const problem =
        changed.length === 0 ? undefined : findNewProblem(before, new Map([...before, ...changed]), version);
      return problem === undefined ? [] : [`${place}: ${rule} ${id} ${JSON.stringify(patch)}: ${problem}`];
    }),
  );
}

function findNewProblem(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  version: string,
): string | undefined {
  for (const compute of [computeTaskManagerMemory, computeJobManagerMemory]) {
    const problem = compute(after, version);
    if (isMemoryProblem(problem) && !isMemoryProblem(compute(before, version))) return problem.message;
  }
  return undefined;
}

/**
 * Reads the options of the configuration file. The sizes that the start scripts compute from them and pass on are
 * computed again.
 */
function readOptions(text: string): ReadonlyMap<string, string> {
  const shown = [...text.matchAll(/Loading configuration property: ([\w.-]+), (.*)$/gm)].map(
    ([, key = '', value = '']) => [key, value.trim()] as const,
  );
  return new Map(shown.filter(([key]) => MEMORY_OPTION.test(key)));
}

/**
 * Adds Flink's stock sizes if the log shows no size of the process, unless the patch is about the total size itself.
 */
function addStockSizes(options: ReadonlyMap<string, string>, changed: readonly string[]): ReadonlyMap<string, string> {
  const known = [...options.keys(), ...changed.filter((option) => option.endsWith('flink.size'))];
  return new Map([
    ...options,
    ...STOCK_SIZES.filter(
      ([key]) => !known.some((option) => option.startsWith(key.slice(0, key.indexOf('.'))) && /size|heap/.test(option)),
    ),
  ]);
}
