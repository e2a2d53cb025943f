// What expressions of rules may ask about a job: its options under new and old names, its Flink version, the memory
// model. Made by diagnose.ts for each incident from what the logs said; everything unknown is undefined.
import { isMemoryProblem, type MemoryLayout } from '../../flink/memory/words.js';
import { computeTaskManagerMemory } from '../../flink/memory/memory.js';
import {
  fitFrameworkOffHeap,
  fitJvmOverhead,
  fitManagedMemory,
  fitNetworkMemory,
  fitTaskHeap,
  fitTaskManagerMetaspace,
  fitTaskOffHeap,
  type SizeNeed,
} from '../../flink/memory/fix.js';
import type { FitResult } from '../../flink/memory/grow.js';
import { compareVersions, optionValue, parseBytes, parseDuration, renameOption } from '../../flink/options/options.js';
import type { World } from '../catalog/expression/expression.js';

/** When the log does not say its version, fixes are those of a release that most people run. */
export const ASSUMED_VERSION = '1.20.0';

export interface WorldFacts {
  /** Effective options: the command line's values over the file's. */
  readonly options: ReadonlyMap<string, string>;
  readonly version: string | undefined;
  /** Bytes of the parts of the TaskManager's memory as the log printed them. */
  readonly memory: Readonly<Record<string, number>>;
}

export function createWorld(facts: WorldFacts): World {
  const version = facts.version ?? ASSUMED_VERSION;
  let layout: ReturnType<typeof computeTaskManagerMemory> | undefined;
  // Most rules ask for no memory.
  const readLayout = (part: string): number | undefined => {
    layout ??= computeTaskManagerMemory(facts.options, version);
    return isMemoryProblem(layout) ? undefined : readPart(layout, part);
  };
  return {
    option: (key) => optionValue(facts.options, key),
    versionAtLeast: (wanted) => facts.version === undefined || compareVersions(facts.version, wanted) >= 0,
    memory: (part) => facts.memory[part] ?? readLayout(part),
    fitNetwork: (neededBytes) => readPatch(fitNetworkMemory({ options: facts.options, version, neededBytes })),
    growMemory: (part, neededBytes) => growPart(part, { options: facts.options, version, neededBytes }),
    parseSize: (text) => parseBytes(text),
    parseDuration: (text) => parseDuration(text),
  };
}

/** The name that an option has in a version; undefined when the version does not know it any more. */
export function nameOption(key: string, version: string | undefined): string | undefined {
  const renamed = renameOption(key, version ?? ASSUMED_VERSION);
  return 'gone' in renamed ? undefined : renamed.key;
}

function readPart(layout: MemoryLayout, part: string): number | undefined {
  return Object.entries(layout).find(([name]) => name === part)?.[1];
}

/** Undefined when the model cannot tell, or when nothing has to change. */
function readPatch(result: FitResult<MemoryLayout>): Readonly<Record<string, string>> | undefined {
  return 'problem' in result || Object.keys(result.patch).length === 0 ? undefined : result.patch;
}

const GROWERS: Readonly<Record<string, (need: SizeNeed) => FitResult<MemoryLayout>>> = {
  taskHeap: fitTaskHeap,
  managed: fitManagedMemory,
  jvmMetaspace: fitTaskManagerMetaspace,
  taskOffHeap: fitTaskOffHeap,
  frameworkOffHeap: fitFrameworkOffHeap,
  jvmOverhead: fitJvmOverhead,
};

function growPart(part: string, need: SizeNeed): Readonly<Record<string, string>> | undefined {
  const grow = GROWERS[part];
  return grow === undefined ? undefined : readPatch(grow(need));
}
