// Converts local time to milliseconds since 1970. A time stamp without an offset is read by the clock that wrote it: by
// the offset that a container runtime's own time beside the line proves, otherwise in a zone of the IANA database.
// Pure, except for a cache.

/** Clock that wrote a time stamp. */
export interface LocalClock {
  /** IANA name of the zone. */
  readonly zone: string;
  /** Time of the previous entry in the same file. It decides which of the two passes of a repeated hour is meant. */
  readonly previous?: number | undefined;
  /** Time at which a container runtime took the line. */
  readonly taken?: number | undefined;
}

/**
 * Offsets of a zone from UTC. `early` is that of the first pass of an hour that is repeated in autumn; otherwise both
 * are the same.
 */
interface Offsets {
  readonly quarter: number;
  readonly early: number;
  readonly late: number;
}

export const UTC_CLOCK: LocalClock = { zone: 'UTC' };

/**
 * Step of offsets, in milliseconds. All zones in use differ from UTC by a multiple of a quarter of an hour, and by at
 * most 14 hours.
 */
export const QUARTER_MS = 900_000;
const MAX_AHEAD_MS = 56 * QUARTER_MS;
const DAY_MS = 86_400_000;
/**
 * Longest time, in milliseconds, from writing a line to taking it. It may also seem taken before, because clocks are
 * rounded.
 */
const TAKEN_LATER_MS = 60_000;
const TAKEN_EARLIER_MS = 1000;
/** Time, in milliseconds, by which a line may be earlier than the line before, because threads write concurrently. */
const DISORDER_MS = 60_000;

/**
 * Returns how far the clock was ahead of UTC at a local time, which is given as the milliseconds of its digits as if
 * they were UTC.
 */
export function findAheadMs({ zone, previous, taken }: LocalClock, localMs: number): number {
  const aheadMs = zoneOffsetMs(zone, localMs, previous);
  return taken === undefined ? aheadMs : localMs - dateTaken(localMs, aheadMs, taken);
}

/**
 * Returns the time of a line that a runtime took: by its zone if that fits, otherwise by the offset that puts it just
 * before it was taken. A line that a process prints long after its time stamp fits neither, and gets the time when it
 * was taken.
 */
function dateTaken(localMs: number, aheadMs: number, taken: number): number {
  const delay = taken - (localMs - aheadMs);
  if (delay >= -TAKEN_EARLIER_MS && delay < QUARTER_MS - TAKEN_EARLIER_MS) return localMs - aheadMs;
  const ahead = findQuarters(localMs, taken);
  return ahead === undefined ? taken : localMs - ahead;
}

/** Returns the offset by which a local time is at most a minute before a moment; undefined if there is none. */
export function findQuarters(localMs: number, momentMs: number): number | undefined {
  const ahead = Math.ceil((localMs - momentMs - TAKEN_EARLIER_MS) / QUARTER_MS) * QUARTER_MS;
  const isNear = momentMs - (localMs - ahead) < TAKEN_LATER_MS;
  return isNear && Math.abs(ahead) <= MAX_AHEAD_MS ? ahead : undefined;
}

const offsets = new Map<string, Offsets>();

/** Returns the offset of a zone. It is cached for a quarter of an hour, because entries come in order. */
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
