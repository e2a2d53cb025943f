// Splits long work into slices, so that the rest of the process (health, requests, the lease) runs in between. The
// analyzer needs this because its work grows with the number of failing jobs.
import { setImmediate } from 'node:timers/promises';

/** Length of a slice in milliseconds, well below the second within which health answers. */
const SLICE_MS = 25;

export interface Slices {
  /** True if the current slice is used up; the caller then awaits `rest`. */
  isOver(): boolean;
  rest(): Promise<void>;
  /** Begins a slice, for a caller that lets other work run by itself. */
  begin(): void;
}

export function createSlices(): Slices {
  let begun = performance.now();
  return {
    isOver: () => performance.now() - begun >= SLICE_MS,
    begin: () => void (begun = performance.now()),
    rest: async () => {
      await setImmediate();
      begun = performance.now();
    },
  };
}
