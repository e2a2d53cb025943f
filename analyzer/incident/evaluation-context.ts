// Creates the evaluation context of a rule's expressions for one incident: the options of the job under new and old
// names, its Flink version and the memory model. Input are the facts of the logs. Everything unknown is undefined.
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
import { compareVersions, optionValue, parseBytes, parseDuration, renameOption } from '../../flink/facts/options.js';
import type { EvaluationContext } from '../catalog/expression.js';

/** Flink version for which fixes are written if the log does not name one. It is a release that most people run. */
export const ASSUMED_VERSION = '1.20.0';

export interface ContextFacts {
  /** Effective options. Values of the command line override those of the file. */
  readonly options: ReadonlyMap<string, string>;
  readonly version: string | undefined;
  /** Sizes of the parts of the TaskManager's memory, in bytes, as the log printed them. */
  readonly memory: Readonly<Record<string, number>>;
  /** Chain of the exception that failed, the outermost first. */
  readonly chain?: readonly { readonly type: string; readonly message: string }[];
}

export function createEvaluationContext(facts: ContextFacts): EvaluationContext {
  const version = facts.version ?? ASSUMED_VERSION;
  let layout: ReturnType<typeof computeTaskManagerMemory> | undefined;
  // Compute the memory only on use, because most rules do not need it.
  const readLayout = (part: string): number | undefined => {
    layout ??= computeTaskManagerMemory(facts.options, version);
    return isMemoryProblem(layout) ? undefined : readPart(layout, part);
  };
  return {
    option: (key) => optionValue(facts.options, key),
    optionNamed: (value) => {
      const names = [...facts.options].flatMap(([name, own]) => (own.trim() === value ? [name] : []));
      return names.length === 1 ? names[0] : undefined;
    },
    links: () => (facts.chain ?? []).map(({ type, message }) => `${type}: ${message}`),
    versionAtLeast: (wanted) => facts.version === undefined || compareVersions(facts.version, wanted) >= 0,
    memory: (part) => facts.memory[part] ?? readLayout(part),
    fitNetwork: (neededBytes) => readPatch(fitNetworkMemory({ options: facts.options, version, neededBytes })),
    growMemory: (part, neededBytes) => growPart(part, { options: facts.options, version, neededBytes }),
    parseSize: (text) => parseBytes(text),
    parseDuration: (text) => parseDuration(text),
  };
}

/** Returns the name of an option in a Flink version, or undefined if the version does not have it. */
export function nameOption(key: string, version: string | undefined): string | undefined {
  const renamed = renameOption(key, version ?? ASSUMED_VERSION);
  return 'gone' in renamed ? undefined : renamed.key;
}

function readPart(layout: MemoryLayout, part: string): number | undefined {
  return Object.entries(layout).find(([name]) => name === part)?.[1];
}

/** Returns undefined if the model has no answer or nothing has to change. */
function readPatch(result: FitResult<MemoryLayout>): Readonly<Record<string, string>> | undefined {
  return 'problem' in result || Object.keys(result.patch).length === 0 ? undefined : result.patch;
}

const FITTERS: Readonly<Record<string, (need: SizeNeed) => FitResult<MemoryLayout>>> = {
  taskHeap: fitTaskHeap,
  managed: fitManagedMemory,
  jvmMetaspace: fitTaskManagerMetaspace,
  taskOffHeap: fitTaskOffHeap,
  frameworkOffHeap: fitFrameworkOffHeap,
  jvmOverhead: fitJvmOverhead,
};

function growPart(part: string, need: SizeNeed): Readonly<Record<string, string>> | undefined {
  const grow = FITTERS[part];
  return grow === undefined ? undefined : readPatch(grow(need));
}
