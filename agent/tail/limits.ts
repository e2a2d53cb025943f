// Limits how fast files are read: by bytes a second and by processor time, each as a bucket that fills with time and is
// emptied by use, and by the budget of bytes that wait for the store. Before each file is read it gives the throttle
// reason, if any, and it counts how long each reason lasted.
import type { AgentSettings } from '../settings.js';
import type { Board, Counter } from '../status.js';

/** Reason why reading is throttled. */
export type Hold = 'budget' | 'rate' | 'cpu';

export interface ReadLimits {
  /** Returns the throttle reason, or undefined if reading may continue. */
  findHold(): Hold | undefined;
  /** Number of bytes that the next file may read, if nothing throttles. */
  readonly allowedBytes: number;
  takeBytes(bytes: number): void;
  /** Notes, at the end of a round, what kept it from reading bytes that exist. */
  note(hold: Hold | undefined): void;
}

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

interface LimitState extends LimitParts {
  readonly bytes: Bucket;
  readonly cpu: Bucket;
  usedCpuMs: number;
  held: { readonly by: Hold; readonly since: number } | undefined;
}

/** Time, in milliseconds, that fills a bucket. After a pause, reading is faster for as long. */
const BURST_MS = 1000;
/** Longest time, in milliseconds, to pay back excess processor time, so that scans alone cannot stop reading. */
const DEBT_MS = 5000;
/** Least number of bytes for which a file is read, unless the rate allows less in a second. */
const LEAST_BYTES = 4096;

const COUNTER: Readonly<Record<Hold, Counter>> = { budget: 'budgetWaitMs', rate: 'rateWaitMs', cpu: 'cpuWaitMs' };

/** Returns the processor time, in milliseconds, of the whole process with all of its threads. */
export function readCpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export function createLimits(parts: LimitParts): ReadLimits {
  const now = parts.now();
  const state: LimitState = {
    ...parts,
    bytes: { level: parts.settings.maxBytesPerSecond, filledAt: now },
    cpu: { level: parts.settings.maxCores * BURST_MS, filledAt: now },
    usedCpuMs: parts.cpuMs(),
    held: undefined,
  };
  return {
    findHold: () => findHold(state),
    get allowedBytes() {
      const { maxBytesPerSecond } = state.settings;
      return maxBytesPerSecond === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(state.bytes.level));
    },
    takeBytes: (bytes) => {
      state.bytes.level -= bytes;
    },
    note: (hold) => noteHold(state, hold),
  };
}

function findHold(state: LimitState): Hold | undefined {
  const { settings, shipper } = state;
  if (shipper.heldBytes >= settings.budgetBytes) return 'budget';
  if (settings.maxBytesPerSecond > 0 && isRateSpent(state)) return 'rate';
  return settings.maxCores > 0 && isCpuSpent(state) ? 'cpu' : undefined;
}

function isRateSpent({ settings, bytes, now }: LimitState): boolean {
  const perSecond = settings.maxBytesPerSecond;
  fill(bytes, now(), perSecond / 1000);
  return bytes.level < Math.min(LEAST_BYTES, perSecond);
}

function isCpuSpent(state: LimitState): boolean {
  const { settings, cpu, now, cpuMs } = state;
  const used = cpuMs();
  cpu.level = Math.max(-settings.maxCores * DEBT_MS, cpu.level - (used - state.usedCpuMs));
  state.usedCpuMs = used;
  fill(cpu, now(), settings.maxCores);
  return cpu.level <= 0;
}

function fill(bucket: Bucket, now: number, perMs: number): void {
  bucket.level = Math.min(perMs * BURST_MS, bucket.level + Math.max(0, now - bucket.filledAt) * perMs);
  bucket.filledAt = now;
}

function noteHold(state: LimitState, hold: Hold | undefined): void {
  const { board, held } = state;
  const now = state.now();
  if (held !== undefined) board.count(COUNTER[held.by], Math.max(0, now - held.since));
  state.held = hold === undefined ? undefined : { by: hold, since: now };
  if (hold === 'rate') board.raise('JT_READING_LIMITED', { setting: 'agent.maxBytesPerSecond' });
  else if (hold === 'cpu') board.raise('JT_READING_LIMITED', { setting: 'agent.maxCores' });
  else if (hold === undefined) board.clear('JT_READING_LIMITED');
}
