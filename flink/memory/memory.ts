// Computes Flink's memory model: from a process's options and its Flink version to every part of its memory in bytes,
// or to the error that Flink would raise. Rules, fixes and start-up facts are compared with it. It equals Flink's own
// arithmetic to the byte (lab/reference/memory-oracle.test.ts compares them); fixes are in fix.ts.
import { deriveJobManager } from './jobmanager.js';
import { catchProblem, refuse, type JobManagerMemoryLayout, type MemoryLayout, type MemoryProblem } from './words.js';
import { deriveLegacyJobManager, deriveLegacyTaskManager } from './legacy.js';
import { parseVersion, type MemoryConfig } from './option-table.js';
import { deriveTaskManager, type Deployment } from './taskmanager.js';

/**
 * Computes the memory of a TaskManager. Options are by name as configured (the caller resolves duplicates: the last one
 * wins), Flink's version is as printed ("1.20.5"). `deployment` matters only for the legacy heap.size: on YARN,
 * Kubernetes and Mesos it is the whole container.
 */
export function computeTaskManagerMemory(
  options: ReadonlyMap<string, string>,
  version: string,
  deployment: Deployment = 'standalone',
): MemoryLayout | MemoryProblem {
  return catchProblem(() => {
    const config = readConfig(options, version);
    return config.version < 11000 ? deriveLegacyTaskManager(config, deployment) : deriveTaskManager(config, deployment);
  });
}

/** Computes the memory of a JobManager, like computeTaskManagerMemory. Its model is new in 1.11. */
export function computeJobManagerMemory(
  options: ReadonlyMap<string, string>,
  version: string,
  deployment: Deployment = 'standalone',
): JobManagerMemoryLayout | MemoryProblem {
  return catchProblem(() => {
    const config = readConfig(options, version);
    return config.version < 11100 ? deriveLegacyJobManager(config, deployment) : deriveJobManager(config, deployment);
  });
}

function readConfig(options: ReadonlyMap<string, string>, version: string): MemoryConfig {
  const number = parseVersion(version);
  return number === undefined
    ? refuse('version-unknown', `"${version}" is not a Flink version.`, [])
    : { options, version: number };
}
