// The words of the memory model: what a TaskManager's or JobManager's memory consists of, and why a configuration is
// refused. memory.ts returns these; fix.ts proposes settings with them. Bytes everywhere. Names follow Flink's
// documentation ("Set up Flink's Process Memory").

/**
 * A TaskManager's memory in bytes. process = flink + metaspace + overhead; flink = the six parts from frameworkHeap to
 * network.
 */
export interface MemoryLayout {
  readonly totalProcess: number;
  readonly totalFlink: number;
  readonly frameworkHeap: number;
  readonly taskHeap: number;
  readonly frameworkOffHeap: number;
  readonly taskOffHeap: number;
  readonly managed: number;
  readonly network: number;
  readonly jvmMetaspace: number;
  readonly jvmOverhead: number;
  /** -Xmx. */
  readonly jvmHeap: number;
  /** -XX:MaxDirectMemorySize. */
  readonly directLimit: number;
  /** Whole buffers in the network pool; what remains of `network` is unused. */
  readonly networkBuffers: number;
  readonly segmentBytes: number;
}

/** A JobManager's memory in bytes. flink = jvmHeap + offHeap. */
export interface JobManagerMemoryLayout {
  readonly totalProcess: number;
  readonly totalFlink: number;
  readonly jvmHeap: number;
  readonly offHeap: number;
  readonly jvmMetaspace: number;
  readonly jvmOverhead: number;
}

/**
 * What a larger total size would do about each problem: `helps`, `hurts`, or `neither`.
 * The two range problems can be either, so they say it themselves.
 */
export const MEMORY_PROBLEMS = {
  'version-unknown': 'neither',
  'total-missing': 'neither',
  'size-unreadable': 'neither',
  'value-unreadable': 'neither',
  'range-inconsistent': 'neither',
  'jvm-exceeds-process': 'helps',
  'flink-exceeds-process': 'helps',
  'overhead-out-of-range': 'neither',
  'heap-exceeds-flink': 'helps',
  'parts-exceed-flink': 'helps',
  'network-out-of-range': 'neither',
  'network-differs': 'neither',
  'cpu-cores': 'neither',
  'segment-size': 'neither',
  'negative-size': 'helps',
  overflow: 'hurts',
  'job-manager-sum-differs': 'neither',
  'job-manager-heap-exceeds-flink': 'helps',
  'job-manager-off-heap-exceeds-flink': 'helps',
  'legacy-invalid': 'neither',
  'legacy-network-too-large': 'helps',
  'legacy-managed-too-large': 'helps',
  'legacy-cutoff-too-large': 'helps',
  // Ours, from looking for a fix (grow.ts): Flink raises neither.
  'no-size-fits': 'neither',
  'option-missing': 'neither',
} as const satisfies Record<string, Remedy>;

export type MemoryProblemKind = keyof typeof MEMORY_PROBLEMS;
export type Remedy = 'helps' | 'hurts' | 'neither';

/**
 * The kinds that Flink raises as plain argument errors: it wraps and prefixes only its IllegalConfigurationExceptions.
 */
export const PLAIN_PROBLEMS: ReadonlySet<MemoryProblemKind> = new Set<MemoryProblemKind>([
  'value-unreadable',
  'negative-size',
  'overflow',
]);

/** Why the process would not start with these options. */
export interface MemoryProblem {
  readonly kind: MemoryProblemKind;
  /** As Flink of that version words it. */
  readonly message: string;
  /** The message of the exception that Flink's own wraps, when it has one. */
  readonly cause?: string;
  /** The option names involved. */
  readonly options: readonly string[];
  /** What a larger total size would do about it. */
  readonly larger: Remedy;
}

/**
 * Carries a problem out of the derivation, as Flink's exception does in the original.
 * It never leaves the memory files: catchProblem turns it into a value.
 */
export class MemoryFault extends Error {
  constructor(readonly problem: MemoryProblem) {
    super(problem.message);
  }
}

/** Ends the derivation with this problem. `larger` is given for the kinds where it depends on the numbers. */
export function refuse(
  kind: MemoryProblemKind,
  message: string,
  options: readonly string[],
  more: { readonly cause?: string; readonly larger?: Remedy } = {},
): never {
  throw new MemoryFault({
    kind,
    message,
    options,
    larger: more.larger ?? MEMORY_PROBLEMS[kind],
    cause: more.cause,
  });
}

/** Puts Flink's "…Manager memory configuration failed: " in front of what is refused inside. */
export function prefixProblem<Layout>(prefix: string, derive: () => Layout): Layout {
  try {
    return derive();
  } catch (error) {
    if (!(error instanceof MemoryFault) || PLAIN_PROBLEMS.has(error.problem.kind)) throw error;
    throw new MemoryFault({ ...error.problem, message: `${prefix}${error.problem.message}` });
  }
}

export function catchProblem<Layout>(derive: () => Layout): Layout | MemoryProblem {
  try {
    return derive();
  } catch (error) {
    if (error instanceof MemoryFault) return error.problem;
    throw error;
  }
}

export function isMemoryProblem(result: object): result is MemoryProblem {
  return 'kind' in result;
}
