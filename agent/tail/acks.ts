// Keeps the acknowledgements of a tail: what was handed to the shipper, and up to where the store has all of it.
// Offsets move over a contiguous prefix of acknowledged entries only; an open entry moves none, because it may grow. Of
// each entry only numbers are kept, in the columns of its run, until the store has it. forward.ts fills the runs. They
// have one owner: the loop that reads the file.
import type { ProcessNotes } from '../../flink/facts/notes.js';
import type { Receipt } from '../ship/ship.js';
import type { Commit, TailEntry } from './chunk.js';

/** Entries of one reading, which were handed over together, in order. */
export interface Run extends Receipt {
  /** Number of entries that were added, and number of leading ones that the offset has moved over. */
  count: number;
  passed: number;
  /** Boundaries after the entries, as in Commit. */
  readonly offsets: Float64Array;
  readonly crcs: Uint32Array;
  /** Times in milliseconds; NaN if no time is known. */
  readonly times: Float64Array;
  /** Process context, with the entry from which it holds. Most entries add nothing to it. */
  readonly processContext: { readonly from: number; readonly processContext: ProcessNotes }[];
  readonly done: Uint8Array;
  /**
   * Number of bytes of the file from the commit's offset on that are in the store once these open last entries are
   * acknowledged, which does not move the offset. Undefined for all other entries.
   */
  readonly openBytes: number | undefined;
  /** Places of open entries. The entry itself is not kept, because its bytes are a view of all that was read. */
  readonly places: Place[];
}

export interface Place {
  readonly offset: number;
  readonly length: number;
}

/** Time and process context after an entry. */
export interface Behind {
  readonly time: number | undefined;
  readonly processContext: ProcessNotes;
}

export interface TailAcks {
  committed: Commit;
  /** Number of bytes of the open entry at the committed offset that the store has. */
  openBytes: number;
  runs: Run[];
  /** Number of entries that are not acknowledged as a contiguous prefix yet. */
  waiting: number;
  /** Open entries that the store has. The complete entries are not sent again if they have not grown. */
  shipped: readonly Place[];
  /** True if the checkpoint has an older state. */
  isDirty: boolean;
}

export function createAcks(): TailAcks {
  return {
    committed: { offset: 0, crc: 0, time: undefined },
    openBytes: 0,
    runs: [],
    waiting: 0,
    shipped: [],
    isDirty: false,
  };
}

/** Resets the acknowledgements: nothing is in flight, and the store has everything before the commit. */
export function resetAcks(acks: TailAcks, commit: Commit): void {
  acks.committed = commit;
  acks.runs = [];
  acks.waiting = 0;
}

/** Begins a run of at most `length` entries; `openBytes` as in Run. */
export function beginRun(acks: TailAcks, length: number, openBytes: number | undefined): Run {
  const run: Run = {
    count: 0,
    passed: 0,
    offsets: new Float64Array(length),
    crcs: new Uint32Array(length),
    times: new Float64Array(length),
    processContext: [],
    done: new Uint8Array(length),
    openBytes,
    places: [],
    acknowledge: (first, end) => {
      run.done.fill(1, first, end);
      if (run.places.length > 0) acks.shipped = run.places.filter((_, index) => run.done[index] === 1);
    },
  };
  acks.runs.push(run);
  return run;
}

/** Returns true if the entry was shipped when the file was idle and has not grown since. */
export function isShipped({ shipped }: TailAcks, { entry, isOpen }: TailEntry): boolean {
  return !isOpen && shipped.some(({ offset, length }) => offset === entry.offset && length === entry.length);
}

/**
 * Adds an entry that ends at `offset`, where the CRC32 is `crc`, to a run. `time` (NaN if unknown) and `notes` are
 * known after the entry. Returns its index.
 */
export function addToRun(
  acks: TailAcks,
  run: Run,
  offset: number,
  crc: number,
  time: number,
  processContext: ProcessNotes,
): number {
  const index = run.count;
  run.offsets[index] = offset;
  run.crcs[index] = crc;
  run.times[index] = time;
  if (run.processContext.at(-1)?.processContext !== processContext)
    run.processContext.push({ from: index, processContext });
  run.count += 1;
  acks.waiting += 1;
  return index;
}

/** Moves the offset over the acknowledged prefix. Returns true if something changed. */
export function advanceAcks(acks: TailAcks): boolean {
  let moved = 0;
  for (const run of acks.runs) {
    const before = run.passed;
    while (run.passed < run.count && run.done[run.passed] === 1) run.passed += 1;
    if (run.passed > before) commitRun(acks, run);
    moved += run.passed - before;
    if (run.passed < run.count) break;
  }
  if (moved === 0) return false;
  acks.runs = acks.runs.filter(({ passed, count }) => passed < count);
  acks.waiting -= moved;
  acks.isDirty = true;
  return true;
}

function commitRun(acks: TailAcks, run: Run): void {
  if (run.openBytes !== undefined) {
    if (run.passed === run.count) acks.openBytes = Math.max(acks.openBytes, run.openBytes);
    return;
  }
  const last = run.passed - 1;
  const time = run.times[last] ?? NaN;
  const offset = run.offsets[last] ?? 0;
  // An entry may end while one of another stream that began before it is open: then the offset stays where it is.
  acks.openBytes = Math.max(0, acks.committed.offset + acks.openBytes - offset);
  acks.committed = {
    offset,
    crc: run.crcs[last],
    time: Number.isNaN(time) ? undefined : time,
    processContext: run.processContext.findLast(({ from }) => from <= last)?.processContext,
  };
}
