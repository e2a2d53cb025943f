// Runs asynchronous work one after the other, in the order in which it was given, because each part needs what the one
// before it stored.

/** Function that runs work after all earlier work has ended, and returns its result. */
export type SerialQueue = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Creates an empty queue. The caller gets the error of its own work; later work starts without it. */
export function createSerialQueue(): SerialQueue {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
}
