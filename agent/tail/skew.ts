// Whether the lines of a file that grows are hours off the clock: the process that writes them has another zone than
// the agent believes, or the clock of one of them is wrong. A file that is written as it is read has lines as old as
// its last change; what is copied into place does not keep the same distance over several changes. Decided from
// numbers; called by read.ts for files that grew.
import { QUARTER_MS, zoneOffsetMs } from '../../flink/layout/local-time.js';

/** What was seen of one file. */
export interface Skew {
  /** By how far its last line was ahead of its last change, and when that was. */
  readonly aheadMs: number;
  readonly changedMs: number;
  /** Changes in a row with the same distance. */
  readonly changes: number;
}

/** No process holds a line back for so long, and no zone is nearer to another one than most. */
const NOTICED_MS = 25 * 60_000;
/** Two zones differ by 26 hours at most; what is older is an old log that somebody copies or plays. */
const MOST_MS = 26 * 3_600_000 + NOTICED_MS;
const SAME_MS = 60_000;
const CHANGES = 3;
const MINUTE_MS = 60_000;

/** `lineMs` is the time of the file's last line, `changedMs` when the file was last changed. */
export function noteSkew(before: Skew | undefined, lineMs: number, changedMs: number): Skew {
  const aheadMs = lineMs - changedMs;
  const isSame = before !== undefined && Math.abs(before.aheadMs - aheadMs) <= SAME_MS;
  if (isSame && before.changedMs === changedMs) return before;
  return { aheadMs, changedMs, changes: isSame ? before.changes + 1 : 1 };
}

/** Undefined where the lines are of now, or it is too early to tell. */
export function describeSkew(
  { aheadMs, changes, changedMs }: Skew,
  zone: string,
): { readonly difference: string; readonly zone: string } | undefined {
  const distance = Math.abs(aheadMs);
  if (distance < NOTICED_MS || distance > MOST_MS || changes < CHANGES) return undefined;
  const quarters = Math.round(aheadMs / QUARTER_MS) * QUARTER_MS;
  const isZone = Math.abs(quarters - aheadMs) <= 2 * SAME_MS;
  const localMs = changedMs + zoneOffsetMs(zone, changedMs);
  return {
    difference: `${printSpan(distance)} ${aheadMs > 0 ? 'ahead' : 'behind'}`,
    zone: isZone ? printOffset(zoneOffsetMs(zone, localMs) + quarters) : '?',
  };
}

function printSpan(ms: number): string {
  const minutes = Math.round(ms / MINUTE_MS);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return [hours > 0 ? `${hours} h` : '', rest > 0 ? `${rest} min` : ''].filter((part) => part !== '').join(' ');
}

function printOffset(ms: number): string {
  const minutes = Math.abs(ms) / MINUTE_MS;
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60].map((number) => String(number).padStart(2, '0'));
  return `UTC${ms < 0 ? '-' : '+'}${hours ?? ''}:${rest ?? ''}`;
}
