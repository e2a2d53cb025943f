// Creates random memory configurations, legal and illegal, from a seed; the same seed gives the same configurations
// everywhere. Values are what people write (round sizes, odd sizes, old option names), with some that nobody should
// write. lab/reference/memory-oracle.ts runs them through Flink and our model.
import type { Deployment } from '../../flink/memory/taskmanager.js';

export interface MemoryCase {
  readonly process: 'tm' | 'jm';
  readonly deployment: Deployment;
  readonly options: ReadonlyMap<string, string>;
}

const SMALL = [
  '0',
  '0b',
  '16m',
  '32mb',
  '64m',
  '64 mb',
  '67108864',
  '96m',
  '100m',
  '128m',
  '128 MB',
  '192m',
  '200000k',
  '256m',
  '300m',
  '333333333b',
  '512m',
];
const LARGE = [
  '700m',
  '900m',
  '1g',
  '1024m',
  '1100m',
  '1500000000',
  '1600m',
  '1728m',
  '1gb',
  '2g',
  '2048mb',
  '3000m',
  '4g',
  '5t',
  '8g',
  '10 g',
  '20000m',
  '64g',
];
const BROKEN = [
  '',
  ' ',
  'abc',
  '1x',
  '-1m',
  '1.5g',
  '9223372036854775807',
  '9223372036854775807g',
  '99999999999999999999',
  '8388608t',
];
const FRACTIONS = [
  '0',
  '0.0',
  '0.05',
  '0.1',
  '0.15',
  '0.2',
  '0.25',
  '0.3',
  '0.333333',
  '0.4',
  '0.5',
  '0.6',
  '0.75',
  '0.9',
  '0.99',
  '1e-3',
  '.2',
  '0.1f',
];
const BROKEN_FRACTIONS = ['1', '1.0', '1.5', '-0.1', 'NaN', 'ten', '', '1e-7x'];
const COUNTS = ['1', '2', '4', '8', '2048', '4096', '16384'];
const BROKEN_COUNTS = ['0', '-1', '2.5', 'many', '99999999999'];

interface Choice {
  readonly key: string;
  /** Probability with which the option is set. */
  readonly share: number;
  readonly values: readonly string[];
  readonly broken: readonly string[];
}

function size(key: string, share: number, values: readonly string[]): Choice {
  return { key, share, values, broken: BROKEN };
}

function fraction(key: string, share: number): Choice {
  return { key, share, values: FRACTIONS, broken: BROKEN_FRACTIONS };
}

const TASK_MANAGER_CHOICES: readonly Choice[] = [
  size('taskmanager.memory.process.size', 0.8, LARGE),
  size('taskmanager.memory.flink.size', 0.25, LARGE),
  size('taskmanager.memory.framework.heap.size', 0.15, SMALL),
  size('taskmanager.memory.framework.off-heap.size', 0.15, SMALL),
  size('taskmanager.memory.task.heap.size', 0.2, [...SMALL, ...LARGE]),
  size('taskmanager.memory.task.off-heap.size', 0.2, SMALL),
  size('taskmanager.memory.managed.size', 0.25, [...SMALL, ...SMALL, ...LARGE]),
  size('taskmanager.memory.size', 0.04, SMALL),
  fraction('taskmanager.memory.managed.fraction', 0.25),
  size('taskmanager.memory.network.min', 0.25, SMALL),
  size('taskmanager.memory.network.max', 0.25, [...SMALL, ...LARGE]),
  fraction('taskmanager.memory.network.fraction', 0.25),
  size('taskmanager.network.memory.min', 0.05, SMALL),
  size('taskmanager.network.memory.max', 0.05, LARGE),
  fraction('taskmanager.network.memory.fraction', 0.05),
  { key: 'taskmanager.network.numberOfBuffers', share: 0.1, values: COUNTS, broken: BROKEN_COUNTS },
  size('taskmanager.memory.jvm-metaspace.size', 0.25, SMALL),
  size('taskmanager.memory.jvm-overhead.min', 0.2, SMALL),
  size('taskmanager.memory.jvm-overhead.max', 0.2, [...SMALL, ...LARGE]),
  fraction('taskmanager.memory.jvm-overhead.fraction', 0.2),
  size('taskmanager.memory.segment-size', 0.1, ['4096', '8kb', '32kb', '64k', '1m', '2g', '1000', '100kb']),
  { key: 'taskmanager.cpu.cores', share: 0.05, values: ['1', '0.5', '4.0', '2'], broken: ['0', '-1.0', 'x'] },
  { key: 'taskmanager.numberOfTaskSlots', share: 0.2, values: ['1', '2', '4', '8'], broken: BROKEN_COUNTS },
  size('taskmanager.heap.size', 0.06, LARGE),
  {
    key: 'taskmanager.heap.mb',
    share: 0.04,
    values: ['1024', '2048', '0'],
    broken: ['-5', '1g', '99999999999', '1048576000'],
  },
];

const JOB_MANAGER_CHOICES: readonly Choice[] = [
  size('jobmanager.memory.process.size', 0.8, LARGE),
  size('jobmanager.memory.flink.size', 0.3, LARGE),
  size('jobmanager.memory.heap.size', 0.3, [...SMALL, ...LARGE]),
  size('jobmanager.memory.off-heap.size', 0.25, SMALL),
  size('jobmanager.memory.jvm-metaspace.size', 0.25, SMALL),
  size('jobmanager.memory.jvm-overhead.min', 0.2, SMALL),
  size('jobmanager.memory.jvm-overhead.max', 0.2, [...SMALL, ...LARGE]),
  fraction('jobmanager.memory.jvm-overhead.fraction', 0.2),
  size('jobmanager.heap.size', 0.08, LARGE),
  { key: 'jobmanager.heap.mb', share: 0.05, values: ['1024', '2048', '0'], broken: ['-5', '1g', '99999999999'] },
];

/** Creates `count` configurations; every fifth is for a JobManager. */
export function createCases(seed: number, count: number): readonly MemoryCase[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index) => createCase(index % 5 === 4 ? 'jm' : 'tm', random));
}

function createCase(process: MemoryCase['process'], random: () => number): MemoryCase {
  const options = new Map<string, string>();
  // One configuration in ten has broken values. Every second one sets half as many options, because it is typical to
  // set only a few.
  const brokenShare = random() < 0.1 ? 0.3 : 0;
  const density = random() < 0.5 ? 0.5 : 1;
  for (const choice of process === 'tm' ? TASK_MANAGER_CHOICES : JOB_MANAGER_CHOICES) {
    const share = choice.key.endsWith('process.size') ? choice.share : choice.share * density;
    if (random() >= share) continue;
    options.set(choice.key, pick(random() < brokenShare ? choice.broken : choice.values, random));
  }
  return { process, deployment: random() < 0.3 ? 'container' : 'standalone', options };
}

function pick(values: readonly string[], random: () => number): string {
  return values[Math.floor(random() * values.length)] ?? '';
}

/** Creates a mulberry32 random generator, which is small, fast and the same on every machine. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
