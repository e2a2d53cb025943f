// Lists every memory option of the TaskManager and JobManager as data: its name, the older names that Flink still
// reads, and its default by version (TaskManagerOptions, JobManagerOptions of flink-core 1.10 to 2.3). The functions
// below read a value as Flink's Configuration would, or refuse it in Flink's words.
import { refuse } from './words.js';
import { MAX_BYTES, formatDouble, parseMemorySize } from './size.js';

/** Version as a number that can be compared: "1.20.5" → 12005. */
export type VersionNumber = number;

export interface MemoryOption {
  readonly key: string;
  readonly fallback?: readonly string[];
  /** Defaults as [first version, value], oldest first; without any, the option has no default. */
  readonly defaults?: readonly (readonly [VersionNumber, string])[];
}

/** Options of one process, with what decides how they are read. */
export interface MemoryConfig {
  readonly options: ReadonlyMap<string, string>;
  readonly version: VersionNumber;
}

/** Parses "1.20.5", "1.17-SNAPSHOT" or "2.0-preview1" into a number that can be compared. */
export function parseVersion(text: string): VersionNumber | undefined {
  const found = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text.trim());
  return found === null ? undefined : Number(found[1]) * 10_000 + Number(found[2]) * 100 + Number(found[3] ?? 0);
}

function option(key: string, initial?: string, fallback: readonly string[] = []): MemoryOption {
  return { key, fallback, defaults: initial === undefined ? undefined : [[0, initial]] };
}

export const TASK_MANAGER = {
  process: option('taskmanager.memory.process.size'),
  flink: option('taskmanager.memory.flink.size'),
  frameworkHeap: option('taskmanager.memory.framework.heap.size', '128m'),
  frameworkOffHeap: option('taskmanager.memory.framework.off-heap.size', '128m'),
  taskHeap: option('taskmanager.memory.task.heap.size'),
  taskOffHeap: option('taskmanager.memory.task.off-heap.size', '0'),
  managed: option('taskmanager.memory.managed.size', undefined, ['taskmanager.memory.size']),
  managedFraction: option('taskmanager.memory.managed.fraction', '0.4'),
  networkMin: option('taskmanager.memory.network.min', '64m', ['taskmanager.network.memory.min']),
  networkMax: {
    key: 'taskmanager.memory.network.max',
    fallback: ['taskmanager.network.memory.max'],
    defaults: [
      [0, '1g'],
      [11700, String(MAX_BYTES)],
    ],
  },
  networkFraction: option('taskmanager.memory.network.fraction', '0.1', ['taskmanager.network.memory.fraction']),
  /** Used until 1.20 if no newer network option is set; unknown to 2.0. */
  networkBuffers: option('taskmanager.network.numberOfBuffers', '2048'),
  metaspace: {
    key: 'taskmanager.memory.jvm-metaspace.size',
    defaults: [
      [0, '96m'],
      [11001, '256m'],
    ],
  },
  overheadMin: option('taskmanager.memory.jvm-overhead.min', '192m'),
  overheadMax: option('taskmanager.memory.jvm-overhead.max', '1g'),
  overheadFraction: option('taskmanager.memory.jvm-overhead.fraction', '0.1'),
  segment: option('taskmanager.memory.segment-size', '32kb'),
  cpuCores: option('taskmanager.cpu.cores'),
  slots: option('taskmanager.numberOfTaskSlots', '1'),
  /** Total memory before 1.10; read until 1.20, unknown to 2.0. */
  legacyHeap: option('taskmanager.heap.size'),
  legacyHeapMb: option('taskmanager.heap.mb'),
} as const satisfies Record<string, MemoryOption>;

export const JOB_MANAGER = {
  process: option('jobmanager.memory.process.size'),
  flink: option('jobmanager.memory.flink.size'),
  heap: option('jobmanager.memory.heap.size'),
  offHeap: option('jobmanager.memory.off-heap.size', '128m'),
  metaspace: option('jobmanager.memory.jvm-metaspace.size', '256m'),
  overheadMin: option('jobmanager.memory.jvm-overhead.min', '192m'),
  overheadMax: option('jobmanager.memory.jvm-overhead.max', '1g'),
  overheadFraction: option('jobmanager.memory.jvm-overhead.fraction', '0.1'),
  legacyHeap: option('jobmanager.heap.size'),
  legacyHeapMb: option('jobmanager.heap.mb'),
} as const satisfies Record<string, MemoryOption>;

