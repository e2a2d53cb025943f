// Records where the tasks of a job were and when: attempts by the process on which they ran, each from its first
// mention to its end. Mentions may come in any order, and twice. A restart loop has thousands of attempts, so attempts
// that ended a while ago are kept as one. No I/O.

/** Interval in milliseconds since 1970, both ends inclusive. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

interface AttemptSpan {
  from: number;
  /** Infinite until a line reports the end. */
  to: number;
}

interface ProcessSpans {
  readonly attempts: Map<string, AttemptSpan>;
  /** Intervals of attempts that ended long ago; disjoint and in order. */
  past: readonly Interval[];
}

/** Spans by the name of a process, or by the resource id of a process without a log. */
export type AttemptSpans = Map<string, ProcessSpans>;

/**
 * Time, in milliseconds, in which a task that has ended still counts as present, because its process may be found dead
 * later.
 */
const SLACK_MS = 60_000;
/**
 * Time, in milliseconds, for which a task may be present before its first mention, because clocks and threads differ.
 */
const EARLY_MS = 1000;

export function addAttemptSpan(
  attemptSpans: AttemptSpans,
  process: string,
  attempt: string,
  time: number,
  hasEnded: boolean,
): void {
  const { attempts, past } = findProcessSpans(attemptSpans, process);
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

function findProcessSpans(attemptSpans: AttemptSpans, process: string): ProcessSpans {
  let spans = attemptSpans.get(process);
  if (spans === undefined) attemptSpans.set(process, (spans = { attempts: new Map(), past: [] }));
  return spans;
}

/** Adds all of `other` to `attemptSpans`. */
export function joinAttemptSpans(attemptSpans: AttemptSpans, other: AttemptSpans): void {
  for (const [process, { attempts, past }] of other) {
    for (const [attempt, { from, to }] of attempts) {
      addAttemptSpan(attemptSpans, process, attempt, from, false);
      if (Number.isFinite(to)) addAttemptSpan(attemptSpans, process, attempt, to, true);
    }
    const spans = findProcessSpans(attemptSpans, process);
    spans.past = mergeIntervals([...spans.past, ...past], SLACK_MS);
  }
}

/** True if an attempt was on the process at that time, or at any time if none is given. */
export function wasOnProcess(attemptSpans: AttemptSpans, process: string, time: number | undefined): boolean {
  const spans = attemptSpans.get(process);
  return spans !== undefined && (meets(spans.past, time) || meets(spans.attempts.values(), time));
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
export function listIntervals(attemptSpans: AttemptSpans, process: string): readonly Interval[] {
  const { attempts, past } = attemptSpans.get(process) ?? { attempts: new Map<string, AttemptSpan>(), past: [] };
  return mergeIntervals([...past, ...attempts.values()], SLACK_MS);
}

/**
 * Forgets attempts that ended before `time`, and merges those that ended before `settled`; returns false if there were
 * none.
 */
export function forgetSpans(attemptSpans: AttemptSpans, time: number, settled: number): boolean {
  let hasChanged = false;
  for (const [process, spans] of attemptSpans) {
    const old = [...spans.attempts].filter(([, { to }]) => to < settled);
    for (const [attempt] of old) spans.attempts.delete(attempt);
    const past = mergeIntervals([...spans.past, ...old.map(([, span]) => span)], SLACK_MS);
    const kept = past.filter(({ to }) => to >= time - SLACK_MS);
    hasChanged ||= old.length > 0 || kept.length < spans.past.length;
    spans.past = kept;
    if (spans.attempts.size === 0 && spans.past.length === 0) attemptSpans.delete(process);
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
