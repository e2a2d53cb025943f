// Derives a TaskManager's memory in Flink 1.10 to 2.x (TaskExecutorProcessUtils, TaskExecutorFlinkMemoryUtils). In: the
// options of one process. Out: every part in bytes, or a MemoryFault with Flink's own message. Releases differ in
// defaults (option-table.ts) and in which old options they read.
import { MemoryFault, PLAIN_PROBLEMS, prefixProblem, refuse, type MemoryLayout, type Remedy } from './words.js';
import { TASK_MANAGER, hasOption, readCount, readDouble, readSize, type MemoryConfig } from './option-table.js';
import {
  applyLegacyHeap,
  checkFractionFits,
  deriveProcess,
  deriveWithFraction,
  deriveWithInverseFraction,
  readRange,
  readSegmentSize,
  type JvmMemory,
  type ProcessOptions,
  type Range,
} from './process.js';
import { MAX_BYTES, addBytes, formatMemorySize, subtractBytes } from './size.js';

/** Deployment, which decides where a legacy heap.size goes: on YARN, Kubernetes and Mesos it is the whole container. */
export type Deployment = 'standalone' | 'container';

const PROCESS_OPTIONS: ProcessOptions = { ...TASK_MANAGER, parts: [TASK_MANAGER.taskHeap, TASK_MANAGER.managed] };

interface TaskManagerParts {
  readonly totalFlink: bigint;
  readonly frameworkHeap: bigint;
  readonly frameworkOffHeap: bigint;
  readonly taskHeap: bigint;
  readonly taskOffHeap: bigint;
  readonly managed: bigint;
  readonly network: bigint;
}

export function deriveTaskManager(config: MemoryConfig, deployment: Deployment): MemoryLayout {
  const legacyTarget = deployment === 'standalone' ? TASK_MANAGER.flink : TASK_MANAGER.process;
  const legacy = { size: TASK_MANAGER.legacyHeap, megabytes: TASK_MANAGER.legacyHeapMb };
  const full = prefixProblem(
    config.version < 11100 ? '' : 'TaskManager failed to map legacy JVM heap option to the new one: ',
    () => applyLegacyHeap(config, legacy, legacyTarget),
  );
  const { parts, jvm } = prefixProblem(
    config.version < 11100 ? '' : 'TaskManager memory configuration failed: ',
    () => {
      const derived = deriveProcess(full, PROCESS_OPTIONS, { fromParts, fromTotal });
      checkCpuCores(full);
      return derived;
    },
  );
  return fillLayout(parts, jvm, readSegmentSize(full, TASK_MANAGER.segment));
}

/**
 * Derives the parts if task heap and managed memory are set: network is the rest of the Flink total, or a fraction of
 * what the others need.
 */
function fromParts(config: MemoryConfig): TaskManagerParts {
  const taskHeap = readSize(config, TASK_MANAGER.taskHeap);
  const managed = readSize(config, TASK_MANAGER.managed);
  const fixed = readFixedParts(config);
  const rest = addBytes(fixed.frameworkHeap, fixed.frameworkOffHeap, taskHeap, fixed.taskOffHeap, managed);
  if (hasOption(config, TASK_MANAGER.flink)) {
    const totalFlink = readSize(config, TASK_MANAGER.flink);
    return {
      ...fixed,
      taskHeap,
      managed,
      totalFlink,
      network: deriveNetworkAsRest(config, { ...fixed, taskHeap, managed }, rest, totalFlink),
    };
  }
  const network = readLegacyNetwork(config) ?? deriveWithInverseFraction(rest, readNetworkRange(config));
  return { ...fixed, taskHeap, managed, network, totalFlink: addBytes(rest, network) };
}

/**
 * Derives the parts if the Flink total is known: managed and network take their fractions, and task heap is the rest,
 * or network if task heap is set.
 */
