// Computes memory fixes, one function per cause: too few network buffers, heap, metaspace, direct memory. In: the job's
// options and version, and the bytes that are needed (from the log). Out: a patch with the option names of that version
// that starts and keeps what the job had, with the memory before and after (grow.ts). Example: 64.53 MiB of network
// memory needed with process.size 1g gives network.min 112m and process.size 1104m: network.min alone would leave the
// task heap at -22.4 MiB.
import { isMemoryProblem, type MemoryLayout } from './words.js';
import { growProcess, ourProblem, shrinkManaged, type FitResult, type Growth, type MemoryTarget } from './grow.js';
import { LEGACY } from './legacy.js';
import { TASK_MANAGER, hasOption, parseVersion, readSize, type MemoryOption } from './option-table.js';
import { MEBIBYTE } from './size.js';
import { computeTaskManagerMemory } from './memory.js';

export interface NetworkNeed extends MemoryTarget {
  /** Least network memory of one TaskManager that the job needs in total, not the missing part. */
  readonly neededBytes: number;
  /** Factor of the needed bytes that is given. Default: 1.5. */
  readonly headroom?: number;
  /** Source of the memory: a larger process (the default), or managed memory in a process of the same size. */
  readonly from?: 'process' | 'managed';
}

/** Need of another part. The caller gives the size that the part shall have. */
export interface SizeNeed extends MemoryTarget {
  readonly neededBytes: number;
}

const NETWORK_STEP_BYTES = 16 * MEBIBYTE;
const DEFAULT_HEADROOM = 1.5;

export function fitNetworkMemory(need: NetworkNeed): FitResult<MemoryLayout> {
  const before = computeTaskManagerMemory(need.options, need.version, need.deployment);
  if (isMemoryProblem(before)) return { problem: before };
  const bytes = roundUp(need.neededBytes * (need.headroom ?? DEFAULT_HEADROOM), NETWORK_STEP_BYTES);
  if (before.network >= bytes) return { patch: {}, before, after: before, note: 'enough', addedBytes: 0 };
  const version = parseVersion(need.version) ?? 0;
  const min: MemoryOption = version < 11000 ? LEGACY.networkMin : TASK_MANAGER.networkMin;
  const max: MemoryOption = version < 11000 ? LEGACY.networkMax : TASK_MANAGER.networkMax;
  const size = formatMebibytes(bytes);
  const isMaxLower = Number(readSize({ options: need.options, version }, max)) < bytes;
  const growth: Growth<MemoryLayout> = {
    changes: { [min.key]: size, ...(isMaxLower ? { [max.key]: size } : {}) },
    keep: ['taskHeap', 'managed'],
    atLeast: { network: bytes },
  };
  return need.from === 'managed' ? shrinkManaged(need, growth) : growProcess(need, growth);
}

/**
 * Computes a task heap of this size: by its own option if the job sets it, otherwise by the total of which it is the
 * rest.
 */
export function fitTaskHeap(need: SizeNeed): FitResult<MemoryLayout> {
  const version = parseVersion(need.version) ?? 0;
  const isSet = version >= 11000 && hasOption({ options: need.options, version }, TASK_MANAGER.taskHeap);
  return growProcess(need, {
    changes: isSet ? { [TASK_MANAGER.taskHeap.key]: formatMebibytes(need.neededBytes) } : {},
    keep: ['managed', 'network'],
    atLeast: { taskHeap: need.neededBytes },
  });
}

export function fitTaskManagerMetaspace(need: SizeNeed): FitResult<MemoryLayout> {
  return fitTaskManagerPart(need, TASK_MANAGER.metaspace, 'jvmMetaspace');
}

/** Computes managed memory of this size: RocksDB, batch operators, Python. */
export function fitManagedMemory(need: SizeNeed): FitResult<MemoryLayout> {
  return fitTaskManagerPart(need, TASK_MANAGER.managed, 'managed');
}

/** Computes direct memory of user code and connectors. */
export function fitTaskOffHeap(need: SizeNeed): FitResult<MemoryLayout> {
  return fitTaskManagerPart(need, TASK_MANAGER.taskOffHeap, 'taskOffHeap');
}

/** Computes direct memory of Flink itself (network stack, batch shuffle reads). */
export function fitFrameworkOffHeap(need: SizeNeed): FitResult<MemoryLayout> {
  return fitTaskManagerPart(need, TASK_MANAGER.frameworkOffHeap, 'frameworkOffHeap');
}

/**
 * Computes native memory outside of Flink's control, which is the fix if a container is killed for exceeding its limit.
 */
export function fitJvmOverhead(need: SizeNeed): FitResult<MemoryLayout> {
  const version = parseVersion(need.version) ?? 0;
  if (version < 11000)
    return {
      problem: ourProblem('option-missing', `${TASK_MANAGER.overheadMin.key} is new in Flink 1.10.`, [
        TASK_MANAGER.overheadMin.key,
      ]),
    };
  const before = computeTaskManagerMemory(need.options, need.version, need.deployment);
  if (isMemoryProblem(before)) return { problem: before };
  const isMaxLower = Number(readSize({ options: need.options, version }, TASK_MANAGER.overheadMax)) < need.neededBytes;
  const size = formatMebibytes(need.neededBytes);
  return growProcess(need, {
    changes: { [TASK_MANAGER.overheadMin.key]: size, ...(isMaxLower ? { [TASK_MANAGER.overheadMax.key]: size } : {}) },
    keep: ['taskHeap', 'managed', 'network'],
    atLeast: { jvmOverhead: need.neededBytes },
  });
}

function fitTaskManagerPart(need: SizeNeed, option: MemoryOption, part: keyof MemoryLayout): FitResult<MemoryLayout> {
  if ((parseVersion(need.version) ?? 0) < 11000)
    return { problem: ourProblem('option-missing', `${option.key} is new in Flink 1.10.`, [option.key]) };
  return growProcess(need, {
    changes: { [option.key]: formatMebibytes(need.neededBytes) },
    keep: ['taskHeap', 'managed', 'network'],
    atLeast: { [part]: need.neededBytes },
  });
}

function roundUp(bytes: number, step: number): number {
  return Math.ceil(bytes / step) * step;
}

function formatMebibytes(bytes: number): string {
  return `${Math.ceil(bytes / MEBIBYTE)}m`;
}
