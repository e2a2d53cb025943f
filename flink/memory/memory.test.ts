// Tests the numbers that Flink documents and logs; lab/reference/memory-oracle.test.ts compares thousands with Flink
// itself.
import { describe, expect, it } from 'vitest';
import { isMemoryProblem, type MemoryLayout, type MemoryProblem } from './words.js';
import { isComputedOption } from './option-table.js';
import { formatDouble, formatFloat, formatMemorySize, parseMemorySize } from './size.js';
import { computeJobManagerMemory, computeTaskManagerMemory } from './memory.js';

const MIB = 1024 * 1024;

function taskManager(options: Record<string, string>, version = '1.20.5'): MemoryLayout {
  const result = computeTaskManagerMemory(new Map(Object.entries(options)), version);
  if (isMemoryProblem(result)) throw new Error(result.message);
  return result;
}

function refused(options: Record<string, string>, version = '1.20.5'): MemoryProblem {
  const result = computeTaskManagerMemory(new Map(Object.entries(options)), version);
  if (!isMemoryProblem(result)) throw new Error(`starts: ${JSON.stringify(result)}`);
  return result;
}

describe('computeTaskManagerMemory', () => {
  it('divides the shipped 1728m as Flink logs it, to the byte', () => {
    expect(taskManager({ 'taskmanager.memory.process.size': '1728m' })).toEqual({
      totalProcess: 1811939328,
      totalFlink: 1342177280,
      frameworkHeap: 134217728,
      taskHeap: 402653174,
      frameworkOffHeap: 134217728,
      taskOffHeap: 0,
      managed: 536870920,
      network: 134217730,
      jvmMetaspace: 268435456,
      jvmOverhead: 201326592,
      jvmHeap: 536870902,
      directLimit: 268435458,
      networkBuffers: 4096,
      segmentBytes: 32768,
    });
  });

  it('takes fractions as floats: 2g has an overhead of 214748368 bytes, not 214748364', () => {
    expect(taskManager({ 'taskmanager.memory.process.size': '2g' })).toMatchObject({
      jvmOverhead: 214748368,
      totalFlink: 1664299824,
      managed: 665719939,
      taskHeap: 563714445,
    });
  });

  it('gives a 1g process exactly 2048 buffers and 25.6 MiB of task heap', () => {
    const layout = taskManager({ 'taskmanager.memory.process.size': '1g' });

    expect(layout.networkBuffers).toBe(2048);
    expect(layout.taskHeap / MIB).toBeCloseTo(25.6, 5);
  });

  it('refuses a 1g process with 112m of network memory in the words of Flink', () => {
    const problem = refused({ 'taskmanager.memory.process.size': '1g', 'taskmanager.memory.network.min': '112m' });

    expect(problem.kind).toBe('parts-exceed-flink');
    expect(problem.message).toBe(
      'TaskManager memory configuration failed: Sum of configured Framework Heap Memory (128.000mb (134217728 bytes)), Framework Off-Heap Memory (128.000mb (134217728 bytes)), Task Off-Heap Memory (0 bytes), Managed Memory (230.400mb (241591914 bytes)) and Network Memory (112.000mb (117440512 bytes)) exceed configured Total Flink Memory (576.000mb (603979776 bytes)).',
    );
    expect(problem.options).toContain('taskmanager.memory.network.min');
    expect(problem.larger).toBe('helps');
  });

  it('reads the number of slots even where the number of cores is given', () => {
    const problem = refused({
      'taskmanager.memory.process.size': '1600m',
      'taskmanager.cpu.cores': '2',
      'taskmanager.numberOfTaskSlots': '2.5',
    });

    expect(problem.message).toContain("Could not parse value '2.5' for key 'taskmanager.numberOfTaskSlots'.");
  });

  it('starts a 1062m process with 112m of network memory, with hardly any task heap', () => {
    const layout = taskManager({
      'taskmanager.memory.process.size': '1062m',
      'taskmanager.memory.network.min': '112m',
    });

    expect(layout.taskHeap / MIB).toBeCloseTo(0.4, 3);
  });

  it('limits network memory to 1g until 1.16 and not at all from 1.17 on', () => {
    const options = { 'taskmanager.memory.flink.size': '20g' };

    expect(taskManager(options, '1.16.3').network).toBe(1024 * MIB);
    expect(taskManager(options, '1.17.0').network).toBe(2147483680);
  });

  it('knows the 96m of metaspace of 1.10.0', () => {
    expect(taskManager({ 'taskmanager.memory.process.size': '1568m' }, '1.10.0').jvmMetaspace).toBe(96 * MIB);
    expect(taskManager({ 'taskmanager.memory.process.size': '1568m' }, '1.10.1').jvmMetaspace).toBe(256 * MIB);
  });

  it('reads old option names where the new one is not set', () => {
    const old = { 'taskmanager.memory.process.size': '2g', 'taskmanager.network.memory.min': '300m' };

    expect(taskManager(old).network).toBe(300 * MIB);
    expect(taskManager({ ...old, 'taskmanager.memory.network.min': '200m' }).network).toBe(200 * MIB);
  });

  it('honours numberOfBuffers until 1.20 and ignores it from 2.0 on, or when a newer option is set', () => {
    const options = { 'taskmanager.memory.process.size': '2g', 'taskmanager.network.numberOfBuffers': '8192' };

    expect(taskManager(options).network).toBe(256 * MIB);
    expect(taskManager(options, '2.0.0').network).toBe(166429984);
    expect(taskManager({ ...options, 'taskmanager.memory.network.max': '1g' }).network).toBe(166429984);
  });

  it('reads the heap.size of before 1.10 as the Flink total, and in a container as the process total', () => {
    const options = new Map([['taskmanager.heap.size', '1728m']]);

    expect(computeTaskManagerMemory(options, '1.20.5')).toMatchObject({ totalFlink: 1728 * MIB });
    expect(computeTaskManagerMemory(options, '1.20.5', 'container')).toMatchObject({ totalProcess: 1728 * MIB });
    expect(computeTaskManagerMemory(options, '2.3.0')).toMatchObject({ kind: 'total-missing' });
  });

  it('says what no total size cures', () => {
    expect(refused({ 'taskmanager.memory.process.size': '2 gigs' })).toMatchObject({
      kind: 'size-unreadable',
      options: ['taskmanager.memory.process.size'],
      larger: 'neither',
    });
    expect(refused({})).toMatchObject({ kind: 'total-missing' });
    expect(refused({ 'taskmanager.memory.process.size': '2g' }, 'unknown')).toMatchObject({ kind: 'version-unknown' });
  });

  it('sums up the parts when task heap and managed memory are set, with the shares of the rest', () => {
    expect(
      taskManager({ 'taskmanager.memory.task.heap.size': '400m', 'taskmanager.memory.managed.size': '1g' }),
    ).toMatchObject({ network: 195734189, totalFlink: 1957341869, jvmOverhead: 247308595, totalProcess: 2473085920 });
  });

  it('refuses an overhead outside of its range when the Flink and the process total are both set', () => {
    const flink = { 'taskmanager.memory.flink.size': '1g' };

    expect(refused({ ...flink, 'taskmanager.memory.process.size': '1g' })).toMatchObject({
      kind: 'flink-exceeds-process',
      larger: 'helps',
    });
    expect(refused({ ...flink, 'taskmanager.memory.process.size': '1g' }, '1.10.3')).toMatchObject({
      kind: 'negative-size',
      message: 'bytes must be >= 0',
    });
    expect(refused({ ...flink, 'taskmanager.memory.process.size': '1400m' })).toMatchObject({
      kind: 'overhead-out-of-range',
      larger: 'helps',
    });
    expect(refused({ ...flink, 'taskmanager.memory.process.size': '4g' })).toMatchObject({
      kind: 'overhead-out-of-range',
      larger: 'hurts',
    });
  });

  it('tells a network memory that is too small for its range from one that is too large', () => {
    const options = {
      'taskmanager.memory.flink.size': '1g',
      'taskmanager.memory.task.heap.size': '100m',
      'taskmanager.memory.managed.size': '0',
    };

    expect(refused({ ...options, 'taskmanager.memory.network.min': '800m' })).toMatchObject({
      kind: 'network-out-of-range',
      larger: 'helps',
      cause: expect.stringContaining('is not in configured Network Memory range'),
    });
    expect(refused({ ...options, 'taskmanager.memory.network.max': '100m' })).toMatchObject({
      kind: 'network-out-of-range',
      larger: 'hurts',
    });
  });

  it('takes network memory from the one total of Flink 1.9', () => {
    expect(taskManager({ 'taskmanager.heap.size': '1024m' }, '1.9.3')).toMatchObject({
      totalProcess: 1024 * MIB,
      network: 107374184,
      jvmHeap: 921 * MIB,
    });
    expect(refused({ 'taskmanager.heap.size': '64m' }, '1.9.3')).toMatchObject({
      kind: 'legacy-network-too-large',
      message:
        'Invalid configuration value for (taskmanager.network.memory.fraction, taskmanager.network.memory.min, taskmanager.network.memory.max) : (0.1, 67108864, 1073741824) - Network buffer memory size too large: 67108864 >= 67108864 (maximum JVM memory size)',
    });
  });

  it('cuts a quarter, at least 600 MB, off a container of Flink 1.9', () => {
    expect(computeTaskManagerMemory(new Map([['taskmanager.heap.size', '4g']]), '1.9.3', 'container')).toMatchObject({
      jvmOverhead: 1024 * MIB,
      totalFlink: 3072 * MIB,
    });
    expect(computeTaskManagerMemory(new Map([['taskmanager.heap.size', '1g']]), '1.9.3', 'container')).toMatchObject({
      jvmOverhead: 600 * MIB,
    });
  });
});

