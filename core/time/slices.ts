// Long work in slices: everything else of the process (health, requests, the lease) has its turn in between. Used by
// the analyzer, whose work grows with failing jobs.
import { setImmediate } from 'node:timers/promises';

/** Well below the second within which health answers. */
const SLICE_MS = 25;

export interface Slices {
  /** True when the work has gone on for a slice: then `rest` is to be awaited. */
  isOver(): boolean;
  rest(): Promise<void>;
}

export function createSlices(): Slices {
  let begun = performance.now();
  return {
    isOver: () => performance.now() - begun >= SLICE_MS,
    rest: async () => {
      await setImmediate();
      begun = performance.now();
    },
  };
}
