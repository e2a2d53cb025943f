// How regularly a process writes, from the times of its last lines: a checkpoint every ten seconds is a clock, a line
// an hour is none. Only where it was regular does silence mean something. Pure; called by the service for a cluster
// whose processes are quiet and cannot be seen running.

/** Fewer pauses between lines say nothing of the next. */
export const LEAST_PAUSES = 20;
/** It is silent after so many of its longest pause. */
const TIMES = 3;
const LEAST_WINDOW_MS = 60_000;
/** Who pauses longer than this by itself is not regular. */
const MAX_PAUSE_MS = 300_000;
/** Lines that follow each other within this are one. */
const BURST_MS = 1000;

/**
 * After so long without a line a process is silent; undefined where it was not regular. `expected`: until when a line
 * may take by itself, as the end of a checkpoint that was begun.
 */
export function findSilenceWindow(times: readonly number[], expectedMs = 0): number | undefined {
  const sorted = times.toSorted((a, b) => a - b);
  const pauses = sorted
    .slice(1)
    .map((time, index) => time - (sorted[index] ?? time))
    .filter((pause) => pause > BURST_MS);
  const longest = pauses.reduce((most, pause) => Math.max(most, pause), 0);
  if (pauses.length < LEAST_PAUSES || longest > MAX_PAUSE_MS) return undefined;
  return Math.max(LEAST_WINDOW_MS, TIMES * longest, expectedMs);
}
