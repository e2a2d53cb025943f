// Records where the tasks of a job were and when: attempts by the process on which they ran, each from its first
// mention to its end. Mentions may come in any order, and twice. A restart loop has thousands of attempts, so attempts
// that ended a while ago are kept as one. No I/O.

/** Interval in milliseconds since 1970, both ends inclusive. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

interface Stay {
  from: number;
  /** Infinite until a line reports the end. */
  to: number;
}

interface Stays {
  readonly attempts: Map<string, Stay>;
  /** Intervals of attempts that ended long ago; disjoint and in order. */
  past: readonly Interval[];
}

/** Stays by the name of a process, or by the resource id of a process without a log. */
export type Places = Map<string, Stays>;

/**
 * Time, in milliseconds, in which a task that has ended still counts as present, because its process may be found dead
 * later.
 */
const SLACK_MS = 60_000;
/**
 * Time, in milliseconds, for which a task may be present before its first mention, because clocks and threads differ.
 */
const EARLY_MS = 1000;

export function addStay(places: Places, process: string, attempt: string, time: number, hasEnded: boolean): void {
  const { attempts, past } = findStays(places, process);
  const known = attempts.get(attempt);
  if (known === undefined) {
    // A repeated or late mention: it is already known that the job was there.
    if (past.some(({ from, to }) => from <= time && time <= to)) return;
    attempts.set(attempt, { from: time, to: hasEnded ? time : Number.POSITIVE_INFINITY });
    return;
  }
  known.from = Math.min(known.from, time);
  if (hasEnded) known.to = Number.isFinite(known.to) ? Math.max(known.to, time) : time;
}

function findStays(places: Places, process: string): Stays {
  let stays = places.get(process);
  if (stays === undefined) places.set(process, (stays = { attempts: new Map(), past: [] }));
  return stays;
}

/** Adds all of `other` to `places`. */
export function joinPlaces(places: Places, other: Places): void {
  for (const [process, { attempts, past }] of other) {
    for (const [attempt, { from, to }] of attempts) {
      addStay(places, process, attempt, from, false);
      if (Number.isFinite(to)) addStay(places, process, attempt, to, true);
    }
    const stays = findStays(places, process);
    stays.past = mergeIntervals([...stays.past, ...past], SLACK_MS);
  }
}

/** True if an attempt was on the process at that time, or at any time if none is given. */
export function wasThere(places: Places, process: string, time: number | undefined): boolean {
  const stays = places.get(process);
  return stays !== undefined && (meets(stays.past, time) || meets(stays.attempts.values(), time));
}

function meets(intervals: Iterable<Interval>, time: number | undefined): boolean {
  for (const { from, to } of intervals)
    if (time === undefined || (from <= time + EARLY_MS && to >= time - SLACK_MS)) return true;
  return false;
}

/**
 * Returns the times when the attempts were on the process. Short gaps are closed, because the job keeps its slots
 * between two attempts (idle slots for 50 s by default).
 */
export function listStays(places: Places, process: string): readonly Interval[] {
  const { attempts, past } = places.get(process) ?? { attempts: new Map<string, Stay>(), past: [] };
  return mergeIntervals([...past, ...attempts.values()], SLACK_MS);
}

/**
 * Forgets attempts that ended before `time`, and merges those that ended before `settled`; returns false if there were
 * none.
 */
export function forgetStays(places: Places, time: number, settled: number): boolean {
  let hasChanged = false;
  for (const [process, stays] of places) {
    const old = [...stays.attempts].filter(([, { to }]) => to < settled);
    for (const [attempt] of old) stays.attempts.delete(attempt);
    const past = mergeIntervals([...stays.past, ...old.map(([, stay]) => stay)], SLACK_MS);
    const kept = past.filter(({ to }) => to >= time - SLACK_MS);
    hasChanged ||= old.length > 0 || kept.length < stays.past.length;
    stays.past = kept;
    if (stays.attempts.size === 0 && stays.past.length === 0) places.delete(process);
  }
  return hasChanged;
}

/** Merges intervals. The merged intervals are in order, with gaps of more than `gapMs` between them. */
export function mergeIntervals(intervals: readonly Interval[], gapMs: number): readonly Interval[] {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of [...intervals].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last.to + gapMs) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
}
