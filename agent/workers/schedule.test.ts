import { describe, expect, it } from 'vitest';
import { Worker } from 'node:worker_threads';
import { createMutex, runExclusive } from './schedule.js';

/** Worker that takes the lock, reports it, and releases it on request. */
const OTHER = `
  const { parentPort, workerData: { turns, leave } } = require('node:worker_threads');
  const state = new Int32Array(turns);
  if (Atomics.compareExchange(state, 0, 0, 1) !== 0) throw new Error('it is taken');
  parentPort.postMessage('taken');
  Atomics.wait(new Int32Array(leave), 0, 0, 200);
  new Int32Array(leave)[0] = 1;
  Atomics.store(state, 0, 0);
  Atomics.notify(state, 0, 1);
`;

describe('runExclusive', () => {
  it('waits for the thread whose turn it is', async () => {
    const turns = createMutex();
    const leave = new SharedArrayBuffer(4);
    const other = new Worker(OTHER, { eval: true, workerData: { turns, leave } });
    await new Promise((resolve) => other.once('message', resolve));

    const hasLeft = runExclusive(turns, () => new Int32Array(leave)[0]);

    expect(hasLeft).toBe(1);
    await other.terminate();
  });

  it('leaves the turn to others also when the work fails', () => {
    const turns = createMutex();
    const fail = (): never => {
      throw new Error('the disk is full');
    };

    expect(() => runExclusive(turns, fail)).toThrow('the disk is full');
    expect(runExclusive(turns, () => 'done')).toBe('done');
  });
});
