// Where the tasks of a job were, and when: attempts by the process on which they ran, each from its first word to its
// end. Words may come in any order, and twice. Of a restart loop, whose attempts are thousands, those that ended a
// while ago are kept as one. Called by owner.ts and memory.ts. Pure.

/** Milliseconds since 1970, both ends inclusive. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

interface Stay {
  from: number;
  /** Infinite until its end is told. */
  to: number;
}

interface Stays {
  readonly attempts: Map<string, Stay>;
  /** Of attempts that ended long ago; apart from each other, in order. */
  past: readonly Interval[];
}

/** By the name of a process, or the resource id of one whose log is not there. */
export type Places = Map<string, Stays>;

/** A task that ended this long before is still counted as being there: its process may be found dead later. */
const SLACK_MS = 60_000;
/** Clocks and threads: it may be there this long before its first word. */
const EARLY_MS = 1000;

export function addStay(places: Places, process: string, attempt: string, time: number, hasEnded: boolean): void {
  const { attempts, past } = findStays(places, process);
  const known = attempts.get(attempt);
  if (known === undefined) {
    // Said again, or late: that the job was there is known.
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

/** Puts all of `other` into `places`. */
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

/** At any time, where none is given. */
export function wasThere(places: Places, process: string, time: number | undefined): boolean {
  const stays = places.get(process);
  return stays !== undefined && (meets(stays.past, time) || meets(stays.attempts.values(), time));
}

function meets(intervals: Iterable<Interval>, time: number | undefined): boolean {
  for (const { from, to } of intervals)
    if (time === undefined || (from <= time + EARLY_MS && to >= time - SLACK_MS)) return true;
  return false;
}

/** When its attempts were there. Between two of them the job keeps its slots, idle ones for 50 s by default. */
export function listStays(places: Places, process: string): readonly Interval[] {
  const { attempts, past } = places.get(process) ?? { attempts: new Map<string, Stay>(), past: [] };
  return mergeIntervals([...past, ...attempts.values()], SLACK_MS);
}

/** Forgets who had left before `time`, and keeps as one who had left before `settled`; false when there was nobody. */
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

/** Apart from each other by more than the gap, in order. */
export function mergeIntervals(intervals: readonly Interval[], gapMs: number): readonly Interval[] {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of [...intervals].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last.to + gapMs) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
}
