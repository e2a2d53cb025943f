// Lets one thread work at a time, because the workers of an agent write their dead letters into the same file. A
// waiting thread sleeps, so this is for short work in worker threads.
const FREE = 0;
const TAKEN = 1;

export function createMutex(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
}

/** Runs `work` alone. Returns what `work` returns and throws what it throws. */
export function runExclusive<Result>(mutex: SharedArrayBuffer, work: () => Result): Result {
  const state = new Int32Array(mutex);
  while (Atomics.compareExchange(state, 0, FREE, TAKEN) !== FREE) Atomics.wait(state, 0, TAKEN);
  try {
    return work();
  } finally {
    Atomics.store(state, 0, FREE);
    Atomics.notify(state, 0, 1);
  }
}
