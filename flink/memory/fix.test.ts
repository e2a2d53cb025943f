// Proves fixes with the model: they start, they keep what the job had, and a MiB less would not be enough.
// lab/reference/memory-oracle.test.ts runs the same patches through Flink.
import { describe, expect, it } from 'vitest';
import {
  fitFrameworkOffHeap,
  fitJvmOverhead,
  fitManagedMemory,
  fitNetworkMemory,
  fitTaskHeap,
  fitTaskManagerMetaspace,
  fitTaskOffHeap,
} from './fix.js';
import { growProcess, type FitResult, type MemoryFit } from './grow.js';
import { isMemoryProblem } from './words.js';
import { computeTaskManagerMemory } from './memory.js';

const MIB = 1024 * 1024;
/** Need of 17 more buffers than the existing 2048: 64.53 MiB. */
const NEEDED_BYTES = (2048 - 0 + 17) * 32 * 1024;

function options(values: Record<string, string>): ReadonlyMap<string, string> {
  return new Map(Object.entries(values));
}

function found<Layout>(result: FitResult<Layout>): MemoryFit<Layout> {
  if ('problem' in result) throw new Error(result.problem.message);
  return result;
}

describe('fitNetworkMemory', () => {
  it('raises network.min and the process size of a 1g process so that its task heap is kept', () => {
    const fit = found(
      fitNetworkMemory({
        options: options({ 'taskmanager.memory.process.size': '1g' }),
        version: '1.20.5',
        neededBytes: NEEDED_BYTES,
      }),
    );

    expect(fit.patch).toEqual({ 'taskmanager.memory.network.min': '112m', 'taskmanager.memory.process.size': '1104m' });
    expect(fit.note).toBe('grown');
    expect(fit.addedBytes).toBe(80 * MIB);
    expect(fit.after.network).toBe(112 * MIB);
    expect(fit.after.taskHeap).toBeGreaterThanOrEqual(fit.before.taskHeap - 1024);
  });

  it('can take it from managed memory instead, in a process of the same size', () => {
    const fit = found(
      fitNetworkMemory({
        options: options({ 'taskmanager.memory.process.size': '1g' }),
        version: '1.20.5',
        neededBytes: NEEDED_BYTES,
        from: 'managed',
      }),
    );

    expect(fit.patch).toEqual({
      'taskmanager.memory.network.min': '112m',
      'taskmanager.memory.managed.fraction': '0.31',
    });
    expect(fit.addedBytes).toBe(0);
  });

  it('takes it from managed.size where the job sets that', () => {
    const fit = found(
      fitNetworkMemory({
        options: options({ 'taskmanager.memory.process.size': '1g', 'taskmanager.memory.managed.size': '200m' }),
        version: '1.20.5',
        neededBytes: 90 * MIB,
        from: 'managed',
      }),
    );

    expect(fit.patch).toEqual({ 'taskmanager.memory.network.min': '144m', 'taskmanager.memory.managed.size': '120m' });
  });

  it('says so when managed memory is too small to pay', () => {
    const result = fitNetworkMemory({
      options: options({ 'taskmanager.memory.process.size': '1g', 'taskmanager.memory.managed.size': '16m' }),
      version: '1.20.5',
      neededBytes: 300 * MIB,
      from: 'managed',
    });

    expect(result).toMatchObject({ problem: { kind: 'no-size-fits' } });
  });

  it('raises network.max too where it is lower', () => {
    const fit = found(
      fitNetworkMemory({
        options: options({ 'taskmanager.memory.process.size': '1g', 'taskmanager.memory.network.max': '64m' }),
        version: '1.20.5',
        neededBytes: NEEDED_BYTES,
      }),
    );

    expect(fit.patch).toEqual({
      'taskmanager.memory.network.min': '112m',
      'taskmanager.memory.network.max': '112m',
      'taskmanager.memory.process.size': '1104m',
    });
  });

  it('uses the option names of before 1.10', () => {
    const fit = found(
      fitNetworkMemory({
        options: options({ 'taskmanager.heap.mb': '1024' }),
        version: '1.8.0',
        neededBytes: NEEDED_BYTES,
      }),
    );

    expect(fit.patch).toEqual({ 'taskmanager.network.memory.min': '112m', 'taskmanager.heap.mb': '1034' });
  });

  it('raises the Flink total where the job configures that, and the process total around it where it configures both', () => {
    const flink = { 'taskmanager.memory.flink.size': '576m' };
    const one = found(fitNetworkMemory({ options: options(flink), version: '1.14.6', neededBytes: NEEDED_BYTES }));
    const both = found(
      fitNetworkMemory({
        options: options({ ...flink, 'taskmanager.memory.process.size': '1g' }),
        version: '1.14.6',
        neededBytes: NEEDED_BYTES,
      }),
    );

    expect(one.patch).toEqual({ 'taskmanager.memory.network.min': '112m', 'taskmanager.memory.flink.size': '656m' });
    expect(both.patch).toEqual({
      'taskmanager.memory.network.min': '112m',
      'taskmanager.memory.flink.size': '656m',
      'taskmanager.memory.process.size': '1104m',
    });
    expect(both.after.jvmOverhead).toBe(both.before.jvmOverhead);
  });

  it('needs no total where task heap and managed memory are set', () => {
    const fit = found(
      fitNetworkMemory({
        options: options({ 'taskmanager.memory.task.heap.size': '256m', 'taskmanager.memory.managed.size': '128m' }),
        version: '2.3.0',
        neededBytes: 100 * MIB,
      }),
    );

    expect(fit.patch).toEqual({ 'taskmanager.memory.network.min': '160m' });
    expect(fit.note).toBe('fits');
  });

  it('leaves alone what has enough', () => {
    const fit = found(
      fitNetworkMemory({
        options: options({ 'taskmanager.memory.process.size': '16g' }),
        version: '1.20.5',
        neededBytes: NEEDED_BYTES,
      }),
    );

    expect(fit).toMatchObject({ patch: {}, note: 'enough' });
  });

  it('gives back the problem of options that do not start', () => {
    expect(fitNetworkMemory({ options: options({}), version: '1.20.5', neededBytes: NEEDED_BYTES })).toMatchObject({
      problem: { kind: 'total-missing' },
    });
  });
});

