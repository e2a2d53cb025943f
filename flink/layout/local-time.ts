// Local time → milliseconds since 1970. A time stamp without an offset is read by the clock that wrote it: by the
// offset that a container runtime's own time beside the line proves, else in a zone of the IANA database. Pure but for
// a cache; timestamp.ts and plain.ts ask it.

/** The clock that wrote a time stamp. */
export interface LocalClock {
  /** IANA name. */
  readonly zone: string;
  /** Time of the entry before in the same file: it tells which of the two passes of a repeated hour is meant. */
  readonly previous?: number | undefined;
  /** When a container runtime took the line. */
  readonly taken?: number | undefined;
}

/** How far a zone is ahead of UTC; `early` in the first pass of an hour that is repeated in autumn, else the same. */
interface Offsets {
  readonly quarter: number;
  readonly early: number;
  readonly late: number;
}

export const UTC_CLOCK: LocalClock = { zone: 'UTC' };

/** All zones in use are ahead of UTC, or behind it, by a number of quarters of an hour, at most 14 hours. */
export const QUARTER_MS = 900_000;
const MOST_AHEAD_MS = 56 * QUARTER_MS;
const DAY_MS = 86_400_000;
/** A line is taken this soon after it is written; clocks are rounded. */
const TAKEN_LATER_MS = 60_000;
const TAKEN_EARLIER_MS = 1000;
/** Threads write past each other: so much earlier than the line before a line may be. */
const DISORDER_MS = 60_000;

/** How far the clock was ahead of UTC at a local time: milliseconds of its digits as if they were UTC. */
export function findAheadMs({ zone, previous, taken }: LocalClock, localMs: number): number {
  const aheadMs = zoneOffsetMs(zone, localMs, previous);
  return taken === undefined ? aheadMs : localMs - dateTaken(localMs, aheadMs, taken);
}

/**
 * The time of a line that a runtime took: by its zone where that fits, else by the offset that puts it just before it
 * was taken. What a process prints long after its time stamp fits neither, and is dated when it was taken.
 */
function dateTaken(localMs: number, aheadMs: number, taken: number): number {
  const delay = taken - (localMs - aheadMs);
  if (delay >= -TAKEN_EARLIER_MS && delay < QUARTER_MS - TAKEN_EARLIER_MS) return localMs - aheadMs;
  const ahead = findQuarters(localMs, taken);
  return ahead === undefined ? taken : localMs - ahead;
}

/** The offset by which a local time lies at most a minute before a moment; undefined when none does. */
export function findQuarters(localMs: number, momentMs: number): number | undefined {
  const ahead = Math.ceil((localMs - momentMs - TAKEN_EARLIER_MS) / QUARTER_MS) * QUARTER_MS;
  const isNear = momentMs - (localMs - ahead) < TAKEN_LATER_MS;
  return isNear && Math.abs(ahead) <= MOST_AHEAD_MS ? ahead : undefined;
}

const offsets = new Map<string, Offsets>();

/** Remembered for a quarter of an hour, because entries come in order. */
export function zoneOffsetMs(zone: string, localMs: number, previous?: number): number {
  if (zone === 'UTC') return 0;
  const quarter = Math.floor(localMs / QUARTER_MS);
  let known = offsets.get(zone);
  if (known?.quarter !== quarter) offsets.set(zone, (known = findOffsets(zone, quarter)));
  const { early, late } = known;
  if (early === late || previous === undefined || Number.isNaN(previous)) return early;
  return localMs - early < previous - DISORDER_MS ? late : early;
}

function findOffsets(zone: string, quarter: number): Offsets {
  const localMs = quarter * QUARTER_MS;
  const before = offsetAt(zone, localMs - DAY_MS);
  const after = offsetAt(zone, localMs + DAY_MS);
  if (before === after) return { quarter, early: before, late: before };
  const isBefore = offsetAt(zone, localMs - before) === before;
  const isAfter = offsetAt(zone, localMs - after) === after;
  // A time that the clocks skip in spring is read as if they had not been changed.
  return { quarter, early: isBefore || !isAfter ? before : after, late: isAfter ? after : before };
}

const formats = new Map<string, Intl.DateTimeFormat>();

function offsetAt(zone: string, utcMs: number): number {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  const part = new Map(format.formatToParts(utcMs).map(({ type, value }) => [type, Number(value)]));
  const local = Date.UTC(
    part.get('year') ?? 0,
    (part.get('month') ?? 1) - 1,
    part.get('day') ?? 1,
    part.get('hour') ?? 0,
    part.get('minute') ?? 0,
    part.get('second') ?? 0,
  );
  return local - Math.floor(utcMs / 1000) * 1000;
}
