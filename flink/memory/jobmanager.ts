// Derives a JobManager's memory in Flink 1.11 to 2.x (JobManagerProcessUtils, JobManagerFlinkMemoryUtils). In: the
// options of one process. Out: every part in bytes, or a MemoryFault with Flink's own message.
import { prefixProblem, refuse, type JobManagerMemoryLayout } from './words.js';
import { JOB_MANAGER, hasOption, readSize, type MemoryConfig } from './option-table.js';
import { applyLegacyHeap, deriveProcess, type ProcessOptions } from './process.js';
import { addBytes, formatMemorySize, subtractBytes } from './size.js';
import type { Deployment } from './taskmanager.js';

const PROCESS_OPTIONS: ProcessOptions = { ...JOB_MANAGER, parts: [JOB_MANAGER.heap] };

interface JobManagerParts {
  readonly totalFlink: bigint;
  readonly jvmHeap: bigint;
  readonly offHeap: bigint;
}

export function deriveJobManager(config: MemoryConfig, deployment: Deployment): JobManagerMemoryLayout {
  const legacyTarget = deployment === 'standalone' ? JOB_MANAGER.heap : JOB_MANAGER.process;
  // Unlike the TaskManager's, this prefix ended with 1.20.
  const { parts, jvm } = prefixProblem(config.version < 20000 ? 'JobManager memory configuration failed: ' : '', () => {
    const full = applyLegacyHeap(
      config,
      { size: JOB_MANAGER.legacyHeap, megabytes: JOB_MANAGER.legacyHeapMb },
      legacyTarget,
    );
    return deriveProcess(full, PROCESS_OPTIONS, { fromParts, fromTotal });
  });
  return {
    totalProcess: Number(parts.totalFlink + jvm.metaspace + jvm.overhead),
    totalFlink: Number(parts.totalFlink),
    jvmHeap: Number(parts.jvmHeap),
    offHeap: Number(parts.offHeap),
    jvmMetaspace: Number(jvm.metaspace),
    jvmOverhead: Number(jvm.overhead),
  };
}

/** Derives the parts if the heap is set: off-heap is the set size, or the rest of the Flink total, or its default. */
function fromParts(config: MemoryConfig): JobManagerParts {
  const jvmHeap = readSize(config, JOB_MANAGER.heap);
  const offHeap = readSize(config, JOB_MANAGER.offHeap);
  if (!hasOption(config, JOB_MANAGER.flink)) return { jvmHeap, offHeap, totalFlink: addBytes(jvmHeap, offHeap) };
  const totalFlink = readSize(config, JOB_MANAGER.flink);
  if (!hasOption(config, JOB_MANAGER.offHeap))
    return { jvmHeap, offHeap: deriveOffHeap(jvmHeap, totalFlink), totalFlink };
  const sum = addBytes(jvmHeap, offHeap);
  if (sum !== totalFlink) {
    return refuse(
      'job-manager-sum-differs',
      `Sum of the configured JVM Heap Memory (${formatMemorySize(jvmHeap)}) and the configured Off-heap Memory (${formatMemorySize(offHeap)}) does not match the configured Total Flink Memory (${formatMemorySize(totalFlink)}). Please, make the configuration consistent or configure only one option: either JVM Heap or Total Flink Memory.`,
      [JOB_MANAGER.heap.key, JOB_MANAGER.offHeap.key, JOB_MANAGER.flink.key],
      { larger: totalFlink < sum ? 'helps' : 'hurts' },
    );
  }
  return { jvmHeap, offHeap, totalFlink };
}

function deriveOffHeap(jvmHeap: bigint, totalFlink: bigint): bigint {
  if (totalFlink >= jvmHeap) return totalFlink - jvmHeap;
  return refuse(
    'job-manager-heap-exceeds-flink',
    `The configured JVM Heap Memory (${formatMemorySize(jvmHeap)}) exceeds the configured Total Flink Memory (${formatMemorySize(totalFlink)}). Please, make the configuration consistent or configure only one option: either JVM Heap or Total Flink Memory.`,
    [JOB_MANAGER.heap.key, JOB_MANAGER.flink.key],
  );
}

/** Derives the parts if the Flink total is known: the heap is what off-heap leaves. */
function fromTotal(config: MemoryConfig, totalFlink: bigint): JobManagerParts {
  const offHeap = readSize(config, JOB_MANAGER.offHeap);
  if (totalFlink <= offHeap) {
    return refuse(
      'job-manager-off-heap-exceeds-flink',
      `The configured Total Flink Memory (${formatMemorySize(totalFlink)}) is less than the configured Off-heap Memory (${formatMemorySize(offHeap)}).`,
      [JOB_MANAGER.flink.key, JOB_MANAGER.process.key, JOB_MANAGER.offHeap.key],
    );
  }
  return { jvmHeap: subtractBytes(totalFlink, offHeap), offHeap, totalFlink };
}