function fromTotal(config: MemoryConfig, totalFlink: bigint): TaskManagerParts {
  const fixed = readFixedParts(config);
  if (hasOption(config, TASK_MANAGER.taskHeap)) {
    const taskHeap = readSize(config, TASK_MANAGER.taskHeap);
    const managed = deriveManaged(config, totalFlink);
    const rest = addBytes(fixed.frameworkHeap, fixed.frameworkOffHeap, taskHeap, fixed.taskOffHeap, managed);
    return {
      ...fixed,
      taskHeap,
      managed,
      totalFlink,
      network: deriveNetworkAsRest(config, { ...fixed, taskHeap, managed }, rest, totalFlink),
    };
  }
  const managed = deriveManaged(config, totalFlink);
  const network = readLegacyNetwork(config) ?? deriveWithFraction(totalFlink, readNetworkRange(config));
  const rest = addBytes(fixed.frameworkHeap, fixed.frameworkOffHeap, fixed.taskOffHeap, managed, network);
  if (rest > totalFlink) {
    return refuse(
      'parts-exceed-flink',
      `Sum of configured Framework Heap Memory (${formatMemorySize(fixed.frameworkHeap)}), Framework Off-Heap Memory (${formatMemorySize(fixed.frameworkOffHeap)}), Task Off-Heap Memory (${formatMemorySize(fixed.taskOffHeap)}), Managed Memory (${formatMemorySize(managed)}) and Network Memory (${formatMemorySize(network)}) exceed configured Total Flink Memory (${formatMemorySize(totalFlink)}).`,
      [
        TASK_MANAGER.frameworkHeap.key,
        TASK_MANAGER.frameworkOffHeap.key,
        TASK_MANAGER.taskOffHeap.key,
        TASK_MANAGER.managed.key,
        TASK_MANAGER.networkMin.key,
        TASK_MANAGER.flink.key,
        TASK_MANAGER.process.key,
      ],
    );
  }
  return { ...fixed, managed, network, totalFlink, taskHeap: subtractBytes(totalFlink, rest) };
}

type FixedParts = Pick<TaskManagerParts, 'frameworkHeap' | 'frameworkOffHeap' | 'taskOffHeap'>;

function readFixedParts(config: MemoryConfig): FixedParts {
  return {
    frameworkHeap: readSize(config, TASK_MANAGER.frameworkHeap),
    frameworkOffHeap: readSize(config, TASK_MANAGER.frameworkOffHeap),
    taskOffHeap: readSize(config, TASK_MANAGER.taskOffHeap),
  };
}

function deriveManaged(config: MemoryConfig, totalFlink: bigint): bigint {
  if (hasOption(config, TASK_MANAGER.managed)) return readSize(config, TASK_MANAGER.managed);
  return deriveWithFraction(totalFlink, readRange(config, 0n, MAX_BYTES, TASK_MANAGER.managedFraction));
}

function readNetworkRange(config: MemoryConfig): Range {
  return readRange(
    config,
    readSize(config, TASK_MANAGER.networkMin),
    readSize(config, TASK_MANAGER.networkMax),
    TASK_MANAGER.networkFraction,
  );
}

function deriveNetworkAsRest(
  config: MemoryConfig,
  parts: FixedParts & Pick<TaskManagerParts, 'taskHeap' | 'managed'>,
  rest: bigint,
  totalFlink: bigint,
): bigint {
  if (rest > totalFlink) {
    return refuse(
      'heap-exceeds-flink',
      `Sum of configured Framework Heap Memory (${formatMemorySize(parts.frameworkHeap)}), Framework Off-Heap Memory (${formatMemorySize(parts.frameworkOffHeap)}), Task Heap Memory (${formatMemorySize(parts.taskHeap)}), Task Off-Heap Memory (${formatMemorySize(parts.taskOffHeap)}) and Managed Memory (${formatMemorySize(parts.managed)}) exceed configured Total Flink Memory (${formatMemorySize(totalFlink)}).`,
      [
        TASK_MANAGER.frameworkHeap.key,
        TASK_MANAGER.frameworkOffHeap.key,
        TASK_MANAGER.taskHeap.key,
        TASK_MANAGER.taskOffHeap.key,
        TASK_MANAGER.managed.key,
        TASK_MANAGER.flink.key,
        TASK_MANAGER.process.key,
      ],
    );
  }
  const network = totalFlink - rest;
  try {
    checkNetwork(config, network, totalFlink);
  } catch (error) {
    if (!(error instanceof MemoryFault) || PLAIN_PROBLEMS.has(error.problem.kind)) throw error;
    const { problem } = error;
    return refuse(
      problem.kind,
      'If Total Flink, Task Heap and (or) Managed Memory sizes are explicitly configured then the Network Memory size is the rest of the Total Flink memory after subtracting all other configured types of memory, but the derived Network Memory is inconsistent with its configuration.',
      problem.options,
      { cause: problem.message, larger: problem.larger },
    );
  }
  return network;
}

