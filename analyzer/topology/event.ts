// Makes the events of which incidents consist: a signal that is a failure or holds a match, with those of its matches
// whose steps hold (incident/step.ts). A cluster is concluded again with every restart of its jobs, so what is
// asked of an event each time is computed once and stays with its signal. incident/group.ts makes the events; the code
// that groups, ranks and describes incidents reads them.
import type { FailurePart, MatchPart, Signal } from '../entry/signal.js';

export interface IncidentEvent {
  readonly signal: Signal;
  /** Time of the entry; undefined if it has none. */
  readonly time: number | undefined;
  readonly matches: readonly MatchPart[];
  readonly failure: FailurePart | undefined;
  /** Fingerprint by which the same failure is recognized in another log. */
  readonly fingerprint: string | undefined;
  /** Fingerprints of all exceptions in it that a rule or the failure itself is about. */
  readonly fingerprints: readonly string[];
  /** Match keys: the rules of its matches, each with the process that wrote the entry. */
  readonly matchKeys: readonly string[];
  /**
   * Class and words of the failure's root, without numbers and ids. Each log wraps and cuts the failure in its own way,
   * but the root stays the same.
   */
  readonly root: string | undefined;
  /** Ids of the task attempts that failed, as the entry says. */
  readonly failedAttempts: readonly string[];
}

const made = new WeakMap<Signal, IncidentEvent>();

export function makeEvent(signal: Signal, matches: readonly MatchPart[]): IncidentEvent {
  const known = made.get(signal);
  if (known !== undefined && isSame(known.matches, matches)) return known;
  const { failure } = signal;
  const own = failure !== undefined && failure.chain.length > 0 ? failure.fingerprint : undefined;
  const matchedAnchors = matches.flatMap((match) => match.fingerprint ?? []);
  const event: IncidentEvent = {
    signal,
    time: signal.place.time,
    matches,
    failure,
    fingerprint: own ?? matchedAnchors[0],
    fingerprints: own === undefined ? matchedAnchors : [...matchedAnchors, own],
    matchKeys: matches.map(({ rule }) => `${signal.place.process} ${rule}`),
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
