// Limits how fast files are read: by bytes a second and by processor time, each as a bucket that fills with time and is
// emptied by use, and by the budget of bytes that wait for the store. Before each file is read it gives the throttle
// reason, if any, and it counts how long each reason lasted.
import type { AgentSettings } from '../settings.js';
import type { Board, Counter } from '../status.js';

/** Reason why reading is throttled. */
export type ThrottleReason = 'budget' | 'rate' | 'cpu';

export interface LimitParts {
  readonly settings: Pick<AgentSettings, 'budgetBytes' | 'maxBytesPerSecond' | 'maxCores'>;
  readonly shipper: { readonly heldBytes: number };
  readonly board: Board;
  readonly now: () => number;
  /** Returns the processor time of this process so far, in milliseconds. */
  readonly cpuMs: () => number;
}

interface Bucket {
  /** Level of the bucket. Below 0, more was used than there was. */
  level: number;
  filledAt: number;
}

/** Time, in milliseconds, that fills a bucket. After a pause, reading is faster for as long. */
const BURST_MS = 1000;
/** Longest time, in milliseconds, to pay back excess processor time, so that scans alone cannot stop reading. */
const DEBT_MS = 5000;
/** Least number of bytes for which a file is read, unless the rate allows less in a second. */
const MIN_READ_BYTES = 4096;

const COUNTER: Readonly<Record<ThrottleReason, Counter>> = {
  budget: 'budgetWaitMs',
  rate: 'rateWaitMs',
  cpu: 'cpuWaitMs',
};

/** Returns the processor time, in milliseconds, of the whole process with all of its threads. */
export function readCpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export class ReadLimits {
  readonly #parts: LimitParts;
  readonly #bytes: Bucket;
  readonly #cpu: Bucket;
  #usedCpuMs: number;
  #throttled: { readonly by: ThrottleReason; readonly since: number } | undefined;

  constructor(parts: LimitParts) {
    const filledAt = parts.now();
    this.#parts = parts;
    this.#bytes = { level: parts.settings.maxBytesPerSecond, filledAt };
    this.#cpu = { level: parts.settings.maxCores * BURST_MS, filledAt };
    this.#usedCpuMs = parts.cpuMs();
  }

  /** Returns the throttle reason, or undefined if reading may continue. */
  findThrottleReason(): ThrottleReason | undefined {
    const { settings, shipper } = this.#parts;
    if (shipper.heldBytes >= settings.budgetBytes) return 'budget';
    if (settings.maxBytesPerSecond > 0 && this.#isRateSpent()) return 'rate';
    return settings.maxCores > 0 && this.#isCpuSpent() ? 'cpu' : undefined;
  }

  /** Number of bytes that the next file may read, if nothing throttles. */
  get allowedBytes(): number {
    const { maxBytesPerSecond } = this.#parts.settings;
    return maxBytesPerSecond === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(this.#bytes.level));
  }

  takeBytes(bytes: number): void {
    this.#bytes.level -= bytes;
  }

  #isRateSpent(): boolean {
    const { settings, now } = this.#parts;
    const perSecond = settings.maxBytesPerSecond;
    fill(this.#bytes, now(), perSecond / 1000);
    return this.#bytes.level < Math.min(MIN_READ_BYTES, perSecond);
  }

  #isCpuSpent(): boolean {
    const { settings, now, cpuMs } = this.#parts;
    const used = cpuMs();
    this.#cpu.level = Math.max(-settings.maxCores * DEBT_MS, this.#cpu.level - (used - this.#usedCpuMs));
    this.#usedCpuMs = used;
    fill(this.#cpu, now(), settings.maxCores);
    return this.#cpu.level <= 0;
  }

  /** Notes, at the end of a round, what kept it from reading bytes that exist. */
  note(reason: ThrottleReason | undefined): void {
    const { board } = this.#parts;
    const now = this.#parts.now();
    if (this.#throttled !== undefined)
      board.count(COUNTER[this.#throttled.by], Math.max(0, now - this.#throttled.since));
    this.#throttled = reason === undefined ? undefined : { by: reason, since: now };
    if (reason === 'rate') board.raise('JT_READING_LIMITED', { setting: 'agent.maxBytesPerSecond' });
    else if (reason === 'cpu') board.raise('JT_READING_LIMITED', { setting: 'agent.maxCores' });
    else if (reason === undefined) board.clear('JT_READING_LIMITED');
  }
}

function fill(bucket: Bucket, now: number, perMs: number): void {
  bucket.level = Math.min(perMs * BURST_MS, bucket.level + Math.max(0, now - bucket.filledAt) * perMs);
  bucket.filledAt = now;
}