const COMPUTED_OPTIONS: ReadonlySet<string> = new Set(
  [
    TASK_MANAGER.frameworkHeap,
    TASK_MANAGER.frameworkOffHeap,
    TASK_MANAGER.taskHeap,
    TASK_MANAGER.taskOffHeap,
    TASK_MANAGER.managed,
    TASK_MANAGER.networkMin,
    TASK_MANAGER.networkMax,
    TASK_MANAGER.metaspace,
    TASK_MANAGER.overheadMin,
    TASK_MANAGER.overheadMax,
    JOB_MANAGER.heap,
    JOB_MANAGER.offHeap,
    JOB_MANAGER.metaspace,
    JOB_MANAGER.overheadMin,
    JOB_MANAGER.overheadMax,
  ].map((computed) => computed.key),
);

/**
 * Returns true for values that the start scripts compute with this very model and pass to the process as "-D
 * key=402653174b". They are results among the options in the log, not settings of the job's owner. With them, every
 * part is explicit and no fix fits, so the options for the model must be collected without them.
 */
export function isComputedOption(key: string, value: string): boolean {
  return COMPUTED_OPTIONS.has(key) && /^\d+b$/.test(value);
}

export function hasOption(config: MemoryConfig, wanted: MemoryOption): boolean {
  return readText(config, wanted) !== undefined;
}

/** Returns the size in bytes. Refuses unreadable values like Flink's getMemorySizeFromConfig. */
export function readSize(config: MemoryConfig, wanted: MemoryOption): bigint {
  const size = parseMemorySize(readText(config, wanted) ?? readDefault(config, wanted) ?? '');
  return 'bytes' in size
    ? size.bytes
    : refuse('size-unreadable', `Cannot read memory size from config option '${wanted.key}'.`, [wanted.key], {
        cause: size.problem,
      });
}

/**
 * Returns the size in bytes, like readSize, for options that Flink reads from its Configuration directly. Refuses with
 * the parser's own words.
 */
export function readPlainSize(config: MemoryConfig, wanted: MemoryOption): bigint {
  const text = readText(config, wanted) ?? readDefault(config, wanted) ?? '';
  const size = parseMemorySize(text);
  return 'bytes' in size ? size.bytes : refuseValue(wanted, text, size.problem);
}

/** Returns a Java float, widened: "0.1" → 0.10000000149011612. */
export function readFraction(config: MemoryConfig, wanted: MemoryOption): number {
  const text = readText(config, wanted) ?? readDefault(config, wanted) ?? '';
  const number = readJavaNumber(text);
  return number === undefined ? refuseValue(wanted, text) : Math.fround(number);
}

export function readDouble(config: MemoryConfig, wanted: MemoryOption): number {
  const text = readText(config, wanted) ?? readDefault(config, wanted) ?? '';
  return readJavaNumber(text) ?? refuseValue(wanted, text);
}

/** Returns a Java int. */
export function readCount(config: MemoryConfig, wanted: MemoryOption): number {
  const text = readText(config, wanted) ?? readDefault(config, wanted) ?? '';
  const number = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  return number >= -(2 ** 31) && number < 2 ** 31 ? number : refuseValue(wanted, text);
}

/** Prints an option as Flink does inside its messages (ConfigOption.toString). */
export function formatOption(config: MemoryConfig, wanted: MemoryOption): string {
  const initial = readDefault(config, wanted);
  const fallback = (wanted.fallback ?? []).map((key) => `{key=${key}, isDeprecated=true}`).join(', ');
  return `Key: '${wanted.key}' , default: ${initial === undefined ? 'null' : formatDefault(initial)} (fallback keys: [${fallback}])`;
}

function formatDefault(initial: string): string {
  const number = readJavaNumber(initial);
  return number === undefined ? initial : formatDouble(number);
}

function readText(config: MemoryConfig, wanted: MemoryOption): string | undefined {
  for (const key of [wanted.key, ...(wanted.fallback ?? [])]) {
    const value = config.options.get(key);
    if (value !== undefined) return value;
  }
  return undefined;
}

function readDefault(config: MemoryConfig, wanted: MemoryOption): string | undefined {
  return wanted.defaults?.findLast(([since]) => since <= config.version)?.[1];
}

/** Parses what Java's parseFloat and parseDouble accept, except for hexadecimal. */
function readJavaNumber(text: string): number | undefined {
  const found = /^([+-]?)(?:(NaN)|(Infinity)|(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)[fFdD]?)$/.exec(
    text.trim(),
  );
  if (found === null) return undefined;
  const size = found[2] !== undefined ? Number.NaN : found[3] !== undefined ? Infinity : Number(found[4]);
  return found[1] === '-' ? -size : size;
}

function refuseValue(wanted: MemoryOption, text: string, cause?: string): never {
  return refuse('value-unreadable', `Could not parse value '${text}' for key '${wanted.key}'.`, [wanted.key], {
    cause,
  });
}
