import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createSerialQueue } from './queue.js';

describe('a serial queue', () => {
  it('runs one work at a time, in the order of the calls, and returns the results', async () => {
    const inOrder = createSerialQueue();
    const steps: string[] = [];
    const work = (name: string, ms: number) => async (): Promise<string> => {
      steps.push(`${name} begins`);
      await sleep(ms);
      steps.push(`${name} ends`);
      return name;
    };
    expect(await Promise.all([inOrder(work('a', 10)), inOrder(work('b', 1)), inOrder(work('c', 0))])).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('gives the error of a work to its caller alone, and goes on', async () => {
    const inOrder = createSerialQueue();
    const failed = inOrder(() => Promise.reject(new Error('the store is full')));
    const next = inOrder(() => Promise.resolve(7));
    await expect(failed).rejects.toThrow('the store is full');
    expect(await next).toBe(7);
  });
});
