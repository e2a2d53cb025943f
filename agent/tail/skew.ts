// Decides whether the lines of a growing file differ from the clock by hours: the process that writes them has another
// time zone than the agent assumes, or one of the clocks is wrong. In a file that is read while it is written, lines
// are as old as its last change. A file that is copied into place does not keep the same distance over several changes.
// Pure functions over numbers.
import { nameOffset } from '../../core/time/zone.js';
import { QUARTER_MS, zoneOffsetMs } from '../../flink/layout/local-time.js';

/** Measured difference of one file. */
export interface Skew {
  /** Time by which the last line was ahead of the last change, and the time of that change, both in milliseconds. */
  readonly aheadMs: number;
  readonly changedMs: number;
  /** Number of consecutive changes with the same distance. */
  readonly changes: number;
}

/**
 * Least distance, in milliseconds, that is reported. No process delays a line for so long, and most time zones differ
 * by more.
 */
const NOTICED_MS = 25 * 60_000;
/**
 * Largest distance, in milliseconds. Two zones differ by at most 26 hours; older lines are of an old log that somebody
 * copies or replays.
 */
const MAX_MS = 26 * 3_600_000 + NOTICED_MS;
const SAME_MS = 60_000;
const CHANGES = 3;
const MINUTE_MS = 60_000;

/** Notes a difference. `lineMs` is the time of the file's last line, `changedMs` the time of the file's last change. */
export function noteSkew(before: Skew | undefined, lineMs: number, changedMs: number): Skew {
  const aheadMs = lineMs - changedMs;
  const isSame = before !== undefined && Math.abs(before.aheadMs - aheadMs) <= SAME_MS;
  if (isSame && before.changedMs === changedMs) return before;
  return { aheadMs, changedMs, changes: isSame ? before.changes + 1 : 1 };
}

/** Describes the difference; undefined if the lines are current, or if it is too early to decide. */
export function describeSkew(
  { aheadMs, changes, changedMs }: Skew,
  zone: string,
): { readonly difference: string; readonly zone: string } | undefined {
  const distance = Math.abs(aheadMs);
  if (distance < NOTICED_MS || distance > MAX_MS || changes < CHANGES) return undefined;
  const quarters = Math.round(aheadMs / QUARTER_MS) * QUARTER_MS;
  const isZone = Math.abs(quarters - aheadMs) <= 2 * SAME_MS;
  const localMs = changedMs + zoneOffsetMs(zone, changedMs);
  return {
    difference: `${printSpan(distance)} ${aheadMs > 0 ? 'ahead' : 'behind'}`,
    zone: isZone ? nameOffset((zoneOffsetMs(zone, localMs) + quarters) / MINUTE_MS) : '?',
  };
}

function printSpan(ms: number): string {
  const minutes = Math.round(ms / MINUTE_MS);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return [hours > 0 ? `${hours} h` : '', rest > 0 ? `${rest} min` : ''].filter((part) => part !== '').join(' ');
}
