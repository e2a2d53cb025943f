// Defines the words of the memory model: what the memory of a TaskManager or JobManager consists of, and why a
// configuration is refused. memory.ts returns these; fix.ts proposes settings with them. All sizes are in bytes. Names
// follow Flink's documentation ("Set up Flink's Process Memory").

/**
 * Memory of a TaskManager in bytes. process = flink + metaspace + overhead; flink = the six parts from frameworkHeap to
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
  /** Value of -Xmx. */
  readonly jvmHeap: number;
  /** Value of -XX:MaxDirectMemorySize. */
  readonly directLimit: number;
  /** Number of whole buffers in the network pool; the rest of `network` is unused. */
  readonly networkBuffers: number;
  readonly segmentBytes: number;
}

/** Memory of a JobManager in bytes. flink = jvmHeap + offHeap. */
export interface JobManagerMemoryLayout {
  readonly totalProcess: number;
  readonly totalFlink: number;
  readonly jvmHeap: number;
  readonly offHeap: number;
  readonly jvmMetaspace: number;
  readonly jvmOverhead: number;
}

/**
 * Effect of a larger total size on each problem: `helps`, `hurts`, or `neither`. The two range problems can be either,
 * so they give it themselves.
 */
const MEMORY_PROBLEMS = {
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
  // Problems of the search for a fix (grow.ts), which Flink does not raise.
  'no-size-fits': 'neither',
  'option-missing': 'neither',
} as const satisfies Record<string, Remedy>;

export type MemoryProblemKind = keyof typeof MEMORY_PROBLEMS;
export type Remedy = 'helps' | 'hurts' | 'neither';

/** Kinds that Flink raises as plain argument errors: it wraps and prefixes only its IllegalConfigurationExceptions. */
export const PLAIN_PROBLEMS: ReadonlySet<MemoryProblemKind> = new Set<MemoryProblemKind>([
  'value-unreadable',
  'negative-size',
  'overflow',
]);

/** Reason why the process would not start with these options. */
export interface MemoryProblem {
  readonly kind: MemoryProblemKind;
  /** Message as Flink of that version words it. */
  readonly message: string;
  /** Message of the exception that Flink's own one wraps, if there is one. */
  readonly cause?: string;
  /** Names of the options involved. */
  readonly options: readonly string[];
  /** Effect of a larger total size on the problem. */
  readonly larger: Remedy;
}

/**
 * Carries a problem out of the derivation, like Flink's exception. It never leaves the memory files, because
 * catchProblem converts it into a value.
 */
export class MemoryFault extends Error {
  constructor(readonly problem: MemoryProblem) {
    super(problem.message);
  }
}

/** Ends the derivation with this problem. `larger` is given for the kinds for which it depends on the numbers. */
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

/** Puts Flink's "…Manager memory configuration failed: " before the message of each problem inside. */
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
