// Derives the memory of Flink 1.4 to 1.9 (JobManager: to 1.10), in the words of the later model so that facts and fixes
// need one vocabulary (TaskManagerServices, NettyShuffleEnvironmentConfiguration, ContaineredTaskManagerParameters).
// There is one total, from which network is taken, and in containers a cut-off for everything that is not heap (here:
// overhead). Managed memory is a fraction of the heap that is free at start-up, so `managed` and `taskHeap` are
// estimates unless taskmanager.memory.size is set; metaspace had no limit and counts as 0. Everything else is exact.
import { refuse, type JobManagerMemoryLayout, type MemoryLayout } from './words.js';
import {
  JOB_MANAGER,
  TASK_MANAGER,
  hasOption,
  readCount,
  readFraction,
  readPlainSize,
  type MemoryConfig,
  type MemoryOption,
} from './option-table.js';
import { readSegmentSize } from './process.js';
import { MEBIBYTE, formatFloat, parseMemorySize } from './size.js';
import type { Deployment } from './taskmanager.js';

export const LEGACY = {
  networkFraction: { key: 'taskmanager.network.memory.fraction', defaults: [[0, '0.1']] },
  networkMin: { key: 'taskmanager.network.memory.min', defaults: [[0, '64mb']] },
  networkMax: { key: 'taskmanager.network.memory.max', defaults: [[0, '1gb']] },
  managed: { key: 'taskmanager.memory.size' },
  managedFraction: { key: 'taskmanager.memory.fraction', defaults: [[0, '0.7']] },
  offHeap: { key: 'taskmanager.memory.off-heap' },
  cutoffRatio: {
    key: 'containerized.heap-cutoff-ratio',
    fallback: ['yarn.heap-cutoff-ratio'],
    defaults: [[0, '0.25']],
  },
  cutoffMin: { key: 'containerized.heap-cutoff-min', fallback: ['yarn.heap-cutoff-min'], defaults: [[0, '600']] },
} as const satisfies Record<string, MemoryOption>;

/** Value that the scripts set: the direct memory of a standalone TaskManager is not limited (8388607 TiB). */
const UNLIMITED_BYTES = 8388607 * 1024 ** 4;

export function deriveLegacyTaskManager(config: MemoryConfig, deployment: Deployment): MemoryLayout {
  const totalMb = readTotalMb(config, TASK_MANAGER.legacyHeap, TASK_MANAGER.legacyHeapMb);
  const cutoffMb = deployment === 'container' ? deriveCutoffMb(config, totalMb) : 0;
  const total = (totalMb - cutoffMb) * MEBIBYTE;
  const segmentBytes = readSegmentSize(config, TASK_MANAGER.segment);
  const network = deriveNetwork(config, total, segmentBytes);
  const offHeap = config.options.get(LEGACY.offHeap.key)?.trim().toLowerCase() === 'true';
  const managed = deriveManaged(config, total - network);
  if (offHeap && managed >= total - network) {
    refuse(
      'legacy-managed-too-large',
      `Invalid configuration value for ${LEGACY.managed.key} : ${managed} - Managed memory size too large for ${Math.floor(network / MEBIBYTE)} MB network buffer memory and a total of ${totalMb - cutoffMb} MB JVM memory`,
      [LEGACY.managed.key, TASK_MANAGER.legacyHeap.key],
    );
  }
  const jvmHeap = Math.floor((total - network - (offHeap ? managed : 0)) / MEBIBYTE) * MEBIBYTE;
  return {
    totalProcess: totalMb * MEBIBYTE,
    totalFlink: total,
    frameworkHeap: 0,
    // Managed memory on the heap is allocated lazily: more than exists fails later, not here.
    taskHeap: offHeap ? jvmHeap : Math.max(0, jvmHeap - managed),
    frameworkOffHeap: 0,
    taskOffHeap: 0,
    managed,
    network,
    jvmMetaspace: 0,
    jvmOverhead: cutoffMb * MEBIBYTE,
    jvmHeap,
    directLimit: deployment === 'container' ? totalMb * MEBIBYTE - jvmHeap : UNLIMITED_BYTES,
    networkBuffers: Math.floor(network / segmentBytes),
    segmentBytes,
  };
}

export function deriveLegacyJobManager(config: MemoryConfig, deployment: Deployment): JobManagerMemoryLayout {
  const totalMb = readTotalMb(config, JOB_MANAGER.legacyHeap, JOB_MANAGER.legacyHeapMb);
  const cutoffMb = deployment === 'container' ? deriveCutoffMb(config, totalMb) : 0;
  const jvmHeap = (totalMb - cutoffMb) * MEBIBYTE;
  return {
    totalProcess: totalMb * MEBIBYTE,
    totalFlink: jvmHeap,
    jvmHeap,
    offHeap: 0,
    jvmMetaspace: 0,
    jvmOverhead: cutoffMb * MEBIBYTE,
  };
}

