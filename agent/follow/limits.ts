// How fast may be read: bytes a second and processor time, each as a bucket that fills with time and is emptied by what
// was used, and the budget of bytes that wait for the store. Says before each turn what holds reading up, if anything,
// and counts for how long it did. Called by read.ts.
import type { AgentSettings } from '../settings.js';
import type { Board, Counter } from '../status.js';

/** What holds reading up. */
export type Hold = 'budget' | 'rate' | 'cpu';

export interface ReadLimits {
  /** Undefined: go on. */
  findHold(): Hold | undefined;
  /** How many the next turn may read, when nothing holds. */
  readonly allowedBytes: number;
  takeBytes(bytes: number): void;
  /** At the end of a round: what kept it from reading bytes that are there. */
  note(hold: Hold | undefined): void;
}

export interface LimitParts {
  readonly settings: Pick<AgentSettings, 'budgetBytes' | 'maxBytesPerSecond' | 'maxCores'>;
  readonly shipper: { readonly heldBytes: number };
  readonly board: Board;
  readonly now: () => number;
  /** Processor time of this process so far, in milliseconds. */
  readonly cpuMs: () => number;
}

interface Bucket {
  /** Below 0: more was used than there was. */
  level: number;
  filledAt: number;
}

interface LimitState extends LimitParts {
  readonly bytes: Bucket;
  readonly cpu: Bucket;
  usedCpuMs: number;
  held: { readonly by: Hold; readonly since: number } | undefined;
}

/** A bucket holds what a second brings: after a rest, reading is faster for as long. */
const BURST_MS = 1000;
/** Processor time beyond the share is paid back for so long at most: scans alone must not stop reading. */
const DEBT_MS = 5000;
/** Less is not worth a turn, unless a second brings less. */
const LEAST_BYTES = 4096;

const COUNTER: Readonly<Record<Hold, Counter>> = { budget: 'budgetWaitMs', rate: 'rateWaitMs', cpu: 'cpuWaitMs' };

/** Of the whole process, with all of its threads. */
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
