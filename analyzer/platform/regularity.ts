// Decides how regularly a process writes, from the times of its last lines. A checkpoint every ten seconds is regular,
// a line an hour is not. Silence means something only after regular lines. Pure functions.

/** Smallest number of pauses between lines that allows a decision. */
const MIN_PAUSES = 20;
/** Multiple of the longest pause after which a process is silent. */
const TIMES = 3;
const MIN_WINDOW_MS = 60_000;
/** Longest pause, in milliseconds, of a regular process. */
const MAX_PAUSE_MS = 300_000;
/** Time, in milliseconds, within which lines that follow each other count as one. */
const BURST_MS = 1000;

/**
 * Returns the time without a line, in milliseconds, after which a process is silent, or undefined if it was not
 * regular. `expectedMs` is the time that a line may take, such as the end of a checkpoint that was started.
 */
export function findSilenceWindow(times: readonly number[], expectedMs = 0): number | undefined {
  const sorted = times.toSorted((a, b) => a - b);
  const pauses = sorted
    .slice(1)
    .map((time, index) => time - (sorted[index] ?? time))
    .filter((pause) => pause > BURST_MS);
  const longest = pauses.reduce((max, pause) => Math.max(max, pause), 0);
  if (pauses.length < MIN_PAUSES || longest > MAX_PAUSE_MS) return undefined;
  return Math.max(MIN_WINDOW_MS, TIMES * longest, expectedMs);
}
