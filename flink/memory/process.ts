// Derives what TaskManager and JobManager have in common in Flink 1.10 (1.11 for the JobManager) to 2.x: which options
// decide, and the step between the process and the memory that Flink itself uses (ProcessMemoryUtils). The parts inside
// are derived in taskmanager.ts and jobmanager.ts. The order matters everywhere, because Flink reports only the first
// of several mistakes.
import { refuse } from './words.js';
import {
  formatOption,
  hasOption,
  readFraction,
  readPlainSize,
  readSize,
  type MemoryConfig,
  type MemoryOption,
} from './option-table.js';
import { addBytes, formatDouble, formatMemorySize, multiplyBytes, parseMemorySize, subtractBytes } from './size.js';

export interface Range {
  readonly min: bigint;
  readonly max: bigint;
  readonly fraction: number;
}

export interface ProcessOptions {
  /** Options of the parts. If all of them are set, the total is their sum. */
  readonly parts: readonly MemoryOption[];
  readonly flink: MemoryOption;
  readonly process: MemoryOption;
  readonly metaspace: MemoryOption;
  readonly overheadMin: MemoryOption;
  readonly overheadMax: MemoryOption;
  readonly overheadFraction: MemoryOption;
}

export interface FlinkMemory {
  readonly totalFlink: bigint;
}

/** Division of the memory that Flink uses, for one kind of process. */
export interface Division<Parts extends FlinkMemory> {
  readonly fromParts: (config: MemoryConfig) => Parts;
  readonly fromTotal: (config: MemoryConfig, totalFlink: bigint) => Parts;
}

export interface JvmMemory {
  readonly metaspace: bigint;
  readonly overhead: bigint;
}

/** Derives a process by the first condition that holds: all parts set, the Flink total set, the process total set. */
export function deriveProcess<Parts extends FlinkMemory>(
  config: MemoryConfig,
  options: ProcessOptions,
  division: Division<Parts>,
): { readonly parts: Parts; readonly jvm: JvmMemory } {
  if (options.parts.every((part) => hasOption(config, part))) {
    const parts = division.fromParts(config);
    return { parts, jvm: deriveJvmFromFlink(config, options, parts.totalFlink) };
  }
  if (hasOption(config, options.flink)) {
    const parts = division.fromTotal(config, readSize(config, options.flink));
    return { parts, jvm: deriveJvmFromFlink(config, options, parts.totalFlink) };
  }
  if (hasOption(config, options.process)) {
    const process = readSize(config, options.process);
    const jvm = deriveJvmFromProcess(config, options, process);
    return { parts: division.fromTotal(config, subtractBytes(process, jvm.metaspace + jvm.overhead)), jvm };
  }
  return refuseMissing(config, options);
}

function deriveJvmFromProcess(config: MemoryConfig, options: ProcessOptions, process: bigint): JvmMemory {
  const metaspace = readSize(config, options.metaspace);
  const overhead = deriveWithFraction(process, readOverheadRange(config, options));
  if (addBytes(metaspace, overhead) > process) {
    return refuse(
      'jvm-exceeds-process',
      `Sum of configured JVM Metaspace (${formatMemorySize(metaspace)}) and JVM Overhead (${formatMemorySize(overhead)}) exceed configured Total Process Memory (${formatMemorySize(process)}).`,
      [options.metaspace.key, options.overheadMin.key, options.process.key],
    );
  }
  return { metaspace, overhead };
}

function deriveJvmFromFlink(config: MemoryConfig, options: ProcessOptions, flink: bigint): JvmMemory {
  const metaspace = readSize(config, options.metaspace);
  const flinkAndMetaspace = addBytes(flink, metaspace);
  if (!hasOption(config, options.process)) {
    const overhead = deriveWithInverseFraction(flinkAndMetaspace, readOverheadRange(config, options));
    addBytes(flinkAndMetaspace, overhead); // refuses an overflow where Flink does
    return { metaspace, overhead };
  }
  const process = readSize(config, options.process);
  // 1.10 has no check of its own here: its subtraction fails.
  if (process < flinkAndMetaspace && config.version >= 11100) {
    return refuse(
      'flink-exceeds-process',
      `The configured Total Process Memory size (${formatMemorySize(process)}) is less than the sum of the derived Total Flink Memory size (${formatMemorySize(flink)}) and the configured or default JVM Metaspace size  (${formatMemorySize(metaspace)}).`,
      [options.process.key, options.flink.key, options.metaspace.key],
    );
  }
  const overhead = subtractBytes(process, flinkAndMetaspace);
  const range = readOverheadRange(config, options);
  if (overhead > range.max || overhead < range.min) {
    return refuse(
      'overhead-out-of-range',
      `Derived JVM Overhead size (${formatMemorySize(overhead)}) is not in configured JVM Overhead range [${formatMemorySize(range.min)}, ${formatMemorySize(range.max)}].`,
      [options.process.key, options.flink.key, options.overheadMin.key, options.overheadMax.key],
      { larger: overhead < range.min ? 'helps' : 'hurts' },
    );
  }
  checkFractionFits(config, options.overheadFraction, range, process);
  return { metaspace, overhead };
}