function checkNetwork(config: MemoryConfig, network: bigint, totalFlink: bigint): void {
  const legacy = readLegacyNetwork(config);
  if (legacy !== undefined) {
    if (legacy === network) return;
    refuse(
      'network-differs',
      `Derived Network Memory size (${formatMemorySize(network)}) does not match configured Network Memory size (${formatMemorySize(legacy)}).`,
      [TASK_MANAGER.networkBuffers.key, TASK_MANAGER.segment.key],
      { larger: network < legacy ? 'helps' : 'hurts' },
    );
  }
  const range = readNetworkRange(config);
  if (network > range.max || network < range.min) {
    const larger: Remedy = network < range.min ? 'helps' : 'hurts';
    refuse(
      'network-out-of-range',
      `Derived Network Memory size (${formatMemorySize(network)}) is not in configured Network Memory range [${formatMemorySize(range.min)}, ${formatMemorySize(range.max)}].`,
      [TASK_MANAGER.networkMin.key, TASK_MANAGER.networkMax.key],
      { larger },
    );
  }
  checkFractionFits(config, TASK_MANAGER.networkFraction, range, totalFlink);
}

/** Returns numberOfBuffers × segment size, until 1.20 and only if no newer network option is set. */
function readLegacyNetwork(config: MemoryConfig): bigint | undefined {
  if (config.version >= 20000 || !hasOption(config, TASK_MANAGER.networkBuffers)) return undefined;
  if (
    [TASK_MANAGER.networkMin, TASK_MANAGER.networkMax, TASK_MANAGER.networkFraction].some((option) =>
      hasOption(config, option),
    )
  )
    return undefined;
  const buffers = readCount(config, TASK_MANAGER.networkBuffers);
  const segment = readSegmentSize(config, TASK_MANAGER.segment);
  return buffers < 0
    ? refuse('negative-size', 'bytes must be >= 0', [TASK_MANAGER.networkBuffers.key], { larger: 'neither' })
    : BigInt(buffers) * BigInt(segment);
}

function checkCpuCores(config: MemoryConfig): void {
  const slots = readCount(config, TASK_MANAGER.slots); // Flink reads them in any case
  const cores = hasOption(config, TASK_MANAGER.cpuCores) ? readDouble(config, TASK_MANAGER.cpuCores) : slots;
  if (cores <= 0)
    refuse(
      'cpu-cores',
      `TaskExecutors need to be started with a positive number of CPU cores. Please configure ${TASK_MANAGER.cpuCores.key} accordingly.`,
      [TASK_MANAGER.cpuCores.key, TASK_MANAGER.slots.key],
    );
}

function fillLayout(parts: TaskManagerParts, jvm: JvmMemory, segmentBytes: number): MemoryLayout {
  return {
    totalProcess: Number(parts.totalFlink + jvm.metaspace + jvm.overhead),
    totalFlink: Number(parts.totalFlink),
    frameworkHeap: Number(parts.frameworkHeap),
    taskHeap: Number(parts.taskHeap),
    frameworkOffHeap: Number(parts.frameworkOffHeap),
    taskOffHeap: Number(parts.taskOffHeap),
    managed: Number(parts.managed),
    network: Number(parts.network),
    jvmMetaspace: Number(jvm.metaspace),
    jvmOverhead: Number(jvm.overhead),
    jvmHeap: Number(parts.frameworkHeap + parts.taskHeap),
    directLimit: Number(parts.frameworkOffHeap + parts.taskOffHeap + parts.network),
    networkBuffers: Number(parts.network / BigInt(segmentBytes)),
    segmentBytes,
  };
}
