// Orders the lines of a recording as a store might receive them: as they were written in time, with one kind of process
// late, or every process at its own pace. The order within a process stays the same. Pure functions.
import { createRandom } from '../reference/memory-sample.js';
import type { TimedBlock } from '../play/rewrite.js';

export const ORDERS = ['written', 'jobmanager-late', 'taskmanagers-late', 'shuffled'] as const;
export type ReplayOrder = (typeof ORDERS)[number];

/** Block and the time at which it can be read, in milliseconds since 1970. */
export interface Arrival extends TimedBlock {
  readonly at: number;
}

const LATE_MS = 30_000;
const SEED = 20_261_125;

/** Orders the blocks by their arrival. `processOf` returns the process of a file as the manifest names it. */
export function orderBlocks(
  blocks: readonly TimedBlock[],
  order: ReplayOrder,
  processOf: (file: string) => string,
): readonly Arrival[] {
  const delay = DELAYS[order]();
  const latest = new Map<string, number>();
  const arrivals = blocks.map((block): Arrival => {
    const process = processOf(block.file);
    const at = Math.max(latest.get(process) ?? 0, block.time + delay(process));
    latest.set(process, at);
    return { ...block, at };
  });
  return arrivals.sort((a, b) => a.at - b.at);
}

/** Delay of each line of a process, in milliseconds. Each call starts with fresh state. */
const DELAYS: Readonly<Record<ReplayOrder, () => (process: string) => number>> = {
  written: () => () => 0,
  'jobmanager-late': () => (process) => (process.startsWith('jobmanager') ? LATE_MS : 0),
  'taskmanagers-late': () => (process) => (process.startsWith('taskmanager') ? LATE_MS : 0),
  shuffled: () => {
    const random = createRandom(SEED);
    return () => Math.floor(random() * LATE_MS);
  },
};
