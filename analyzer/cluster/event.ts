// A signal that is a failure or holds a match, with those of its matches whose steps hold (step.ts): what incidents are
// made of. A cluster is concluded again with every restart of its jobs, so what is asked of an event each time is
// worked out once, and stays with its signal. Made by incident/group/; read where incidents are grouped, ranked and
// told.
import type { FailurePart, MatchPart, Signal } from '../entry/signal.js';

export interface IncidentEvent {
  readonly signal: Signal;
  /** Undefined for what is undated. */
  readonly time: number | undefined;
  readonly matches: readonly MatchPart[];
  readonly failure: FailurePart | undefined;
  /** By which the same failure is known in another log. */
  readonly fingerprint: string | undefined;
  /** Of all exceptions in it that a rule or the failure itself is about. */
  readonly fingerprints: readonly string[];
  /** Its rules, each with the process that wrote it. */
  readonly fits: readonly string[];
  /** The class and the words of the failure's root without numbers and ids, which each log wraps and cuts its way. */
  readonly root: string | undefined;
  /** Attempts of tasks that failed, as it says. */
  readonly failedAttempts: readonly string[];
}

const made = new WeakMap<Signal, IncidentEvent>();

export function makeEvent(signal: Signal, matches: readonly MatchPart[]): IncidentEvent {
  const known = made.get(signal);
  if (known !== undefined && isSame(known.matches, matches)) return known;
  const { failure } = signal;
  const own = failure !== undefined && failure.chain.length > 0 ? failure.fingerprint : undefined;
  const met = matches.flatMap((match) => match.fingerprint ?? []);
  const event: IncidentEvent = {
    signal,
    time: signal.place.time,
    matches,
    failure,
    fingerprint: own ?? met[0],
    fingerprints: own === undefined ? met : [...met, own],
    fits: matches.map(({ rule }) => `${signal.place.process} ${rule}`),
    root: failure === undefined ? undefined : describeRoot(failure),
    failedAttempts: signal.facts.flatMap((fact) =>
      fact.type === 'task-state' && fact.to === 'FAILED' ? [fact.attemptId] : [],
    ),
  };
  made.set(signal, event);
  return event;
}

function isSame(a: readonly MatchPart[], b: readonly MatchPart[]): boolean {
  return a === b || (a.length === b.length && a.every((match, index) => match === b[index]));
}

function describeRoot(failure: FailurePart): string {
  const last = failure.chain.at(-1);
  if (last === undefined) return failure.fingerprint;
  return `${last.type}\n${last.message.slice(0, 120).replaceAll(/[0-9a-f]{32}|\d+/g, '#')}`;
}
