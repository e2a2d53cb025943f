// Keeps the acknowledgements of a tail: what was handed to the shipper, and up to where the store has all of it.
// Offsets move over a contiguous prefix of acknowledged entries only; an open entry moves none, because it may grow. Of
// each entry only numbers are kept, in the columns of its run, until the store has it. The encoder fills the runs, the
// shipper acknowledges them, and the pipeline moves the offset. They have one owner: the loop that reads the file.
import type { ProcessContext } from '../../flink/facts/process-context.js';
import type { Receipt } from '../ship.js';
import type { Commit, TailEntry } from './read.js';

/** Entries of one part of a chunk, in order. */
export class Run implements Receipt {
  /** Number of entries that were added, and number of leading ones that the offset has moved over. */
  count = 0;
  passed = 0;
  readonly done: Uint8Array;
  /** Places of open entries. The entry itself is not kept, because its bytes are a view of all that was read. */
  readonly openRanges: OpenRange[] = [];
  /**
   * Number of bytes of the file from the commit's offset on that are in the store once these open last entries are
   * acknowledged, which does not move the offset. Undefined for all other entries.
   */
  readonly openBytes: number | undefined;
  readonly #acks: TailAcks;
  /** Boundaries after the entries, as in Commit. */
  readonly #offsets: Float64Array;
  readonly #crcs: Uint32Array;
  /** Times in milliseconds; NaN if no time is known. */
  readonly #times: Float64Array;
  /** Process context, with the entry from which it holds. Most entries add nothing to it. */
  readonly #contexts: { readonly from: number; readonly processContext: ProcessContext }[] = [];

  constructor(acks: TailAcks, length: number, openBytes: number | undefined) {
    this.#acks = acks;
    this.#offsets = new Float64Array(length);
    this.#crcs = new Uint32Array(length);
    this.#times = new Float64Array(length);
    this.done = new Uint8Array(length);
    this.openBytes = openBytes;
  }

  /**
   * Adds an entry that ends at `offset`, where the CRC32 is `crc`. `time` (NaN if unknown) and `processContext` are
   * known after the entry. Returns its index.
   */
  add(offset: number, crc: number, time: number, processContext: ProcessContext): number {
    const index = this.count;
    this.#offsets[index] = offset;
    this.#crcs[index] = crc;
    this.#times[index] = time;
    if (this.#contexts.at(-1)?.processContext !== processContext) this.#contexts.push({ from: index, processContext });
    this.count += 1;
    this.#acks.waiting += 1;
    return index;
  }

  acknowledge(first: number, end: number): void {
    this.done.fill(1, first, end);
    if (this.openRanges.length > 0) this.#acks.shipped = this.openRanges.filter((_, index) => this.done[index] === 1);
  }

  /** Moves over the acknowledged prefix. Returns how many entries it moved over. */
  pass(): number {
    const before = this.passed;
    while (this.passed < this.count && this.done[this.passed] === 1) this.passed += 1;
    return this.passed - before;
  }

  /** Returns the boundary after the last entry that was passed. */
  get boundary(): Commit {
    const last = this.passed - 1;
    const time = this.#times[last] ?? NaN;
    return {
      offset: this.#offsets[last] ?? 0,
      crc: this.#crcs[last],
      time: Number.isNaN(time) ? undefined : time,
      processContext: this.#contexts.findLast(({ from }) => from <= last)?.processContext,
    };
  }
}

export interface OpenRange {
  readonly offset: number;
  readonly length: number;
}

export class TailAcks {
  committed: Commit = { offset: 0, crc: 0, time: undefined };
  /** Number of bytes of the open entry at the committed offset that the store has. */
  openBytes = 0;
  /** Number of entries that are not acknowledged as a contiguous prefix yet. */
  waiting = 0;
  /** Open entries that the store has. The complete entries are not sent again if they have not grown. */
  shipped: readonly OpenRange[] = [];
  /** True if the checkpoint has an older state. */
  isDirty = false;
  #runs: Run[] = [];

  /** Resets the acknowledgements: nothing is in flight, and the store has everything before the commit. */
  reset(commit: Commit): void {
    this.committed = commit;
    this.#runs = [];
    this.waiting = 0;
  }

  /** Begins a run of at most `length` entries; `openBytes` as in Run. */
  beginRun(length: number, openBytes?: number): Run {
    const run = new Run(this, length, openBytes);
    this.#runs.push(run);
    return run;
  }

  /** Returns true if the entry was shipped when the file was idle and has not grown since. */
  isShipped({ entry, isOpen }: TailEntry): boolean {
    return !isOpen && this.shipped.some(({ offset, length }) => offset === entry.offset && length === entry.length);
  }

  /** Moves the offset over the acknowledged prefix. */
  advance(): void {
    let moved = 0;
    for (const run of this.#runs) {
      const passed = run.pass();
      if (passed > 0) this.#commit(run);
      moved += passed;
      if (run.passed < run.count) break;
    }
    if (moved === 0) return;
    this.#runs = this.#runs.filter(({ passed, count }) => passed < count);
    this.waiting -= moved;
    this.isDirty = true;
  }

  #commit(run: Run): void {
    if (run.openBytes !== undefined) {
      if (run.passed === run.count) this.openBytes = Math.max(this.openBytes, run.openBytes);
      return;
    }
    const { boundary } = run;
    // An entry may end while one of another stream that began before it is open: then the offset stays where it is.
    this.openBytes = Math.max(0, this.committed.offset + this.openBytes - boundary.offset);
    this.committed = boundary;
  }
}
