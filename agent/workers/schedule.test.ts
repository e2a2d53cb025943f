import { describe, expect, it } from 'vitest';
import { Worker } from 'node:worker_threads';
import { createTurns, takeTurn } from './schedule.js';

/** Worker that takes the lock, reports it, and releases it when it is told to. */
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

describe('takeTurn', () => {
  it('waits for the thread whose turn it is', async () => {
    const turns = createTurns();
    const leave = new SharedArrayBuffer(4);
    const other = new Worker(OTHER, { eval: true, workerData: { turns, leave } });
    await new Promise((resolve) => other.once('message', resolve));

    const hasLeft = takeTurn(turns, () => new Int32Array(leave)[0]);

    expect(hasLeft).toBe(1);
    await other.terminate();
  });

  it('leaves the turn to others also when the work fails', () => {
    const turns = createTurns();
    const fail = (): never => {
      throw new Error('the disk is full');
    };

    expect(() => takeTurn(turns, fail)).toThrow('the disk is full');
    expect(takeTurn(turns, () => 'done')).toBe('done');
  });
});
