// Where the tasks of a job were, and when: attempts by the process on which they ran, each from its first word to its
// end. Words may come in any order, and twice. Called by owner.ts and memory.ts. Pure.

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

/** By the name of a process, or the resource id of one whose log is not there: stays by the attempt. */
export type Places = Map<string, Map<string, Stay>>;

/** A task that ended this long before is still counted as being there: its process may be found dead later. */
const SLACK_MS = 60_000;
/** Clocks and threads: it may be there this long before its first word. */
const EARLY_MS = 1000;

export function addStay(places: Places, process: string, attempt: string, time: number, hasEnded: boolean): void {
  let stays = places.get(process);
  if (stays === undefined) places.set(process, (stays = new Map()));
  const known = stays.get(attempt);
  if (known === undefined) {
    stays.set(attempt, { from: time, to: hasEnded ? time : Number.POSITIVE_INFINITY });
    return;
  }
  known.from = Math.min(known.from, time);
  if (hasEnded) known.to = Number.isFinite(known.to) ? Math.max(known.to, time) : time;
}

/** Puts all of `other` into `places`. */
export function joinPlaces(places: Places, other: Places): void {
  for (const [process, stays] of other) {
    for (const [attempt, { from, to }] of stays) {
      addStay(places, process, attempt, from, false);
      if (Number.isFinite(to)) addStay(places, process, attempt, to, true);
    }
  }
}

/** At any time, where none is given. */
export function wasThere(places: Places, process: string, time: number | undefined): boolean {
  for (const { from, to } of places.get(process)?.values() ?? [])
    if (time === undefined || (from <= time + EARLY_MS && to >= time - SLACK_MS)) return true;
  return false;
}

/** When its attempts were there. */
export function listStays(places: Places, process: string): readonly Interval[] {
  return [...(places.get(process)?.values() ?? [])];
}

/** Forgets who had left before `time`. */
export function forgetStays(places: Places, time: number): void {
  for (const [process, stays] of places) {
    for (const [attempt, { to }] of stays) if (to < time - SLACK_MS) stays.delete(attempt);
    if (stays.size === 0) places.delete(process);
  }
}