function readTotalMb(config: MemoryConfig, size: MemoryOption, megabytes: MemoryOption): number {
  if (hasOption(config, size)) return Math.floor(Number(readPlainSize(config, size)) / MEBIBYTE);
  return hasOption(config, megabytes) ? readCount(config, megabytes) : 1024;
}

function deriveCutoffMb(config: MemoryConfig, totalMb: number): number {
  const ratio = readFraction(config, LEGACY.cutoffRatio);
  if (ratio >= 1 || ratio <= 0)
    refuse(
      'legacy-invalid',
      `The configuration value '${LEGACY.cutoffRatio.key}' must be between 0 and 1. Value given=${formatFloat(ratio)}`,
      [LEGACY.cutoffRatio.key],
    );
  const min = readCount(config, LEGACY.cutoffMin);
  if (min >= totalMb)
    refuse(
      'legacy-cutoff-too-large',
      `The configuration value '${LEGACY.cutoffMin.key}'='${min}' is larger than the total container memory ${totalMb}`,
      [LEGACY.cutoffMin.key],
    );
  return Math.max(min, multiplyFloats(totalMb, ratio));
}

function deriveNetwork(config: MemoryConfig, total: number, segmentBytes: number): number {
  const newer = [LEGACY.networkFraction, LEGACY.networkMin, LEGACY.networkMax];
  const keys = newer.map((option) => option.key);
  if (hasOption(config, TASK_MANAGER.networkBuffers) && !newer.some((option) => hasOption(config, option))) {
    const network = readCount(config, TASK_MANAGER.networkBuffers) * segmentBytes;
    if (network <= 0)
      refuse(
        'legacy-invalid',
        `Invalid configuration value for ${TASK_MANAGER.networkBuffers.key} : ${network / segmentBytes} - Must have at least one network buffer`,
        [TASK_MANAGER.networkBuffers.key],
      );
    return network < total
      ? network
      : refuse(
          'legacy-network-too-large',
          `Invalid configuration value for ${TASK_MANAGER.networkBuffers.key} : ${network} - Network buffer memory size too large: ${network} >= ${total} (total JVM memory size)`,
          [TASK_MANAGER.networkBuffers.key],
        );
  }
  const fraction = readFraction(config, LEGACY.networkFraction);
  const range = {
    min: Number(readPlainSize(config, LEGACY.networkMin)),
    max: Number(readPlainSize(config, LEGACY.networkMax)),
    fraction,
  };
  checkNetworkRange(range, segmentBytes);
  const network = Math.min(range.max, Math.max(range.min, multiplyFloats(total, fraction)));
  const values = `(${formatFloat(fraction)}, ${range.min}, ${range.max})`;
  return network < total
    ? network
    : refuse(
        'legacy-network-too-large',
        `Invalid configuration value for (${keys.join(', ')}) : ${values} - Network buffer memory size too large: ${network} >= ${total} (maximum JVM memory size)`,
        keys,
      );
}

function checkNetworkRange(
  range: { readonly min: number; readonly max: number; readonly fraction: number },
  segmentBytes: number,
): void {
  const check = (holds: boolean, option: MemoryOption, value: string, why: string): void => {
    if (!holds)
      refuse('legacy-invalid', `Invalid configuration value for ${option.key} : ${value} - ${why}`, [option.key]);
  };
  const oneBuffer =
    'memory for network buffers must allow at least one network buffer with respect to the memory segment size';
  check(
    range.fraction > 0 && range.fraction < 1,
    LEGACY.networkFraction,
    formatFloat(range.fraction),
    'Network buffer memory fraction of the free memory must be between 0.0 and 1.0',
  );
  check(range.min >= segmentBytes, LEGACY.networkMin, String(range.min), `Minimum ${oneBuffer}`);
  check(range.max >= segmentBytes, LEGACY.networkMax, String(range.max), `Maximum ${oneBuffer}`);
  check(
    range.max >= range.min,
    LEGACY.networkMax,
    String(range.max),
    `Maximum memory for network buffers must not be smaller than minimum memory (${LEGACY.networkMax.key}: ${range.min})`,
  );
}

function deriveManaged(config: MemoryConfig, heapAndManaged: number): number {
  const text = config.options.get(LEGACY.managed.key);
  if (text === undefined) return multiplyFloats(heapAndManaged, readFraction(config, LEGACY.managedFraction));
  // A bare number means megabytes here, unlike in all other options.
  const size = parseMemorySize(/^\s*\d+\s*$/.test(text) ? `${text}m` : text);
  return 'bytes' in size
    ? Number(size.bytes)
    : refuse('size-unreadable', `Could not read ${LEGACY.managed.key}`, [LEGACY.managed.key], { cause: size.problem });
}

/** Multiplies like Java's (long) (long × float): both factors and the product are floats. */
function multiplyFloats(whole: number, fraction: number): number {
  return Math.trunc(Math.fround(Math.fround(whole) * Math.fround(fraction)));
}