describe('isComputedOption', () => {
  it('tells what the start script computed from what people set', () => {
    expect(isComputedOption('taskmanager.memory.task.heap.size', '402653174b')).toBe(true);
    expect(isComputedOption('taskmanager.memory.task.heap.size', '384m')).toBe(false);
    expect(isComputedOption('taskmanager.memory.process.size', '1811939328b')).toBe(false);
  });
});

describe('computeJobManagerMemory', () => {
  it('divides the shipped 1600m as Flink logs it', () => {
    expect(computeJobManagerMemory(new Map([['jobmanager.memory.process.size', '1600m']]), '2.0.0')).toEqual({
      totalProcess: 1677721600,
      totalFlink: 1207959552,
      jvmHeap: 1073741824,
      offHeap: 134217728,
      jvmMetaspace: 268435456,
      jvmOverhead: 201326592,
    });
  });

  it('refuses a Flink total that off-heap memory fills, with the prefix that ended with 1.20', () => {
    const options = new Map([['jobmanager.memory.flink.size', '128m']]);
    const message =
      'The configured Total Flink Memory (128.000mb (134217728 bytes)) is less than the configured Off-heap Memory (128.000mb (134217728 bytes)).';

    expect(computeJobManagerMemory(options, '1.20.5')).toMatchObject({
      kind: 'job-manager-off-heap-exceeds-flink',
      message: `JobManager memory configuration failed: ${message}`,
    });
    expect(computeJobManagerMemory(options, '2.3.0')).toMatchObject({ message });
  });

  it('takes heap.size as the heap until 1.10', () => {
    expect(computeJobManagerMemory(new Map([['jobmanager.heap.size', '2g']]), '1.10.0')).toMatchObject({
      jvmHeap: 2048 * MIB,
    });
  });
});

