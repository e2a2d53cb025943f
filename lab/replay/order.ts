// The lines of a recording in the order in which a store might get them: as they were written in time, one kind of
// process late, or every process at a pace of its own. The order of a process's own lines stays. Pure; called by
// play.ts.
import { createRandom } from '../memory/sample.js';
import type { TimedBlock } from '../record/replay.js';

export const ORDERS = ['written', 'jobmanager-late', 'taskmanagers-late', 'shuffled'] as const;
export type ReplayOrder = (typeof ORDERS)[number];

/** A block, and when it can be read, in milliseconds since 1970. */
export interface Arrival extends TimedBlock {
  readonly at: number;
}

const LATE_MS = 30_000;
const SEED = 20_261_125;

/** `processOf` names a file's process as the manifest does. */
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

/** How late a line of a process is, in milliseconds; each order begins anew. */
const DELAYS: Readonly<Record<ReplayOrder, () => (process: string) => number>> = {
  written: () => () => 0,
  'jobmanager-late': () => (process) => (process.startsWith('jobmanager') ? LATE_MS : 0),
  'taskmanagers-late': () => (process) => (process.startsWith('taskmanager') ? LATE_MS : 0),
  shuffled: () => {
    const random = createRandom(SEED);
    return () => Math.floor(random() * LATE_MS);
  },
};
