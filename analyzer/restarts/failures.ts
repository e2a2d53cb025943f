// Counts the failures of a job by its states: which ones are of an incident, how often the job restarted, and which
// attempts a card lists. The middle of a long restart loop is only a sum (foldMiddle): its states are not kept. Pure
// functions.
import { LIMITS, listMiddle } from './limits.js';

/** State that a job changed to. */
export interface JobState {
  readonly time: number;
  readonly to: string;
}

/** Failures of a job whose states are not kept any more: the middle of a long restart loop. */
export interface FoldedFailures {
  readonly from: number;
  readonly to: number;
  readonly failures: number;
  /** Number of these failures after which the job restarted. */
  readonly restarts: number;
}

/** Runs of a job, as its states and its tasks show them; times in milliseconds since 1970. */
export interface JobRuns {
  /** States in the order of time. */
  readonly states: readonly JobState[];
  readonly folded?: FoldedFailures;
  readonly deployments: readonly { readonly time: number; readonly attempt: number }[];
  /** Times at which one of its tasks began to run. */
  readonly taskRuns: readonly number[];
  readonly checkpoints: readonly { readonly id: number; readonly time: number }[];
}

interface JobFailure {
  readonly time: number;
  readonly restarted: boolean;
}

/**
 * Returns when the job failed, from its states in order of time. FAILING → RESTARTING and FAILING → FAILED are one
 * failure each.
 */
export function listFailures(states: readonly JobState[]): readonly JobFailure[] {
  const failures: { time: number; restarted: boolean }[] = [];
  let isOpen = false;
  for (const { time, to } of states) {
    if (to === 'RUNNING') isOpen = false;
    if (to !== 'RESTARTING' && to !== 'FAILING' && to !== 'FAILED') continue;
    if (!isOpen) failures.push({ time, restarted: false });
    isOpen = true;
    const last = failures.at(-1);
    if (last !== undefined && to === 'RESTARTING') last.restarted = true;
  }
  return failures;
}

function sumRestarts(failures: readonly JobFailure[], folded: FoldedFailures | undefined): number {
  return failures.filter(({ restarted }) => restarted).length + (folded?.restarts ?? 0);
}

/**
 * Counts the middle of too many states, of which `folded` have been counted before. The states from `from` to `to` need
 * not be kept. They begin and end when the job ran, so that the part between can be counted by itself.
 */
export function foldMiddle(
  states: readonly JobState[],
  folded: FoldedFailures | undefined,
): { readonly from: number; readonly to: number; readonly folded: FoldedFailures | undefined } {
  const ran = (index: number): boolean => states[index - 1]?.to === 'RUNNING';
  let from = folded === undefined ? LIMITS.states.first : states.findIndex(({ time }) => time > folded.to);
  if (folded === undefined) while (from < states.length && !ran(from)) from++;
  let to = states.length - LIMITS.states.last;
  while (to > from && !ran(to)) to--;
  const [first, last] = [states[from], states[to - 1]];
  if (to <= from || first === undefined || last === undefined) return { from, to: from, folded };
  const failures = listFailures(states.slice(from, to));
  return {
    from,
    to,
    folded: {
      from: folded?.from ?? first.time,
      to: last.time,
      failures: (folded?.failures ?? 0) + failures.length,
      restarts: sumRestarts(failures, folded),
    },
  };
}

/** Failures of a job in one incident: those whose states are kept, and the sum of the others. */
export interface IncidentFailures {
  readonly failures: readonly JobFailure[];
  readonly folded: FoldedFailures | undefined;
}

/** Finds the failures of an incident that begins at `firstTime`; the next one of the job begins at `until`. */
export function findFailures({ states, folded }: JobRuns, firstTime = 0, until = Infinity): IncidentFailures {
  const from = firstTime - LIMITS.earlyState.value;
  return {
    failures: listFailures(states.filter(({ time }) => time >= from && time < until)),
    folded: folded !== undefined && folded.from >= from && folded.to < until ? folded : undefined,
  };
}

/**
 * Counts the restarts by the job's own state changes. If the job stays RUNNING (region failover before Flink 1.11), it
 * counts the attempts of its tasks.
 */
export function countRestarts({ deployments }: JobRuns, found: IncidentFailures, firstTime = 0): number {
  if (found.failures.length > 0) return sumRestarts(found.failures, found.folded);
  let [before, after] = [0, 0];
  for (const { time, attempt } of deployments)
    if (time < firstTime) before = Math.max(before, attempt);
    else after = Math.max(after, attempt);
  return Math.max(0, after - before);
}

/** Attempt of a job, with the time from which (inclusive) to which (exclusive) events are its evidence. */
interface AttemptSpan {
  readonly number: number;
  readonly failedAt: number;
  readonly from: number;
  readonly to: number;
}

/** Lists the attempts that a card shows. Evidence has a time before the end of its attempt, but for its copies. */
export function listAttempts({ failures, folded }: IncidentFailures): readonly AttemptSpan[] {
  const spans = failures.map(({ time }, index) => ({
    number: index + 1 + (folded !== undefined && time > folded.to ? folded.failures : 0),
    failedAt: time,
    from: index === 0 ? -Infinity : (failures[index - 1]?.time ?? 0) + LIMITS.attemptLag.value,
    to: index === failures.length - 1 ? Infinity : time + LIMITS.attemptLag.value,
  }));
  const middle = new Set(listMiddle(spans, LIMITS.attempts));
  return spans.filter((span) => !middle.has(span));
}