/** Checks the fraction. Flink compares with it only to log a note, but the multiplication can overflow. */
export function checkFractionFits(config: MemoryConfig, option: MemoryOption, range: Range, total: bigint): void {
  if (hasOption(config, option)) multiplyBytes(total, range.fraction);
}

function readOverheadRange(config: MemoryConfig, options: ProcessOptions): Range {
  return readRange(
    config,
    readSize(config, options.overheadMin),
    readSize(config, options.overheadMax),
    options.overheadFraction,
  );
}

export function readRange(config: MemoryConfig, min: bigint, max: bigint, option: MemoryOption): Range {
  const fraction = readFraction(config, option);
  if (min <= max && fraction >= 0 && fraction < 1) return { min, max, fraction };
  const cause = min > max ? 'min value must be less or equal to max value' : 'fraction must be in range [0, 1)';
  return refuse(
    'range-inconsistent',
    `Inconsistently configured ${formatOption(config, option)} (${formatDouble(fraction)}) and its min (${formatMemorySize(min)}), max (${formatMemorySize(max)}) value`,
    [option.key],
    { cause },
  );
}

/** Derives a fraction of the whole. */
export function deriveWithFraction(whole: bigint, range: Range): bigint {
  return limitToRange(multiplyBytes(whole, range.fraction), range);
}

/** Derives a fraction of the whole from the rest: f / (1 − f) × rest. */
export function deriveWithInverseFraction(rest: bigint, range: Range): bigint {
  return limitToRange(multiplyBytes(rest, range.fraction / (1 - range.fraction)), range);
}

function limitToRange(bytes: bigint, range: Range): bigint {
  return bytes > range.max ? range.max : bytes < range.min ? range.min : bytes;
}

/**
 * Applies the total of before 1.10 ("heap.size", "heap.mb"), which Flink reads until 1.20. It becomes the given option,
 * unless that one is set (MemoryBackwardsCompatibilityUtils).
 */
export function applyLegacyHeap(
  config: MemoryConfig,
  legacy: { readonly size: MemoryOption; readonly megabytes: MemoryOption },
  target: MemoryOption,
): MemoryConfig {
  if (config.version >= 20000 || hasOption(config, target)) return config;
  const bytes = readLegacyHeap(config, legacy);
  return bytes === undefined
    ? config
    : { ...config, options: new Map([...config.options, [target.key, String(bytes)]]) };
}

function readLegacyHeap(
  config: MemoryConfig,
  legacy: { readonly size: MemoryOption; readonly megabytes: MemoryOption },
): bigint | undefined {
  if (hasOption(config, legacy.size)) return readSize(config, legacy.size);
  const megabytes = config.options.get(legacy.megabytes.key);
  if (megabytes === undefined) return undefined;
  const size = parseMemorySize(`${megabytes.replace(/^[+-]/, '')}m`);
  if (!/^[+-]?\d+$/.test(megabytes) || 'problem' in size || size.bytes >= 2n ** 51n) {
    return refuse('value-unreadable', `Could not parse value '${megabytes}' for key '${legacy.megabytes.key}'.`, [
      legacy.megabytes.key,
    ]);
  }
  if (megabytes.startsWith('-') && size.bytes > 0n) {
    return refuse('legacy-invalid', `Configured total process memory size (${megabytes}MB) must not be less than 0.`, [
      legacy.megabytes.key,
    ]);
  }
  return size.bytes;
}

/** Returns the size of one buffer: a power of two of at least 4 KiB (ConfigurationParserUtils.getPageSize). */
export function readSegmentSize(config: MemoryConfig, option: MemoryOption): number {
  const bytes = readPlainSize(config, option);
  if (bytes >= 2n ** 31n)
    return refuse('value-unreadable', `Cannot downcast long value ${bytes} to integer.`, [option.key]);
  const invalid = `Invalid configuration value for ${option.key} : ${bytes} - `;
  if (bytes < 4096n) return refuse('segment-size', `${invalid}Minimum memory segment size is 4096`, [option.key]);
  if ((bytes & (bytes - 1n)) !== 0n)
    return refuse('segment-size', `${invalid}Memory segment size must be a power of 2.`, [option.key]);
  return Number(bytes);
}

function refuseMissing(config: MemoryConfig, options: ProcessOptions): never {
  const keys = options.parts.map((part) => part.key);
  const all = [...keys, options.flink.key, options.process.key];
  if (config.version < 11100) {
    return refuse(
      'total-missing',
      `Either Task Heap Memory size (${keys[0] ?? ''}) and Managed Memory size (${keys[1] ?? ''}), or Total Flink Memory size (${options.flink.key}), or Total Process Memory size (${options.process.key}) need to be configured explicitly.`,
      all,
    );
  }
  return refuse(
    'total-missing',
    `Either required fine-grained memory (${keys.join(' and ')}), or Total Flink Memory size (${formatOption(config, options.flink)}), or Total Process Memory size (${formatOption(config, options.process)}) need to be configured explicitly.`,
    all,
  );
}