describe('growProcess', () => {
  it('finds the smallest whole MiB', () => {
    const job = options({ 'taskmanager.memory.process.size': '1728m' });
    const fit = found(
      growProcess(
        { options: job, version: '2.3.0' },
        { changes: { 'taskmanager.memory.jvm-metaspace.size': '512m' }, keep: ['taskHeap', 'managed', 'network'] },
      ),
    );

    expect(fit.patch['taskmanager.memory.process.size']).toBe('1992m');
    const less = computeTaskManagerMemory(
      new Map([...job, ...Object.entries(fit.patch), ['taskmanager.memory.process.size', '1991m']]),
      '2.3.0',
    );
    expect(isMemoryProblem(less) ? 0 : less.taskHeap).toBeLessThan(fit.before.taskHeap - 1024);
  });

  it('counts a byte lost to truncation as kept, not as a MiB to add', () => {
    const fit = found(
      fitNetworkMemory({
        options: options({ 'taskmanager.memory.process.size': '1g' }),
        version: '1.20.5',
        neededBytes: 102 * MIB,
      }),
    );

    expect(fit.patch['taskmanager.memory.process.size']).toBe('1184m');
    expect(fit.before.taskHeap - fit.after.taskHeap).toBe(1);
  });

  it('touches no total when the changes fit by themselves', () => {
    const fit = found(
      growProcess(
        { options: options({ 'taskmanager.memory.process.size': '4g' }), version: '2.3.0' },
        { changes: { 'taskmanager.memory.network.max': '256m' }, keep: ['taskHeap'] },
      ),
    );

    expect(fit).toMatchObject({ patch: { 'taskmanager.memory.network.max': '256m' }, note: 'fits', addedBytes: 0 });
  });

  it('says so when no size helps', () => {
    const result = growProcess(
      { options: options({ 'taskmanager.memory.process.size': '4g' }), version: '2.3.0' },
      { changes: { 'taskmanager.memory.network.max': '1m' }, keep: [] },
    );

    expect(result).toMatchObject({ problem: { kind: 'range-inconsistent' } });
  });
});

describe('fitTaskHeap', () => {
  it('raises the total of which task heap is the rest', () => {
    const fit = found(
      fitTaskHeap({
        options: options({ 'taskmanager.memory.process.size': '1728m' }),
        version: '2.3.0',
        neededBytes: 800 * MIB,
      }),
    );

    expect(Object.keys(fit.patch)).toEqual(['taskmanager.memory.process.size']);
    expect(fit.after.taskHeap).toBeGreaterThanOrEqual(800 * MIB - 1024);
  });

  it('raises task.heap.size where the job sets it', () => {
    const fit = found(
      fitTaskHeap({
        options: options({
          'taskmanager.memory.task.heap.size': '256m',
          'taskmanager.memory.managed.size': '128m',
          'taskmanager.memory.process.size': '1200m',
        }),
        version: '1.18.1',
        neededBytes: 512 * MIB,
      }),
    );

    expect(fit.patch['taskmanager.memory.task.heap.size']).toBe('512m');
    expect(fit.after).toMatchObject({ taskHeap: 512 * MIB, managed: 128 * MIB });
  });
});

describe('fits of the other parts', () => {
  it('give the part its size and keep the heap', () => {
    const target = { options: options({ 'taskmanager.memory.process.size': '1728m' }), version: '1.20.5' };
    const fits = [
      found(fitTaskManagerMetaspace({ ...target, neededBytes: 400 * MIB })),
      found(fitManagedMemory({ ...target, neededBytes: 1024 * MIB })),
      found(fitTaskOffHeap({ ...target, neededBytes: 256 * MIB })),
      found(fitFrameworkOffHeap({ ...target, neededBytes: 256 * MIB })),
      found(fitJvmOverhead({ ...target, neededBytes: 2048 * MIB })),
    ];

    expect(
      fits.map((fit) =>
        [fit.after.jvmMetaspace, fit.after.taskOffHeap, fit.after.frameworkOffHeap, fit.after.jvmOverhead].map(
          (bytes) => Math.floor(bytes / MIB),
        ),
      ),
    ).toEqual([
      [400, 0, 128, 192],
      [256, 0, 128, 233],
      [256, 256, 128, 227],
      [256, 0, 256, 199],
      [256, 0, 128, 2048],
    ]);
    expect(fits[1]?.after.managed).toBe(1024 * MIB);
    expect(fits.every((fit) => fit.after.taskHeap >= fit.before.taskHeap - 1024)).toBe(true);
  });

  it('are not proposed for versions that have no such option', () => {
    expect(
      fitTaskOffHeap({ options: options({ 'taskmanager.heap.size': '1g' }), version: '1.9.3', neededBytes: MIB }),
    ).toMatchObject({ problem: { kind: 'option-missing' } });
  });
});