describe('parseMemorySize', () => {
  it('reads every unit in any case, and a bare number as bytes', () => {
    expect(['1', '1b', '2 KB', '1 mebibytes', '1Gb', '1t'].map(parseMemorySize)).toEqual(
      [1n, 1n, 2048n, 1048576n, 1073741824n, 1099511627776n].map((bytes) => ({ bytes })),
    );
  });

  it('refuses what Flink refuses', () => {
    expect(
      ['', 'm', '-1m', '1.5g', '1x', '9223372036854775808', '9000000t'].every(
        (text) => 'problem' in parseMemorySize(text),
      ),
    ).toBe(true);
  });
});

describe('formatMemorySize', () => {
  it('prints three decimals in the largest unit that the size exceeds', () => {
    expect([0n, 1024n, 1025n, 1073741824n, 1811939328n].map(formatMemorySize)).toEqual([
      '0 bytes',
      '1024 bytes',
      '1.001kb (1025 bytes)',
      '1024.000mb (1073741824 bytes)',
      '1.688gb (1811939328 bytes)',
    ]);
  });
});

describe('formatDouble', () => {
  it('prints as Java does', () => {
    expect([1, 0.1, 0.0005, 12345678, Math.fround(0.1)].map(formatDouble)).toEqual([
      '1.0',
      '0.1',
      '5.0E-4',
      '1.2345678E7',
      '0.10000000149011612',
    ]);
  });
});

describe('formatFloat', () => {
  it('prints the shortest decimal that is the same float', () => {
    expect([0.1, 0.4, 0.333333, 1, 1e-7].map((value) => formatFloat(Math.fround(value)))).toEqual([
      '0.1',
      '0.4',
      '0.333333',
      '1.0',
      '1.0E-7',
    ]);
  });
});
