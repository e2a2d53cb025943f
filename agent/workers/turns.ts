// One thread at a time: the workers of an agent write their dead letters into the same file. Whoever waits sleeps, so
// this is for short work in worker threads. Called by crew.ts (which makes it) and thread.ts.
const FREE = 0;
const TAKEN = 1;

export function createTurns(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
}

/** Returns what `work` returns; throws what it throws. */
export function takeTurn<Result>(turns: SharedArrayBuffer, work: () => Result): Result {
  const state = new Int32Array(turns);
  while (Atomics.compareExchange(state, 0, FREE, TAKEN) !== FREE) Atomics.wait(state, 0, TAKEN);
  try {
    return work();
  } finally {
    Atomics.store(state, 0, FREE);
    Atomics.notify(state, 0, 1);
  }
}
